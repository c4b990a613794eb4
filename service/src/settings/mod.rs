//! Settings: flags beat the environment, which beats `reelmeter.toml`, which beats the default.
//!
//! A setting is an argument of a program's clap structs that names an environment variable. The three
//! names are one: variable `METER_LISTEN`, flag `--meter-listen`, file key and field `meter_listen`; so a
//! field is declared as
//!
//! ```
//! #[derive(Debug, Clone, clap::Args)]
//! #[group(skip)] // two structs called `Config` in one program would be two groups of one name
//! struct Config {
//!     /// The address to listen on.
//!     #[arg(long, env, default_value = "127.0.0.1:50051")]
//!     meter_listen: std::net::SocketAddr,
//! }
//! ```
//!
//! The file lies in the working directory, or where `--config` says. It may hold settings of other Reelmeter
//! programs, so that one file serves them all; a key that belongs to none is refused with its line. An empty
//! variable counts as absent: that is what a compose file passes on for an unset one.

mod common;
mod error;
mod file;
mod known;
mod layers;
mod print;
mod together;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, CommandFactory, FromArgMatches};

pub use common::{Common, LogFormat};
pub use error::SettingsError;
pub use print::{Line, Source, render};
pub use together::Together;

use crate::Program;
use crate::secret::{self, Secrets};
use crate::{failure, version};

/// The settings file that is read where none is named.
pub const FILE_NAME: &str = "reelmeter.toml";

/// A program's settings, as they are in force.
#[derive(Debug, Clone)]
pub struct Settings<T> {
    /// The program's own.
    pub cli: T,
    /// What all programs share.
    pub common: Common,
    /// The secrets that the program asked for.
    pub secrets: Secrets,
    /// Each setting with its value and where it came from, in the order of the help text.
    pub lines: Vec<Line>,
}

impl<T> Settings<T> {
    /// Where the setting of that name (`meter_listen`) got its value from.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.lines
            .iter()
            .find(|line| line.name == name)
            .map(|line| &line.source)
    }
}

/// What settings are read from. [`Surroundings::of_this_process`] in production; tests bring their own.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The arguments, without the program's name.
    pub arguments: Vec<OsString>,
    /// The environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The directory in which `reelmeter.toml` is looked for.
    pub directory: PathBuf,
}

impl Surroundings {
    /// This process's own arguments, environment and working directory.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            arguments: std::env::args_os().skip(1).collect(),
            environment: std::env::vars_os().collect(),
            directory: PathBuf::new(),
        }
    }

    /// The variable's value, where it is set and not empty.
    fn variable(&self, name: &str) -> Option<&OsString> {
        let found = self
            .environment
            .iter()
            .rev()
            .find(|(known, _)| known == name);
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }
}

