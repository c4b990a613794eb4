//! What the meter needs of a store. `tests/ledger_contract.rs` checks each promise on every implementation.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reelmeter_rating::{Boundaries, Name, Outcome, Rate, RateTable};

use super::Error;
use super::live::LiveSessions;
use crate::domain::audit::AuditEntry;
use crate::domain::budget::Cap;
use crate::domain::event::Event;
use crate::domain::problem::Problem;
use crate::domain::quota::Quota;
use crate::domain::series::Series;
use crate::domain::session::NewSession;
use crate::domain::summary::Prices;
use crate::domain::usage::{ClassKey, SessionUsage, Sum};

/// Whose session it is, and which.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey {
    /// The tenant; empty for the only one.
    pub tenant: Arc<str>,
    /// The session.
    pub session_id: Arc<str>,
}

/// What a recorder holds of one session, as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedBacklog {
    /// The session.
    pub session_id: Arc<str>,
    /// Events that are still on their way.
    pub pending: i64,
    /// Events that the meter refused.
    pub refused: i64,
    /// Calls that nobody knows the usage of.
    pub unconfirmed: i64,
}

/// A batch of events, with what their recorder still holds.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// Sound events.
    pub events: Vec<Event>,
    /// The recorder; empty for none that keeps anything.
    pub recorder_id: Arc<str>,
    /// What it still holds after these events.
    pub backlogs: Vec<ReportedBacklog>,
}

/// Which overrides to take back: those of a service, of a model of it, of a metric of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateFilter {
    /// The service; `None` for all.
    pub service: Option<String>,
    /// The model; `None` for all.
    pub model: Option<String>,
    /// The metric; `None` for all.
    pub metric: Option<String>,
}

/// What is asked of the ledger. Requests are carried out in the order in which they come.
#[derive(Clone, Debug)]
pub enum Change {
    /// Record events: answered by [`Answer::Recorded`].
    Record(Recording),
    /// Note what a recorder holds. Sessions that do not exist are passed over: there is nothing to show it in.
    Report {
        /// The recorder.
        recorder_id: Arc<str>,
        /// What it holds.
        backlogs: Vec<ReportedBacklog>,
    },
    /// Start a session: answered by [`Answer::Session`].
    Start(NewSession),
    /// End a session and freeze its prices: answered by [`Answer::Session`].
    End(Arc<str>),
    /// Count from zero again: answered by [`Answer::Session`].
    Reset(Arc<str>),
    /// Note a quota: answered by [`Answer::Session`].
    Quota(Arc<str>, Quota),
    /// Set, change or take away a budget: answered by [`Answer::Session`].
    Budget(Arc<str>, Option<Cap>),
    /// Take a reservation: answered by [`Answer::Session`].
    Reserve {
        /// The session.
        session_id: Arc<str>,
        /// The reservation's key.
        reservation_id: Name,
        /// What to hold; `None` for all that remains.
        amount: Option<Cap>,
        /// How long calls may start against it.
        lifetime: SignedDuration,
        /// Who will use it.
        recorder_id: String,
    },
    /// Release a reservation: answered by [`Answer::Session`].
    Release {
        /// The session.
        session_id: Arc<str>,
        /// The reservation's key.
        reservation_id: Name,
    },
    /// Set overrides of the tenant's own: answered by [`Answer::Prices`].
    SetRates(Vec<Rate>),
    /// Take overrides of the tenant's own back: answered by [`Answer::Prices`].
    ResetRates(RateFilter),
    /// Take these for the prices of all tenants that are not set at run time, as after a change of a price file:
    /// answered by [`Answer::Prices`].
    Reprice(Box<RateTable>),
    /// Hold a session in memory for those who watch it: answered by [`Answer::Session`].
    Hold(Arc<str>),
    /// End the sessions, of all tenants, that were idle for so long and that nobody watches.
    EndIdle(SignedDuration),
}

/// A request, whose it is and who asks.
#[derive(Clone, Debug)]
pub struct Request {
    /// The tenant.
    pub tenant: Arc<str>,
    /// Who asks: the name of a token, never the token. Empty for the meter itself.
    pub actor: Arc<str>,
    /// What is asked.
    pub change: Change,
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the ledger and counts.
    New,
    /// The same event was recorded before.
    Duplicate,
    /// Another event of the same id was recorded before.
    Conflict(Problem),
    /// It breaks a rule that only the ledger can check.
    Invalid(Problem),
}

