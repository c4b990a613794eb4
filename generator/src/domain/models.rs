//! Which model to use: the first of a preference list that the provider still offers.
//!
//! Model names come and go. They are configuration, and are checked against the
//! provider's own list before any money is spent.

use std::fmt;

/// Models for the script, best first, where nothing is configured.
///
/// The first is the one that the documented price book knows; the provider's own
/// current models follow, and its alias for the newest one comes last.
pub const SCRIPT_MODELS: &[&str] = &[
    "gemini-2.5-flash",
    "gemini-3.8-flash",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-flash-latest",
];

/// Models for the rephrasing, best first, where nothing is configured: another family
/// than the script's, so that a second pair of eyes reads it.
pub const REPHRASE_MODELS: &[&str] = &[
    "gemini-3-flash-preview",
    "gemini-3.8-flash",
    "gemini-3.5-flash-lite",
    "gemini-2.5-flash",
    "gemini-flash-lite-latest",
];

/// Models for pictures, best first, where nothing is configured.
pub const IMAGE_MODELS: &[&str] = &[
    "gemini-2.5-flash-image",
    "gemini-nano-banana-2.1",
    "gemini-3.1-flash-image",
    "gemini-3-pro-image",
];

/// Models for animation code, best first, where nothing is configured: fast ones, since code is corrected by running it.
pub const CODE_MODELS: &[&str] = &[
    "gemini-3-flash-preview",
    "gemini-3.8-flash",
    "gemini-3.5-flash",
    "gemini-2.5-flash",
    "gemini-flash-latest",
];

/// Models for the last attempt at animation code, best first, where nothing is configured: strong ones.
pub const PRO_MODELS: &[&str] = &[
    "gemini-3-pro-preview",
    "gemini-3.1-pro-preview",
    "gemini-2.5-pro",
    "gemini-pro-latest",
];

/// Local models that look at frames, best first, where nothing is configured: the smallest one first, since it runs on
/// machines without a graphics card.
pub const VISION_MODELS: &[&str] = &["moondream", "qwen2.5vl", "llava"];

/// Models for speech, best first, where nothing is configured.
pub const SPEECH_MODELS: &[&str] = &[
    "eleven_multilingual_v2",
    "eleven_v3",
    "eleven_flash_v2_5",
    "eleven_turbo_v2_5",
];

/// How many names an error lists of what a provider offers.
const OFFERED_SHOWN_MAX: usize = 20;

/// A model that a provider offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedModel {
    /// The name to ask for, without a `models/` before it.
    pub name: String,
    /// The name to show.
    pub display_name: Option<String>,
    /// Whether it can do what is needed; `true` when the provider does not say.
    pub suits: bool,
}

/// The model to use, and what a person should be told about the choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The model's name, as preferred.
    pub model: String,
    /// The name to show, by the provider's list.
    pub display_name: Option<String>,
    /// One sentence for each preference that had to be passed over.
    pub notices: Vec<String>,
}

/// None of the preferred models is offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NoModel {
    /// What the model is for: `the script`.
    pub purpose: String,
    /// The preferences, best first.
    pub wanted: Vec<String>,
    /// The names of what is offered and suits.
    pub offered: Vec<String>,
}

