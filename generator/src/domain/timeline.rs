//! When each scene of a video is seen and heard, and how its picture moves.
//!
//! Everything here is counted in whole frames and whole samples: one frame is
//! exactly [`SAMPLES_PER_FRAME`] samples, so that picture and voice cannot drift
//! apart however many scenes there are.

mod geometry;
mod layout;
mod motion;
mod plan;

pub use geometry::{AspectRatio, Canvas, Geometry, GeometryError, UnknownAspectRatio};
pub use layout::{Mix, Pacing, SceneLength, ScenePlacement, Shot, Timeline, TimelineError};
pub use motion::{Motion, Rectangle, View};
pub use plan::{NarrationFormat, ScenePicture, ScenePlan, VideoPlan};

/// Frames a second of every video.
pub const FRAMES_PER_SECOND: u32 = 30;

/// The rate, in samples a second, at which narration is kept: the `pcm_24000` that
/// ElevenLabs offers on every plan, whose length is known by counting.
pub const SAMPLE_RATE_HZ: u32 = 24_000;

/// Narration samples that sound while one frame is shown.
pub const SAMPLES_PER_FRAME: u64 = 800;

/// Most scenes of one video.
pub const SCENE_COUNT_MAX: usize = 120;

/// Most pictures of one scene: more, and none is seen for long enough.
pub const PICTURE_COUNT_MAX: usize = 8;

/// Longest narration of one scene, in milliseconds.
pub const NARRATION_DURATION_MS_MAX: u64 = 15 * 60 * 1_000;

/// Shortest narration that can be speech, in milliseconds: less is a broken file.
pub const NARRATION_DURATION_MS_MIN: u64 = 100;

/// The duration of so many samples at [`SAMPLE_RATE_HZ`], in whole milliseconds.
#[must_use]
pub const fn samples_to_ms(sample_count: u64) -> u64 {
    sample_count.saturating_mul(1_000) / SAMPLE_RATE_HZ as u64
}

/// The duration of so many frames, in whole milliseconds.
#[must_use]
pub const fn frames_to_ms(frame_count: u64) -> u64 {
    frame_count.saturating_mul(1_000) / FRAMES_PER_SECOND as u64
}

// The two rates meet on every frame: the arithmetic above depends on it.
const _: () = assert!(SAMPLES_PER_FRAME * FRAMES_PER_SECOND as u64 == SAMPLE_RATE_HZ as u64);

#[cfg(test)]
mod tests;
