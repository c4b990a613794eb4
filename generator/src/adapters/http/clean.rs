//! What a provider wrote, made fit for a log and a screen.

use std::sync::Arc;

use reelmeter_service::Secret;

/// The longest message of a provider that is kept, in characters.
const MESSAGE_CHARS_MAX: usize = 500;
/// The longest single word of a provider's own (a reason, an id) that is kept.
const WORD_CHARS_MAX: usize = 100;
/// What stands where a key was.
const HIDDEN: &str = "[key]";

/// Takes keys out of texts: a provider or a proxy may echo the one it was sent.
#[derive(Clone, Debug, Default)]
pub(in crate::adapters) struct Redactor {
    key: Option<Arc<Secret>>,
}

impl Redactor {
    /// A redactor for one key.
    pub fn new(key: &Secret) -> Self {
        Self {
            key: Some(Arc::new(key.clone())),
        }
    }

    /// A provider's message: one line, without controls and keys, shortened.
    pub fn message(&self, text: &str) -> String {
        self.shortened(text, MESSAGE_CHARS_MAX)
    }

    /// A provider's own word or id.
    pub fn word(&self, text: &str) -> String {
        self.shortened(text, WORD_CHARS_MAX)
    }

    fn shortened(&self, text: &str, chars_max: usize) -> String {
        // First, since without them a key may stand there that stood there in pieces.
        let visible: String = text
            .chars()
            .filter(|c| c.is_whitespace() || !is_hidden(*c))
            .collect();
        // Before anything is cut: a key must be found whole.
        let hidden = match self.key.as_deref().map(Secret::expose) {
            Some(key) if !key.is_empty() && visible.contains(key) => visible.replace(key, HIDDEN),
            _ => visible,
        };
        let mut line = String::new();
        let mut chars = 0;
        for word in hidden.split_whitespace() {
            if chars > 0 {
                line.push(' ');
                chars += 1;
            }
            for character in word.chars() {
                if chars >= chars_max {
                    line.push('…');
                    return line;
                }
                line.push(character);
                chars += 1;
            }
        }
        line
    }
}

/// Controls, and characters that reorder or hide what a terminal shows.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echoed_key_is_hidden_also_when_the_text_is_cut() {
        let redactor = Redactor::new(&Secret::new("canary-key"));
        assert_eq!(
            redactor.message("the key canary-key is not valid"),
            "the key [key] is not valid"
        );
        let long = format!("{}canary-key", "x".repeat(MESSAGE_CHARS_MAX - 4));
        assert!(!redactor.message(&long).contains("cana"));
    }

    #[test]
    fn an_echoed_key_is_hidden_also_with_invisible_characters_in_it() {
        let redactor = Redactor::new(&Secret::new("canary-key"));
        for echoed in ["cana\u{0}ry-key", "canary\u{200e}-ke\u{1b}y"] {
            assert_eq!(redactor.message(echoed), "[key]", "{echoed:?}");
        }
    }

    #[test]
    fn a_message_cannot_move_the_cursor() {
        assert_eq!(
            Redactor::default().message("a\u{1b}[2J\r\n\u{202e}b\u{7}"),
            "a[2J b"
        );
    }

    #[test]
    fn a_long_message_is_cut_by_characters() {
        let cut = Redactor::default().message(&"ä".repeat(2_000));
        assert_eq!(cut.chars().count(), MESSAGE_CHARS_MAX + 1);
        assert!(cut.ends_with('…'));
    }
}
