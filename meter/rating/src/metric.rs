//! What is counted: the well-known metrics, the side of a call they are on, and the metric whose
//! rate they take when they have none of their own.
//!
//! The quantities of one event are disjoint: `input_tokens` excludes every other input metric,
//! `output_tokens` excludes thinking and image output. A tool may record metrics of its own;
//! they belong to no side and are priced only by a rate of exactly their name.

/// Text tokens of the prompt that were neither cached nor of another kind below.
pub const INPUT_TOKENS: &str = "input_tokens";
/// Prompt tokens that the provider read from its cache.
pub const CACHED_INPUT_TOKENS: &str = "cached_input_tokens";
/// Prompt tokens that the provider wrote into its cache, where it bills the writing.
pub const CACHE_WRITE_INPUT_TOKENS: &str = "cache_write_input_tokens";
/// Prompt tokens of audio.
pub const AUDIO_INPUT_TOKENS: &str = "audio_input_tokens";
/// Prompt tokens of pictures.
pub const IMAGE_INPUT_TOKENS: &str = "image_input_tokens";
/// Prompt tokens of video.
pub const VIDEO_INPUT_TOKENS: &str = "video_input_tokens";
/// Results of the provider's own tools, fed back as input.
pub const TOOL_USE_INPUT_TOKENS: &str = "tool_use_input_tokens";
/// Tokens of the answer that are neither thinking nor pictures.
pub const OUTPUT_TOKENS: &str = "output_tokens";
/// Tokens that the model thought with.
pub const THINKING_TOKENS: &str = "thinking_tokens";
/// Tokens of generated pictures.
pub const IMAGE_OUTPUT_TOKENS: &str = "image_output_tokens";
/// Tokens of generated speech.
pub const AUDIO_OUTPUT_TOKENS: &str = "audio_output_tokens";
/// Characters of a text that was sent to be spoken.
pub const CHARACTERS: &str = "characters";
/// Generated pictures.
pub const IMAGES: &str = "images";
/// Whole seconds of audio that was sent.
pub const AUDIO_SECONDS: &str = "audio_seconds";
/// Whole seconds of generated video.
pub const VIDEO_SECONDS: &str = "video_seconds";

/// Every well-known metric, in the order in which a screen lists them.
pub const WELL_KNOWN: [&str; 15] = [
    INPUT_TOKENS,
    CACHED_INPUT_TOKENS,
    CACHE_WRITE_INPUT_TOKENS,
    AUDIO_INPUT_TOKENS,
    IMAGE_INPUT_TOKENS,
    VIDEO_INPUT_TOKENS,
    TOOL_USE_INPUT_TOKENS,
    OUTPUT_TOKENS,
    THINKING_TOKENS,
    IMAGE_OUTPUT_TOKENS,
    AUDIO_OUTPUT_TOKENS,
    CHARACTERS,
    IMAGES,
    AUDIO_SECONDS,
    VIDEO_SECONDS,
];

/// The side of a call that a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// What went in. A screen's "Input" and a context tier look at the sum of these.
    Input,
    /// What came out. A screen's "Output" is the sum of these.
    Output,
    /// Everything else: characters, images, seconds, a tool's own metrics.
    Other,
}

/// The side that a metric is on. Only exact well-known token metrics have one.
#[must_use]
pub fn side(metric: &str) -> Side {
    match metric {
        INPUT_TOKENS
        | CACHED_INPUT_TOKENS
        | CACHE_WRITE_INPUT_TOKENS
        | AUDIO_INPUT_TOKENS
        | IMAGE_INPUT_TOKENS
        | VIDEO_INPUT_TOKENS
        | TOOL_USE_INPUT_TOKENS => Side::Input,
        OUTPUT_TOKENS | THINKING_TOKENS | IMAGE_OUTPUT_TOKENS | AUDIO_OUTPUT_TOKENS => Side::Output,
        _ => Side::Other,
    }
}

/// The metric whose rate this one takes when it has none of its own (`rated as`).
///
/// Thinking is rated as output; cached, audio, image, video and tool-use input as input.
/// Three metrics deliberately have no stand-in, since the only candidate is known to be wrong:
/// `image_output_tokens` and `audio_output_tokens` cost many times a text token, and writing a
/// cache costs more than reading the prompt. Without a rate of their own they are unpriced.
#[must_use]
pub fn rated_as(metric: &str) -> Option<&'static str> {
    match metric {
        THINKING_TOKENS => Some(OUTPUT_TOKENS),
        CACHED_INPUT_TOKENS
        | AUDIO_INPUT_TOKENS
        | IMAGE_INPUT_TOKENS
        | VIDEO_INPUT_TOKENS
        | TOOL_USE_INPUT_TOKENS => Some(INPUT_TOKENS),
        _ => None,
    }
}

/// Where a metric stands in a list: well-known ones in [`WELL_KNOWN`] order, others after them.
#[must_use]
pub fn rank(metric: &str) -> usize {
    WELL_KNOWN
        .iter()
        .position(|known| *known == metric)
        .unwrap_or(WELL_KNOWN.len())
}

/// The metric as words for a headline, in the number that the quantity asks for:
/// `1 image`, `2 images`, `1 input token`, `3 billed minutes`.
#[must_use]
pub fn words(metric: &str, quantity: i128) -> String {
    let plural = metric.replace('_', " ");
    if quantity != 1 {
        return plural;
    }
    match plural.strip_suffix('s') {
        // "gloss" and the like are not plurals.
        Some(singular) if !singular.ends_with('s') && !singular.is_empty() => singular.to_owned(),
        _ => plural,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_everything_else_plural() {
        assert_eq!(words(IMAGES, 1), "image");
        assert_eq!(words(IMAGES, 2), "images");
        assert_eq!(words(INPUT_TOKENS, 1), "input token");
        assert_eq!(words(CHARACTERS, 0), "characters");
        assert_eq!(words("gloss", 1), "gloss");
    }

    #[test]
    fn a_stand_in_is_on_the_same_side_and_has_none_itself() {
        for metric in WELL_KNOWN {
            if let Some(stand_in) = rated_as(metric) {
                assert_eq!(side(stand_in), side(metric), "{metric}");
                assert_eq!(rated_as(stand_in), None, "{metric}");
            }
        }
    }

    #[test]
    fn a_name_that_looks_like_a_token_metric_is_on_no_side() {
        assert_eq!(side("my_input_tokens"), Side::Other);
        assert_eq!(rated_as("reasoning_tokens"), None);
    }
}
