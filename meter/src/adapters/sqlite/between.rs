//! What was used in a time: whole days from the rollups, the days at its edges from the events.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::codec;
use super::error::Result;
use super::fine;
use super::load::{self, Stored};
use super::row::collect;
use super::tail::{FineKey, SessionTail};
use crate::application::ports::{FinePart, UsageRange};
use crate::domain::usage::Sum;

/// The numbers of the sessions that may have been used in the time.
pub(super) fn session_rows(
    connection: &Connection,
    tenant: i64,
    range: &UsageRange,
) -> Result<Vec<i64>> {
    let mut sql = "SELECT id FROM session WHERE tenant = ? AND simulated = ?".to_owned();
    let mut values = vec![Value::from(tenant), Value::from(range.simulated)];
    if let Some(from) = range.from {
        // What lies behind the watermark is not in `last_rated_at` yet.
        sql.push_str(
            " AND id IN (SELECT id FROM session WHERE tenant = ? AND last_rated_at >= ? \
             UNION SELECT series.session FROM event CROSS JOIN series ON series.id = event.series WHERE event.n > ?)",
        );
        values.extend([tenant, codec::us(from), load::watermark(connection)?].map(Value::from));
    }
    if let Some(to) = range.to {
        sql.push_str(" AND coalesce(first_rated_at < ?, 1)");
        values.push(Value::from(codec::us(to)));
    }
    for (label, value) in &range.labels {
        sql.push_str(" AND EXISTS (SELECT 1 FROM session_label WHERE label = ? AND value = ? AND session = session.id)");
        values.extend([Value::from(label.clone()), Value::from(value.clone())]);
    }
    sql.push_str(" ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    collect(&mut statement, params_from_iter(values), |row| {
        Ok(row.get(0)?)
    })
}

/// What counts of a session in the time.
pub(super) fn parts(
    connection: &Connection,
    session: &Stored,
    tail: &SessionTail,
    range: &UsageRange,
) -> Result<Vec<FinePart>> {
    let (from, to) = (
        range.from.unwrap_or(Timestamp::MIN),
        range.to.unwrap_or(Timestamp::MAX),
    );
    if from >= to {
        return Ok(Vec::new());
    }
    // The first whole day, and the first day that is not whole any more.
    let begins_within = range
        .from
        .is_some_and(|from| codec::day_start_us(codec::day(from)) != codec::us(from));
    let whole_from = codec::day(from) + i64::from(begins_within);
    let whole_to = if range.to.is_some() {
        codec::day(to)
    } else {
        i64::MAX
    };
    let ends_within = range
        .to
        .is_some_and(|to| codec::day_start_us(codec::day(to)) != codec::us(to));
    let edges: Vec<i64> = [
        (begins_within, codec::day(from)),
        (ends_within, codec::day(to)),
    ]
    .into_iter()
    .filter_map(|(within, day)| within.then_some(day))
    .collect();
    let all = fine::sums(connection, session.row, tail)?;
    let mut sums: HashMap<FineKey, Sum> = HashMap::new();
    if all.keys().any(|key| edges.contains(&key.day)) {
        let boundaries = load::boundaries(connection)?;
        let boundaries = load::first_boundaries(&boundaries, session.boundaries);
        let between = fine::sums_between(connection, session, &boundaries, from, to)?;
        sums.extend(
            between
                .into_iter()
                .filter(|(key, _)| edges.contains(&key.day)),
        );
    }
    let whole = |day: i64| whole_from <= day && day < whole_to && !edges.contains(&day);
    sums.extend(all.into_iter().filter(|(key, _)| whole(key.day)));
    Ok(fine::counting(session, sums))
}
