//! A ledger that comes from another store: everything in one transaction, into a store that holds nothing yet.

use jiff::Timestamp;
use reelmeter_rating::RateTable;

use super::address::Address;
use super::connection::{self, Client, execute, row};
use super::error::{Failure, Result};
use super::event::EventRow;
use super::open::{self, OpenError};
use super::record::Added;
use super::shared::Shared;
use super::{load, rates, stage, write};
use crate::adapters::columns;
use crate::application::Error;
use crate::application::transfer::{self, Common, Departure, SessionOnItsWay};
use crate::domain::usage::SessionUsage;

/// Rows that are written together.
const ROWS_AT_ONCE: usize = 5_000;

/// What has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Sessions.
    pub sessions: u64,
    /// Events.
    pub events: u64,
    /// Ids, of these and of events that were moved out into files.
    pub keys: u64,
}

/// Takes over a ledger, and compares every session with what it was: all of it is there afterwards, or nothing. `table`
/// are the prices that the store's meters are set to.
///
/// # Errors
/// The database cannot be used or holds a ledger already, the other store cannot be read, or a session has become another.
pub fn import(
    address: &Address,
    table: &RateTable,
    from: &dyn Departure,
    now: Timestamp,
) -> std::result::Result<Imported, OpenError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let imported = runtime.block_on(async {
        let (shared, _here) = open::enter(address, table, now).await?;
        whole(address, &shared, table, from)
            .await
            .map_err(|failure| OpenError::Store {
                address: address.to_string(),
                source: Box::new(failure.into()),
            })
    });
    runtime.shutdown_background();
    imported
}

async fn whole(
    address: &Address,
    shared: &Shared,
    table: &RateTable,
    from: &dyn Departure,
) -> Result<Imported> {
    let client = connection::open(address).await?;
    client
        .batch_execute(
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; BEGIN",
        )
        .await?;
    // No meter comes or changes anything meanwhile: each needs this row.
    let known = stage::sync_rates(&client, shared, "FOR UPDATE").await?;
    client
        .batch_execute("LOCK TABLE session, event, event_key IN EXCLUSIVE MODE")
        .await?;
    let there = row(&client, "SELECT 1 FROM session LIMIT 1", &[]).await?;
    if there.is_some() {
        return Err(Failure::Said(Error::Precondition(
            "the database holds a ledger already; name one that is empty".to_owned(),
        )));
    }
    let common = from.common()?;
    tenants(&client, &common).await?;
    boundaries(&client, &common).await?;
    let mut imported = Imported::default();
    for number in from.sessions()? {
        session(&client, &from.session(number)?).await?;
        imported.sessions += 1;
    }
    let mut after = 0;
    loop {
        let keys = from.keys(after, ROWS_AT_ONCE)?;
        let Some(last) = keys.last() else { break };
        after = last.n;
        imported.keys += u64::try_from(keys.len()).unwrap_or(0);
        write::insert_keys(
            &client,
            keys.iter()
                .map(|key| (key.tenant, &*key.id, key.n, key.hash)),
        )
        .await?;
    }
    after = 0;
    loop {
        let events = from.events(after, ROWS_AT_ONCE)?;
        let Some(last) = events.last() else { break };
        after = last.n;
        imported.events += u64::try_from(events.len()).unwrap_or(0);
        let mut added = Added::default();
        for event in events {
            if let Some((replaced, id)) = &event.replaces {
                let correction = (*replaced, id.clone(), event.n, event.id.clone());
                added.corrections.push(correction);
            }
            let row = EventRow {
                n: event.n,
                session: event.session,
                series: event.series,
                id: event.id,
                hash: event.hash,
                occurred: event.occurred,
                recorded: event.recorded,
                clock_ahead: event.clock_ahead,
                scene: event.scene,
                attempt: event.attempt,
                values: event.values,
                replaces: event.replaces.map(|(n, _)| n),
                extra: event.extra,
            };
            added.events.push((0, row));
        }
        write::insert_rows(&client, &added).await?;
    }
    numbers(&client, &common).await?;
    audit(&client, &common).await?;
    // The overrides that came, and dates of this store's own book: running sessions are sorted by all of them.
    let arrived = super::shared::Rates {
        boundaries: common.boundaries.clone(),
        ..super::shared::Rates::clone(&known)
    };
    compare(&client, shared, from).await?;
    rates::keep(&client, shared, &arrived, transfer::prices(&common, table)).await?;
    client.batch_execute("COMMIT").await?;
    Ok(imported)
}

/// What has come says the same as what was there.
async fn compare(client: &Client, shared: &Shared, from: &dyn Departure) -> Result<()> {
    for number in from.sessions()? {
        let (was, is) = (
            from.session(number)?,
            load::one(client, &shared.snapshots, number).await?,
        );
        let same = was.usage == is.usage && was.fine == is.fine;
        if !same {
            return Err(Failure::Said(Error::Internal(format!(
                "session `{}` has become another: {:?} was there and {:?} has come",
                was.usage.session.session_id, was.usage, is.usage
            ))));
        }
    }
    Ok(())
}

async fn tenants(client: &Client, common: &Common) -> Result<()> {
    for (number, name) in &common.tenants {
        execute(
            client,
            "INSERT INTO tenant (id, name) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
            &[number, name],
        )
        .await?;
    }
    Ok(())
}

