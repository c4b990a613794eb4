//! Listings, page by page: each call looks at a bounded part of the file, and no cursor is open between two calls.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::archived;
use super::codec;
use super::error::Result;
use super::load;
use super::row::{EVENT_COLUMNS, EventRow, SERIES_COLUMNS, collect, read_series};
use crate::application::ports::{EventFilter, LedgerEvent, Page, SessionCursor, SessionFilter};
use crate::domain::event::{Event, Shared};
use crate::domain::series::Series;

/// Events that one call looks at, whether they fit the filter or not: some tens of milliseconds.
const EVENTS_LOOKED_AT_MAX: usize = 50_000;

/// The numbers of the sessions of a page, and where the next one begins.
pub(super) fn session_rows(
    connection: &Connection,
    tenant: i64,
    filter: &SessionFilter,
    after: Option<SessionCursor>,
    limit: usize,
) -> Result<(Vec<i64>, Option<SessionCursor>)> {
    let mut sql = "SELECT id, started_at FROM session WHERE tenant = ?".to_owned();
    let mut values = vec![Value::from(tenant)];
    if let Some(after) = after {
        sql.push_str(" AND (started_at, id) < (?, ?)");
        values.extend([Value::from(after.started_us), Value::from(after.number)]);
    }
    match filter.ended {
        Some(true) => sql.push_str(" AND ended_at IS NOT NULL"),
        Some(false) => sql.push_str(" AND ended_at IS NULL"),
        None => {}
    }
    if let Some(min) = filter.started_min {
        sql.push_str(" AND started_at >= ?");
        values.push(Value::from(codec::us(min)));
    }
    if let Some(max) = filter.started_max {
        sql.push_str(" AND started_at < ?");
        values.push(Value::from(codec::us(max)));
    }
    for (label, value) in &filter.labels {
        sql.push_str(" AND EXISTS (SELECT 1 FROM session_label WHERE label = ? AND value = ? AND session = session.id)");
        values.extend([Value::from(label.clone()), Value::from(value.clone())]);
    }
    sql.push_str(" ORDER BY started_at DESC, id DESC LIMIT ?");
    // One more than asked for tells whether there is a next page.
    values.push(Value::from(
        i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1),
    ));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = collect(&mut statement, params_from_iter(values), |row| {
        Ok(SessionCursor {
            number: row.get(0)?,
            started_us: row.get(1)?,
        })
    })?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().copied().filter(|_| more);
    Ok((
        found.into_iter().map(|cursor| cursor.number).collect(),
        next,
    ))
}

/// What a listing needs to know of a session.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) number: i64,
    pub(super) tenant: i64,
    session_id: Arc<str>,
    simulated: bool,
    pub(super) resets: Vec<i64>,
}

/// What the events of a series have in common.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) shared: Arc<Shared>,
    pub(super) session: Arc<Listed>,
}

/// What the events of a page refer to, each looked up once.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    series: HashMap<i64, Common>,
    sessions: HashMap<i64, Arc<Listed>>,
}

impl Lookup {
    /// What the events of the series of this number have in common.
    pub(super) fn series(&mut self, connection: &Connection, number: i64) -> Result<&Common> {
        let unknown = match self.series.entry(number) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(unknown) => unknown,
        };
        let (series, session) = series_of(connection, number)?;
        let session = match self.sessions.entry(session) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(Arc::new(listed(connection, session)?)),
        };
        Ok(unknown.insert(Common {
            shared: Arc::new(Shared::new(
                Arc::clone(&session.session_id),
                session.simulated,
                series,
            )),
            session: Arc::clone(session),
        }))
    }
}

