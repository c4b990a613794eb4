//! A session's usage by day, scene and attempt: for receipts, and for questions about a time.

use std::collections::HashMap;

use jiff::Timestamp;
use reelmeter_rating::Boundaries;
use rusqlite::{Connection, Row, params};

use super::archived;
use super::codec;
use super::error::{Result, damaged};
use super::fold::{CLOCK_AHEAD, PICTURES_TWICE};
use super::load::{self, Stored};
use super::row::{EVENT_COLUMNS, EventRow};
use super::tail::{FineKey, SessionTail};
use crate::application::ports::FinePart;
use crate::domain::rollup::sorts_anew;
use crate::domain::usage::{ClassKey, Sum};

/// The columns that [`rollup`] reads, of `rollup` or `archived_sum`.
pub(super) const ROLLUP_COLUMNS: &str =
    "generation, series, day, period, tier, marks, scene, attempt, events, quantities, billed";

/// Reads a row of the rollups.
pub(super) fn rollup(row: &Row<'_>) -> Result<(FineKey, Sum)> {
    let marks: i64 = row.get(5)?;
    let class = ClassKey {
        series: row.get(1)?,
        period: codec::period(row.get(3)?)?,
        tier: codec::tier(row.get(4)?)?,
        pictures_twice: marks & PICTURES_TWICE != 0,
        clock_ahead: marks & CLOCK_AHEAD != 0,
    };
    let key = FineKey {
        generation: row.get(0)?,
        class,
        day: row.get(2)?,
        scene: row.get(6)?,
        attempt: row.get(7)?,
    };
    let sum = Sum {
        events: row.get(8)?,
        values: codec::numbers(&row.get::<_, String>(9)?)?
            .into_iter()
            .map(i128::from)
            .collect(),
        billed: codec::billed(row.get::<_, Option<String>>(10)?.as_deref())?,
    };
    Ok((key, sum))
}

/// A session's rollups, each row.
pub(super) fn rollups(
    connection: &Connection,
    session: i64,
    mut each: impl FnMut(FineKey, Sum) -> Result<()>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {ROLLUP_COLUMNS} FROM rollup WHERE session = ?1"
    ))?;
    let mut rows = statement.query(params![session])?;
    while let Some(row) = rows.next()? {
        let (key, sum) = rollup(row)?;
        each(key, sum)?;
    }
    Ok(())
}

/// A session's sums up to the last event, from its rollups and what lies behind the watermark.
pub(super) fn sums(
    connection: &Connection,
    session: i64,
    tail: &SessionTail,
) -> Result<HashMap<FineKey, Sum>> {
    let mut sums: HashMap<FineKey, Sum> = HashMap::new();
    rollups(connection, session, |key, sum| {
        sums.insert(key, sum);
        Ok(())
    })?;
    for (key, sum) in &tail.sums {
        sums.entry(*key).or_default().add(sum, 1);
    }
    sums.retain(|_, sum| !sum.is_empty());
    Ok(sums)
}

/// A session's sums as its events say that they should be, sorted by these boundaries. The session must know of its last
/// event.
pub(super) fn sums_from_events(
    connection: &Connection,
    session: &Stored,
    boundaries: &Boundaries,
) -> Result<HashMap<FineKey, Sum>> {
    let mut sums: HashMap<FineKey, Sum> = HashMap::new();
    counting_events(connection, session, |event| {
        let delta = delta_of(session, &event, boundaries)?;
        sums.entry(delta.0).or_default().add(&delta.1, 1);
        Ok(())
    })?;
    archived::add_sums(connection, session.row, boundaries, &mut sums)?;
    Ok(sums)
}

/// A session's sums of the events that are rated by a time from `from` on and before `to`.
pub(super) fn sums_between(
    connection: &Connection,
    session: &Stored,
    boundaries: &Boundaries,
    from: Timestamp,
    to: Timestamp,
) -> Result<HashMap<FineKey, Sum>> {
    let mut sums: HashMap<FineKey, Sum> = HashMap::new();
    counting_events(connection, session, |event| {
        let rated = event.times().rated;
        if from <= rated && rated < to {
            let delta = delta_of(session, &event, boundaries)?;
            sums.entry(delta.0).or_default().add(&delta.1, 1);
        }
        Ok(())
    })?;
    archived::add_sums_between(connection, session.row, boundaries, (from, to), &mut sums)?;
    Ok(sums)
}

fn delta_of(session: &Stored, event: &EventRow, boundaries: &Boundaries) -> Result<(FineKey, Sum)> {
    let series = session
        .usage
        .series
        .get(&event.series)
        .ok_or_else(|| damaged("the series of an event", &event.series.to_string()))?;
    let delta = event.delta(series, boundaries, session.generation_of(event.n), 1)?;
    Ok((delta.key, delta.sum))
}

/// The events of a session that nothing replaces, in their order.
fn counting_events(
    connection: &Connection,
    session: &Stored,
    mut each: impl FnMut(EventRow) -> Result<()>,
) -> Result<()> {
    let (Some(first), Some(last)) = (session.first_event, session.last_event) else {
        return Ok(());
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {EVENT_COLUMNS} FROM event WHERE n BETWEEN ?1 AND ?2 \
         AND NOT EXISTS (SELECT 1 FROM event AS later WHERE later.replaces = event.n) ORDER BY n"
    ))?;
    let mut rows = statement.query(params![first, last])?;
    while let Some(row) = rows.next()? {
        // Other sessions' events lie in between.
        if session.usage.series.contains_key(&row.get(3)?) {
            each(EventRow::read(row)?)?;
        }
    }
    Ok(())
}

/// What counts of a session, by class, scene and attempt, sorted by at least these boundaries.
pub(super) fn parts(
    connection: &Connection,
    session: &Stored,
    tail: &SessionTail,
    wanted: &Boundaries,
) -> Result<Vec<FinePart>> {
    let all = load::boundaries(connection)?;
    let known = load::first_boundaries(&all, session.boundaries);
    let dividing: Vec<Timestamp> = wanted
        .added_since(&known)
        .filter(|date| sorts_anew(*date, &known, session.first_rated, session.last_rated))
        .collect();
    let sums = if dividing.is_empty() {
        sums(connection, session.row, tail)?
    } else {
        archived::check_undivided(connection, Some(session.row), dividing)?;
        let finer = Boundaries::new(known.instants().iter().chain(wanted.instants()).copied());
        sums_from_events(connection, session, &finer)?
    };
    Ok(counting(session, sums))
}

/// Those sums that count, in a fixed order.
pub(super) fn counting(session: &Stored, sums: HashMap<FineKey, Sum>) -> Vec<FinePart> {
    let mut sums: Vec<(FineKey, Sum)> = sums
        .into_iter()
        .filter(|(key, _)| key.generation == session.generation)
        .collect();
    sums.sort_unstable_by_key(|(key, _)| *key);
    sums.into_iter()
        .map(|(key, sum)| FinePart {
            class: key.class,
            day: key.day,
            scene: key.scene,
            attempt: key.attempt,
            sum,
        })
        .collect()
}
