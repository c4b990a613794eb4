//! A session's usage by day, scene and attempt: for receipts, and for questions about a time.

use std::collections::HashMap;

use jiff::Timestamp;
use reelmeter_rating::Boundaries;

use super::connection::{Client, rows};
use super::error::Result;
use super::event::{COLUMNS, EventRow};
use super::load::{self, Stored};
use crate::adapters::columns::{self, damaged};
use crate::application::ports::{FinePart, UsageRange};
use crate::domain::rollup::{FineKey, day, day_start_us, sorts_anew};
use crate::domain::usage::Sum;

/// Events that are read together.
const EVENTS_AT_ONCE: i64 = 10_000;

/// A session's sums as its events say that they should be, sorted by these boundaries.
pub(super) async fn sums_from_events(
    client: &Client,
    session: &Stored,
    boundaries: &Boundaries,
) -> Result<HashMap<FineKey, Sum>> {
    sums_between(client, session, boundaries, Timestamp::MIN, Timestamp::MAX).await
}

/// The same of the events that are rated by a time from `from` on and before `to`.
async fn sums_between(
    client: &Client,
    session: &Stored,
    boundaries: &Boundaries,
    from: Timestamp,
    to: Timestamp,
) -> Result<HashMap<FineKey, Sum>> {
    let mut sums: HashMap<FineKey, Sum> = HashMap::new();
    let sql = format!(
        "SELECT {COLUMNS} FROM event WHERE event.session = $1 AND event.n > $2 \
         AND NOT EXISTS (SELECT 1 FROM correction WHERE correction.replaced = event.n) ORDER BY event.n LIMIT $3"
    );
    let mut after = 0_i64;
    loop {
        let found = rows(client, &sql, &[&session.head.row, &after, &EVENTS_AT_ONCE]).await?;
        for row in &found {
            let event = EventRow::read(row)?;
            after = event.n;
            let rated = event.rated();
            if rated < from || (rated >= to && to != Timestamp::MAX) {
                continue;
            }
            let series = session
                .usage
                .series
                .get(&event.series)
                .ok_or_else(|| damaged("the series of an event", &event.series.to_string()))?;
            let generation = session.head.generation_of(event.n);
            let delta = event.delta(series, boundaries, generation, 1)?;
            sums.entry(delta.key).or_default().add(&delta.sum, 1);
        }
        if i64::try_from(found.len()).unwrap_or(0) < EVENTS_AT_ONCE {
            return Ok(sums);
        }
    }
}

/// What counts of a session, by class, scene and attempt, sorted by at least these boundaries.
pub(super) async fn parts(
    client: &Client,
    session: &Stored,
    wanted: &Boundaries,
) -> Result<Vec<FinePart>> {
    let all = load::boundaries(client).await?;
    let known = load::first_boundaries(&all, session.head.boundaries);
    let (first, last) = (session.head.first_rated, session.head.last_rated);
    if wanted
        .added_since(&known)
        .any(|date| sorts_anew(date, &known, first, last))
    {
        let finer = Boundaries::new(known.instants().iter().chain(wanted.instants()).copied());
        let sums = sums_from_events(client, session, &finer).await?;
        return Ok(counting(session, sums));
    }
    Ok(counting(session, session.fine.clone()))
}

/// Those sums that count, in a fixed order.
fn counting(session: &Stored, sums: HashMap<FineKey, Sum>) -> Vec<FinePart> {
    let mut sums: Vec<(FineKey, Sum)> = sums
        .into_iter()
        .filter(|(key, _)| key.generation == session.head.generation)
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

/// What counts of a session in a time: whole days from the rollups, the days at its edges from the events.
pub(super) async fn parts_between(
    client: &Client,
    session: &Stored,
    range: &UsageRange,
) -> Result<Vec<FinePart>> {
    let (from, to) = (
        range.from.unwrap_or(Timestamp::MIN),
        range.to.unwrap_or(Timestamp::MAX),
    );
    if from >= to {
        return Ok(Vec::new());
    }
    let within = |time: &Timestamp| day_start_us(day(*time)) != columns::us(*time);
    let edges: Vec<i64> = [range.from, range.to]
        .into_iter()
        .flatten()
        .filter(within)
        .map(day)
        .collect();
    // The first whole day, and the first day that is not whole any more.
    let whole_from = day(from) + i64::from(range.from.is_some_and(|from| within(&from)));
    let whole_to = range.to.map_or(i64::MAX, day);
    let mut sums: HashMap<FineKey, Sum> = HashMap::new();
    if session.fine.keys().any(|key| edges.contains(&key.day)) {
        let all = load::boundaries(client).await?;
        let boundaries = load::first_boundaries(&all, session.head.boundaries);
        let between = sums_between(client, session, &boundaries, from, to).await?;
        sums.extend(
            between
                .into_iter()
                .filter(|(key, _)| edges.contains(&key.day)),
        );
    }
    let whole = |day: i64| whole_from <= day && day < whole_to && !edges.contains(&day);
    sums.extend(
        session
            .fine
            .iter()
            .filter(|(key, _)| whole(key.day))
            .map(|(key, sum)| (*key, sum.clone())),
    );
    Ok(counting(session, sums))
}
