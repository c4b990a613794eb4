//! Computing every rollup again from the events, to see that they say the same.

use std::path::Path;

use rusqlite::Connection;

use super::archive_file;
use super::error::Result;
use super::fine;
use super::keys;
use super::load::{self, Snapshots};
use super::open;
use super::row::collect;
use super::tail_file;
use crate::application::verification::Verification;

/// Copies a ledger, as it is at one moment, into an empty file. A running meter is not disturbed.
///
/// # Errors
/// The ledger cannot be read, or the copy not written.
pub fn copy(path: &Path, to: &Path) -> Result<()> {
    let connection = open::reader(path)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    // What stands in the system's memory is no backup.
    std::fs::File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|error| {
            crate::application::Error::StorageUnavailable(format!(
                "the copy cannot be synced: {error}"
            ))
        })
}

/// Compares what the rollups of a ledger say with its events, and its keys with both. It reads one snapshot: a running
/// meter is not disturbed.
///
/// # Errors
/// The file cannot be read.
pub fn verify(path: &Path) -> Result<Verification> {
    let connection = open::reader(path)?;
    connection.execute_batch("BEGIN")?;
    open::check_layout(&connection)?;
    let mut found = Verification::default();
    check_file(&connection, &mut found)?;
    check_archives(&connection, &mut found)?;
    let snapshots = Snapshots::default();
    let all = load::boundaries(&connection)?;
    let sessions: Vec<i64> = collect(
        &mut connection.prepare("SELECT id FROM session ORDER BY id")?,
        [],
        |row| Ok(row.get(0)?),
    )?;
    for row in sessions {
        let mut stored = load::stored(&connection, &snapshots, row)?;
        let tail = tail_file::tails_of(&connection, std::slice::from_ref(&stored))?
            .pop()
            .unwrap_or_default();
        stored.add_tail(&tail);
        let kept = fine::sums(&connection, row, &tail)?;
        let boundaries = load::first_boundaries(&all, stored.boundaries);
        let counted = fine::sums_from_events(&connection, &stored, &boundaries)?;
        found.compare(&stored.usage.session.session_id, &kept, &counted);
        let newest = tail_file::newest_counting(&connection, row)?;
        if newest != stored.usage.last_event {
            found.tell(format!(
                "session {}: its newest event is of {newest:?}, and {:?} is kept",
                stored.usage.session.session_id, stored.usage.last_event
            ));
        }
    }
    Ok(found)
}

/// The file itself, and that each event up to the watermark has its key.
fn check_file(connection: &Connection, found: &mut Verification) -> Result<()> {
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        found.tell(format!("the file: {sound}"));
    }
    let watermark = load::watermark(connection)?;
    let without = events_without_key(connection, watermark)?;
    if without > 0 {
        found.tell(format!(
            "{without} events up to the watermark have no key: they could be counted again"
        ));
    }
    let twice: i64 = connection.query_row(
        "SELECT count(*) FROM (SELECT 1 FROM event JOIN series ON series.id = event.series \
         JOIN session ON session.id = series.session GROUP BY session.tenant, event.id HAVING count(*) > 1)",
        [],
        |row| row.get(0),
    )?;
    if twice > 0 {
        found.tell(format!("{twice} ids stand twice in the ledger"));
    }
    Ok(())
}

/// That what lies in files is accounted for: a fingerprint and a key for each event, and the files as they were made,
/// where they still are.
fn check_archives(connection: &Connection, found: &mut Verification) -> Result<()> {
    let archives = collect(
        &mut connection.prepare(
            "SELECT file, last_event, events, bytes, hash FROM archive WHERE events IS NOT NULL ORDER BY id",
        )?,
        [],
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, i64>(3)?,
                row.get::<_, Vec<u8>>(4)?,
            ))
        },
    )?;
    let last = archives.iter().map(|archive| archive.1).max().unwrap_or(0);
    found.archived = archives.iter().map(|archive| archive.2).sum();
    let count = |sql: &str| connection.query_row(sql, [last], |row| row.get::<_, i64>(0));
    for (what, sql) in [
        (
            "fingerprints",
            "SELECT count(*) FROM archived_event WHERE n <= ?1",
        ),
        (
            "counts by session",
            "SELECT coalesce(sum(events), 0) FROM archived_session WHERE ?1 > 0",
        ),
    ] {
        let there = count(sql)?;
        if there != found.archived {
            found.tell(format!(
                "{} events lie in files, and {there} {what} of them are kept",
                found.archived
            ));
        }
    }
    let mut keys = 0;
    keys::for_each(connection, |_, n| keys += i64::from(n <= last))?;
    if keys != found.archived {
        found.tell(format!(
            "{} events lie in files, and {keys} keys of them are kept",
            found.archived
        ));
    }
    for (file, _, _, bytes, hash) in archives {
        match archive_file::hash_of(Path::new(&file)) {
            Ok(is) if (is.0, is.1.as_bytes().as_slice()) == (bytes, hash.as_slice()) => {}
            Ok(_) => found.tell(format!("the archive {file} is not as it was made")),
            Err(_) => found.archives_elsewhere += 1,
        }
    }
    Ok(())
}

/// Events up to the watermark whose id does not lead to them.
fn events_without_key(connection: &Connection, watermark: i64) -> Result<usize> {
    // Of every number a fingerprint of its key: with both at hand neither side has to be looked up in the other.
    let mut marks = vec![0_u64; usize::try_from(watermark).unwrap_or(0) + 1];
    keys::for_each(connection, |key, n| {
        if let Some(mark) = usize::try_from(n).ok().and_then(|n| marks.get_mut(n)) {
            *mark = fingerprint(&key);
        }
    })?;
    let mut statement = connection.prepare(
        "SELECT event.n, event.id, session.tenant FROM event JOIN series ON series.id = event.series \
         JOIN session ON session.id = series.session WHERE event.n <= ?1",
    )?;
    let mut rows = statement.query([watermark])?;
    let mut without = 0;
    while let Some(row) = rows.next()? {
        let n: i64 = row.get(0)?;
        let mark = usize::try_from(n).ok().and_then(|n| marks.get(n));
        let key = keys::key(row.get(2)?, &row.get(1)?);
        if key.is_some_and(|key| mark != Some(&fingerprint(&key))) {
            without += 1;
        }
    }
    Ok(without)
}

/// Sixty-four bits of a key; never 0.
fn fingerprint(key: &keys::Key) -> u64 {
    let hash = blake3::hash(key);
    let (bytes, _) = hash.as_bytes().as_chunks::<8>();
    bytes
        .first()
        .map_or(1, |bytes| u64::from_le_bytes(*bytes) | 1)
}
