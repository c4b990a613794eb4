//! What can go wrong, each in one sentence.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::timeline::TimelineError;

/// How FFmpeg is installed on the systems this is run on.
pub const INSTALL_COMMAND: &str = "sudo apt-get install ffmpeg";

/// Why a video was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program is not there.
    #[error("{tool} was not found: install it with `{INSTALL_COMMAND}`")]
    Missing {
        /// The program.
        tool: String,
    },
    /// A program is there, but cannot do what is needed.
    #[error("{tool} cannot be used, {reason}: install a complete one with `{INSTALL_COMMAND}`")]
    Unusable {
        /// The program.
        tool: String,
        /// What it lacks.
        reason: String,
    },
    /// A picture that was bought is not one, or too large or too small.
    #[error("scene {scene}: the image {reason}: make this image again")]
    BadImage {
        /// The scene, from 1.
        scene: u32,
        /// What is wrong with it, as the rest of a sentence.
        reason: String,
    },
    /// A narration that was bought is not one.
    #[error("scene {scene}: the narration {reason}: make this narration again")]
    BadNarration {
        /// The scene, from 1.
        scene: u32,
        /// What is wrong with it, as the rest of a sentence.
        reason: String,
    },
    /// The scenes make no video.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    /// FFmpeg gave up.
    #[error("{step} failed: {reason}")]
    Failed {
        /// What was being done.
        step: String,
        /// What FFmpeg said, in its most telling line.
        reason: String,
    },
    /// FFmpeg was ended from outside.
    #[error("{step} was ended by signal {signal}{}: resume to try again", if *signal == 9 { ", as when the system runs out of memory" } else { "" })]
    Killed {
        /// What was being done.
        step: String,
        /// The signal's number.
        signal: i32,
    },
    /// There is no room left.
    #[error("{step} failed: the disk that holds {} is full: free some space and resume", folder.display())]
    DiskFull {
        /// What was being done.
        step: String,
        /// The folder that was written to.
        folder: PathBuf,
    },
    /// A step took longer than any that works.
    #[error("{step} was stopped after {limit_s} s: resume when the machine has less to do")]
    TimedOut {
        /// What was being done.
        step: String,
        /// How long it was given, in seconds.
        limit_s: u64,
    },
    /// A step stood still.
    #[error("{step} was stopped because nothing moved for {stalled_s} s: resume to try again")]
    Stalled {
        /// What was being done.
        step: String,
        /// How long nothing moved, in seconds.
        stalled_s: u64,
    },
    /// Somebody asked for it to stop.
    #[error("the video was cancelled: resume it to continue")]
    Cancelled,
    /// A file could not be read or written.
    #[error("{doing} {} failed: {source}", path.display())]
    File {
        /// What was being done to it, as in "reading".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What came out is not what was planned: never handed out.
    #[error("the finished file is wrong, {what}: resume to join the scenes again")]
    Wrong {
        /// What differs, as the rest of a sentence.
        what: String,
    },
}

impl Error {
    /// Whether somebody asked for it to stop.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// Whether a disk is full: waiting does not help, a person has to make room.
    #[must_use]
    pub const fn is_disk_full(&self) -> bool {
        matches!(self, Self::DiskFull { .. })
    }

    /// The scene (from 1) of which something that was bought has to be bought again,
    /// if that is what went wrong.
    #[must_use]
    pub const fn scene(&self) -> Option<u32> {
        match self {
            Self::BadImage { scene, .. } | Self::BadNarration { scene, .. } => Some(*scene),
            _ => None,
        }
    }

    /// A failure to read or write a file.
    pub(super) fn file(doing: &'static str, path: &Path, source: io::Error) -> Self {
        if matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        ) {
            return Self::DiskFull {
                step: format!("{doing} {}", path.display()),
                folder: path.parent().unwrap_or(path).to_path_buf(),
            };
        }
        Self::File {
            doing,
            path: path.to_path_buf(),
            source,
        }
    }
}
