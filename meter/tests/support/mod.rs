//! What the meter's tests are told with: events, and a ledger over a file of its own.

#![allow(
    dead_code,
    missing_docs,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and no test binary needs all of this"
)]

mod given;
pub mod postgres;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reelmeter_meter::adapters::postgres::{
    Address, Options, PostgresLedger, PostgresLibrary, verify as verify_postgres,
};
use reelmeter_meter::adapters::sqlite::{
    ArchiveError, Moved, Order, SqliteLedger, SqliteLibrary, Step, archive, verify,
};
use reelmeter_meter::application::Error;
use reelmeter_meter::application::ports::{
    Answer, Change, Ledger, Library, Recorded, Recording, Request, SessionKey,
};
use reelmeter_meter::domain::event::{Event, Sent, SentBilled, SentEvent, SentQuantity, SentTime};
use reelmeter_meter::domain::summary::{Summary, build};
use reelmeter_meter::domain::usage::SessionUsage;
use reelmeter_meter::domain::validate;
use reelmeter_rating::{Basis, Money, Outcome, RateTable, Variant};
use tempfile::TempDir;

pub use given::{backlog, documented, new_session, rate};

pub const FLASH: &str = "gemini-2.5-flash";

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// The instant at which every test begins.
pub fn noon() -> Timestamp {
    time("2026-11-23T12:00:00Z")
}

pub fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

/// An event as somebody sends it.
pub fn sent(event_id: &str, session_id: &str) -> SentEvent {
    SentEvent {
        event_id: event_id.to_owned(),
        session_id: session_id.to_owned(),
        service: "gemini".to_owned(),
        model: FLASH.to_owned(),
        ..SentEvent::default()
    }
}

/// Puts an event together, word by word.
pub trait Telling: Sized {
    fn metric(self, metric: &str, value: i64) -> Self;
    fn estimated(self, metric: &str, value: i64) -> Self;
    fn billed(self, value: &str, expected: &str) -> Self;
    fn at(self, time: Timestamp) -> Self;
    fn by(self, service: &str, model: &str) -> Self;
    fn stage(self, stage: &str, scene: i32, attempt: i32) -> Self;
    fn outcome(self, outcome: Outcome) -> Self;
    fn variant(self, variant: Variant) -> Self;
    fn replacing(self, event_id: &str) -> Self;
    fn paid_from(self, reservation_id: &str) -> Self;
    fn label(self, key: &str, value: &str) -> Self;
    fn shown_as(self, name: &str) -> Self;
    fn sound(self) -> Event;
}

impl Telling for SentEvent {
    fn metric(mut self, metric: &str, value: i64) -> Self {
        let basis = Sent::Known(Basis::Reported);
        self.quantities.push(SentQuantity {
            metric: metric.to_owned(),
            value,
            basis,
            provider_billed: None,
        });
        self
    }

    fn estimated(mut self, metric: &str, value: i64) -> Self {
        let basis = Sent::Known(Basis::Estimated);
        self.quantities.push(SentQuantity {
            metric: metric.to_owned(),
            value,
            basis,
            provider_billed: None,
        });
        self
    }

    fn billed(mut self, value: &str, expected: &str) -> Self {
        self.quantities.last_mut().unwrap().provider_billed = Some(SentBilled {
            value: value.to_owned(),
            unit: "credits".to_owned(),
            expected_value: expected.to_owned(),
        });
        self
    }

    fn at(mut self, time: Timestamp) -> Self {
        self.occur_time = Some(SentTime {
            seconds: time.as_second(),
            nanoseconds: time.subsec_nanosecond(),
        });
        self
    }

    fn by(mut self, service: &str, model: &str) -> Self {
        self.service = service.to_owned();
        self.model = model.to_owned();
        self
    }

    fn stage(mut self, stage: &str, scene: i32, attempt: i32) -> Self {
        self.stage = stage.to_owned();
        self.scene = scene;
        self.attempt = attempt;
        self
    }

    fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = Sent::Known(outcome);
        self
    }

    fn variant(mut self, variant: Variant) -> Self {
        self.variant = Sent::Known(variant);
        self
    }

    fn replacing(mut self, event_id: &str) -> Self {
        self.replaces_event_id = event_id.to_owned();
        self
    }

    fn paid_from(mut self, reservation_id: &str) -> Self {
        self.reservation_id = reservation_id.to_owned();
        self
    }

    fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    fn shown_as(mut self, name: &str) -> Self {
        self.model_display_name = name.to_owned();
        self
    }

    fn sound(self) -> Event {
        validate::event(self).unwrap()
    }
}

/// A store under test: both of its sides, and what a crash and a start do to it.
pub trait Store: Sized {
    /// A new, empty one.
    fn new(prices: RateTable) -> Self;
    fn ledger(&mut self) -> &mut dyn Ledger;
    fn library(&self) -> Arc<dyn Library>;
    /// A session as it is kept, whatever is in memory.
    fn in_file(&self, key: &SessionKey) -> SessionUsage;
    /// As after a crash: what was in memory is gone.
    fn crash(self, prices: RateTable) -> Self;
}

/// The SQLite store over a file of its own.
pub struct Sqlite {
    pub folder: TempDir,
    sides: Option<(SqliteLedger, Arc<SqliteLibrary>)>,
}

impl Sqlite {
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("meter.db")
    }

    /// The ledger that lies in a folder.
    pub fn on(folder: TempDir, prices: &RateTable) -> Self {
        let sides = SqliteLedger::open(&folder.path().join("meter.db"), prices, noon()).unwrap();
        Self {
            folder,
            sides: Some(sides),
        }
    }

    /// The process ends; what it leaves lies in the folder.
    pub fn left(mut self) -> TempDir {
        drop(self.sides.take());
        self.folder
    }
}

impl Store for Sqlite {
    fn new(prices: RateTable) -> Self {
        Self::on(tempfile::tempdir().unwrap(), &prices)
    }

    fn ledger(&mut self) -> &mut dyn Ledger {
        &mut self.sides.as_mut().unwrap().0
    }

    fn library(&self) -> Arc<dyn Library> {
        Arc::clone(&self.sides.as_ref().unwrap().1) as Arc<dyn Library>
    }

    fn in_file(&self, key: &SessionKey) -> SessionUsage {
        self.sides
            .as_ref()
            .unwrap()
            .1
            .usage_in_file(key)
            .unwrap()
            .unwrap()
    }

    fn crash(mut self, prices: RateTable) -> Self {
        // Nothing is folded or closed: the connection goes as it would with the process.
        drop(self.sides.take());
        let verified = verify(&self.path()).unwrap();
        assert!(verified.is_sound(), "{:?}", verified.differences);
        self.sides = Some(SqliteLedger::open(&self.path(), &prices, noon()).unwrap());
        self
    }
}

/// A store that moves events out into files.
pub trait Archives: Store {
    /// Moves what was recorded before a time; stops after a step, as if the process had ended there.
    fn move_out(&mut self, before: Timestamp, stop: Option<Step>) -> Result<Moved, ArchiveError>;
    /// The same, with something done to the ledger when it comes to a step for the first time.
    fn move_out_meanwhile(
        &mut self,
        before: Timestamp,
        at: Step,
        meanwhile: impl FnOnce(&mut dyn Ledger),
    );
    /// The lines of all files, in the order of their names.
    fn archived_lines(&self) -> Vec<String>;
}

impl Sqlite {
    fn order(&self, before: Timestamp) -> Order {
        Order {
            recorded_before: before,
            to: self.folder.path().join("archive"),
        }
    }
}

impl Archives for Sqlite {
    fn move_out(&mut self, before: Timestamp, stop: Option<Step>) -> Result<Moved, ArchiveError> {
        archive(&self.path(), &self.order(before), before, &mut |progress| {
            stop != Some(progress.step)
        })
    }

    fn move_out_meanwhile(
        &mut self,
        before: Timestamp,
        at: Step,
        meanwhile: impl FnOnce(&mut dyn Ledger),
    ) {
        let (path, order) = (self.path(), self.order(before));
        let ledger = self.ledger();
        let mut meanwhile = Some(meanwhile);
        archive(&path, &order, before, &mut |progress| {
            if progress.step == at
                && let Some(meanwhile) = meanwhile.take()
            {
                meanwhile(&mut *ledger);
            }
            true
        })
        .unwrap();
    }

