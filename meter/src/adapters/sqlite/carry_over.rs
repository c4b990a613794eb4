//! Carrying the write-ahead log over into the file beside the writer, on a thread and a connection of its own: copying
//! pages takes a fifth of the time that recording them does, and nobody has to wait for it.
//!
//! It never gets to the very end of a log that grows meanwhile, and only then can the log begin again from its start. So
//! the writer carries over what little is left when the log has become long; see [`super::open::CHECKPOINT_PAGES_LEFT`].

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::open::{self, OpenError};

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct CarryOver {
    nudge: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl CarryOver {
    /// Starts the thread for the database of a writer.
    ///
    /// # Errors
    /// The database cannot be opened once more, or the system gives no thread.
    pub(super) fn start(database: &Path) -> Result<Self, OpenError> {
        let connection = open::second_writer(database)?;
        // Whoever nudges while it is at work is heard when it is done.
        let (nudge, nudged) = sync_channel(1);
        let path = database.to_owned();
        let thread = std::thread::Builder::new()
            .name("ledger-log".to_owned())
            .spawn(move || run(&connection, &nudged, &path))
            .map_err(|error| OpenError::File {
                path: database.to_owned(),
                reason: format!("the system gives no thread for its log: {error}"),
            })?;
        Ok(Self {
            nudge: Some(nudge),
            thread: Some(thread),
        })
    }

    /// Says that the log has grown.
    pub(super) fn nudge(&self) {
        if let Some(nudge) = &self.nudge {
            // Full: it will look again anyway. Gone: the writer does it alone.
            let _ = nudge.try_send(());
        }
    }
}

impl Drop for CarryOver {
    fn drop(&mut self) {
        drop(self.nudge.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the thread of the ledger's log has panicked; the writer did its work");
        }
    }
}

fn run(connection: &Connection, nudged: &Receiver<()>, database: &Path) {
    while nudged.recv().is_ok() {
        // PASSIVE: waits for nobody and lets nobody wait.
        let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = done {
            tracing::debug!(%error, database = %database.display(), "the log was not carried over; the writer will do it");
        }
    }
}
