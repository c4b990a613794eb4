//! Moving the watermark: what lies behind it goes into the rollups and the key index, in one transaction with it.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::codec;
use super::error::Result;
use super::ledger::SqliteLedger;
use super::load;
use super::recent::newest_of;
use super::row::{self, EventRow};
use super::tail::{FineKey, Newest, SessionTail, Tail, TailKey};
use super::tail_file;
use crate::domain::usage::Sum;

/// In `rollup.marks`: pictures were recorded both as tokens and as images.
pub(super) const PICTURES_TWICE: i64 = 1;
/// In `rollup.marks`: the recorder's clock was ahead.
pub(super) const CLOCK_AHEAD: i64 = 2;

impl SqliteLedger {
    /// Brings the rollups and the key index up to the last event.
    pub(super) fn fold(&mut self, _now: Timestamp) -> Result<()> {
        if self.tail.is_empty() {
            return Ok(());
        }
        let newest = newest_of(&self.tail.keys);
        let folded = self.in_transaction(|ledger| {
            let connection = &ledger.connection;
            let ids = ledger.tail.keys.iter().map(|((tenant, id), key)| (*tenant, id, key.n));
            let folded = ledger.keys.fold(connection, ids)?;
            let mut keep = connection.prepare_cached(
                "UPDATE tenant SET newest_id = ?2 WHERE id = ?1 AND (newest_id IS NULL OR newest_id < ?2)",
            )?;
            for (tenant, id) in &newest {
                keep.execute(params![tenant, id])?;
            }
            for (session, tail) in &ledger.tail.sessions {
                fold_session(connection, *session, tail)?;
            }
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO meta (name, value) VALUES ('watermark', ?1)",
                )?
                .execute(params![ledger.last_event])?;
            Ok(folded)
        })?;
        self.keys.replace(folded);
        let keys = std::mem::take(&mut self.tail).keys;
        self.tail.keys = self.recent.remember(keys, newest, &mut self.newest_folded);
        Ok(())
    }

    /// Rebuilds what lies behind the watermark from the events, after a start.
    pub(super) fn replay(&mut self) -> Result<()> {
        let connection = &self.connection;
        let mut tail = Tail::default();
        let mut sessions: HashMap<i64, Replayed> = HashMap::new();
        let mut series: HashMap<i64, (i64, std::sync::Arc<crate::domain::series::Series>)> =
            HashMap::new();
        let mut find_series = connection.prepare_cached(&format!(
            "SELECT {}, series.session FROM series WHERE series.id = ?1",
            row::SERIES_COLUMNS
        ))?;
        let mut series_of =
            |id: i64| -> Result<(i64, std::sync::Arc<crate::domain::series::Series>)> {
                if let Some(known) = series.get(&id) {
                    return Ok(known.clone());
                }
                let found = find_series.query_row(params![id], |row| {
                    Ok((row.get::<_, i64>(10)?, row::read_series(row)))
                })?;
                let found = (found.0, found.1?.1);
                series.insert(id, found.clone());
                Ok(found)
            };
        let mut outdated = Vec::new();
        tail_file::tail_events(connection, load::watermark(connection)?, |event| {
            let (session, shared) = series_of(event.series)?;
            let replayed = match sessions.entry(session) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => {
                    new.insert(Replayed::read(connection, session, &self.boundaries)?)
                }
            };
            let gained = tail.sessions.entry(session).or_default();
            let generation = load::generation_of(&replayed.resets, event.n);
            gained.add(&event.delta(&shared, &replayed.boundaries, generation, 1)?);
            if let Some(replaced) = event.replaces {
                let replaced = EventRow::get(connection, replaced)?.ok_or_else(|| {
                    super::error::damaged("a replaced event", &replaced.to_string())
                })?;
                let generation = load::generation_of(&replayed.resets, replaced.n);
                let shared = series_of(replaced.series)?.1;
                gained.add(&replaced.delta(&shared, &replayed.boundaries, generation, -1)?);
                if replaced.occurred > event.occurred {
                    outdated.push(session);
                }
            }
            gained.note(event.n, event.times());
            gained.transactions += i64::from(event.flags & row::FIRST_IN_TRANSACTION != 0);
            gained.touched = gained.touched.max(Some(event.recorded));
            tail.keys.insert(
                (replayed.tenant, event.id),
                TailKey {
                    n: event.n,
                    hash: event.hash,
                },
            );
            Ok(())
        })?;
        for session in outdated {
            let newest = tail_file::newest_counting(connection, session)?;
            tail.sessions.entry(session).or_default().newest = Newest::Exactly(newest);
        }
        drop(find_series);
        self.tail = tail;
        Ok(())
    }
}

