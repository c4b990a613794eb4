//! Sessions from the store: whole, or what has changed of one since a version.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lru::LruCache;
use reelmeter_rating::{Boundaries, Name, RateTable};
use tokio_postgres::Row;

use super::connection::{Client, Param, row, rows};
use super::error::Result;
use super::event::small;
use crate::adapters::columns::{self, damaged};
use crate::domain::budget::Reservation;
use crate::domain::quota::Quota;
use crate::domain::recorder::Backlog;
use crate::domain::rollup::{FineKey, generation_of};
use crate::domain::series::Series;
use crate::domain::session::{Ended, Session};
use crate::domain::summary::Prices;
use crate::domain::usage::{ClassKey, SeriesId, SessionUsage, Sum};

/// In `rollup.marks`: pictures were recorded both as tokens and as images.
const PICTURES_TWICE: i64 = 1;
/// In `rollup.marks`: the recorder's clock was ahead.
const CLOCK_AHEAD: i64 = 2;
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
    async fn get(&self, client: &Client, hash: &[u8]) -> Result<Prices> {
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(hash)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = row(
            client,
            "SELECT rates FROM price_snapshot WHERE hash = $1",
            &[&hash],
        )
        .await?
        .ok_or_else(|| damaged("frozen rates", "missing"))?;
        let table = RateTable::thaw(found.try_get(0)?)
            .map_err(|error| damaged("frozen rates", &error.to_string()))?;
        let prices = Prices::new(table, 0);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .put(hash.to_vec(), prices.clone());
        Ok(prices)
    }
}

/// What the store says of a session beside its sums.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// Its number.
    pub(super) row: i64,
    pub(super) version: i64,
    /// How often it was reset.
    pub(super) generation: i64,
    /// The last event that no longer counts after each reset, in order.
    pub(super) resets: Vec<i64>,
    /// How many boundaries its events are sorted by.
    pub(super) boundaries: u32,
    pub(super) first_rated: Option<Timestamp>,
    pub(super) last_rated: Option<Timestamp>,
}

impl Head {
    /// The generation that an event belongs to.
    pub(super) fn generation_of(&self, n: i64) -> i64 {
        generation_of(&self.resets, n)
    }
}

/// A session as it stands in the store.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) head: Head,
    /// What counts and what counted before the last reset, each sum that is not empty.
    pub(super) fine: HashMap<FineKey, Sum>,
    pub(super) usage: SessionUsage,
}

/// The number of a tenant.
pub(super) async fn tenant(client: &Client, name: &str) -> Result<Option<i64>> {
    if name.is_empty() {
        return Ok(Some(0));
    }
    let found = row(client, "SELECT id FROM tenant WHERE name = $1", &[&name]).await?;
    Ok(found.map(|row| row.try_get(0)).transpose()?)
}

/// The number and the version of a session.
pub(super) async fn session_row(
    client: &Client,
    tenant: i64,
    session_id: &str,
) -> Result<Option<(i64, i64)>> {
    let found = row(
        client,
        "SELECT id, version FROM session WHERE tenant = $1 AND session_id = $2",
        &[&tenant, &session_id],
    )
    .await?;
    match found {
        Some(row) => Ok(Some((row.try_get(0)?, row.try_get(1)?))),
        None => Ok(None),
    }
}

/// Every boundary, in the order in which the store learnt of it.
pub(super) async fn boundaries(client: &Client) -> Result<Vec<Timestamp>> {
    let found = rows(client, "SELECT at FROM boundary ORDER BY id", &[]).await?;
    found
        .iter()
        .map(|row| Ok(columns::time(row.try_get(0)?)?))
        .collect()
}

/// The first boundaries of all.
pub(super) fn first_boundaries(all: &[Timestamp], count: u32) -> Boundaries {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Boundaries::new(all.iter().take(count).copied())
}

/// One session, whole.
pub(super) async fn one(client: &Client, snapshots: &Snapshots, number: i64) -> Result<Stored> {
    let mut found = many(client, snapshots, &[number]).await?;
    Ok(found
        .pop()
        .ok_or_else(|| damaged("the number of a session", &number.to_string()))?)
}

/// Sessions, whole, in the order of their numbers as they are given.
pub(super) async fn many(
    client: &Client,
    snapshots: &Snapshots,
    numbers: &[i64],
) -> Result<Vec<Stored>> {
    since(client, snapshots, numbers, -1, -1).await
}