    fn archived_lines(&self) -> Vec<String> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.folder.path().join("archive"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let text = |file: &PathBuf| std::fs::read_to_string(file).unwrap();
        files
            .iter()
            .flat_map(|file| text(file).lines().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }
}

/// Records events through a ledger of the only tenant.
pub fn record(ledger: &mut dyn Ledger, now: Timestamp, events: Vec<Event>) -> Vec<Recorded> {
    let request = Request {
        tenant: Arc::from(""),
        actor: Arc::from(""),
        change: Change::Record(Recording {
            events,
            ..Recording::default()
        }),
    };
    match ledger.commit(vec![request], now).pop().unwrap().unwrap() {
        Answer::Recorded(recorded) => recorded,
        other => panic!("{other:?}"),
    }
}

/// The PostgreSQL store over a database of its own.
pub struct Postgres {
    pub address: Address,
    sides: Option<(PostgresLedger, Arc<PostgresLibrary>)>,
}

impl Postgres {
    fn open(address: &Address, prices: &RateTable) -> (PostgresLedger, Arc<PostgresLibrary>) {
        PostgresLedger::open(address, &Options::default(), prices, noon()).unwrap()
    }

    /// The database, as `psql` names it.
    pub fn on(address: &str, prices: &RateTable) -> Self {
        let address = Address::read(address, None, None).unwrap();
        let sides = Some(Self::open(&address, prices));
        Self { address, sides }
    }
}

impl Store for Postgres {
    fn new(prices: RateTable) -> Self {
        let server = postgres::Server::shared();
        Self::on(&server.url(&server.database()), &prices)
    }

    fn ledger(&mut self) -> &mut dyn Ledger {
        &mut self.sides.as_mut().unwrap().0
    }

    fn library(&self) -> Arc<dyn Library> {
        Arc::clone(&self.sides.as_ref().unwrap().1) as Arc<dyn Library>
    }

    fn in_file(&self, key: &SessionKey) -> SessionUsage {
        let library = &self.sides.as_ref().unwrap().1;
        library.usage_in_store(key).unwrap().unwrap()
    }

    fn crash(mut self, prices: RateTable) -> Self {
        // Nothing is closed: the connections go as they would with the process.
        drop(self.sides.take());
        let verified = verify_postgres(&self.address).unwrap();
        assert!(verified.is_sound(), "{:?}", verified.differences);
        self.sides = Some(Self::open(&self.address, &prices));
        self
    }
}

/// A store with a clock that a test moves.
pub struct Told<S> {
    pub store: S,
    pub now: Timestamp,
    pub tenant: Arc<str>,
    pub prices: RateTable,
}

impl<S: Store> Told<S> {
    pub fn new() -> Self {
        Self::with(documented())
    }

    pub fn with(prices: RateTable) -> Self {
        Self {
            store: S::new(prices.clone()),
            now: noon(),
            tenant: Arc::from(""),
            prices,
        }
    }

    pub fn pass(&mut self, duration: SignedDuration) {
        self.now = self.now.checked_add(duration).unwrap();
    }

    /// The process is killed and started again.
    pub fn crash(self) -> Self {
        let prices = self.prices.clone();
        self.crash_into(prices)
    }

    pub fn crash_into(self, prices: RateTable) -> Self {
        let Self {
            store, now, tenant, ..
        } = self;
        Self {
            store: store.crash(prices.clone()),
            now,
            tenant,
            prices,
        }
    }

    /// What is behind the watermark is folded into the rollups.
    pub fn fold(&mut self) {
        let now = self.now;
        self.store.ledger().tidy(now).unwrap();
    }

    pub fn request(&self, change: Change) -> Request {
        Request {
            tenant: Arc::clone(&self.tenant),
            actor: Arc::from("a test"),
            change,
        }
    }

