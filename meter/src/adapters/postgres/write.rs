//! Writing what a transaction has staged: few statements, each over all that it has, in the order of their keys.

use std::sync::Arc;

use jiff::Timestamp;

use super::connection::{Client, execute, row};
use super::error::Result;
use super::event::EventRow;
use super::load;
use super::record::Added;
use super::stage::{Sessions, Staged};
use crate::adapters::columns;
use crate::domain::quota::Quota;
use crate::domain::recorder::Backlog;
use crate::domain::rollup::{FineKey, Newest};
use crate::domain::series::Series;
use crate::domain::usage::{SeriesId, Sum};

/// Writes everything.
pub(super) async fn all(
    client: &Client,
    sessions: &mut Sessions,
    added: &Added,
    now: Timestamp,
) -> Result<()> {
    let all_series: Vec<(i64, SeriesId, &Arc<Series>)> = sessions
        .values()
        .flat_map(|staged| {
            let row = staged.head.row;
            staged
                .gain
                .series
                .iter()
                .map(move |(id, series)| (row, *id, series))
        })
        .collect();
    insert_series(client, &all_series).await?;
    insert_events(client, added).await?;
    for staged in sessions.values_mut() {
        if staged.gain.recount_newest {
            staged.gain.newest = Newest::Exactly(newest_counting(client, staged.head.row).await?);
        }
        let usage = Arc::clone(&staged.usage);
        staged
            .gain
            .names
            .retain(|model, name| usage.display_names.get(model) != Some(name));
        if staged.has_gained() {
            staged.head.version += 1;
        }
    }
    let sums: Vec<(i64, i64, FineKey, &Sum)> = sessions
        .values()
        .flat_map(|staged| {
            let (row, version) = (staged.head.row, staged.head.version);
            staged
                .gain
                .fine
                .iter()
                .map(move |(key, sum)| (row, version, *key, sum))
        })
        .collect();
    upsert_sums(client, sums).await?;
    upsert_names(client, sessions).await?;
    upsert_recorders(client, sessions).await?;
    update_sessions(client, sessions, now).await
}

/// Adds series.
pub(super) async fn insert_series(
    client: &Client,
    all: &[(i64, SeriesId, &Arc<Series>)],
) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let of = |get: fn(&Series) -> &str| -> Vec<&str> {
        all.iter().map(|(_, _, series)| get(series)).collect()
    };
    let sessions: Vec<i64> = all.iter().map(|(session, _, _)| *session).collect();
    let numbers: Vec<i64> = all.iter().map(|(_, number, _)| *number).collect();
    let rate_models: Vec<Option<&str>> = all
        .iter()
        .map(|(_, _, series)| series.rate_model.as_deref())
        .collect();
    let metrics: Vec<String> = all
        .iter()
        .map(|(_, _, series)| columns::metrics_column(&series.metrics))
        .collect();
    execute(
        client,
        "INSERT INTO series (session, number, service, model, rate_model, model_display_name, stage, outcome, variant, \
         reservation_id, metrics) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], \
         $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])",
        &[
            &sessions,
            &numbers,
            &of(|series| &series.service),
            &of(|series| &series.model),
            &rate_models,
            &of(|series| &series.model_display_name),
            &of(|series| &series.stage),
            &of(|series| series.outcome.as_str()),
            &of(|series| series.variant.as_str()),
            &of(|series| &series.reservation_id),
            &metrics,
        ],
    )
    .await?;
    Ok(())
}

/// Adds events, their keys, and what they replace. A key that somebody else has added meanwhile fails the transaction,
/// which is then tried again and sees it.
pub(super) async fn insert_events(client: &Client, added: &Added) -> Result<()> {
    if added.events.is_empty() {
        return Ok(());
    }
    // In the order of the index: two replicas that record the same ids wait for each other and never in a circle.
    let mut keys: Vec<(i64, &str, i64, i64)> = added
        .events
        .iter()
        .map(|(tenant, event)| (*tenant, &*event.id, event.n, event.hash))
        .collect();
    keys.sort_unstable();
    insert_keys(client, keys.into_iter()).await?;
    insert_rows(client, added).await
}

/// Adds keys: (tenant, id, number, hash).
pub(super) async fn insert_keys<'a>(
    client: &Client,
    keys: impl Iterator<Item = (i64, &'a str, i64, i64)>,
) -> Result<()> {
    let (mut tenants, mut ids, mut numbers, mut hashes) = (vec![], vec![], vec![], vec![]);
    for (tenant, id, n, hash) in keys {
        tenants.push(tenant);
        ids.push(id);
        numbers.push(n);
        hashes.push(hash);
    }
    execute(
        client,
        "INSERT INTO event_key (tenant, id, n, hash) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[])",
        &[&tenants, &ids, &numbers, &hashes],
    )
    .await?;
    Ok(())
}

