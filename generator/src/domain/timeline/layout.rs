//! Where each scene starts and ends, in frames, and its narration, in samples.

use super::{
    FRAMES_PER_SECOND, NARRATION_DURATION_MS_MAX, NARRATION_DURATION_MS_MIN, SAMPLES_PER_FRAME,
    SCENE_COUNT_MAX, frames_to_ms, samples_to_ms,
};

/// How much air a video has around its narration, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pacing {
    /// Picture before the voice starts, in every scene.
    pub lead_ms: u32,
    /// Picture after the voice has ended, in every scene.
    pub tail_ms: u32,
    /// How long one picture fades into the next. Shortened where scenes are short,
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

    /// How long it is shown, fades included, in milliseconds.
    #[must_use]
    pub const fn duration_ms(&self) -> u64 {
        frames_to_ms(self.frame_count)
    }
}

/// A video's scenes in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    scenes: Vec<ScenePlacement>,
    frame_count: u64,
    end_fade_frame_count: u64,
}

/// Narrations that cannot be laid out.
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
    /// Lays scenes out one after the other, given how many samples (at
    /// [`super::SAMPLE_RATE_HZ`]) each narration has.
    ///
    /// Each scene lasts lead + narration + tail, rounded up to a frame, and starts
    /// while the one before still fades out.
    ///
    /// # Errors
    /// [`TimelineError`] when there are no or too many scenes, or a narration's
    /// length cannot be meant.
    pub fn lay_out(
        narration_sample_counts: &[u64],
        pacing: &Pacing,
    ) -> Result<Self, TimelineError> {
        let frame_counts = frame_counts(narration_sample_counts, pacing)?;
        let lead = frames(pacing.lead_ms);
        // Two voices meet if a fade is longer than what surrounds them.
        let fade_limit = frames(pacing.cross_fade_ms).min(lead + frames(pacing.tail_ms));

        let mut scenes = Vec::with_capacity(frame_counts.len());
        let mut end_frame = 0_u64;
        let mut frame_count_before: Option<u64> = None;
        for (index, (&frame_count, &narration_sample_count)) in
            frame_counts.iter().zip(narration_sample_counts).enumerate()
        {
            // A scene fades in and out, so each fade may take half of it at most.
            let fade_in_frame_count = match frame_count_before {
                None => 0,
                Some(before) => fade_limit.min(before / 2).min(frame_count / 2),
            };
            let start_frame = end_frame - fade_in_frame_count;
            scenes.push(ScenePlacement {
                number: number(index),
                start_frame,
                frame_count,
                fade_in_frame_count,
                narration_start_sample: (start_frame + lead) * SAMPLES_PER_FRAME,
                narration_sample_count,
            });
            end_frame = start_frame + frame_count;
            frame_count_before = Some(frame_count);
        }
        let last_frame_count = frame_count_before.ok_or(TimelineError::NoScenes)?;
        Ok(Self {
            scenes,
            frame_count: end_frame,
            end_fade_frame_count: frames(pacing.end_fade_ms).min(last_frame_count / 2),
        })
    }

    /// The scenes, in the order in which they are shown.
    #[must_use]
    pub fn scenes(&self) -> &[ScenePlacement] {
        &self.scenes
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

/// How many frames each scene needs for its narration and the air around it.
fn frame_counts(
    narration_sample_counts: &[u64],
    pacing: &Pacing,
) -> Result<Vec<u64>, TimelineError> {
    let count = narration_sample_counts.len();
    if count > SCENE_COUNT_MAX {
        return Err(TimelineError::TooManyScenes { count });
    }
    let around = frames(pacing.lead_ms) + frames(pacing.tail_ms);
    let floor = frames(pacing.scene_duration_ms_min).max(2);
    narration_sample_counts
        .iter()
        .enumerate()
        .map(|(index, &samples)| {
            let number = number(index);
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
            Ok((samples.div_ceil(SAMPLES_PER_FRAME) + around).max(floor) + hold)
        })
        .collect()
}

/// Whole frames nearest to a duration.
fn frames(duration_ms: u32) -> u64 {
    (u64::from(duration_ms) * u64::from(FRAMES_PER_SECOND) + 500) / 1_000
}

/// A scene's number from its index.
fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}
