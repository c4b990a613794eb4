//! Overrides that are set at run time, and what a new date among the rates means for sessions that run.

use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use reelmeter_rating::{Boundaries, Layer, Overrides, Rate, RateTable};
use rusqlite::{Connection, OptionalExtension, params};

use super::codec;
use super::error::{Result, damaged};
use super::fine;
use super::fold::add_to_rollup;
use super::ledger::SqliteLedger;
use super::load;
use super::row::collect;
use crate::application::Error;
use crate::application::ports::{Answer, RateFilter};
use crate::domain::limits::OVERRIDES_MAX;
use crate::domain::summary::Prices;

const KEPT_OVERRIDES: &str = "SELECT value FROM meta WHERE name = 'overrides'";

/// A table with the overrides that were set at run time and kept.
pub(super) fn with_kept_overrides(connection: &Connection, table: &RateTable) -> Result<Prices> {
    let text: Option<String> = connection
        .query_row(KEPT_OVERRIDES, [], |row| row.get(0))
        .optional()?;
    let kept = match &text {
        Some(text) => Overrides::from_toml("kept overrides", text)
            .map_err(|error| damaged("the overrides", &error.to_string()))?,
        None => Overrides::none(),
    };
    let revision: Option<i64> = connection
        .query_row(
            "SELECT value FROM meta WHERE name = 'price_revision'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(Prices::new(table.with_rpc(kept), revision.unwrap_or(0)))
}

impl SqliteLedger {
    pub(super) fn set_rates(&mut self, rates: Vec<Rate>, now: Timestamp) -> Result<Answer> {
        let prices = self.shared.prices();
        let mut overrides = prices
            .table
            .overrides(Layer::Rpc)
            .cloned()
            .unwrap_or_default();
        for rate in rates {
            overrides.set(rate);
        }
        if overrides.rates().len() > OVERRIDES_MAX {
            return Err(Error::Precondition(format!(
                "with these there were {} overrides; at most {OVERRIDES_MAX} are kept, take some back with ResetRates",
                overrides.rates().len()
            )));
        }
        self.adopt_overrides(&prices, overrides, 0, now)
    }

    pub(super) fn reset_rates(&mut self, filter: &RateFilter, now: Timestamp) -> Result<Answer> {
        let prices = self.shared.prices();
        let mut overrides = prices
            .table
            .overrides(Layer::Rpc)
            .cloned()
            .unwrap_or_default();
        let model = filter.model.as_deref().map(Some);
        let removed = overrides.reset(filter.service.as_deref(), model, filter.metric.as_deref());
        if removed == 0 {
            return Ok(Answer::Prices { prices, removed });
        }
        self.adopt_overrides(&prices, overrides, removed, now)
    }

    pub(super) fn reprice(&mut self, table: &RateTable, now: Timestamp) -> Result<Answer> {
        let prices = self.shared.prices();
        let kept = prices
            .table
            .overrides(Layer::Rpc)
            .cloned()
            .unwrap_or_default();
        let table = table.with_rpc(kept);
        if table == prices.table {
            return Ok(Answer::Prices { prices, removed: 0 });
        }
        self.adopt(Prices::new(table, prices.revision + 1), 0, now)
    }

    fn adopt_overrides(
        &mut self,
        before: &Prices,
        overrides: Overrides,
        removed: usize,
        now: Timestamp,
    ) -> Result<Answer> {
        self.adopt(
            Prices::new(before.table.with_rpc(overrides), before.revision + 1),
            removed,
            now,
        )
    }

    /// Makes these the prices in force, here and after the next start.
    fn adopt(&mut self, prices: Prices, removed: usize, now: Timestamp) -> Result<Answer> {
        let text = prices
            .table
            .overrides(Layer::Rpc)
            .map(Overrides::to_toml)
            .unwrap_or_default();
        let prices = Arc::new(prices);
        self.fold(now)?;
        let added = self.added_boundaries(&prices.table);
        let resorted = self.in_transaction(|ledger| {
            let mut keep = ledger
                .connection
                .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?;
            keep.execute(params!["overrides", text])?;
            keep.execute(params!["price_revision", prices.revision])?;
            drop(keep);
            ledger.resort(&added)
        })?;
        *self
            .shared
            .prices
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::clone(&prices);
        if let Err(error) = self.use_boundaries(added, &resorted) {
            // The change is on disk. What is in memory is read anew when it is next needed.
            tracing::warn!(%error, "sessions could not be read again after a change of prices");
            self.sessions.clear();
        }
        self.shared.live.wake_all();
        Ok(Answer::Prices { prices, removed })
    }

    /// Sorts the events of running sessions by the dates of the table in force, as after a start with another book.
    pub(super) fn adopt_boundaries(&mut self, now: Timestamp) -> Result<()> {
        let added = self.added_boundaries(&self.shared.prices().table);
        if added.is_empty() {
            return Ok(());
        }
        self.fold(now)?;
        let resorted = self.in_transaction(|ledger| ledger.resort(&added))?;
        self.use_boundaries(added, &resorted)
    }

    /// The dates of a table that events are not sorted by yet. Events are kept to the microsecond, so a rate that starts
    /// within one starts with the next.
    fn added_boundaries(&self, table: &RateTable) -> Vec<Timestamp> {
        let mut added: Vec<Timestamp> = table
            .boundaries()
            .instants()
            .iter()
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
