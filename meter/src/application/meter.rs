//! What a caller can ask of the meter, apart from recording and watching, which have files of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reelmeter_rating::{Name, PriceBook, Rate, RateTable};
use reelmeter_service::{Clock, Ids};
use tokio::sync::Semaphore;

use super::Error;
use super::ports::{
    Answer, Change, EventFilter, LedgerEvent, Library, MovedOut, Page, RateFilter, Request,
    SessionCursor, SessionFilter, SessionKey,
};
use super::writer::Writer;
use crate::domain::DEFAULT_TENANT;
use crate::domain::audit::AuditEntry;
use crate::domain::budget::Cap;
use crate::domain::problem::Problem;
use crate::domain::quota::Quota;
use crate::domain::session::NewSession;
use crate::domain::summary::Prices;
use crate::domain::text;
use crate::domain::usage::SessionUsage;

/// Callers that read the file at once; each has a connection of its own, and the disk gives no more to more of them.
const READERS_MAX: usize = 16;
/// The longest time that calls may start against a reservation.
const LIFETIME_MAX: SignedDuration = SignedDuration::from_hours(24);

/// The meter's use cases. Cheap to clone: every call has its own.
#[derive(Clone, Debug)]
pub struct Meter {
    pub(super) parts: Arc<Parts>,
    pub(super) tenant: Arc<str>,
    actor: Arc<str>,
}

/// What the use cases are made of, the same for every caller.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) writer: Writer,
    pub(super) library: Arc<dyn Library>,
    pub(super) clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    books: Vec<PriceBook>,
    readers: Semaphore,
}

/// A session as a caller asks to start it.
#[derive(Clone, Debug, Default)]
pub struct SessionRequest {
    /// Its key; empty: the meter makes one.
    pub session_id: String,
    /// A title for people.
    pub title: String,
    /// The caller's marks.
    pub labels: BTreeMap<String, String>,
    /// Whether a stand-in answers instead of the providers.
    pub simulated: bool,
    /// A cap.
    pub budget: Option<Cap>,
}

/// A reservation as a caller asks for it.
#[derive(Clone, Debug)]
pub struct ReservationRequest {
    /// The session.
    pub session_id: String,
    /// The reservation's key.
    pub reservation_id: String,
    /// What to hold; `None` for all that remains.
    pub amount: Option<Cap>,
    /// How long calls may start against it.
    pub lifetime: SignedDuration,
    /// Who will use it.
    pub recorder_id: String,
}

impl Meter {
    /// The use cases over a store. `books` are the price books that can be asked for by name, the one in force first.
    #[must_use]
    pub fn new(
        writer: Writer,
        library: Arc<dyn Library>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        books: Vec<PriceBook>,
    ) -> Self {
        let parts = Parts {
            writer,
            library,
            clock,
            ids,
            books,
            readers: Semaphore::new(READERS_MAX),
        };
        Self {
            parts: Arc::new(parts),
            tenant: Arc::from(DEFAULT_TENANT),
            actor: Arc::default(),
        }
    }

    /// The same use cases for another tenant, asked by `actor` (the name of a token, never the token). Nothing of one
    /// tenant can be reached through the use cases of another.
    #[must_use]
    pub fn asked_by(&self, tenant: &Arc<str>, actor: &Arc<str>) -> Self {
        Self {
            parts: Arc::clone(&self.parts),
            tenant: Arc::clone(tenant),
            actor: Arc::clone(actor),
        }
    }

    /// The time by the meter's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The prices in force for the tenant.
    #[must_use]
    pub fn prices(&self) -> Arc<Prices> {
        self.parts.library.prices(&self.tenant)
    }

    /// The price books that can be asked for by name, the one in force first.
    #[must_use]
    pub fn books(&self) -> &[PriceBook] {
        &self.parts.books
    }

