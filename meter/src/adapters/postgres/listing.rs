//! Listings, page by page: each call looks at a bounded part of the ledger, and no transaction is open between two calls.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio_postgres::Row;

use super::connection::{Client, Param, rows};
use super::error::Result;
use super::event::{COLUMNS, EventRow};
use super::load::{self, read_series};
use crate::adapters::columns::{self, damaged};
use crate::application::ports::{
    EventFilter, LedgerEvent, Page, SessionCursor, SessionFilter, UsageRange,
};
use crate::domain::event::{Event, Shared};
use crate::domain::event_id::EventId;
use crate::domain::rollup::{day, generation_of};

/// Events that one call looks at, whether they fit the filter or not: some tens of milliseconds.
const EVENTS_LOOKED_AT_MAX: usize = 20_000;

/// The numbers of the sessions of a page, and where the next one begins.
pub(super) async fn session_rows(
    client: &Client,
    tenant: i64,
    filter: &SessionFilter,
    after: Option<SessionCursor>,
    limit: usize,
) -> Result<(Vec<i64>, Option<SessionCursor>)> {
    let mut sql = "SELECT id, started_at FROM session WHERE tenant = $1".to_owned();
    let mut values: Vec<Param<'_>> = vec![&tenant];
    if let Some(after) = &after {
        values.extend([&after.started_us as Param<'_>, &after.number]);
        sql.push_str(&format!(
            " AND (started_at, id) < (${}, ${})",
            values.len() - 1,
            values.len()
        ));
    }
    match filter.ended {
        Some(true) => sql.push_str(" AND ended_at IS NOT NULL"),
        Some(false) => sql.push_str(" AND ended_at IS NULL"),
        None => {}
    }
    let (min, max) = (
        filter.started_min.map(columns::us),
        filter.started_max.map(columns::us),
    );
    if let Some(min) = &min {
        values.push(min);
        sql.push_str(&format!(" AND started_at >= ${}", values.len()));
    }
    if let Some(max) = &max {
        values.push(max);
        sql.push_str(&format!(" AND started_at < ${}", values.len()));
    }
    push_labels(&mut sql, &mut values, &filter.labels);
    // One more than asked for tells whether there is a next page.
    let asked = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    values.push(&asked);
    sql.push_str(&format!(
        " ORDER BY started_at DESC, id DESC LIMIT ${}",
        values.len()
    ));
    let found = rows(client, &sql, &values).await?;
    let mut cursors = Vec::with_capacity(found.len());
    for row in found.iter().take(limit) {
        cursors.push(SessionCursor {
            number: row.try_get(0)?,
            started_us: row.try_get(1)?,
        });
    }
    let next = cursors.last().copied().filter(|_| found.len() > limit);
    Ok((cursors.iter().map(|cursor| cursor.number).collect(), next))
}

/// The numbers of the sessions that were used in a time.
pub(super) async fn used_rows(
    client: &Client,
    tenant: i64,
    range: &UsageRange,
) -> Result<Vec<i64>> {
    let mut sql = "SELECT id FROM session WHERE tenant = $1 AND simulated = $2".to_owned();
    let mut values: Vec<Param<'_>> = vec![&tenant, &range.simulated];
    let (from, to) = (
        range.from.map_or(i64::MIN, day),
        range.to.map_or(i64::MAX, day),
    );
    if range.from.is_some() || range.to.is_some() {
        sql.push_str(" AND id IN (SELECT session FROM rollup WHERE day >= $3 AND day <= $4)");
        values.extend([&from as Param<'_>, &to]);
    }
    push_labels(&mut sql, &mut values, &range.labels);
    sql.push_str(" ORDER BY id");
    let found = rows(client, &sql, &values).await?;
    found.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn push_labels<'a>(
    sql: &mut String,
    values: &mut Vec<Param<'a>>,
    labels: &'a std::collections::BTreeMap<String, String>,
) {
    for (label, value) in labels {
        values.extend([label as Param<'_>, value]);
        sql.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM session_label WHERE label = ${} AND value = ${} AND session = session.id)",
            values.len() - 1,
            values.len()
        ));
    }
}

/// Waits until every transaction that may still record an event of a number given so far has ended: behind the last
/// number, nothing comes in between any more. Gives that number.
///
/// Numbers are given before they are committed: without this, a page of the whole ledger could go past an event that was
/// committed a moment later. Within one session they come in order, since a session changes one transaction at a time.
pub(super) async fn horizon(client: &Client) -> Result<i64> {
    // Writers hold a lock on the table from before they take their numbers until they have ended; this one waits for
    // theirs, and theirs for this one, in the order in which they come.
    client
        .batch_execute("BEGIN; LOCK TABLE ONLY event IN SHARE MODE")
        .await?;
    let found = rows(client, "SELECT last_value FROM event_n", &[]).await;
    client.batch_execute("COMMIT").await?;
    match found?.first() {
        Some(row) => Ok(row.try_get(0)?),
        None => Err(damaged("the numbers of events", "missing").into()),
    }
}

/// A page of events, up to a number.
pub(super) async fn events(
    client: &Client,
    tenant: i64,
    filter: &EventFilter,
    after: i64,
    horizon: i64,
    limit: usize,
) -> Result<Page<LedgerEvent, i64>> {
    let empty = Page {
        items: Vec::new(),
        next: None,
    };
    let mut only = None;
    if let Some(session_id) = &filter.session_id {
        let Some((row, _)) = load::session_row(client, tenant, session_id).await? else {
            return Ok(empty);
        };
        only = Some(row);
    }
    let looked_at = i64::try_from(EVENTS_LOOKED_AT_MAX).unwrap_or(i64::MAX);
    let replaced = "EXISTS (SELECT 1 FROM correction WHERE correction.replaced = event.n)";
    let found = match &only {
        Some(session) => {
            let sql = format!(
                "SELECT {COLUMNS}, {replaced} FROM event WHERE event.session = $1 AND event.n > $2 AND event.n <= $3 \
                 ORDER BY event.n LIMIT $4"
            );
            rows(client, &sql, &[session, &after, &horizon, &looked_at]).await?
        }
        None => {
            let sql = format!(
                "SELECT {COLUMNS}, {replaced} FROM event WHERE event.n > $1 AND event.n <= $2 ORDER BY event.n LIMIT $3"
            );
            rows(client, &sql, &[&after, &horizon, &looked_at]).await?
        }
    };
    let mut page = Read::of(client, &found).await?;
    let mut items = Vec::new();
    let mut last = after;
    for (place, (event, replaced)) in page.events.drain(..).enumerate() {
        if items.len() == limit {
            return Ok(Page {
                items,
                next: Some(last),
            });
        }
        last = event.n;
        let shared = page
            .shared
            .get(&(event.session, event.series))
            .ok_or_else(|| damaged("the series of an event", &event.series.to_string()))?;
        let listed = page
            .sessions
            .get(&event.session)
            .ok_or_else(|| damaged("the session of an event", &event.session.to_string()))?;
        if listed.tenant == tenant && filter.in_time(event.occurred) && filter.fits(&shared.series)
        {
            items.push(ledger_event(
                event,
                replaced,
                shared,
                listed,
                &page.replaced,
            )?);
        }
        if place + 1 == EVENTS_LOOKED_AT_MAX {
            return Ok(Page {
                items,
                next: Some(last),
            });
        }
    }
    Ok(Page { items, next: None })
}

/// What a listing needs to know of a session.
struct Listed {
    tenant: i64,
    session_id: Arc<str>,
    simulated: bool,
    resets: Vec<i64>,
}

/// Events with what they refer to.
struct Read {
    events: Vec<(EventRow, bool)>,
    /// What the events of a series have in common, by session and series.
    shared: HashMap<(i64, i64), Arc<Shared>>,
    sessions: HashMap<i64, Listed>,
    /// The ids of replaced events, by number.
    replaced: HashMap<i64, String>,
}

impl Read {
    async fn of(client: &Client, found: &[Row]) -> Result<Self> {
        let mut events = Vec::with_capacity(found.len());
        for row in found {
            events.push((EventRow::read(row)?, row.try_get(13)?));
        }
        let sessions: BTreeSet<i64> = events.iter().map(|(event, _)| event.session).collect();
        let sessions: Vec<i64> = sessions.into_iter().collect();
        let replaced: Vec<i64> = events
            .iter()
            .filter_map(|(event, _)| event.replaces)
            .collect();
        let (of, of_replaced): ([Param<'_>; 1], [Param<'_>; 1]) = ([&sessions], [&replaced]);
        let (of_sessions, resets, all_series, keys) = futures::try_join!(
            rows(
                client,
                "SELECT id, tenant, session_id, simulated FROM session WHERE id = ANY($1)",
                &of,
            ),
            rows(
                client,
                "SELECT session, event FROM session_reset WHERE session = ANY($1) ORDER BY generation",
                &of,
            ),
            rows(
                client,
                "SELECT session, number, service, model, rate_model, model_display_name, stage, outcome, variant, \
                 reservation_id, metrics FROM series WHERE session = ANY($1)",
                &of,
            ),
            rows(
                client,
                "SELECT replaced, replaced_id FROM correction WHERE replaced = ANY($1)",
                &of_replaced,
            ),
        )?;
        let mut read = Self {
            events,
            shared: HashMap::new(),
            sessions: HashMap::new(),
            replaced: HashMap::new(),
        };
        for row in &of_sessions {
            let listed = Listed {
                tenant: row.try_get(1)?,
                session_id: Arc::from(row.try_get::<_, &str>(2)?),
                simulated: row.try_get(3)?,
                resets: Vec::new(),
            };
            read.sessions.insert(row.try_get(0)?, listed);
        }
        for row in &resets {
            if let Some(listed) = read.sessions.get_mut(&row.try_get(0)?) {
                listed.resets.push(row.try_get(1)?);
            }
        }
        for row in &all_series {
            let session: i64 = row.try_get(0)?;
            let (number, series) = read_series(row)?;
            let listed = read
                .sessions
                .get(&session)
                .ok_or_else(|| damaged("the session of a series", &session.to_string()))?;
            let shared = Shared::new(
                Arc::clone(&listed.session_id),
                listed.simulated,
                Arc::new(series),
            );
            read.shared.insert((session, number), Arc::new(shared));
        }
        for row in &keys {
            read.replaced.insert(row.try_get(0)?, row.try_get(1)?);
        }
        Ok(read)
    }
}

fn ledger_event(
    row: EventRow,
    replaced: bool,
    shared: &Arc<Shared>,
    session: &Listed,
    ids: &HashMap<i64, String>,
) -> Result<LedgerEvent> {
    let (labels, billed) = columns::extra(row.extra.as_deref())?;
    let replaces = match row.replaces {
        Some(n) => Some(
            ids.get(&n)
                .cloned()
                .ok_or_else(|| damaged("a replaced event", &n.to_string()))?,
        ),
        None => None,
    };
    let generations = i64::try_from(session.resets.len()).unwrap_or(i64::MAX);
    Ok(LedgerEvent {
        sequence: row.n,
        recorded: row.recorded,
        replaced,
        before_reset: generation_of(&session.resets, row.n) < generations,
        clock_ahead: row.clock_ahead,
        event: Event {
            event_id: EventId::of(&row.id),
            shared: Arc::clone(shared),
            values: row.values.into(),
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
