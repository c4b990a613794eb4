//! Overrides that are set at run time, and what a new date among the rates means for sessions that run.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::{Boundaries, Rate, RateTable};

use super::connection::{Client, execute, rows};
use super::error::Result;
use super::ledger::PostgresLedger;
use super::shared::{Rates, Shared};
use super::{audit, fine, load, stage, write};
use crate::adapters::columns;
use crate::application::Error;
use crate::application::ports::{Answer, RateFilter};
use crate::application::rules;
use crate::domain::audit::Note;
use crate::domain::rollup::sorts_anew;
use crate::domain::tenant_prices::{EVERYONE, TenantPrices};

/// A change of prices: what they will be, whose entry of the audit trail it is, and how many overrides go.
type Wanted<'a> = (TenantPrices, &'a str, Note, usize);

impl PostgresLedger {
    pub(super) fn set_rates(
        &mut self,
        tenant: &Arc<str>,
        actor: &Arc<str>,
        rates: &[Rate],
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        self.adopt(tenant, now, |prices| {
            let (prices, note) =
                rules::set_rates(prices, tenant, Arc::clone(actor), rates.to_vec())?;
            Ok(Some((prices, tenant, note, 0)))
        })
    }

    pub(super) fn reset_rates(
        &mut self,
        tenant: &Arc<str>,
        actor: &Arc<str>,
        filter: &RateFilter,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        self.adopt(tenant, now, |prices| {
            let reset = rules::reset_rates(prices, tenant, Arc::clone(actor), filter);
            Ok(reset.map(|(prices, note, removed)| (prices, &**tenant, note, removed)))
        })
    }

    /// Other prices beneath the overrides of every tenant, for all replicas; answers with those of the one who asks.
    pub(super) fn reprice(
        &mut self,
        tenant: &Arc<str>,
        actor: &Arc<str>,
        table: &RateTable,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        self.adopt(tenant, now, |prices| {
            let repriced = rules::reprice(prices, Arc::clone(actor), table);
            Ok(repriced.map(|(prices, note)| (prices, EVERYONE, note, 0)))
        })
    }

    /// Makes other prices those in force, for every replica. What they will be is decided with the store's row locked,
    /// from what the store says then.
    fn adopt<'a>(
        &mut self,
        tenant: &str,
        now: Timestamp,
        wanted: impl Fn(&TenantPrices) -> std::result::Result<Option<Wanted<'a>>, Error>,
    ) -> std::result::Result<Answer, Error> {
        let (rates, removed) = self.transact("BEGIN", async |client, shared| {
            let known = stage::sync_rates(client, shared, "FOR UPDATE").await?;
            let Some((prices, noted_for, note, removed)) = wanted(&known.prices)? else {
                return Ok((None, 0));
            };
            audit::add(client, noted_for, &note, now).await?;
            let rates = keep(client, shared, &known, prices).await?;
            Ok((Some(rates), removed))
        })?;
        let shared = self.shared();
        if let Some(rates) = rates {
            shared.take_rates(rates);
            shared.changed.notify_one();
        }
        Ok(Answer::Prices {
            prices: shared.prices(tenant),
            removed,
        })
    }
}

/// Writes prices and sorts the events of running sessions by their dates. With the store's row locked.
pub(super) async fn keep(
    client: &Client,
    shared: &Shared,
    known: &Rates,
    prices: TenantPrices,
) -> Result<Rates> {
    let everyone = prices.everyone();
    let revision = known.revision + 1;
    execute(
        client,
        "UPDATE store SET price_revision = $1, rates = $2, rates_revision = $3 WHERE id = 1",
        &[&revision, &everyone.table.freeze(), &everyone.revision],
    )
    .await?;
    for (tenant, own) in prices.own() {
        execute(
            client,
            "INSERT INTO tenant_override (tenant, rates, revision) VALUES ($1, $2, $3) \
             ON CONFLICT (tenant) DO UPDATE SET rates = excluded.rates, revision = excluded.revision",
            &[&&**tenant, &rules::kept(own).to_toml(), &own.revision],
        )
        .await?;
    }
    let added = rules::added_boundaries(&prices, &known.boundaries);
    let mut boundaries = known.boundaries.clone();
    if !added.is_empty() {
        boundaries.extend(&added);
        resort(client, shared, &known.boundaries, &added).await?;
    }
    Ok(Rates {
        revision,
        prices,
        sorted_by: Arc::new(Boundaries::new(boundaries.iter().copied())),
        boundaries,
    })
}

/// Adds boundaries and sorts the events of those running sessions again that have some on both sides. Ended sessions keep
/// their own prices, so new dates mean nothing to them.
async fn resort(
    client: &Client,
    shared: &Shared,
    known: &[Timestamp],
    added: &[Timestamp],
) -> Result<()> {
    for (place, instant) in added.iter().enumerate() {
        let id = i32::try_from(known.len() + place + 1).unwrap_or(i32::MAX);
        execute(
            client,
            "INSERT INTO boundary (id, at) VALUES ($1, $2)",
            &[&id, &columns::us(*instant)],
        )
        .await?;
    }
    let all: Vec<Timestamp> = known.iter().chain(added).copied().collect();
    let sorted_by = Boundaries::new(all.iter().copied());
    let before = Boundaries::new(known.iter().copied());
    let running = rows(
        client,
        "SELECT id, first_rated_at, last_rated_at FROM session WHERE ended_at IS NULL \
         ORDER BY tenant, session_id FOR UPDATE",
        &[],
    )
    .await?;
    let mut numbers = Vec::with_capacity(running.len());
    for row in &running {
        let number: i64 = row.try_get(0)?;
        numbers.push(number);
        let (first, last) = (
            columns::optional_time(row.try_get(1)?)?,
            columns::optional_time(row.try_get(2)?)?,
        );
        if added
            .iter()
            .any(|date| sorts_anew(*date, &before, first, last))
        {
            rebuild(client, shared, number, &sorted_by).await?;
        }
    }
    let count = i32::try_from(all.len()).unwrap_or(i32::MAX);
    execute(
        client,
        "UPDATE session SET boundaries = $1, version = version + 1 WHERE id = ANY($2)",
        &[&count, &numbers],
    )
    .await?;
    Ok(())
}

/// Builds a session's rollups again from its events, sorted by these boundaries.
async fn rebuild(
    client: &Client,
    shared: &Shared,
    number: i64,
    boundaries: &Boundaries,
) -> Result<()> {
    let stored = load::one(client, &shared.snapshots, number).await?;
    let sums = fine::sums_from_events(client, &stored, boundaries).await?;
    let events = |sums: &HashMap<crate::domain::rollup::FineKey, crate::domain::usage::Sum>| {
        sums.values().map(|sum| sum.events).sum::<i64>()
    };
    if events(&sums) != events(&stored.fine) {
        tracing::warn!(
            session_id = %stored.usage.session.session_id,
            "some of this session's events were dropped: it stays sorted by the dates it was sorted by, and a rate that starts within it is not used for what came before"
        );
        return Ok(());
    }
    execute(client, "DELETE FROM rollup WHERE session = $1", &[&number]).await?;
    let version = stored.head.version + 1;
    let sums = sums
        .iter()
        .map(|(key, sum)| (number, version, *key, sum))
        .collect();
    write::upsert_sums(client, sums).await
}
