//! An event as a row of the ledger, and what it adds to its session.

use jiff::Timestamp;
use reelmeter_rating::Boundaries;
use tokio_postgres::Row;

use super::connection::{Client, rows};
use super::error::Result;
use crate::adapters::columns::{self, damaged};
use crate::domain::event::Billed;
use crate::domain::rollup::{Delta, Placed};
use crate::domain::series::Series;

/// The columns that [`EventRow::read`] reads, of a table named `event`.
pub(super) const COLUMNS: &str = "event.n, event.session, event.series, event.id, event.hash, event.occurred_at, \
     event.recorded_at, event.clock_ahead, event.scene, event.attempt, event.quantities, event.replaces, event.extra";

/// A row of the ledger.
#[derive(Clone, Debug)]
pub(super) struct EventRow {
    pub(super) n: i64,
    pub(super) session: i64,
    pub(super) series: i64,
    pub(super) id: String,
    pub(super) hash: i64,
    pub(super) occurred: Timestamp,
    pub(super) recorded: Timestamp,
    pub(super) clock_ahead: bool,
    pub(super) scene: u32,
    pub(super) attempt: u32,
    pub(super) values: Vec<i64>,
    pub(super) replaces: Option<i64>,
    pub(super) extra: Option<String>,
}

impl EventRow {
    /// Reads the columns of [`COLUMNS`].
    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            n: row.try_get(0)?,
            session: row.try_get(1)?,
            series: row.try_get(2)?,
            id: row.try_get(3)?,
            hash: row.try_get(4)?,
            occurred: columns::time(row.try_get(5)?)?,
            recorded: columns::time(row.try_get(6)?)?,
            clock_ahead: row.try_get(7)?,
            scene: small(row, 8)?,
            attempt: small(row, 9)?,
            values: columns::numbers(row.try_get(10)?)?,
            replaces: row.try_get(11)?,
            extra: row.try_get(12)?,
        })
    }

    /// The rows of these numbers; those whose partition was dropped are not there.
    pub(super) async fn get(client: &Client, numbers: &[i64]) -> Result<Vec<Self>> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT {COLUMNS} FROM event WHERE n = ANY($1)");
        let found = rows(client, &sql, &[&numbers]).await?;
        found.iter().map(Self::read).collect()
    }

    /// The time that it is rated by.
    pub(super) fn rated(&self) -> Timestamp {
        if self.clock_ahead {
            self.recorded
        } else {
            self.occurred
        }
    }

    /// What providers billed for it.
    pub(super) fn billed(&self) -> Result<Vec<Billed>> {
        Ok(columns::extra(self.extra.as_deref())?.1)
    }

    /// What it adds to its session.
    pub(super) fn delta(
        &self,
        series: &Series,
        boundaries: &Boundaries,
        generation: i64,
        sign: i64,
    ) -> Result<Delta> {
        let billed = self.billed()?;
        let placed = Placed {
            id: self.series,
            series,
            values: &self.values,
            billed: &billed,
            rated: self.rated(),
            clock_ahead: self.clock_ahead,
            scene: self.scene,
            attempt: self.attempt,
        };
        Ok(placed
            .delta(boundaries, generation, sign)
            .map_err(|error| damaged("an event", &error.to_string()))?)
    }
}

/// A scene or an attempt.
pub(super) fn small(row: &Row, column: usize) -> Result<u32> {
    let value: i64 = row.try_get(column)?;
    Ok(u32::try_from(value).map_err(|_| damaged("a small number", &value.to_string()))?)
}
