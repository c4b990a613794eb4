//! One picture that moves.
//!
//! The still is scaled once, then cut out anew for every frame by the `perspective`
//! filter, which reads between pixels. The usual `zoompan` moves by whole pixels of
//! its input: enlarged four times it still trembled by 0.2 pixels a frame where this
//! trembles by 0.01, for 1.7 times the work (8 s at 720p: 6.2 s of one core against
//! 3.7 s), which rendering several at once makes up for.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::files::TempFile;
use super::picture::{self, ImageInfo};
use super::process::{Patience, Run};
use super::{Error, Tools, probe};
use crate::domain::timeline::{Canvas, FRAMES_PER_SECOND, Geometry, Motion, Rectangle};

/// Goes into every clip's key: a change of how clips are made makes old ones stale.
const RECIPE: &str = "clip 1";

/// Everything that decides what a clip looks like.
#[derive(Debug)]
pub(super) struct Clip<'a> {
    /// The scene, from 1.
    pub scene: u32,
    /// The picture.
    pub image: &'a Path,
    /// What is known of it.
    pub info: ImageInfo,
    /// The hash of its bytes.
    pub image_hash: blake3::Hash,
    /// Shape and size of the frames.
    pub geometry: Geometry,
    /// How many frames there are.
    pub frame_count: u64,
    /// How the picture moves.
    pub motion: Motion,
    /// The part of the picture that is ever seen.
    pub canvas: Canvas,
}

impl Clip<'_> {
    /// Where the finished clip is kept. The name is made of everything that decides
    /// what is in it, so a file of this name never has to be made again.
    pub(super) fn path(&self, tools: &Tools, folder: &Path) -> PathBuf {
        let mut key = blake3::Hasher::new();
        key.update(self.image_hash.as_bytes());
        key.update(RECIPE.as_bytes());
        key.update(tools.version().as_bytes());
        key.update(self.filters().as_bytes());
        key.update(&self.frame_count.to_le_bytes());
        let key = key.finalize().to_hex();
        let short: String = key.chars().take(24).collect();
        folder.join(format!("scene-{:03}-{short}.mp4", self.scene))
    }

    /// Makes the clip, unless it is there already and whole. `on_frame` hears how many
    /// frames are done.
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
        let (rate, threads) = (FRAMES_PER_SECOND.to_string(), threads.to_string());
        let args = Args::ffmpeg_with_progress()
            // A picture that breaks off is an error, not a grey half.
            .words(["-xerror", "-err_detect", "explode"])
            .words(["-threads", &threads, "-filter_threads", &threads])
            .words(["-framerate", &rate])
            .input(self.info.format.demuxer(), self.image)
            .words(["-map", "0:v:0", "-an", "-sn", "-dn", "-vf"])
            .word(self.filters())
            .words(["-frames:v", &self.frame_count.to_string()])
            .words(["-r", &rate, "-threads", &threads])
            .words(super::join::INTERMEDIATE)
            .words(super::join::COLOUR)
            .output("mp4", unfinished.path());
        let run = Run {
            program: tools.ffmpeg(),
            step: format!("moving a picture of scene {}", self.scene),
            folder,
            args,
            patience: Patience::for_frames(self.frame_count),
        };
        match run.watched(&mut on_frame, cancel).await {
            Ok(_) => {}
            // Most often it is the picture's fault: then its scene is named.
            Err(failed @ Error::Failed { .. }) => {
                picture::decode(tools, self.image, self.info, self.scene, cancel).await?;
                return Err(failed);
            }
            Err(error) => return Err(error),
        }
        if probe::frame_count(tools, unfinished.path(), folder, cancel).await? != whole {
            return Err(Error::Failed {
                step: format!("moving a picture of scene {}", self.scene),
                reason: format!("the clip does not have its {} frames", self.frame_count),
            });
        }
        unfinished.keep_as(&target).await?;
        on_frame(self.frame_count);
        Ok(target)
    }

    fn filters(&self) -> String {
        let (canvas_width, canvas_height) = (self.canvas.width_px, self.canvas.height_px);
        let (width, height) = (self.geometry.width_px(), self.geometry.height_px());
        let from = self.motion.from.rectangle(self.canvas, &self.geometry);
        let to = self.motion.to.rectangle(self.canvas, &self.geometry);
        format!(
            "scale={canvas_width}:{canvas_height}:force_original_aspect_ratio=increase\
             :flags=lanczos+accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv,\
             crop={canvas_width}:{canvas_height},format=yuv420p,setsar=1,\
             loop=loop=-1:size=1:start=0,setpts=N,\
             perspective={corners}:interpolation=cubic:sense=source:eval=frame,\
             crop={width}:{height}:0:0,setsar=1",
            corners = self.corners(from, to),
        )
    }

    /// Where the corners of each frame lie in the canvas.
    ///
    /// The filter's output has the size of its input, the canvas; the frame is its
    /// upper left part. So the corners that are asked for are those of the canvas,
    /// on the same scale as the frame's.
    fn corners(&self, from: Rectangle, to: Rectangle) -> String {
        // The filter counts frames from 1.
        let last = self.frame_count.saturating_sub(1).max(1);
        let along = |from_upx: i64, to_upx: i64| {
            format!(
                "({}+({})*clip((on-1)/{last},0,1))",
                px(from_upx),
                px(to_upx - from_upx)
            )
        };
        let whole = |upx: i64, canvas_px: u32, frame_px: u32| {
            let scaled = i128::from(upx) * i128::from(canvas_px) / i128::from(frame_px);
            i64::try_from(scaled).unwrap_or(i64::MAX)
        };
        let (canvas, frame) = (self.canvas, &self.geometry);
        let right =
            |r: Rectangle| r.left_upx + whole(r.width_upx, canvas.width_px, frame.width_px());
        let lower =
            |r: Rectangle| r.top_upx + whole(r.height_upx, canvas.height_px, frame.height_px());
        let x0 = along(from.left_upx, to.left_upx);
        let y0 = along(from.top_upx, to.top_upx);
        let x1 = along(right(from), right(to));
        let y2 = along(lower(from), lower(to));
        format!("x0='{x0}':y0='{y0}':x1='{x1}':y1='{y0}':x2='{x0}':y2='{y2}':x3='{x1}':y3='{y2}'")
    }
}

/// Millionths of a pixel as ffmpeg reads a number.
fn px(upx: i64) -> String {
    let sign = if upx < 0 { "-" } else { "" };
    let upx = upx.unsigned_abs();
    format!("{sign}{}.{:06}", upx / 1_000_000, upx % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_millionth_is_written_without_rounding() {
        assert_eq!(px(1_500_000), "1.500000");
        assert_eq!(px(-42), "-0.000042");
        assert_eq!(px(0), "0.000000");
    }
}