/// Adds events without their keys, and what they replace.
pub(super) async fn insert_rows(client: &Client, added: &Added) -> Result<()> {
    let events: Vec<&EventRow> = added.events.iter().map(|(_, event)| event).collect();
    let of =
        |get: fn(&EventRow) -> i64| -> Vec<i64> { events.iter().map(|event| get(event)).collect() };
    let ids: Vec<&str> = events.iter().map(|event| &*event.id).collect();
    let (numbers, sessions, hashes) = (
        of(|event| event.n),
        of(|event| event.session),
        of(|event| event.hash),
    );
    let clock_ahead: Vec<bool> = events.iter().map(|event| event.clock_ahead).collect();
    let quantities: Vec<String> = events
        .iter()
        .map(|event| columns::numbers_column(&event.values))
        .collect();
    let replaces: Vec<Option<i64>> = events.iter().map(|event| event.replaces).collect();
    let extras: Vec<Option<&str>> = events.iter().map(|event| event.extra.as_deref()).collect();
    execute(
        client,
        "INSERT INTO event (n, session, series, id, hash, occurred_at, recorded_at, clock_ahead, scene, attempt, \
         quantities, replaces, extra) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], \
         $5::bigint[], $6::bigint[], $7::bigint[], $8::boolean[], $9::bigint[], $10::bigint[], $11::text[], \
         $12::bigint[], $13::text[])",
        &[
            &numbers,
            &sessions,
            &of(|event| event.series),
            &ids,
            &hashes,
            &of(|event| columns::us(event.occurred)),
            &of(|event| columns::us(event.recorded)),
            &clock_ahead,
            &of(|event| i64::from(event.scene)),
            &of(|event| i64::from(event.attempt)),
            &quantities,
            &replaces,
            &extras,
        ],
    )
    .await?;
    let corrections = &added.corrections;
    if !corrections.is_empty() {
        let replaced: Vec<i64> = corrections.iter().map(|(replaced, ..)| *replaced).collect();
        let replaced_ids: Vec<&str> = corrections.iter().map(|(_, id, ..)| &**id).collect();
        let numbers: Vec<i64> = corrections.iter().map(|(_, _, n, _)| *n).collect();
        let ids: Vec<&str> = corrections.iter().map(|(.., id)| &**id).collect();
        execute(
            client,
            "INSERT INTO correction (replaced, replaced_id, n, id) \
             SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[])",
            &[&replaced, &replaced_ids, &numbers, &ids],
        )
        .await?;
    }
    Ok(())
}

/// Writes sums as they will be: (session, version, key, sum). The session's lock makes this safe.
pub(super) async fn upsert_sums(
    client: &Client,
    mut sums: Vec<(i64, i64, FineKey, &Sum)>,
) -> Result<()> {
    if sums.is_empty() {
        return Ok(());
    }
    sums.sort_unstable_by_key(|(session, _, key, _)| (*session, *key));
    let of = |get: fn(&FineKey) -> i64| -> Vec<i64> {
        sums.iter().map(|(_, _, key, _)| get(key)).collect()
    };
    let sessions: Vec<i64> = sums.iter().map(|(session, ..)| *session).collect();
    let versions: Vec<i64> = sums.iter().map(|(_, version, ..)| *version).collect();
    let events: Vec<i64> = sums.iter().map(|(.., sum)| sum.events).collect();
    let mut quantities = Vec::with_capacity(sums.len());
    for (.., sum) in &sums {
        quantities.push(columns::sums_column(&sum.values)?);
    }
    let billed: Vec<Option<String>> = sums
        .iter()
        .map(|(.., sum)| columns::billed_column(&sum.billed))
        .collect();
    execute(
        client,
        "INSERT INTO rollup (session, generation, series, day, period, tier, marks, scene, attempt, events, quantities, \
         billed, version) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], \
         $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::bigint[]) \
         ON CONFLICT (session, generation, series, day, period, tier, marks, scene, attempt) DO UPDATE SET \
         events = excluded.events, quantities = excluded.quantities, billed = excluded.billed, version = excluded.version",
        &[
            &sessions,
            &of(|key| key.generation),
            &of(|key| key.class.series),
            &of(|key| key.day),
            &of(|key| columns::period_column(key.class.period)),
            &of(|key| columns::tier_column(key.class.tier)),
            &of(|key| load::marks(&key.class)),
            &of(|key| i64::from(key.scene)),
            &of(|key| i64::from(key.attempt)),
            &events,
            &quantities,
            &billed,
            &versions,
        ],
    )
    .await?;
    Ok(())
}

