//! The writing side: one connection, everything that waits in one transaction.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use lru::LruCache;
use reelmeter_rating::{Boundaries, RateTable};
use rusqlite::{Connection, ToSql, params};

use super::carry_over::CarryOver;
use super::error::Result;
use super::keys::KeyIndex;
use super::library::SqliteLibrary;
use super::load::{self, Snapshots};
use super::lock::LedgerLock;
use super::new_rows::NewRows;
use super::open::{self, OpenError};
use super::recent::Recent;
use super::tail::Tail;
use super::tenant_prices::{self, TenantPrices};
use crate::application::Error;
use crate::application::live::{LiveSession, LiveSessions};
use crate::application::ports::{Answer, Change, Ledger, Recording, Request, SessionKey};
use crate::application::rules::Lease;
use crate::domain::event_id::EventId;
use crate::domain::series::Series;
use crate::domain::summary::Prices;
use crate::domain::usage::SeriesId;

/// Sessions that are held in memory although nobody watches them. Each takes a few kilobytes.
const SESSIONS_HELD: usize = 512;
/// Watched sessions that are passed over while looking for one to let go; then it is left for the next time.
const WATCHED_PASSED_OVER_MAX: usize = 16;
/// Events behind the watermark from which on they are folded into the rollups. It bounds the memory that they take and
/// the time that a start takes to read them.
const FOLD_AFTER_EVENTS: usize = 20_000;

/// What the writing and the reading side share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) live: LiveSessions,
    pub(super) prices: RwLock<TenantPrices>,
    pub(super) snapshots: Snapshots,
}

impl Shared {
    /// The prices in force for a tenant.
    pub(super) fn prices(&self, tenant: &str) -> Arc<Prices> {
        Arc::clone(self.tenant_prices().of(tenant))
    }

    pub(super) fn tenant_prices(&self) -> RwLockReadGuard<'_, TenantPrices> {
        self.prices.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session as the writer needs it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) row: i64,
    pub(super) generation: i64,
    pub(super) resets: Vec<i64>,
    pub(super) simulated: bool,
    pub(super) boundaries: Arc<Boundaries>,
    /// By fingerprint.
    pub(super) numbers: HashMap<u128, SeriesId>,
    pub(super) series: HashMap<SeriesId, Arc<Series>>,
    /// All quantities that count, together.
    pub(super) quantities: i128,
    /// Where readers find it; `None` until the transaction that makes it is committed.
    pub(super) live: Option<Arc<LiveSession>>,
}

/// A ledger in an SQLite file.
#[derive(Debug)]
pub struct SqliteLedger {
    pub(super) connection: Connection,
    pub(super) shared: Arc<Shared>,
    pub(super) sessions: LruCache<SessionKey, Held>,
    pub(super) tenants: HashMap<Arc<str>, i64>,
    pub(super) tail: Tail,
    /// The ids up to the watermark.
    pub(super) keys: KeyIndex,
    /// Those of them that were folded last, still in memory.
    pub(super) recent: Recent,
    /// By the tenant's number: the greatest UUID up to the watermark that is not among the recent ones. No entry: there is
    /// none.
    pub(super) newest_folded: HashMap<i64, EventId>,
    /// Events of the open transaction that are not in the file yet.
    pub(super) rows: NewRows,
    /// The number of the last event.
    pub(super) last_event: i64,
    pub(super) last_series: i64,
    pub(super) last_session: i64,
    /// Every boundary, in the order in which the meter learnt of it.
    pub(super) boundaries: Vec<Timestamp>,
    /// The same, in the order of time.
    pub(super) sorted_by: Arc<Boundaries>,
    /// `None`: the writer carries the log over itself.
    carry_over: Option<CarryOver>,
    lock: LedgerLock,
}

