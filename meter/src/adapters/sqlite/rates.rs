//! Overrides that are set at run time, and what a new date among the rates means for sessions that run.

use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use reelmeter_rating::{Boundaries, Layer, Overrides, Rate, RateTable};
use rusqlite::{Connection, params};

use super::audit::EVERYONE;
use super::codec;
use super::error::Result;
use super::fine;
use super::fold::add_to_rollup;
use super::ledger::SqliteLedger;
use super::load;
use super::row::collect;
use super::tenant_prices::TenantPrices;
use crate::application::Error;
use crate::application::ports::{Answer, RateFilter};
use crate::domain::audit::{self, Action, Note};
use crate::domain::limits::OVERRIDES_MAX;
use crate::domain::summary::Prices;

impl SqliteLedger {
    pub(super) fn set_rates(
        &mut self,
        tenant: &Arc<str>,
        actor: Arc<str>,
        rates: Vec<Rate>,
        now: Timestamp,
    ) -> Result<Answer> {
        let prices = self.shared.prices(tenant);
        let mut overrides = overrides(&prices);
        for rate in rates {
            overrides.set(rate);
        }
        if overrides.rates().len() > OVERRIDES_MAX {
            return Err(Error::Precondition(format!(
                "with these there were {} overrides; at most {OVERRIDES_MAX} are kept, take some back with ResetRates",
                overrides.rates().len()
            )));
        }
        self.adopt_overrides(
            tenant,
            (actor, Action::SetRates),
            &prices,
            overrides,
            0,
            now,
        )
    }

    pub(super) fn reset_rates(
        &mut self,
        tenant: &Arc<str>,
        actor: Arc<str>,
        filter: &RateFilter,
        now: Timestamp,
    ) -> Result<Answer> {
        let prices = self.shared.prices(tenant);
        let mut overrides = overrides(&prices);
        let model = filter.model.as_deref().map(Some);
        let removed = overrides.reset(filter.service.as_deref(), model, filter.metric.as_deref());
        if removed == 0 {
            return Ok(Answer::Prices { prices, removed });
        }
        self.adopt_overrides(
            tenant,
            (actor, Action::ResetRates),
            &prices,
            overrides,
            removed,
            now,
        )
    }

    /// Other prices beneath the overrides of every tenant; answers with those of the one who asks.
    pub(super) fn reprice(
        &mut self,
        tenant: &Arc<str>,
        actor: Arc<str>,
        table: &RateTable,
        now: Timestamp,
    ) -> Result<Answer> {
        let repriced = self.shared.tenant_prices().over(table);
        if let Some(repriced) = repriced {
            let told = |prices: &Prices| {
                let book = prices.table.book();
                format!("price book {} as of {}", book.name(), book.as_of())
            };
            let note = Note {
                actor,
                action: Action::ChangePriceFiles,
                session_id: Arc::default(),
                before: told(&self.shared.prices(EVERYONE)),
                after: told(repriced.of(EVERYONE)),
            };
            self.adopt(repriced, (EVERYONE, &note), |_| true, now)?;
        }
        Ok(Answer::Prices {
            prices: self.shared.prices(tenant),
            removed: 0,
        })
    }

    fn adopt_overrides(
        &mut self,
        tenant: &Arc<str>,
        (actor, action): (Arc<str>, Action),
        before: &Prices,
        after: Overrides,
        removed: usize,
        now: Timestamp,
    ) -> Result<Answer> {
        let (gone, added) = audit::rate_changes(&overrides(before), &after);
        let note = Note {
            actor,
            action,
            session_id: Arc::default(),
            before: gone,
            after: added,
        };
        let prices = Prices::new(before.table.with_rpc(after), before.revision + 1);
        let all = self.shared.tenant_prices().with(tenant, prices);
        self.adopt(
            all,
            (tenant, &note),
            |concerned| *concerned == **tenant,
            now,
        )?;
        Ok(Answer::Prices {
            prices: self.shared.prices(tenant),
            removed,
        })
    }

    /// Makes these the prices in force, here and after the next start.
    fn adopt(
        &mut self,
        prices: TenantPrices,
        (noted_for, note): (&str, &Note),
        concerned: impl Fn(&str) -> bool,
        now: Timestamp,
    ) -> Result<()> {
        self.fold(now)?;
        let added = self.added_boundaries(&prices);
        let resorted = self.in_transaction(|ledger| {
            prices.keep(&ledger.connection)?;
            super::audit::add(&ledger.connection, noted_for, note, now)?;
            ledger.resort(&added)
        })?;
        *self
            .shared
            .prices
            .write()
            .unwrap_or_else(PoisonError::into_inner) = prices;
        if let Err(error) = self.use_boundaries(added, &resorted) {
            // The change is on disk. What is in memory is read anew when it is next needed.
            tracing::warn!(%error, "sessions could not be read again after a change of prices");
            self.sessions.clear();
        }
        self.shared.live.wake_tenants(concerned);
        Ok(())
    }

