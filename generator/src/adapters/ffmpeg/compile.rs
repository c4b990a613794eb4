//! The order in which a video is made.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::fs;
use tokio_util::sync::CancellationToken;

use super::files::{
    TempFile, absolute, remove_leftovers, remove_leftovers_of, remove_matching, srt_beside,
};
use super::footage;
use super::join::Join;
use super::loudness::{self, Loudness};
use super::narration::{self, NarrationInfo, Samples};
use super::notes::notes;
use super::picture::{self, FILE_BYTES_MAX, ImageInfo};
use super::progress::{Meter, Progress};
use super::segment::{Picture, Segment, Shown};
use super::{Error, Tools, letters, verify};
use crate::domain::subtitles::{
    FONT_FAMILY_DEFAULT, LineLimits, Speech, TimingSource, Track, to_ass, to_srt,
};
use crate::domain::timeline::{
    NarrationFormat, SceneLength, ScenePicture, Timeline, VideoPlan, frames_to_ms, samples_to_ms,
};

/// Segments that are worked on at once, at most: each takes about 150 MB at 720p.
const PARALLEL_COUNT_MAX: usize = 8;

/// A finished video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledVideo {
    /// The file: H.264 and AAC in MP4, index first.
    pub path: PathBuf,
    /// The subtitles beside it.
    pub srt_path: PathBuf,
    /// How long it is, in milliseconds.
    pub duration_ms: u64,
    /// Width of its frames in pixels.
    pub width_px: u32,
    /// Height of its frames in pixels.
    pub height_px: u32,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its measured loudness in hundredths of LUFS; none if there is nothing to hear.
    pub loudness_centi_lufs: Option<i32>,
    /// For each scene, where the times of its subtitles come from.
    pub subtitle_timing: Vec<TimingSource>,
    /// What a person should know of it, in sentences.
    pub notes: Vec<String>,
}

/// Makes videos.
#[derive(Debug, Clone)]
pub struct Compiler {
    tools: Tools,
}

/// What was bought, looked at.
struct Checked {
    /// The pictures, in the order in which they are shown.
    pictures: Vec<Shown>,
    /// The narrations, a scene each.
    narrations: Vec<Samples>,
    lengths: Vec<SceneLength>,
}

impl Compiler {
    /// With programs that were found.
    #[must_use]
    pub const fn new(tools: Tools) -> Self {
        Self { tools }
    }

    /// Looks at a picture right after it was bought: its first bytes, its size, and
    /// then the whole of it is decoded. `scene`, from 1, is for the error's words.
    ///
    /// # Errors
    /// [`Error::BadImage`] when it is no picture that can be shown.
    pub async fn check_image(&self, path: &Path, scene: u32) -> Result<ImageInfo, Error> {
        let path = absolute(path)?;
        let (info, _) = look_at(&path, scene).await?;
        picture::decode(&self.tools, &path, info, scene, &CancellationToken::new()).await?;
        Ok(info)
    }

    /// Looks at a narration right after it was bought, and counts its samples.
    /// `scene`, from 1, is for the error's words.
    ///
    /// # Errors
    /// [`Error::BadNarration`] when it is no sound that can be heard.
    pub async fn check_narration(
        &self,
        path: &Path,
        format: NarrationFormat,
        scene: u32,
    ) -> Result<NarrationInfo, Error> {
        let path = absolute(path)?;
        narration::check(&self.tools, &path, format, scene, &CancellationToken::new()).await
    }

    /// Frames of a moving picture as PNG files: so many, the last of them its last one, the others spread evenly
    /// before it.
    ///
    /// # Errors
    /// [`Error::Failed`] when they cannot be decoded.
    pub async fn frames(
        &self,
        footage: &Path,
        frame_count: u64,
        wanted: u32,
        cancel: &CancellationToken,
    ) -> Result<Vec<Bytes>, Error> {
        let path = absolute(footage)?;
        footage::frames(&self.tools, &path, frame_count, wanted, cancel).await
    }

