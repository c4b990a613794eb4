//! Where each scene and picture starts and ends, in frames, and each narration, in
//! samples.

use std::ops::Range;

use super::{
    FRAMES_PER_SECOND, NARRATION_DURATION_MS_MAX, NARRATION_DURATION_MS_MIN, PICTURE_COUNT_MAX,
    SAMPLES_PER_FRAME, SCENE_COUNT_MAX, frames_to_ms, samples_to_ms,
};

/// How much air a video has around its narration, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pacing {
    /// Picture before the voice starts, in every scene.
    pub lead_ms: u32,
    /// Picture after the voice has ended, in every scene.
    pub tail_ms: u32,
    /// How long one picture fades into the next. Shortened where pictures are short,
    /// and never so long that two voices would meet.
    pub cross_fade_ms: u32,
    /// More picture after the last scene's tail.
    pub end_hold_ms: u32,
    /// How long the last picture fades to black.
    pub end_fade_ms: u32,
    /// Shortest scene, whatever is said in it.
    pub scene_duration_ms_min: u32,
}

impl Default for Pacing {
    /// Lead and tail together, less the cross-fade, leave 350 ms between the voices of
    /// two scenes: heard as a new paragraph, not as a gap.
    fn default() -> Self {
        Self {
            lead_ms: 250,
            tail_ms: 600,
            cross_fade_ms: 500,
            end_hold_ms: 600,
            end_fade_ms: 500,
            scene_duration_ms_min: 1_500,
        }
    }
}

/// What decides how long a scene is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SceneLength {
    /// Samples of its narration, at [`super::SAMPLE_RATE_HZ`].
    pub narration_sample_count: u64,
    /// How many pictures it shows.
    pub picture_count: usize,
    /// Frames that it shows at the least, whatever is said: those of a moving picture; 0 for still ones.
    pub frame_count_min: u64,
}

/// One scene's place in the video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScenePlacement {
    /// Counted from 1, as people do.
    pub number: u32,
    /// First frame that shows this scene; it is still faded in over the one before.
    pub start_frame: u64,
    /// Frames that show it, fades included.
    pub frame_count: u64,
    /// Frames over which it fades in from the scene before; zero for the first.
    pub fade_in_frame_count: u64,
    /// Where its narration starts, in samples from the start of the video.
    pub narration_start_sample: u64,
    /// How long its narration is, in samples.
    pub narration_sample_count: u64,
}

impl ScenePlacement {
    /// The frame after its last one.
    #[must_use]
    pub const fn end_frame(&self) -> u64 {
        self.start_frame + self.frame_count
    }

    /// When its narration starts, in milliseconds from the start of the video.
    #[must_use]
    pub const fn narration_start_ms(&self) -> u64 {
        samples_to_ms(self.narration_start_sample)
    }

    /// When its narration has ended, in milliseconds from the start of the video.
    #[must_use]
    pub const fn narration_end_ms(&self) -> u64 {
        samples_to_ms(self.narration_end_sample())
    }

    /// The sample after its narration's last one.
    #[must_use]
    pub const fn narration_end_sample(&self) -> u64 {
        self.narration_start_sample + self.narration_sample_count
    }
}

/// One picture's place in the video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shot {
    /// Which scene it belongs to, from 0.
    pub scene_index: usize,
    /// Which of the scene's pictures it shows, from 0.
    pub picture_index: usize,
    /// First frame that shows it.
    pub start_frame: u64,
    /// Frames that show it, fades included.
    pub frame_count: u64,
    /// Frames over which it fades in over the one before; zero for the first.
    pub fade_in_frame_count: u64,
}

impl Shot {
    /// The frame after its last one.
    #[must_use]
    pub const fn end_frame(&self) -> u64 {
        self.start_frame + self.frame_count
    }

    /// How long it is shown, fades included, in milliseconds.
    #[must_use]
    pub const fn duration_ms(&self) -> u64 {
        frames_to_ms(self.frame_count)
    }
}

/// What a frame is mixed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mix {
    /// How much of the picture before still shines through, of 256.
    pub before_of_256: u16,
    /// How much of it has faded to black, of 256.
    pub black_of_256: u16,
}

/// A video's scenes and pictures in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    scenes: Vec<ScenePlacement>,
    shots: Vec<Shot>,
    frame_count: u64,
    end_fade_frame_count: u64,
}

