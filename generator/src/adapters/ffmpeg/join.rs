//! The segments and the voice, joined into the finished file.
//!
//! Segments are encoded as they stay, so their packets are copied: joining an hour
//! takes seconds, and nothing is encoded twice.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tokio::fs;
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::files::TempFile;
use super::process::{Patience, Run};
use super::{Error, Tools};
use crate::domain::timeline::{FRAMES_PER_SECOND, Timeline};

/// Ticks a second in which the file counts: 512 a frame.
const TICKS_PER_SECOND: u32 = 15_360;

/// Longest title that a file carries, in characters.
const TITLE_CHARACTERS_MAX: usize = 200;

/// What a file says about how it was made.
const COMMENT: &str = "Made by Reelmeter.";
const SIMULATED_COMMENT: &str =
    "Made by Reelmeter with simulated providers: script, voice and pictures are stand-ins.";

/// Everything that is in the finished file.
#[derive(Debug)]
pub(super) struct Join<'a> {
    /// How long each segment is.
    pub timeline: &'a Timeline,
    /// The segments, in order.
    pub segments: &'a [PathBuf],
    /// The voice, levelled: WAV.
    pub voice: &'a Path,
    /// The title that the file carries.
    pub title: &'a str,
    /// Whether the providers were simulated.
    pub simulated: bool,
}

impl Join<'_> {
    /// Writes the finished file to `target`.
    pub(super) async fn run(
        &self,
        tools: &Tools,
        folder: &Path,
        target: &Path,
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        let list = TempFile::new(folder, "ffconcat");
        fs::write(list.path(), self.list())
            .await
            .map_err(|source| Error::file("writing", list.path(), source))?;
        let ticks = TICKS_PER_SECOND.to_string();
        let args = Args::ffmpeg_with_progress()
            // Only plain names in the same folder.
            .words(["-safe", "1"])
            .input("concat", list.path())
            .input("wav", self.voice)
            .words(["-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy"])
            .words(["-video_track_timescale", &ticks])
            .words(["-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-ac", "2"])
            .words(["-map_metadata", "-1", "-map_chapters", "-1", "-metadata"])
            .word(format!("title={}", plain_title(self.title)))
            .word("-metadata")
            .word(format!("comment={}", self.comment()))
            // The index first, so that a video plays while it is still loading.
            .words(["-movflags", "+faststart"])
            .output("mp4", target);
        let run = Run {
            program: tools.ffmpeg(),
            step: "joining the scenes".to_owned(),
            folder,
            writes_to: target.parent().unwrap_or(folder),
            args,
            patience: Patience::for_frames(self.timeline.frame_count()),
        };
        run.watched(|_| {}, cancel).await.map(drop)
    }

    const fn comment(&self) -> &'static str {
        if self.simulated {
            SIMULATED_COMMENT
        } else {
            COMMENT
        }
    }

    /// The list of segments. Their names are ours: letters, digits, dash and dot.
    ///
    /// It counts in microseconds, which are no whole frames. So each duration is the
    /// difference of two places counted from the start of the video: the error never
    /// adds up, and stays far below the tick that times are rounded to.
    fn list(&self) -> String {
        let place_us = |frame: u64| frame * 1_000_000 / u64::from(FRAMES_PER_SECOND);
        let mut list = "ffconcat version 1.0\n".to_owned();
        for (index, segment) in self.segments.iter().enumerate() {
            let frames = self.timeline.frames_of_shot(index);
            let us = place_us(frames.end) - place_us(frames.start);
            let name = segment.file_name().unwrap_or_default().to_string_lossy();
            // Writing to a String cannot fail.
            let _ = writeln!(
                list,
                "file {name}\nduration {}.{:06}",
                us / 1_000_000,
                us % 1_000_000
            );
        }
        list
    }
}

/// A title without control characters and of bounded length.
fn plain_title(title: &str) -> String {
    title
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control())
        .take(TITLE_CHARACTERS_MAX)
        .collect::<String>()
        .trim()
        .to_owned()
}

// Frames fall on whole ticks.
const _: () = assert!(TICKS_PER_SECOND.is_multiple_of(FRAMES_PER_SECOND));

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use super::*;
    use crate::domain::timeline::{Pacing, SceneLength};

    #[test]
    fn a_title_is_one_plain_line() {
        assert_eq!(plain_title(" A\n\ttitle\u{1b}[0m "), "A  title[0m");
        assert_eq!(plain_title(&"x".repeat(999)).len(), TITLE_CHARACTERS_MAX);
    }

    #[test]
    fn a_list_names_each_segment_and_how_long_it_is() {
        let length = SceneLength {
            narration_sample_count: 48_000,
            picture_count: 1,
            frame_count_min: 0,
        };
        let timeline = Timeline::lay_out(&[length; 2], &Pacing::default()).unwrap();
        let join = Join {
            timeline: &timeline,
            segments: &["/x/segment-001-a.mp4".into(), "/x/segment-002-b.mp4".into()],
            voice: Path::new("voice"),
            title: "",
            simulated: false,
        };
        assert_eq!(
            join.list(),
            "ffconcat version 1.0\nfile segment-001-a.mp4\nduration 2.366666\n\
             file segment-002-b.mp4\nduration 3.466667\n"
        );
    }
}
