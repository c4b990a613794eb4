//! From a model's draft to a script: strict about what is missing, helpful about the rest.

use std::fmt;

use super::brief::Brief;
use super::clean::{clean_line, clean_narration, cut_at_sentence};
use super::{Draft, DraftScene, Scene, SceneNumber, Script};

/// A script, and what had to be mended for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The script.
    pub script: Script,
    /// What was mended, to be told.
    pub repairs: Vec<Repair>,
}

/// Something in a draft that was mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// There was no title; the topic stands in for it.
    TitleMissing,
    /// The title was too long.
    TitleCut,
    /// A narration was longer than the limit and ends earlier.
    NarrationCut(SceneNumber),
    /// A picture's description was longer than the limit and ends earlier.
    ImagePromptCut(SceneNumber),
    /// A picture had no description; the narration stands in for it.
    ImagePromptMissing(SceneNumber),
    /// There were fewer scenes than asked for.
    FewerScenes {
        /// Scenes asked for.
        wanted: usize,
        /// Scenes given.
        given: usize,
    },
    /// There were more scenes than asked for; the narrations of the last ones were
    /// joined to the last scene as far as they fit.
    MoreScenes {
        /// Scenes asked for.
        wanted: usize,
        /// Scenes given.
        given: usize,
    },
    /// A scene without narration was left out; enough others were there.
    EmptySceneLeftOut(SceneNumber),
    /// A rephrased narration was empty; the one before it stays.
    NarrationKept(SceneNumber),
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TitleMissing => write!(f, "the script had no title; the topic stands in for it"),
            Self::TitleCut => write!(f, "the script's title was shortened"),
            Self::NarrationCut(scene) => write!(f, "the narration of {scene} was shortened"),
            Self::ImagePromptCut(scene) => {
                write!(f, "the picture description of {scene} was shortened")
            }
            Self::ImagePromptMissing(scene) => write!(
                f,
                "{scene} had no picture description; it is drawn from its narration"
            ),
            Self::FewerScenes { wanted, given } => {
                write!(f, "the script has {given} scenes instead of {wanted}")
            }
            Self::MoreScenes { wanted, given } => write!(
                f,
                "the script had {given} scenes instead of {wanted}; the last ones were joined"
            ),
            Self::EmptySceneLeftOut(scene) => {
                write!(f, "{scene} had no narration and was left out")
            }
            Self::NarrationKept(scene) => {
                write!(f, "{scene} was not rephrased; its first narration is kept")
            }
        }
    }
}

/// A draft that is no script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// There is no scene in it.
    #[error("the script has no scenes; try again, or put the prompt in other words")]
    NoScenes,
    /// Scenes have nothing to say.
    #[error(
        "the script has nothing to say in {}; try again, or put the prompt in other words",
        listed(.0)
    )]
    EmptyScenes(Vec<SceneNumber>),
    /// Less than half of the scenes asked for are there.
    #[error("the script has {given} of the {wanted} scenes asked for; try again, or ask for fewer")]
    TooFewScenes {
        /// Scenes asked for.
        wanted: usize,
        /// Scenes with a narration.
        given: usize,
    },
    /// A rephrased script has another number of scenes.
    #[error(
        "the rephrased script has {given} scenes instead of {wanted}; try again, or leave rephrasing out"
    )]
    OtherSceneCount {
        /// Scenes of the script before.
        wanted: usize,
        /// Scenes given.
        given: usize,
    },
}

