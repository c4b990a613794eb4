//! Estimates for the calls whose usage a provider does not report.

/// Quarter tokens in one token: the weights below count in quarters, so that the sum
/// stays whole until the end.
const QUARTERS_PER_TOKEN: u64 = 4;

/// Tokens that one picture in a prompt costs, at any size.
///
/// Measured figures for Gemini 3.x models lie between 1,065 and 1,101 (the public data
/// set JOHNISKING/image-token-cost); the estimate takes the upper end.
const IMAGE_INPUT_TOKENS: u64 = 1_101;

/// About how many tokens a model counts for a text, rounded up.
///
/// Google's own rule of thumb is four characters to a token, which holds for English.
/// Other scripts need more: a character of an alphabet outside ASCII counts as half a
/// token, one of the scripts without spaces between words (Chinese, Japanese, Korean),
/// of emoji and of everything else beyond U+2E80 as a whole one. Blank runs count as
/// one character, since tokenisers join them.
///
/// ```
/// use reelmeter_generator::domain::usage::estimate_text_tokens;
/// assert_eq!(estimate_text_tokens("tides"), 2);
/// assert_eq!(estimate_text_tokens("潮汐"), 2);
/// assert_eq!(estimate_text_tokens(""), 0);
/// ```
#[must_use]
pub fn estimate_text_tokens(text: &str) -> u64 {
    let mut quarters: u64 = 0;
    let mut after_blank = false;
    for character in text.chars() {
        let blank = character.is_whitespace();
        if !(blank && after_blank) {
            quarters = quarters.saturating_add(quarters_of(character));
        }
        after_blank = blank;
    }
    quarters.div_ceil(QUARTERS_PER_TOKEN)
}

const fn quarters_of(character: char) -> u64 {
    match character {
        '\0'..='\u{7f}' => 1,
        '\u{80}'..='\u{2e7f}' => 2,
        _ => QUARTERS_PER_TOKEN,
    }
}

/// About how many tokens a model counts for the pictures of a prompt.
#[must_use]
pub const fn estimate_image_input_tokens(images: u64) -> u64 {
    images.saturating_mul(IMAGE_INPUT_TOKENS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_english_sentence_is_a_quarter_of_its_characters() {
        // 44 characters.
        assert_eq!(
            estimate_text_tokens("The quick brown fox jumps over the lazy dog."),
            11
        );
    }

    #[test]
    fn the_estimate_is_never_zero_for_a_text_that_says_something() {
        assert_eq!(estimate_text_tokens("a"), 1);
        assert_eq!(estimate_text_tokens(""), 0);
    }

    #[test]
    fn characters_count_and_not_bytes() {
        // Six letters, twelve bytes.
        assert_eq!(estimate_text_tokens("приливы"), 4);
        // Four characters, twelve bytes.
        assert_eq!(estimate_text_tokens("潮の満引"), 4);
    }

    #[test]
    fn indentation_is_not_paid_by_the_blank() {
        assert_eq!(
            estimate_text_tokens("a                                b"),
            estimate_text_tokens("a b")
        );
    }
}
