//! Opening the file: who may have it, how it is kept, and the schema it has.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use crate::error::OpenError;

/// Only ever appended to: the place of a migration is the schema version that it makes.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../migrations/0001_outbox.sql"),
    include_str!("../../migrations/0002_owner.sql"),
];

/// The outbox holds a person's usage: nobody else on the machine reads it.
const FILE_MODE: u32 = 0o600;

/// How often a lock that another program holds is tried again, and how long between: two seconds in all.
const LOCK_TRIES: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// An open outbox and the lock that keeps others out for as long as this lives.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) lock: File,
}

impl Opened {
    /// Opens or creates the outbox.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Unusable {
            path: path.to_owned(),
            source,
        };
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(unusable)?;
        }
        let lock = lock(path)?;
        // Created by us before SQLite does, so that it never stands open to others, not even for a moment.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(FILE_MODE)
            .open(path)
            .and_then(|file| file.set_permissions(PermissionsExt::from_mode(FILE_MODE)))
            .map_err(unusable)?;
        let connection = connect(path)?;
        Ok(Self { connection, lock })
    }
}

/// The system lets go of the lock when the process ends, however it ends.
fn lock(path: &Path) -> Result<File, OpenError> {
    let unusable = |source: io::Error| OpenError::Unusable {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(FILE_MODE)
        .open(lock_path(path))
        .map_err(unusable)?;
    let mut tries = 0;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // A program that is just ending lets go within moments.
            Err(TryLockError::WouldBlock) if tries < LOCK_TRIES => {
                tries += 1;
                std::thread::sleep(LOCK_PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Gives an empty database the newest schema.
#[cfg(any(test, fuzzing))]
pub(crate) fn schema_of(connection: &Connection) -> rusqlite::Result<()> {
    MIGRATIONS
        .iter()
        .try_for_each(|migration| connection.execute_batch(migration))
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    let database = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    let mut connection = Connection::open(path).map_err(database)?;
    // FULL syncs the log at every commit; NORMAL does not, and a power cut then takes back what was promised.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;",
        )
        .map_err(database)?;
    let found: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(database)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    let first = usize::try_from(found).unwrap_or_default();
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(first) {
        let transaction = connection.transaction().map_err(database)?;
        transaction.execute_batch(migration).map_err(database)?;
        let version = i64::try_from(index).unwrap_or_default() + 1;
        transaction
            .pragma_update(None, "user_version", version)
            .map_err(database)?;
        transaction.commit().map_err(database)?;
    }
    Ok(connection)
}
