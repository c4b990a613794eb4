//! Appending events, many in a statement: most of what a statement of one row costs is the statement.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rusqlite::Connection;

use super::codec;
use super::error::{Result, damaged};
use super::row::{COLUMNS, EventRow};

/// Rows of a statement: the most, and for what is left over.
const CHUNKS: [usize; 3] = [32, 8, 1];
/// The columns that nearly every event has, between its number and its quantities.
const PLAIN_COLUMNS: &str = "id, hash, series, at, lag, flags, scene, attempt";

/// Events that wait to be written together. They are in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct NewRows {
    rows: Vec<EventRow>,
    /// The number of the table's last event; `None` if nobody has looked in this transaction.
    last: Option<i64>,
    statements: BTreeMap<Shape, String>,
}

/// What a statement is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    rows: usize,
    quantities: usize,
    /// The events follow the table's last one: SQLite numbers them itself, without looking whether there is one of that
    /// number. <https://sqlite.org/autoinc.html>
    follows: bool,
}

impl NewRows {
    /// Appends an event, now or with those that come.
    pub(super) fn add(&mut self, connection: &Connection, row: EventRow) -> Result<()> {
        if !is_plain(&row) {
            self.write(connection)?;
            row.insert(connection)?;
            self.last = Some(row.n);
            return Ok(());
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
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut last = match self.last {
            Some(last) => last,
            None => connection
                .prepare_cached("SELECT coalesce(max(n), 0) FROM event")?
                .query_row([], |row| row.get(0))?,
        };
        let Self {
            rows, statements, ..
        } = self;
        let mut rest = rows.as_slice();
        let quantities = rest.iter().map(|row| row.values.len()).max().unwrap_or(0);
        for chunk in CHUNKS {
            while let Some((some, left)) = rest.split_at_checked(chunk) {
                let shape = Shape {
                    rows: chunk,
                    quantities,
                    follows: (last + 1..).zip(some).all(|(n, row)| n == row.n),
                };
                let statement = statements.entry(shape).or_insert_with(|| sql(shape));
                insert(connection, statement, some, shape)?;
                last = some.last().map_or(last, |row| row.n);
                if connection.last_insert_rowid() != last {
                    let got = connection.last_insert_rowid().to_string();
                    return Err(damaged("the number of a new event", &got));
                }
                rest = left;
            }
        }
        self.last = Some(last);
        self.rows.clear();
        Ok(())
    }

    /// Forgets what waits and what was seen of the table: at the start of a transaction, and after one that failed.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.last = None;
    }
}

/// Whether a row has nothing but the columns that nearly every event has.
fn is_plain(row: &EventRow) -> bool {
    row.values.len() <= COLUMNS && row.replaces.is_none() && row.extra.is_none()
}

fn insert(connection: &Connection, sql: &str, rows: &[EventRow], shape: Shape) -> Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut place = 0;
    for row in rows {
        if !shape.follows {
            place += 1;
            statement.raw_bind_parameter(place, row.n)?;
        }
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
        place += 1;
        statement.raw_bind_parameter(place, &row.id)?;
        for number in numbers {
            place += 1;
            statement.raw_bind_parameter(place, number)?;
        }
        for column in 0..shape.quantities {
            place += 1;
            statement.raw_bind_parameter(place, row.values.get(column))?;
        }
    }
    statement.raw_execute()?;
    Ok(())
}

fn sql(shape: Shape) -> String {
    let mut columns = PLAIN_COLUMNS.to_owned();
    if !shape.follows {
        columns.insert_str(0, "n, ");
    }
    for column in 1..=shape.quantities {
        // Writing into a text does not fail.
        let _ = write!(columns, ", q{column}");
    }
    let values = ["?"].repeat(columns.split(',').count()).join(", ");
    let rows = [format!("({values})").as_str()]
        .repeat(shape.rows)
        .join(", ");
    format!("INSERT INTO event ({columns}) VALUES {rows}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::event_id::EventId;

    fn row(n: i64, extra: Option<&str>) -> EventRow {
        EventRow {
            n,
            id: EventId::of(&format!("event-{n}")),
            hash: n,
            series: 1,
            occurred: Timestamp::UNIX_EPOCH,
            recorded: Timestamp::UNIX_EPOCH,
            flags: 0,
            scene: 0,
            attempt: 1,
            values: std::iter::once(n).collect(),
            replaces: None,
            extra: extra.map(str::to_owned),
        }
    }

    fn ledger() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(include_str!("../../../migrations/sqlite/0001_ledger.sql"))
            .unwrap();
        connection
    }

    fn numbers(connection: &Connection) -> Vec<i64> {
        let mut statement = connection
            .prepare("SELECT n FROM event WHERE hash = n AND q1 = n ORDER BY n")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(|n| n.unwrap()).collect()
    }

    #[test]
    fn events_keep_their_numbers_where_they_follow_and_where_they_do_not() {
        let connection = ledger();
        let mut rows = NewRows::default();
        // An empty table; a gap within a statement and between two; one that has a statement of its own.
        let wanted: Vec<i64> = (1..=40).chain(42..=50).chain(70..=140).collect();
        for n in &wanted {
            let extra = (n % 17 == 0).then_some("{}");
            rows.add(&connection, row(*n, extra)).unwrap();
        }
        rows.write(&connection).unwrap();
        assert_eq!(numbers(&connection), wanted);
    }

    #[test]
    fn events_keep_their_numbers_after_all_before_them_were_moved_out() {
        let connection = ledger();
        let mut rows = NewRows::default();
        for n in 1..=8 {
            rows.add(&connection, row(n, None)).unwrap();
        }
        rows.write(&connection).unwrap();
        connection.execute_batch("DELETE FROM event").unwrap();
        rows.clear();
        for n in 9..=16 {
            rows.add(&connection, row(n, None)).unwrap();
        }
        rows.write(&connection).unwrap();
        assert_eq!(numbers(&connection), (9..=16).collect::<Vec<_>>());
    }

    #[test]
    fn a_number_that_the_table_would_not_give_is_refused() {
        let connection = ledger();
        let mut rows = NewRows::default();
        rows.add(&connection, row(1, None)).unwrap();
        rows.write(&connection).unwrap();
        // Gone behind its back, which nobody does in the middle of a transaction.
        connection.execute_batch("DELETE FROM event").unwrap();
        rows.add(&connection, row(2, None)).unwrap();
        let refused = rows.write(&connection).unwrap_err().to_string();
        assert!(refused.contains("the number of a new event"), "{refused}");
    }
}