    pub fn all(&mut self, changes: Vec<Change>) -> Vec<Result<Answer, Error>> {
        let requests = changes
            .into_iter()
            .map(|change| self.request(change))
            .collect();
        let now = self.now;
        self.store.ledger().commit(requests, now)
    }

    pub fn ask(&mut self, change: Change) -> Result<Answer, Error> {
        self.all(vec![change]).pop().unwrap()
    }

    pub fn record(&mut self, events: Vec<SentEvent>) -> Vec<Recorded> {
        let events = events.into_iter().map(Telling::sound).collect();
        match self
            .ask(Change::Record(Recording {
                events,
                ..Recording::default()
            }))
            .unwrap()
        {
            Answer::Recorded(recorded) => recorded,
            other => panic!("{other:?}"),
        }
    }

    /// Records one event, which must be new.
    pub fn new_event(&mut self, event: SentEvent) {
        assert_eq!(self.record(vec![event]), [Recorded::New]);
    }

    pub fn start(&mut self, session_id: &str) -> Arc<SessionUsage> {
        self.session(Change::Start(new_session(session_id)))
    }

    /// A change that gives a session.
    pub fn session(&mut self, change: Change) -> Arc<SessionUsage> {
        match self.ask(change).unwrap() {
            Answer::Session { usage, .. } => usage,
            other => panic!("{other:?}"),
        }
    }

    pub fn end(&mut self, session_id: &str) -> Arc<SessionUsage> {
        self.session(Change::End(Arc::from(session_id)))
    }

    pub fn key(&self, session_id: &str) -> SessionKey {
        SessionKey {
            tenant: Arc::clone(&self.tenant),
            session_id: Arc::from(session_id),
        }
    }

    /// The session's usage; as it is in memory and as it is in the file, which must be the same.
    pub fn usage(&self, session_id: &str) -> Arc<SessionUsage> {
        let library = self.store.library();
        let key = self.key(session_id);
        let live = library.usage(&key).unwrap().unwrap();
        assert_eq!(
            self.store.in_file(&key),
            *live,
            "the file says the same as memory"
        );
        live
    }

    pub fn summary(&self, session_id: &str) -> Summary {
        let summary = build(
            &self.usage(session_id),
            &self.store.library().prices(&self.tenant),
            self.now,
        );
        assert_sums(&summary);
        summary
    }

    pub fn total(&self, session_id: &str) -> String {
        self.summary(session_id).total.to_string()
    }
}

/// Models add up to services add up to the total.
pub fn assert_sums(summary: &Summary) {
    let add = |costs: Vec<Option<Money>>| Money::checked_sum(costs.into_iter().flatten()).unwrap();
    assert_eq!(
        add(summary
            .models
            .iter()
            .map(|model| model.entry.cost)
            .collect()),
        summary.total,
        "models"
    );
    assert_eq!(
        add(summary
            .services
            .iter()
            .map(|service| service.entry.cost)
            .collect()),
        summary.total,
        "services"
    );
    assert_eq!(
        add(summary
            .stages
            .iter()
            .map(|stage| stage.entry.cost)
            .collect()),
        summary.total,
        "stages"
    );
    for model in &summary.models {
        let metrics = model.entry.metrics.iter();
        assert_eq!(
            add(metrics.clone().map(|metric| metric.cost).collect()),
            model.entry.cost.unwrap_or_default()
        );
        for metric in metrics {
            let lines = add(metric.lines.iter().map(|line| line.line.cost).collect());
            assert_eq!(
                lines,
                metric.cost.unwrap_or_default(),
                "lines of {}",
                metric.metric
            );
            assert_eq!(
                metric
                    .lines
                    .iter()
                    .map(|line| line.line.quantity)
                    .sum::<i128>(),
                metric.quantity
            );
        }
    }
    assert_eq!(
        summary
            .models
            .iter()
            .map(|model| model.entry.events)
            .sum::<i64>(),
        summary.events
    );
    assert_eq!(
        summary
            .services
            .iter()
            .map(|service| service.entry.events)
            .sum::<i64>(),
        summary.events
    );
    assert_eq!(
        summary
            .stages
            .iter()
            .map(|stage| stage.entry.events)
            .sum::<i64>(),
        summary.events
    );
}
