//! What a video is made of.

use std::path::PathBuf;

use super::{Geometry, Pacing};
use crate::domain::subtitles::Alignment;

/// Everything that compiling a video needs.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoPlan {
    /// The title that the file carries.
    pub title: String,
    /// Shape and size of the frames.
    pub geometry: Geometry,
    /// How much air there is around the narration.
    pub pacing: Pacing,
    /// Whether subtitles are burnt into the picture. The `.srt` is written either way.
    pub subtitles: bool,
    /// Whether the providers were simulated; the file says so.
    pub simulated: bool,
    /// The scenes, in order.
    pub scenes: Vec<ScenePlan>,
}

/// What is seen in a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScenePicture {
    /// The pictures as they were bought, PNG, JPEG or WebP: at least one. They share
    /// the scene's time evenly.
    Images(Vec<PathBuf>),
    /// A moving picture without sound. Its last frame stays until the voice has ended.
    Footage {
        /// The file: MP4, of the video's size and frame rate.
        path: PathBuf,
        /// How many frames it has.
        frame_count: u64,
    },
}

impl ScenePicture {
    /// The still pictures; none of a moving one.
    #[must_use]
    pub fn images(&self) -> &[PathBuf] {
        match self {
            Self::Images(images) => images,
            Self::Footage { .. } => &[],
        }
    }

    /// How many pictures there are; a moving one is one.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Images(images) => images.len(),
            Self::Footage { .. } => 1,
        }
    }

    /// How many frames have to be shown at the least.
    #[must_use]
    pub const fn frame_count_min(&self) -> u64 {
        match self {
            Self::Images(_) => 0,
            Self::Footage { frame_count, .. } => *frame_count,
        }
    }
}

/// One scene: what is seen, and what is said over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenePlan {
    /// What is seen.
    pub picture: ScenePicture,
    /// The narration as it was bought.
    pub narration: PathBuf,
    /// How the narration is encoded.
    pub narration_format: NarrationFormat,
    /// The text that was spoken.
    pub text: String,
    /// When each character of it is spoken, where the provider said so.
    pub alignment: Option<Alignment>,
}

/// How a narration is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NarrationFormat {
    /// Signed 16-bit little-endian samples, one channel, no header. Preferred, at
    /// 24 kHz: its length is known exactly and nothing is encoded twice.
    PcmS16le {
        /// Samples a second.
        sample_rate_hz: u32,
    },
    /// MPEG audio layer 3. Its length is taken from the decoded samples: what such a
    /// file says about itself is up to 50 ms too long.
    Mp3,
    /// RIFF WAVE.
    Wav,
}
