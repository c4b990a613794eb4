//! The calls of a whole video, in three cases.

use super::calls::{narration_worst_case, picture_worst_case, writing_worst_case};
use crate::domain::job::{Cast, Pipeline, Spec, images_of_scenes};
use crate::domain::script::{Brief, Limits, language_name, outline_prompt, script_prompt};
use crate::domain::usage::{Basis, Metric, Provider, Usage, estimate_text_tokens};

/// What the figures rest on, for people.
pub const NARRATED_BASIS: &str = "Likely: 20 spoken words a scene, one picture of 1,290 tokens each, one try a call. \
     Lowest: short scenes, a model that does not think. Highest: the longest script that is accepted, and every call \
     tried as often as it may be paid for.";

/// Which case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// The likely one.
    Likely,
    /// The least that it can be.
    Lowest,
    /// The most that it can be.
    Highest,
}

/// Calls of one kind that a video will take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCall {
    /// The stage, in the metering contract's words.
    pub stage: &'static str,
    /// Who is called.
    pub provider: Provider,
    /// The key of the breakdown by model.
    pub model: String,
    /// What sets the price where that differs.
    pub rate_model: String,
    /// What one of them uses.
    pub usage: Usage,
    /// How many there are.
    pub times: u32,
}

/// Tokens that an answer's JSON adds to each scene's text.
const JSON_TOKENS_PER_SCENE: u64 = 25;
/// Tokens of a scene's picture description.
const DESCRIPTION_TOKENS: [u64; 2] = [30, 60];
/// Tokens that a model thinks for a script: none where it does not think.
const THINKING_TOKENS_LIKELY: u64 = 1_200;
/// Tokens of one picture at the size that is asked for (gemini-2.5-flash-image 1,290, gemini-nano-banana-2.1 1,120).
const PICTURE_TOKENS: [u64; 2] = [1_120, 1_290];
/// What a picture's prompt adds to the scene's description: the common style, and what it keeps to.
const PICTURE_PROMPT_TOKENS_EXTRA: u64 = 80;
/// Characters of a scene's narration; English explaining prose has about six a word, blanks included.
const NARRATION_CHARACTERS: [u64; 2] = [80, 125];
/// Characters that stand for a token, roughly, in the languages that videos are made in.
const CHARACTERS_PER_TOKEN: u64 = 4;
/// A picture that is refused is asked for once more with gentler words.
const PICTURE_TRIES_EXTRA: u32 = 1;

/// The calls of a narrated video. `paid_tries_max` is how often one call may be paid for.
#[must_use]
pub fn narrated(spec: &Spec, cast: &Cast, case: Case, paid_tries_max: u32) -> Vec<PlannedCall> {
    let mut calls = vec![writing_call(
        spec,
        "script",
        &cast.script_model,
        case,
        paid_tries_max,
    )];
    if spec.rephrase {
        calls.push(writing_call(
            spec,
            "rephrase",
            &cast.rephrase_model,
            case,
            paid_tries_max,
        ));
    }
    calls.push(narration_call(spec, cast, case, paid_tries_max));
    let pictures: u32 = images_of_scenes(spec.image_count, spec.scene_count)
        .iter()
        .sum();
    let extra = if case == Case::Highest {
        PICTURE_TRIES_EXTRA
    } else {
        0
    };
    calls.push(PlannedCall {
        stage: "image",
        provider: Provider::Gemini,
        model: cast.image_model.clone(),
        rate_model: String::new(),
        usage: picture(case),
        times: pictures * (tries(case, paid_tries_max) + extra),
    });
    calls
}

fn tries(case: Case, paid_tries_max: u32) -> u32 {
    if case == Case::Highest {
        paid_tries_max.max(1)
    } else {
        1
    }
}

/// The narration of every scene.
pub(super) fn narration_call(
    spec: &Spec,
    cast: &Cast,
    case: Case,
    paid_tries_max: u32,
) -> PlannedCall {
    PlannedCall {
        stage: "narration",
        provider: Provider::ElevenLabs,
        model: cast.voice_id.clone(),
        rate_model: cast.narration_model.clone(),
        usage: narration(case),
        times: spec.scene_count * tries(case, paid_tries_max),
    }
}