/// What became of a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// One outcome an event, in their order.
    Recorded(Vec<Recorded>),
    /// The session as it is now.
    Session {
        /// The session, as of this request.
        usage: Arc<SessionUsage>,
        /// Whether this request made it.
        created: bool,
    },
    /// The prices as they are now.
    Prices {
        /// The prices.
        prices: Arc<Prices>,
        /// How many overrides were taken back.
        removed: usize,
    },
    /// It is done.
    Done,
}

/// The writing side of a store: a plain function over a batch. A thread drives it in production; a simulation calls it.
///
/// When [`Ledger::commit`] returns, every request that was answered `Ok` is on disk, together with all that it implies
/// (an event, its key, its session, what it replaces), or none of it is. A request that is answered `Err` left no trace.
pub trait Ledger: Send + std::fmt::Debug {
    /// Carries out requests in their order and answers each.
    fn commit(&mut self, requests: Vec<Request>, now: Timestamp) -> Vec<Result<Answer, Error>>;

    /// Does what the last commit left to do, once its callers have their answers. A failure loses nothing and is tried
    /// again.
    fn settle(&mut self, _now: Timestamp) {}

    /// Does what can be done while nobody waits.
    ///
    /// # Errors
    /// The store fails; nothing is lost by it.
    fn tidy(&mut self, now: Timestamp) -> Result<(), Error>;

    /// Writes at least so many bytes for real and syncs them, to see whether the store can be written.
    ///
    /// # Errors
    /// The store cannot be written now.
    fn probe(&mut self, now: Timestamp, bytes: u32) -> Result<(), Error>;

    /// Brings everything in order for the next start. The ledger is not used afterwards.
    ///
    /// # Errors
    /// The store fails; nothing is lost by it, and the next start takes longer.
    fn close(&mut self, now: Timestamp) -> Result<(), Error>;
}

/// Which sessions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// Only those that have ended, or only those that have not.
    pub ended: Option<bool>,
    /// Only those that carry all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Only those started at this time or later.
    pub started_min: Option<Timestamp>,
    /// Only those started before this time.
    pub started_max: Option<Timestamp>,
}

/// Where a listing of sessions goes on: after the session that was started then, with that number in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCursor {
    /// When the last one listed was started, in microseconds since 1970.
    pub started_us: i64,
    /// Its number.
    pub number: i64,
}

/// A page of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T, C> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins; `None` if there is none.
    pub next: Option<C>,
}

/// Which events to list. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Those of this session.
    pub session_id: Option<String>,
    /// Those of this service.
    pub service: Option<String>,
    /// Those of this model.
    pub model: Option<String>,
    /// Those of this stage.
    pub stage: Option<String>,
    /// Those with this outcome.
    pub outcome: Option<Outcome>,
    /// Those at this time or later.
    pub occurred_min: Option<Timestamp>,
    /// Those before this time.
    pub occurred_max: Option<Timestamp>,
}

impl EventFilter {
    /// Whether events of this series may be among them.
    #[must_use]
    pub fn fits(&self, series: &Series) -> bool {
        let is =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        is(&self.service, &series.service)
            && is(&self.model, &series.model)
            && is(&self.stage, &series.stage)
            && self.outcome.is_none_or(|outcome| outcome == series.outcome)
    }

    /// Whether events of this time may be among them.
    #[must_use]
    pub fn in_time(&self, occurred: Timestamp) -> bool {
        self.occurred_min.is_none_or(|min| min <= occurred)
            && self.occurred_max.is_none_or(|max| occurred < max)
    }
}

/// An event of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEvent {
    /// Its place in the ledger.
    pub sequence: i64,
    /// The event. Its `occurred` is always there.
    pub event: Event,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// Whether a later event replaces it.
    pub replaced: bool,
    /// Whether it was recorded before its session's last reset.
    pub before_reset: bool,
    /// Whether its own time was not believed.
    pub clock_ahead: bool,
}

/// Events that were moved out of the store into files: they count as before, and cannot be listed any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MovedOut {
    /// How many.
    pub events: i64,
    /// When the last of them was recorded; `None` if there are none.
    pub last_recorded: Option<Timestamp>,
}

/// What a session has used of one class, on one day, for one attempt of one scene.
#[derive(Clone, Debug, PartialEq)]
pub struct FinePart {
    /// The class.
    pub class: ClassKey,
    /// The day, counted from 1970-01-01, UTC, by the time that the events are rated by.
    pub day: i64,
    /// The scene.
    pub scene: u32,
    /// The attempt.
    pub attempt: u32,
    /// The sum.
    pub sum: Sum,
}

