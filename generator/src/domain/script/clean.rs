//! Text from a model or a person, made fit to be spoken, drawn and shown.

/// Whether a character must not reach a voice, a terminal or a file name: controls and
/// the invisible characters that reorder or hide text.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// One line: hidden characters gone, every run of blanks and line ends a single blank.
pub(super) fn clean_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_whitespace() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else if !is_hidden(character) {
            line.push(character);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// Lines kept, each of them clean.
pub(super) fn clean_lines(text: &str) -> String {
    text.lines().map(clean_line).collect::<Vec<_>>().join("\n")
}

/// A narration as it can be spoken: one line, without the markup that models put in
/// although asked not to: `**bold**`, `# headings`, `- lists`, and a speaker's name
/// before the text.
pub(super) fn clean_narration(text: &str) -> String {
    let without_marks: Vec<String> = text
        .lines()
        .map(|line| {
            let line = line.trim_start();
            let line = line.trim_start_matches('#');
            let line = line
                .strip_prefix("- ")
                .or_else(|| line.strip_prefix("* "))
                .unwrap_or(line);
            line.replace("**", "").replace("__", "").replace('`', "")
        })
        .collect();
    let line = clean_line(&without_marks.join(" "));
    let lower = line.to_ascii_lowercase();
    for label in [
        "narrator:",
        "narration:",
        "voiceover:",
        "voice-over:",
        "voice over:",
    ] {
        if lower.starts_with(label) {
            return line
                .get(label.len()..)
                .unwrap_or_default()
                .trim()
                .to_owned();
        }
    }
    line
}

/// The first characters of a text, at most so many.
pub(super) fn cut(text: &str, chars_max: usize) -> &str {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

/// The text up to the last sentence, else the last word, that ends within the limit.
/// A text that fits is returned whole.
pub(super) fn cut_at_sentence(text: &str, chars_max: usize) -> &str {
    let head = cut(text, chars_max);
    if head.len() == text.len() {
        return text;
    }
    let sentence_end = head
        .char_indices()
        .filter(|(_, character)| {
            matches!(character, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '।')
        })
        .map(|(at, character)| (at + character.len_utf8(), character))
        // "3.5" is no end of a sentence; full-width marks need no blank after them.
        .filter(|(end, character)| {
            !character.is_ascii()
                || text
                    .get(*end..)
                    .and_then(|rest| rest.chars().next())
                    .is_none_or(|next| !next.is_alphanumeric())
        })
        .map(|(end, _)| end)
        .next_back();
    let word_end = || head.rfind(' ');
    // A sentence that ends in the first quarter would drop too much: half a sentence is
    // better then.
    let end = sentence_end
        .filter(|end| *end * 4 >= head.len())
        .or_else(word_end)
        .unwrap_or(head.len());
    head.get(..end).unwrap_or(head).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_taken_out() {
        assert_eq!(
            clean_line(" a\u{1b}[31m b\u{202e}\t\n\u{0}c\u{feff} "),
            "a[31m b c"
        );
    }

    #[test]
    fn joined_emoji_and_letters_of_other_scripts_stay() {
        assert_eq!(clean_line("👩‍🚀 नमस्ते"), "👩‍🚀 नमस्ते");
    }

    #[test]
    fn markup_is_not_read_aloud() {
        assert_eq!(
            clean_narration("## Tides\n- **Twice** a day\n* the `sea` rises."),
            "Tides Twice a day the sea rises."
        );
        assert_eq!(
            clean_narration("Narrator: The sea rises."),
            "The sea rises."
        );
    }

    #[test]
    fn a_long_text_is_cut_where_a_sentence_ends() {
        let text = "The sea rises by 3.5 metres. It falls again. Then it rests.";
        assert_eq!(
            cut_at_sentence(text, 50),
            "The sea rises by 3.5 metres. It falls again."
        );
        assert_eq!(cut_at_sentence(text, 1_000), text);
        assert_eq!(cut_at_sentence("one two three four", 9), "one two");
        assert_eq!(cut_at_sentence("潮が満ちる。潮が引く。", 8), "潮が満ちる。");
        assert_eq!(cut_at_sentence("abcdefgh", 3), "abc");
    }
}
