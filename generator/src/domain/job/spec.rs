//! What a person asked for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::timeline::AspectRatio;

/// The largest number of scenes of a video.
pub const SCENES_MAX: u32 = 60;
/// The most images that a scene can have.
pub const IMAGES_PER_SCENE_MAX: u32 = 4;

/// Which pipeline makes a video.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pipeline {
    /// Script, narration, images, compiled to a video.
    #[default]
    Narrated,
    /// Sections of model-written animation code, rendered and checked.
    Animated,
}

/// The models that a person named; empty where the configuration decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelWishes {
    /// Writes the script or the outline.
    pub script: String,
    /// Rephrases the narration.
    pub rephrase: String,
    /// Draws the images.
    pub image: String,
    /// Speaks the narration.
    pub narration: String,
    /// Writes and corrects animation code.
    pub code: String,
    /// Makes the last attempt when corrections fail.
    pub pro: String,
    /// Looks at rendered frames; local.
    pub vision: String,
}

/// A cap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// In money: an exact decimal number of US dollars.
    Usd(String),
    /// In a metric.
    Metric {
        /// The service; empty for any.
        service: String,
        /// The metric.
        metric: String,
        /// The most of it.
        value: i64,
    },
}

/// What to make, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// What the video is about.
    pub prompt: String,
    /// Which pipeline makes it.
    #[serde(default)]
    pub pipeline: Pipeline,
    /// The narration's voice; empty for the configured one.
    #[serde(default)]
    pub voice_id: String,
    /// The models that were named.
    #[serde(default)]
    pub models: ModelWishes,
    /// How many scenes, 1 to 60.
    pub scene_count: u32,
    /// How many images; 0: one a scene.
    #[serde(default)]
    pub image_count: u32,
    /// The picture's shape: `16:9`.
    #[serde(with = "aspect_text")]
    pub aspect: AspectRatio,
    /// The shorter side of the picture in pixels.
    pub resolution_px: u32,
    /// The language as a BCP 47 tag; empty for that of the prompt.
    #[serde(default)]
    pub language: String,
    /// Whether a second model rephrases the narration.
    #[serde(default)]
    pub rephrase: bool,
    /// The cap, if there is one.
    #[serde(default)]
    pub budget: Option<Budget>,
    /// Marks for the session.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Whether an animated video may be completed without the sections that could not be made.
    #[serde(default)]
    pub allow_missing_sections: bool,
}

/// A shape as text.
mod aspect_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::timeline::AspectRatio;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
    pub(super) fn serialize<S: Serializer>(
        aspect: &AspectRatio,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(aspect.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<AspectRatio, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// How many scenes or sections the prompt itself asks for: `… in 6 scenes`, `a 12-section video`.
#[must_use]
pub fn scenes_in_prompt(prompt: &str) -> Option<u32> {
    let words: Vec<&str> = prompt
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.windows(2).find_map(|pair| {
        let [number, word] = pair else { return None };
        let scene = ["scene", "scenes", "section", "sections"]
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known));
        let number = number.parse().ok().filter(|_| scene)?;
        (1..=SCENES_MAX).contains(&number).then_some(number)
    })
}

/// How many images each scene gets: spread evenly, the first scenes get the rest; at least one and at most four.
#[must_use]
pub fn images_of_scenes(image_count: u32, scene_count: u32) -> Vec<u32> {
    let scenes = scene_count.max(1);
    let wanted = image_count.clamp(scenes, scenes.saturating_mul(IMAGES_PER_SCENE_MAX));
    let (each, rest) = (wanted / scenes, wanted % scenes);
    (0..scenes)
        .map(|scene| each + u32::from(scene < rest))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_can_say_how_many_scenes_it_wants() {
        assert_eq!(scenes_in_prompt("Tides, in 6 scenes."), Some(6));
        assert_eq!(scenes_in_prompt("A 12-scene video on bees"), Some(12));
        assert_eq!(scenes_in_prompt("Bees in 15 sections"), Some(15));
        assert_eq!(scenes_in_prompt("The 7 wonders; a scene each"), None);
        assert_eq!(scenes_in_prompt("in 600 scenes"), None);
    }

    #[test]
    fn images_are_spread_evenly_and_every_scene_has_one() {
        assert_eq!(images_of_scenes(0, 3), [1, 1, 1]);
        assert_eq!(images_of_scenes(5, 3), [2, 2, 1]);
        assert_eq!(images_of_scenes(99, 2), [4, 4]);
    }
}
