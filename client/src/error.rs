//! Why a command could not do what it was asked for.

use std::io;
use std::path::PathBuf;

use crate::printable::Text;
use crate::remote::{RemoteError, TargetError};

/// A failure of a command, with the next step for the person who typed it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A service did not give what it was asked for.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The settings do not lead to a service.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Standard output takes no more.
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
    /// The terminal does not do what a screen needs.
    #[error("cannot use this terminal as a screen; add --plain to do without")]
    Terminal(#[source] io::Error),
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No session has that id.
    #[error("there is no session {wanted:?}; `client sessions` lists them")]
    NoSession {
        /// What was asked for.
        wanted: Text,
    },
    /// Several sessions begin so.
    #[error("{count} sessions begin with {wanted:?}; write more of the id: {examples}")]
    SeveralSessions {
        /// What was asked for.
        wanted: Text,
        /// How many there are.
        count: usize,
        /// Some of them.
        examples: String,
    },
    /// There is no session at all.
    #[error(
        "there are no sessions yet; `client generate \"…\"` makes a video, or any tool starts one by recording usage"
    )]
    NoSessions,
    /// No video has that id.
    #[error("there is no video {wanted:?}; `client videos` lists them")]
    NoVideo {
        /// What was asked for.
        wanted: Text,
    },
    /// Several videos begin so.
    #[error("{count} videos begin with {wanted:?}; write more of the id: {examples}")]
    SeveralVideos {
        /// What was asked for.
        wanted: Text,
        /// How many there are.
        count: usize,
        /// Some of them.
        examples: String,
    },
    /// Money would be spent and nobody can be asked.
    #[error(
        "this spends money, and there is no terminal to ask at; add --yes to go on without asking"
    )]
    NobodyToAsk,
    /// A file of that name is there already.
    #[error("{} is there already; move it, or write to another file", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A log file that cannot be used.
    #[error(transparent)]
    Telemetry(#[from] reelmeter_service::telemetry::TelemetryError),
}

impl Error {
    /// Whether the reader of our output has gone, which is how `… | head` ends: no failure of ours.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
