//! What the program does beside serving: looking after the ledger's file. Each works while a meter runs on it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::adapters::sqlite;
use crate::application;
use crate::{Config, Error};

/// A command of the meter's program.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Compute every total again from the events and compare; exits with 1 if anything differs.
    Verify,
    /// Copy the ledger, as it is at one moment, into a new file.
    Backup {
        /// The file to make; it must not be there yet.
        to: PathBuf,
    },
}

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no ledger.
    #[error("there is no ledger at {}; name it with --meter-store", .0.display())]
    NoLedger(PathBuf),
    /// The copy cannot be made.
    #[error("cannot make the copy {}: {source}", path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] application::Error),
    /// The totals are not those of the events.
    #[error("{} differ from the events:\n{}", count(differences.len()), differences.join("\n"))]
    Unsound {
        /// A sentence each.
        differences: Vec<String>,
    },
}

fn count(differences: usize) -> String {
    if differences == 1 {
        "1 thing".to_owned()
    } else {
        format!("{differences} things")
    }
}

/// Carries out a command and says what came of it.
///
/// # Errors
/// See [`CommandError`].
pub fn run(command: &Command, config: &Config) -> Result<(), Error> {
    let database = config.database();
    if !database.is_file() {
        return Err(CommandError::NoLedger(database).into());
    }
    let said = match command {
        Command::Verify => verify(&database)?,
        Command::Backup { to } => backup(&database, to)?,
    };
    // Where nobody reads standard output the exit code is the answer.
    let _ = writeln!(io::stdout(), "{said}");
    Ok(())
}

fn verify(database: &Path) -> Result<String, CommandError> {
    let found = sqlite::verify(database)?;
    if !found.is_sound() {
        return Err(CommandError::Unsound {
            differences: found.differences,
        });
    }
    Ok(format!(
        "{}: {} events in {} sessions, and every total is theirs",
        database.display(),
        found.events,
        found.sessions
    ))
}

fn backup(database: &Path, to: &Path) -> Result<String, CommandError> {
    let failed = |source| CommandError::Copy {
        path: to.to_owned(),
        source,
    };
    // Made here, so that nobody else can read it for even a moment.
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(failed)?;
    let copied = sqlite::copy(database, to);
    if copied.is_err() {
        // Half a copy is none.
        fs::remove_file(to).map_err(failed)?;
    }
    copied?;
    let bytes = fs::metadata(to).map_err(failed)?.len();
    Ok(format!(
        "{} is a copy of {}, {bytes} bytes",
        to.display(),
        database.display()
    ))
}
