//! Spoken narration: its sound, its timing, its formats.

pub mod alignment;
pub mod format;
pub mod sound;
pub mod tones;
pub mod voices;

pub use alignment::Alignment;
pub use format::OutputFormat;
pub use sound::Sound;

/// How a text is to be spoken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manner {
    /// Speed, where 1 is ordinary.
    pub speed: f64,
    /// The language's ISO 639-1 code.
    pub language: &'static str,
    /// The voice's character.
    pub timbre: voices::Timbre,
}

/// A text cut into what is spoken in one breath.
///
/// Sentences are spoken one by one, since then the length of each is measured and not guessed.
#[must_use]
pub fn breaths(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let end = at + letter.len_utf8();
        let next_is_space = letters.peek().is_none_or(|(_, next)| next.is_whitespace());
        let long = end - start > BREATH_BYTES_MAX && letter.is_whitespace();
        let closes = match letter {
            '.' | '!' | '?' | '…' | ';' | ':' => next_is_space,
            '。' | '！' | '？' | '\n' => true,
            _ => long,
        };
        if closes {
            push_spoken(text, start..end, &mut found);
            start = end;
        }
    }
    push_spoken(text, start..text.len(), &mut found);
    found
}

/// Text without a mark is cut after so many bytes, at a space.
const BREATH_BYTES_MAX: usize = 400;

fn push_spoken(text: &str, range: std::ops::Range<usize>, found: &mut Vec<std::ops::Range<usize>>) {
    if text[range.clone()].chars().any(char::is_alphanumeric) {
        found.push(range);
    } else if let Some(last) = found.last_mut() {
        // Marks without words belong to what was said before them.
        last.end = range.end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_its_sentences_and_nothing_is_lost_between_them() {
        let text = "It is 3.5 km deep. Really? \"Yes!\" he said; so be it... ";
        let parts: Vec<&str> = breaths(text)
            .into_iter()
            .map(|range| text[range].trim())
            .collect();
        assert_eq!(
            parts,
            [
                "It is 3.5 km deep.",
                "Really?",
                "\"Yes!\" he said;",
                "so be it..."
            ]
        );
    }

    #[test]
    fn a_text_without_words_has_nothing_to_say() {
        assert!(breaths("... !? \n").is_empty());
    }
}