    /// Makes the video that is planned and gives it its name once it is finished and
    /// found to be right; until then `output` is untouched. The `.srt` appears beside
    /// it just before.
    ///
    /// `work_dir` is the compiler's own: finished segments are kept there, so that after
    /// a crash or a cancel the next call goes on from them, and removed when the video
    /// is there. The folders of `work_dir` and `output` are made if they are missing.
    /// Two calls must not share either. `progress` is called from the calling task,
    /// often; it must not block.
    ///
    /// Cancelling ends the programs at once and leaves nothing half-written; so does
    /// dropping the future.
    ///
    /// # Errors
    /// Every [`Error`] is one sentence; [`Error::scene`] names the scene of which
    /// something has to be bought again.
    pub async fn compile(
        &self,
        plan: &VideoPlan,
        work_dir: &Path,
        output: &Path,
        progress: &(dyn Fn(Progress) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<CompiledVideo, Error> {
        let folder = absolute(work_dir)?;
        let output = absolute(output)?;
        prepare(&folder, &output).await?;
        let meter = Meter::new(progress);

        let checked = self.check_all(plan, &folder, &meter, cancel).await?;
        let timeline = Timeline::lay_out(&checked.lengths, &plan.pacing)?;
        let track = subtitles(plan, &timeline);
        let (voice, loudness) = self
            .voice(&checked.narrations, &timeline, &folder, cancel)
            .await?;
        meter.check(1, 1);

        let segments = self
            .segments(
                plan,
                &checked.pictures,
                &timeline,
                &track,
                &folder,
                &meter,
                cancel,
            )
            .await?;
        meter.join(false);
        let file = TempFile::beside(&output);
        let join = Join {
            timeline: &timeline,
            segments: &segments,
            voice: voice.path(),
            title: &plan.title,
            simulated: plan.simulated,
        };
        join.run(&self.tools, &folder, file.path(), cancel).await?;
        meter.join(true);

        let measured = verify::video(
            &self.tools,
            file.path(),
            &plan.geometry,
            &timeline,
            &folder,
            |frames| meter.verify(frames, timeline.frame_count()),
            cancel,
        )
        .await?;
        let heard = matches!(loudness, Loudness::Brought { .. });
        let loudness_centi_lufs = heard.then_some(measured);
        let missing_letters = letters::of_segments(&segments).await;
        let size_bytes = size(file.path()).await?;
        let srt_path = write_srt(&track, &output).await?;
        file.keep_as(&output).await?;
        remove_matching(&folder, |name| name.starts_with("segment-")).await?;
        meter.verify(1, 1);
        Ok(CompiledVideo {
            path: output,
            srt_path,
            duration_ms: timeline.duration_ms(),
            width_px: plan.geometry.width_px(),
            height_px: plan.geometry.height_px(),
            size_bytes,
            loudness_centi_lufs,
            notes: notes(&track.timing, loudness_centi_lufs, &missing_letters),
            subtitle_timing: track.timing,
        })
    }

    /// Looks at every picture and narration before anything long is started.
    async fn check_all(
        &self,
        plan: &VideoPlan,
        folder: &Path,
        meter: &Meter<'_>,
        cancel: &CancellationToken,
    ) -> Result<Checked, Error> {
        let wanted = plan.scenes.len() as u64 + 1;
        let mut checked = Checked {
            pictures: Vec::new(),
            narrations: Vec::new(),
            lengths: Vec::new(),
        };
        for (scene, number) in plan.scenes.iter().zip(1_u32..) {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            match &scene.picture {
                ScenePicture::Images(images) => {
                    for image in images {
                        let path = absolute(image)?;
                        let (info, hash) = look_at(&path, number).await?;
                        checked.pictures.push(Shown::Still(Picture {
                            scene: number,
                            path,
                            info,
                            hash,
                        }));
                    }
                }
                ScenePicture::Footage { path, frame_count } => {
                    let path = absolute(path)?;
                    let footage =
                        footage::look_at(&self.tools, path, *frame_count, number, folder, cancel);
                    checked.pictures.push(Shown::Moving(footage.await?));
                }
            }
            let narration = absolute(&scene.narration)?;
            let format = scene.narration_format;
            let samples =
                narration::decode(&self.tools, &narration, format, number, folder, cancel).await?;
            checked.lengths.push(SceneLength {
                narration_sample_count: samples.sample_count,
                picture_count: scene.picture.count(),
                frame_count_min: scene.picture.frame_count_min(),
            });
            checked.narrations.push(samples);
            meter.check(u64::from(number), wanted);
        }
        Ok(checked)
    }

    /// The voice of the whole video, levelled.
    async fn voice(
        &self,
        narrations: &[Samples],
        timeline: &Timeline,
        folder: &Path,
        cancel: &CancellationToken,
    ) -> Result<(TempFile, Loudness), Error> {
        let raw = TempFile::new(folder, "pcm");
        narration::write_voice(narrations, timeline, raw.path()).await?;
        let voice = TempFile::new(folder, "wav");
        let loudness = loudness::normalise(
            &self.tools,
            raw.path(),
            timeline.sample_count(),
            voice.path(),
            folder,
            cancel,
        )
        .await?;
        Ok((voice, loudness))
    }

    /// The segments of the video, as many at once as there are cores.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is the product of an earlier step, and there is one caller"
    )]
    async fn segments(
        &self,
        plan: &VideoPlan,
        pictures: &[Shown],
        timeline: &Timeline,
        track: &Track,
        folder: &Path,
        meter: &Meter<'_>,
        cancel: &CancellationToken,
    ) -> Result<Vec<PathBuf>, Error> {
        let count = timeline.shots().len();
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        let at_once = count.min(cores).clamp(1, PARALLEL_COUNT_MAX);
        let threads = (cores / at_once).max(1);
        meter.shots(timeline);
        let renders: Vec<_> = (0..count)
            .filter_map(|index| {
                let burnt_in = burnt_in(plan, index, timeline, track);
                let segment = match pictures.get(index)? {
                    Shown::Still(_) => Finished::Still(Box::new(Segment::new(
                        index,
                        timeline,
                        pictures,
                        plan.geometry,
                        burnt_in,
                    )?)),
                    Shown::Moving(footage) => {
                        Finished::Moving(footage.segment(index, timeline, plan.geometry, burnt_in))
                    }
                };
                Some(async move {
                    let told = |frames| meter.shot(index, frames);
                    let tools = &self.tools;
                    match segment {
                        Finished::Still(it) => {
                            it.render(tools, folder, threads, told, cancel).await
                        }
                        Finished::Moving(it) => {
                            it.render(tools, folder, threads, told, cancel).await
                        }
                    }
                })
            })
            .collect();
        stream::iter(renders).buffered(at_once).try_collect().await
    }
}

