//! A generator, a simulator of the providers and, where a test wants it, a meter: the real ones, in this process, each on
//! a free port.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use reelmeter_generator::Config;
use reelmeter_proto::generator::v1::generator_service_client::GeneratorServiceClient;
use reelmeter_proto::generator::v1::*;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_proto::meter::v1::pricing_service_client::PricingServiceClient;
use reelmeter_proto::meter::v1::{
    EventFilter, GetSummaryRequest, ListEventsRequest, Summary, UsageEvent,
};
use reelmeter_service::settings::from_flags;
use reelmeter_service::{CancellationToken, Common};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};

/// A video takes some seconds; a machine under load ten times that.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// The stand-in for the providers.
pub struct Simulator {
    pub address: SocketAddr,
    http: reqwest::Client,
    shutdown: CancellationToken,
}

impl Simulator {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(flags: &[&str]) -> Self {
        let mut all = vec!["--simulator-latency", "0"];
        all.extend(flags);
        let config: reelmeter_simulator::Config = from_flags(&all).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(reelmeter_simulator::run(config, listener, shutdown.clone()));
        Self {
            address,
            http: http(),
            shutdown,
        }
    }

    /// What goes wrong next: `image:status429*2`.
    pub async fn faults(&self, rules: &str) {
        let url = format!("http://{}/_simulator/faults", self.address);
        let body = json!({ "rules": rules }).to_string();
        let answer = self.http.post(url).body(body).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    pub async fn report(&self) -> Value {
        let url = format!("http://{}/_simulator/requests?limit=0", self.address);
        let text = self
            .http
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Requests of an operation (`script`, `image`, `narration`), whatever their outcome.
    pub async fn count(&self, operation: &str) -> u64 {
        let report = self.report().await;
        let counts = report["counts"].as_array().unwrap();
        let of_operation = counts
            .iter()
            .filter(|count| count["operation"] == operation);
        of_operation
            .map(|count| count["requests"].as_u64().unwrap())
            .sum()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn http() -> reqwest::Client {
    let roots = rustls::RootCertStore::empty();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .build()
        .unwrap()
}

/// A meter that can be stopped and started again at the same address, with the same ledger.
pub struct Meter {
    pub address: SocketAddr,
    ledger: std::path::PathBuf,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), reelmeter_meter::Error>>,
}

impl Meter {
    pub async fn start(data: &Path) -> Self {
        Self::at(data, "127.0.0.1:0".parse().unwrap()).await
    }

    pub async fn at(data: &Path, address: SocketAddr) -> Self {
        let ledger = data.join("meter.db");
        let store = format!("sqlite://{}", ledger.display());
        let config: reelmeter_meter::Config = from_flags(&["--meter-store", &store]).unwrap();
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let task = tokio::spawn(reelmeter_meter::run(
            config,
            Common::default(),
            listener,
            stop,
        ));
        Self {
            address,
            ledger: data.to_owned(),
            shutdown,
            task,
        }
    }

    pub fn client(&self) -> MeterServiceClient<Channel> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        MeterServiceClient::new(endpoint.connect_lazy())
    }

    pub fn prices(&self) -> PricingServiceClient<Channel> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        PricingServiceClient::new(endpoint.connect_lazy())
    }

    pub async fn stop(self) -> (SocketAddr, std::path::PathBuf) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        (self.address, self.ledger)
    }

    /// Every event of a session, in the order in which the ledger has them.
    pub async fn events(&self, session_id: &str) -> Vec<UsageEvent> {
        let request = ListEventsRequest {
            page_size: 1000,
            filter: Some(EventFilter {
                session_id: session_id.to_owned(),
                ..EventFilter::default()
            }),
            ..ListEventsRequest::default()
        };
        let answer = self.client().list_events(request).await.unwrap();
        let events = answer.into_inner().events;
        events
            .into_iter()
            .map(|recorded| recorded.event.unwrap())
            .collect()
    }

