//! The calls of a whole animated video, in three cases.

use super::calls::{code_worst_case, look_worst_case};
use super::video::{Case, PlannedCall, narration_call, writing_call};
use crate::domain::animation::{
    CORRECTIONS_MAX, CodeKind, LOOKS_MAX, LOOKS_PER_VERSION, Request, Task, VISUAL_FIXES_MAX,
    Version, code_request, fix_request, look_question,
};
use crate::domain::job::{Cast, Spec};
use crate::domain::script::Aspect;
use crate::domain::usage::{Basis, Metric, Provider, Usage, estimate_text_tokens};

/// What the figures rest on, for people.
pub const ANIMATED_BASIS: &str = "Likely: 20 spoken words a section, 1,000 tokens of code, six corrections and three visual fixes in ten \
     sections. Lowest: every code right at once. Highest: 12 calls by the code model and one by the pro model for every section, \
     each as long as it may be.";

/// Tokens of a section's code.
const CODE_TOKENS: [u64; 2] = [450, 1_000];
/// Tokens that a model thinks for a section's code: none where it does not think.
const CODE_THINKING_TOKENS_LIKELY: u64 = 600;
/// Corrections and visual fixes in ten sections. The public pipelines of this kind report one to two sections in three
/// that are not right at once.
const CORRECTIONS_IN_TEN: u32 = 6;
const VISUAL_FIXES_IN_TEN: u32 = 3;
/// Characters of what an outline says of one section's narration and of its drawing.
const OUTLINE_CHARACTERS: usize = 330;
/// Tokens that a local model counts for one frame and the question about it (moondream: 729 patches), and those of its answer.
const LOOK_INPUT_TOKENS: u64 = 830;
const LOOK_OUTPUT_TOKENS: u64 = 20;

/// The calls of an animated video. Code is asked for at most as often as the rules of a section allow;
/// `paid_tries_max` is how often one of the other calls may be paid for.
#[must_use]
pub fn animated(spec: &Spec, cast: &Cast, case: Case, paid_tries_max: u32) -> Vec<PlannedCall> {
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
    let looked_at = !cast.vision_model.is_empty();
    let rounds = if looked_at { VISUAL_FIXES_MAX } else { 0 };
    let per_section = |count: usize| spec.scene_count * u32::try_from(count).unwrap_or(u32::MAX);
    let in_ten = |count: u32| (spec.scene_count * count).div_ceil(10);
    let times = |likely: u32, highest: u32| match case {
        Case::Lowest => 0,
        Case::Likely => likely,
        Case::Highest => highest,
    };
    let first = code_request(&typical(spec));
    let mended = mending(spec);
    let mut code = |stage, model: &str, request: &Request, times| {
        calls.push(PlannedCall {
            stage,
            provider: Provider::Gemini,
            model: model.to_owned(),
            rate_model: String::new(),
            usage: code_usage(request, case),
            times,
        });
    };
    code("code", &cast.code_model, &first, spec.scene_count);
    let corrections = per_section(CORRECTIONS_MAX * (1 + rounds));
    code(
        "correction",
        &cast.code_model,
        &mended,
        times(in_ten(CORRECTIONS_IN_TEN), corrections),
    );
    if looked_at {
        let fixes = per_section(VISUAL_FIXES_MAX);
        code(
            "visual_fix",
            &cast.code_model,
            &mended,
            times(in_ten(VISUAL_FIXES_IN_TEN), fixes),
        );
    }
    code(
        "last_attempt",
        &cast.pro_model,
        &first,
        times(0, per_section(1)),
    );
    if looked_at {
        let looks = |versions: u32| versions * LOOKS_PER_VERSION;
        let likely = spec.scene_count + in_ten(VISUAL_FIXES_IN_TEN);
        calls.push(PlannedCall {
            stage: "visual_check",
            provider: Provider::Ollama,
            model: cast.vision_model.clone(),
            rate_model: String::new(),
            usage: look_usage(case),
            times: match case {
                Case::Lowest => looks(spec.scene_count),
                Case::Likely => looks(likely),
                Case::Highest => looks(per_section(LOOKS_MAX)),
            },
        });
    }
    calls
}

/// The most that a call can use that mends a section's code.
#[must_use]
pub fn mending_worst_case(spec: &Spec) -> Usage {
    code_worst_case(&mending(spec))
}

fn mending(spec: &Spec) -> Request {
    fix_request(
        &typical(spec),
        &typical_version(),
        "The title is cut off at the right.",
    )
}

/// A section as an outline describes one.
fn typical(spec: &Spec) -> Task {
    Task {
        topic: spec.prompt.clone(),
        title: "A title of some words".to_owned(),
        number: 1,
        of: spec.scene_count,
        narration: "n".repeat(OUTLINE_CHARACTERS / 2),
        animation: "a".repeat(OUTLINE_CHARACTERS / 2),
        seconds: 8,
        aspect: Aspect::Landscape,
    }
}