/// Scenes that cannot be laid out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimelineError {
    /// There is nothing to show.
    #[error("the video has no scenes: give it at least one")]
    NoScenes,
    /// More scenes than can be joined.
    #[error("the video has {count} scenes, more than {SCENE_COUNT_MAX}: make several videos")]
    TooManyScenes {
        /// How many there are.
        count: usize,
    },
    /// A scene shows nothing, or too much.
    #[error("scene {number}: it has {count} pictures: give it 1 to {PICTURE_COUNT_MAX}")]
    PictureCount {
        /// The scene, from 1.
        number: u32,
        /// How many pictures it has.
        count: usize,
    },
    /// A narration that is too short to be speech.
    #[error(
        "scene {number}: the narration is {duration_ms} ms long, which is no speech: make it again"
    )]
    NarrationTooShort {
        /// The scene, from 1.
        number: u32,
        /// How long the narration is.
        duration_ms: u64,
    },
    /// A narration longer than one scene may be.
    #[error(
        "scene {number}: the narration is {duration_ms} ms long, more than {NARRATION_DURATION_MS_MAX} ms: divide it among scenes"
    )]
    NarrationTooLong {
        /// The scene, from 1.
        number: u32,
        /// How long the narration is.
        duration_ms: u64,
    },
}

impl Timeline {
    /// Lays scenes out one after the other, and their pictures within them.
    ///
    /// Each scene lasts lead + narration + tail, rounded up to a frame, or as long as its moving picture, and starts
    /// while the one before still fades out. Its pictures share its time evenly and
    /// fade into each other in the same way.
    ///
    /// # Errors
    /// [`TimelineError`] when there are no or too many scenes or pictures, or a
    /// narration's length cannot be meant.
    pub fn lay_out(lengths: &[SceneLength], pacing: &Pacing) -> Result<Self, TimelineError> {
        let frame_counts = frame_counts(lengths, pacing)?;
        let lead = frames(pacing.lead_ms);
        // Two voices meet if a fade between scenes is longer than what surrounds them.
        let fade_limit = frames(pacing.cross_fade_ms).min(lead + frames(pacing.tail_ms));

        let mut scenes = Vec::with_capacity(lengths.len());
        let mut shots: Vec<Shot> = Vec::with_capacity(lengths.len());
        for (scene_index, (&frame_count, length)) in frame_counts.iter().zip(lengths).enumerate() {
            let inner = Inner::share(frame_count, length.picture_count, pacing);
            // A picture fades in and out, so each fade may take half of it at most.
            let fade_in_frame_count = shots.last().map_or(0, |before| {
                fade_limit
                    .min(before.frame_count / 2)
                    .min(inner.shot_frame_count(0) / 2)
            });
            let start_frame = shots.last().map_or(0, Shot::end_frame) - fade_in_frame_count;
            inner.push_shots(scene_index, start_frame, fade_in_frame_count, &mut shots);
            scenes.push(ScenePlacement {
                number: number(scene_index),
                start_frame,
                frame_count,
                fade_in_frame_count,
                narration_start_sample: (start_frame + lead) * SAMPLES_PER_FRAME,
                narration_sample_count: length.narration_sample_count,
            });
        }
        let last = shots.last().ok_or(TimelineError::NoScenes)?;
        Ok(Self {
            frame_count: last.end_frame(),
            end_fade_frame_count: frames(pacing.end_fade_ms).min(last.frame_count / 2),
            scenes,
            shots,
        })
    }

    /// The scenes, in the order in which they are told.
    #[must_use]
    pub fn scenes(&self) -> &[ScenePlacement] {
        &self.scenes
    }

    /// The pictures, in the order in which they are shown.
    #[must_use]
    pub fn shots(&self) -> &[Shot] {
        &self.shots
    }

    /// The frames from the start of the shot at `index` (from 0) to the start of the
    /// next: all frames of the video belong to one shot in this way, and each shows at
    /// most this shot and the one before.
    #[must_use]
    pub fn frames_of_shot(&self, index: usize) -> Range<u64> {
        let start = |shot: &Shot| shot.start_frame;
        let end = self.shots.get(index + 1).map_or(self.frame_count, start);
        self.shots.get(index).map_or(end, start)..end
    }

    /// What the frame `frame` is mixed of, one of those of the shot at `index`.
    #[must_use]
    pub fn mix(&self, index: usize, frame: u64) -> Mix {
        let before_of_256 = self.shots.get(index).map_or(0, |shot| {
            // After its first frame a little is seen already, after its last fade
            // frame almost all: no frame shows only one of them.
            let passed = frame.saturating_sub(shot.start_frame) + 1;
            let fade = shot.fade_in_frame_count;
            share_of_256((fade + 1).saturating_sub(passed), fade + 1)
        });
        let fade = self.end_fade_frame_count;
        let fade_start = self.frame_count - fade;
        // The very last frame is black.
        let black = (frame + 1).saturating_sub(fade_start);
        Mix {
            before_of_256,
            black_of_256: share_of_256(black, fade.max(1)),
        }
    }

