//! The frames from the start of one picture to the start of the next.
//!
//! Each segment is finished: its picture moves, the one before fades out over it, its
//! subtitles are burnt in, and it is encoded once, as it stays. Segments do not need
//! each other, so they are made side by side, and kept, so that a resume goes on from
//! those that are there.
//!
//! The frames are cut here and piped to ffmpeg as they are: its `zoompan` moves by
//! whole pixels of an enlarged picture, which still trembles by 0.2 pixels a frame at
//! four times the size, and its `perspective`, which does not, takes 5.7 s of a core
//! for 8 s at 720p, where cutting them here takes 1 s.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reelmeter_stills::{Frame, SizeError, Still, Window, cut};
use tokio::fs;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::files::TempFile;
use super::footage::Footage;
use super::letters;
use super::picture::{self, ImageInfo};
use super::process::{Patience, Run};
use super::{Error, Tools, probe};
use crate::domain::timeline::{
    Canvas, FRAMES_PER_SECOND, Geometry, Motion, Rectangle, Shot, Timeline,
};

/// Goes into every segment's key: a change of how segments are made makes old ones
/// stale.
const RECIPE: &str = "segment 1";

/// Frames that wait for ffmpeg: enough that neither waits for the other's hiccups.
const WAITING_FRAME_COUNT: usize = 4;

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

/// How the picture is encoded. `stitchable` keeps the encoder from tuning a segment's
/// headers to its contents: all segments share one set.
pub(super) const ENCODER: [&str; 10] = [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-crf",
    "20",
    "-profile:v",
    "high",
    "-x264-params",
    "stitchable=1",
];

/// What a shot shows.
#[derive(Debug)]
pub(super) enum Shown {
    /// A still picture.
    Still(Picture),
    /// A moving one.
    Moving(Footage),
}

/// A picture that was looked at.
#[derive(Debug)]
pub(super) struct Picture {
    /// The scene it belongs to, from 1.
    pub scene: u32,
    /// The file.
    pub path: PathBuf,
    /// What is known of it.
    pub info: ImageInfo,
    /// The hash of its bytes.
    pub hash: blake3::Hash,
}

/// A picture on its way through its shot.
#[derive(Debug, Clone, Copy)]
struct Moving<'a> {
    picture: &'a Picture,
    shot: Shot,
    canvas: Canvas,
    motion: Motion,
}

impl<'a> Moving<'a> {
    fn new(
        index: usize,
        timeline: &Timeline,
        picture: &'a Picture,
        geometry: &Geometry,
    ) -> Option<Self> {
        let shot = *timeline.shots().get(index)?;
        let canvas = geometry.canvas_for(picture.info.width_px, picture.info.height_px);
        Some(Self {
            picture,
            shot,
            canvas,
            motion: Motion::for_shot(index, shot.duration_ms(), geometry, canvas),
        })
    }

    fn window(&self, frame: u64, geometry: &Geometry) -> Window {
        let Rectangle {
            left_upx,
            top_upx,
            width_upx,
            height_upx,
        } = self.motion.rectangle_at(
            frame.saturating_sub(self.shot.start_frame),
            self.shot.frame_count,
            self.canvas,
            geometry,
        );
        Window {
            left_upx,
            top_upx,
            width_upx,
            height_upx,
        }
    }

    async fn still(&self, tools: &Tools, cancel: &CancellationToken) -> Result<Still, Error> {
        let Picture {
            scene, path, info, ..
        } = self.picture;
        picture::still(tools, path, *info, self.canvas, *scene, cancel).await
    }
}

/// How one frame is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Recipe {
    own: Window,
    /// What the picture before shows, and its share of 256.
    before: Option<(Window, u16)>,
    black_of_256: u16,
}

/// A segment to be made.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    own: Moving<'a>,
    before: Option<Moving<'a>>,
    number: usize,
    geometry: Geometry,
    recipes: Vec<Recipe>,
    /// The subtitles that are burnt in, as an `.ass` file that starts with the segment.
    subtitles: Option<String>,
}

impl<'a> Segment<'a> {
    /// The segment of the shot at `index`; none if there is no such shot.
    pub(super) fn new(
        index: usize,
        timeline: &Timeline,
        pictures: &'a [Shown],
        geometry: Geometry,
        subtitles: Option<String>,
    ) -> Option<Self> {
        // Nothing of a moving picture is seen under the next one: they follow each other by a cut.
        let moving = |index: usize| match pictures.get(index)? {
            Shown::Still(picture) => Moving::new(index, timeline, picture, &geometry),
            Shown::Moving(_) => None,
        };
        let own = moving(index)?;
        let before = index.checked_sub(1).and_then(moving);
        let recipes = timeline
            .frames_of_shot(index)
            .map(|frame| {
                let mix = timeline.mix(index, frame);
                let before = before
                    .filter(|_| mix.before_of_256 > 0)
                    .map(|moving| (moving.window(frame, &geometry), mix.before_of_256));
                Recipe {
                    own: own.window(frame, &geometry),
                    before,
                    black_of_256: mix.black_of_256,
                }
            })
            .collect();
        // Without a fade nothing of the one before is seen.
        let fades = own.shot.fade_in_frame_count > 0;
        Some(Self {
            own,
            before: before.filter(|_| fades),
            number: index + 1,
            geometry,
            recipes,
            subtitles,
        })
    }

