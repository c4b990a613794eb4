//! The Python environment that holds Manim.

use std::path::{Path, PathBuf};

use crate::Unavailable;

/// Where `scripts/setup.sh --animated` and the container image put it.
pub const MANIM_HOME_DEFAULT: &str = "/opt/reelmeter/manim";

const INSTALL: &str = "run scripts/setup.sh --animated";

/// A Python environment with Manim in it, whose interpreter lives where the sandbox shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    home: PathBuf,
}

impl Environment {
    /// Looks whether Manim is in the folder.
    ///
    /// # Errors
    /// If it is not, or if its interpreter lives outside `/usr` and the folder itself: a scene would not see it.
    pub fn find(home: &Path) -> Result<Self, Unavailable> {
        // Absolute, since the sandbox has another working folder, and without links, since it shows one tree only.
        let home = std::fs::canonicalize(home).map_err(|source| {
            Unavailable::new(
                format!("Manim is not installed in {}: {source}", home.display()),
                format!("{INSTALL}, or say where it is (manim_home)"),
            )
        })?;
        let found = Self { home };
        let python = std::fs::canonicalize(found.python()).map_err(|source| {
            Unavailable::new(
                format!(
                    "{} is no Python environment: bin/python: {source}",
                    found.home.display()
                ),
                INSTALL,
            )
        })?;
        if !python.starts_with("/usr") && !python.starts_with(&found.home) {
            return Err(Unavailable::new(
                format!(
                    "the Python of {} lives in {}, which the sandbox does not show",
                    found.home.display(),
                    python.display()
                ),
                format!("make the environment with /usr/bin/python3: {INSTALL}"),
            ));
        }
        Ok(found)
    }

    /// The folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Its interpreter.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.home.join("bin/python")
    }
}
