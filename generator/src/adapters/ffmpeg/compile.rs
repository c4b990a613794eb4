//! The order in which a video is made.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::fs;
use tokio_util::sync::CancellationToken;

use super::clip::Clip;
use super::files::{
    TempFile, absolute, remove_leftovers, remove_leftovers_of, remove_matching, srt_beside,
};
use super::join::{self, Join, Part};
use super::loudness::{self, Loudness};
use super::narration::{self, NarrationInfo, Samples};
use super::picture::{self, FILE_BYTES_MAX, ImageInfo};
use super::progress::{Meter, Progress};
use super::{Error, Tools, verify};
use crate::domain::subtitles::{
    FONT_FAMILY_DEFAULT, LineLimits, Speech, TimingSource, Track, to_ass, to_srt,
};
use crate::domain::timeline::{
    Motion, NarrationFormat, SceneLength, ScenePlan, Shot, Timeline, VideoPlan, samples_to_ms,
};

/// Scenes that are worked on at once, at most: each takes about 110 MB at 720p.
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

/// A scene whose pictures and sound were looked at.
struct Checked {
    pictures: Vec<CheckedPicture>,
    samples: Samples,
}

/// A picture that was looked at.
struct CheckedPicture {
    path: PathBuf,
    info: ImageInfo,
    hash: blake3::Hash,
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
    /// `scene`, from 1, is for the error's words. An encoded one is decoded into a
    /// file beside it for a moment.
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

    /// Makes the video that is planned and gives it its name once it is finished and
    /// found to be right; until then `output` is untouched. The `.srt` appears beside
    /// it just before.
    ///
    /// `work_dir` is the compiler's own: finished clips are kept there, so that after
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

        let scenes = self.check_all(plan, &folder, &meter, cancel).await?;
        let lengths: Vec<SceneLength> = scenes.iter().map(Checked::length).collect();
        let timeline = Timeline::lay_out(&lengths, &plan.pacing)?;
        let track = subtitles(plan, &timeline);
        let (voice, loudness) = self.voice(&scenes, &timeline, &folder, cancel).await?;
        meter.check(1, 1);

        let clips = self
            .clips(plan, &scenes, &timeline, &folder, &meter, cancel)
            .await?;
        let joined = self
            .join(
                plan, clips, &timeline, &track, &voice, &folder, &output, &meter, cancel,
            )
            .await?;

        meter.verify(false);
        let measured = verify::video(
            &self.tools,
            joined.file.path(),
            &plan.geometry,
            &timeline,
            &folder,
            cancel,
        )
        .await?;
        let size_bytes = size(joined.file.path()).await?;
        let srt_path = write_srt(&track, &output).await?;
        joined.file.keep_as(&output).await?;
        remove_matching(&folder, |name| {
            (name.starts_with("scene-") || name.starts_with("reel-")) && name.ends_with(".mp4")
        })
        .await?;
        meter.verify(true);

