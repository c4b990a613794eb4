//! A token counter of our own. No provider publishes its tokeniser for all its models, so costs under simulation are exercises, not quotes.

/// The tokens of an image that is sent as input, whatever its size: what public measurements of
/// the Gemini 3 family average to.
pub const IMAGE_INPUT_TOKENS: u64 = 1_089;

/// How many letters or digits make one token, at most.
const LETTERS_PER_TOKEN: usize = 5;

/// How many tokens a text has: a word is one token for every five letters begun, a mark is one
/// token, and so is a letter of a script that writes without spaces.
#[must_use]
pub fn count(text: &str) -> u64 {
    let mut scan = Scan::default();
    for letter in text.chars() {
        scan.take(letter);
    }
    scan.tokens
}

/// The longest beginning of a text that has at most so many tokens.
#[must_use]
pub fn clip(text: &str, most: u64) -> &str {
    let mut scan = Scan::default();
    for (at, letter) in text.char_indices() {
        scan.take(letter);
        if scan.tokens > most {
            return &text[..at];
        }
    }
    text
}

#[derive(Default)]
struct Scan {
    tokens: u64,
    run: usize,
}

impl Scan {
    fn take(&mut self, letter: char) {
        if letter.is_whitespace() {
            self.run = 0;
        } else if letter.is_alphanumeric() && !is_spaceless(letter) {
            if self.run.is_multiple_of(LETTERS_PER_TOKEN) {
                self.tokens += 1;
            }
            self.run += 1;
        } else {
            self.run = 0;
            self.tokens += 1;
        }
    }
}

/// Chinese, Japanese, Korean and Thai letters, each of which is about a token.
fn is_spaceless(letter: char) -> bool {
    matches!(letter, '\u{0e00}'..='\u{0e7f}' | '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_english_sentence_has_about_a_token_and_a_half_for_each_word() {
        assert_eq!(count(""), 0);
        assert_eq!(count("Why do volcanoes erupt?"), 1 + 1 + 2 + 1 + 1);
        assert_eq!(count("潮の満ち引き"), 6);
    }

    #[test]
    fn a_clipped_text_has_no_more_tokens_than_allowed_and_is_a_beginning() {
        let text = "Tides rise, and tides fall, twice a day almost everywhere.";
        for most in 0..20 {
            let clipped = clip(text, most);
            assert!(text.starts_with(clipped));
            assert!(count(clipped) <= most);
        }
        assert_eq!(clip(text, 1_000), text);
    }
}
