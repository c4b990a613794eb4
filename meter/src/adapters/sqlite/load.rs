//! A session from the file: its rollups up to the watermark. What lies behind it is added by the caller.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lru::LruCache;
use reelmeter_rating::{Boundaries, Name, RateTable};
use rusqlite::{Connection, OptionalExtension, params};

use super::codec;
use super::error::{Result, damaged};
use super::fine;
use super::row::{SERIES_COLUMNS, collect, read_series};
use super::tail::{Delta, SessionTail};
use crate::domain::budget::Reservation;
use crate::domain::event_id::EventId;
use crate::domain::quota::Quota;
use crate::domain::recorder::Backlog;
pub(super) use crate::domain::rollup::generation_of;
use crate::domain::session::{Ended, Session};
use crate::domain::summary::Prices;
use crate::domain::usage::SessionUsage;

/// Frozen rates that are kept parsed. Nearly all sessions end with the same ones.
const SNAPSHOTS_KEPT: usize = 16;

/// Frozen rates by their hash.
#[derive(Debug)]
pub(super) struct Snapshots(Mutex<LruCache<Vec<u8>, Prices>>);

impl Default for Snapshots {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(
            std::num::NonZeroUsize::new(SNAPSHOTS_KEPT).unwrap_or(std::num::NonZeroUsize::MIN),
        )))
    }
}

impl Snapshots {
    fn get(&self, connection: &Connection, hash: &[u8]) -> Result<Prices> {
        if let Some(known) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(hash)
        {
            return Ok(known.clone());
        }
        let text: String = connection
            .prepare_cached("SELECT rates FROM price_snapshot WHERE hash = ?1")?
            .query_row(params![hash], |row| row.get(0))?;
        let table =
            RateTable::thaw(&text).map_err(|error| damaged("frozen rates", &error.to_string()))?;
        let prices = Prices::new(table, 0);
        self.keep(hash.to_vec(), prices.clone());
        Ok(prices)
    }

    pub(super) fn keep(&self, hash: Vec<u8>, prices: Prices) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .put(hash, prices);
    }
}

/// A session as it stands in the file.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// Its number.
    pub(super) row: i64,
    /// How often it was reset.
    pub(super) generation: i64,
    /// The last event that no longer counts after each reset, in order.
    pub(super) resets: Vec<i64>,
    /// How many boundaries its events are sorted by.
    pub(super) boundaries: u32,
    pub(super) first_event: Option<i64>,
    pub(super) last_event: Option<i64>,
    pub(super) first_rated: Option<Timestamp>,
    pub(super) last_rated: Option<Timestamp>,
    pub(super) usage: SessionUsage,
}

impl Stored {
    /// The generation that an event belongs to: how many resets came after it... counted from the first.
    pub(super) fn generation_of(&self, n: i64) -> i64 {
        generation_of(&self.resets, n)
    }

    /// Adds an event, or takes one away that was replaced.
    pub(super) fn add(&mut self, delta: &Delta) {
        let counts = delta.key.generation == self.generation;
        let tally = if counts {
            &mut self.usage.counted
        } else {
            &mut self.usage.before_reset
        };
        tally.add(delta.key.class, &delta.sum, delta.sign);
    }

    /// Adds what the session has gained behind the watermark.
    pub(super) fn add_tail(&mut self, tail: &SessionTail) {
        for (key, sum) in &tail.sums {
            self.add(&Delta {
                key: *key,
                sum: sum.clone(),
                sign: 1,
            });
        }
        self.usage.revision += tail.transactions;
        self.usage.last_event = tail.newest.over(self.usage.last_event);
        self.first_event = [self.first_event, tail.first_event]
            .into_iter()
            .flatten()
            .min();
        self.last_event = self.last_event.max(tail.last_event);
        self.first_rated = [self.first_rated, tail.first_rated]
            .into_iter()
            .flatten()
            .min();
        self.last_rated = self.last_rated.max(tail.last_rated);
    }
}

