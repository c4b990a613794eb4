//! A file of events that are moved out of the ledger: written, synced, and read back against the ledger before anything
//! is deleted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use serde_json::Value;

use super::archive::ArchiveError;
use super::error::Result as StoreResult;
use super::listing::{self, Lookup};
use super::row::{EVENT_COLUMNS, EventRow};
use crate::adapters::json_lines;

/// The end of the name of a file that is not whole yet.
const PARTIAL: &str = "partial";
/// Bytes that are read at once to compute a file's hash.
const HASH_BUFFER_BYTES: usize = 256 * 1024;

/// A file that holds what it should.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) events: i64,
    pub(super) bytes: i64,
    pub(super) hash: blake3::Hash,
    /// The numbers of the events that others replace, in order.
    pub(super) replaced: Vec<i64>,
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ArchiveError + '_ {
    |source| ArchiveError::File {
        path: path.to_owned(),
        source,
    }
}

/// The name of a file while it is being written.
pub(super) fn partial(path: &Path) -> PathBuf {
    path.with_added_extension(PARTIAL)
}

/// Removes what an interrupted run has left of a file whose events are still in the ledger.
pub(super) fn remove(path: &Path) -> Result<(), ArchiveError> {
    for path in [partial(path), path.to_owned()] {
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&path)(error)),
        }
    }
    Ok(())
}

/// Writes the events of these numbers under the file's partial name, and syncs it.
pub(super) fn write(
    connection: &Connection,
    path: &Path,
    numbers: (i64, i64),
) -> Result<Written, ArchiveError> {
    let partial = partial(path);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)
        .map_err(failed(&partial))?;
    let mut file = BufWriter::new(file);
    let mut hasher = blake3::Hasher::new();
    let mut written = Written {
        events: 0,
        bytes: 0,
        hash: hasher.finalize(),
        replaced: Vec::new(),
    };
    lines(connection, numbers, |n, replaced, line| {
        let mut text = line.to_string();
        text.push('\n');
        file.write_all(text.as_bytes()).map_err(failed(&partial))?;
        hasher.update(text.as_bytes());
        written.events += 1;
        written.bytes += length(text.len() as u64);
        if replaced {
            written.replaced.push(n);
        }
        Ok(())
    })?;
    let file = file
        .into_inner()
        .map_err(|error| failed(&partial)(error.into_error()))?;
    // What stands in the system's memory is no archive.
    file.sync_all().map_err(failed(&partial))?;
    written.hash = hasher.finalize();
    Ok(written)
}

/// Reads the file back, line by line, against the events of the ledger.
pub(super) fn verify(
    connection: &Connection,
    path: &Path,
    numbers: (i64, i64),
    written: &Written,
) -> Result<(), ArchiveError> {
    let partial = partial(path);
    let wrong = |reason: String| ArchiveError::Unverified {
        path: partial.clone(),
        reason,
    };
    let file = File::open(&partial).map_err(failed(&partial))?;
    let mut found = BufReader::new(file).lines();
    lines(connection, numbers, |n, _, line| {
        let text = match found.next() {
            Some(text) => text.map_err(failed(&partial))?,
            None => return Err(wrong(format!("event {n} is not in it"))),
        };
        let read: Value =
            serde_json::from_str(&text).map_err(|error| wrong(format!("event {n}: {error}")))?;
        if read == line {
            Ok(())
        } else {
            Err(wrong(format!("event {n} reads otherwise than it was kept")))
        }
    })?;
    if found.next().is_some() {
        return Err(wrong("it holds more than it should".to_owned()));
    }
    let (bytes, hash) = hash_of(&partial).map_err(failed(&partial))?;
    if (bytes, hash) == (written.bytes, written.hash) {
        Ok(())
    } else {
        Err(wrong(
            "its bytes are not those that were written".to_owned(),
        ))
    }
}

/// Gives the file its own name, for good.
pub(super) fn put_in_place(path: &Path) -> Result<(), ArchiveError> {
    let partial = partial(path);
    if path.exists() {
        return Err(ArchiveError::Exists(path.to_owned()));
    }
    fs::rename(&partial, path).map_err(failed(path))?;
    sync_folder(path)
}

/// Syncs the folder of a file: a name that is not on disk is lost with the power.
fn sync_folder(path: &Path) -> Result<(), ArchiveError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed(folder))
}

/// A file's length and hash.
pub(super) fn hash_of(path: &Path) -> io::Result<(i64, blake3::Hash)> {
    let mut file = BufReader::with_capacity(HASH_BUFFER_BYTES, File::open(path)?);
    let mut hasher = blake3::Hasher::new();
    let bytes = io::copy(&mut file, &mut hasher)?;
    Ok((length(bytes), hasher.finalize()))
}

/// A length as a column keeps it.
fn length(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Goes through events in their order: each one's number, whether another one replaces it, and its line.
fn lines(
    connection: &Connection,
    (first, last): (i64, i64),
    mut each: impl FnMut(i64, bool, Value) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let mut lookup = Lookup::default();
    let mut tenants: HashMap<i64, String> = HashMap::new();
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT {EVENT_COLUMNS}, EXISTS (SELECT 1 FROM event AS later WHERE later.replaces = event.n) \
             FROM event WHERE n BETWEEN ?1 AND ?2 ORDER BY n"
        ))
        .map_err(store)?;
    let mut rows = statement.query(params![first, last]).map_err(store)?;
    while let Some(row) = rows.next().map_err(store)? {
        let event = EventRow::read(row)?;
        let (n, hash) = (event.n, event.hash);
        let replaced: bool = row.get(16).map_err(store)?;
        let common = lookup.series(connection, event.series)?;
        let tenant = match tenants.entry(common.session.tenant) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let name = tenant_name(connection, *unknown.key())?;
                unknown.insert(name)
            }
        };
        let found = listing::ledger_event(connection, event, replaced, common)?;
        let mut line = json_lines::object(&found);
        line["tenant"] = Value::from(tenant.as_str());
        line["content_hash"] = Value::from(hash);
        each(n, replaced, line)?;
    }
    Ok(())
}

fn tenant_name(connection: &Connection, tenant: i64) -> StoreResult<String> {
    Ok(connection
        .prepare_cached("SELECT name FROM tenant WHERE id = ?1")?
        .query_row(params![tenant], |row| row.get(0))?)
}

fn store(error: rusqlite::Error) -> ArchiveError {
    ArchiveError::Ledger(error.into())
}