async fn boundaries(client: &Client, common: &Common) -> Result<()> {
    execute(client, "DELETE FROM boundary", &[]).await?;
    for (place, at) in common.boundaries.iter().enumerate() {
        let id = i32::try_from(place + 1).unwrap_or(i32::MAX);
        execute(
            client,
            "INSERT INTO boundary (id, at) VALUES ($1, $2)",
            &[&id, &columns::us(*at)],
        )
        .await?;
    }
    Ok(())
}

/// New numbers begin behind those that came.
async fn numbers(client: &Client, common: &Common) -> Result<()> {
    execute(
        client,
        "SELECT setval('event_n', greatest($1::bigint, 1))",
        &[&common.last_event],
    )
    .await?;
    for table in ["tenant", "session"] {
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), \
             greatest((SELECT max(id) FROM {table}), 1))"
        );
        execute(client, &sql, &[]).await?;
    }
    Ok(())
}

async fn audit(client: &Client, common: &Common) -> Result<()> {
    for (tenant, entry) in &common.audit {
        super::audit::add(client, tenant, &entry.note, entry.at).await?;
    }
    Ok(())
}

async fn session(client: &Client, from: &SessionOnItsWay) -> Result<()> {
    let usage = &from.usage;
    let ended = usage.session.ended.as_ref();
    let hash = match ended {
        Some(ended) => {
            let rates = ended.prices.table.freeze();
            let hash = blake3::hash(rates.as_bytes()).as_bytes().to_vec();
            execute(
                client,
                "INSERT INTO price_snapshot (hash, rates) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
                &[&hash, &rates],
            )
            .await?;
            Some(hash)
        }
        None => None,
    };
    let generation = i64::try_from(from.resets.len()).unwrap_or(i64::MAX);
    let boundaries = i32::try_from(from.boundaries).unwrap_or(i32::MAX);
    execute(
        client,
        "INSERT INTO session (id, tenant, session_id, title, labels, simulated, started_at, ended_at, prices, \
         price_revision, revision, version, generation, boundaries, budget, touched_at, recorded, first_event, last_event, \
         last_event_at, first_rated_at, last_rated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, \
         $14, $15, $16, $17, $18, $19, $20, $21)",
        &[
            &from.number,
            &from.tenant,
            &&*usage.session.session_id,
            &&*usage.session.title,
            &columns::labels_column(&usage.session.labels),
            &usage.session.simulated,
            &columns::us(usage.session.started),
            &ended.map(|ended| columns::us(ended.at)),
            &hash,
            &ended.map(|ended| ended.prices.revision),
            &usage.revision,
            &generation,
            &boundaries,
            &usage.budget.as_ref().map(columns::cap_column),
            &columns::us(from.touched),
            &from.recorded,
            &from.events.0,
            &from.events.1,
            &usage.last_event.map(columns::us),
            &from.rated.0.map(columns::us),
            &from.rated.1.map(columns::us),
        ],
    )
    .await?;
    for (label, value) in usage.session.labels.iter() {
        execute(
            client,
            "INSERT INTO session_label (label, value, session) VALUES ($1, $2, $3)",
            &[label, value, &from.number],
        )
        .await?;
    }
    for (place, (event, at)) in from.resets.iter().enumerate() {
        let generation = i64::try_from(place + 1).unwrap_or(i64::MAX);
        execute(
            client,
            "INSERT INTO session_reset (session, generation, event, at) VALUES ($1, $2, $3, $4)",
            &[&from.number, &generation, event, &columns::us(*at)],
        )
        .await?;
    }
    let series: Vec<_> = usage
        .series
        .iter()
        .map(|(id, series)| (from.number, *id, series))
        .collect();
    write::insert_series(client, &series).await?;
    let sums: Vec<_> = from
        .fine
        .iter()
        .map(|(key, sum)| (from.number, 0, *key, sum))
        .collect();
    write::upsert_sums(client, sums).await?;
    held(client, from.number, usage).await
}

/// What a session holds beside its sums.
async fn held(client: &Client, number: i64, usage: &SessionUsage) -> Result<()> {
    for ((service, model), name) in &usage.display_names {
        execute(
            client,
            "INSERT INTO display_name (session, service, model, display_name) VALUES ($1, $2, $3, $4)",
            &[&number, &&**service, &&**model, &&**name],
        )
        .await?;
    }
    for (id, backlog) in &usage.recorders {
        write::upsert_recorder(client, number, id, backlog).await?;
    }
    for (place, quota) in usage.quotas.iter().enumerate() {
        write::upsert_quota(
            client,
            number,
            i64::try_from(place).unwrap_or(i64::MAX),
            quota,
        )
        .await?;
    }
    for reservation in usage.reservations.values() {
        execute(
            client,
            "INSERT INTO reservation (session, reservation_id, amount, expires_at, released_at, recorder_id) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                &number,
                &&*reservation.reservation_id,
                &columns::cap_column(&reservation.amount),
                &columns::us(reservation.expires),
                &reservation.released.map(columns::us),
                &reservation.recorder_id,
            ],
        )
        .await?;
    }
    Ok(())
}