/// A session with what it has used in detail.
#[derive(Clone, Debug, PartialEq)]
pub struct FineUsage {
    /// The session.
    pub usage: SessionUsage,
    /// What counts of it.
    pub parts: Vec<FinePart>,
}

/// Which usage a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageRange {
    /// From this time on; `None` for the beginning.
    pub from: Option<Timestamp>,
    /// Before this time; `None` for the end.
    pub to: Option<Timestamp>,
    /// Only sessions that carry all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Simulated sessions instead of real ones.
    pub simulated: bool,
}

/// The reading side of a store. Its functions wait for the disk: async callers put them on a thread of their own. What
/// they give is committed, and at least as new as every answer that was given before they were called.
pub trait Library: Send + Sync + std::fmt::Debug {
    /// The prices in force for a tenant: the book and what is configured, under the tenant's own overrides.
    fn prices(&self, tenant: &str) -> Arc<Prices>;

    /// The sessions that are held in memory; never waits.
    fn live(&self) -> &LiveSessions;

    /// A session that is in memory and as new as can be; never waits. `None`: ask for [`Library::usage`].
    fn at_hand(&self, key: &SessionKey) -> Option<Arc<SessionUsage>> {
        self.live().get(key).map(|live| live.usage())
    }

    /// Whether others write to the same store: what is in memory may then be behind it for a moment, and whoever begins to
    /// watch calls [`Library::catch_up`].
    fn is_shared(&self) -> bool {
        false
    }

    /// Brings a session in memory, which somebody watches from now on, up to what was committed anywhere.
    ///
    /// # Errors
    /// The store cannot be read.
    fn catch_up(&self, key: &SessionKey) -> Result<(), Error> {
        let _ = key;
        Ok(())
    }

    /// A session and its usage. Its cost does not depend on how many events there are.
    ///
    /// # Errors
    /// The store cannot be read.
    fn usage(&self, key: &SessionKey) -> Result<Option<Arc<SessionUsage>>, Error>;

    /// Sessions, the newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn sessions(
        &self,
        tenant: &str,
        filter: &SessionFilter,
        after: Option<SessionCursor>,
        limit: usize,
    ) -> Result<Page<Arc<SessionUsage>, SessionCursor>, Error>;

    /// A session with what it has used by class, scene and attempt, sorted by at least these boundaries. Where it is
    /// not sorted by one of them already, and has events on both sides of it, its events are read.
    ///
    /// # Errors
    /// The store cannot be read.
    fn fine_usage(
        &self,
        key: &SessionKey,
        boundaries: &Boundaries,
    ) -> Result<Option<FineUsage>, Error>;

    /// What was used in a time, session by session. Its cost follows the number of sessions that were used in it; only
    /// where the time begins or ends within a day are that day's events read.
    ///
    /// # Errors
    /// The store cannot be read, or `each` fails.
    fn usage_between(
        &self,
        tenant: &str,
        range: &UsageRange,
        each: &mut dyn FnMut(FineUsage) -> Result<(), Error>,
    ) -> Result<(), Error>;

    /// Events with a sequence number above `after`, in the order in which they were recorded. A page may hold fewer
    /// than `limit`, even none, and still have a next one: each call looks at a bounded part of the ledger.
    ///
    /// # Errors
    /// The store cannot be read.
    fn events(
        &self,
        tenant: &str,
        filter: &EventFilter,
        after: i64,
        limit: usize,
    ) -> Result<Page<LedgerEvent, i64>, Error>;

    /// What concerns a tenant in the audit trail, in the order in which it was done, after that entry. Every change of
    /// prices, reset of a session and change of a budget has one, on disk together with the change itself, and none is
    /// ever changed or removed.
    ///
    /// # Errors
    /// The store cannot be read.
    fn audit(&self, tenant: &str, after: i64, limit: usize)
    -> Result<Page<AuditEntry, i64>, Error>;

    /// How many events of a tenant, or of one of its sessions, were moved out into files. A store that moves none out
    /// has none.
    ///
    /// # Errors
    /// The store cannot be read.
    fn moved_out(&self, tenant: &str, session_id: Option<&str>) -> Result<MovedOut, Error> {
        let _ = (tenant, session_id);
        Ok(MovedOut::default())
    }
}