fn listed(scenes: &[SceneNumber]) -> String {
    let names: Vec<String> = scenes.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// Makes a script of a draft.
///
/// Refused: no scenes, scenes without narration when fewer than asked for remain, less
/// than half of the scenes asked for. Mended and told: everything else.
///
/// # Errors
///
/// [`Rejected`] with the reason. The call that made the draft was paid for all the same.
pub fn accept(draft: Draft, brief: &Brief) -> Result<Accepted, Rejected> {
    let mut repairs = Vec::new();
    let wanted = brief.scene_count.max(1);
    let given = draft.scenes.len();
    let scenes = scenes_with_narration(draft.scenes, wanted, &mut repairs)?;
    if scenes.len() * 2 < wanted {
        return Err(Rejected::TooFewScenes {
            wanted,
            given: scenes.len(),
        });
    }
    if scenes.len() < wanted {
        repairs.push(Repair::FewerScenes {
            wanted,
            given: scenes.len(),
        });
    }
    if scenes.len() > wanted {
        repairs.push(Repair::MoreScenes { wanted, given });
    }
    let scenes = limited(joined(scenes, wanted), brief, &mut repairs);
    let title = title_of(draft.title.as_deref(), brief, &mut repairs);
    let style = draft.visual_style.or_else(|| brief.visual_style.clone());
    let style = clean_line(&style.unwrap_or_default());
    Ok(Accepted {
        script: Script {
            title,
            visual_style: cut_at_sentence(&style, brief.limits.style_chars_max).to_owned(),
            scenes,
        },
        repairs,
    })
}

fn scenes_with_narration(
    drafts: Vec<DraftScene>,
    wanted: usize,
    repairs: &mut Vec<Repair>,
) -> Result<Vec<Scene>, Rejected> {
    if drafts.is_empty() {
        return Err(Rejected::NoScenes);
    }
    let mut empty = Vec::new();
    let mut scenes = Vec::with_capacity(drafts.len());
    for (place, draft) in drafts.into_iter().enumerate() {
        let narration = clean_narration(draft.narration.as_deref().unwrap_or_default());
        // Punctuation alone is nothing that a voice could say.
        if !narration.chars().any(char::is_alphanumeric) {
            empty.push(SceneNumber::at(place));
            continue;
        }
        let image_prompt = clean_line(draft.image_prompt.as_deref().unwrap_or_default());
        scenes.push(Scene {
            narration,
            image_prompt,
        });
    }
    if !empty.is_empty() && scenes.len() < wanted {
        return Err(Rejected::EmptyScenes(empty));
    }
    repairs.extend(empty.into_iter().map(Repair::EmptySceneLeftOut));
    Ok(scenes)
}

/// At most so many scenes: what is told in the surplus ones is joined to the last one
/// kept, so that the story keeps its end and no further picture is bought.
fn joined(mut scenes: Vec<Scene>, wanted: usize) -> Vec<Scene> {
    let surplus = scenes.split_off(scenes.len().min(wanted));
    if let Some(last) = scenes.last_mut() {
        for scene in surplus {
            last.narration.push(' ');
            last.narration.push_str(&scene.narration);
        }
    }
    scenes
}

fn limited(scenes: Vec<Scene>, brief: &Brief, repairs: &mut Vec<Repair>) -> Vec<Scene> {
    let limits = &brief.limits;
    scenes
        .into_iter()
        .enumerate()
        .map(|(place, scene)| {
            let number = SceneNumber::at(place);
            let narration = cut_at_sentence(&scene.narration, limits.narration_chars_max);
            if narration.len() < scene.narration.len() {
                repairs.push(Repair::NarrationCut(number));
            }
            let mut wished = scene.image_prompt;
            if wished.is_empty() {
                repairs.push(Repair::ImagePromptMissing(number));
                wished = format!("A picture of what this says: {narration}");
            }
            let image_prompt = cut_at_sentence(&wished, limits.image_prompt_chars_max);
            if image_prompt.len() < wished.len() {
                repairs.push(Repair::ImagePromptCut(number));
            }
            Scene {
                narration: narration.to_owned(),
                image_prompt: image_prompt.to_owned(),
            }
        })
        .collect()
}

fn title_of(title: Option<&str>, brief: &Brief, repairs: &mut Vec<Repair>) -> String {
    let quotes = ['"', '“', '”', '«', '»', '*', '#'];
    let cleaned = clean_line(title.unwrap_or_default());
    let cleaned = cleaned.trim_matches(|c: char| c.is_whitespace() || quotes.contains(&c));
    let whole = if cleaned.is_empty() {
        repairs.push(Repair::TitleMissing);
        clean_line(&brief.topic)
    } else {
        cleaned.to_owned()
    };
    let cut = cut_at_sentence(&whole, brief.limits.title_chars_max);
    if cut.len() < whole.len() && !cleaned.is_empty() {
        repairs.push(Repair::TitleCut);
    }
    cut.to_owned()
}

#[cfg(test)]
mod tests;