async fn upsert_names(client: &Client, sessions: &Sessions) -> Result<()> {
    let (mut rows, mut services, mut models, mut names) = (vec![], vec![], vec![], vec![]);
    for staged in sessions.values() {
        for ((service, model), name) in &staged.gain.names {
            rows.push(staged.head.row);
            services.push(&**service);
            models.push(&**model);
            names.push(&**name);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    execute(
        client,
        "INSERT INTO display_name (session, service, model, display_name) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) \
         ON CONFLICT (session, service, model) DO UPDATE SET display_name = excluded.display_name",
        &[&rows, &services, &models, &names],
    )
    .await?;
    Ok(())
}

async fn upsert_recorders(client: &Client, sessions: &Sessions) -> Result<()> {
    for staged in sessions.values() {
        let Some(recorders) = &staged.gain.recorders else {
            continue;
        };
        let gone: Vec<&str> = staged.gain.pushed_out.iter().map(|id| &**id).collect();
        if !gone.is_empty() {
            execute(
                client,
                "DELETE FROM recorder WHERE session = $1 AND recorder_id = ANY($2)",
                &[&staged.head.row, &gone],
            )
            .await?;
        }
        for id in &staged.gain.reported {
            let Some(backlog) = recorders.get(id) else {
                continue;
            };
            upsert_recorder(client, staged.head.row, id, backlog).await?;
        }
    }
    Ok(())
}

/// Writes what a recorder holds.
pub(super) async fn upsert_recorder(
    client: &Client,
    session: i64,
    id: &str,
    backlog: &Backlog,
) -> Result<()> {
    execute(
        client,
        "INSERT INTO recorder (session, recorder_id, pending, refused, unconfirmed, reported_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (session, recorder_id) DO UPDATE SET \
         pending = excluded.pending, refused = excluded.refused, unconfirmed = excluded.unconfirmed, \
         reported_at = excluded.reported_at",
        &[
            &session,
            &id,
            &backlog.pending,
            &backlog.refused,
            &backlog.unconfirmed,
            &columns::us(backlog.reported),
        ],
    )
    .await?;
    Ok(())
}

/// Writes a quota; one that is known keeps its place and its first figure.
pub(super) async fn upsert_quota(
    client: &Client,
    session: i64,
    place: i64,
    quota: &Quota,
) -> Result<()> {
    execute(
        client,
        "INSERT INTO quota (session, service, metric, place, used, quota_limit, renews_at, observed_at, first_used, tier) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (session, service, metric) DO UPDATE SET \
         used = excluded.used, quota_limit = excluded.quota_limit, renews_at = excluded.renews_at, \
         observed_at = excluded.observed_at, tier = excluded.tier",
        &[
            &session,
            &quota.service,
            &quota.metric,
            &place,
            &quota.used,
            &quota.limit,
            &quota.renews.map(columns::us),
            &columns::us(quota.observed),
            &quota.first_used,
            &quota.tier,
        ],
    )
    .await?;
    Ok(())
}

async fn update_sessions(client: &Client, sessions: &Sessions, now: Timestamp) -> Result<()> {
    let changed: Vec<&Staged> = sessions
        .values()
        .filter(|staged| staged.has_gained())
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let of = |get: fn(&Staged) -> i64| -> Vec<i64> {
        changed.iter().map(|staged| get(staged)).collect()
    };
    let maybe = |get: fn(&Staged) -> Option<i64>| -> Vec<Option<i64>> {
        changed.iter().map(|staged| get(staged)).collect()
    };
    let simulated: Vec<bool> = changed
        .iter()
        .map(|staged| {
            // A session that was there keeps what it is.
            if staged.mirror.is_some() {
                staged.usage.session.simulated
            } else {
                staged.simulated()
            }
        })
        .collect();
    execute(
        client,
        "UPDATE session SET revision = session.revision + least(news.recorded, 1), version = news.version, \
         recorded = session.recorded + news.recorded, \
         simulated = news.simulated, touched_at = $1, first_event = coalesce(session.first_event, news.first_event), \
         last_event = coalesce(news.last_event, session.last_event), last_event_at = news.last_event_at, \
         first_rated_at = news.first_rated_at, last_rated_at = news.last_rated_at \
         FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[], $6::bigint[], $7::bigint[], $8::bigint[], \
         $9::bigint[], $10::bigint[]) AS news (id, recorded, version, simulated, first_event, last_event, \
         last_event_at, first_rated_at, last_rated_at) WHERE session.id = news.id",
        &[
            &columns::us(now),
            &of(|staged| staged.head.row),
            &of(|staged| staged.gain.recorded),
            &of(|staged| staged.head.version),
            &simulated,
            &maybe(|staged| staged.gain.first_event),
            &maybe(|staged| staged.gain.last_event),
            &maybe(|staged| {
                let newest = staged.gain.newest.over(staged.usage.last_event);
                newest.map(columns::us)
            }),
            &maybe(|staged| staged.head.first_rated.map(columns::us)),
            &maybe(|staged| staged.head.last_rated.map(columns::us)),
        ],
    )
    .await?;
    Ok(())
}

/// The newest time of the events of a session that count, from the events themselves. Only needed when the newest one is
/// replaced by an older one.
pub(super) async fn newest_counting(client: &Client, session: i64) -> Result<Option<Timestamp>> {
    let found = row(
        client,
        "SELECT max(event.occurred_at) FROM event WHERE event.session = $1 \
         AND event.n > coalesce((SELECT max(session_reset.event) FROM session_reset WHERE session_reset.session = $1), 0) \
         AND NOT EXISTS (SELECT 1 FROM correction WHERE correction.replaced = event.n)",
        &[&session],
    )
    .await?;
    let newest: Option<i64> = match found {
        Some(row) => row.try_get(0)?,
        None => None,
    };
    Ok(columns::optional_time(newest)?)
}
