//! Keys and tokens: where they may come from, and a type that does not show them.
//!
//! A secret `NAME` comes from the environment variable `NAME`, or from the file that `NAME_FILE`
//! names (in the environment, or as `name_file` in `reelmeter.toml`). It has no flag, since the
//! arguments of a process can be read by everyone on the machine, and may not stand in
//! `reelmeter.toml` itself, since that file gets committed and sent around.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

/// The key of the Gemini API.
pub const GEMINI_API_KEY: &str = "GEMINI_API_KEY";
/// The key of the ElevenLabs API.
pub const ELEVENLABS_API_KEY: &str = "ELEVENLABS_API_KEY";
/// The bearer token that a program shows to Reelmeter's services.
pub const REELMETER_TOKEN: &str = "REELMETER_TOKEN";
/// The password of the database that the meter shares with others.
pub const METER_STORE_PASSWORD: &str = "METER_STORE_PASSWORD";

/// Every secret that a Reelmeter program knows.
pub const ALL: [&str; 4] = [
    GEMINI_API_KEY,
    ELEVENLABS_API_KEY,
    REELMETER_TOKEN,
    METER_STORE_PASSWORD,
];

/// A key is some dozens of characters; a file beyond this is not one.
const SECRET_BYTES_MAX: u64 = 16 * 1024;

/// A key or token. Neither `Debug` nor `Display` shows it, and it is wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a value in.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value itself, for the one line that sends it. Mark the header that carries it as sensitive.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

/// Why a secret cannot be used. The messages never carry the value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The value and a file were both given.
    #[error("{name} and {name}_FILE are both set; keep one of them")]
    Both {
        /// The secret's variable.
        name: &'static str,
    },
    /// The file is not readable.
    #[error(
        "cannot read {name}_FILE={}: {source}; check the path, and that the user this program runs as may read the file (in a container that is user 10001: mode 644 inside a directory of mode 700)",
        path.display()
    )]
    Unreadable {
        /// The secret's variable.
        name: &'static str,
        /// The file that was named.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is far too long for a key.
    #[error("{name}_FILE={} has {size} bytes, which is no key; name the file that holds the key alone", path.display())]
    TooLong {
        /// The secret's variable.
        name: &'static str,
        /// The file that was named.
        path: PathBuf,
        /// The file's size in bytes.
        size: u64,
    },
    /// The value has characters that cannot be sent in a header.
    #[error(
        "{origin} holds a character that no key has (a space inside, a line break or a control character); copy the key again"
    )]
    Malformed {
        /// Where the value came from: `NAME` or `NAME_FILE=path`.
        origin: String,
    },
}

/// Reads one secret: `value` is what its variable holds, `file` what its `_FILE` variable or file key names.
/// Empty values count as absent, since compose files pass on empty variables for unset ones.
///
/// # Errors
/// Both given, the file unreadable or too long, or a value that no key can have.
pub fn read(
    name: &'static str,
    value: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<Secret>, SecretError> {
    let value = value.map(str::trim).filter(|value| !value.is_empty());
    let file = file.filter(|path| !path.as_os_str().is_empty());
    match (value, file) {
        (Some(_), Some(_)) => Err(SecretError::Both { name }),
        (Some(value), None) => check(value, || name.to_owned()).map(Some),
        (None, Some(path)) => {
            let unreadable = |source| SecretError::Unreadable {
                name,
                path: path.to_owned(),
                source,
            };
            let size = std::fs::metadata(path).map_err(unreadable)?.len();
            if size > SECRET_BYTES_MAX {
                return Err(SecretError::TooLong {
                    name,
                    path: path.to_owned(),
                    size,
                });
            }
            let text = std::fs::read_to_string(path).map_err(unreadable)?;
            let value = text.trim();
            if value.is_empty() {
                return Ok(None);
            }
            check(value, || format!("{name}_FILE={}", path.display())).map(Some)
        }
        (None, None) => Ok(None),
    }
}

fn check(value: &str, origin: impl FnOnce() -> String) -> Result<Secret, SecretError> {
    if value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Secret::new(value))
    } else {
        Err(SecretError::Malformed { origin: origin() })
    }
}

/// The secrets that a program asked for, by their variable's name.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Vec<(&'static str, Secret)>);

impl Secrets {
    /// The secret of that name, where one is set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Secret> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, secret)| secret.clone())
    }

    pub(crate) fn insert(&mut self, name: &'static str, secret: Secret) {
        self.0.push((name, secret));
    }
}