/// A segment to be made.
enum Finished<'a> {
    /// Of a still picture that is moved.
    Still(Box<Segment<'a>>),
    /// Of a moving picture.
    Moving(footage::Segment<'a>),
}

/// The subtitles that are burnt into a segment, if any.
fn burnt_in(plan: &VideoPlan, index: usize, timeline: &Timeline, track: &Track) -> Option<String> {
    let frames = timeline.frames_of_shot(index);
    let cues = track.between(frames_to_ms(frames.start), frames_to_ms(frames.end));
    (plan.subtitles && !cues.is_empty()).then(|| to_ass(&cues, &plan.geometry, FONT_FAMILY_DEFAULT))
}

/// Makes the folders, and removes what runs that were killed have left in them.
async fn prepare(folder: &Path, output: &Path) -> Result<(), Error> {
    let parent = output.parent().unwrap_or(Path::new("/"));
    for needed in [folder, parent] {
        fs::create_dir_all(needed)
            .await
            .map_err(|source| Error::file("making the folder", needed, source))?;
    }
    remove_leftovers(folder).await?;
    remove_leftovers_of(output).await?;
    remove_leftovers_of(&srt_beside(output)).await
}

/// Reads a picture's format, size and hash.
async fn look_at(path: &Path, scene: u32) -> Result<(ImageInfo, blake3::Hash), Error> {
    let size_bytes = size(path).await?;
    if size_bytes > FILE_BYTES_MAX {
        return Err(Error::BadImage {
            scene,
            reason: format!("is {size_bytes} bytes large, more than {FILE_BYTES_MAX}"),
        });
    }
    let bytes = fs::read(path)
        .await
        .map_err(|source| Error::file("reading", path, source))?;
    let info = picture::inspect(&bytes).map_err(|reason| Error::BadImage { scene, reason })?;
    Ok((info, blake3::hash(&bytes)))
}

async fn size(path: &Path) -> Result<u64, Error> {
    fs::metadata(path)
        .await
        .map(|metadata| metadata.len())
        .map_err(|source| Error::file("reading", path, source))
}

/// The subtitles of the whole video, at the times of its narrations.
fn subtitles(plan: &VideoPlan, timeline: &Timeline) -> Track {
    let placements = timeline.scenes();
    let speeches: Vec<Speech<'_>> = plan
        .scenes
        .iter()
        .zip(placements)
        .enumerate()
        .map(|(index, (scene, placement))| Speech {
            text: &scene.text,
            alignment: scene.alignment.as_ref(),
            start_ms: placement.narration_start_ms(),
            audio_duration_ms: samples_to_ms(placement.narration_sample_count),
            window_end_ms: placements
                .get(index + 1)
                .map_or(timeline.duration_ms(), |next| next.narration_start_ms()),
        })
        .collect();
    Track::compose(&speeches, LineLimits::for_geometry(&plan.geometry))
}

async fn write_srt(track: &Track, output: &Path) -> Result<PathBuf, Error> {
    let target = srt_beside(output);
    let unfinished = TempFile::beside(&target);
    fs::write(unfinished.path(), to_srt(&track.cues))
        .await
        .map_err(|source| Error::file("writing", unfinished.path(), source))?;
    unfinished.keep_as(&target).await?;
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service runs it on any of its threads: this compiles, or it cannot.
    #[expect(dead_code, reason = "that it compiles is the test")]
    fn compiling_may_move_between_threads<'a>(
        compiler: &'a Compiler,
        plan: &'a VideoPlan,
        path: &'a Path,
        progress: &'a (dyn Fn(Progress) + Send + Sync),
        cancel: &'a CancellationToken,
    ) -> futures::future::BoxFuture<'a, Result<CompiledVideo, Error>> {
        Box::pin(async move {
            compiler
                .compile(plan, path, path, &|now| progress(now), cancel)
                .await
        })
    }
}
