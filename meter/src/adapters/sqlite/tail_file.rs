//! The events behind the watermark, read from the file: by those who have no memory of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reelmeter_rating::Boundaries;
use rusqlite::{Connection, params};

use super::archived;
use super::codec;
use super::error::{Result, damaged};
use super::load::{Stored, boundaries, first_boundaries, watermark};
use super::row::{EVENT_COLUMNS, EventRow};
use super::tail::{Delta, Newest, SessionTail};

/// Goes through the events behind the watermark, in their order.
pub(super) fn tail_events(
    connection: &Connection,
    watermark: i64,
    mut each: impl FnMut(EventRow) -> Result<()>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {EVENT_COLUMNS} FROM event WHERE n > ?1 ORDER BY n"
    ))?;
    let mut rows = statement.query(params![watermark])?;
    while let Some(row) = rows.next()? {
        each(EventRow::read(row)?)?;
    }
    Ok(())
}

/// Adds to sessions what they have gained behind the watermark, from the file alone.
pub(super) fn add_tails(connection: &Connection, sessions: &mut [Stored]) -> Result<()> {
    let tails = tails_of(connection, sessions)?;
    for (session, tail) in sessions.iter_mut().zip(&tails) {
        session.add_tail(tail);
    }
    Ok(())
}

/// What sessions have gained behind the watermark, from the file alone: one for each, in their order.
pub(super) fn tails_of(connection: &Connection, sessions: &[Stored]) -> Result<Vec<SessionTail>> {
    let all_boundaries = boundaries(connection)?;
    let mut places: BTreeMap<i64, usize> = BTreeMap::new();
    let mut sorted_by = Vec::with_capacity(sessions.len());
    for (place, session) in sessions.iter().enumerate() {
        places.extend(session.usage.series.keys().map(|series| (*series, place)));
        sorted_by.push(first_boundaries(&all_boundaries, session.boundaries));
    }
    let mut tails: Vec<SessionTail> = vec![SessionTail::default(); sessions.len()];
    let mut counted_anew = Vec::new();
    tail_events(connection, watermark(connection)?, |row| {
        let Some(place) = places.get(&row.series).copied() else {
            return Ok(());
        };
        let (Some(session), Some(tail), Some(boundaries)) = (
            sessions.get(place),
            tails.get_mut(place),
            sorted_by.get(place),
        ) else {
            return Ok(());
        };
        let (deltas, outdates) = deltas(connection, session, &row, boundaries)?;
        deltas.iter().for_each(|delta| tail.add(delta));
        if outdates {
            counted_anew.push(place);
        }
        tail.note(row.n, row.times());
        tail.transactions += i64::from(row.flags & super::row::FIRST_IN_TRANSACTION != 0);
        Ok(())
    })?;
    for place in counted_anew {
        if let (Some(session), Some(tail)) = (sessions.get(place), tails.get_mut(place)) {
            tail.newest = Newest::Exactly(newest_counting(connection, session.row)?);
        }
    }
    Ok(tails)
}

/// The newest time of the events of a session that count, from the events themselves. Only needed when the newest one is
/// replaced by an older one.
pub(super) fn newest_counting(connection: &Connection, session: i64) -> Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached(
        "SELECT max(event.at) FROM event JOIN series ON series.id = event.series \
         WHERE series.session = ?1 \
         AND event.n > coalesce((SELECT max(event) FROM session_reset WHERE session_reset.session = ?1), 0) \
         AND NOT EXISTS (SELECT 1 FROM event AS later WHERE later.replaces = event.n)",
    )?;
    let kept = codec::optional_time(statement.query_row(params![session], |row| row.get(0))?)?;
    Ok(kept.max(archived::newest_counting(connection, session)?))
}

/// What an event adds to its session, and takes away if it replaces another one; and whether that one may have been
/// the newest, which it is not any more.
fn deltas(
    connection: &Connection,
    session: &Stored,
    row: &EventRow,
    boundaries: &Boundaries,
) -> Result<(Vec<Delta>, bool)> {
    let series = |id: i64| {
        session
            .usage
            .series
            .get(&id)
            .ok_or_else(|| damaged("the series of an event", &id.to_string()))
    };
    let mut outdates = false;
    let mut deltas = vec![row.delta(
        series(row.series)?,
        boundaries,
        session.generation_of(row.n),
        1,
    )?];
    if let Some(replaced) = row.replaces {
        let replaced = EventRow::get(connection, replaced)?
            .ok_or_else(|| damaged("a replaced event", &replaced.to_string()))?;
        let generation = session.generation_of(replaced.n);
        outdates = replaced.occurred > row.occurred;
        deltas.push(replaced.delta(series(replaced.series)?, boundaries, generation, -1)?);
    }
    Ok((deltas, outdates))
}