    /// Frames of the whole video.
    #[must_use]
    pub const fn frame_count(&self) -> u64 {
        self.frame_count
    }

    /// Frames over which the last picture fades to black.
    #[must_use]
    pub const fn end_fade_frame_count(&self) -> u64 {
        self.end_fade_frame_count
    }

    /// Samples of the whole sound track.
    #[must_use]
    pub const fn sample_count(&self) -> u64 {
        self.frame_count * SAMPLES_PER_FRAME
    }

    /// How long the video is, in whole milliseconds.
    #[must_use]
    pub const fn duration_ms(&self) -> u64 {
        frames_to_ms(self.frame_count)
    }
}

/// How a scene's frames are shared among its pictures.
#[derive(Debug, Clone, Copy)]
struct Inner {
    picture_count: u64,
    fade_frame_count: u64,
    /// Frames of all pictures together; what they share is counted twice.
    shown_frame_count: u64,
}

impl Inner {
    fn share(frame_count: u64, picture_count: usize, pacing: &Pacing) -> Self {
        let picture_count = picture_count.max(1) as u64;
        // Half of a picture's own share, so that it has faded in before it fades out.
        let fade_frame_count = frames(pacing.cross_fade_ms).min(frame_count / picture_count / 2);
        Self {
            picture_count,
            fade_frame_count,
            shown_frame_count: frame_count + (picture_count - 1) * fade_frame_count,
        }
    }

    /// Frames of one picture; the first ones take what does not divide evenly.
    const fn shot_frame_count(&self, index: u64) -> u64 {
        let more = index < self.shown_frame_count % self.picture_count;
        self.shown_frame_count / self.picture_count + more as u64
    }

    fn push_shots(
        &self,
        scene_index: usize,
        start_frame: u64,
        fade_in_frame_count: u64,
        shots: &mut Vec<Shot>,
    ) {
        let mut start_frame = start_frame;
        for (picture_index, index) in (0..self.picture_count).enumerate() {
            let frame_count = self.shot_frame_count(index);
            shots.push(Shot {
                scene_index,
                picture_index,
                start_frame,
                frame_count,
                fade_in_frame_count: if index == 0 {
                    fade_in_frame_count
                } else {
                    self.fade_frame_count
                },
            });
            start_frame += frame_count - self.fade_frame_count;
        }
    }
}

/// How many frames each scene needs for its narration and the air around it.
fn frame_counts(lengths: &[SceneLength], pacing: &Pacing) -> Result<Vec<u64>, TimelineError> {
    let count = lengths.len();
    if count > SCENE_COUNT_MAX {
        return Err(TimelineError::TooManyScenes { count });
    }
    let around = frames(pacing.lead_ms) + frames(pacing.tail_ms);
    let floor = frames(pacing.scene_duration_ms_min);
    lengths
        .iter()
        .enumerate()
        .map(|(index, length)| {
            let number = number(index);
            if !(1..=PICTURE_COUNT_MAX).contains(&length.picture_count) {
                return Err(TimelineError::PictureCount {
                    number,
                    count: length.picture_count,
                });
            }
            let samples = length.narration_sample_count;
            let duration_ms = samples_to_ms(samples);
            if duration_ms < NARRATION_DURATION_MS_MIN {
                return Err(TimelineError::NarrationTooShort {
                    number,
                    duration_ms,
                });
            }
            if duration_ms > NARRATION_DURATION_MS_MAX {
                return Err(TimelineError::NarrationTooLong {
                    number,
                    duration_ms,
                });
            }
            let hold = if index + 1 == count {
                frames(pacing.end_hold_ms)
            } else {
                0
            };
            // Each picture is seen for two frames at the very least.
            let needed = (samples.div_ceil(SAMPLES_PER_FRAME) + around)
                .max(floor)
                .max(length.picture_count as u64 * 2)
                .max(length.frame_count_min);
            Ok(needed + hold)
        })
        .collect()
}

fn share_of_256(part: u64, whole: u64) -> u16 {
    u16::try_from(part.min(whole) * 256 / whole).unwrap_or(256)
}

/// Whole frames nearest to a duration.
fn frames(duration_ms: u32) -> u64 {
    (u64::from(duration_ms) * u64::from(FRAMES_PER_SECOND) + 500) / 1_000
}

/// A scene's number from its index.
fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}
