//! The ids of the events up to the watermark, for ever: which event has this id?
//!
//! One tree of all ids is rewritten all over when ids are random: each new one falls on another page. So ids are kept in
//! *runs*: the ids of a fold, sorted, in blocks of a page each, written once. Runs that overlap are merged, four of a size
//! at a time, so that an id is written a few times at most. Time-ordered ids do not overlap and are never written again.
//! A filter in front of a run says of nearly every new id that it is not in it.
//!
//! Folds of a few ids go into the table `event_key`, and from there into a run when there are enough of them.

mod block;
mod filter;
mod merge;
mod run;

use rusqlite::{Connection, OptionalExtension, params};

use self::run::Run;
use super::error::Result;
use crate::domain::event_id::EventId;

/// A tenant's number in four bytes, and an id in sixteen.
pub(super) const KEY_BYTES: usize = 20;
/// Folds of fewer ids go into the tree: a run has costs of its own.
const RUN_ENTRIES_MIN: usize = 4_000;
/// Ids in the tree from which on they become a run.
const TREE_ENTRIES_MAX: usize = 20_000;
/// Ids that leave the tree at once: with more, whoever waits meanwhile would notice.
const TREE_ENTRIES_AT_ONCE: usize = 100_000;
/// Runs of a size, over one place, from which on they become one.
const MERGED_AT_ONCE: usize = 4;
/// Runs of this size and more are not merged any further: it would take too long at once.
const ENTRIES_MERGED_MAX: i64 = 640_000;

/// What an id is sorted and found by.
pub(super) type Key = [u8; KEY_BYTES];

/// A key and the number of its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) n: i64,
}

/// The key of an id: a UUID as it is, any other id by sixteen bytes of its BLAKE3. `None` for a tenant beyond all that
/// fit; there the tree serves.
pub(super) fn key(tenant: i64, id: &EventId) -> Option<Key> {
    let mut key = [0; KEY_BYTES];
    let (front, back) = key.split_at_mut(4);
    front.copy_from_slice(&u32::try_from(tenant).ok()?.to_be_bytes());
    match id {
        EventId::Uuid(bytes) => back.copy_from_slice(bytes),
        EventId::Text(text) => {
            let hash = blake3::hash(text.as_bytes());
            for (to, from) in back.iter_mut().zip(hash.as_bytes()) {
                *to = *from;
            }
        }
    }
    Some(key)
}

/// Two numbers that are in the order of the keys: they are compared without a call, which bytes are not.
fn in_order(key: &Key) -> (u32, u128) {
    let (front, back) = key.split_at(4);
    let front = front.try_into().map_or(0, u32::from_be_bytes);
    let back = back.try_into().map_or(0, u128::from_be_bytes);
    (front, back)
}

/// All ids up to the watermark.
#[derive(Debug, Default)]
pub(super) struct KeyIndex {
    runs: Vec<Run>,
    /// How many ids are in the tree, or more than [`TREE_ENTRIES_AT_ONCE`].
    in_tree: usize,
    next_run: i64,
    next_block: i64,
}

/// An index as a transaction will leave it.
#[derive(Debug)]
pub(super) struct Folded(KeyIndex);

impl KeyIndex {
    /// Reads which runs there are.
    pub(super) fn open(connection: &Connection) -> Result<Self> {
        let runs = run::all(connection)?;
        let next_run = runs.iter().map(|run| run.id).max().unwrap_or(0) + 1;
        let last_block: i64 =
            connection.query_row("SELECT coalesce(max(id), 0) FROM key_block", [], |row| {
                row.get(0)
            })?;
        let in_tree: i64 = connection.query_row(
            "SELECT count(*) FROM (SELECT 1 FROM event_key LIMIT ?1)",
            [TREE_ENTRIES_AT_ONCE as i64 + 1],
            |row| row.get(0),
        )?;
        Ok(Self {
            runs,
            in_tree: usize::try_from(in_tree).unwrap_or(0),
            next_run,
            next_block: last_block + 1,
        })
    }

    /// The number of the event with this id.
    pub(super) fn find(
        &self,
        connection: &Connection,
        tenant: i64,
        id: &EventId,
    ) -> Result<Option<i64>> {
        if let Some(key) = key(tenant, id) {
            for run in self.runs.iter().rev() {
                if let Some(n) = run.find(connection, &key)? {
                    return Ok(Some(n));
                }
            }
        }
        if self.in_tree == 0 {
            return Ok(None);
        }
        let mut statement =
            connection.prepare_cached("SELECT n FROM event_key WHERE tenant = ?1 AND id = ?2")?;
        Ok(statement
            .query_row(params![tenant, id], |row| row.get(0))
            .optional()?)
    }