/// What replaying needs to know of a session.
struct Replayed {
    tenant: i64,
    resets: Vec<i64>,
    boundaries: reelmeter_rating::Boundaries,
}

impl Replayed {
    fn read(connection: &Connection, session: i64, boundaries: &[Timestamp]) -> Result<Self> {
        let (tenant, count) = connection
            .prepare_cached("SELECT tenant, boundaries FROM session WHERE id = ?1")?
            .query_row(params![session], |row| {
                Ok((row.get(0)?, row.get::<_, u32>(1)?))
            })?;
        let mut statement = connection.prepare_cached(
            "SELECT event FROM session_reset WHERE session = ?1 ORDER BY generation",
        )?;
        let resets = row::collect(&mut statement, params![session], |row| Ok(row.get(0)?))?;
        Ok(Self {
            tenant,
            resets,
            boundaries: load::first_boundaries(boundaries, count),
        })
    }
}

fn fold_session(connection: &Connection, session: i64, tail: &SessionTail) -> Result<()> {
    for (key, sum) in &tail.sums {
        add_to_rollup(connection, session, key, sum)?;
    }
    let newest: Option<i64> = connection
        .prepare_cached("SELECT last_event_at FROM session WHERE id = ?1")?
        .query_row(params![session], |row| row.get(0))?;
    let newest = tail.newest.over(codec::optional_time(newest)?);
    connection
        .prepare_cached(
            "UPDATE session SET revision = revision + ?2, \
             first_event = coalesce(min(first_event, ?3), first_event, ?3), \
             last_event = coalesce(max(last_event, ?4), last_event, ?4), \
             last_event_at = ?5, \
             first_rated_at = coalesce(min(first_rated_at, ?6), first_rated_at, ?6), \
             last_rated_at = coalesce(max(last_rated_at, ?7), last_rated_at, ?7), \
             touched_at = coalesce(max(touched_at, ?8), touched_at) \
             WHERE id = ?1",
        )?
        .execute(params![
            session,
            tail.transactions,
            tail.first_event,
            tail.last_event,
            newest.map(codec::us),
            tail.first_rated.map(codec::us),
            tail.last_rated.map(codec::us),
            tail.touched.map(codec::us),
        ])?;
    Ok(())
}

/// Adds a sum to its row of the rollups; a row that comes down to nothing goes.
pub(super) fn add_to_rollup(
    connection: &Connection,
    session: i64,
    key: &FineKey,
    sum: &Sum,
) -> Result<()> {
    let marks = if key.class.pictures_twice {
        PICTURES_TWICE
    } else {
        0
    } | if key.class.clock_ahead {
        CLOCK_AHEAD
    } else {
        0
    };
    let place = params![
        session,
        key.generation,
        key.class.series,
        key.day,
        codec::period_column(key.class.period),
        codec::tier_column(key.class.tier),
        marks,
        key.scene,
        key.attempt,
    ];
    let known = connection
        .prepare_cached(
            "SELECT events, quantities, billed FROM rollup WHERE session = ?1 AND generation = ?2 AND series = ?3 \
             AND day = ?4 AND period = ?5 AND tier = ?6 AND marks = ?7 AND scene = ?8 AND attempt = ?9",
        )?
        .query_row(place, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?)))
        .optional()?;
    let mut total = match known {
        Some((events, quantities, billed)) => Sum {
            events,
            values: codec::numbers(&quantities)?
                .into_iter()
                .map(i128::from)
                .collect(),
            billed: codec::billed(billed.as_deref())?,
        },
        None => Sum::default(),
    };
    total.add(sum, 1);
    if total.is_empty() {
        connection
            .prepare_cached(
                "DELETE FROM rollup WHERE session = ?1 AND generation = ?2 AND series = ?3 \
                 AND day = ?4 AND period = ?5 AND tier = ?6 AND marks = ?7 AND scene = ?8 AND attempt = ?9",
            )?
            .execute(place)?;
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO rollup (session, generation, series, day, period, tier, marks, scene, attempt, \
             events, quantities, billed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            session,
            key.generation,
            key.class.series,
            key.day,
            codec::period_column(key.class.period),
            codec::tier_column(key.class.tier),
            marks,
            key.scene,
            key.attempt,
            total.events,
            codec::sums_column(&total.values)?,
            codec::billed_column(&total.billed),
        ])?;
    Ok(())
}