impl fmt::Display for NoModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.wanted.is_empty() {
            write!(f, "no model is configured for {}", self.purpose)?;
        } else {
            write!(
                f,
                "none of the models for {} is offered any more: {}",
                self.purpose,
                self.wanted.join(", ")
            )?;
        }
        if self.offered.is_empty() {
            return write!(f, "; the provider's list has no model that suits");
        }
        let shown = self.offered.len().min(OFFERED_SHOWN_MAX);
        write!(f, "; choose one of: {}", self.offered[..shown].join(", "))?;
        match self.offered.len() - shown {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Takes the first preference that is offered and suits.
///
/// Names are compared as they are, with a `models/` before them ignored: a name that
/// merely looks familiar is another model, at another price.
///
/// # Errors
///
/// [`NoModel`] when none is, naming what the provider does offer.
pub fn choose(
    purpose: &str,
    offered: &[OfferedModel],
    preferences: &[impl AsRef<str>],
) -> Result<Choice, NoModel> {
    let wanted: Vec<&str> = preferences
        .iter()
        .map(|name| bare(name.as_ref()))
        .filter(|name| !name.is_empty())
        .collect();
    let found = wanted.iter().enumerate().find_map(|(place, name)| {
        offered
            .iter()
            .find(|model| model.suits && bare(&model.name) == *name)
            .map(|model| (place, model))
    });
    let Some((place, model)) = found else {
        return Err(NoModel {
            purpose: purpose.to_owned(),
            wanted: wanted.into_iter().map(str::to_owned).collect(),
            offered: offered
                .iter()
                .filter(|model| model.suits)
                .map(|model| bare(&model.name).to_owned())
                .collect(),
        });
    };
    let chosen = bare(&model.name);
    let notices = wanted[..place]
        .iter()
        .map(|passed_over| {
            let why = if offered
                .iter()
                .any(|model| bare(&model.name) == *passed_over)
            {
                "does not suit"
            } else {
                "is no longer offered"
            };
            format!("{passed_over} {why}; using {chosen} instead for {purpose}")
        })
        .collect();
    Ok(Choice {
        model: chosen.to_owned(),
        display_name: model.display_name.clone(),
        notices,
    })
}

fn bare(name: &str) -> &str {
    let name = name.trim();
    name.strip_prefix("models/").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn offered(names: &[&str]) -> Vec<OfferedModel> {
        names
            .iter()
            .map(|name| OfferedModel {
                name: (*name).to_owned(),
                display_name: None,
                suits: true,
            })
            .collect()
    }

    #[test]
    fn the_first_preference_is_taken_without_a_word() {
        let choice = choose(
            "the script",
            &offered(&["models/gemini-2.5-flash", "models/gemini-3.8-flash"]),
            SCRIPT_MODELS,
        )
        .unwrap();
        assert_eq!(choice.model, "gemini-2.5-flash");
        assert!(choice.notices.is_empty());
    }

    #[test]
    fn a_model_that_is_gone_is_replaced_and_said() {
        let choice = choose(
            "the script",
            &offered(&["models/gemini-3.8-flash"]),
            SCRIPT_MODELS,
        )
        .unwrap();
        assert_eq!(choice.model, "gemini-3.8-flash");
        assert_eq!(
            choice.notices,
            [
                "gemini-2.5-flash is no longer offered; using gemini-3.8-flash instead for the script"
            ]
        );
    }

    #[test]
    fn a_model_that_cannot_do_it_is_passed_over() {
        let mut list = offered(&["gemini-2.5-flash", "gemini-3.8-flash"]);
        list[0].suits = false;
        let choice = choose("the script", &list, SCRIPT_MODELS).unwrap();
        assert_eq!(choice.model, "gemini-3.8-flash");
        assert_eq!(
            choice.notices,
            ["gemini-2.5-flash does not suit; using gemini-3.8-flash instead for the script"]
        );
    }

    #[test]
    fn a_name_that_merely_looks_familiar_is_not_taken() {
        let list = offered(&["gemini-2.5-flash-lite", "gemini-2.5-flash-preview-09-2025"]);
        let error = choose("the script", &list, &["gemini-2.5-flash"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "none of the models for the script is offered any more: gemini-2.5-flash; \
             choose one of: gemini-2.5-flash-lite, gemini-2.5-flash-preview-09-2025"
        );
    }

    #[test]
    fn an_empty_list_or_an_empty_preference_is_an_error_that_says_which() {
        let nothing_offered = choose("pictures", &[], IMAGE_MODELS).unwrap_err();
        assert!(
            nothing_offered
                .to_string()
                .ends_with("has no model that suits")
        );
        let nothing_wanted = choose("pictures", &offered(&["a"]), &[""; 1]).unwrap_err();
        assert_eq!(
            nothing_wanted.to_string(),
            "no model is configured for pictures; choose one of: a"
        );
    }

    #[test]
    fn a_long_list_is_shortened() {
        let names: Vec<String> = (0..30).map(|n| format!("m{n}")).collect();
        let list = offered(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let error = choose("pictures", &list, &["x"]).unwrap_err().to_string();
        assert!(error.ends_with("m19 and 10 more"), "{error}");
    }
}
