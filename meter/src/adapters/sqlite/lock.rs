//! One meter a ledger: a second one would not know of the first one's totals in memory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whoever asks who holds a ledger ([`holder`]) holds the lock for a moment; a meter that starts just then tries again.
const TRIES_MAX: u32 = 10;
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// A ledger that belongs to this process while this is alive. The system gives it back when the process ends, however
/// that comes about.
#[derive(Debug)]
pub struct LedgerLock {
    file: File,
    path: PathBuf,
}

/// Who holds a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process.
    pub process: u32,
    /// Where it listens; `None` if it has not said yet.
    pub address: Option<String>,
}

/// Why a ledger cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the ledger {} belongs to a running meter{}; stop that one, or choose another file with METER_STORE", database.display(), holder.as_ref().map(words).unwrap_or_default())]
    Held {
        /// The database file.
        database: PathBuf,
        /// Who has it, as far as it is known.
        holder: Option<Holder>,
    },
    /// The lock file cannot be used.
    #[error("cannot use the lock file {}: {source}", path.display())]
    File {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn words(holder: &Holder) -> String {
    match &holder.address {
        Some(address) => format!(" (process {}, listening on {address})", holder.process),
        None => format!(" (process {})", holder.process),
    }
}

impl LedgerLock {
    /// Takes a ledger for this process.
    ///
    /// # Errors
    /// Another process has it, or the lock file cannot be used.
    pub fn take(database: &Path) -> Result<Self, LockError> {
        let path = lock_path(database);
        let failed = |source| LockError::File {
            path: path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600);
        let mut file = options.open(&path).map_err(failed)?;
        let mut tries = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries < TRIES_MAX => {
                    tries += 1;
                    std::thread::sleep(TRY_AGAIN_AFTER);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held {
                        database: database.to_owned(),
                        holder: read_holder(&mut file),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        let mut lock = Self {
            file,
            path: path.clone(),
        };
        lock.say(None).map_err(failed)?;
        Ok(lock)
    }

    /// Tells whoever comes second where this meter listens.
    pub fn tell_address(&mut self, address: &str) {
        if let Err(error) = self.say(Some(address)) {
            tracing::debug!(%error, path = %self.path.display(), "the lock file does not name the address");
        }
    }

    fn say(&mut self, address: Option<&str>) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        write!(
            self.file,
            "{}\n{}\n",
            std::process::id(),
            address.unwrap_or_default()
        )?;
        self.file.flush()
    }
}

/// Who holds a ledger now; `None` if nobody does.
#[must_use]
pub fn holder(database: &Path) -> Option<Holder> {
    let mut file = File::open(lock_path(database)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read_holder(&mut file),
        _ => None,
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(1024).read_to_string(&mut text).ok()?;
    let mut lines = text.lines();
    let process = lines.next()?.parse().ok()?;
    let address = lines
        .next()
        .filter(|line| !line.is_empty())
        .map(str::to_owned);
    Some(Holder { process, address })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn asking_who_holds_a_ledger_keeps_nobody_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("meter.db");
        drop(LedgerLock::take(&database).unwrap());
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ = holder(&database);
                }
            });
            let taken: Vec<bool> = (0..200)
                .map(|_| LedgerLock::take(&database).is_ok())
                .collect();
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(taken.into_iter().all(|taken| taken));
        });
        let lock = LedgerLock::take(&database).unwrap();
        assert_eq!(
            holder(&database).map(|holder| holder.process),
            Some(std::process::id())
        );
        assert!(matches!(
            LedgerLock::take(&database),
            Err(LockError::Held { .. })
        ));
        drop(lock);
        assert_eq!(holder(&database), None);
    }
}