impl SqliteLedger {
    /// Opens the ledger of a file, made if it is not there, with a price book and the overrides that are not set at run
    /// time; those that are come from the file.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        path: &Path,
        prices: &RateTable,
        now: Timestamp,
    ) -> std::result::Result<(Self, Arc<SqliteLibrary>), OpenError> {
        open::make_folder(path)?;
        let lock = LedgerLock::take(path)?;
        let connection = open::writer(path)?;
        let mut ledger = Self::start(path, lock, connection, prices)
            .map_err(|error| OpenError::store(path, error))?;
        let adopted = ledger.replay().and_then(|()| ledger.adopt_boundaries(now));
        adopted.map_err(|error| OpenError::store(path, error))?;
        let library = Arc::new(SqliteLibrary::new(Arc::clone(&ledger.shared)));
        Ok((ledger, library))
    }

    fn start(
        path: &Path,
        lock: LedgerLock,
        connection: Connection,
        prices: &RateTable,
    ) -> Result<Self> {
        let last = |table: &str, column: &str| -> Result<i64> {
            let sql = format!("SELECT coalesce(max({column}), 0) FROM {table}");
            Ok(connection.query_row(&sql, [], |row| row.get(0))?)
        };
        let (last_event, last_series, last_session) = (
            last("event", "n")?,
            last("series", "id")?,
            last("session", "id")?,
        );
        // Numbers of events that were moved out of the file are not given again.
        let last_event = last_event.max(load::watermark(&connection)?);
        let newest_folded = load::newest_folded(&connection)?;
        let boundaries = load::boundaries(&connection)?;
        let prices = tenant_prices::kept(&connection, prices)?;
        let shared = Shared {
            path: path.to_owned(),
            live: LiveSessions::default(),
            prices: RwLock::new(prices),
            snapshots: Snapshots::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            // The number is kept by hand: a session that is watched cannot be let go.
            sessions: LruCache::unbounded(),
            tenants: HashMap::from([(Arc::from(""), 0)]),
            tail: Tail::default(),
            keys: KeyIndex::open(&connection)?,
            recent: Recent::default(),
            rows: NewRows::default(),
            newest_folded,
            last_event,
            last_series,
            last_session,
            sorted_by: Arc::new(Boundaries::new(boundaries.iter().copied())),
            boundaries,
            carry_over: None,
            lock,
            connection,
        })
    }

    /// Tells whoever wants to open the same file where this meter listens.
    pub fn tell_address(&mut self, address: &str) {
        self.lock.tell_address(address);
    }

    /// Has most of the log carried over by a thread of its own.
    pub fn carry_over_beside(&mut self) {
        let started = CarryOver::start(&self.shared.path);
        let started = started.and_then(|thread| {
            self.connection
                .pragma_update(None, "wal_autocheckpoint", open::CHECKPOINT_PAGES_LEFT)
                .map_err(|error| OpenError::store(&self.shared.path, error))?;
            Ok(thread)
        });
        match started {
            Ok(thread) => self.carry_over = Some(thread),
            Err(error) => {
                tracing::warn!(%error, "the writer carries its log over itself, which makes it slower");
            }
        }
    }

    /// Does something in one transaction: all of it is on disk afterwards, or nothing.
    pub(super) fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        // IMMEDIATE: a lock of another program shows here, before anything was done.
        self.connection
            .prepare_cached("BEGIN IMMEDIATE")?
            .execute([])?;
        self.rows.clear();
        let worked = work(self).and_then(|value| {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            Ok(value)
        });
        if worked.is_err() {
            self.rows.clear();
            // A tenant that the transaction made is gone with it.
            self.tenants.retain(|name, _| name.is_empty());
            // A rollback that fails leaves nothing behind either: the next BEGIN says so.
            if !self.connection.is_autocommit()
                && let Err(error) = self.connection.execute_batch("ROLLBACK")
            {
                tracing::warn!(%error, "a transaction could not be rolled back");
            }
        }
        worked
    }

    fn write_probe(&mut self, value: impl ToSql) -> Result<()> {
        self.in_transaction(|ledger| {
            let write = "INSERT OR REPLACE INTO meta (name, value) VALUES ('probe', ?1)";
            ledger
                .connection
                .prepare_cached(write)?
                .execute(params![value])?;
            Ok(())
        })
    }

    /// The session of a key, from memory or from the file.
    pub(super) fn session(&mut self, key: &SessionKey) -> Result<Option<&mut Held>> {
        if !self.sessions.contains(key) {
            let Some(tenant) = self.known_tenant(&key.tenant)? else {
                return Ok(None);
            };
            let Some(row) = load::session_row(&self.connection, tenant, &key.session_id)? else {
                return Ok(None);
            };
            let held = self.load(key, row)?;
            self.sessions.put(key.clone(), held);
        }
        Ok(self.sessions.get_mut(key))
    }

    /// The session of a key, which must be there.
    pub(super) fn existing(&mut self, key: &SessionKey) -> Result<(&mut Held, Arc<LiveSession>)> {
        let missing = || Error::no_session(&key.session_id);
        let held = self.session(key)?.ok_or_else(missing)?;
        let live = held.live.clone().ok_or_else(missing)?;
        Ok((held, live))
    }

    fn load(&self, key: &SessionKey, row: i64) -> Result<Held> {
        let mut stored = load::stored(&self.connection, &self.shared.snapshots, row)?;
        if let Some(tail) = self.tail.sessions.get(&row) {
            stored.add_tail(tail);
        }
        let boundaries = if stored.boundaries == self.boundary_count() {
            Arc::clone(&self.sorted_by)
        } else {
            Arc::new(load::first_boundaries(&self.boundaries, stored.boundaries))
        };
        let (numbers, series) = (
            stored
                .usage
                .series
                .iter()
                .map(|(id, series)| (series.fingerprint(), *id))
                .collect(),
            stored
                .usage
                .series
                .iter()
                .map(|(id, series)| (*id, Arc::clone(series)))
                .collect(),
        );
        let quantities = stored.usage.counted.all_quantities();
        let simulated = stored.usage.session.simulated;
        let live = self.shared.live.hold(key.clone(), || stored.usage.clone());
        // What was held all along says the same, unless reading it after a change had failed.
        if *live.usage() != stored.usage {
            live.update(|usage| *usage = stored.usage);
        }
        Ok(Held {
            row,
            generation: stored.generation,
            resets: stored.resets,
            simulated,
            boundaries,
            numbers,
            series,
            quantities,
            live: Some(live),
        })
    }

    /// How many boundaries events are sorted by now.
    pub(super) fn boundary_count(&self) -> u32 {
        // Each is a date in a price book or an override; they are limited by what a person writes.
        u32::try_from(self.boundaries.len()).unwrap_or(u32::MAX)
    }

    /// The number of a tenant, if it has ever recorded anything.
    pub(super) fn known_tenant(&mut self, name: &Arc<str>) -> Result<Option<i64>> {
        if let Some(known) = self.tenants.get(name) {
            return Ok(Some(*known));
        }
        let found = load::tenant(&self.connection, name)?;
        if let Some(id) = found {
            self.tenants.insert(Arc::clone(name), id);
        }
        Ok(found)
    }

    /// The number of a tenant, made if there is none. To be called inside a transaction.
    pub(super) fn tenant(&mut self, name: &Arc<str>) -> Result<i64> {
        if let Some(known) = self.known_tenant(name)? {
            return Ok(known);
        }
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO tenant (name) VALUES (?1) RETURNING id")?;
        // Kept in memory by the next look-up, when it is committed.
        Ok(statement.query_row(params![&**name], |row| row.get(0))?)
    }

    /// Lets go of the sessions that were not used for the longest.
    fn let_go(&mut self) {
        let mut watched = Vec::new();
        while self.sessions.len() > SESSIONS_HELD && watched.len() < WATCHED_PASSED_OVER_MAX {
            let Some((key, held)) = self.sessions.pop_lru() else {
                break;
            };
            if !self.shared.live.release(&key) {
                watched.push((key, held));
            }
        }
        for (key, held) in watched {
            self.sessions.put(key, held);
        }
    }

    /// What one session has in memory is dropped, as after a failed transaction; it is read from the file when it is
    /// needed. Readers keep the last committed state.
    pub(super) fn forget(&mut self, key: &SessionKey) {
        self.sessions.pop(key);
    }

    fn control(&mut self, request: Request, now: Timestamp) -> Result<Answer> {
        let Request {
            tenant,
            actor,
            change,
        } = request;
        let key = |session_id: Arc<str>| SessionKey {
            tenant: Arc::clone(&tenant),
            session_id,
        };
        match change {
            Change::Record(_) | Change::Report { .. } => {
                Err(Error::Internal("a recording was not recorded".to_owned()))
            }
            Change::Start(session) => {
                self.start_session(key(Arc::clone(&session.session_id)), session, now)
            }
            Change::End(session) => self.end_session(&key(session), now),
            Change::Reset(session) => self.reset_session(&key(session), actor, now),
            Change::Quota(session, quota) => self.report_quota(&key(session), quota, now),
            Change::Budget(session, cap) => self.set_budget(&key(session), actor, cap, now),
            Change::Reserve {
                session_id,
                reservation_id,
                amount,
                lifetime,
                recorder_id,
            } => {
                let lease = Lease {
                    reservation_id,
                    amount,
                    lifetime,
                    recorder_id,
                };
                self.reserve(&key(session_id), lease, now)
            }
            Change::Release {
                session_id,
                reservation_id,
            } => self.release(&key(session_id), &reservation_id, now),
            Change::SetRates(rates) => self.set_rates(&tenant, actor, rates, now),
            Change::ResetRates(filter) => self.reset_rates(&tenant, actor, &filter, now),
            Change::Reprice(table) => self.reprice(&tenant, actor, &table, now),
            Change::Hold(session) => self.hold_session(&key(session)),
            Change::EndIdle(idle) => self.end_idle(idle, now),
        }
    }
}

