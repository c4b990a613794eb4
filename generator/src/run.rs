//! Puts the service together and runs it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reelmeter_proto::generator::v1::generator_service_server::GeneratorServiceServer;
use reelmeter_recorder::{OpenError, Recorder};
use reelmeter_service::connect::{self, ConnectError};
use reelmeter_service::door::{Door, DoorLayer, KeyringError};
use reelmeter_service::health::HealthError;
use reelmeter_service::listen::{self, ListenError};
use reelmeter_service::metrics;
use reelmeter_service::tls::{self, TlsError};
use reelmeter_service::{CancellationToken, Common, Secret, SystemClock, UuidIds};
use tokio::net::TcpListener;
use tonic::transport::Server;

use crate::adapters::editor::Workbench;
use crate::adapters::elevenlabs::{ELEVENLABS_BASE_URL, ElevenLabs, ElevenLabsSettings};
use crate::adapters::gemini::{GEMINI_BASE_URL, Gemini, GeminiSettings};
use crate::adapters::grpc::{REQUEST_BYTES_MAX, Service};
use crate::adapters::http::{BaseUrl, BaseUrlError, Http, HttpError, HttpSettings, Origin};
use crate::adapters::jobs::JobFolder;
use crate::adapters::manim::Manim;
use crate::adapters::meter::{Costs, Outbox};
use crate::adapters::ollama::{Ollama, OllamaSettings, ollama_base_url};
use crate::adapters::prometheus::Metrics;
use crate::adapters::speaker::Voices;
use crate::application::Studio;
use crate::application::ports::{Ports, StoreError};
use crate::config::Config;

/// Streams and calls that one connection may have open at once.
const STREAMS_PER_CONNECTION_MAX: u32 = 128;
/// How often a silent connection is asked whether it lives.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// And has so long to answer.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest headers of a request, in bytes. Ours have a few hundred.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// Streams that a caller may reset before they were served; more is an attack on the connection (CVE-2023-44487).
const RESET_STREAMS_MAX: usize = 64;

