//! The tokens that open a door, and who each of them is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::tokens::{self, EVERY_TENANT, TokenFile, TokenFileError};
use super::{Caller, Role, Roles};
use crate::{Clock, Secret, SystemClock};

/// How often the file is looked at, at most: a token that was revoked opens nothing after this.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The name of whoever calls where no token is asked for.
const ANYBODY: &str = "anybody";
/// The name of the single token.
const SINGLE: &str = "reelmeter-token";

/// Why the tokens cannot be used.
pub type KeyringError = TokenFileError;

/// Why a caller is turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No token was shown.
    Missing,
    /// The token that was shown is none.
    Unknown,
    /// It was one.
    Expired {
        /// Its name.
        name: Arc<str>,
        /// When it ended.
        at: Timestamp,
    },
    /// It is not for the tenant that the call names.
    OtherTenant {
        /// Its name.
        name: Arc<str>,
    },
}

/// What version of the file was read last.
type Version = Option<(SystemTime, u64)>;

#[derive(Debug)]
struct Key {
    hash: [u8; 32],
    caller: Caller,
    every_tenant: bool,
    expires: Option<Timestamp>,
}

#[derive(Debug)]
enum Source {
    /// No token is asked for.
    Open,
    /// One token, which may do everything.
    Single,
    /// A file.
    File(PathBuf),
}

/// The tokens that a service knows.
#[derive(Debug)]
pub struct Keyring {
    source: Source,
    keys: RwLock<Vec<Key>>,
    looked: Mutex<(Instant, Version)>,
    clock: Arc<dyn Clock>,
    /// Whoever calls where no token is asked for.
    anybody: Caller,
}

impl Keyring {
    /// The tokens of a file; without one, the single token, which may do everything; without either, none is asked for.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn new(
        file: Option<&Path>,
        single: Option<&Secret>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, KeyringError> {
        let (source, keys, version) = match (file, single) {
            (Some(path), _) => {
                let version = version(path);
                let keys = keys(TokenFile::read(path)?);
                (Source::File(path.to_owned()), keys, version)
            }
            (None, Some(token)) => (Source::Single, vec![single_key(token)], None),
            (None, None) => return Ok(Self::open()),
        };
        Ok(Self {
            source,
            keys: RwLock::new(keys),
            looked: Mutex::new((Instant::now(), version)),
            clock,
            anybody: anybody(),
        })
    }

    /// No tokens: anybody may do anything.
    #[must_use]
    pub fn open() -> Self {
        Self {
            source: Source::Open,
            keys: RwLock::default(),
            looked: Mutex::new((Instant::now(), None)),
            clock: Arc::new(SystemClock),
            anybody: anybody(),
        }
    }

    /// Whether anybody may do anything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.source, Source::Open)
    }

    /// Who shows this token and calls for this tenant, where one is named.
    ///
    /// # Errors
    /// Why they are turned away.
    pub fn who(&self, shown: Option<&str>, tenant: Option<&str>) -> Result<Caller, Refusal> {
        if self.is_open() {
            return Ok(self.anybody.clone());
        }
        let shown = shown.ok_or(Refusal::Missing)?;
        self.look();
        let hash = tokens::hash(shown);
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        // All of them are compared, each in constant time: how long it takes tells nothing about any.
        let mut found = None;
        for key in keys.iter() {
            if bool::from(key.hash.ct_eq(&hash)) {
                found = Some(key);
            }
        }
        let found = found.ok_or(Refusal::Unknown)?;
        let name = || Arc::clone(&found.caller.name);
        if let Some(at) = found.expires.filter(|at| *at <= self.clock.now()) {
            return Err(Refusal::Expired { name: name(), at });
        }
        let mut caller = found.caller.clone();
        match tenant {
            Some(asked) if found.every_tenant => caller.tenant = Arc::from(asked),
            Some(asked) if *asked != *caller.tenant => {
                return Err(Refusal::OtherTenant { name: name() });
            }
            _ => {}
        }
        Ok(caller)
    }

    /// Reads the file again if it has changed. One with a mistake changes nothing and is said.
    fn look(&self) {
        let Source::File(path) = &self.source else {
            return;
        };
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.0.elapsed() < LOOK_EVERY {
            return;
        }
        looked.0 = Instant::now();
        let found = version(path);
        if found == looked.1 {
            return;
        }
        looked.1 = found;
        match TokenFile::read(path) {
            Ok(file) => {
                tracing::info!(tokens = file.tokens.len(), "the tokens have changed");
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys(file);
            }
            Err(error) => {
                tracing::error!(%error, "the tokens have changed and are not used, the old ones stay");
            }
        }
    }
}

fn anybody() -> Caller {
    Caller {
        name: Arc::from(ANYBODY),
        tenant: Arc::from(""),
        roles: Roles::of(&[Role::Admin]),
    }
}

fn keys(file: TokenFile) -> Vec<Key> {
    let key = |token: tokens::TokenEntry| {
        let every_tenant = token.tenant == EVERY_TENANT;
        let tenant = if every_tenant { "" } else { &token.tenant };
        Some(Key {
            // The file was checked.
            hash: tokens::bytes_of(&token.sha256)?,
            caller: Caller {
                name: Arc::from(token.name),
                tenant: Arc::from(tenant),
                roles: Roles::of(&token.roles),
            },
            every_tenant,
            expires: token.expires,
        })
    };
    file.tokens.into_iter().filter_map(key).collect()
}

fn single_key(token: &Secret) -> Key {
    Key {
        hash: tokens::hash(token.expose()),
        caller: Caller {
            name: Arc::from(SINGLE),
            tenant: Arc::from(""),
            roles: Roles::of(&[Role::Admin]),
        },
        every_tenant: false,
        expires: None,
    }
}

fn version(path: &Path) -> Version {
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}
