//! Three meters over one PostgreSQL under load, all of them killed again and again: SIGKILL of a meter, a crash of the
//! database, an orderly restart of one meter after the other. `METER_REPLICA_KILLS` says how often (20).
//!
//! Recorders deliver each batch until somebody has answered for it, wherever; in the end the ledger holds what they were
//! promised, and nothing twice.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reelmeter_meter::adapters::postgres::{Address, verify};
use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use tonic::transport::Endpoint;

use crate::support::postgres;

const REPLICAS: usize = 3;
const RECORDERS: u64 = 6;
const SESSIONS: u64 = 4;
const QUANTITY: i64 = 7;
/// Nothing takes longer unless it is broken.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long one call may take: then the recorder asks another meter.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

struct Replica {
    process: Child,
    port: u16,
}

impl Replica {
    fn start(store: &str, port: u16) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_meter"))
            .args([
                "--meter-listen",
                &format!("127.0.0.1:{port}"),
                "--meter-store",
                store,
            ])
            .env("REELMETER_LOG", "off")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, port }
    }

    /// Starts it again; one that came up while the database was away has ended by itself.
    fn again(&mut self, store: &str) {
        *self = Self::start(store, self.port);
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn stop(&mut self) {
        let id = self.process.id().to_string();
        Command::new("kill").arg(id).status().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Replica {
    /// A meter does not outlive a test that fails.
    fn drop(&mut self) {
        // Nothing to do where it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is known outside of the meters.
#[derive(Default)]
struct Known {
    stop: AtomicBool,
    next: AtomicU64,
    batches: AtomicU64,
    retries: AtomicU64,
    /// Acknowledged events, by session.
    promised: Mutex<BTreeMap<u64, i64>>,
    revisions_seen: AtomicU64,
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

type Client = MeterServiceClient<tonic::transport::Channel>;

fn client(port: u16) -> Client {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))
        .unwrap()
        .timeout(CALL_TIMEOUT);
    MeterServiceClient::new(endpoint.connect_lazy())
}

/// Delivers batch after batch, each to whichever meter answers.
async fn record(known: Arc<Known>, ports: Vec<u16>, recorder: u64) {
    let mut clients: Vec<Client> = ports.iter().map(|port| client(*port)).collect();
    let size = [1, 1, 5, 20, 100, 300][usize::try_from(recorder).unwrap() % 6];
    let mut place = usize::try_from(recorder).unwrap();
    while !known.stop.load(Ordering::Acquire) {
        let first = known.next.fetch_add(size, Ordering::AcqRel);
        let events: Vec<pb::UsageEvent> = (first..first + size).map(event).collect();
        loop {
            let request = pb::RecordUsageRequest {
                events: events.clone(),
                recorder_id: format!("recorder {recorder}"),
                ..Default::default()
            };
            let count = clients.len();
            match clients[place % count].record_usage(request).await {
                Ok(response) => {
                    for outcome in response.into_inner().outcomes {
                        let status = outcome.status();
                        let taken = matches!(
                            status,
                            pb::RecordStatus::Recorded | pb::RecordStatus::Duplicate
                        );
                        assert!(taken, "{outcome:?}");
                    }
                    break;
                }
                Err(_) => {
                    known.retries.fetch_add(1, Ordering::AcqRel);
                    place += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
        let mut promised = known.promised.lock().unwrap();
        for number in first..first + size {
            *promised.entry(number % SESSIONS).or_default() += 1;
        }
        drop(promised);
        known.batches.fetch_add(1, Ordering::AcqRel);
    }
}

/// Watches one session, at one meter after the other, and never sees it go back.
async fn watch(known: Arc<Known>, ports: Vec<u16>, session: u64) {
    let (mut revision, mut events, mut place) = (0, 0, 0);
    while !known.stop.load(Ordering::Acquire) {
        place += 1;
        let mut meter = client(ports[place % ports.len()]);
        let request = pb::WatchSummaryRequest {
            session_id: format!("s{session}"),
            resume_revision: revision,
            ..Default::default()
        };
        let Ok(response) = meter.watch_summary(request).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let mut updates = response.into_inner();
        for _ in 0..5 {
            let Ok(Ok(Some(update))) = tokio::time::timeout(CALL_TIMEOUT, updates.message()).await
            else {
                break;
            };
            let Some(summary) = update.summary else {
                continue;
            };
            assert!(
                summary.revision >= revision && summary.event_count >= events,
                "session {session} went back: {} events at revision {} after {events} at {revision}",
                summary.event_count,
                summary.revision
            );
            (revision, events) = (summary.revision, summary.event_count);
            known.revisions_seen.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// A number drawn from the seed.
fn drawn(seed: uuid::Uuid, what: &str, kill: u64) -> u64 {
    let hash = blake3::hash(format!("{seed}/{what}/{kill}").as_bytes());
    let [a, b, c, d, ..] = *hash.as_bytes();
    u64::from(u32::from_le_bytes([a, b, c, d]))
}

async fn progress(known: &Known, more: u64) {
    let before = known.batches.load(Ordering::Acquire);
    let began = Instant::now();
    while known.batches.load(Ordering::Acquire) < before + more {
        assert!(began.elapsed() < PATIENCE, "somebody records again");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn whatever_is_killed_the_ledger_ends_as_the_recorders_were_promised() {
    let kills: u64 = std::env::var("METER_REPLICA_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(20);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let database = postgres::Server::start(true);
    let store = database.url(&database.database());
    // Held until all are known, so that no two are the same.
    let held: Vec<TcpListener> = (0..REPLICAS)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let ports: Vec<u16> = held
        .iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect();
    drop(held);
    let mut replicas: Vec<Replica> = ports
        .iter()
        .map(|port| Replica::start(&store, *port))
        .collect();
    let known = Arc::new(Known::default());
    let mut tasks = Vec::new();
    for recorder in 0..RECORDERS {
        tasks.push(runtime.spawn(record(Arc::clone(&known), ports.clone(), recorder)));
    }
    for session in 0..SESSIONS {
        tasks.push(runtime.spawn(watch(Arc::clone(&known), ports.clone(), session)));
    }
    let seed = uuid::Uuid::new_v4();
    println!("seed {seed}");
    let (mut meters_killed, mut databases_killed, mut restarts) = (0, 0, 0);
    let began = Instant::now();
    for kill in 0..kills {
        runtime.block_on(progress(&known, 1));
        std::thread::sleep(Duration::from_millis(drawn(seed, "moment", kill) % 250));
        let victim = usize::try_from(drawn(seed, "victim", kill)).unwrap() % REPLICAS;
        match drawn(seed, "how", kill) % 10 {
            0..7 => {
                meters_killed += 1;
                replicas[victim].kill();
                replicas[victim].again(&store);
            }
            7 | 8 => {
                databases_killed += 1;
                database.down("immediate");
                database.up();
            }
            _ => {
                restarts += 1;
                for replica in &mut replicas {
                    replica.stop();
                    replica.again(&store);
                    runtime.block_on(progress(&known, 1));
                }
            }
        }
        // A meter that was starting while the database was away says so and ends; whoever runs it starts it again.
        for replica in &mut replicas {
            if replica.process.try_wait().unwrap().is_some() {
                replica.again(&store);
            }
        }
    }
    runtime.block_on(progress(&known, RECORDERS));
    known.stop.store(true, Ordering::Release);
    for task in tasks {
        runtime
            .block_on(async { tokio::time::timeout(PATIENCE, task).await })
            .expect("it ends")
            .unwrap();
    }
    let promised = known.promised.lock().unwrap().clone();
    for (session, events) in &promised {
        // Each meter says the same.
        for port in &ports {
            let summary = runtime.block_on(async {
                let began = Instant::now();
                loop {
                    let request = pb::GetSummaryRequest {
                        session_id: format!("s{session}"),
                    };
                    match client(*port).get_summary(request).await {
                        Ok(response) => return response.into_inner().summary.unwrap(),
                        Err(_) if began.elapsed() < PATIENCE => {
                            tokio::time::sleep(Duration::from_millis(50)).await
                        }
                        Err(status) => panic!("{status:?}"),
                    }
                }
            });
            let tokens = summary.tokens.unwrap().total_token_count;
            assert_eq!(
                (summary.event_count, tokens),
                (*events, events * QUANTITY),
                "session {session}"
            );
        }
    }
    for replica in &mut replicas {
        replica.stop();
    }
    let verified = verify(&Address::read(&store, None, None).unwrap()).unwrap();
    assert!(verified.is_sound(), "{:?}", verified.differences);
    let all: i64 = promised.values().sum();
    assert_eq!(i64::try_from(verified.events).unwrap(), all);
    println!(
        "{kills} kills in {:.0?}: {meters_killed} of meters, {databases_killed} of the database, {restarts} rolling restarts; \
         {all} events promised in {} batches and all counted once, {} deliveries repeated, {} summaries watched",
        began.elapsed(),
        known.batches.load(Ordering::Acquire),
        known.retries.load(Ordering::Acquire),
        known.revisions_seen.load(Ordering::Acquire),
    );
    assert!(
        known.retries.load(Ordering::Acquire) > 0,
        "the kills were felt"
    );
}
