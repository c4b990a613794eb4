//! Finding ffmpeg and ffprobe, and seeing that they can do what is needed.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::Error;
use super::args::Args;
use super::files::absolute;
use super::process::{Patience, Run};

/// Filters that compiling uses.
const FILTERS: [&str; 13] = [
    "scale",
    "crop",
    "format",
    "setparams",
    "fps",
    "tpad",
    "fade",
    "ass",
    "volume",
    "alimiter",
    "aresample",
    "aformat",
    "ebur128",
];

/// Encoders that compiling uses.
const ENCODERS: [&str; 2] = ["libx264", "aac"];

/// Most that a list of filters or encoders takes, in bytes; Debian's take 50 kB.
const LIST_BYTES_MAX: u64 = 1_024 * 1_024;

/// The two programs, found and able.
#[derive(Debug, Clone)]
pub struct Tools {
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
    version: String,
}

impl Tools {
    /// Finds both on the `PATH`. Meant for the start of a program, before any money
    /// is spent.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Unusable`], with the command that installs them.
    pub async fn find() -> Result<Self, Error> {
        Self::find_at(Path::new("ffmpeg"), Path::new("ffprobe")).await
    }

    /// Takes them from elsewhere.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Unusable`], with the command that installs them.
    pub async fn find_at(ffmpeg: &Path, ffprobe: &Path) -> Result<Self, Error> {
        let (ffmpeg, ffprobe) = (located(ffmpeg)?, located(ffprobe)?);
        let version_text = ask(&ffmpeg, "-version").await?;
        ask(&ffprobe, "-version").await?;
        let filters = ask(&ffmpeg, "-filters").await?;
        let encoders = ask(&ffmpeg, "-encoders").await?;
        let lacking: Vec<&str> = FILTERS
            .into_iter()
            .filter(|name| !lists(&filters, name))
            .chain(ENCODERS.into_iter().filter(|name| !lists(&encoders, name)))
            .collect();
        if !lacking.is_empty() {
            return Err(Error::Unusable {
                tool: ffmpeg.to_string_lossy().into_owned(),
                reason: format!("it was built without {}", lacking.join(", ")),
            });
        }
        Ok(Self {
            ffmpeg,
            ffprobe,
            version: version(&version_text),
        })
    }

    /// Which FFmpeg it is, as it says itself: `5.1.9-0+deb12u1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn ffmpeg(&self) -> &Path {
        &self.ffmpeg
    }

    pub(super) fn ffprobe(&self) -> &Path {
        &self.ffprobe
    }
}

/// A bare name is looked up on the `PATH`; a path means the same from any folder.
fn located(program: &Path) -> Result<PathBuf, Error> {
    if program.components().count() > 1 {
        absolute(program)
    } else {
        Ok(program.to_path_buf())
    }
}

async fn ask(program: &Path, question: &str) -> Result<String, Error> {
    let run = Run {
        program,
        step: format!("asking {} for {question}", program.display()),
        folder: Path::new("/"),
        writes_to: Path::new("/"),
        args: Args::default().words(["-hide_banner", question]).done(),
        patience: Patience::SHORT,
    };
    let said = run
        .output(LIST_BYTES_MAX, &CancellationToken::new())
        .await?;
    Ok(String::from_utf8_lossy(&said.stdout).into_owned())
}

/// Whether a name stands in the second column of a list.
fn lists(list: &str, name: &str) -> bool {
    list.lines()
        .any(|line| line.split_whitespace().nth(1) == Some(name))
}

fn version(text: &str) -> String {
    text.split_whitespace()
        .nth(2)
        .unwrap_or("of an unknown version")
        .chars()
        .filter(|c| !c.is_control())
        .take(80)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_found_by_its_whole_name() {
        let list = " ... ass              V->V       Render ASS\n .S. xfade VV->V Cross\n";
        assert!(lists(list, "ass"));
        assert!(!lists(list, "as"));
        assert!(!lists(list, "Render"));
    }

    #[test]
    fn the_version_is_the_word_after_version() {
        assert_eq!(
            version("ffmpeg version 5.1.9-0+deb12u1 Copyright (c)"),
            "5.1.9-0+deb12u1"
        );
        assert_eq!(version("nonsense"), "of an unknown version");
    }
}