/// The number of a tenant.
pub(super) fn tenant(connection: &Connection, name: &str) -> Result<Option<i64>> {
    if name.is_empty() {
        return Ok(Some(0));
    }
    let mut statement = connection.prepare_cached("SELECT id FROM tenant WHERE name = ?1")?;
    Ok(statement
        .query_row(params![name], |row| row.get(0))
        .optional()?)
}

/// The number of a session.
pub(super) fn session_row(
    connection: &Connection,
    tenant: i64,
    session_id: &str,
) -> Result<Option<i64>> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM session WHERE tenant = ?1 AND session_id = ?2")?;
    Ok(statement
        .query_row(params![tenant, session_id], |row| row.get(0))
        .optional()?)
}

/// The events up to this number are in the rollups.
pub(super) fn watermark(connection: &Connection) -> Result<i64> {
    let mut statement =
        connection.prepare_cached("SELECT value FROM meta WHERE name = 'watermark'")?;
    Ok(statement
        .query_row([], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

/// The greatest UUID of each tenant up to the watermark, where there is one.
pub(super) fn newest_folded(connection: &Connection) -> Result<HashMap<i64, EventId>> {
    let mut statement = connection
        .prepare_cached("SELECT id, newest_id FROM tenant WHERE newest_id IS NOT NULL")?;
    let newest = collect(&mut statement, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(newest.into_iter().collect())
}

/// Every boundary, in the order in which the meter learnt of it.
pub(super) fn boundaries(connection: &Connection) -> Result<Vec<Timestamp>> {
    let mut statement = connection.prepare_cached("SELECT at FROM boundary ORDER BY id")?;
    collect(&mut statement, [], |row| codec::time(row.get(0)?))
}

/// The first boundaries of all.
pub(super) fn first_boundaries(all: &[Timestamp], count: u32) -> Boundaries {
    Boundaries::new(
        all.iter()
            .take(usize::try_from(count).unwrap_or(usize::MAX))
            .copied(),
    )
}

/// Reads a session as of the watermark.
pub(super) fn stored(connection: &Connection, snapshots: &Snapshots, row: i64) -> Result<Stored> {
    let mut stored = head(connection, snapshots, row)?;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {SERIES_COLUMNS} FROM series WHERE session = ?1"
    ))?;
    stored.usage.series = collect(&mut statement, params![row], read_series)?
        .into_iter()
        .collect();
    fine::rollups(connection, row, |key, sum| {
        stored.add(&Delta { key, sum, sign: 1 });
        Ok(())
    })?;
    Ok(stored)
}

/// Reads everything of a session but its series and sums.
fn head(connection: &Connection, snapshots: &Snapshots, row: i64) -> Result<Stored> {
    let mut statement = connection.prepare_cached(
        "SELECT session_id, title, labels, simulated, started_at, ended_at, prices, price_revision, revision, generation, \
         boundaries, budget, first_event, last_event, last_event_at, first_rated_at, last_rated_at \
         FROM session WHERE id = ?1",
    )?;
    let mut rows = statement.query(params![row])?;
    let Some(columns) = rows.next()? else {
        return Err(damaged("the number of a session", &row.to_string()));
    };
    let ended = match (
        codec::optional_time(columns.get(5)?)?,
        columns.get::<_, Option<Vec<u8>>>(6)?,
    ) {
        (Some(at), Some(hash)) => Some(Ended {
            at,
            prices: snapshots
                .get(connection, &hash)?
                .with_revision(columns.get(7)?),
        }),
        _ => None,
    };
    let session = Session {
        session_id: Arc::from(columns.get::<_, String>(0)?),
        title: Arc::from(columns.get::<_, String>(1)?),
        labels: Arc::new(codec::labels(&columns.get::<_, String>(2)?)?),
        simulated: columns.get(3)?,
        started: codec::time(columns.get(4)?)?,
        ended,
    };
    let mut usage = SessionUsage::new(session, columns.get(8)?);
    usage.budget = columns
        .get::<_, Option<String>>(11)?
        .map(|text| codec::cap(&text))
        .transpose()?;
    usage.last_event = codec::optional_time(columns.get(14)?)?;
    usage.display_names = display_names(connection, row)?;
    usage.recorders = recorders(connection, row)?;
    usage.quotas = quotas(connection, row)?;
    usage.reservations = reservations(connection, row)?;
    let mut statement = connection.prepare_cached(
        "SELECT event, at FROM session_reset WHERE session = ?1 ORDER BY generation",
    )?;
    let resets = collect(&mut statement, params![row], |row| {
        Ok((row.get(0)?, codec::time(row.get(1)?)?))
    })?;
    usage.reset = resets.last().map(|(_, at)| *at);
    Ok(Stored {
        row,
        generation: columns.get(9)?,
        resets: resets.into_iter().map(|(event, _)| event).collect(),
        boundaries: columns.get(10)?,
        first_event: columns.get(12)?,
        last_event: columns.get(13)?,
        first_rated: codec::optional_time(columns.get(15)?)?,
        last_rated: codec::optional_time(columns.get(16)?)?,
        usage,
    })
}

fn display_names(connection: &Connection, session: i64) -> Result<BTreeMap<(Name, Name), Name>> {
    let mut statement = connection.prepare_cached(
        "SELECT service, model, display_name FROM display_name WHERE session = ?1",
    )?;
    let names = collect(&mut statement, params![session], |row| {
        let name = |column: usize| row.get::<_, String>(column).map(Name::from);
        Ok(((name(0)?, name(1)?), name(2)?))
    })?;
    Ok(names.into_iter().collect())
}

fn recorders(connection: &Connection, session: i64) -> Result<BTreeMap<Arc<str>, Backlog>> {
    let mut statement = connection.prepare_cached(
        "SELECT recorder_id, pending, refused, unconfirmed, reported_at FROM recorder WHERE session = ?1",
    )?;
    let recorders = collect(&mut statement, params![session], |row| {
        let backlog = Backlog {
            pending: row.get(1)?,
            refused: row.get(2)?,
            unconfirmed: row.get(3)?,
            reported: codec::time(row.get(4)?)?,
        };
        Ok((Arc::from(row.get::<_, String>(0)?), backlog))
    })?;
    Ok(recorders.into_iter().collect())
}

fn quotas(connection: &Connection, session: i64) -> Result<Vec<Quota>> {
    let mut statement = connection.prepare_cached(
        "SELECT service, metric, used, \"limit\", renews_at, observed_at, first_used, tier FROM quota \
         WHERE session = ?1 ORDER BY id",
    )?;
    collect(&mut statement, params![session], |row| {
        Ok(Quota {
            service: row.get(0)?,
            metric: row.get(1)?,
            used: row.get(2)?,
            limit: row.get(3)?,
            renews: codec::optional_time(row.get(4)?)?,
            observed: codec::time(row.get(5)?)?,
            first_used: row.get(6)?,
            tier: row.get(7)?,
        })
    })
}

fn reservations(connection: &Connection, session: i64) -> Result<BTreeMap<Name, Reservation>> {
    let mut statement = connection.prepare_cached(
        "SELECT reservation_id, amount, expires_at, released_at, recorder_id FROM reservation WHERE session = ?1",
    )?;
    let reservations = collect(&mut statement, params![session], |row| {
        let id = Name::from(row.get::<_, String>(0)?);
        let reservation = Reservation {
            reservation_id: id.clone(),
            amount: codec::cap(&row.get::<_, String>(1)?)?,
            expires: codec::time(row.get(2)?)?,
            released: codec::optional_time(row.get(3)?)?,
            recorder_id: row.get(4)?,
        };
        Ok((id, reservation))
    })?;
    Ok(reservations.into_iter().collect())
}
