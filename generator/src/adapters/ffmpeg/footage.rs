//! A moving picture as a part of a video: its last frame stays for as long as the voice still speaks.
//!
//! The picture waits for the voice and is not slowed down: a drawing that moves at half its pace looks broken, one that
//! stands does not.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::fs;
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::files::TempFile;
use super::process::{Patience, Run};
use super::segment::{COLOUR, ENCODER};
use super::{Error, Tools, letters, probe};
use crate::domain::timeline::{FRAMES_PER_SECOND, Geometry, Timeline};

/// Goes into every segment's key: a change of how segments are made makes old ones stale.
const RECIPE: &str = "footage 1";

/// Largest file that is taken for a section's picture, in bytes: minutes of a drawing take some megabytes.
const FILE_BYTES_MAX: u64 = 512 * 1_024 * 1_024;

/// The longest side of a frame that is looked at, in pixels: local models scale it down to some 400 anyway.
const LOOK_WIDTH_PX: u32 = 768;

/// Most bytes of such a frame.
const LOOK_BYTES_MAX: u64 = 8 * 1_024 * 1_024;

/// A moving picture that was looked at.
#[derive(Debug)]
pub(super) struct Footage {
    /// The scene it belongs to, from 1.
    scene: u32,
    path: PathBuf,
    hash: blake3::Hash,
}

/// Looks at a moving picture before anything long is started.
pub(super) async fn look_at(
    tools: &Tools,
    path: PathBuf,
    frame_count: u64,
    scene: u32,
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<Footage, Error> {
    let broken = |reason: String| Error::Failed {
        step: format!("looking at the animation of section {scene}"),
        reason,
    };
    let metadata = fs::symlink_metadata(&path)
        .await
        .map_err(|source| Error::file("reading", &path, source))?;
    if !metadata.is_file() || metadata.len() > FILE_BYTES_MAX {
        return Err(broken("it is no file of a sensible size".to_owned()));
    }
    let found = probe::frame_count(tools, &path, folder, cancel).await?;
    if found != Some(frame_count) {
        let found = found.unwrap_or_default();
        return Err(broken(format!(
            "it has {found} frames where {frame_count} were rendered; resume to render it again"
        )));
    }
    let bytes = fs::read(&path)
        .await
        .map_err(|source| Error::file("reading", &path, source))?;
    Ok(Footage {
        scene,
        path,
        hash: blake3::hash(&bytes),
    })
}

impl Footage {
    /// The segment of the shot at `index`, which shows it.
    pub(super) fn segment(
        &self,
        index: usize,
        timeline: &Timeline,
        geometry: Geometry,
        subtitles: Option<String>,
    ) -> Segment<'_> {
        let frames = timeline.frames_of_shot(index);
        let frame_count = frames.end.saturating_sub(frames.start);
        let is_last = frames.end == timeline.frame_count();
        Segment {
            footage: self,
            number: index + 1,
            frame_count,
            fade_frame_count: if is_last {
                timeline.end_fade_frame_count().min(frame_count)
            } else {
                0
            },
            geometry,
            subtitles,
        }
    }
}

/// A segment to be made of a moving picture.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    footage: &'a Footage,
    number: usize,
    frame_count: u64,
    /// Frames at its end that fade to black.
    fade_frame_count: u64,
    geometry: Geometry,
    subtitles: Option<String>,
}

