//! The port of what turns model-written animation code into a moving picture.
//!
//! The code is a stranger's: whoever implements the port runs it in a sandbox only, and where there is none, not at all.

use std::path::PathBuf;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

/// Why nothing can be rendered on this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{missing}: {remedy}")]
pub struct NoAnimator {
    /// What is missing, in words for a person: `Manim is not installed`.
    pub missing: String,
    /// What to do about it: the command that installs it.
    pub remedy: String,
}

/// Code to check or to render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Animation {
    /// The Python source, whole: with its imports.
    pub code: String,
    /// The class in it that is the scene: `Section`.
    pub scene_class: String,
    /// The picture's width in pixels.
    pub width_px: u32,
    /// The picture's height in pixels.
    pub height_px: u32,
    /// Frames a second.
    pub fps: u32,
    /// A folder of this animation's own, on the file system of the job; it is made if it is not there, and what is in it
    /// may be overwritten.
    pub folder: PathBuf,
    /// How long it may take, by the clock on the wall.
    pub time_max: Duration,
}

/// A rendered animation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The file, an MP4 without sound, inside the animation's folder. A regular file, not a link.
    pub path: PathBuf,
    /// Its length in milliseconds.
    pub duration_ms: u64,
    /// How many frames it has.
    pub frames: u64,
}

/// A line of the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeLine {
    /// Its number, counted from 1.
    pub number: u32,
    /// The line without the blanks around it.
    pub text: String,
}

/// A limit that ended the code's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunLimit {
    /// The wall clock's or the processor's time.
    Time,
    /// Memory.
    Memory,
    /// Processes or threads.
    Processes,
    /// The size of a file, or of all of them.
    Disk,
    /// What it printed.
    Output,
}

/// What is wrong with an animation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is no Python, or has no such scene.
    Syntax,
    /// It uses what the static gate does not let through.
    Forbidden,
    /// It raised an exception.
    Raised,
    /// It was ended by a limit.
    Limit(RunLimit),
    /// It ran, and what it left cannot be used: no file, a link, nothing that moves.
    NoPicture,
}

impl Fault {
    /// The fault in one word, for logs and records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Forbidden => "forbidden",
            Self::Raised => "raised",
            Self::Limit(RunLimit::Time) => "time_limit",
            Self::Limit(RunLimit::Memory) => "memory_limit",
            Self::Limit(RunLimit::Processes) => "process_limit",
            Self::Limit(RunLimit::Disk) => "disk_limit",
            Self::Limit(RunLimit::Output) => "output_limit",
            Self::NoPicture => "no_picture",
        }
    }
}

/// What is wrong with the code, as its author has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeProblem {
    /// Which kind of fault.
    pub fault: Fault,
    /// The traceback's last line, or why the gate or a limit stopped it; one line, cut to a sensible length.
    pub message: String,
    /// The line of the code at fault, where it is known.
    pub line: Option<CodeLine>,
}

impl std::fmt::Display for CodeProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match &self.line {
            Some(line) => write!(f, " (line {}: {})", line.number, line.text),
            None => Ok(()),
        }
    }
}

/// Why there is no rendered animation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnimateError {
    /// The code is at fault: another version of it may do.
    #[error("{0}")]
    Code(CodeProblem),
    /// This machine is at fault, and other code would fare no better: no sandbox, no room on the disk. What is wrong and
    /// what to do.
    #[error("{0}")]
    Machine(String),
    /// It was called off.
    #[error("called off")]
    Cancelled,
}

/// Runs animation code, in a sandbox only. Each method may be called for several animations at once. Dropping a future
/// ends what it runs.
pub trait Animator: Send + Sync {
    /// Whether the tools and the sandbox are there, proven by a harmless run where it was not proven before; which they
    /// are, for the log. Asked before any money is spent.
    fn ready(&self) -> BoxFuture<'_, Result<String, NoAnimator>>;
    /// Whether the code passes the static gate, and runs to its end without a picture (`--dry_run`): the cheap check.
    fn check<'a>(
        &'a self,
        animation: &'a Animation,
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<(), AnimateError>>;
    /// Renders the code. It passes the static gate here too.
    fn render<'a>(
        &'a self,
        animation: &'a Animation,
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Rendered, AnimateError>>;
}
