//! What one call takes, at worst and at least.

use crate::domain::animation::Request;
use crate::domain::usage::{Basis, Metric, Usage, count_characters, estimate_image_input_tokens};

/// Tokens that a script call may answer with, thinking included: what the request itself sets as its limit.
pub const WRITING_OUTPUT_TOKENS_MAX: u32 = 16_384;
/// Tokens that a call for a section's code may answer with, thinking included. Code takes a thousand; models that think
/// spend several times that on it.
pub const CODE_OUTPUT_TOKENS_MAX: u32 = 16_384;
/// Tokens that a local model's verdict on a frame can have: what the request itself sets as its limit.
pub const LOOK_OUTPUT_TOKENS_MAX: u32 = 200;
/// What a request adds to the prompt's own text: roles, the schema of the answer.
const REQUEST_TOKENS_EXTRA: u64 = 1_000;
/// The image tokens of one answer: 1,290 a picture at the size that is asked for (gemini-2.5-flash-image), and
/// now and then two pictures come.
const PICTURE_TOKENS_MAX: u64 = 2_600;
/// The most that an image model was seen to think or to write beside a picture, with room to spare.
const PICTURE_TEXT_TOKENS_MAX: u64 = 2_000;
/// The shortest narration of a scene that can be meant, in characters: half a line.
const SCENE_CHARACTERS_LEAST: u64 = 40;
/// What counting a text's characters may miss by the provider's own counting, in percent.
const CREDITS_PERCENT: u64 = 100;

/// The most that a call for a text can use. A token is at least one byte of UTF-8.
#[must_use]
pub fn writing_worst_case(system: &str, user: &str) -> Usage {
    let mut usage = Usage::none();
    let prompt_bytes = u64::try_from(system.len() + user.len()).unwrap_or(u64::MAX);
    let input = prompt_bytes.saturating_add(REQUEST_TOKENS_EXTRA);
    usage.add(Metric::InputTokens, input, Basis::Estimated);
    usage.add(
        Metric::OutputTokens,
        u64::from(WRITING_OUTPUT_TOKENS_MAX),
        Basis::Estimated,
    );
    usage
}

/// The most that a call for a section's code can use.
#[must_use]
pub fn code_worst_case(request: &Request) -> Usage {
    let mut usage = Usage::none();
    let bytes = u64::try_from(request.system.len() + request.user.len()).unwrap_or(u64::MAX);
    let input = bytes.saturating_add(REQUEST_TOKENS_EXTRA);
    usage.add(Metric::InputTokens, input, Basis::Estimated);
    usage.add(
        Metric::OutputTokens,
        u64::from(CODE_OUTPUT_TOKENS_MAX),
        Basis::Estimated,
    );
    usage
}

/// The most that a look at one frame can use.
#[must_use]
pub fn look_worst_case(question: &Request) -> Usage {
    let mut usage = Usage::none();
    let bytes = u64::try_from(question.system.len() + question.user.len()).unwrap_or(u64::MAX);
    let input = bytes.saturating_add(estimate_image_input_tokens(1));
    usage.add(Metric::InputTokens, input, Basis::Estimated);
    usage.add(
        Metric::OutputTokens,
        u64::from(LOOK_OUTPUT_TOKENS_MAX),
        Basis::Estimated,
    );
    usage
}

/// The most that a call for a picture can use.
#[must_use]
pub fn picture_worst_case(prompt: &str) -> Usage {
    let mut usage = Usage::none();
    let prompt_bytes = u64::try_from(prompt.len()).unwrap_or(u64::MAX);
    let input = prompt_bytes.saturating_add(REQUEST_TOKENS_EXTRA);
    usage.add(Metric::InputTokens, input, Basis::Estimated);
    usage.add(
        Metric::OutputTokens,
        PICTURE_TEXT_TOKENS_MAX,
        Basis::Estimated,
    );
    usage.add(
        Metric::ImageOutputTokens,
        PICTURE_TOKENS_MAX,
        Basis::Estimated,
    );
    usage.add(Metric::Images, 1, Basis::Counted);
    usage
}

/// What a call for a narration uses: its characters are known.
#[must_use]
pub fn narration_worst_case(text: &str) -> Usage {
    let mut usage = Usage::none();
    usage.add(Metric::Characters, count_characters(text), Basis::Counted);
    usage
}

/// The least that a narration of so many scenes can take, in characters.
#[must_use]
pub fn narration_characters_least(scene_count: u32) -> u64 {
    u64::from(scene_count).saturating_mul(SCENE_CHARACTERS_LEAST)
}

/// The credits that a text takes, rounded up; its characters where the provider publishes no multiplier.
#[must_use]
pub fn credits(text: &str, credits_per_character: &str) -> u64 {
    let characters = count_characters(text);
    let Some(percent) = percent_of(credits_per_character) else {
        return characters;
    };
    characters.saturating_mul(percent).div_ceil(CREDITS_PERCENT)
}

/// `0.5` is 50.
fn percent_of(decimal: &str) -> Option<u64> {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    let whole: u64 = whole.parse().ok()?;
    let part: u64 = format!("{part:0<2}").get(..2)?.parse().ok()?;
    whole.checked_mul(100)?.checked_add(part)
}

/// How many narrations a subscription's plan serves at the same time, for the slower models (ElevenLabs' documentation
/// of 2025: free 2, starter 3, creator 5, pro 10); two where the plan is not known.
#[must_use]
pub fn narrations_at_once(tier: Option<&str>) -> usize {
    match tier.unwrap_or_default().to_ascii_lowercase().as_str() {
        "starter" => 3,
        "creator" => 5,
        "pro" | "scale" | "business" | "enterprise" => 10,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiplier_of_a_half_halves_the_credits_and_rounds_up() {
        assert_eq!(credits("abc", "0.5"), 2);
        assert_eq!(credits("abc", "1"), 3);
        assert_eq!(credits("abc", ""), 3);
        assert_eq!(credits("abcd", "0.25"), 1);
    }

    #[test]
    fn the_plan_says_how_many_scenes_are_spoken_at_once() {
        assert_eq!(narrations_at_once(Some("creator")), 5);
        assert_eq!(narrations_at_once(None), 2);
    }
}