fn typical_version() -> Version {
    // A token of code is about four characters.
    let characters = usize::try_from(CODE_TOKENS[1]).unwrap_or_default() * 4;
    Version::new(
        CodeKind::First,
        String::new(),
        String::new(),
        "c".repeat(characters),
    )
}

fn code_usage(request: &Request, case: Case) -> Usage {
    if case == Case::Highest {
        return code_worst_case(request);
    }
    let place = usize::from(case == Case::Likely);
    let tokens = CODE_TOKENS.get(place).copied().unwrap_or_default();
    let input = estimate_text_tokens(&request.system) + estimate_text_tokens(&request.user);
    let mut usage = Usage::none();
    usage.add(Metric::InputTokens, input, Basis::Estimated);
    usage.add(Metric::OutputTokens, tokens, Basis::Estimated);
    if case == Case::Likely {
        usage.add(
            Metric::ThinkingTokens,
            CODE_THINKING_TOKENS_LIKELY,
            Basis::Estimated,
        );
    }
    usage
}

fn look_usage(case: Case) -> Usage {
    if case == Case::Highest {
        return look_worst_case(&look_question());
    }
    let mut usage = Usage::none();
    usage.add(Metric::InputTokens, LOOK_INPUT_TOKENS, Basis::Estimated);
    usage.add(Metric::OutputTokens, LOOK_OUTPUT_TOKENS, Basis::Estimated);
    usage
}

#[cfg(test)]
pub(crate) mod tests_support {
    use crate::domain::job::{Cast, ModelWishes, Pipeline, Spec};
    use crate::domain::timeline::AspectRatio;

    pub(crate) fn spec(scene_count: u32) -> Spec {
        Spec {
            prompt: "How does a heat pump work?".to_owned(),
            pipeline: Pipeline::Animated,
            voice_id: String::new(),
            models: ModelWishes::default(),
            scene_count,
            image_count: 0,
            aspect: AspectRatio::Landscape,
            resolution_px: 720,
            language: String::new(),
            rephrase: false,
            budget: None,
            labels: std::collections::BTreeMap::new(),
            allow_missing_sections: false,
        }
    }

    pub(crate) fn cast() -> Cast {
        Cast {
            vision_model: "moondream".to_owned(),
            ..Cast::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tests_support::{cast, spec};
    use super::*;

    fn tokens(scene_count: u32, case: Case) -> (u64, u64) {
        let calls = animated(&spec(scene_count), &cast(), case, 2);
        let sum = |wanted: fn(Metric) -> bool| {
            let of_call = |call: &PlannedCall| {
                let of_one = call.usage.quantities.iter().filter(|it| wanted(it.metric));
                of_one.map(|it| it.value).sum::<u64>() * u64::from(call.times)
            };
            calls.iter().map(of_call).sum()
        };
        (sum(Metric::is_input_tokens), sum(Metric::is_output_tokens))
    }

    /// Requirement V3.
    #[test]
    fn the_ranges_bracket_the_tokens_of_the_documents_example_videos() {
        for (sections, input, output) in [
            (5, 30_000, 8_000),
            (15, 90_000, 24_000),
            (30, 200_000, 50_000),
        ] {
            let (lowest, likely, highest) = (
                tokens(sections, Case::Lowest),
                tokens(sections, Case::Likely),
                tokens(sections, Case::Highest),
            );
            assert!(
                lowest.0 <= input && input <= highest.0,
                "{sections}: {lowest:?} {highest:?}"
            );
            assert!(
                lowest.1 <= output && output <= highest.1,
                "{sections}: {lowest:?} {highest:?}"
            );
            assert!(
                lowest.0 < likely.0 && likely.0 < highest.0,
                "{sections}: {likely:?}"
            );
            assert!(
                lowest.1 < likely.1 && likely.1 < highest.1,
                "{sections}: {likely:?}"
            );
        }
    }

    #[test]
    fn the_worst_case_is_about_twelve_calls_for_code_a_section() {
        let calls = animated(&spec(5), &cast(), Case::Highest, 2);
        let code =
            |call: &&PlannedCall| call.provider == Provider::Gemini && call.stage != "script";
        let times: u32 = calls.iter().filter(code).map(|call| call.times).sum();
        assert_eq!(times, 5 * 13);
        // Nobody looks: no fault in a picture can be found.
        let blind = animated(&spec(5), &Cast::default(), Case::Highest, 2);
        let times: u32 = blind.iter().filter(code).map(|call| call.times).sum();
        assert_eq!(times, 5 * 5);
    }
}
