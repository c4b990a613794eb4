//! Settings read in a directory of their own, from an environment of their own.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and each test file uses its own part of this"
)]

use std::ffi::OsString;
use std::path::Path;

use reelmeter_service::settings::{SettingsError, Surroundings};

/// The surroundings of one test.
pub struct World {
    directory: tempfile::TempDir,
    pub surroundings: Surroundings,
}

impl World {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let surroundings = Surroundings {
            directory: directory.path().to_owned(),
            ..Surroundings::default()
        };
        Self {
            directory,
            surroundings,
        }
    }

    pub fn flags(mut self, flags: &[&str]) -> Self {
        self.surroundings.arguments = flags.iter().map(OsString::from).collect();
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.surroundings
            .environment
            .push((name.into(), value.into()));
        self
    }

    pub fn file(self, text: &str) -> Self {
        self.named_file("reelmeter.toml", text)
    }

    pub fn named_file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.path().join(name), text).unwrap();
        self
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// The message of the error that was expected.
pub fn message<T: std::fmt::Debug>(result: Result<T, SettingsError>) -> String {
    result.unwrap_err().to_string()
}
