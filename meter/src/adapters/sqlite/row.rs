//! An event as a row of the ledger, and what it adds to its session.

use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::Boundaries;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::codec;
use super::error::{Result, damaged};
use super::tail::{Delta, FineKey, Times};
use crate::application::Error;
use crate::domain::event::{Billed, Values};
use crate::domain::event_id::EventId;
use crate::domain::rollup::Placed;
use crate::domain::series::Series;

/// The recorder's clock was ahead: the event is rated by the time of receipt.
pub(super) const CLOCK_AHEAD: i64 = 1;
/// The first event of its session in its transaction: the transaction is one revision.
pub(super) const FIRST_IN_TRANSACTION: i64 = 2;
/// How many quantities have a column of their own.
pub(super) const COLUMNS: usize = 4;

/// The columns that [`EventRow::read`] reads, of a table named `event`.
pub(super) const EVENT_COLUMNS: &str = "event.n, event.id, event.hash, event.series, event.at, event.lag, event.flags, \
     event.scene, event.attempt, event.q1, event.q2, event.q3, event.q4, event.more, event.replaces, event.extra";

const INSERT: &str = "INSERT INTO event (n, id, hash, series, at, lag, flags, scene, attempt, q1, q2, q3, q4, more, replaces, extra) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

/// A row of the ledger.
#[derive(Clone, Debug)]
pub(super) struct EventRow {
    pub(super) n: i64,
    pub(super) id: EventId,
    pub(super) hash: i64,
    pub(super) series: i64,
    pub(super) occurred: Timestamp,
    pub(super) recorded: Timestamp,
    pub(super) flags: i64,
    pub(super) scene: u32,
    pub(super) attempt: u32,
    pub(super) values: Values,
    pub(super) replaces: Option<i64>,
    pub(super) extra: Option<String>,
}

impl EventRow {
    /// Reads the columns of [`EVENT_COLUMNS`].
    pub(super) fn read(row: &Row<'_>) -> Result<Self> {
        let at: i64 = row.get(4)?;
        let lag: i64 = row.get(5)?;
        let mut values = Values::with_capacity(COLUMNS);
        for column in 9..9 + COLUMNS {
            match row.get(column)? {
                Some(value) => values.push(value),
                None => break,
            }
        }
        if let Some(more) = row.get::<_, Option<String>>(13)? {
            values.extend(codec::numbers(&more)?);
        }
        Ok(Self {
            n: row.get(0)?,
            id: row.get(1)?,
            hash: row.get(2)?,
            series: row.get(3)?,
            occurred: codec::time(at)?,
            recorded: codec::time(at.saturating_add(lag))?,
            flags: row.get(6)?,
            scene: row.get(7)?,
            attempt: row.get(8)?,
            values,
            replaces: row.get(14)?,
            extra: row.get(15)?,
        })
    }

    /// The row of a number.
    pub(super) fn get(connection: &Connection, n: i64) -> Result<Option<Self>> {
        let mut statement = connection
            .prepare_cached(&format!("SELECT {EVENT_COLUMNS} FROM event WHERE n = ?1"))?;
        let found = statement
            .query_row(params![n], |row| Ok(Self::read(row)))
            .optional()?;
        found.transpose()
    }

    /// Appends the row.
    pub(super) fn insert(&self, connection: &Connection) -> Result<()> {
        let column = |place: usize| self.values.get(place).copied();
        let more = self
            .values
            .get(COLUMNS..)
            .filter(|rest| !rest.is_empty())
            .map(codec::numbers_column);
        let at = codec::us(self.occurred);
        connection.prepare_cached(INSERT)?.execute(params![
            self.n,
            self.id,
            self.hash,
            self.series,
            at,
            codec::us(self.recorded).saturating_sub(at),
            self.flags,
            self.scene,
            self.attempt,
            column(0),
            column(1),
            column(2),
            column(3),
            more,
            self.replaces,
            self.extra,
        ])?;
        Ok(())
    }

    pub(super) fn is_clock_ahead(&self) -> bool {
        self.flags & CLOCK_AHEAD != 0
    }

    /// When it happened, and by which time it is rated.
    pub(super) fn times(&self) -> Times {
        let rated = if self.is_clock_ahead() {
            self.recorded
        } else {
            self.occurred
        };
        Times {
            occurred: self.occurred,
            rated,
        }
    }

    /// What providers billed for it.
    pub(super) fn billed(&self) -> Result<Vec<Billed>> {
        Ok(codec::extra(self.extra.as_deref())?.1)
    }

    /// Where in the rollups it is added up.
    pub(super) fn fine_key(
        &self,
        series: &Series,
        boundaries: &Boundaries,
        generation: i64,
    ) -> Result<FineKey> {
        self.placed(series, &[])
            .key(boundaries, generation)
            .map_err(|error| damaged("an event", &error.to_string()))
    }

    fn placed<'a>(&'a self, series: &'a Series, billed: &'a [Billed]) -> Placed<'a> {
        Placed {
            id: self.series,
            series,
            values: &self.values,
            billed,
            rated: self.times().rated,
            clock_ahead: self.is_clock_ahead(),
            scene: self.scene,
            attempt: self.attempt,
        }
    }

    /// What it adds to its session.
    pub(super) fn delta(
        &self,
        series: &Series,
        boundaries: &Boundaries,
        generation: i64,
        sign: i64,
    ) -> Result<Delta> {
        let billed = if self.extra.is_some() {
            self.billed()?
        } else {
            Vec::new()
        };
        self.placed(series, &billed)
            .delta(boundaries, generation, sign)
            .map_err(|error| damaged("an event", &error.to_string()))
    }
}

/// The columns that [`read_series`] reads, of a table named `series`.
pub(super) const SERIES_COLUMNS: &str = "series.id, series.service, series.model, series.rate_model, \
     series.model_display_name, series.stage, series.outcome, series.variant, series.reservation_id, series.metrics";

/// Reads the columns of [`SERIES_COLUMNS`].
pub(super) fn read_series(row: &Row<'_>) -> Result<(i64, Arc<Series>)> {
    let name = |column: usize| {
        row.get::<_, String>(column)
            .map(reelmeter_rating::Name::from)
    };
    let series = Series {
        service: name(1)?,
        model: name(2)?,
        rate_model: row
            .get::<_, Option<String>>(3)?
            .map(reelmeter_rating::Name::from),
        model_display_name: name(4)?,
        stage: name(5)?,
        outcome: codec::word("an outcome", &row.get::<_, String>(6)?)?,
        variant: codec::word("a variant", &row.get::<_, String>(7)?)?,
        reservation_id: name(8)?,
        metrics: codec::metrics(&row.get::<_, String>(9)?)?,
    };
    Ok((row.get(0)?, Arc::new(series)))
}

/// Adds a series of a session.
pub(super) fn insert_series(
    connection: &Connection,
    id: i64,
    session: i64,
    series: &Series,
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO series (id, session, service, model, rate_model, model_display_name, stage, outcome, variant, \
         reservation_id, metrics) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    statement.execute(params![
        id,
        session,
        &*series.service,
        &*series.model,
        series.rate_model.as_deref(),
        &*series.model_display_name,
        &*series.stage,
        series.outcome.as_str(),
        series.variant.as_str(),
        &*series.reservation_id,
        codec::metrics_column(&series.metrics),
    ])?;
    Ok(())
}

/// Turns rows into values, stopping at the first that fails.
pub(super) fn collect<T>(
    statement: &mut rusqlite::Statement<'_>,
    parameters: impl rusqlite::Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok::<_, Error>(found)
}
