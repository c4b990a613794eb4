//! What can be wrong with settings.

use std::path::PathBuf;

use crate::secret::SecretError;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A flag is wrong, or help or the version was asked for; clap's own text is the message.
    #[error("{0}")]
    Clap(#[from] clap::Error),
    /// The settings file cannot be read.
    #[error("cannot read the settings file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The settings file is not TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// File and line.
        place: String,
        /// What the TOML reader said.
        message: String,
    },
    /// A key in the file that no program knows.
    #[error("{place}: no Reelmeter program has a setting {key}{}", hint.as_ref().map(|name| format!("; did you mean {name}?")).unwrap_or_default())]
    UnknownKey {
        /// File and line.
        place: String,
        /// The key as written.
        key: String,
        /// The known key that looks most like it.
        hint: Option<String>,
    },
    /// A secret stands in the file.
    #[error(
        "{place}: {key} is a secret and may not stand in this file; put it into the environment, or into a file of its own and name that as {key}_file"
    )]
    SecretInFile {
        /// File and line.
        place: String,
        /// The key as written.
        key: String,
    },
    /// A value in the file of a kind that settings do not have.
    #[error("{place}: {key} must be a string, a number, true or false, or a list of these")]
    Kind {
        /// File and line.
        place: String,
        /// The key as written.
        key: String,
    },
    /// A value from the environment or the file that the setting does not take.
    #[error("{place}: {message}")]
    Value {
        /// The variable, or file and line.
        place: String,
        /// What is wrong with the value.
        message: String,
    },
    /// A secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
}
