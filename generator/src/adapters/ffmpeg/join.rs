//! The clips, the voice and the subtitles, joined into the finished file.
//!
//! Each clip that is joined keeps a decoder open, about 12 MB at 720p and 27 MB at
//! 1080p. So a long video's clips are joined in two rounds: first some at a time into
//! reels, then the reels.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::complaint::Complaint;
use super::files::TempFile;
use super::process::{Patience, Run};
use super::{Error, Tools, probe};
use crate::domain::timeline::{FRAMES_PER_SECOND, Shot, Timeline};

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

/// How clips and reels, which are read once more, are encoded: quick to write and
/// read, and visually lossless.
pub(super) const INTERMEDIATE: [&str; 8] = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-crf",
    "12",
    "-map_metadata",
    "-1",
];

/// Most files that are joined at once.
const JOINED_COUNT_MAX: usize = 20;

/// Goes into every reel's key: a change of how reels are made makes old ones stale.
const RECIPE: &str = "reel 1";

/// Longest title that a file carries, in characters.
const TITLE_CHARACTERS_MAX: usize = 200;

/// What a simulated video says about itself.
const SIMULATED_COMMENT: &str =
    "Made by Reelmeter with simulated providers: script, voice and pictures are stand-ins.";
const COMMENT: &str = "Made by Reelmeter.";

/// A moving picture and its place in the video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    path: PathBuf,
    start_frame: u64,
    end_frame: u64,
    fade_in_frame_count: u64,
}

impl Part {
    /// A shot's clip.
    pub(super) fn of_shot(shot: &Shot, clip: PathBuf) -> Self {
        Self {
            path: clip,
            start_frame: shot.start_frame,
            end_frame: shot.end_frame(),
            fade_in_frame_count: shot.fade_in_frame_count,
        }
    }
}

/// Joins clips into reels, if there are too many to join at once, and gives what is
/// left to join. `on_frame` hears how many frames are done, of the whole video's.
pub(super) async fn reels(
    parts: Vec<Part>,
    tools: &Tools,
    folder: &Path,
    mut on_frame: impl FnMut(u64) + Send,
    cancel: &CancellationToken,
) -> Result<Vec<Part>, Error> {
    if !needs_reels(parts.len()) {
        return Ok(parts);
    }
    let mut reels = Vec::new();
    for (number, parts) in (1_usize..).zip(parts.chunks(JOINED_COUNT_MAX)) {
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
            continue;
        };
        let start_frame = first.start_frame;
        let path = reel(
            parts,
            number,
            tools,
            folder,
            |frames| {
                on_frame(start_frame + frames);
            },
            cancel,
        )
        .await?;
        reels.push(Part {
            path,
            start_frame,
            end_frame: last.end_frame,
            fade_in_frame_count: first.fade_in_frame_count,
        });
    }
    Ok(reels)
}

/// Whether so many clips are joined in two rounds.
pub(super) const fn needs_reels(clip_count: usize) -> bool {
    clip_count > JOINED_COUNT_MAX
}

/// Makes a reel, unless it is there already and whole.
async fn reel(
    parts: &[Part],
    number: usize,
    tools: &Tools,
    folder: &Path,
    on_frame: impl FnMut(u64) + Send,
    cancel: &CancellationToken,
) -> Result<PathBuf, Error> {
    let frame_count = span(parts);
    let graph = graph(parts, &[]);
    // The names of the clips are made of everything that is in them.
    let mut key = blake3::Hasher::new();
    key.update(RECIPE.as_bytes());
    key.update(graph.as_bytes());
    for part in parts {
        let name = part.path.file_name().unwrap_or_default();
        key.update(name.as_encoded_bytes());
    }
    let key: String = key.finalize().to_hex().chars().take(24).collect();
    let target = folder.join(format!("reel-{number:03}-{key}.mp4"));
    if target.is_file()
        && probe::frame_count(tools, &target, folder, cancel).await? == Some(frame_count)
    {
        return Ok(target);
    }
    let unfinished = TempFile::new(folder, "mp4");
    let rate = FRAMES_PER_SECOND.to_string();
    let step = format!("joining pictures into reel {number}");
    let run = Run {
        program: tools.ffmpeg(),
        step: step.clone(),
        folder,
        args: inputs(Args::ffmpeg_with_progress(), parts)
            .words(["-filter_complex"])
            .word(graph)
            .words(["-map", "[v]", "-r", &rate])
            .words(INTERMEDIATE)
            .words(COLOUR)
            .output("mp4", unfinished.path()),
        patience: Patience::for_frames(frame_count),
    };
    run.watched(on_frame, cancel).await?;
    if probe::frame_count(tools, unfinished.path(), folder, cancel).await? != Some(frame_count) {
        return Err(Error::Failed {
            step,
            reason: format!("the reel does not have its {frame_count} frames"),
        });
    }
    unfinished.keep_as(&target).await?;
    Ok(target)
}