/// The call that writes the script or outline, or rephrases it.
pub(super) fn writing_call(
    spec: &Spec,
    stage: &'static str,
    model: &str,
    case: Case,
    paid_tries_max: u32,
) -> PlannedCall {
    let scenes = usize::try_from(spec.scene_count).unwrap_or(usize::MAX);
    let mut brief = Brief::new(spec.prompt.clone(), scenes);
    brief.language = Some(spec.language.clone()).filter(|tag| language_name(tag).is_some());
    let prompt = match spec.pipeline {
        Pipeline::Narrated => script_prompt(&brief),
        Pipeline::Animated => outline_prompt(&brief),
    };
    let usage = if case == Case::Highest {
        writing_worst_case(&prompt.system, &prompt.user)
    } else {
        let place = usize::from(case == Case::Likely);
        let at = |pair: [u64; 2]| pair.get(place).copied().unwrap_or_default();
        let scene = at(NARRATION_CHARACTERS) / CHARACTERS_PER_TOKEN
            + at(DESCRIPTION_TOKENS)
            + JSON_TOKENS_PER_SCENE;
        let input = estimate_text_tokens(&prompt.system) + estimate_text_tokens(&prompt.user);
        let mut usage = Usage::none();
        usage.add(Metric::InputTokens, input, Basis::Estimated);
        usage.add(
            Metric::OutputTokens,
            scene * u64::from(spec.scene_count),
            Basis::Estimated,
        );
        if case == Case::Likely {
            usage.add(
                Metric::ThinkingTokens,
                THINKING_TOKENS_LIKELY,
                Basis::Estimated,
            );
        }
        usage
    };
    PlannedCall {
        stage,
        provider: Provider::Gemini,
        model: model.to_owned(),
        rate_model: String::new(),
        usage,
        times: tries(case, paid_tries_max),
    }
}

fn narration(case: Case) -> Usage {
    let mut usage = Usage::none();
    let characters = match case {
        Case::Lowest => NARRATION_CHARACTERS[0],
        Case::Likely => NARRATION_CHARACTERS[1],
        Case::Highest => {
            return narration_worst_case(&"x".repeat(Limits::default().narration_chars_max));
        }
    };
    usage.add(Metric::Characters, characters, Basis::Estimated);
    usage
}

fn picture(case: Case) -> Usage {
    if case == Case::Highest {
        return picture_worst_case(&"x".repeat(Limits::default().image_prompt_chars_max));
    }
    let place = usize::from(case == Case::Likely);
    let at = |pair: [u64; 2]| pair.get(place).copied().unwrap_or_default();
    let mut usage = Usage::none();
    let input = at(DESCRIPTION_TOKENS) + PICTURE_PROMPT_TOKENS_EXTRA;
    usage.add(Metric::InputTokens, input, Basis::Estimated);
    usage.add(
        Metric::ImageOutputTokens,
        at(PICTURE_TOKENS),
        Basis::Estimated,
    );
    usage.add(Metric::Images, 1, Basis::Estimated);
    usage
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::ModelWishes;
    use crate::domain::timeline::AspectRatio;

    fn spec(scene_count: u32, rephrase: bool) -> Spec {
        Spec {
            prompt: "Why do volcanoes erupt?".to_owned(),
            pipeline: Pipeline::Narrated,
            voice_id: String::new(),
            models: ModelWishes::default(),
            scene_count,
            image_count: scene_count * 2,
            aspect: AspectRatio::Landscape,
            resolution_px: 720,
            language: String::new(),
            rephrase,
            budget: None,
            labels: std::collections::BTreeMap::new(),
            allow_missing_sections: false,
        }
    }

    fn total(case: Case, metric: Metric) -> u64 {
        let calls = narrated(&spec(5, false), &Cast::default(), case, 2);
        calls
            .iter()
            .map(|call| call.usage.value(metric) * u64::from(call.times))
            .sum()
    }

    #[test]
    fn the_cases_are_in_order_for_every_metric() {
        for metric in [
            Metric::InputTokens,
            Metric::OutputTokens,
            Metric::Characters,
            Metric::ImageOutputTokens,
            Metric::Images,
        ] {
            let (lowest, likely, highest) = (
                total(Case::Lowest, metric),
                total(Case::Likely, metric),
                total(Case::Highest, metric),
            );
            assert!(
                lowest <= likely && likely < highest,
                "{metric}: {lowest} {likely} {highest}"
            );
            assert!(lowest > 0, "{metric}");
        }
    }

    #[test]
    fn every_picture_that_is_asked_for_is_counted() {
        assert_eq!(total(Case::Likely, Metric::Images), 10);
    }

    #[test]
    fn rephrasing_is_a_call_of_its_own() {
        let calls =
            |rephrase| narrated(&spec(3, rephrase), &Cast::default(), Case::Likely, 2).len();
        assert_eq!(calls(true), calls(false) + 1);
    }
}
