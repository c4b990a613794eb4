//! Appending events, many in a statement: most of what a statement of one row costs is the statement.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rusqlite::Connection;

use super::codec;
use super::error::Result;
use super::row::{COLUMNS, EventRow};

/// Rows of a statement: the most, and for what is left over.
const CHUNKS: [usize; 3] = [32, 8, 1];
/// The columns that nearly every event has, in front of its quantities.
const PLAIN_COLUMNS: usize = 9;

/// Events that wait to be written together. They are in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct NewRows {
    rows: Vec<EventRow>,
    /// The statements, by their rows and quantities.
    statements: BTreeMap<(usize, usize), String>,
}

impl NewRows {
    /// Appends an event, now or with those that come.
    pub(super) fn add(&mut self, connection: &Connection, row: EventRow) -> Result<()> {
        if !is_plain(&row) {
            self.write(connection)?;
            return row.insert(connection);
        }
        self.rows.push(row);
        let [most, ..] = CHUNKS;
        if self.rows.len() >= most {
            self.write(connection)?;
        }
        Ok(())
    }

    /// Writes what waits. To be called before events are read in the same transaction, and before it is committed.
    pub(super) fn write(&mut self, connection: &Connection) -> Result<()> {
        let Self { rows, statements } = self;
        let mut rest = rows.as_slice();
        let quantities = rest.iter().map(|row| row.values.len()).max().unwrap_or(0);
        for chunk in CHUNKS {
            while let Some((some, left)) = rest.split_at_checked(chunk) {
                let statement = statements
                    .entry((chunk, quantities))
                    .or_insert_with(|| sql(chunk, quantities));
                insert(connection, statement, some, quantities)?;
                rest = left;
            }
        }
        rows.clear();
        Ok(())
    }

    /// Forgets what waits, as after a transaction that failed.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }
}

/// Whether a row has nothing but the columns that nearly every event has.
fn is_plain(row: &EventRow) -> bool {
    row.values.len() <= COLUMNS && row.replaces.is_none() && row.extra.is_none()
}

fn insert(connection: &Connection, sql: &str, rows: &[EventRow], quantities: usize) -> Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut place = 0;
    for row in rows {
        let at = codec::us(row.occurred);
        let lag = codec::us(row.recorded).saturating_sub(at);
        let numbers = [
            row.hash,
            row.series,
            at,
            lag,
            row.flags,
            i64::from(row.scene),
            i64::from(row.attempt),
        ];
        statement.raw_bind_parameter(place + 1, row.n)?;
        statement.raw_bind_parameter(place + 2, &row.id)?;
        for (column, number) in numbers.into_iter().enumerate() {
            statement.raw_bind_parameter(place + 3 + column, number)?;
        }
        for column in 0..quantities {
            let value = row.values.get(column);
            statement.raw_bind_parameter(place + PLAIN_COLUMNS + 1 + column, value)?;
        }
        place += PLAIN_COLUMNS + quantities;
    }
    statement.raw_execute()?;
    Ok(())
}

fn sql(rows: usize, quantities: usize) -> String {
    let mut sql =
        "INSERT INTO event (n, id, hash, series, at, lag, flags, scene, attempt".to_owned();
    for column in 1..=quantities {
        // Writing into a text does not fail.
        let _ = write!(sql, ", q{column}");
    }
    let columns = ["?"].repeat(PLAIN_COLUMNS + quantities).join(", ");
    sql.push_str(") VALUES ");
    sql.push_str(&[format!("({columns})").as_str()].repeat(rows).join(", "));
    sql
}
