//! Overrides that are set at run time, and what a new date among the rates means for sessions that run.

use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use reelmeter_rating::{Boundaries, Rate, RateTable};
use rusqlite::{Connection, params};

use super::archived;
use super::codec;
use super::error::Result;
use super::fine;
use super::fold::add_to_rollup;
use super::ledger::SqliteLedger;
use super::load;
use super::row::collect;
use super::tenant_prices::{self, TenantPrices};
use crate::application::ports::{Answer, RateFilter};
use crate::application::rules;
use crate::domain::audit::Note;
use crate::domain::rollup::sorts_anew;
use crate::domain::tenant_prices::EVERYONE;

impl SqliteLedger {
    pub(super) fn set_rates(
        &mut self,
        tenant: &Arc<str>,
        actor: Arc<str>,
        rates: Vec<Rate>,
        now: Timestamp,
    ) -> Result<Answer> {
        let (prices, note) = rules::set_rates(&self.shared.tenant_prices(), tenant, actor, rates)?;
        self.adopt(prices, (tenant, &note), |one| *one == **tenant, now)?;
        Ok(self.prices_of(tenant, 0))
    }

    pub(super) fn reset_rates(
        &mut self,
        tenant: &Arc<str>,
        actor: Arc<str>,
        filter: &RateFilter,
        now: Timestamp,
    ) -> Result<Answer> {
        let reset = rules::reset_rates(&self.shared.tenant_prices(), tenant, actor, filter);
        let Some((prices, note, removed)) = reset else {
            return Ok(self.prices_of(tenant, 0));
        };
        self.adopt(prices, (tenant, &note), |one| *one == **tenant, now)?;
        Ok(self.prices_of(tenant, removed))
    }

    /// Other prices beneath the overrides of every tenant; answers with those of the one who asks.
    pub(super) fn reprice(
        &mut self,
        tenant: &Arc<str>,
        actor: Arc<str>,
        table: &RateTable,
        now: Timestamp,
    ) -> Result<Answer> {
        let repriced = rules::reprice(&self.shared.tenant_prices(), actor, table);
        if let Some((prices, note)) = repriced {
            self.adopt(prices, (EVERYONE, &note), |_| true, now)?;
        }
        Ok(self.prices_of(tenant, 0))
    }

    fn prices_of(&self, tenant: &str, removed: usize) -> Answer {
        Answer::Prices {
            prices: self.shared.prices(tenant),
            removed,
        }
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
        let added = rules::added_boundaries(&prices, &self.boundaries);
        let resorted = self.in_transaction(|ledger| {
            tenant_prices::keep(&ledger.connection, &prices)?;
            super::audit::add(&ledger.connection, noted_for, note, now)?;
            archived::check_undivided(&ledger.connection, None, added.iter().copied())?;
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
        let added = rules::added_boundaries(&self.shared.tenant_prices(), &self.boundaries);
        if added.is_empty() {
            return Ok(());
        }
        self.fold(now)?;
        if let Err(error) = archived::check_undivided(&self.connection, None, added.iter().copied())
        {
            // A start is not refused for it: those events keep the price before the date.
            tracing::warn!(%error, "prices were changed within a day whose events were moved out of the ledger");
        }
        let resorted = self.in_transaction(|ledger| ledger.resort(&added))?;
        self.use_boundaries(added, &resorted)
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
        let known = Boundaries::new(self.boundaries.iter().copied());
        let mut resorted = Vec::new();
        for (session, first, last) in running {
            if added
                .iter()
                .any(|date| sorts_anew(*date, &known, Some(first), Some(last)))
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