/// Reads the settings of this process. Ends it for `--help`, `--version` and `--print-config` (code 0) and for
/// settings that cannot be used (code 2, one clear line each).
#[must_use]
pub fn parse<T: CommandFactory + FromArgMatches>(
    program: Program,
    secrets: &[&'static str],
) -> Settings<T> {
    match resolve::<T>(program, secrets, &Surroundings::of_this_process()) {
        Ok(settings) if settings.common.print_config => {
            // A closed pipe (`… | head`) is no failure of ours.
            let _ = std::io::stdout().write_all(render(&settings.lines).as_bytes());
            std::process::exit(0)
        }
        Ok(settings) => settings,
        Err(SettingsError::Clap(error)) => error.exit(),
        Err(error) => {
            let _ = std::io::stderr().write_all(failure::render(&error).as_bytes());
            std::process::exit(failure::USAGE.into())
        }
    }
}

/// Reads settings from the given surroundings.
///
/// # Errors
/// Everything that a person can get wrong; also `--help` and `--version`, as clap has them.
pub fn resolve<T: CommandFactory + FromArgMatches>(
    program: Program,
    secrets: &[&'static str],
    from: &Surroundings,
) -> Result<Settings<T>, SettingsError> {
    let command = command::<T>(program);
    let layers = match layers::Layers::read(program, &command, secrets, from) {
        Ok(layers) => layers,
        // A person who asks for help gets it, whatever is wrong with the file.
        Err(error) => return Err(help_asked_for(command, from).unwrap_or(error)),
    };
    let mut command = layers.apply(command)?;
    // Arguments can be shown as `--flag <VALUE>`, which `explain` needs, only once they are built.
    command.build();
    let arguments =
        std::iter::once(OsString::from(program.name())).chain(from.arguments.iter().cloned());
    let matches = command
        .clone()
        .try_get_matches_from(arguments)
        .map_err(|error| layers.explain(&command, error))?;
    let (secrets, secret_lines) = layers.secrets(secrets, from)?;
    let mut lines = print::lines(&command, &matches, &layers);
    lines.extend(secret_lines);
    Ok(Settings {
        cli: from_matches::<T>(&matches)?,
        common: from_matches::<Common>(&matches)?,
        secrets,
        lines,
    })
}

/// A settings struct from flags and defaults alone, for tests and for programs that start another one's service:
/// neither the environment nor a file is looked at.
///
/// # Errors
/// What clap says about the flags.
pub fn from_flags<A: Args>(flags: &[&str]) -> Result<A, clap::Error> {
    let command = A::augment_args(Command::new("reelmeter").no_binary_name(true))
        .mut_args(|arg| arg.env(None::<&str>));
    A::from_arg_matches(&command.try_get_matches_from(flags)?)
}

/// The settings of a program whose three spellings are not one name, each with what is wrong; a program's tests
/// expect none. `METER_LISTEN`, `--meter-listen` and `meter_listen` are one name.
#[must_use]
pub fn naming_mistakes<T: CommandFactory>(program: Program) -> Vec<String> {
    let command = command::<T>(program);
    let mut mistakes = Vec::new();
    for arg in command.get_arguments() {
        let Some(variable) = arg.get_env() else {
            continue;
        };
        let id = arg.get_id().as_str();
        if variable.to_string_lossy() != id.to_ascii_uppercase() {
            mistakes.push(format!("{id} is read from {}", variable.display()));
        }
        if arg.get_long() != Some(id.replace('_', "-").as_str()) {
            mistakes.push(format!("{id} has the flag {:?}", arg.get_long()));
        }
        if secret::ALL.iter().any(|name| name.eq_ignore_ascii_case(id)) {
            mistakes.push(format!("{id} is a secret and has a flag"));
        }
    }
    mistakes
}

/// The program's command with the shared settings, its version, and every setting usable after a subcommand too.
fn command<T: CommandFactory>(program: Program) -> Command {
    let shared = Common::augment_args(Command::new("shared"));
    let mut command = T::command()
        .name(program.name())
        .bin_name(program.name())
        .version(version::text());
    for arg in shared.get_arguments() {
        command = command.arg(arg.clone());
    }
    if command.has_subcommands() {
        command = command.mut_args(|arg| {
            let shared = arg.get_env().is_some()
                || matches!(arg.get_id().as_str(), "config" | "print_config");
            if shared { arg.global(true) } else { arg }
        });
    }
    command
}

fn from_matches<T: FromArgMatches>(matches: &ArgMatches) -> Result<T, SettingsError> {
    T::from_arg_matches(matches).map_err(SettingsError::Clap)
}

fn help_asked_for(command: Command, from: &Surroundings) -> Option<SettingsError> {
    use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
    let arguments =
        std::iter::once(OsString::from("reelmeter")).chain(from.arguments.iter().cloned());
    let error = command.try_get_matches_from(arguments).err()?;
    matches!(error.kind(), DisplayHelp | DisplayVersion).then_some(SettingsError::Clap(error))
}

/// The path as seen from the directory that settings are read in.
fn within(directory: &Path, path: &Path) -> PathBuf {
    directory.join(path)
}
