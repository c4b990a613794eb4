//! The file of tokens: for each its name, its hash, its roles, its tenant and its last day. The token itself is in none.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use super::Role;
use crate::Secret;

/// What a token begins with, so that a person and a scanner for leaked keys can tell what it is.
const PREFIX: &str = "rmt_";
/// Random bytes of a token: nobody guesses 256 bits, so a plain hash at rest is enough.
const TOKEN_BYTES: usize = 32;
/// The longest name of a token or a tenant, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// The most tokens of a file: each is compared with every token that is shown.
const TOKENS_MAX: usize = 1_000;
/// No such file is longer.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The tenant of a token that acts for the tenant that each call names.
pub const EVERY_TENANT: &str = "*";

const HEAD: &str = "# Tokens of Reelmeter, by their hashes: no token can be got back from here. `meter tokens` writes this file;\n\
                    # a running service reads it again when it changes.\n\n";

/// A token as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEntry {
    /// Its name.
    pub name: String,
    /// The SHA-256 of the token's text, 64 hexadecimal digits.
    pub sha256: String,
    /// What it is for.
    pub roles: Vec<Role>,
    /// Whose data it may touch; empty for the default tenant, `*` for whichever tenant each call names.
    #[serde(default)]
    pub tenant: String,
    /// From then on it opens nothing; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// A token that somebody wants.
#[derive(Debug, Clone)]
pub struct Wish {
    /// A name that no other token has.
    pub name: String,
    /// What it is for.
    pub roles: Vec<Role>,
    /// Whose data it may touch.
    pub tenant: String,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenFile {
    /// The tokens.
    #[serde(default, rename = "token")]
    pub tokens: Vec<TokenEntry>,
}

/// Why a file of tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// It cannot be read or written.
    #[error("cannot {what} the tokens in {} (REELMETER_TOKENS): {source}", path.display())]
    Io {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no such file.
    #[error("{} (REELMETER_TOKENS) is not a file of tokens: {message}; `meter tokens add` writes one", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        message: String,
    },
    /// A token breaks a rule.
    #[error("token `{name}`: {message}")]
    Rule {
        /// Its name.
        name: String,
        /// The rule, and the next step.
        message: String,
    },
    /// There is none of that name.
    #[error("there is no token `{name}` in {}; `meter tokens list` shows those that there are", path.display())]
    Unknown {
        /// The name.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// The system has no randomness to give.
    #[error("the system gives no random bytes; no token was made")]
    NoRandomness,
}

impl TokenFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// It cannot be read, is no such file, or breaks a rule.
    pub fn read(path: &Path) -> Result<Self, TokenFileError> {
        let failed = |source| TokenFileError::Io {
            what: "read",
            path: path.to_owned(),
            source,
        };
        let wrong = |message: String| TokenFileError::Form {
            path: path.to_owned(),
            message,
        };
        let bytes = fs::metadata(path).map_err(failed)?.len();
        if bytes > FILE_BYTES_MAX {
            return Err(wrong(format!("it has {bytes} bytes")));
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        let file: Self = toml::from_str(&text)
            .map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        file.check()?;
        Ok(file)
    }

    /// Makes a token, adds its hash and gives the token itself: the only time that anybody sees it.
    ///
    /// # Errors
    /// The wish breaks a rule, or there is no randomness.
    pub fn add(&mut self, wish: Wish) -> Result<Secret, TokenFileError> {
        let mut bytes = [0; TOKEN_BYTES];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| TokenFileError::NoRandomness)?;
        let token = Secret::new(format!("{PREFIX}{}", hexadecimal(&bytes)));
        self.tokens.push(TokenEntry {
            name: wish.name,
            sha256: hexadecimal(&hash(token.expose())),
            roles: wish.roles,
            tenant: wish.tenant,
            expires: wish.expires,
        });
        match self.check() {
            Ok(()) => Ok(token),
            Err(error) => {
                self.tokens.pop();
                Err(error)
            }
        }
    }

    /// Takes a token away; false if there is none of that name.
    pub fn revoke(&mut self, name: &str) -> bool {
        let before = self.tokens.len();
        self.tokens.retain(|token| token.name != name);
        self.tokens.len() < before
    }

    /// Writes the file, readable by its owner alone; whoever reads meanwhile sees the old or the new one, never half.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), TokenFileError> {
        let failed = |source| TokenFileError::Io {
            what: "write",
            path: path.to_owned(),
            source,
        };
        let text = toml::to_string(self).map_err(|error| TokenFileError::Form {
            path: path.to_owned(),
            message: error.to_string(),
        })?;
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let beside = path.with_extension("new");
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .map_err(failed)?;
        file.write_all(HEAD.as_bytes())
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&beside, path))
            .map_err(failed)
    }

    fn check(&self) -> Result<(), TokenFileError> {
        let mut names = BTreeSet::new();
        for token in &self.tokens {
            let broken = |message: &str| TokenFileError::Rule {
                name: token.name.clone(),
                message: message.to_owned(),
            };
            if !is_name(&token.name) {
                return Err(broken(
                    "a name has 1 to 64 of the characters a-z, 0-9, `.`, `_` and `-`",
                ));
            }
            if !names.insert(token.name.as_str()) {
                return Err(broken("there are two of this name; choose another"));
            }
            let every_tenant = token.tenant == EVERY_TENANT;
            if !every_tenant && !token.tenant.is_empty() && !is_name(&token.tenant) {
                return Err(broken(
                    "a tenant has 1 to 64 of the characters a-z, 0-9, `.`, `_` and `-`, or is empty for the default one",
                ));
            }
            if token.roles.is_empty() {
                return Err(broken("it has no role; give it one at least"));
            }
            let records = |role: &Role| matches!(role, Role::Record | Role::Read);
            if every_tenant && !token.roles.iter().all(records) {
                return Err(broken(
                    "a token for every tenant is for a generator that records, and may have the roles record and read alone",
                ));
            }
            if bytes_of(&token.sha256).is_none() {
                return Err(broken(
                    "`sha256` must be 64 hexadecimal digits; `meter tokens add` writes them",
                ));
            }
        }
        if self.tokens.len() > TOKENS_MAX {
            return Err(TokenFileError::Rule {
                name: self.tokens[TOKENS_MAX].name.clone(),
                message: format!("at most {TOKENS_MAX} tokens are kept; revoke some"),
            });
        }
        Ok(())
    }
}

/// The hash under which a token is kept.
pub(super) fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

/// The 32 bytes of 64 hexadecimal digits.
pub(super) fn bytes_of(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
}
