//! What is left in the file of events that were moved out of it: their part of the sums, their fingerprints, and how
//! many they are.

use std::collections::HashMap;

use jiff::Timestamp;
use reelmeter_rating::Boundaries;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::codec;
use super::error::{Result, damaged};
use super::fine::{ROLLUP_COLUMNS, rollup};
use super::row::collect;
use super::tail::FineKey;
use crate::application::Error;
use crate::application::ports::MovedOut;
use crate::domain::event_id::EventId;
use crate::domain::usage::Sum;

/// Events that were moved and are rated alike.
#[derive(Clone, Debug)]
pub(super) struct ArchivedSum {
    pub(super) key: FineKey,
    pub(super) sum: Sum,
    /// The first time that one of them is rated by.
    pub(super) first_rated: Timestamp,
    /// The last time that one of them is rated by.
    pub(super) last_rated: Timestamp,
    /// The last time that one of them names itself.
    pub(super) last_event: Timestamp,
}

impl ArchivedSum {
    fn read(row: &Row<'_>) -> Result<Self> {
        let (key, sum) = rollup(row)?;
        Ok(Self {
            key,
            sum,
            first_rated: codec::time(row.get(11)?)?,
            last_rated: codec::time(row.get(12)?)?,
            last_event: codec::time(row.get(13)?)?,
        })
    }

    /// Adds events of the same key.
    pub(super) fn add(&mut self, other: &Self) {
        self.sum.add(&other.sum, 1);
        self.first_rated = self.first_rated.min(other.first_rated);
        self.last_rated = self.last_rated.max(other.last_rated);
        self.last_event = self.last_event.max(other.last_event);
    }
}

/// The sums of a session's events that were moved and count.
fn of_session(connection: &Connection, session: i64) -> Result<Vec<ArchivedSum>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {ROLLUP_COLUMNS}, first_rated_at, last_rated_at, last_event_at FROM archived_sum WHERE session = ?1"
    ))?;
    collect(&mut statement, params![session], ArchivedSum::read)
}

/// Adds the moved events to a session's sums, sorted by these boundaries. Where a boundary lies within the times of one
/// sum all of it is taken for what lies before; [`straddled`] tells beforehand.
pub(super) fn add_sums(
    connection: &Connection,
    session: i64,
    boundaries: &Boundaries,
    sums: &mut HashMap<FineKey, Sum>,
) -> Result<()> {
    for archived in of_session(connection, session)? {
        let mut key = archived.key;
        key.class.period = boundaries.period_of(archived.first_rated);
        sums.entry(key).or_default().add(&archived.sum, 1);
    }
    Ok(())
}

/// Adds the moved events that are rated by a time from `from` on and before `to`.
pub(super) fn add_sums_between(
    connection: &Connection,
    session: i64,
    boundaries: &Boundaries,
    (from, to): (Timestamp, Timestamp),
    sums: &mut HashMap<FineKey, Sum>,
) -> Result<()> {
    for archived in of_session(connection, session)? {
        if archived.last_rated < from || to <= archived.first_rated {
            continue;
        }
        if archived.first_rated < from || to <= archived.last_rated {
            let edge = if archived.first_rated < from {
                from
            } else {
                to
            };
            return Err(Error::Precondition(format!(
                "the events around {edge} were moved out of the ledger, and only whole days are left of them; \
                 let the time begin and end at 00:00 UTC"
            )));
        }
        let mut key = archived.key;
        key.class.period = boundaries.period_of(archived.first_rated);
        sums.entry(key).or_default().add(&archived.sum, 1);
    }
    Ok(())
}

/// Fails if one of these dates divides events of a session that were moved: they cannot be told apart any more. Without a
/// session: of any that still runs.
pub(super) fn check_undivided(
    connection: &Connection,
    session: Option<i64>,
    dates: impl IntoIterator<Item = Timestamp>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT session.session_id, archived_sum.last_rated_at FROM archived_sum \
         JOIN session ON session.id = archived_sum.session \
         WHERE archived_sum.first_rated_at < ?1 AND archived_sum.last_rated_at >= ?1 \
         AND CASE WHEN ?2 IS NULL THEN session.ended_at IS NULL ELSE session.id = ?2 END LIMIT 1",
    )?;
    for date in dates {
        let divided = statement
            .query_row(params![codec::us(date), session], |row| {
                row.get::<_, String>(0)
            })
            .optional()?;
        if let Some(session_id) = divided {
            return Err(Error::Precondition(format!(
                "a rate begins or ends at {date}, and events of session `{session_id}` on both sides of it were moved \
                 out of the ledger; let it begin and end at 00:00 UTC, or later"
            )));
        }
    }
    Ok(())
}

/// The newest time of a session's moved events that count.
pub(super) fn newest_counting(connection: &Connection, session: i64) -> Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached(
        "SELECT max(last_event_at) FROM archived_sum WHERE session = ?1 \
         AND generation = (SELECT count(*) FROM session_reset WHERE session_reset.session = ?1)",
    )?;
    codec::optional_time(statement.query_row(params![session], |row| row.get(0))?)
}

/// The id of a moved event that another one replaces which was not moved.
pub(super) fn id_of_replaced(connection: &Connection, n: i64) -> Result<String> {
    let found: Option<Option<EventId>> = connection
        .prepare_cached("SELECT id FROM archived_event WHERE n = ?1")?
        .query_row(params![n], |row| row.get(0))
        .optional()?;
    found
        .flatten()
        .map(|id| id.to_text())
        .ok_or_else(|| damaged("a replaced event", &n.to_string()))
}

/// How many events of a tenant, or of one of its sessions, were moved.
pub(super) fn moved_out(
    connection: &Connection,
    tenant: i64,
    session: Option<i64>,
) -> Result<MovedOut> {
    let (events, last): (i64, Option<i64>) = connection
        .prepare_cached(
            "SELECT coalesce(sum(archived_session.events), 0), max(archived_session.last_recorded_at) \
             FROM archived_session JOIN session ON session.id = archived_session.session \
             WHERE session.tenant = ?1 AND (?2 IS NULL OR session.id = ?2)",
        )?
        .query_row(params![tenant, session], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(MovedOut {
        events,
        last_recorded: codec::optional_time(last)?,
    })
}
