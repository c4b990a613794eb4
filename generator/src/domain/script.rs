//! The script of a narrated video: what is asked for, and what is made of the answer.
//!
//! A model's answer is a [`Draft`]: anything may be missing, empty or too long. What
//! passes [`accept`] is a [`Script`]: every scene has a narration that can be spoken and
//! a description that can be drawn, within limits, and each repair is told.

mod accept;
mod brief;
mod clean;
mod language;
mod outline;
mod pictures;
mod prompt;
mod rephrase;
mod schema;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use accept::{Accepted, Rejected, Repair, accept};
pub use brief::{Aspect, Brief, Limits};
pub use language::language_name;
pub use outline::outline_prompt;
pub use pictures::picture_prompts;
pub(crate) use prompt::fenced;
pub use prompt::{Prompt, script_prompt};
pub use rephrase::{merge, rephrase_prompt};
pub use schema::Schema;

/// A finished script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The video's title, one line.
    pub title: String,
    /// What the pictures have in common, for one look throughout; may be empty.
    #[serde(default)]
    pub visual_style: String,
    /// The scenes in order, at least one.
    pub scenes: Vec<Scene>,
}

impl Script {
    /// The characters of all narrations, as a speech provider counts them.
    #[must_use]
    pub fn narration_characters(&self) -> u64 {
        self.scenes
            .iter()
            .map(|scene| crate::domain::usage::count_characters(&scene.narration))
            .sum()
    }
}

/// One scene: what is heard and what is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scene {
    /// What the voice says: plain text without markup.
    pub narration: String,
    /// What the picture shows.
    pub image_prompt: String,
}

/// A model's answer, as far as it has the expected shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// `title`.
    pub title: Option<String>,
    /// `visual_style`.
    pub visual_style: Option<String>,
    /// `scenes`.
    pub scenes: Vec<DraftScene>,
}

/// One scene of a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftScene {
    /// `narration`.
    pub narration: Option<String>,
    /// `image_prompt`.
    pub image_prompt: Option<String>,
}

/// The number of a scene, for people: the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SceneNumber(pub usize);

impl SceneNumber {
    /// The number of the scene at a place that counts from zero.
    #[must_use]
    pub const fn at(place: usize) -> Self {
        Self(place + 1)
    }
}

impl fmt::Display for SceneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scene {}", self.0)
    }
}
