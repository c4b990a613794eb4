//! Opening the database file: who may read it, how it syncs, and which version of the layout it has.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::lock::LockError;
use crate::application::Error;

/// The layout, step by step. Steps are only ever added: a step that was released is never changed.
///
/// A small runner of our own and not refinery: the database's own `user_version` says which steps were taken, inside the
/// transaction of the step, and a file of a newer program is refused by the same number.
const STEPS: [&str; 4] = [
    include_str!("../../../migrations/sqlite/0001_ledger.sql"),
    include_str!("../../../migrations/sqlite/0002_audit.sql"),
    include_str!("../../../migrations/sqlite/0003_archive.sql"),
    include_str!("../../../migrations/sqlite/0004_key_runs.sql"),
];

/// `RELM`, so that `file` and other tools can tell whose file it is, and the meter does not write into another one's.
const APPLICATION_ID: i32 = 0x5245_4C4D;
/// How long the writer waits for another program's lock before it says so.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a command beside a running meter waits for its turn to write.
const SECOND_BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The writer's page cache, in kibibytes: events and ids are appended, so that few pages are written again.
const WRITER_CACHE_KIB: i32 = 8_192;
/// A reader's page cache, in kibibytes.
const READER_CACHE_KIB: i32 = 2_048;
/// Pages in the write-ahead log from which on the writer carries them over into the file: 16 MiB, so that a page that
/// changes often is carried over once.
const CHECKPOINT_PAGES: u32 = 4_096;
/// The same where most of them were carried over by a thread of its own: 32 MiB.
pub(super) const CHECKPOINT_PAGES_LEFT: u32 = 8_192;
/// After a burst the log is cut back to this size, in bytes.
const JOURNAL_SIZE_MAX_BYTES: u32 = 33_554_432;

/// Why the ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another meter has it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The folder cannot be made.
    #[error("cannot make the folder {} for the ledger: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not one to write to.
    #[error("cannot use {} as the ledger: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not, and what to do.
        reason: String,
    },
    /// It is a database, and not a ledger.
    #[error("{} is a database of another program; choose another file with METER_STORE", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer meter has written it.
    #[error("{} was written by a newer meter (layout {found}, this one knows {known}); use that version, or restore a backup", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The newest layout that this program knows.
        known: usize,
    },
    /// The store fails.
    #[error("cannot read the ledger {}: {source}", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: Box<Error>,
    },
}

impl OpenError {
    pub(super) fn store(path: &Path, source: impl Into<Error>) -> Self {
        Self::Store {
            path: path.to_owned(),
            source: Box::new(source.into()),
        }
    }
}

/// Makes the ledger's folder, for its owner alone, if it is not there.
pub(super) fn make_folder(database: &Path) -> Result<(), OpenError> {
    let Some(folder) = database
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| OpenError::Folder {
            path: folder.to_owned(),
            source,
        })
}

/// Opens the database for writing and brings its layout up to date.
pub(super) fn writer(database: &Path) -> Result<Connection, OpenError> {
    let refused = |reason: String| OpenError::File {
        path: database.to_owned(),
        reason,
    };
    match fs::symlink_metadata(database) {
        Ok(found) if found.file_type().is_symlink() => {
            return Err(refused(
                "it is a symbolic link; name the file itself".to_owned(),
            ));
        }
        Ok(found) if !found.is_file() => return Err(refused("it is not a file".to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Made here and not by SQLite, so that nobody else can read it for even a moment.
            use std::os::unix::fs::OpenOptionsExt;
            let made = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(database);
            made.map_err(|error| refused(error.to_string()))?;
        }
        Err(error) => return Err(refused(error.to_string())),
    }
    // The log and the index beside it take on the database's own mode.
    fs::set_permissions(database, fs::Permissions::from_mode(0o600))
        .map_err(|error| refused(error.to_string()))?;
    let failed = |error: rusqlite::Error| OpenError::store(database, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(database, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    check_owner(&connection, database)?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(failed)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(refused(format!(
            "its journal stays in mode {mode}; a network file system cannot hold a ledger"
        )));
    }
    // FULL syncs the log at each commit: what is acknowledged survives a power cut. NORMAL does not.
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(failed)?;
    connection
        .pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)
        .map_err(failed)?;
    connection
        .pragma_update(None, "journal_size_limit", JOURNAL_SIZE_MAX_BYTES)
        .map_err(failed)?;
    connection
        .pragma_update(None, "cache_size", -WRITER_CACHE_KIB)
        .map_err(failed)?;
    connection
        .pragma_update(None, "trusted_schema", false)
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(128);
    migrate(&mut connection, database)?;
    Ok(connection)
}

/// Opens a ledger for writing beside the meter that may run on it: its layout must be this program's.
pub(super) fn second_writer(database: &Path) -> Result<Connection, OpenError> {
    let failed = |error: rusqlite::Error| OpenError::store(database, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags).map_err(failed)?;
    connection
        .busy_timeout(SECOND_BUSY_TIMEOUT)
        .map_err(failed)?;
    check_owner(&connection, database)?;
    check_layout(&connection).map_err(|error| OpenError::store(database, error))?;
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(failed)?;
    Ok(connection)
}

/// Refuses a ledger whose layout no meter has brought up to date yet.
pub(super) fn check_layout(connection: &Connection) -> Result<(), Error> {
    let taken: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if usize::try_from(taken).is_ok_and(|taken| taken < STEPS.len()) {
        return Err(Error::Precondition(
            "the ledger was last written by an older meter; start this one on it once".to_owned(),
        ));
    }
    Ok(())
}

/// Opens the database for reading.
pub(super) fn reader(database: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Refuses a database that somebody else keeps their things in.
fn check_owner(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let number = |name: &str| {
        connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
            .map_err(|error| OpenError::store(path, error))
    };
    let owner = number("application_id")?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| OpenError::store(path, error))?;
    if owner != i64::from(APPLICATION_ID) && tables > 0 {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
        });
    }
    let found = number("user_version")?;
    if usize::try_from(found).is_ok_and(|found| found > STEPS.len()) {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: STEPS.len(),
        });
    }
    Ok(())
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| OpenError::store(path, error);
    let taken: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(failed)?;
    let taken = usize::try_from(taken).unwrap_or_default();
    for (version, sql) in (1_u32..).zip(STEPS).skip(taken) {
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute_batch(sql).map_err(failed)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(failed)?;
        transaction
            .pragma_update(None, "user_version", version)
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}
