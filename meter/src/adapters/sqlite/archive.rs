//! Moving old events out of the ledger into files: totals, receipts, keys and everything else that is asked of them
//! stays. It works beside a running meter, a file at a time, each in one short transaction.
//!
//! The order is what keeps events from being lost or doubled: the intent is kept, the file is written, synced, read back
//! and named; then one transaction takes the events out and makes the file an archive. Whatever is interrupted before
//! that transaction has changed nothing, and the next run removes its file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::archive_file::{self, Written};
use super::archived::ArchivedSum;
use super::codec;
use super::error::Result as StoreResult;
use super::fine::{ROLLUP_COLUMNS, rollup};
use super::fold::{CLOCK_AHEAD, PICTURES_TWICE};
use super::listing::Lookup;
use super::load;
use super::open::{self, OpenError};
use super::row::{EVENT_COLUMNS, EventRow, collect};
use super::tail::FineKey;
use crate::application::Error;

/// Events of one file: some 10 MB, and a few hundred milliseconds in which a running meter waits to write.
const EVENTS_PER_FILE: i64 = 20_000;
/// How often a file is written anew because one of its events was corrected meanwhile.
const TRIES_MAX: u32 = 3;

/// Which events to move, and where to.
#[derive(Clone, Debug)]
pub struct Order {
    /// Those that were recorded before this time.
    pub recorded_before: Timestamp,
    /// The folder of the files; made if it is not there.
    pub to: PathBuf,
}

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The intent is in the ledger.
    Intended,
    /// The file is written and synced.
    Written,
    /// It was read back and holds what it should.
    Verified,
    /// It has its name.
    InPlace,
    /// The events are out of the ledger.
    Moved,
}

/// What is told while events are moved.
#[derive(Clone, Debug)]
pub struct Progress {
    /// How far it has come.
    pub step: Step,
    /// The file.
    pub file: PathBuf,
    /// Its events; 0 until it is written.
    pub events: i64,
}

/// What was moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many events.
    pub events: i64,
    /// The files, in the order of their events.
    pub files: Vec<PathBuf>,
}

