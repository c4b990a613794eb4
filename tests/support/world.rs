//! The real meter, generator and simulator in this process, over a folder that goes with the test.

use std::net::SocketAddr;
use std::path::Path;

use reelmeter_proto::generator::v1::generator_service_client::GeneratorServiceClient;
use reelmeter_proto::generator::v1::{self as gpb, VideoState};
use reelmeter_proto::meter::v1 as mpb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_service::settings::{Common, from_flags};
use reelmeter_service::{CancellationToken, tls};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use super::eventually::eventually;
use super::vendor::Vendor;

struct Service {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Service {
    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// The services. The meter can go and come back.
pub struct World {
    pub folder: TempDir,
    pub vendor: Vendor,
    meter_address: SocketAddr,
    generator_address: SocketAddr,
    meter: Option<Service>,
    others: Vec<Service>,
    /// Where the metrics of meter and generator are read, if they are.
    pub metrics: Option<(SocketAddr, SocketAddr)>,
}

async fn port() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

impl World {
    /// Everything up.
    pub async fn new() -> Self {
        let mut world = Self::without_meter().await;
        world.start_meter().await;
        world
    }

    /// Everything up, with metrics.
    pub async fn with_metrics() -> Self {
        let (first, second) = (port().await, port().await);
        let metrics = (first.1, second.1);
        // Free again, and nobody else is given them so soon.
        drop((first, second));
        let mut world = Self::build(Some(metrics)).await;
        world.start_meter().await;
        world
    }

    /// Generator and simulator, and a meter's address where nobody listens yet.
    pub async fn without_meter() -> Self {
        Self::build(None).await
    }

    async fn build(metrics: Option<(SocketAddr, SocketAddr)>) -> Self {
        tls::install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let (_, meter_address) = port().await;
        let mut others = Vec::new();

        let (listener, simulator_address) = port().await;
        let config: reelmeter_simulator::Config =
            from_flags(&["--simulator-latency", "0"]).unwrap();
        let stop = CancellationToken::new();
        let run = reelmeter_simulator::run(config, listener, stop.clone());
        let task = tokio::spawn(async move { run.await.unwrap() });
        others.push(Service { stop, task });
        let simulator = format!("http://{simulator_address}");

        let (listener, generator_address) = port().await;
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut config: reelmeter_generator::Config = from_flags(&[
            "--meter-addr",
            &format!("http://{meter_address}"),
            "--simulator-addr",
            &simulator,
            "--generator-data",
            &path("generator"),
            "--videos-dir",
            &path("videos"),
        ])
        .unwrap();
        config.generator_metrics_listen = metrics.map(|(_, generator)| generator);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            reelmeter_generator::run(config, Common::default(), listener, stopped)
                .await
                .unwrap();
        });
        others.insert(0, Service { stop, task });
        Self {
            vendor: Vendor::new(simulator),
            folder,
            meter_address,
            generator_address,
            meter: None,
            others,
            metrics,
        }
    }

    /// The meter at its address, over the same file as before.
    pub async fn start_meter(&mut self) {
        let store = format!("sqlite://{}", self.folder.path().join("meter.db").display());
        let mut config: reelmeter_meter::Config = from_flags(&["--meter-store", &store]).unwrap();
        config.meter_metrics_listen = self.metrics.map(|(meter, _)| meter);
        let address = self.meter_address;
        let listener = eventually("the meter's port is free again", || async move {
            TcpListener::bind(address).await.ok()
        })
        .await;
        let stop = CancellationToken::new();
        let run = reelmeter_meter::run(config, Common::default(), listener, stop.clone());
        let task = tokio::spawn(async move { run.await.unwrap() });
        self.meter = Some(Service { stop, task });
    }

    /// The meter gone.
    pub async fn stop_meter(&mut self) {
        self.meter.take().unwrap().stop().await;
    }

    /// Everything down, in order; gives the folder that is left.
    pub async fn stop(self) -> TempDir {
        for service in self.others.into_iter().chain(self.meter) {
            service.stop().await;
        }
        self.folder
    }

    async fn channel(&self, address: SocketAddr) -> Channel {
        eventually("a service answers", || async move {
            tonic::transport::Endpoint::from_shared(format!("http://{address}"))
                .unwrap()
                .connect()
                .await
                .ok()
        })
        .await
    }

    pub async fn meter_channel(&self) -> Channel {
        self.channel(self.meter_address).await
    }

    pub async fn generator_channel(&self) -> Channel {
        self.channel(self.generator_address).await
    }

    pub async fn meter(&self) -> MeterServiceClient<Channel> {
        MeterServiceClient::new(self.meter_channel().await)
    }

    pub async fn generator(&self) -> GeneratorServiceClient<Channel> {
        GeneratorServiceClient::new(self.generator_channel().await)
    }

    /// Asks for a small video.
    pub async fn create(&self, prompt: &str, scene_count: i32) -> gpb::Video {
        self.generator()
            .await
            .create_video(gpb::CreateVideoRequest {
                request_id: String::new(),
                spec: Some(gpb::VideoSpec {
                    prompt: prompt.to_owned(),
                    scene_count,
                    resolution_px: 360,
                    ..Default::default()
                }),
            })
            .await
            .unwrap()
            .into_inner()
            .video
            .unwrap()
    }

    /// The video when it is finished; panics with its own words if it fails.
    pub async fn finished(&self, video_id: &str) -> gpb::Video {
        let mut generator = self.generator().await;
        let mut stream = generator
            .watch_video(gpb::WatchVideoRequest {
                video_id: video_id.to_owned(),
                after_log_number: 0,
            })
            .await
            .unwrap()
            .into_inner();
        let mut last = None;
        while let Some(message) = stream.message().await.unwrap() {
            last = message.video.or(last);
        }
        let video = last.unwrap();
        assert_eq!(
            video.state(),
            VideoState::Succeeded,
            "{}",
            video.error_message
        );
        assert!(Path::new(&video.file_path).is_file());
        video
    }

    /// The session's summary when nothing is on its way any more.
    pub async fn settled(&self, session_id: &str) -> mpb::Summary {
        let meter = self.meter().await;
        eventually("the session settles", || {
            let mut meter = meter.clone();
            let session_id = session_id.to_owned();
            async move {
                let request = mpb::GetSummaryRequest { session_id };
                let summary = meter
                    .get_summary(request)
                    .await
                    .ok()?
                    .into_inner()
                    .summary?;
                summary.settled.then_some(summary)
            }
        })
        .await
    }
}