impl Ledger for SqliteLedger {
    fn commit(
        &mut self,
        requests: Vec<Request>,
        now: Timestamp,
    ) -> Vec<std::result::Result<Answer, Error>> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut waiting: Vec<(Arc<str>, Recording)> = Vec::new();
        // Recordings that stand together share a transaction. Anything else needs the totals before it and has its own.
        for request in requests {
            match request.change {
                Change::Record(recording) => waiting.push((request.tenant, recording)),
                Change::Report {
                    recorder_id,
                    backlogs,
                } => {
                    waiting.push((
                        request.tenant,
                        Recording {
                            events: Vec::new(),
                            recorder_id,
                            backlogs,
                        },
                    ));
                }
                _ => {
                    answers.extend(self.record_all(std::mem::take(&mut waiting), now));
                    answers.push(self.control(request, now));
                }
            }
        }
        answers.extend(self.record_all(waiting, now));
        self.let_go();
        answers
    }

    fn settle(&mut self, now: Timestamp) {
        if self.tail.events() < FOLD_AFTER_EVENTS {
            return;
        }
        if let Err(error) = self.fold(now) {
            tracing::warn!(%error, "the rollups could not be brought up to date; it will be tried again");
        }
        if let Some(carry_over) = &self.carry_over {
            carry_over.nudge();
        }
    }

    fn tidy(&mut self, now: Timestamp) -> std::result::Result<(), Error> {
        self.fold(now)
    }

    fn probe(&mut self, now: Timestamp, bytes: u32) -> std::result::Result<(), Error> {
        if bytes > 0 {
            // A transaction of its own: what a later step of the same one frees is never written.
            self.write_probe(vec![0_u8; bytes as usize])?;
        }
        self.write_probe(super::codec::us(now))
    }

    fn close(&mut self, now: Timestamp) -> std::result::Result<(), Error> {
        self.fold(now)?;
        drop(self.carry_over.take());
        // Everything into the file, so that a copy of it alone is whole.
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}