/// Why events were not moved. Those that a file was finished for stay moved, the others stay in the ledger.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The ledger fails.
    #[error(transparent)]
    Ledger(#[from] Error),
    /// The file is not a ledger of this version.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file cannot be written or read.
    #[error("cannot use the archive file {}: {source}; nothing of it was taken out of the ledger", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is one of that name.
    #[error("{} is there already; name another folder with --to", .0.display())]
    Exists(PathBuf),
    /// It does not hold what was written.
    #[error("the archive file {} does not hold what it should: {reason}; nothing of it was taken out of the ledger, look at the disk", path.display())]
    Unverified {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Somebody else does it.
    #[error("events of {} are being moved out by another process; wait until it is done", .0.display())]
    Running(PathBuf),
    /// Whoever is told of the progress wants no more.
    #[error("stopped after {0:?}")]
    Stopped(Step),
}

/// Moves events out of a ledger, oldest first. `told` hears of each step and may stop it by giving false: that is as if
/// the process had ended there.
///
/// # Errors
/// See [`ArchiveError`].
pub fn archive(
    database: &Path,
    order: &Order,
    now: Timestamp,
    told: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Moved, ArchiveError> {
    let _alone = take_turn(database)?;
    let mut connection = open::second_writer(database)?;
    make_folder(&order.to)?;
    let folder = std::path::absolute(&order.to).map_err(|source| ArchiveError::File {
        path: order.to.clone(),
        source,
    })?;
    clear_leftovers(&connection)?;
    let mut moved = Moved::default();
    while let Some(numbers) = next_numbers(&connection, order.recorded_before)? {
        let file = folder.join(format!("events-{:012}-{:012}.jsonl", numbers.0, numbers.1));
        let mut step = |step, events| {
            let progress = Progress {
                step,
                file: file.clone(),
                events,
            };
            told(&progress)
                .then_some(())
                .ok_or(ArchiveError::Stopped(step))
        };
        let mut tries = 0;
        let events = loop {
            tries += 1;
            if let Some(events) = move_one(&mut connection, &file, numbers, now, &mut step)? {
                break events;
            }
            if tries == TRIES_MAX {
                return Err(Error::Precondition(
                    "events that are to be moved are being corrected; move them later, or fewer"
                        .to_owned(),
                )
                .into());
            }
        };
        moved.events += events;
        moved.files.push(file);
    }
    Ok(moved)
}

/// One file, from intent to end. `None`: one of its events was corrected meanwhile, and nothing was done.
fn move_one(
    connection: &mut Connection,
    file: &Path,
    numbers: (i64, i64),
    now: Timestamp,
    step: &mut dyn FnMut(Step, i64) -> Result<(), ArchiveError>,
) -> Result<Option<i64>, ArchiveError> {
    if file.exists() {
        return Err(ArchiveError::Exists(file.to_owned()));
    }
    let archive: i64 = connection
        .query_row(
            "INSERT INTO archive (file, first_event, last_event, made_at) VALUES (?1, ?2, ?3, ?4) RETURNING id",
            params![file.to_string_lossy(), numbers.0, numbers.1, codec::us(now)],
            |row| row.get(0),
        )
        .map_err(Error::from)?;
    step(Step::Intended, 0)?;
    let snapshot = connection.transaction().map_err(Error::from)?;
    let written = archive_file::write(&snapshot, file, numbers)?;
    step(Step::Written, written.events)?;
    archive_file::verify(&snapshot, file, numbers, &written)?;
    snapshot.finish().map_err(Error::from)?;
    step(Step::Verified, written.events)?;
    archive_file::put_in_place(file)?;
    step(Step::InPlace, written.events)?;
    let transaction = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(Error::from)?;
    if !is_as_written(&transaction, numbers, &written)? {
        drop(transaction);
        clear_leftovers(connection)?;
        return Ok(None);
    }
    take_out(&transaction, numbers)?;
    transaction
        .execute(
            "UPDATE archive SET events = ?2, bytes = ?3, hash = ?4 WHERE id = ?1",
            params![
                archive,
                written.events,
                written.bytes,
                written.hash.as_bytes()
            ],
        )
        .map_err(Error::from)?;
    transaction.commit().map_err(Error::from)?;
    step(Step::Moved, written.events)?;
    Ok(Some(written.events))
}

/// Takes the turn of moving events out of a ledger; the system gives it back when the process ends.
fn take_turn(database: &Path) -> Result<File, ArchiveError> {
    let path = database.with_added_extension("archive-lock");
    let failed = |source| ArchiveError::File {
        path: path.clone(),
        source,
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ArchiveError::Running(database.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn make_folder(folder: &Path) -> Result<(), ArchiveError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| ArchiveError::File {
            path: folder.to_owned(),
            source,
        })
}

/// Removes the files of interrupted runs: their events never left the ledger.
fn clear_leftovers(connection: &Connection) -> Result<(), ArchiveError> {
    let leftovers: StoreResult<Vec<(i64, String)>> = (|| {
        collect(
            &mut connection.prepare("SELECT id, file FROM archive WHERE events IS NULL")?,
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    })();
    for (id, file) in leftovers? {
        archive_file::remove(Path::new(&file))?;
        connection
            .execute("DELETE FROM archive WHERE id = ?1", params![id])
            .map_err(Error::from)?;
    }
    Ok(())
}

/// The first and last number of the events that the next file takes.
fn next_numbers(connection: &Connection, before: Timestamp) -> StoreResult<Option<(i64, i64)>> {
    let moved: Option<i64> =
        connection.query_row("SELECT max(last_event) FROM archive", [], |row| row.get(0))?;
    let mut statement = connection.prepare_cached(
        "SELECT n, at + lag FROM event WHERE n > ?1 AND n <= ?2 ORDER BY n LIMIT ?3",
    )?;
    let mut rows = statement.query(params![
        moved.unwrap_or(0),
        load::watermark(connection)?,
        EVENTS_PER_FILE
    ])?;
    let mut numbers = None;
    while let Some(row) = rows.next()? {
        // A prefix of the ledger, so that one number says what was moved.
        if row.get::<_, i64>(1)? >= codec::us(before) {
            break;
        }
        let n: i64 = row.get(0)?;
        let (first, _) = numbers.unwrap_or((n, n));
        numbers = Some((first, n));
    }
    Ok(numbers)
}

/// Whether the file still says what is in the ledger, with which events are corrected; and whether each correction is in
/// the totals already, so that nobody needs the corrected event any more.
fn is_as_written(
    connection: &Connection,
    (first, last): (i64, i64),
    written: &Written,
) -> StoreResult<bool> {
    let replaced: Vec<(i64, i64)> = collect(
        &mut connection.prepare(
            "SELECT replaces, n FROM event WHERE replaces BETWEEN ?1 AND ?2 ORDER BY replaces",
        )?,
        params![first, last],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let watermark = load::watermark(connection)?;
    Ok(replaced.iter().all(|(_, by)| *by <= watermark)
        && replaced
            .iter()
            .map(|(n, _)| *n)
            .eq(written.replaced.iter().copied()))
}

/// Takes events out, leaving what is still needed of them.
fn take_out(connection: &Connection, (first, last): (i64, i64)) -> StoreResult<()> {
    add_sums(connection, (first, last))?;
    connection
        .prepare_cached(
            "INSERT INTO archived_event (n, hash, id) SELECT n, hash, \
             CASE WHEN EXISTS (SELECT 1 FROM event AS later WHERE later.replaces = event.n AND later.n > ?2) THEN id END \
             FROM event WHERE n BETWEEN ?1 AND ?2",
        )?
        .execute(params![first, last])?;
    connection
        .prepare_cached(
            "INSERT INTO archived_session (session, events, last_recorded_at) \
             SELECT series.session, count(*), max(event.at + event.lag) FROM event JOIN series ON series.id = event.series \
             WHERE event.n BETWEEN ?1 AND ?2 GROUP BY series.session \
             ON CONFLICT (session) DO UPDATE SET events = events + excluded.events, \
             last_recorded_at = max(last_recorded_at, excluded.last_recorded_at)",
        )?
        .execute(params![first, last])?;
    connection
        .prepare_cached("DELETE FROM event WHERE n BETWEEN ?1 AND ?2")?
        .execute(params![first, last])?;
    Ok(())
}

/// Adds the events that count to the sums of moved ones.
fn add_sums(connection: &Connection, (first, last): (i64, i64)) -> StoreResult<()> {
    let all = load::boundaries(connection)?;
    let mut lookup = Lookup::default();
    let mut boundaries = HashMap::new();
    let mut sums: HashMap<(i64, FineKey), ArchivedSum> = HashMap::new();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {EVENT_COLUMNS} FROM event WHERE n BETWEEN ?1 AND ?2 \
         AND NOT EXISTS (SELECT 1 FROM event AS later WHERE later.replaces = event.n)"
    ))?;
    let mut rows = statement.query(params![first, last])?;
    while let Some(row) = rows.next()? {
        let event = EventRow::read(row)?;
        let common = lookup.series(connection, event.series)?;
        let session = &common.session;
        let boundaries = match boundaries.entry(session.number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let sorted_by: u32 = connection
                    .prepare_cached("SELECT boundaries FROM session WHERE id = ?1")?
                    .query_row(params![session.number], |row| row.get(0))?;
                unknown.insert(load::first_boundaries(&all, sorted_by))
            }
        };
        let generation = load::generation_of(&session.resets, event.n);
        let delta = event.delta(&common.shared.series, boundaries, generation, 1)?;
        let times = event.times();
        let one = ArchivedSum {
            key: delta.key,
            sum: delta.sum,
            first_rated: times.rated,
            last_rated: times.rated,
            last_event: times.occurred,
        };
        sums.entry((session.number, one.key))
            .and_modify(|sum| sum.add(&one))
            .or_insert(one);
    }
    for ((session, _), sum) in sums {
        keep_sum(connection, session, sum)?;
    }
    Ok(())
}

fn keep_sum(connection: &Connection, session: i64, mut sum: ArchivedSum) -> StoreResult<()> {
    let key = sum.key;
    let marks = if key.class.pictures_twice {
        PICTURES_TWICE
    } else {
        0
    } | if key.class.clock_ahead {
        CLOCK_AHEAD
    } else {
        0
    };
    let (period, tier) = (
        codec::period_column(key.class.period),
        codec::tier_column(key.class.tier),
    );
    let known = connection
        .prepare_cached(&format!(
            "SELECT {ROLLUP_COLUMNS}, first_rated_at, last_rated_at, last_event_at FROM archived_sum WHERE session = ?1 \
             AND generation = ?2 AND series = ?3 AND day = ?4 AND period = ?5 AND tier = ?6 AND marks = ?7 AND scene = ?8 \
             AND attempt = ?9"
        ))?
        .query_row(
            params![session, key.generation, key.class.series, key.day, period, tier, marks, key.scene, key.attempt],
            |row| Ok((rollup(row), row.get(11)?, row.get(12)?, row.get(13)?)),
        )
        .optional()?;
    if let Some((row, first, last, newest)) = known {
        sum.add(&ArchivedSum {
            key,
            sum: row?.1,
            first_rated: codec::time(first)?,
            last_rated: codec::time(last)?,
            last_event: codec::time(newest)?,
        });
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO archived_sum (session, generation, series, day, period, tier, marks, scene, attempt, \
             events, quantities, billed, first_rated_at, last_rated_at, last_event_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            session,
            key.generation,
            key.class.series,
            key.day,
            period,
            tier,
            marks,
            key.scene,
            key.attempt,
            sum.sum.events,
            codec::sums_column(&sum.sum.values)?,
            codec::billed_column(&sum.sum.billed),
            codec::us(sum.first_rated),
            codec::us(sum.last_rated),
            codec::us(sum.last_event),
        ])?;
    Ok(())
}
