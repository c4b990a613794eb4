//! Protects "acknowledged is durable" and "counted once" across SIGKILL: the real binary, killed at random moments under
//! load, again and again over one ledger. `METER_KILL_CYCLES` says how often (30).
//!
//! A SIGKILL does not cut the power: it says nothing about what the disk has synced.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reelmeter_meter::adapters::sqlite::{lock, verify};
use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use tonic::transport::{Channel, Endpoint};

type Client = MeterServiceClient<Channel>;

const PATIENCE: Duration = Duration::from_secs(20);
const WRITERS: u64 = 6;
const SESSIONS: u64 = 3;
const QUANTITY: i64 = 7;

struct Meter {
    process: Child,
    address: String,
}

impl Meter {
    fn start(database: &Path) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_meter"))
            .args(["--meter-listen", "127.0.0.1:0", "--meter-store"])
            .arg(format!("sqlite://{}", database.display()))
            .env("REELMETER_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        let address = loop {
            let holder = lock::holder(database).filter(|holder| holder.process == process.id());
            if let Some(address) = holder.and_then(|holder| holder.address) {
                break address;
            }
            assert!(began.elapsed() < PATIENCE, "the meter starts");
            std::thread::sleep(Duration::from_millis(2));
        };
        Self { process, address }
    }

    async fn client(&self) -> Client {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address))
            .unwrap()
            .timeout(PATIENCE);
        MeterServiceClient::new(endpoint.connect().await.unwrap())
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn stop(mut self) {
        let told = Command::new("kill")
            .arg(self.process.id().to_string())
            .status()
            .unwrap();
        assert!(told.success());
        assert!(
            self.process.wait().unwrap().success(),
            "a meter that is told to stop ends well"
        );
    }
}

fn event(number: u64) -> pb::UsageEvent {
    pb::UsageEvent {
        event_id: if number.is_multiple_of(2) {
            format!("0199c3f2-7d4a-7c11-8a3e-{number:012x}")
        } else {
            format!("call {number}")
        },
        session_id: format!("s{}", number % SESSIONS),
        service: "gemini".to_owned(),
        model: "gemini-2.5-flash".to_owned(),
        quantities: vec![pb::Quantity {
            metric: "input_tokens".to_owned(),
            value: QUANTITY,
            basis: pb::QuantityBasis::Reported.into(),
            provider_billed: None,
        }],
        stage: format!("stage {}", number % 5),
        ..Default::default()
    }
}

/// What the callers know.
#[derive(Default)]
struct Known {
    acknowledged: BTreeSet<u64>,
    /// Sent, and no answer came.
    unknown: BTreeSet<u64>,
    next: u64,
}

async fn write(mut client: Client, known: Arc<Mutex<Known>>, batch: u64) {
    loop {
        let numbers: Vec<u64> = {
            let mut known = known.lock().unwrap();
            let first = known.next;
            known.next += batch;
            known.unknown.extend(first..first + batch);
            (first..first + batch).collect()
        };
        let events = numbers.iter().map(|number| event(*number)).collect();
        let request = pb::RecordUsageRequest {
            events,
            ..Default::default()
        };
        let Ok(response) = client.record_usage(request).await else {
            return;
        };
        let mut known = known.lock().unwrap();
        for (number, outcome) in numbers.into_iter().zip(response.into_inner().outcomes) {
            assert_eq!(
                outcome.status(),
                pb::RecordStatus::Recorded,
                "event {number}"
            );
            known.unknown.remove(&number);
            known.acknowledged.insert(number);
        }
    }
}

async fn counted(client: &mut Client, session: u64) -> (i64, i64) {
    let request = pb::GetSummaryRequest {
        session_id: format!("s{session}"),
    };
    match client.get_summary(request).await {
        Ok(response) => {
            let summary = response.into_inner().summary.unwrap();
            (
                summary.event_count,
                summary.tokens.unwrap().total_token_count,
            )
        }
        Err(status) => {
            assert_eq!(status.code(), tonic::Code::NotFound, "{status:?}");
            (0, 0)
        }
    }
}