impl Segment<'_> {
    /// Where the finished segment is kept. The name is made of everything that decides
    /// what is in it, so a file of this name never has to be made again.
    fn path(&self, tools: &Tools, folder: &Path) -> PathBuf {
        let mut key = blake3::Hasher::new();
        let mut add = |bytes: &[u8]| {
            key.update(&(bytes.len() as u64).to_le_bytes());
            key.update(bytes);
        };
        add(RECIPE.as_bytes());
        add(tools.version().as_bytes());
        add(self.subtitles.as_deref().unwrap_or_default().as_bytes());
        add(self.footage.hash.as_bytes());
        add(format!(
            "{:?} {} {}",
            self.geometry, self.frame_count, self.fade_frame_count
        )
        .as_bytes());
        let key: String = key.finalize().to_hex().chars().take(24).collect();
        folder.join(format!("segment-{:03}-{key}.mp4", self.number))
    }

    /// Makes the segment, unless it is there already and whole. `on_frame` hears how
    /// many frames are done.
    pub(super) async fn render(
        &self,
        tools: &Tools,
        folder: &Path,
        threads: usize,
        mut on_frame: impl FnMut(u64) + Send,
        cancel: &CancellationToken,
    ) -> Result<PathBuf, Error> {
        let target = self.path(tools, folder);
        let whole = Some(self.frame_count);
        if target.is_file() && probe::frame_count(tools, &target, folder, cancel).await? == whole {
            on_frame(self.frame_count);
            return Ok(target);
        }
        let unfinished = TempFile::new(folder, "mp4");
        let subtitles = TempFile::new(folder, "ass");
        if let Some(text) = &self.subtitles {
            fs::write(subtitles.path(), text)
                .await
                .map_err(|source| Error::file("writing", subtitles.path(), source))?;
        }
        let step = format!("fitting the animation of section {}", self.footage.scene);
        let run = Run {
            program: tools.ffmpeg(),
            step: step.clone(),
            folder,
            writes_to: folder,
            args: self.args(subtitles.name(), threads, unfinished.path()),
            patience: Patience::for_frames(self.frame_count),
        };
        let complaint = run.watched(&mut on_frame, cancel).await?;
        if probe::frame_count(tools, unfinished.path(), folder, cancel).await? != whole {
            return Err(Error::Failed {
                step,
                reason: format!("the segment does not have its {} frames", self.frame_count),
            });
        }
        letters::keep(&target, complaint.text()).await?;
        unfinished.keep_as(&target).await?;
        on_frame(self.frame_count);
        Ok(target)
    }

    fn args(
        &self,
        subtitles_name: Option<&str>,
        threads: usize,
        target: &Path,
    ) -> Vec<std::ffi::OsString> {
        let (rate, keyframes, frames) = (
            FRAMES_PER_SECOND.to_string(),
            (FRAMES_PER_SECOND * 2).to_string(),
            self.frame_count.to_string(),
        );
        Args::ffmpeg_with_progress()
            // Warnings are wanted: the subtitle renderer names letters that no font has.
            .words(["-v", "level+warning", "-filter_threads", "1"])
            .input("mov", &self.footage.path)
            .words(["-map", "0:v:0", "-an", "-sn", "-dn"])
            .words(["-vf", &self.filters(subtitles_name), "-r", &rate])
            .words(["-frames:v", &frames, "-g", &keyframes])
            .words(ENCODER)
            .words(["-threads", &threads.to_string()])
            .words(COLOUR)
            .words(["-map_metadata", "-1"])
            .output("mp4", target)
    }

    /// Manim's encoder is given RGB and says nothing of its colours: they are those of BT.601, as its scaler has them.
    fn filters(&self, subtitles_name: Option<&str>) -> String {
        let (width, height) = (self.geometry.width_px(), self.geometry.height_px());
        let mut filters = format!(
            "fps={FRAMES_PER_SECOND},scale={width}:{height}:in_color_matrix=bt601:in_range=tv\
             :out_color_matrix=bt709:out_range=tv,setsar=1,format=yuv420p,\
             tpad=stop=-1:stop_mode=clone,\
             setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
        );
        if self.fade_frame_count > 0 {
            let start = self.frame_count.saturating_sub(self.fade_frame_count);
            filters += &format!(",fade=t=out:s={start}:n={}", self.fade_frame_count);
        }
        if let (Some(_), Some(name)) = (&self.subtitles, subtitles_name) {
            filters += &format!(",ass=f={name}");
        }
        filters
    }
}

/// Frames as PNG files: so many, the last of them the last one, the others spread evenly before it.
pub(super) async fn frames(
    tools: &Tools,
    path: &Path,
    frame_count: u64,
    wanted: u32,
    cancel: &CancellationToken,
) -> Result<Vec<Bytes>, Error> {
    let mut frames = Vec::new();
    for place in 1..=u64::from(wanted.max(1)) {
        let index = (frame_count * place / u64::from(wanted.max(1))).saturating_sub(1);
        frames.push(frame(tools, path, index, cancel).await?);
    }
    Ok(frames)
}

async fn frame(
    tools: &Tools,
    path: &Path,
    index: u64,
    cancel: &CancellationToken,
) -> Result<Bytes, Error> {
    // A third of a frame before it, so that rounding cannot miss it.
    let place_us = (index * 1_000_000 / u64::from(FRAMES_PER_SECOND)).saturating_sub(10_000);
    let place = format!("{}.{:06}", place_us / 1_000_000, place_us % 1_000_000);
    let step = "taking a frame of an animation".to_owned();
    let run = Run {
        program: tools.ffmpeg(),
        step: step.clone(),
        folder: Path::new("/"),
        writes_to: Path::new("/"),
        args: Args::ffmpeg()
            .words(["-threads", "1", "-ss", &place])
            .input("mov", path)
            .words(["-map", "0:v:0", "-an", "-sn", "-dn", "-frames:v", "1"])
            .words([
                "-vf",
                &format!("scale='min({LOOK_WIDTH_PX},iw)':-2"),
                "-c:v",
                "png",
            ])
            .output_pipe("image2pipe"),
        patience: Patience::SHORT,
    };
    let said = run.output(LOOK_BYTES_MAX, cancel).await?;
    if said.stdout.is_empty() {
        return Err(Error::Failed {
            step,
            reason: format!("there is no frame {index}"),
        });
    }
    Ok(Bytes::from(said.stdout))
}
