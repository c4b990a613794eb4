//! What can go wrong while recording.

use std::path::PathBuf;

/// Why the outbox cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its directory or file cannot be used.
    #[error("cannot use the outbox {}: {source}; check that the directory exists and may be written", path.display())]
    Unusable {
        /// The outbox.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process has it open.
    #[error("the outbox {} is in use by another running program; stop it, or give this one another data directory", path.display())]
    InUse {
        /// The outbox.
        path: PathBuf,
    },
    /// It was written by a newer version.
    #[error("the outbox {} was written by a newer version (schema {found}, this one knows {known}); use that version", path.display())]
    Newer {
        /// The outbox.
        path: PathBuf,
        /// The schema it has.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// What is in it cannot be read or put in order.
    #[error("cannot start from the outbox {}: {source}", path.display())]
    Unreadable {
        /// The outbox.
        path: PathBuf,
        /// What is wrong with it.
        source: RecordError,
    },
    /// SQLite refuses it.
    #[error("cannot open the outbox {}: {source}; if it is damaged, move it away and start again", path.display())]
    Database {
        /// The outbox.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// Why something could not be recorded. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The disk or SQLite refuses, for example because the disk is full.
    #[error("cannot write the outbox: {0}; make room on the disk and try again")]
    Storage(String),
    /// The outbox was closed, or its thread died.
    #[error("the outbox is closed; start the program again")]
    Closed,
    /// A call was finished twice, or one that was never begun.
    #[error("call {event_id} is not open: it was finished before, or never begun")]
    NotOpen {
        /// The call's event id.
        event_id: String,
    },
    /// A stored message cannot be read back.
    #[error("item {number} of the outbox cannot be read: {reason}")]
    Damaged {
        /// The item's number.
        number: i64,
        /// What is wrong.
        reason: String,
    },
}

impl From<rusqlite::Error> for RecordError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.to_string())
    }
}
