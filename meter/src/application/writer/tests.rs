//! The queue in front of a ledger that fails in every way it can.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::Condvar;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use reelmeter_service::SystemClock;

use super::*;
use crate::application::ports::Recording;

/// What the ledger does with its next transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Well,
    Full,
    Panics,
}

#[derive(Clone, Debug)]
struct Moody {
    mood: Arc<Mutex<Mood>>,
    /// How many requests each transaction had.
    groups: Arc<Mutex<Vec<usize>>>,
    probes: Arc<AtomicUsize>,
    closed: Arc<AtomicUsize>,
    /// Transactions wait while it is shut.
    gate: Arc<(Mutex<bool>, Condvar)>,
}

impl Moody {
    fn new() -> Self {
        Self {
            mood: Arc::new(Mutex::new(Mood::Well)),
            groups: Arc::default(),
            probes: Arc::default(),
            closed: Arc::default(),
            gate: Arc::default(),
        }
    }

    fn shut(&self, shut: bool) {
        *self.gate.0.lock().unwrap() = shut;
        self.gate.1.notify_all();
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn write(&self) -> Result<(), Error> {
        match *self.mood.lock().unwrap() {
            Mood::Well => Ok(()),
            Mood::Full => Err(Error::StorageFull),
            Mood::Panics => panic!("this test's ledger panics on purpose"),
        }
    }
}

impl Ledger for Moody {
    fn commit(&mut self, requests: Vec<Request>, _: Timestamp) -> Vec<Result<Answer, Error>> {
        drop(
            self.gate
                .1
                .wait_while(self.gate.0.lock().unwrap(), |shut| *shut)
                .unwrap(),
        );
        self.groups.lock().unwrap().push(requests.len());
        requests
            .iter()
            .map(|_| self.write().map(|()| Answer::Done))
            .collect()
    }

    fn tidy(&mut self, _: Timestamp) -> Result<(), Error> {
        Ok(())
    }

    fn probe(&mut self, _: Timestamp, _: u32) -> Result<(), Error> {
        self.probes.fetch_add(1, Ordering::SeqCst);
        self.write()
    }

    fn close(&mut self, _: Timestamp) -> Result<(), Error> {
        self.closed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn request() -> Request {
    Request {
        tenant: Arc::from(""),
        actor: Arc::default(),
        change: Change::Record(Recording::default()),
    }
}

fn writer(ledger: &Moody) -> Writer {
    Writer::on_a_thread(Box::new(ledger.clone()), Arc::new(SystemClock)).unwrap()
}

async fn health_is(writer: &Writer, wanted: impl Fn(&Health) -> bool) {
    let mut health = writer.health();
    let waited = tokio::time::timeout(
        Duration::from_secs(20),
        health.wait_for(|health| wanted(health)),
    );
    assert!(waited.await.is_ok(), "health comes about");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_together_is_committed_together() {
    let ledger = Moody::new();
    let writer = writer(&ledger);
    ledger.shut(true);
    let first = writer.enqueue(request()).await.unwrap();
    // The first is at work; the others wait behind it.
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut others = Vec::new();
    for _ in 0..50 {
        others.push(writer.enqueue(request()).await.unwrap());
        assert!(Instant::now() < deadline);
    }
    ledger.shut(false);
    first.answer().await.unwrap();
    for other in others {
        other.answer().await.unwrap();
    }
    let groups = ledger.groups.lock().unwrap().clone();
    assert_eq!(groups.iter().sum::<usize>(), 51);
    assert!(groups.len() <= 3, "{groups:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_ledger_is_not_well_until_a_real_write_succeeds() {
    let ledger = Moody::new();
    let writer = writer(&ledger);
    ledger.is(Mood::Full);
    assert_eq!(
        writer.submit(request()).await.unwrap_err(),
        Error::StorageFull
    );
    health_is(&writer, |health| matches!(health, Health::Failing(_))).await;
    ledger.is(Mood::Well);
    let probes = ledger.probes.load(Ordering::SeqCst);
    health_is(&writer, |health| *health == Health::Serving).await;
    assert!(
        ledger.probes.load(Ordering::SeqCst) > probes,
        "it was a probe that showed it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_panics_claims_nothing_and_is_gone() {
    let ledger = Moody::new();
    let writer = writer(&ledger);
    ledger.is(Mood::Panics);
    assert_eq!(writer.submit(request()).await.unwrap_err(), Error::Stopping);
    health_is(&writer, |health| *health == Health::Gone).await;
    assert_eq!(writer.submit(request()).await.unwrap_err(), Error::Stopping);
    writer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_carries_out_what_waits() {
    let ledger = Moody::new();
    let writer = writer(&ledger);
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(writer.enqueue(request()).await.unwrap());
    }
    writer.close().await;
    for waiting in waiting {
        waiting.answer().await.unwrap();
    }
    assert_eq!(ledger.closed.load(Ordering::SeqCst), 1);
    assert_eq!(writer.submit(request()).await.unwrap_err(), Error::Stopping);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so_and_is_bounded() {
    let ledger = Moody::new();
    let writer = writer(&ledger);
    ledger.shut(true);
    let mut waiting = Vec::new();
    // One more than there is room for: a queue without a bound must not keep this test for ever.
    while waiting.len() <= WAITING_EVENTS_MAX
        && let Ok(taken) =
            tokio::time::timeout(Duration::from_millis(200), writer.enqueue(request())).await
    {
        waiting.push(taken.unwrap());
    }
    assert_eq!(waiting.len(), WAITING_EVENTS_MAX);
    assert_eq!(writer.submit(request()).await.unwrap_err(), Error::Busy);
    ledger.shut(false);
    for waiting in waiting {
        waiting.answer().await.unwrap();
    }
    assert!(
        writer.submit(request()).await.is_ok(),
        "there is room again"
    );
}
