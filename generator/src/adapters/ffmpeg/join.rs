//! The clips, the voice and the subtitles, joined into the finished file.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::complaint::Complaint;
use super::process::{Patience, Run};
use super::{Error, Tools};
use crate::domain::timeline::{FRAMES_PER_SECOND, Timeline};

/// Every file of ours says that its colours are BT.709 in the range of television:
/// unsaid, players guess by the size of the picture and shades shift.
pub(super) const COLOUR: [&str; 10] = [
    "-pix_fmt",
    "yuv420p",
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
    "-color_range",
    "tv",
];

/// Longest title that a file carries, in characters.
const TITLE_CHARACTERS_MAX: usize = 200;

/// What a simulated video says about itself.
const SIMULATED_COMMENT: &str =
    "Made by Reelmeter with simulated providers: script, voice and pictures are stand-ins.";
const COMMENT: &str = "Made by Reelmeter.";

/// Everything that is joined.
#[derive(Debug)]
pub(super) struct Join<'a> {
    /// When each scene is shown.
    pub timeline: &'a Timeline,
    /// The scenes' clips, in order.
    pub clips: &'a [PathBuf],
    /// The voice, levelled: WAV.
    pub voice: &'a Path,
    /// The name, in `folder`, of the subtitles that are burnt in.
    pub subtitles: Option<&'a str>,
    /// The title that the file carries.
    pub title: &'a str,
    /// Whether the providers were simulated.
    pub simulated: bool,
}

impl Join<'_> {
    /// Writes the finished file to `target`. `on_frame` hears how many frames are
    /// done. Gives what ffmpeg warned of.
    pub(super) async fn run(
        &self,
        tools: &Tools,
        folder: &Path,
        target: &Path,
        on_frame: impl FnMut(u64) + Send,
        cancel: &CancellationToken,
    ) -> Result<Complaint, Error> {
        // Warnings are wanted: the subtitle renderer names letters that no font has.
        let mut args = Args::ffmpeg_with_progress().words(["-v", "warning"]);
        for clip in self.clips {
            // One thread a decoder: thirty decoders with a pool each take gigabytes.
            args = args.words(["-threads", "1"]).input("mov", clip);
        }
        let voice_index = self.clips.len();
        let rate = FRAMES_PER_SECOND.to_string();
        let keyframes = (FRAMES_PER_SECOND * 2).to_string();
        let args = args
            .input("wav", self.voice)
            .words(["-filter_complex"])
            .word(self.graph())
            .words(["-map", "[v]", "-map", &format!("{voice_index}:a:0")])
            // No `-frames:v`: at that frame it would end the sound as well, which is
            // encoded later than the picture. The graph has the right length by itself.
            .words(["-r", &rate])
            .words(["-c:v", "libx264", "-preset", "veryfast", "-crf", "20"])
            .words(["-profile:v", "high", "-g", &keyframes])
            .words(COLOUR)
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
            args,
            patience: Patience::for_frames(self.timeline.frame_count()),
        };
        run.watched(on_frame, cancel).await
    }

    const fn comment(&self) -> &'static str {
        if self.simulated {
            SIMULATED_COMMENT
        } else {
            COMMENT
        }
    }

    /// The graph of filters: each clip faded into what came before, then the end
    /// faded out, then the subtitles on top, which stay bright.
    fn graph(&self) -> String {
        // One time base for all, so that fades fall on frames exactly.
        let mut graph = String::new();
        for index in 0..self.clips.len() {
            graph += &format!("[{index}:v:0]settb=1/{FRAMES_PER_SECOND},setpts=N[c{index}];");
        }
        let mut so_far = "[c0]".to_owned();
        for (index, scene) in self.timeline.scenes().iter().enumerate().skip(1) {
            let joined = format!("[j{index}]");
            graph += &if scene.fade_in_frame_count == 0 {
                format!("{so_far}[c{index}]concat=n=2:v=1:a=0{joined};")
            } else {
                format!(
                    "{so_far}[c{index}]xfade=transition=fade:duration={}:offset={}{joined};",
                    seconds(scene.fade_in_frame_count),
                    seconds(scene.start_frame),
                )
            };
            so_far = joined;
        }
        let mut finish = Vec::new();
        let fade = self.timeline.end_fade_frame_count();
        if fade > 0 {
            let start = self.timeline.frame_count() - fade;
            finish.push(format!("fade=t=out:s={start}:n={fade}"));
        }
        if let Some(name) = self.subtitles {
            finish.push(format!("ass=f={name}"));
        }
        finish.push("format=yuv420p".to_owned());
        graph + &so_far + &finish.join(",") + "[v]"
    }
}

/// So many frames in seconds, to the microsecond that ffmpeg counts in.
fn seconds(frame_count: u64) -> String {
    let us = frame_count * 1_000_000 / u64::from(FRAMES_PER_SECOND);
    // Rounded up: the filter rounds to the nearest frame.
    let us = if us * u64::from(FRAMES_PER_SECOND) == frame_count * 1_000_000 {
        us
    } else {
        us + 1
    };
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_in_microseconds() {
        assert_eq!(seconds(30), "1.000000");
        assert_eq!(seconds(1), "0.033334");
        assert_eq!(seconds(15), "0.500000");
        assert_eq!(seconds(131), "4.366667");
    }

    #[test]
    fn a_title_is_one_plain_line() {
        assert_eq!(plain_title(" A\n\ttitle\u{1b}[0m "), "A  title[0m");
        assert_eq!(plain_title(&"x".repeat(999)).len(), TITLE_CHARACTERS_MAX);
    }
}