/// Why the generator ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One key is there and the other is not.
    #[error(
        "{given} is set but {missing} is not: a narrated video needs both. Set {missing} (or {missing}_FILE), \
         or unset {given} to use the provider simulator"
    )]
    OneKey {
        /// The key that is there.
        given: &'static str,
        /// The key that is not.
        missing: &'static str,
    },
    /// The tokens cannot be used.
    #[error(transparent)]
    Tokens(#[from] KeyringError),
    /// A provider's address cannot be used.
    #[error("{setting} cannot be used: {source}")]
    Address {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        source: BaseUrlError,
    },
    /// The HTTP client cannot be set up.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The data directory cannot be used.
    #[error("GENERATOR_DATA={} cannot be used: {source}", path.display())]
    Data {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        source: StoreError,
    },
    /// The outbox cannot be opened.
    #[error(transparent)]
    Outbox(#[from] OpenError),
    /// The meter's address cannot be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The built-in prices cannot be read.
    #[error(transparent)]
    Prices(#[from] reelmeter_rating::PriceFileError),
    /// The port cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A running generator is not well.
    #[error(transparent)]
    Health(#[from] HealthError),
    /// The reflection service cannot be set up.
    #[error("the contract's description cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The server failed.
    #[error("the generator can no longer serve: {0}")]
    Serve(#[from] tonic::transport::Error),
}

/// Runs the generator on a listener until it is told to stop. What is being made then is interrupted in order and can be
/// resumed.
///
/// # Errors
/// Settings that cannot be used, a data directory that cannot be used or is in use, or a server that fails.
pub async fn run(
    config: Config,
    common: Common,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let door = common.door(config.keys.token.as_ref(), Arc::new(SystemClock))?;
    let is_reachable = |address: std::net::SocketAddr| !address.ip().to_canonical().is_loopback();
    if door.is_open() && listener.local_addr().is_ok_and(is_reachable) {
        tracing::warn!(
            "no token is asked for: everybody who reaches this port may spend the provider keys' money; name a file of \
             tokens with REELMETER_TOKENS"
        );
    }
    let metrics = metrics::bind(
        config.generator_metrics_listen,
        "generator_metrics_listen",
        &common,
    )
    .await?;
    let (gemini, elevenlabs, ollama) = providers(&config)?;
    let data = config.generator_data.clone();
    let store = JobFolder::open(&data).map_err(|source| Error::Data {
        path: data.clone(),
        source,
    })?;
    let outbox = data.join("outbox.db");
    let opened = tokio::task::spawn_blocking(move || Recorder::open(&outbox, "generator")).await;
    let recorder = opened.map_err(|error| Error::Data {
        path: data.clone(),
        source: StoreError::Io {
            what: "open",
            path: "the outbox".to_owned(),
            source: std::io::Error::other(error),
        },
    })??;
    let channel =
        connect::endpoint(&config.meter_addr, "METER_ADDR", &common.tls())?.connect_lazy();
    let token = config
        .keys
        .token
        .as_ref()
        .map(|token| token.expose().to_owned());
    let clock = Arc::new(SystemClock);
    let costs = Costs::new(
        recorder.clone(),
        channel.clone(),
        token.clone(),
        clock.clone(),
        &data,
    )?;
    let counted = Metrics::default();
    let ports = Ports {
        pen: Arc::new(gemini),
        speaker: Arc::new(Voices::new(elevenlabs)),
        ledger: Arc::new(Outbox::new(
            recorder.clone(),
            channel.clone(),
            token.clone(),
            costs.clone(),
            counted.clone(),
        )),
        store: Arc::new(store),
        editor: Arc::new(Workbench::default()),
        animator: Arc::new(Manim::new(&config)),
        looker: Arc::new(ollama),
        clock,
        ids: Arc::new(UuidIds),
    };
    if let Err(error) = ports.editor.ready().await {
        tracing::warn!(%error, "no video can be compiled yet");
    }
    let studio = Studio::open(ports, config.setup()).map_err(|source| Error::Data {
        path: data.clone(),
        source,
    })?;
    let studio = Arc::new(studio);
    if let Some(listener) = metrics {
        let followed = counted
            .clone()
            .follow(studio.clone(), recorder.clone(), shutdown.clone());
        tokio::spawn(followed);
        tokio::spawn(metrics::serve(
            listener,
            counted.registry(),
            shutdown.clone(),
        ));
    }
    // Deliveries go on until the last job has said what it used.
    let delivering = CancellationToken::new();
    let delivery = tokio::spawn(recorder.deliver(channel, token, delivering.clone()));
    let prices = tokio::spawn(costs.clone().follow_prices(shutdown.clone()));
    tracing::info!(
        address = %listener.local_addr().map_or_else(|_| "unknown".to_owned(), |it| it.to_string()),
        simulated = config.is_simulated(),
        data = %data.display(),
        "the generator is ready"
    );
    if config.generator_auto_resume {
        studio.resume_interrupted().await;
    }
    let served = serve(&studio, costs, door, &common, listener, &shutdown).await;
    studio.stop().await;
    delivering.cancel();
    // A task that panicked has said so already.
    let _ = delivery.await;
    let _ = prices.await;
    served
}

async fn serve(
    studio: &Arc<Studio>,
    costs: Costs,
    door: Arc<Door>,
    common: &Common,
    listener: TcpListener,
    shutdown: &CancellationToken,
) -> Result<(), Error> {
    let service = Service::new(studio.clone(), costs, shutdown.clone());
    let service = GeneratorServiceServer::new(service).max_decoding_message_size(REQUEST_BYTES_MAX);
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_serving::<GeneratorServiceServer<Service>>()
        .await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(reelmeter_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let mut server = Server::builder()
        .max_concurrent_streams(Some(STREAMS_PER_CONNECTION_MAX))
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .http2_max_pending_accept_reset_streams(Some(RESET_STREAMS_MAX))
        .layer(DoorLayer::new(door));
    let incoming = listen::incoming(listener, common.reelmeter_connections_max);
    let incoming = tls::incoming(common.tls().server()?, incoming);
    // Jobs that run are told to stop as soon as the signal comes, not when the last caller has gone.
    let stopping = {
        let (studio, shutdown) = (studio.clone(), shutdown.clone());
        async move {
            shutdown.cancelled().await;
            studio.stop().await;
        }
    };
    let described = common.reelmeter_reflection;
    let serving = server
        .add_service(health)
        .add_optional_service(described.then(|| reflection().build_v1()).transpose()?)
        .add_optional_service(
            described
                .then(|| reflection().build_v1alpha())
                .transpose()?,
        )
        .add_service(service)
        .serve_with_incoming_shutdown(incoming, shutdown.clone().cancelled_owned());
    tokio::pin!(serving);
    let served = tokio::select! {
        served = &mut serving => return Ok(served?),
        () = stopping => tokio::time::timeout(DRAIN, serving).await,
    };
    match served {
        Ok(served) => Ok(served?),
        Err(_) => {
            tracing::warn!("some calls were still open at the end");
            Ok(())
        }
    }
}

/// How long callers may still be served after the last job has stopped.
const DRAIN: Duration = Duration::from_secs(2);

/// The providers, real or simulated.
fn providers(config: &Config) -> Result<(Gemini, ElevenLabs, Ollama), Error> {
    let http = Http::new(&HttpSettings::default())?;
    let simulated = config.is_simulated();
    let address = |setting: &'static str, configured: &Option<String>, default: &str| {
        let (setting, text, origin) = match configured {
            Some(text) => (setting, text.as_str(), Origin::Configured),
            None if simulated => (
                "SIMULATOR_ADDR",
                config.simulator_addr.as_str(),
                Origin::Configured,
            ),
            None => (setting, default, Origin::Default),
        };
        BaseUrl::parse(text, origin).map_err(|source| Error::Address { setting, source })
    };
    let gemini = address("GEMINI_BASE_URL", &config.gemini_base_url, GEMINI_BASE_URL)?;
    let elevenlabs = address(
        "ELEVENLABS_BASE_URL",
        &config.elevenlabs_base_url,
        ELEVENLABS_BASE_URL,
    )?;
    // An address of one's own may need no key; the provider's own does.
    let gemini_lacks = config.keys.gemini.is_none() && config.gemini_base_url.is_none();
    let elevenlabs_lacks = config.keys.elevenlabs.is_none() && config.elevenlabs_base_url.is_none();
    if !simulated && gemini_lacks {
        return Err(Error::OneKey {
            given: if config.keys.elevenlabs.is_some() {
                "ELEVENLABS_API_KEY"
            } else {
                "ELEVENLABS_BASE_URL"
            },
            missing: "GEMINI_API_KEY",
        });
    }
    if !simulated && elevenlabs_lacks {
        return Err(Error::OneKey {
            given: if config.keys.gemini.is_some() {
                "GEMINI_API_KEY"
            } else {
                "GEMINI_BASE_URL"
            },
            missing: "ELEVENLABS_API_KEY",
        });
    }
    // The simulator wants a key like the real ones do; any will do.
    let key = |key: &Option<Secret>| match key {
        None if simulated => Some(Secret::new(SIMULATOR_KEY)),
        key => key.clone(),
    };
    // The simulator speaks for Ollama too: a rehearsal must not mix with a real model's verdicts.
    let ollama = if simulated {
        address("SIMULATOR_ADDR", &None, "")?
    } else {
        ollama_base_url(&config.ollama_host).map_err(|source| Error::Address {
            setting: "OLLAMA_HOST",
            source,
        })?
    };
    let gemini = GeminiSettings::new(gemini, key(&config.keys.gemini));
    let elevenlabs = ElevenLabsSettings::new(elevenlabs, key(&config.keys.elevenlabs));
    Ok((
        Gemini::new(http.clone(), gemini)?,
        ElevenLabs::new(http.clone(), elevenlabs)?,
        Ollama::new(http, OllamaSettings::new(ollama))?,
    ))
}

/// What is shown to the simulator as a key.
const SIMULATOR_KEY: &str = "simulated";