    /// Sorts the events of running sessions by the dates of the tables in force, as after a start with another book.
    pub(super) fn adopt_boundaries(&mut self, now: Timestamp) -> Result<()> {
        let added = self.added_boundaries(&self.shared.tenant_prices());
        if added.is_empty() {
            return Ok(());
        }
        self.fold(now)?;
        let resorted = self.in_transaction(|ledger| ledger.resort(&added))?;
        self.use_boundaries(added, &resorted)
    }

    /// The dates of any tenant's table that events are not sorted by yet. Events are kept to the microsecond, so a rate
    /// that starts within one starts with the next.
    fn added_boundaries(&self, prices: &TenantPrices) -> Vec<Timestamp> {
        let mut added: Vec<Timestamp> = prices
            .all()
            .flat_map(|prices| prices.table.boundaries().instants())
            .filter_map(|instant| {
                let whole = Timestamp::from_microsecond(instant.as_microsecond()).ok()?;
                let next = SignedDuration::from_micros(1);
                if whole < *instant {
                    whole.checked_add(next).ok()
                } else {
                    Some(whole)
                }
            })
            .filter(|instant| !self.boundaries.contains(instant))
            .collect();
        added.sort_unstable();
        added.dedup();
        added
    }

    /// Adds boundaries and sorts the events of those running sessions again that have some on both sides. Ended sessions
    /// keep their own prices, so new dates mean nothing to them. To be called inside a transaction, with nothing behind
    /// the watermark. Gives the numbers of the sessions whose sums have changed.
    fn resort(&mut self, added: &[Timestamp]) -> Result<Vec<i64>> {
        if added.is_empty() {
            return Ok(Vec::new());
        }
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO boundary (id, at) VALUES (?1, ?2)")?;
        for (place, instant) in added.iter().enumerate() {
            insert.execute(params![
                i64::from(self.boundary_count()).saturating_add_unsigned(place as u64 + 1),
                codec::us(*instant)
            ])?;
        }
        drop(insert);
        let all: Vec<Timestamp> = self.boundaries.iter().chain(added).copied().collect();
        let sorted_by = Boundaries::new(all.iter().copied());
        let mut running = self.connection.prepare_cached(
            "SELECT id, first_rated_at, last_rated_at FROM session WHERE ended_at IS NULL AND first_rated_at IS NOT NULL",
        )?;
        let running = collect(&mut running, [], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                codec::time(row.get(1)?)?,
                codec::time(row.get(2)?)?,
            ))
        })?;
        let mut resorted = Vec::new();
        for (session, first, last) in running {
            if added
                .iter()
                .any(|boundary| first < *boundary && *boundary <= last)
            {
                rebuild(&self.connection, session, &sorted_by)?;
                resorted.push(session);
            }
        }
        self.connection
            .prepare_cached("UPDATE session SET boundaries = ?1 WHERE ended_at IS NULL")?
            .execute(params![u32::try_from(all.len()).unwrap_or(u32::MAX)])?;
        Ok(resorted)
    }

    /// After the commit: sessions in memory are sorted by the new boundaries too.
    fn use_boundaries(&mut self, added: Vec<Timestamp>, resorted: &[i64]) -> Result<()> {
        if added.is_empty() {
            return Ok(());
        }
        self.boundaries.extend(added);
        self.sorted_by = Arc::new(Boundaries::new(self.boundaries.iter().copied()));
        for (_, held) in self.sessions.iter_mut() {
            let Some(live) = &held.live else { continue };
            if live.usage().session.ended.is_some() {
                continue;
            }
            held.boundaries = Arc::clone(&self.sorted_by);
            if resorted.contains(&held.row) {
                let stored = load::stored(&self.connection, &self.shared.snapshots, held.row)?;
                live.update(|usage| *usage = stored.usage);
            }
        }
        Ok(())
    }
}

/// Builds a session's rollups again from its events, sorted by these boundaries. With nothing behind the watermark.
fn rebuild(connection: &Connection, session: i64, boundaries: &Boundaries) -> Result<()> {
    let stored = load::stored(connection, &load::Snapshots::default(), session)?;
    let sums = fine::sums_from_events(connection, &stored, boundaries)?;
    connection
        .prepare_cached("DELETE FROM rollup WHERE session = ?1")?
        .execute(params![session])?;
    for (key, sum) in &sums {
        add_to_rollup(connection, session, key, sum)?;
    }
    Ok(())
}

/// The overrides that the tenant of these prices has set at run time.
fn overrides(prices: &Prices) -> Overrides {
    prices
        .table
        .overrides(Layer::Rpc)
        .cloned()
        .unwrap_or_default()
}