    pub async fn summary(&self, session_id: &str) -> Summary {
        let request = GetSummaryRequest {
            session_id: session_id.to_owned(),
        };
        let answer = self.client().get_summary(request).await.unwrap();
        answer.into_inner().summary.unwrap()
    }
}

/// The settings of a small, quick generator.
pub fn config(data: &Path, simulator: SocketAddr, meter: SocketAddr, more: &[&str]) -> Config {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let mut flags: Vec<String> = [
        "--generator-data",
        &text(&data.join("generator")),
        "--videos-dir",
        &text(&data.join("videos")),
        "--simulator-addr",
        &format!("http://{simulator}"),
        "--meter-addr",
        &format!("http://{meter}"),
        "--generator-resolution",
        "360",
        "--generator-scenes",
        "2",
    ]
    .map(str::to_owned)
    .into();
    flags.extend(more.iter().map(|flag| (*flag).to_owned()));
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    from_flags(&flags).unwrap()
}

/// A running generator.
pub struct Generator {
    pub client: GeneratorServiceClient<Channel>,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), reelmeter_generator::Error>>,
}

impl Generator {
    pub async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let task = tokio::spawn(async move {
            reelmeter_generator::run(config, Common::default(), listener, stop).await
        });
        Self {
            client: client(address),
            shutdown,
            task,
        }
    }

    /// Stops it in order and waits for its end.
    pub async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }

    pub async fn create(&self, spec: VideoSpec) -> Video {
        let request = CreateVideoRequest {
            request_id: String::new(),
            spec: Some(spec),
        };
        let answer = self.client.clone().create_video(request).await.unwrap();
        answer.into_inner().video.unwrap()
    }

    pub async fn get(&self, id: &str) -> Video {
        let request = GetVideoRequest {
            video_id: id.to_owned(),
        };
        let answer = self.client.clone().get_video(request).await.unwrap();
        answer.into_inner().video.unwrap()
    }

    pub async fn resume(&self, id: &str) -> Video {
        let request = ResumeVideoRequest {
            video_id: id.to_owned(),
        };
        let answer = self.client.clone().resume_video(request).await.unwrap();
        answer.into_inner().video.unwrap()
    }

    /// Watches until the stream ends; gives the last video and every log line.
    pub async fn watch(&self, id: &str) -> (Video, Vec<String>) {
        timeout(PATIENCE, watch_to_end(self.client.clone(), id))
            .await
            .unwrap()
    }

    /// Makes a video to its end.
    pub async fn make(&self, spec: VideoSpec) -> (Video, Vec<String>) {
        let video = self.create(spec).await;
        self.watch(&video.video_id).await
    }
}

pub async fn watch_to_end(
    mut client: GeneratorServiceClient<Channel>,
    id: &str,
) -> (Video, Vec<String>) {
    let request = WatchVideoRequest {
        video_id: id.to_owned(),
        after_log_number: 0,
    };
    let mut stream = client.watch_video(request).await.unwrap().into_inner();
    let (mut last, mut log) = (None, Vec::new());
    while let Some(message) = stream.message().await.unwrap() {
        log.extend(message.log_lines.into_iter().map(|line| line.text));
        last = message.video.or(last);
    }
    (last.unwrap(), log)
}

pub fn client(address: SocketAddr) -> GeneratorServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    GeneratorServiceClient::new(endpoint.connect_lazy())
}

/// An address where nobody listens.
pub async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

/// A short video on volcanoes.
pub fn volcanoes() -> VideoSpec {
    VideoSpec {
        prompt: "Why do volcanoes erupt?".to_owned(),
        ..VideoSpec::default()
    }
}

/// The quantity of a metric in a summary, over all services.
pub fn quantity(video: &Video, metric: &str) -> i64 {
    let summary = video.cost_summary.as_ref().unwrap();
    let metrics = summary
        .by_service
        .iter()
        .flat_map(|service| &service.metrics);
    metrics
        .filter(|it| it.metric == metric)
        .map(|it| it.quantity)
        .sum()
}
