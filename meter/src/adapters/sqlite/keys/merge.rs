//! Writing runs, from entries in memory and from other runs, block after block: memory does not follow their size.

use rusqlite::{Connection, params};

use super::block::{self, Numbers};
use super::filter::Filter;
use super::run::{Made, Run};
use super::{Entry, Key};
use crate::adapters::sqlite::error::{Result, damaged};

/// Bytes of a key that stay the same for hours where ids are ordered by time: the tenant, and three of the milliseconds.
const SLOW_BYTES: usize = 7;
/// Entries that are held for the next block: more than one can take.
const HELD: usize = 2_048;

/// What is known of a run before it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    entries: usize,
    least_n: i64,
    greatest_n: i64,
    /// Whether its keys are spread so wide that other runs will lie over it.
    is_wide: bool,
}

fn is_wide(first: &Key, last: &Key) -> bool {
    first.get(..SLOW_BYTES) != last.get(..SLOW_BYTES)
}

impl Shape {
    /// Of sorted entries.
    pub(super) fn of(entries: &[Entry]) -> Self {
        let numbers = || entries.iter().map(|entry| entry.n);
        let ends = entries.first().zip(entries.last());
        Self {
            entries: entries.len(),
            least_n: numbers().min().unwrap_or(0),
            greatest_n: numbers().max().unwrap_or(0),
            is_wide: ends.is_some_and(|(first, last)| is_wide(&first.key, &last.key)),
        }
    }
}

/// Writes a run of sorted entries under the next free numbers; `None` if there are none.
pub(super) fn write(
    connection: &Connection,
    (id, first_block): (i64, i64),
    shape: Shape,
    mut entries: impl Iterator<Item = Result<Entry>>,
) -> Result<Option<Run>> {
    let mut insert =
        connection.prepare_cached("INSERT INTO key_block (id, keys) VALUES (?1, ?2)")?;
    let numbers = Numbers::between(shape.least_n, shape.greatest_n);
    let mut made = Made {
        run: Run::new(id, first_block, (shape.least_n, shape.greatest_n)),
        fences: Vec::new(),
        filter: shape.is_wide.then(|| Filter::for_keys(shape.entries)),
    };
    let half = i64::try_from(shape.entries / 2).unwrap_or(i64::MAX);
    let mut held: Vec<Entry> = Vec::with_capacity(HELD);
    let mut taken = 0;
    let mut bytes = Vec::new();
    loop {
        held.drain(..taken);
        while held.len() < HELD
            && let Some(entry) = entries.next()
        {
            let entry = entry?;
            if let Some(filter) = &mut made.filter {
                filter.add(&entry.key);
            }
            held.push(entry);
        }
        let Some(first) = held.first() else { break };
        if made.fences.is_empty() {
            made.run.first = first.key;
        }
        made.fences.push(first.key);
        taken = block::encode(&held, numbers, &mut bytes);
        insert.execute(params![made.run.first_block + made.run.blocks, bytes])?;
        if let Some(last) = held.get(..taken).and_then(<[Entry]>::last) {
            made.run.last = last.key;
            if made.run.entries <= half {
                made.run.middle = last.key;
            }
        }
        made.run.blocks += 1;
        made.run.entries += i64::try_from(taken).unwrap_or(i64::MAX);
    }
    if made.run.entries == 0 {
        return Ok(None);
    }
    made.keep(connection).map(Some)
}

/// The entries of a run, block by block.
pub(super) fn entries<'a>(
    connection: &'a Connection,
    run: &Run,
) -> impl Iterator<Item = Result<Entry>> + use<'a> {
    let mut blocks = run.first_block..run.first_block + run.blocks;
    let mut held = Vec::new().into_iter();
    std::iter::from_fn(move || {
        loop {
            if let Some(entry) = held.next() {
                return Some(Ok(entry));
            }
            let read = block_of(connection, blocks.next()?).and_then(|block| block::decode(&block));
            match read {
                Ok(entries) => held = entries.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    })
}

fn block_of(connection: &Connection, id: i64) -> Result<Vec<u8>> {
    let mut statement = connection.prepare_cached("SELECT keys FROM key_block WHERE id = ?1")?;
    let mut rows = statement.query(params![id])?;
    match rows.next()? {
        Some(row) => Ok(row.get(0)?),
        None => Err(damaged("a block of keys", "missing")),
    }
}

/// Writes one run of several.
pub(super) fn merge(
    connection: &Connection,
    numbers: (i64, i64),
    runs: &[Run],
) -> Result<Option<Run>> {
    let shape = Shape {
        entries: runs
            .iter()
            .map(|run| usize::try_from(run.entries).unwrap_or(0))
            .sum(),
        least_n: runs.iter().map(|run| run.least_n).min().unwrap_or(0),
        greatest_n: runs.iter().map(|run| run.greatest_n).max().unwrap_or(0),
        is_wide: true,
    };
    let mut heads = Vec::with_capacity(runs.len());
    for run in runs {
        let mut rest = entries(connection, run);
        let head = rest.next().transpose()?;
        heads.push((head, rest));
    }
    let merged = std::iter::from_fn(move || {
        let least = heads
            .iter_mut()
            .filter(|(head, _)| head.is_some())
            .min_by_key(|(head, _)| head.map(|entry| entry.key))?;
        match least.1.next().transpose() {
            Ok(next) => std::mem::replace(&mut least.0, next).map(Ok),
            Err(error) => Some(Err(error)),
        }
    });
    write(connection, numbers, shape, merged)
}
