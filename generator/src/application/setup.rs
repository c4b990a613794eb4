//! What a person configured for the making of videos.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::retry::Policy;

/// The models to use where a request names none, best first.
#[derive(Debug, Clone, Default)]
pub struct Preferences {
    /// For the script.
    pub script: Vec<String>,
    /// For rephrasing.
    pub rephrase: Vec<String>,
    /// For pictures.
    pub image: Vec<String>,
    /// For speech.
    pub narration: Vec<String>,
    /// For animation code.
    pub code: Vec<String>,
    /// For the last attempt at animation code.
    pub pro: Vec<String>,
    /// For looking at frames; local ones.
    pub vision: Vec<String>,
}

/// How much is done at the same time, and for how long.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Videos made at the same time.
    pub videos: usize,
    /// Pictures drawn at the same time for one video.
    pub images: usize,
    /// Scenes spoken at the same time for one video; the subscription's plan may allow fewer.
    pub narrations: usize,
    /// Sections of an animated video worked on at the same time: each renders on a core of its own.
    pub sections: usize,
    /// How long one run of a section's code may take.
    pub render_time: Duration,
    /// How often and how long a call is tried again.
    pub retry: Policy,
    /// How long calls in flight are waited for when a video is cancelled.
    pub cancel_grace: Duration,
    /// How long they are waited for when the generator stops.
    pub stop_grace: Duration,
}

/// Everything configured.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where finished videos go.
    pub videos_folder: PathBuf,
    /// The models.
    pub preferences: Preferences,
    /// The voice to use where a request names none.
    pub voice_id: String,
    /// Scenes of a video where neither request nor prompt says.
    pub scene_count: u32,
    /// The shorter side of the picture in pixels where a request does not say.
    pub resolution_px: u32,
    /// Whether subtitles are burnt into the picture.
    pub subtitles: bool,
    /// Whether the simulator is to answer, as far as the settings tell.
    pub simulated: bool,
    /// How much at once.
    pub limits: Limits,
}