        let heard = matches!(loudness, Loudness::Brought { .. });
        Ok(CompiledVideo {
            path: output,
            srt_path,
            duration_ms: timeline.duration_ms(),
            width_px: plan.geometry.width_px(),
            height_px: plan.geometry.height_px(),
            size_bytes,
            loudness_centi_lufs: heard.then_some(measured),
            notes: notes(plan, &track, heard, measured, &joined.warnings),
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
    ) -> Result<Vec<Checked>, Error> {
        let wanted = plan.scenes.len() as u64 + 1;
        let mut checked = Vec::with_capacity(plan.scenes.len());
        for (scene, number) in plan.scenes.iter().zip(1_u32..) {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            checked.push(self.check(scene, number, folder, cancel).await?);
            meter.check(u64::from(number), wanted);
        }
        Ok(checked)
    }

    async fn check(
        &self,
        scene: &ScenePlan,
        number: u32,
        folder: &Path,
        cancel: &CancellationToken,
    ) -> Result<Checked, Error> {
        let mut pictures = Vec::with_capacity(scene.images.len());
        for image in &scene.images {
            let path = absolute(image)?;
            let (info, hash) = look_at(&path, number).await?;
            pictures.push(CheckedPicture { path, info, hash });
        }
        let samples = narration::decode(
            &self.tools,
            &absolute(&scene.narration)?,
            scene.narration_format,
            number,
            folder,
            cancel,
        )
        .await?;
        Ok(Checked { pictures, samples })
    }

    /// The voice of the whole video, levelled.
    async fn voice(
        &self,
        scenes: &[Checked],
        timeline: &Timeline,
        folder: &Path,
        cancel: &CancellationToken,
    ) -> Result<(TempFile, Loudness), Error> {
        let raw = TempFile::new(folder, "pcm");
        let samples: Vec<&Samples> = scenes.iter().map(|scene| &scene.samples).collect();
        narration::write_voice(&samples, timeline, raw.path()).await?;
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

    /// The moving pictures of all scenes, as many at once as there are cores.
    async fn clips(
        &self,
        plan: &VideoPlan,
        scenes: &[Checked],
        timeline: &Timeline,
        folder: &Path,
        meter: &Meter<'_>,
        cancel: &CancellationToken,
    ) -> Result<Vec<Part>, Error> {
        let shots = timeline.shots();
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        let at_once = shots.len().min(cores).clamp(1, PARALLEL_COUNT_MAX);
        let threads = (cores / at_once).max(1);
        meter.shots(timeline);
        let geometry = plan.geometry;
        let mut renders = Vec::with_capacity(shots.len());
        for (index, shot) in shots.iter().enumerate() {
            let Some((picture, number)) = picture_of(shot, scenes, timeline) else {
                continue;
            };
            let canvas = geometry.canvas_for(picture.info.width_px, picture.info.height_px);
            let clip = Clip {
                scene: number,
                image: &picture.path,
                info: picture.info,
                image_hash: picture.hash,
                geometry,
                frame_count: shot.frame_count,
                motion: Motion::for_shot(index, shot.duration_ms(), &geometry, canvas),
                canvas,
            };
            renders.push(async move {
                let told = |frames| meter.shot(index, frames);
                let path = clip
                    .render(&self.tools, folder, threads, told, cancel)
                    .await?;
                Ok(Part::of_shot(shot, path))
            });
        }
        stream::iter(renders).buffered(at_once).try_collect().await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "each is one product of an earlier step, and this is the only caller's last"
    )]
    async fn join(
        &self,
        plan: &VideoPlan,
        clips: Vec<Part>,
        timeline: &Timeline,
        track: &Track,
        voice: &TempFile,
        folder: &Path,
        output: &Path,
        meter: &Meter<'_>,
        cancel: &CancellationToken,
    ) -> Result<Joined, Error> {
        let burnt_in = plan.subtitles && !track.cues.is_empty();
        let ass = TempFile::new(folder, "ass");
        if burnt_in {
            let text = to_ass(&track.cues, &plan.geometry, FONT_FAMILY_DEFAULT);
            fs::write(ass.path(), text)
                .await
                .map_err(|source| Error::file("writing", ass.path(), source))?;
        }
        let file = TempFile::beside(output);
        // In two rounds, every frame is joined twice.
        let frame_count = timeline.frame_count();
        let before = if join::needs_reels(clips.len()) {
            frame_count
        } else {
            0
        };
        let wanted = before + frame_count;
        meter.join(0, wanted);
        let told = |frames| meter.join(frames, wanted);
        let parts = join::reels(clips, &self.tools, folder, told, cancel).await?;
        let join = Join {
            timeline,
            parts: &parts,
            voice: voice.path(),
            subtitles: if burnt_in { ass.name() } else { None },
            title: &plan.title,
            simulated: plan.simulated,
        };
        let told = |frames| meter.join(before + frames, wanted);
        let warnings = join
            .run(&self.tools, folder, file.path(), told, cancel)
            .await?;
        meter.join(wanted, wanted);
        Ok(Joined {
            file,
            warnings: warnings.text().to_owned(),
        })
    }
}

impl Checked {
    fn length(&self) -> SceneLength {
        SceneLength {
            narration_sample_count: self.samples.sample_count,
            picture_count: self.pictures.len(),
        }
    }
}

/// The picture that a shot shows, and the number of its scene.
fn picture_of<'a>(
    shot: &Shot,
    scenes: &'a [Checked],
    timeline: &Timeline,
) -> Option<(&'a CheckedPicture, u32)> {
    let picture = scenes
        .get(shot.scene_index)?
        .pictures
        .get(shot.picture_index)?;
    Some((picture, timeline.scenes().get(shot.scene_index)?.number))
}

