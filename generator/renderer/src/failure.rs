//! Why a scene was not rendered.

/// Why nothing can be rendered on this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{missing}: {remedy}")]
pub struct Unavailable {
    /// What is missing, in words for a person.
    pub missing: String,
    /// What to do about it.
    pub remedy: String,
}

impl Unavailable {
    pub(crate) fn new(missing: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            missing: missing.into(),
            remedy: remedy.into(),
        }
    }
}

/// A limit that ended a scene's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunLimit {
    /// The wall clock's or the processor's time.
    Time,
    /// Memory.
    Memory,
    /// Processes or threads.
    Processes,
    /// The size of a file, of all of them together, or how many are open.
    Disk,
    /// What it printed.
    Output,
}

/// What is wrong with a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is no Python, or has no such class.
    Syntax,
    /// The static gate does not let it through.
    Forbidden,
    /// It raised an exception, or crashed.
    Raised,
    /// A limit ended it.
    Limit(RunLimit),
    /// It ran, and left no picture that can be used.
    NoPicture,
}

/// A line of the scene's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeLine {
    /// Its number, counted from 1.
    pub number: u32,
    /// The line without the blanks around it.
    pub text: String,
}

/// What is wrong with a scene, as its author has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of fault.
    pub fault: Fault,
    /// What happened, in one printable line.
    pub message: String,
    /// The line of the code at fault, where it is known.
    pub line: Option<CodeLine>,
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The code is at fault: another version of it may do.
    #[error("{}", .0.message)]
    Code(Problem),
    /// The machine is at fault, and other code would fare no better; what is wrong and what to do.
    #[error("{0}")]
    Machine(String),
    /// It was called off.
    #[error("called off")]
    Cancelled,
}