/// After a start: everything acknowledged is there, nothing is there twice, and what nobody knows is settled by sending
/// it again.
async fn settle(meter: &Meter, known: &Mutex<Known>) {
    let mut client = meter.client().await;
    let (acknowledged, unknown) = {
        let known = known.lock().unwrap();
        (known.acknowledged.clone(), known.unknown.clone())
    };
    let of = |numbers: &BTreeSet<u64>, session: u64| {
        i64::try_from(
            numbers
                .iter()
                .filter(|number| **number % SESSIONS == session)
                .count(),
        )
        .unwrap()
    };
    for session in 0..SESSIONS {
        let (events, tokens) = counted(&mut client, session).await;
        let (least, most) = (
            of(&acknowledged, session),
            of(&acknowledged, session) + of(&unknown, session),
        );
        assert!(
            (least..=most).contains(&events),
            "session {session}: {events} events, {least} acknowledged, {most} sent"
        );
        assert_eq!(tokens, events * QUANTITY, "session {session}");
    }
    for numbers in unknown.iter().copied().collect::<Vec<_>>().chunks(500) {
        let events = numbers.iter().map(|number| event(*number)).collect();
        let request = pb::RecordUsageRequest {
            events,
            ..Default::default()
        };
        let response = client.record_usage(request).await.unwrap().into_inner();
        for outcome in response.outcomes {
            let status = outcome.status();
            assert!(
                matches!(
                    status,
                    pb::RecordStatus::Recorded | pb::RecordStatus::Duplicate
                ),
                "{outcome:?}"
            );
        }
    }
    let all: BTreeSet<u64> = acknowledged.union(&unknown).copied().collect();
    for session in 0..SESSIONS {
        let expected = of(&all, session);
        assert_eq!(
            counted(&mut client, session).await,
            (expected, expected * QUANTITY),
            "session {session}"
        );
    }
    let mut known = known.lock().unwrap();
    known.unknown.clear();
    known.acknowledged = all;
}

fn check_file(database: &Path) {
    let verified = verify(database).unwrap();
    assert!(verified.is_sound(), "{:?}", verified.differences);
    let connection = rusqlite::Connection::open(database).unwrap();
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let twice: i64 = connection
        .query_row(
            "SELECT count(*) FROM (SELECT id FROM event GROUP BY id HAVING count(*) > 1)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(twice, 0, "ids that stand twice in the ledger");
}

/// When a cycle's meter is killed, drawn from the seed.
fn moment(seed: uuid::Uuid, cycle: u64) -> u32 {
    let hash = blake3::hash(format!("{seed}/{cycle}").as_bytes());
    let [a, b, c, d, ..] = *hash.as_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_counted_twice_however_often_it_is_killed() {
    let cycles: u64 = std::env::var("METER_KILL_CYCLES")
        .ok()
        .and_then(|cycles| cycles.parse().ok())
        .unwrap_or(30);
    let folder = tempfile::tempdir().unwrap();
    let database: PathBuf = folder.path().join("meter.db");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let known = Arc::new(Mutex::new(Known::default()));
    let seed = uuid::Uuid::new_v4();
    for cycle in 0..cycles {
        let meter = Meter::start(&database);
        runtime.block_on(settle(&meter, &known));
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let client = runtime.block_on(meter.client());
            // Single events, small and large batches.
            let batch = [1, 1, 5, 50, 200, 500][usize::try_from(writer).unwrap() % 6];
            writers.push(runtime.spawn(write(client, Arc::clone(&known), batch)));
        }
        std::thread::sleep(Duration::from_millis(u64::from(moment(seed, cycle) % 250)));
        meter.kill();
        for writer in writers {
            runtime.block_on(writer).unwrap();
        }
        if cycle % 10 == 9 {
            check_file(&database);
        }
    }
    let meter = Meter::start(&database);
    runtime.block_on(settle(&meter, &known));
    meter.stop();
    check_file(&database);
    let known = known.lock().unwrap();
    assert!(
        known.acknowledged.len() > usize::try_from(cycles * 5).unwrap(),
        "there was load: {}",
        known.acknowledged.len()
    );
    drop(known);
}
