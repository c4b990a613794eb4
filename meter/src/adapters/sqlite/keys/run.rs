//! A run of sorted keys in the file.

use std::sync::{Arc, OnceLock};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::block;
use super::filter::Filter;
use super::{KEY_BYTES, Key};
use crate::adapters::sqlite::error::{Result, damaged};
use crate::adapters::sqlite::row::collect;

/// Entries of the smallest size of runs; each next size is four times as large.
const LEVEL_ENTRIES: i64 = 20_000;

/// What is needed to look into a run; read when it is first needed.
#[derive(Debug)]
struct Inside {
    /// The first key of each block.
    fences: Vec<Key>,
    filter: Option<Filter>,
}

/// A run. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) id: i64,
    pub(super) entries: i64,
    pub(super) first_block: i64,
    pub(super) blocks: i64,
    pub(super) least_n: i64,
    pub(super) greatest_n: i64,
    pub(super) first: Key,
    pub(super) middle: Key,
    pub(super) last: Key,
    inside: Arc<OnceLock<Inside>>,
}

/// What a run was made from.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) run: Run,
    pub(super) fences: Vec<Key>,
    pub(super) filter: Option<Filter>,
}

fn read_key(row: &Row<'_>, column: usize) -> Result<Key> {
    let bytes: Vec<u8> = row.get(column)?;
    Key::try_from(bytes).map_err(|bytes| damaged("a key", &format!("{} bytes", bytes.len())))
}

/// Every run of a file, in the order in which they were made.
pub(super) fn all(connection: &Connection) -> Result<Vec<Run>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, entries, first_block, blocks, least_n, greatest_n, first, middle, last FROM key_run ORDER BY id",
    )?;
    collect(&mut statement, [], |row| {
        Ok(Run {
            id: row.get(0)?,
            entries: row.get(1)?,
            first_block: row.get(2)?,
            blocks: row.get(3)?,
            least_n: row.get(4)?,
            greatest_n: row.get(5)?,
            first: read_key(row, 6)?,
            middle: read_key(row, 7)?,
            last: read_key(row, 8)?,
            inside: Arc::default(),
        })
    })
}

impl Run {
    pub(super) fn new(id: i64, first_block: i64, n: (i64, i64)) -> Self {
        Self {
            id,
            entries: 0,
            first_block,
            blocks: 0,
            least_n: n.0,
            greatest_n: n.1,
            first: [0; KEY_BYTES],
            middle: [0; KEY_BYTES],
            last: [0; KEY_BYTES],
            inside: Arc::default(),
        }
    }

    /// Which size it is of: 0 for the smallest.
    pub(super) fn level(&self) -> u32 {
        let times = u64::try_from(self.entries / LEVEL_ENTRIES)
            .unwrap_or(0)
            .max(1);
        times.ilog2() / 2
    }

    /// Whether a key may be in it by where it begins and ends.
    pub(super) fn spans(&self, key: &Key) -> bool {
        self.first <= *key && *key <= self.last
    }

    /// The number of a key, if it is in the run.
    pub(super) fn find(&self, connection: &Connection, key: &Key) -> Result<Option<i64>> {
        if !self.spans(key) {
            return Ok(None);
        }
        let inside = self.inside(connection)?;
        if inside
            .filter
            .as_ref()
            .is_some_and(|filter| !filter.may_hold(key))
        {
            return Ok(None);
        }
        let behind = inside.fences.partition_point(|first| first <= key);
        let place = i64::try_from(behind).unwrap_or(i64::MAX) - 1;
        let mut statement =
            connection.prepare_cached("SELECT keys FROM key_block WHERE id = ?1")?;
        let mut rows = statement.query(params![self.first_block + place])?;
        match rows.next()? {
            Some(row) => block::find(row.get_ref(0)?.as_blob().unwrap_or_default(), key),
            None => Err(damaged("a block of keys", "missing")),
        }
    }

    fn inside(&self, connection: &Connection) -> Result<&Inside> {
        if let Some(inside) = self.inside.get() {
            return Ok(inside);
        }
        let (fences, filter) = connection
            .prepare_cached("SELECT fences, filter FROM key_run WHERE id = ?1")?
            .query_row(params![self.id], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
            })
            .optional()?
            .ok_or_else(|| damaged("a run of keys", "missing"))?;
        let (fences, rest) = fences.as_chunks::<KEY_BYTES>();
        if !rest.is_empty() || i64::try_from(fences.len()) != Ok(self.blocks) {
            return Err(damaged("a run of keys", "its first keys are not whole"));
        }
        let inside = Inside {
            fences: fences.to_vec(),
            filter: filter.as_deref().map(Filter::from_bytes).transpose()?,
        };
        Ok(self.inside.get_or_init(|| inside))
    }

    pub(super) fn delete(&self, connection: &Connection) -> Result<()> {
        connection
            .prepare_cached("DELETE FROM key_block WHERE id >= ?1 AND id < ?2")?
            .execute(params![self.first_block, self.first_block + self.blocks])?;
        connection
            .prepare_cached("DELETE FROM key_run WHERE id = ?1")?
            .execute(params![self.id])?;
        Ok(())
    }
}

impl Made {
    /// Writes what is known of the run besides its blocks.
    pub(super) fn keep(self, connection: &Connection) -> Result<Run> {
        let Self {
            run,
            fences,
            filter,
        } = self;
        connection
            .prepare_cached(
                "INSERT INTO key_run (id, entries, first_block, blocks, least_n, greatest_n, first, middle, last, fences, filter) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                run.id,
                run.entries,
                run.first_block,
                run.blocks,
                run.least_n,
                run.greatest_n,
                run.first,
                run.middle,
                run.last,
                fences.concat(),
                filter.as_ref().map(Filter::to_bytes),
            ])?;
        // A run with a filter is over others, and will be asked at once.
        if filter.is_some() {
            let _ = run.inside.set(Inside { fences, filter });
        }
        Ok(run)
    }
}