/// The finished file under its unfinished name, and what ffmpeg warned of.
struct Joined {
    file: TempFile,
    warnings: String,
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

/// How far a video's loudness may be from the target before a person is told, in
/// hundredths of LU.
const LOUDNESS_DIFFERENCE_CENTI_LU_MAX: i32 = 100;

/// Letters that are named when no font has them, at most.
const MISSING_LETTERS_MAX: usize = 8;

/// What a person should know, in sentences.
fn notes(
    plan: &VideoPlan,
    track: &Track,
    heard: bool,
    measured: i32,
    warnings: &str,
) -> Vec<String> {
    let mut notes = Vec::new();
    let estimated: Vec<String> = track
        .timing
        .iter()
        .zip(1..)
        .filter(|(timing, _)| **timing == TimingSource::Estimated)
        .map(|(_, number)| number.to_string())
        .collect();
    if !estimated.is_empty() {
        notes.push(format!(
            "subtitle times are estimated in scene {}: there was no alignment that fits the narration",
            estimated.join(", ")
        ));
    }
    if !heard {
        notes.push("the narration is silent: nothing was amplified".to_owned());
    } else if (measured - loudness::TARGET_CENTI_LUFS).abs() > LOUDNESS_DIFFERENCE_CENTI_LU_MAX {
        notes.push(format!(
            "the loudness is {}.{} LUFS and not -14: the narration could not be brought closer",
            measured / 100,
            (measured % 100).abs() / 10
        ));
    }
    let missing = missing_letters(warnings);
    if plan.subtitles && !missing.is_empty() {
        let letters: Vec<String> = missing.iter().map(char::to_string).collect();
        notes.push(format!(
            "no installed font has the letters {} of the subtitles: install one, such as fonts-noto-cjk or fonts-noto",
            letters.join(" ")
        ));
    }
    notes
}

/// The letters that the subtitle renderer found in no font.
fn missing_letters(warnings: &str) -> Vec<char> {
    warnings
        .lines()
        .filter(|line| line.contains("failed to find any fallback"))
        .filter_map(|line| {
            let (_, rest) = line.split_once("glyph 0x")?;
            let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
        })
        // A control or format character is missing from every font, and nobody misses it.
        .filter(|letter| letter.is_alphanumeric())
        .collect::<BTreeSet<char>>()
        .into_iter()
        .take(MISSING_LETTERS_MAX)
        .collect()
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

    #[test]
    fn letters_without_a_font_are_named_once() {
        let warnings = "[Parsed_ass_0 @ 0x1] fontselect: failed to find any fallback with glyph 0x706B for font: (sans-serif, 700, 0)\n\
             [Parsed_ass_0 @ 0x1] fontselect: failed to find any fallback with glyph 0x706B for font: (x, 400, 0)\n\
             [Parsed_ass_0 @ 0x1] fontselect: failed to find any fallback with glyph 0x2060 for font: (x, 400, 0)\n\
             something else\n";
        assert_eq!(missing_letters(warnings), ['火']);
    }
}
