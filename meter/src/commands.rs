//! What the program does beside serving: looking after the ledger's file. Each works while a meter runs on it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use reelmeter_service::{Clock, Common, SystemClock, door};

use crate::adapters::postgres;
use crate::adapters::sqlite::{self, ArchiveError, Order, Step};
use crate::application;
use crate::config;
use crate::{Config, Error, Store};

/// A command of the meter's program.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Move a ledger from a file into a database that meters share, and compare every session's figures.
    Migrate(Migration),
    /// Compute every total again from the events and compare; exits with 1 if anything differs.
    Verify,
    /// Copy the ledger, as it is at one moment, into a new file.
    Backup {
        /// The file to make; it must not be there yet.
        to: PathBuf,
    },
    /// Move old events out of the ledger into files, one JSON object a line; totals, receipts and ids stay.
    Archive {
        /// Those that were recorded longer ago than this, for example 90d.
        #[arg(long, value_name = "AGE", value_parser = config::age)]
        older_than: SignedDuration,
        /// The folder of the files; made if it is not there.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Make, list and revoke the tokens that callers show.
    #[command(subcommand)]
    Tokens(door::command::Command),
}

/// Where a ledger comes from and goes to.
#[derive(Clone, Debug, clap::Args)]
pub struct Migration {
    /// The ledger as it is: sqlite:// and the path of its file. No meter may run on it.
    #[arg(long, value_name = "URL", value_parser = config::store)]
    from: String,
    /// The database: postgres://USER@HOST/DATABASE, empty; its password comes from METER_STORE_PASSWORD.
    #[arg(long, value_name = "URL", value_parser = config::store)]
    to: String,
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
    /// A database is backed up by its own tools.
    #[error(
        "a shared ledger is backed up by the database's own tools, such as pg_dump or a base backup"
    )]
    OwnTools,
    /// There is one direction.
    #[error(
        "a ledger moves from a file to a database: --from sqlite://FILE --to postgres://USER@HOST/DATABASE"
    )]
    Direction,
    /// Old events go with their partition.
    #[error(
        "a shared ledger parts with old events by dropping their partition, see docs/scale.md; take `archive` and METER_ARCHIVE_AFTER away"
    )]
    Partitions,
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] application::Error),
    /// Events cannot be moved out.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
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
pub fn run(command: &Command, config: &Config, common: &Common) -> Result<(), Error> {
    if let Command::Migrate(migration) = command {
        let said = migrate(migration, config, common)?;
        let _ = writeln!(io::stdout(), "{said}");
        return Ok(());
    }
    let store = config.store(common)?;
    if let Store::Sqlite(database) = &store
        && !database.is_file()
    {
        return Err(CommandError::NoLedger(database.clone()).into());
    }
    let said = match (command, &store) {
        // Done before: they name their stores and files themselves.
        (Command::Migrate(_) | Command::Tokens(_), _) => return Ok(()),
        (Command::Verify, _) => verify(&store)?,
        (Command::Backup { to }, Store::Sqlite(database)) => backup(database, to)?,
        (Command::Archive { older_than, to }, Store::Sqlite(database)) => {
            archive(database, *older_than, to)?
        }
        (Command::Backup { .. }, Store::Postgres(_)) => return Err(CommandError::OwnTools.into()),
        (Command::Archive { .. }, Store::Postgres(_)) => {
            return Err(CommandError::Partitions.into());
        }
    };
    // Where nobody reads standard output the exit code is the answer.
    let _ = writeln!(io::stdout(), "{said}");
    Ok(())
}

/// Carries out a command on the tokens.
///
/// # Errors
/// No file is named, it cannot be used, or the wish breaks a rule.
pub fn tokens(command: &door::command::Command, common: &Common) -> Result<(), Error> {
    let file = common.reelmeter_tokens.as_ref();
    Ok(door::command::run(command, file, SystemClock.now())?)
}

fn verify(store: &Store) -> Result<String, CommandError> {
    let found = match store {
        Store::Sqlite(database) => sqlite::verify(database)?,
        Store::Postgres(address) => postgres::verify(address)?,
    };
    if !found.is_sound() {
        return Err(CommandError::Unsound {
            differences: found.differences,
        });
    }
    let mut said = format!(
        "{}: {} events in {} sessions, and every total is theirs",
        store, found.events, found.sessions
    );
    if found.archived > 0 {
        said.push_str(&format!(
            "; {} events were moved out into files",
            found.archived
        ));
    }
    if found.archives_elsewhere > 0 {
        said.push_str(&format!(
            ", {} of which are not where they were made and were not looked at",
            found.archives_elsewhere
        ));
    }
    if found.passed_over > 0 {
        said.push_str(&format!(
            "; {} sessions of which events were dropped were passed over",
            found.passed_over
        ));
    }
    Ok(said)
}

fn archive(database: &Path, older_than: SignedDuration, to: &Path) -> Result<String, CommandError> {
    let now = SystemClock.now();
    let order = Order {
        // An age beyond all time is that of no event.
        recorded_before: now.saturating_sub(older_than).unwrap_or(Timestamp::MIN),
        to: to.to_owned(),
    };
    let moved = sqlite::archive(database, &order, now, &mut |progress| {
        if progress.step == Step::Moved {
            let (file, events) = (progress.file.display(), progress.events);
            let _ = writeln!(io::stdout(), "{file}: {events} events");
        }
        true
    })?;
    Ok(match moved.events {
        0 => "no events are that old; nothing was moved".to_owned(),
        events => format!(
            "{events} events were moved out of {} into {} in {}; its room is used again by new events",
            database.display(),
            if moved.files.len() == 1 {
                "1 file".to_owned()
            } else {
                format!("{} files", moved.files.len())
            },
            to.display()
        ),
    })
}

fn migrate(migration: &Migration, config: &Config, common: &Common) -> Result<String, Error> {
    let read = |text| {
        Store::read(
            text,
            config.store_password.as_ref(),
            common.reelmeter_tls_ca.as_deref(),
        )
    };
    let (Store::Sqlite(from), Store::Postgres(to)) = (read(&migration.from)?, read(&migration.to)?)
    else {
        return Err(CommandError::Direction.into());
    };
    if !from.is_file() {
        return Err(CommandError::NoLedger(from).into());
    }
    let table = crate::prices::load(config)?.table;
    let departing = sqlite::Export::open(&from)?;
    let came = postgres::import(&to, &table, &departing, SystemClock.now())?;
    Ok(format!(
        "{} is in {to} now: {} events and {} ids of {} sessions, each with the figures that it had; the file is as it was",
        from.display(),
        came.events,
        came.keys,
        came.sessions
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
