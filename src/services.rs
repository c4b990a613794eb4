//! The services of the one-process program: started together, stopped in the order that lets nothing be lost.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reelmeter_service::listen::{self, Bound, ListenError};
use reelmeter_service::settings::Together;
use reelmeter_service::{CancellationToken, Settings};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::claim::Addresses;
use crate::cli::{Cli, ServiceConfigs};
use crate::one_process::is_chosen;

/// A service that has not drained by then is left behind; each has shorter deadlines of its own.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(15);
/// Where data goes if the meter's ledger is not a file.
const DEFAULT_DATA_FOLDER: &str = "data";
/// What a store that is a file begins with.
const SQLITE_SCHEME: &str = "sqlite://";
/// The price book for real keys: published prices.
const LIST_PRICE_BOOK: &str = "list";

/// Why the services do not run.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// A port cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A port's own address cannot be read.
    #[error("cannot read a port's own address: {0}")]
    Address(#[source] io::Error),
    /// The lock file cannot be written.
    #[error("cannot write the lock file of the data folder: {0}")]
    Publish(#[source] io::Error),
    /// A service failed, with its own words.
    #[error("the {service} failed: {message}")]
    Failed {
        /// Which one.
        service: &'static str,
        /// What it said.
        message: String,
    },
    /// A service did not end in time.
    #[error("the {service} did not stop within {} s", DRAIN_TIMEOUT.as_secs())]
    Slow {
        /// Which one.
        service: &'static str,
    },
}

/// One service at work.
struct Running {
    name: &'static str,
    stop: CancellationToken,
    task: JoinHandle<Result<(), ServicesError>>,
}

/// All services at work.
pub struct Services {
    /// Where they listen.
    pub addresses: Addresses,
    /// What a person should know of how they were started.
    pub notices: Vec<String>,
    /// In the order in which they are stopped: the meter outlives its recorder, the simulator its caller.
    running: Vec<Running>,
    failure: watch::Receiver<Option<(&'static str, String)>>,
}

impl Services {
    /// Opens the ports and starts the services; they answer when this returns.
    ///
    /// # Errors
    /// A port cannot be opened. A service that fails later is heard of by [`Services::failed`].
    pub async fn start(settings: &Settings<Cli>, real: bool) -> Result<Self, ServicesError> {
        let Together(mut meter, Together(mut generator, simulator)) = settings.cli.services.clone();
        let common = &settings.common;
        let mut notices = Vec::new();
        let (failed, failure) = watch::channel(None);
        let mut running = Vec::new();
        let mut port = async |name: &'static str, address: SocketAddr, setting: &'static str| {
            let Bound { listener, taken } = listen::bind_or_free(address, setting, common).await?;
            let address = listener.local_addr().map_err(ServicesError::Address)?;
            if let Some(taken) = taken {
                notices.push(format!("{taken} is taken: the {name} listens on {address}"));
            }
            Ok::<_, ServicesError>((listener, address))
        };

        if real && !is_chosen(settings, "meter_price_book") {
            meter.meter_price_book = LIST_PRICE_BOOK.to_owned();
        }
        let (listener, meter_address) = port("meter", meter.meter_listen, "meter_listen").await?;
        let meter = meter.with_secrets(&settings.secrets);
        let run_meter = |stop| reelmeter_meter::run(meter, common.clone(), listener, stop);
        let meter = spawn("meter", &failed, run_meter);

        let (listener, generator_address) =
            port("generator", generator.generator_listen, "generator_listen").await?;
        generator.meter_addr = format!("http://{meter_address}");
        let simulator = if real {
            None
        } else {
            let (listener, address) = port(
                "provider simulator",
                simulator.simulator_listen,
                "simulator_listen",
            )
            .await?;
            generator.simulator_addr = format!("http://{address}");
            let run = |stop| reelmeter_simulator::run(simulator, listener, stop);
            Some(spawn("provider simulator", &failed, run))
        };
        let generator = generator.with_secrets(&settings.secrets);
        let run_generator =
            |stop| reelmeter_generator::run(generator, common.clone(), listener, stop);
        running.push(spawn("generator", &failed, run_generator));
        running.extend(simulator);
        running.push(meter);
        if real && !is_chosen(settings, "meter_price_book") {
            notices.push("real providers: prices are from the price book `list`".to_owned());
        }
        Ok(Self {
            addresses: Addresses {
                meter: format!("http://{meter_address}"),
                generator: format!("http://{generator_address}"),
            },
            notices,
            running,
            failure,
        })
    }

    /// Waits until a service fails by itself; for ever if none does.
    pub async fn failed(&self) -> ServicesError {
        let mut failure = self.failure.clone();
        match failure.wait_for(Option::is_some).await.as_deref() {
            Ok(Some((service, message))) => ServicesError::Failed {
                service,
                message: message.clone(),
            },
            // Every service has ended as it was told: there is no failure to wait for.
            _ => std::future::pending().await,
        }
    }

    /// Stops the services one after the other, each drained before the next.
    ///
    /// # Errors
    /// The first that failed or did not end in time; the others are stopped all the same.
    pub async fn stop(self) -> Result<(), ServicesError> {
        let mut outcome = Ok(());
        for Running { name, stop, task } in self.running {
            stop.cancel();
            let ended = match tokio::time::timeout(DRAIN_TIMEOUT, task).await {
                Ok(Ok(ended)) => ended,
                Ok(Err(panic)) => Err(ServicesError::Failed {
                    service: name,
                    message: panic.to_string(),
                }),
                Err(_) => Err(ServicesError::Slow { service: name }),
            };
            outcome = outcome.and(ended);
        }
        outcome
    }
}

fn spawn<F, R, E>(
    name: &'static str,
    failed: &watch::Sender<Option<(&'static str, String)>>,
    run: F,
) -> Running
where
    F: FnOnce(CancellationToken) -> R,
    R: Future<Output = Result<(), E>> + Send + 'static,
    E: std::error::Error + 'static,
{
    let stop = CancellationToken::new();
    let failed = failed.clone();
    let service = run(stop.clone());
    let task = tokio::spawn(async move {
        service.await.map_err(|error| {
            let message = chain(&error);
            failed.send_replace(Some((name, message.clone())));
            ServicesError::Failed {
                service: name,
                message,
            }
        })
    });
    Running { name, stop, task }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        // A transparent error says what its cause says.
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// The folder that everything of a run lies in: that of the ledger.
#[must_use]
pub fn data_folder(configs: &ServiceConfigs) -> PathBuf {
    configs
        .0
        .meter_store
        .strip_prefix(SQLITE_SCHEME)
        .and_then(|path| Path::new(path).parent())
        .filter(|folder| !folder.as_os_str().is_empty())
        .map_or_else(|| PathBuf::from(DEFAULT_DATA_FOLDER), Path::to_path_buf)
}
