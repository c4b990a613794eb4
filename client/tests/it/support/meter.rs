//! The real meter, in this process, on a ledger of its own.

use std::net::SocketAddr;
use std::path::Path;

use reelmeter_meter::Config;
use reelmeter_proto::meter::v1 as m;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_service::settings::from_flags;
use reelmeter_service::{CancellationToken, Common};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// A meter that runs.
pub struct Meter {
    pub address: SocketAddr,
    shutdown: CancellationToken,
    service: JoinHandle<()>,
}

impl Meter {
    /// Starts the meter on the ledger in that directory.
    pub async fn start(directory: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let store = format!("sqlite://{}", directory.join("meter.db").display());
        let config: Config = from_flags(&["--meter-store", &store]).unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let service = tokio::spawn(async move {
            reelmeter_meter::run(config, Common::default(), listener, stop)
                .await
                .unwrap();
        });
        Self {
            address,
            shutdown,
            service,
        }
    }

    /// Stops it, as for a restart.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.service.await.unwrap();
    }

    /// A tool's connection to it.
    pub async fn tool(&self) -> Tool {
        Tool(
            MeterServiceClient::connect(format!("http://{}", self.address))
                .await
                .unwrap(),
        )
    }
}

/// A tool that records usage.
pub struct Tool(MeterServiceClient<Channel>);

impl Tool {
    /// Records one call of a model.
    pub async fn record(
        &mut self,
        session: &str,
        event: &str,
        service: &str,
        model: &str,
        quantities: &[(&str, i64)],
    ) {
        let quantities = quantities
            .iter()
            .map(|(metric, value)| m::Quantity {
                metric: (*metric).to_owned(),
                value: *value,
                basis: m::QuantityBasis::Reported.into(),
                provider_billed: None,
            })
            .collect();
        let event = m::UsageEvent {
            event_id: event.to_owned(),
            session_id: session.to_owned(),
            service: service.to_owned(),
            model: model.to_owned(),
            model_display_name: if service == "elevenlabs" {
                "Rachel".to_owned()
            } else {
                String::new()
            },
            rate_model: if service == "elevenlabs" {
                "eleven_multilingual_v2".to_owned()
            } else {
                String::new()
            },
            quantities,
            ..Default::default()
        };
        self.record_event(event).await;
    }

    /// Records one event.
    pub async fn record_event(&mut self, event: m::UsageEvent) {
        let request = m::RecordUsageRequest {
            events: vec![event],
            ..Default::default()
        };
        let outcomes = self
            .0
            .record_usage(request)
            .await
            .unwrap()
            .into_inner()
            .outcomes;
        assert_eq!(
            outcomes[0].status(),
            m::RecordStatus::Recorded,
            "{outcomes:?}"
        );
    }

    /// The example of the documents.
    pub async fn record_the_example(&mut self, session: &str) {
        let flash = "gemini-2.5-flash";
        let used = [
            ("input_tokens", 1_000_000),
            ("output_tokens", 50_000),
            ("images", 5),
        ];
        self.record(session, &format!("{session}-1"), "gemini", flash, &used)
            .await;
        let voice = "21m00Tcm4TlvDq8ikWAM";
        self.record(
            session,
            &format!("{session}-2"),
            "elevenlabs",
            voice,
            &[("characters", 5_000)],
        )
        .await;
    }
}