/// A page of events.
pub(super) fn events(
    connection: &Connection,
    tenant: i64,
    filter: &EventFilter,
    after: i64,
    limit: usize,
) -> Result<Page<LedgerEvent, i64>> {
    let empty = Page {
        items: Vec::new(),
        next: None,
    };
    let mut from = after;
    let mut to = i64::MAX;
    let mut only = None;
    if let Some(session_id) = &filter.session_id {
        let Some(row) = load::session_row(connection, tenant, session_id)? else {
            return Ok(empty);
        };
        only = Some(row);
        // Nothing of the session lies before its first event; behind the watermark its last one is not known yet.
        let first: Option<i64> = connection
            .prepare_cached("SELECT first_event FROM session WHERE id = ?1")?
            .query_row(params![row], |row| row.get(0))?;
        from = from.max(
            first
                .map_or_else(|| load::watermark(connection), Ok)?
                .saturating_sub(1),
        );
        let watermark = load::watermark(connection)?;
        let newer: Option<i64> = connection
            .prepare_cached("SELECT 1 FROM event JOIN series ON series.id = event.series WHERE event.n > ?1 AND series.session = ?2 LIMIT 1")?
            .query_row(params![watermark, row], |row| row.get(0))
            .optional()?;
        if newer.is_none() {
            let last: Option<i64> = connection
                .prepare_cached("SELECT last_event FROM session WHERE id = ?1")?
                .query_row(params![row], |row| row.get(0))?;
            to = last.unwrap_or(0);
        }
    }
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {EVENT_COLUMNS}, EXISTS (SELECT 1 FROM event AS later WHERE later.replaces = event.n) \
         FROM event WHERE n > ?1 AND n <= ?2 ORDER BY n"
    ))?;
    let mut rows = statement.query(params![from, to])?;
    let mut lookup = Lookup::default();
    let mut items = Vec::new();
    let mut looked_at = 0;
    let mut last = from;
    while let Some(row) = rows.next()? {
        if items.len() == limit || looked_at == EVENTS_LOOKED_AT_MAX {
            return Ok(Page {
                items,
                next: Some(last),
            });
        }
        looked_at += 1;
        last = row.get(0)?;
        let common = lookup.series(connection, row.get(3)?)?;
        if common.session.tenant != tenant
            || only.is_some_and(|only| only != common.session.number)
            || !filter.fits(&common.shared.series)
        {
            continue;
        }
        let event = EventRow::read(row)?;
        if filter.in_time(event.occurred) {
            items.push(ledger_event(connection, event, row.get(16)?, common)?);
        }
    }
    Ok(Page { items, next: None })
}

fn series_of(connection: &Connection, id: i64) -> Result<(Arc<Series>, i64)> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {SERIES_COLUMNS}, series.session FROM series WHERE id = ?1"
    ))?;
    let (series, session) = statement.query_row(params![id], |row| {
        Ok((read_series(row), row.get::<_, i64>(10)?))
    })?;
    Ok((series?.1, session))
}

fn listed(connection: &Connection, session: i64) -> Result<Listed> {
    let (tenant, session_id, simulated) = connection
        .prepare_cached("SELECT tenant, session_id, simulated FROM session WHERE id = ?1")?
        .query_row(params![session], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))
        })?;
    let mut statement = connection
        .prepare_cached("SELECT event FROM session_reset WHERE session = ?1 ORDER BY generation")?;
    let resets = collect(&mut statement, params![session], |row| Ok(row.get(0)?))?;
    Ok(Listed {
        number: session,
        tenant,
        session_id: Arc::from(session_id),
        simulated,
        resets,
    })
}

pub(super) fn ledger_event(
    connection: &Connection,
    row: EventRow,
    replaced: bool,
    common: &Common,
) -> Result<LedgerEvent> {
    let (labels, billed) = codec::extra(row.extra.as_deref())?;
    let replaces = match row.replaces {
        Some(n) => Some(match EventRow::get(connection, n)? {
            Some(found) => found.id.to_text(),
            None => archived::id_of_replaced(connection, n)?,
        }),
        None => None,
    };
    let resets = &common.session.resets;
    let generations = i64::try_from(resets.len()).unwrap_or(i64::MAX);
    Ok(LedgerEvent {
        sequence: row.n,
        recorded: row.recorded,
        replaced,
        before_reset: load::generation_of(resets, row.n) < generations,
        clock_ahead: row.is_clock_ahead(),
        event: Event {
            event_id: row.id,
            shared: Arc::clone(&common.shared),
            values: row.values,
            billed,
            occurred: Some(row.occurred),
            scene: row.scene,
            attempt: row.attempt,
            replaces,
            labels,
            content_hash: row.hash,
        },
    })
}