    /// How many frames it has.
    pub(super) fn frame_count(&self) -> u64 {
        self.recipes.len() as u64
    }

    /// Where the finished segment is kept. The name is made of everything that decides
    /// what is in it, so a file of this name never has to be made again.
    pub(super) fn path(&self, tools: &Tools, folder: &Path) -> PathBuf {
        let mut key = blake3::Hasher::new();
        let mut add = |bytes: &[u8]| {
            key.update(&(bytes.len() as u64).to_le_bytes());
            key.update(bytes);
        };
        add(RECIPE.as_bytes());
        add(tools.version().as_bytes());
        add(self.subtitles.as_deref().unwrap_or_default().as_bytes());
        add(format!("{:?}", self.geometry).as_bytes());
        for moving in [Some(&self.own), self.before.as_ref()]
            .into_iter()
            .flatten()
        {
            add(moving.picture.hash.as_bytes());
            add(format!("{:?}", moving.canvas).as_bytes());
        }
        for recipe in &self.recipes {
            add(format!("{recipe:?}").as_bytes());
        }
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
        let whole = Some(self.frame_count());
        if target.is_file() && probe::frame_count(tools, &target, folder, cancel).await? == whole {
            on_frame(self.frame_count());
            return Ok(target);
        }
        let own = self.own.still(tools, cancel).await?;
        let before = match &self.before {
            Some(moving) => Some(moving.still(tools, cancel).await?),
            None => None,
        };
        let unfinished = TempFile::new(folder, "mp4");
        let subtitles = TempFile::new(folder, "ass");
        if let Some(text) = &self.subtitles {
            fs::write(subtitles.path(), text)
                .await
                .map_err(|source| Error::file("writing", subtitles.path(), source))?;
        }
        let step = format!("moving the pictures of scene {}", self.own.picture.scene);
        let run = Run {
            program: tools.ffmpeg(),
            step: step.clone(),
            folder,
            writes_to: folder,
            args: self.args(subtitles.name(), threads, unfinished.path()),
            patience: Patience::for_frames(self.frame_count()),
        };
        let frames = self.frames(own, before);
        let complaint = run.fed(frames, &mut on_frame, cancel).await?;
        if probe::frame_count(tools, unfinished.path(), folder, cancel).await? != whole {
            return Err(Error::Failed {
                step,
                reason: format!(
                    "the segment does not have its {} frames",
                    self.frame_count()
                ),
            });
        }
        letters::keep(&target, complaint.text()).await?;
        unfinished.keep_as(&target).await?;
        on_frame(self.frame_count());
        Ok(target)
    }

    fn args(
        &self,
        subtitles_name: Option<&str>,
        threads: usize,
        target: &Path,
    ) -> Vec<std::ffi::OsString> {
        let size = format!("{}x{}", self.geometry.width_px(), self.geometry.height_px());
        let (rate, keyframes) = (
            FRAMES_PER_SECOND.to_string(),
            (FRAMES_PER_SECOND * 2).to_string(),
        );
        // The frames come without a word about their colours.
        let mut filters =
            "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709".to_owned();
        if let (Some(_), Some(name)) = (&self.subtitles, subtitles_name) {
            filters += &format!(",ass=f={name}");
        }
        // Warnings are wanted: the subtitle renderer names letters that no font has.
        Args::ffmpeg_with_progress()
            .words(["-v", "level+warning", "-filter_threads", "1"])
            .words(["-pixel_format", "yuv420p", "-video_size", &size])
            .words(["-framerate", &rate])
            .input_pipe("rawvideo")
            .words(["-vf", &filters, "-r", &rate, "-g", &keyframes])
            .words(ENCODER)
            .words(["-threads", &threads.to_string()])
            .words(COLOUR)
            .words(["-map_metadata", "-1"])
            .output("mp4", target)
    }

    /// Cuts the frames on a thread of their own, as fast as they are taken.
    fn frames(&self, own: Still, before: Option<Still>) -> mpsc::Receiver<Vec<u8>> {
        let (sender, receiver) = mpsc::channel(WAITING_FRAME_COUNT);
        let recipes = self.recipes.clone();
        let (width, height) = (self.geometry.width_px(), self.geometry.height_px());
        let stills = Arc::new((own, before));
        tokio::task::spawn_blocking(move || {
            // A geometry's sides are even, so this cannot fail; and if it did, the
            // segment would lack frames, which is noticed.
            let _: Result<(), SizeError> = cut_all(&stills, &recipes, width, height, &sender);
        });
        receiver
    }
}

/// Cuts frames until all are done or nobody takes them any more.
fn cut_all(
    (own, before): &(Still, Option<Still>),
    recipes: &[Recipe],
    width_px: u32,
    height_px: u32,
    sender: &mpsc::Sender<Vec<u8>>,
) -> Result<(), SizeError> {
    let mut frame = Frame::black(width_px, height_px)?;
    let mut other = Frame::black(width_px, height_px)?;
    for recipe in recipes {
        cut(own, recipe.own, &mut frame);
        if let (Some(still), Some((window, share))) = (before, recipe.before) {
            cut(still, window, &mut other);
            frame.blend(&other, share);
        }
        if recipe.black_of_256 > 0 {
            frame.darken(recipe.black_of_256);
        }
        if sender.blocking_send(frame.samples().to_vec()).is_err() {
            break;
        }
    }
    Ok(())
}