    /// A price book by its name.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn book(&self, name: &str) -> Result<&PriceBook, Error> {
        let missing = || Error::NotFound {
            kind: "price book",
            name: name.to_owned(),
        };
        self.parts
            .books
            .iter()
            .find(|book| book.name() == name)
            .ok_or_else(missing)
    }

    /// Starts a session, or gives the one that is there. Also says whether this call made it.
    ///
    /// # Errors
    /// A broken rule; or the session exists and its calls are simulated where these are real, or the other way round.
    pub async fn start_session(
        &self,
        request: SessionRequest,
    ) -> Result<(Arc<SessionUsage>, bool), Error> {
        let SessionRequest {
            session_id,
            title,
            labels,
            simulated,
            budget,
        } = request;
        let session_id = if session_id.is_empty() {
            self.parts.ids.next_id()
        } else {
            session_id
        };
        let session = NewSession {
            session_id: Arc::from(session_id),
            title,
            labels,
            simulated,
            budget,
        };
        session.check()?;
        if let Some(budget) = &session.budget {
            budget.check("budget")?;
        }
        self.session_change(Change::Start(session)).await
    }

    /// Ends a session and freezes its prices.
    ///
    /// # Errors
    /// There is none of that id.
    pub async fn end_session(&self, session_id: &str) -> Result<Arc<SessionUsage>, Error> {
        self.changed(Change::End(checked_session(session_id)?))
            .await
    }

    /// Counts a session's usage from zero again.
    ///
    /// # Errors
    /// There is none of that id, or it has ended.
    pub async fn reset_session(&self, session_id: &str) -> Result<Arc<SessionUsage>, Error> {
        self.changed(Change::Reset(checked_session(session_id)?))
            .await
    }

    /// Notes a provider's quota.
    ///
    /// # Errors
    /// A broken rule, or there is no such session.
    pub async fn report_quota(&self, session_id: &str, quota: Quota) -> Result<(), Error> {
        let session_id = checked_session(session_id)?;
        quota.check().map_err(|problem| problem.within("quota"))?;
        self.changed(Change::Quota(session_id, quota))
            .await
            .map(|_| ())
    }

    /// Sets, changes or takes away a budget.
    ///
    /// # Errors
    /// A broken rule, there is no such session, it has ended, or a reservation holds something in another unit.
    pub async fn set_budget(
        &self,
        session_id: &str,
        cap: Option<Cap>,
    ) -> Result<Arc<SessionUsage>, Error> {
        let session_id = checked_session(session_id)?;
        if let Some(cap) = &cap {
            cap.check("budget")?;
        }
        self.changed(Change::Budget(session_id, cap)).await
    }

    /// Takes a reservation from a session's budget.
    ///
    /// # Errors
    /// A broken rule, no such session, no budget, or less remains than is asked for.
    pub async fn reserve(&self, request: ReservationRequest) -> Result<Arc<SessionUsage>, Error> {
        let session_id = checked_session(&request.session_id)?;
        text::name("reservation_id", &request.reservation_id)?;
        text::optional_name("recorder_id", &request.recorder_id)?;
        if let Some(amount) = &request.amount {
            amount.check("amount")?;
        }
        if request.lifetime <= SignedDuration::ZERO || request.lifetime > LIFETIME_MAX {
            return Err(
                Problem::new("lifetime", "must be more than nothing and at most 24 hours").into(),
            );
        }
        let change = Change::Reserve {
            session_id,
            reservation_id: Name::from(request.reservation_id),
            amount: request.amount,
            lifetime: request.lifetime,
            recorder_id: request.recorder_id,
        };
        self.changed(change).await
    }

    /// Gives back what a reservation has not drawn.
    ///
    /// # Errors
    /// No such session or reservation.
    pub async fn release(
        &self,
        session_id: &str,
        reservation_id: &str,
    ) -> Result<Arc<SessionUsage>, Error> {
        let session_id = checked_session(session_id)?;
        text::name("reservation_id", reservation_id)?;
        self.changed(Change::Release {
            session_id,
            reservation_id: Name::from(reservation_id),
        })
        .await
    }

    /// Sets overrides: all of them or none.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn set_rates(&self, rates: Vec<Rate>) -> Result<Arc<Prices>, Error> {
        Ok(self.prices_changed(Change::SetRates(rates)).await?.0)
    }

    /// Takes overrides back; also says how many.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn reset_rates(&self, filter: RateFilter) -> Result<(Arc<Prices>, usize), Error> {
        self.prices_changed(Change::ResetRates(filter)).await
    }

    /// Takes these for the prices that are not set at run time.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn reprice(&self, table: RateTable) -> Result<Arc<Prices>, Error> {
        Ok(self
            .prices_changed(Change::Reprice(Box::new(table)))
            .await?
            .0)
    }

    /// A session and its usage.
    ///
    /// # Errors
    /// There is none of that id, or the ledger cannot be read.
    pub async fn session(&self, session_id: &str) -> Result<Arc<SessionUsage>, Error> {
        let key = self.key(checked_session(session_id)?);
        // What is in memory needs no thread that may wait for the disk.
        if let Some(usage) = self.parts.library.at_hand(&key) {
            return Ok(usage);
        }
        let usage = self.read(move |library| library.usage(&key)).await?;
        usage.ok_or_else(|| Error::no_session(session_id))
    }

    /// Sessions, the newest first.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn sessions(
        &self,
        filter: SessionFilter,
        after: Option<SessionCursor>,
        limit: usize,
    ) -> Result<Page<Arc<SessionUsage>, SessionCursor>, Error> {
        let tenant = Arc::clone(&self.tenant);
        self.read(move |library| library.sessions(&tenant, &filter, after, limit))
            .await
    }

    /// Events, in the order in which they were recorded.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn events(
        &self,
        filter: EventFilter,
        after: i64,
        limit: usize,
    ) -> Result<Page<LedgerEvent, i64>, Error> {
        let tenant = Arc::clone(&self.tenant);
        self.read(move |library| library.events(&tenant, &filter, after, limit))
            .await
    }

    /// The audit trail, in the order in which things were done.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn audit(&self, after: i64, limit: usize) -> Result<Page<AuditEntry, i64>, Error> {
        let tenant = Arc::clone(&self.tenant);
        self.read(move |library| library.audit(&tenant, after, limit))
            .await
    }

    /// How many events, of a session or of all, were moved out into files and so are not among [`Meter::events`].
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn moved_out(&self, session_id: Option<String>) -> Result<MovedOut, Error> {
        let tenant = Arc::clone(&self.tenant);
        self.read(move |library| library.moved_out(&tenant, session_id.as_deref()))
            .await
    }

    pub(super) fn key(&self, session_id: Arc<str>) -> SessionKey {
        SessionKey {
            tenant: Arc::clone(&self.tenant),
            session_id,
        }
    }

    pub(super) fn request(&self, change: Change) -> Request {
        Request {
            tenant: Arc::clone(&self.tenant),
            actor: Arc::clone(&self.actor),
            change,
        }
    }

    /// Asks the reading side on a thread that may wait for the disk.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Library) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _turn = self
            .parts
            .readers
            .acquire()
            .await
            .map_err(|_| Error::Stopping)?;
        let library = Arc::clone(&self.parts.library);
        if !self.parts.writer.has_a_thread() {
            return work(&*library);
        }
        let read = tokio::task::spawn_blocking(move || work(&*library)).await;
        read.unwrap_or_else(|error| {
            Err(Error::Internal(format!(
                "reading the ledger ended early: {error}"
            )))
        })
    }

    pub(super) async fn session_change(
        &self,
        change: Change,
    ) -> Result<(Arc<SessionUsage>, bool), Error> {
        match self.parts.writer.submit(self.request(change)).await? {
            Answer::Session { usage, created } => Ok((usage, created)),
            other => Err(unexpected(&other)),
        }
    }

    async fn changed(&self, change: Change) -> Result<Arc<SessionUsage>, Error> {
        Ok(self.session_change(change).await?.0)
    }

    async fn prices_changed(&self, change: Change) -> Result<(Arc<Prices>, usize), Error> {
        match self.parts.writer.submit(self.request(change)).await? {
            Answer::Prices { prices, removed } => Ok((prices, removed)),
            other => Err(unexpected(&other)),
        }
    }
}

/// The key of a session in a request.
pub(super) fn checked_session(session_id: &str) -> Result<Arc<str>, Error> {
    text::name("session_id", session_id)?;
    Ok(Arc::from(session_id))
}

/// An answer that does not belong to the question: a mistake in the store.
pub(super) fn unexpected(answer: &Answer) -> Error {
    Error::Internal(
        format!("the ledger answered {answer:?}")
            .chars()
            .take(200)
            .collect(),
    )
}