/// Sessions with their series above a number and their sums that have changed since a version. What is no longer there
/// of a sum is there as an empty one if `version` is not negative.
pub(super) async fn since(
    client: &Client,
    snapshots: &Snapshots,
    numbers: &[i64],
    version: i64,
    series: SeriesId,
) -> Result<Vec<Stored>> {
    let of_all: [Param<'_>; 1] = [&numbers];
    let of_series: [Param<'_>; 2] = [&numbers, &series];
    let of_sums: [Param<'_>; 2] = [&numbers, &version];
    let (heads, all_series, sums, names, recorders, quotas, reservations, resets) = futures::try_join!(
        rows(
            client,
            "SELECT id, session_id, title, labels, simulated, started_at, ended_at, prices, price_revision, revision, \
             version, generation, boundaries, budget, last_event_at, first_rated_at, last_rated_at \
             FROM session WHERE id = ANY($1)",
            &of_all,
        ),
        rows(
            client,
            "SELECT session, number, service, model, rate_model, model_display_name, stage, outcome, variant, \
             reservation_id, metrics FROM series WHERE session = ANY($1) AND number > $2",
            &of_series,
        ),
        rows(
            client,
            "SELECT session, generation, series, day, period, tier, marks, scene, attempt, events, quantities, billed \
             FROM rollup WHERE session = ANY($1) AND version > $2",
            &of_sums,
        ),
        rows(
            client,
            "SELECT session, service, model, display_name FROM display_name WHERE session = ANY($1)",
            &of_all,
        ),
        rows(
            client,
            "SELECT session, recorder_id, pending, refused, unconfirmed, reported_at FROM recorder \
             WHERE session = ANY($1)",
            &of_all,
        ),
        rows(
            client,
            "SELECT session, service, metric, used, quota_limit, renews_at, observed_at, first_used, tier FROM quota \
             WHERE session = ANY($1) ORDER BY place",
            &of_all,
        ),
        rows(
            client,
            "SELECT session, reservation_id, amount, expires_at, released_at, recorder_id FROM reservation \
             WHERE session = ANY($1)",
            &of_all,
        ),
        rows(
            client,
            "SELECT session, event, at FROM session_reset WHERE session = ANY($1) ORDER BY generation",
            &of_all,
        ),
    )?;
    let mut found: HashMap<i64, Stored> = HashMap::new();
    for row in &heads {
        let stored = head(client, snapshots, row).await?;
        found.insert(stored.head.row, stored);
    }
    for row in &all_series {
        if let Some(stored) = of(&mut found, row)? {
            let (number, series) = read_series(row)?;
            stored.usage.series.insert(number, Arc::new(series));
        }
    }
    for row in &names {
        if let Some(stored) = of(&mut found, row)? {
            let name =
                |column| -> Result<Name> { Ok(Name::from(row.try_get::<_, String>(column)?)) };
            stored
                .usage
                .display_names
                .insert((name(1)?, name(2)?), name(3)?);
        }
    }
    for row in &recorders {
        if let Some(stored) = of(&mut found, row)? {
            let backlog = Backlog {
                pending: row.try_get(2)?,
                refused: row.try_get(3)?,
                unconfirmed: row.try_get(4)?,
                reported: columns::time(row.try_get(5)?)?,
            };
            let id = Arc::from(row.try_get::<_, &str>(1)?);
            stored.usage.recorders.insert(id, backlog);
        }
    }
    for row in &quotas {
        if let Some(stored) = of(&mut found, row)? {
            stored.usage.quotas.push(Quota {
                service: row.try_get(1)?,
                metric: row.try_get(2)?,
                used: row.try_get(3)?,
                limit: row.try_get(4)?,
                renews: columns::optional_time(row.try_get(5)?)?,
                observed: columns::time(row.try_get(6)?)?,
                first_used: row.try_get(7)?,
                tier: row.try_get(8)?,
            });
        }
    }
    for row in &reservations {
        if let Some(stored) = of(&mut found, row)? {
            let id = Name::from(row.try_get::<_, String>(1)?);
            let reservation = Reservation {
                reservation_id: id.clone(),
                amount: columns::cap(row.try_get(2)?)?,
                expires: columns::time(row.try_get(3)?)?,
                released: columns::optional_time(row.try_get(4)?)?,
                recorder_id: row.try_get(5)?,
            };
            stored.usage.reservations.insert(id, reservation);
        }
    }
    for row in &resets {
        if let Some(stored) = of(&mut found, row)? {
            stored.head.resets.push(row.try_get(1)?);
            stored.usage.reset = Some(columns::time(row.try_get(2)?)?);
        }
    }
    let whole = version < 0;
    for row in &sums {
        if let Some(stored) = of(&mut found, row)? {
            let (key, sum) = read_sum(row)?;
            if !sum.is_empty() {
                let usage = &mut stored.usage;
                tally(usage, key.generation == stored.head.generation).add(key.class, &sum, 1);
            }
            if !(whole && sum.is_empty()) {
                stored.fine.insert(key, sum);
            }
        }
    }
    Ok(numbers
        .iter()
        .filter_map(|number| found.remove(number))
        .collect())
}

/// Where a sum is shown.
pub(super) fn tally(usage: &mut SessionUsage, counts: bool) -> &mut crate::domain::usage::Tally {
    if counts {
        &mut usage.counted
    } else {
        &mut usage.before_reset
    }
}

fn of<'a>(found: &'a mut HashMap<i64, Stored>, row: &Row) -> Result<Option<&'a mut Stored>> {
    Ok(found.get_mut(&row.try_get::<_, i64>(0)?))
}

async fn head(client: &Client, snapshots: &Snapshots, row: &Row) -> Result<Stored> {
    let ended = match (
        columns::optional_time(row.try_get(6)?)?,
        row.try_get::<_, Option<&[u8]>>(7)?,
    ) {
        (Some(at), Some(hash)) => Some(Ended {
            at,
            prices: snapshots
                .get(client, hash)
                .await?
                .with_revision(row.try_get(8)?),
        }),
        _ => None,
    };
    let session = Session {
        session_id: Arc::from(row.try_get::<_, &str>(1)?),
        title: Arc::from(row.try_get::<_, &str>(2)?),
        labels: Arc::new(columns::labels(row.try_get(3)?)?),
        simulated: row.try_get(4)?,
        started: columns::time(row.try_get(5)?)?,
        ended,
    };
    let mut usage = SessionUsage::new(session, row.try_get(9)?);
    let budget: Option<&str> = row.try_get(13)?;
    usage.budget = budget.map(columns::cap).transpose()?;
    usage.last_event = columns::optional_time(row.try_get(14)?)?;
    let boundaries: i32 = row.try_get(12)?;
    Ok(Stored {
        head: Head {
            row: row.try_get(0)?,
            version: row.try_get(10)?,
            generation: row.try_get(11)?,
            resets: Vec::new(),
            boundaries: u32::try_from(boundaries).unwrap_or(0),
            first_rated: columns::optional_time(row.try_get(15)?)?,
            last_rated: columns::optional_time(row.try_get(16)?)?,
        },
        fine: HashMap::new(),
        usage,
    })
}

/// A series, from its columns after that of the session.
pub(super) fn read_series(row: &Row) -> Result<(SeriesId, Series)> {
    let name = |column| -> Result<Name> { Ok(Name::from(row.try_get::<_, String>(column)?)) };
    let series = Series {
        service: name(2)?,
        model: name(3)?,
        rate_model: row.try_get::<_, Option<String>>(4)?.map(Name::from),
        model_display_name: name(5)?,
        stage: name(6)?,
        outcome: columns::word("an outcome", row.try_get(7)?)?,
        variant: columns::word("a variant", row.try_get(8)?)?,
        reservation_id: name(9)?,
        metrics: columns::metrics(row.try_get(10)?)?,
    };
    Ok((row.try_get(1)?, series))
}

/// A sum, from its columns after that of the session.
fn read_sum(row: &Row) -> Result<(FineKey, Sum)> {
    let marks: i64 = row.try_get(6)?;
    let class = ClassKey {
        series: row.try_get(2)?,
        period: columns::period(row.try_get(4)?)?,
        tier: columns::tier(row.try_get(5)?)?,
        pictures_twice: marks & PICTURES_TWICE != 0,
        clock_ahead: marks & CLOCK_AHEAD != 0,
    };
    let key = FineKey {
        generation: row.try_get(1)?,
        class,
        day: row.try_get(3)?,
        scene: small(row, 7)?,
        attempt: small(row, 8)?,
    };
    let sum = Sum {
        events: row.try_get(9)?,
        values: columns::numbers(row.try_get(10)?)?
            .into_iter()
            .map(i128::from)
            .collect(),
        billed: columns::billed(row.try_get(11)?)?,
    };
    Ok((key, sum))
}

/// The column value of a class's marks.
pub(super) fn marks(class: &ClassKey) -> i64 {
    let twice = if class.pictures_twice {
        PICTURES_TWICE
    } else {
        0
    };
    let ahead = if class.clock_ahead { CLOCK_AHEAD } else { 0 };
    twice | ahead
}