    /// Adds ids, which must be new, in the transaction that is open. The index finds them when it is replaced by the
    /// answer, after the commit.
    pub(super) fn fold<'a>(
        &self,
        connection: &Connection,
        ids: impl ExactSizeIterator<Item = (i64, &'a EventId, i64)>,
    ) -> Result<Folded> {
        let mut index = Self {
            runs: self.runs.clone(),
            ..*self
        };
        if ids.len() < RUN_ENTRIES_MIN {
            index.add_to_tree(connection, ids)?;
        } else {
            let mut entries = Vec::with_capacity(ids.len());
            for (tenant, id, n) in ids {
                match key(tenant, id) {
                    Some(key) => entries.push(Entry { key, n }),
                    None => index.add_to_tree(connection, std::iter::once((tenant, id, n)))?,
                }
            }
            index.add_run(connection, entries)?;
        }
        if index.in_tree >= TREE_ENTRIES_MAX {
            index.harvest_tree(connection)?;
        }
        Ok(Folded(index))
    }

    /// Takes on what a committed transaction has made.
    pub(super) fn replace(&mut self, Folded(index): Folded) {
        *self = index;
    }

    fn add_to_tree<'a>(
        &mut self,
        connection: &Connection,
        ids: impl Iterator<Item = (i64, &'a EventId, i64)>,
    ) -> Result<()> {
        let mut insert = connection
            .prepare_cached("INSERT INTO event_key (tenant, id, n) VALUES (?1, ?2, ?3)")?;
        for (tenant, id, n) in ids {
            insert.execute(params![tenant, id, n])?;
            self.in_tree += 1;
        }
        Ok(())
    }

    /// Makes a run of what is in the tree.
    fn harvest_tree(&mut self, connection: &Connection) -> Result<()> {
        let mut entries = Vec::new();
        let mut last: Option<(i64, EventId)> = None;
        {
            let mut statement = connection.prepare_cached(
                "SELECT tenant, id, n FROM event_key WHERE tenant BETWEEN 0 AND 4294967295 \
                 ORDER BY tenant, id LIMIT ?1",
            )?;
            let mut rows = statement.query([TREE_ENTRIES_AT_ONCE as i64])?;
            while let Some(row) = rows.next()? {
                let (tenant, id): (i64, EventId) = (row.get(0)?, row.get(1)?);
                if let Some(key) = key(tenant, &id) {
                    entries.push(Entry {
                        key,
                        n: row.get(2)?,
                    });
                }
                last = Some((tenant, id));
            }
        }
        let Some((tenant, id)) = last else {
            return Ok(());
        };
        connection
            .prepare_cached("DELETE FROM event_key WHERE tenant >= 0 AND (tenant, id) <= (?1, ?2)")?
            .execute(params![tenant, id])?;
        self.in_tree = self.in_tree.saturating_sub(entries.len());
        self.add_run(connection, entries)
    }

    /// Writes a run, and merges it with others while there are too many over one place.
    fn add_run(&mut self, connection: &Connection, mut entries: Vec<Entry>) -> Result<()> {
        entries.sort_unstable_by_key(|entry| in_order(&entry.key));
        let made = merge::write(
            connection,
            (self.next_run, self.next_block),
            merge::Shape::of(&entries),
            entries.into_iter().map(Ok),
        )?;
        self.take(made);
        while let Some(group) = self.too_many() {
            let (merged, kept): (Vec<Run>, Vec<Run>) = std::mem::take(&mut self.runs)
                .into_iter()
                .partition(|run| group.contains(&run.id));
            self.runs = kept;
            let made = merge::merge(connection, (self.next_run, self.next_block), &merged)?;
            for run in &merged {
                run.delete(connection)?;
            }
            self.take(made);
        }
        Ok(())
    }

    fn take(&mut self, made: Option<Run>) {
        if let Some(made) = made {
            self.next_run = made.id + 1;
            self.next_block = made.first_block + made.blocks;
            self.runs.push(made);
        }
    }

    /// The runs that should become one with the newest.
    fn too_many(&self) -> Option<Vec<i64>> {
        let newest = self.runs.last()?;
        if newest.entries >= ENTRIES_MERGED_MAX {
            return None;
        }
        let alike: Vec<i64> = self
            .runs
            .iter()
            .filter(|run| run.level() == newest.level() && run.spans(&newest.middle))
            .map(|run| run.id)
            .collect();
        (alike.len() >= MERGED_AT_ONCE).then_some(alike)
    }
}

/// Every id of a file with its event's number: `each` is told the tenant's and the id's key.
pub(super) fn for_each(connection: &Connection, mut each: impl FnMut(Key, i64)) -> Result<()> {
    for run in run::all(connection)? {
        for entry in merge::entries(connection, &run) {
            let entry = entry?;
            each(entry.key, entry.n);
        }
    }
    let mut statement = connection.prepare_cached("SELECT tenant, id, n FROM event_key")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(key) = key(row.get(0)?, &row.get(1)?) {
            each(key, row.get(2)?);
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
