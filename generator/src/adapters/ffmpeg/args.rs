//! Arguments that every run has in common.

use std::ffi::OsString;
use std::path::Path;

/// Collects arguments, none of which is ever seen by a shell.
#[derive(Debug, Default)]
pub(super) struct Args(Vec<OsString>);

impl Args {
    /// The beginning of every run of ffmpeg: no keyboard, no banner, errors only and marked as such,
    /// and what it writes may be replaced (it only ever writes to names of ours).
    pub(super) fn ffmpeg() -> Self {
        Self::default().words(["-nostdin", "-hide_banner", "-y", "-v", "level+error"])
    }

    /// The same with progress on standard output.
    pub(super) fn ffmpeg_with_progress() -> Self {
        Self::ffmpeg().words(["-nostats", "-stats_period", "0.25", "-progress", "pipe:1"])
    }

    /// Adds words.
    pub(super) fn words<const N: usize>(mut self, words: [&str; N]) -> Self {
        self.0.extend(words.map(OsString::from));
        self
    }

    /// Adds one word that was made.
    pub(super) fn word(mut self, word: impl Into<OsString>) -> Self {
        self.0.push(word.into());
        self
    }

    /// Adds a file to read. What it is, is said and not guessed: a playlist that calls
    /// itself an image could otherwise make ffmpeg open other files; and only files
    /// may be opened, whatever is in it. `file:` keeps a name that starts with a dash,
    /// or looks like another protocol, a name.
    pub(super) fn input(self, demuxer: &str, path: &Path) -> Self {
        self.words(["-protocol_whitelist", "file,pipe", "-f", demuxer, "-i"])
            .word(file_url(path))
    }

    /// Adds standard input as what is read.
    pub(super) fn input_pipe(self, demuxer: &str) -> Self {
        self.words([
            "-protocol_whitelist",
            "file,pipe",
            "-f",
            demuxer,
            "-i",
            "pipe:0",
        ])
    }

    /// Ends with samples on standard output.
    pub(super) fn output_pipe(self, muxer: &str) -> Vec<OsString> {
        self.words(["-f", muxer, "pipe:1"]).0
    }

    /// Adds the file to write, which must be the last argument.
    pub(super) fn output(self, muxer: &str, path: &Path) -> Vec<OsString> {
        self.words(["-f", muxer]).word(file_url(path)).0
    }

    /// Ends with nothing written.
    pub(super) fn no_output(self) -> Vec<OsString> {
        self.words(["-f", "null", "-"]).0
    }

    /// Ends as it is.
    pub(super) fn done(self) -> Vec<OsString> {
        self.0
    }
}

/// A path as ffmpeg's file protocol takes it.
pub(super) fn file_url(path: &Path) -> OsString {
    let mut url = OsString::from("file:");
    url.push(path);
    url
}
