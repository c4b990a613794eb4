//! A meter for a test: the real service, a folder, and words to ask it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reelmeter_meter::{Config, Error, run};
use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_proto::meter::v1::pricing_service_client::PricingServiceClient;
use reelmeter_service::settings::from_flags;
use reelmeter_service::{CancellationToken, Common};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// Nothing here takes longer unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Server {
    pub folder: TempDir,
    pub address: SocketAddr,
    flags: Vec<String>,
    running: Option<(CancellationToken, JoinHandle<Result<(), Error>>)>,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(flags: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = Self {
            folder: tempfile::tempdir().unwrap(),
            address,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            running: None,
        };
        server.serve(listener);
        server
    }

    fn serve(&mut self, listener: TcpListener) {
        let shutdown = CancellationToken::new();
        let run = run(self.config(), Common::default(), listener, shutdown.clone());
        self.running = Some((shutdown, tokio::spawn(run)));
    }

    pub fn config(&self) -> Config {
        let store = format!("sqlite://{}", self.database().display());
        let mut flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        // A test may name another store.
        if !flags.contains(&"--meter-store") {
            flags.extend(["--meter-store", &store]);
        }
        from_flags(&flags).unwrap()
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("ledger").join("meter.db")
    }

    /// Tells the meter to stop and waits until it has.
    pub async fn stop(&mut self) -> Result<(), Error> {
        let (shutdown, task) = self.running.take().unwrap();
        shutdown.cancel();
        tokio::time::timeout(PATIENCE, task)
            .await
            .expect("the meter stops")
            .unwrap()
    }

    /// How the meter ended, if it has.
    #[allow(dead_code, reason = "only the tests of several meters ask")]
    pub async fn ended(&mut self) -> Result<(), Error> {
        let (_, task) = self.running.take().unwrap();
        tokio::time::timeout(PATIENCE, task)
            .await
            .expect("the meter ends")
            .unwrap()
    }

    pub fn ask_to_stop(&self) {
        self.running.as_ref().unwrap().0.cancel();
    }

    /// The same ledger at the same address, after a stop.
    pub async fn start_again(&mut self) {
        let address = self.address;
        let listener = eventually("the port is free", || async move {
            TcpListener::bind(address).await.ok()
        })
        .await;
        self.serve(listener);
    }

    pub async fn channel(&self) -> Channel {
        channel(self.address).await
    }

    pub async fn meter(&self) -> Meter {
        MeterServiceClient::new(self.channel().await)
    }

    pub async fn pricing(&self) -> PricingServiceClient<Channel> {
        PricingServiceClient::new(self.channel().await)
    }
}

pub type Meter = MeterServiceClient<Channel>;

pub async fn channel(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .timeout(PATIENCE);
    // A connection alone says nothing: the port listens before the ledger is open. A door may refuse the question; a
    // refusal is an answer too.
    eventually("the meter answers", || {
        let endpoint = endpoint.clone();
        async move {
            let channel = endpoint.connect().await.ok()?;
            let asked = HealthClient::new(channel.clone())
                .check(HealthCheckRequest::default())
                .await;
            let has_answered = match asked {
                Ok(_) => true,
                Err(status) => matches!(
                    status.code(),
                    Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented
                ),
            };
            has_answered.then_some(channel)
        }
    })
    .await
}

/// Waits until something is so.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("in {PATIENCE:?} it did not come about that {what}"))
}

pub fn quantity(metric: &str, value: i64) -> pb::Quantity {
    let basis = pb::QuantityBasis::Reported.into();
    pb::Quantity {
        metric: metric.to_owned(),
        value,
        basis,
        provider_billed: None,
    }
}

pub fn event(id: &str, session: &str, metric: &str, value: i64) -> pb::UsageEvent {
    pb::UsageEvent {
        event_id: id.to_owned(),
        session_id: session.to_owned(),
        service: "gemini".to_owned(),
        model: "gemini-2.5-flash".to_owned(),
        quantities: vec![quantity(metric, value)],
        ..Default::default()
    }
}

pub fn batch(events: Vec<pb::UsageEvent>) -> pb::RecordUsageRequest {
    pb::RecordUsageRequest {
        events,
        ..Default::default()
    }
}

pub async fn record(meter: &mut Meter, events: Vec<pb::UsageEvent>) -> Vec<pb::RecordStatus> {
    let response = meter
        .record_usage(batch(events))
        .await
        .unwrap()
        .into_inner();
    response
        .outcomes
        .iter()
        .map(pb::EventOutcome::status)
        .collect()
}

pub async fn summary(meter: &mut Meter, session: &str) -> pb::Summary {
    let request = pb::GetSummaryRequest {
        session_id: session.to_owned(),
    };
    let summary = meter
        .get_summary(request)
        .await
        .unwrap()
        .into_inner()
        .summary
        .unwrap();
    assert_sums(&summary);
    summary
}

pub async fn end(meter: &mut Meter, session: &str) -> pb::Summary {
    let request = pb::EndSessionRequest {
        session_id: session.to_owned(),
    };
    meter
        .end_session(request)
        .await
        .unwrap()
        .into_inner()
        .summary
        .unwrap()
}

pub async fn start(meter: &mut Meter, session: &str) {
    let request = pb::StartSessionRequest {
        session_id: session.to_owned(),
        ..Default::default()
    };
    meter.start_session(request).await.unwrap();
}

pub fn dollars(amount: &str) -> pb::Money {
    pb::Money {
        currency_code: "USD".to_owned(),
        amount: amount.to_owned(),
    }
}

pub fn total(summary: &pb::Summary) -> &str {
    &summary.total_cost.as_ref().unwrap().amount
}

/// Models add up to services add up to the total, exactly.
pub fn assert_sums(summary: &pb::Summary) {
    use reelmeter_rating::Money;
    let add = |costs: Vec<Option<&pb::Money>>| -> Money {
        Money::checked_sum(
            costs
                .into_iter()
                .flatten()
                .map(|cost| cost.amount.parse().unwrap()),
        )
        .unwrap()
    };
    let total: Money = total(summary).parse().unwrap();
    assert_eq!(
        add(summary
            .by_model
            .iter()
            .map(|model| model.cost.as_ref())
            .collect()),
        total,
        "models"
    );
    assert_eq!(
        add(summary
            .by_service
            .iter()
            .map(|service| service.cost.as_ref())
            .collect()),
        total,
        "services"
    );
    assert_eq!(
        add(summary
            .by_stage
            .iter()
            .map(|stage| stage.cost.as_ref())
            .collect()),
        total,
        "stages"
    );
}