/// Everything that is in the finished file.
#[derive(Debug)]
pub(super) struct Join<'a> {
    /// How long it is.
    pub timeline: &'a Timeline,
    /// The moving pictures, in order.
    pub parts: &'a [Part],
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
        let rate = FRAMES_PER_SECOND.to_string();
        let keyframes = (FRAMES_PER_SECOND * 2).to_string();
        let voice = format!("{}:a:0", self.parts.len());
        // Warnings are wanted: the subtitle renderer names letters that no font has.
        let args = Args::ffmpeg_with_progress().words(["-v", "warning"]);
        let args = inputs(args, self.parts)
            .input("wav", self.voice)
            .words(["-filter_complex"])
            .word(graph(self.parts, &self.finish()))
            .words(["-map", "[v]", "-map", &voice])
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

    /// What is done to the whole: the end fades out, and the subtitles, which stay
    /// bright, come on top.
    fn finish(&self) -> Vec<String> {
        let mut finish = Vec::new();
        let fade = self.timeline.end_fade_frame_count();
        if fade > 0 {
            let start = self.timeline.frame_count() - fade;
            finish.push(format!("fade=t=out:s={start}:n={fade}"));
        }
        if let Some(name) = self.subtitles {
            finish.push(format!("ass=f={name}"));
        }
        finish
    }
}

fn inputs(args: Args, parts: &[Part]) -> Args {
    parts.iter().fold(args, |args, part| {
        // One thread a decoder: a pool for each of them takes gigabytes.
        args.words(["-threads", "1"]).input("mov", &part.path)
    })
}

/// Frames from the first part's first to the last part's last.
fn span(parts: &[Part]) -> u64 {
    match (parts.first(), parts.last()) {
        (Some(first), Some(last)) => last.end_frame - first.start_frame,
        _ => 0,
    }
}

/// The graph of filters: each part faded into what came before, then `finish`.
fn graph(parts: &[Part], finish: &[String]) -> String {
    let start = parts.first().map_or(0, |first| first.start_frame);
    let mut graph = String::new();
    for index in 0..parts.len() {
        // One time base for all, so that fades fall on frames exactly.
        graph += &format!("[{index}:v:0]settb=1/{FRAMES_PER_SECOND},setpts=N[c{index}];");
    }
    let mut so_far = "[c0]".to_owned();
    for (index, part) in parts.iter().enumerate().skip(1) {
        let joined = format!("[j{index}]");
        graph += &if part.fade_in_frame_count == 0 {
            format!("{so_far}[c{index}]concat=n=2:v=1:a=0{joined};")
        } else {
            format!(
                "{so_far}[c{index}]xfade=transition=fade:duration={}:offset={}{joined};",
                seconds(part.fade_in_frame_count),
                seconds(part.start_frame - start),
            )
        };
        so_far = joined;
    }
    for filter in finish {
        so_far += filter;
        so_far.push(',');
    }
    graph + &so_far + "format=yuv420p[v]"
}

/// So many frames in seconds, to the microsecond that ffmpeg counts in.
fn seconds(frame_count: u64) -> String {
    let us = (frame_count * 1_000_000).div_ceil(u64::from(FRAMES_PER_SECOND));
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

    #[test]
    fn a_graph_counts_from_its_own_first_frame() {
        let part = |start_frame, fade_in_frame_count| Part {
            path: PathBuf::new(),
            start_frame,
            end_frame: start_frame + 60,
            fade_in_frame_count,
        };
        assert_eq!(
            graph(&[part(300, 15), part(345, 15), part(405, 0)], &[]),
            "[0:v:0]settb=1/30,setpts=N[c0];[1:v:0]settb=1/30,setpts=N[c1];\
             [2:v:0]settb=1/30,setpts=N[c2];\
             [c0][c1]xfade=transition=fade:duration=0.500000:offset=1.500000[j1];\
             [j1][c2]concat=n=2:v=1:a=0[j2];[j2]format=yuv420p[v]"
        );
        assert_eq!(span(&[part(300, 15), part(345, 15)]), 105);
    }
}
