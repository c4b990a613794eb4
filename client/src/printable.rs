//! Text from elsewhere, made fit for a terminal.
//!
//! Model names, titles, error messages and file names come over the wire. Printed as they are, they could move the
//! cursor, change the window's title, turn the reading direction round or look like another name. Every such string
//! becomes a [`Text`] where it enters the client, and only its printable form reaches a screen or a pipe; files carry
//! the raw one, each in its own quoting.

use std::fmt;
use std::sync::Arc;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What stands for a character that may not be printed.
pub const REPLACEMENT: char = '\u{fffd}';

/// Marks that one letter may carry. Living scripts need up to four; a pile of hundreds spills over its neighbours.
const MARKS_PER_LETTER_MAX: usize = 4;

/// How wide a text may become on a screen, in columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// Names of services, models, metrics and stages: 64 columns.
    Name,
    /// Titles, sentences and log lines: 600 columns.
    Line,
    /// File paths, which are useless when cut: 4096 columns, the longest path that the system takes.
    Path,
}

impl Cap {
    fn columns(self) -> usize {
        match self {
            Self::Name => 64,
            Self::Line => 600,
            Self::Path => 4096,
        }
    }
}

/// A text from elsewhere: the raw one for files and comparisons, a printable one for people.
///
/// Displaying it gives the printable one. Cloning it copies two pointers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text {
    raw: Arc<str>,
    shown: Arc<str>,
}

impl Text {
    /// A text of the given kind.
    #[must_use]
    pub fn new(raw: &str, cap: Cap) -> Self {
        let shown = printable(raw, cap.columns());
        let raw: Arc<str> = Arc::from(raw);
        let shown = if *raw == *shown {
            Arc::clone(&raw)
        } else {
            Arc::from(shown)
        };
        Self { raw, shown }
    }

    /// A name.
    #[must_use]
    pub fn name(raw: &str) -> Self {
        Self::new(raw, Cap::Name)
    }

    /// A title, a sentence or a log line.
    #[must_use]
    pub fn line(raw: &str) -> Self {
        Self::new(raw, Cap::Line)
    }

    /// A file path.
    #[must_use]
    pub fn path(raw: &str) -> Self {
        Self::new(raw, Cap::Path)
    }

    /// The text as it was sent. Never for a terminal.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The printable form.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::name("")
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The printable form too: debug output ends up in logs, and logs on terminals.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.shown, f)
    }
}

/// One line without control, formatting, direction-changing, invisible or unassigned characters, at most `columns` wide;
/// a longer one ends in `…`.
#[must_use]
pub fn printable(text: &str, columns: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(columns.saturating_mul(4)));
    let mut marks = 0;
    let mut after_letter = false;
    // Whatever does not fit is cut anyway: a name of a megabyte must not cost a megabyte's work.
    for c in text.trim_end().chars().take(columns.saturating_mul(8)) {
        match c {
            '\n' | '\r' | '\t' | '\u{0b}' | '\u{0c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                clean.push(' ');
                after_letter = false;
            }
            // Asks for the coloured or the plain form of a symbol; terminals disagree about the width that it gives.
            '\u{fe00}'..='\u{fe0f}' => {}
            c if is_mark(c) && after_letter && may_be_printed(c) => {
                marks += 1;
                if marks <= MARKS_PER_LETTER_MAX {
                    clean.push(c);
                }
            }
            c if may_be_printed(c) && !is_mark(c) => {
                clean.push(c);
                marks = 0;
                after_letter = c != ' ';
            }
            _ => {
                clean.push(REPLACEMENT);
                marks = 0;
                after_letter = false;
            }
        }
    }
    shorten_end(&clean, columns)
}

fn is_mark(c: char) -> bool {
    matches!(
        c.general_category(),
        GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
    )
}

/// Whether the character has ink of its own, or is a plain space: nothing that commands a terminal or hides.
#[must_use]
pub fn is_visible(c: char) -> bool {
    may_be_printed(c) && !matches!(c, '\u{fe00}'..='\u{fe0f}')
}

fn may_be_printed(c: char) -> bool {
    use GeneralCategory as G;
    match c.general_category() {
        // Private use is whatever the terminal's font makes of it.
        G::Control | G::Format | G::Surrogate | G::PrivateUse | G::Unassigned => false,
        G::LineSeparator | G::ParagraphSeparator => false,
        // Letters, marks and symbols without ink, good for names that look like other names.
        _ => !matches!(
            c,
            '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180d}' | '\u{180f}'
                | '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}'
        ),
    }
}

/// The width on a terminal, in columns.
#[must_use]
pub fn width(text: &str) -> usize {
    // By letter, as the screen's cells are filled: a letter of several parts can be narrower than their sum.
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The text, cut at its end with `…` where it is wider than `columns`.
#[must_use]
pub fn shorten_end(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else {
        return String::new();
    };
    let mut kept = take_front(text, room).trim_end().to_owned();
    kept.push('…');
    kept
}

/// The text, cut in its middle with `…` where it is wider than `columns`: of `gemini-2.5-flash-preview-image` the end
/// tells as much as the beginning.
#[must_use]
pub fn shorten_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else {
        return String::new();
    };
    let front = take_front(text, room - room / 2);
    let mut back = Vec::new();
    let mut used = 0;
    for letter in text.graphemes(true).rev() {
        used += letter.width();
        if used > room / 2 {
            break;
        }
        back.push(letter);
    }
    back.reverse();
    format!("{front}…{}", back.concat())
}

fn take_front(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, letter) in text.grapheme_indices(true) {
        used += letter.width();
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// The text in lines of at most `columns`, broken at spaces where there are any. Never empty; at least one column wide.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut rest = word;
        loop {
            let wide = width(rest);
            let gap = usize::from(used > 0);
            let Some(line) = lines.last_mut() else { break };
            if used + gap + wide <= columns {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(rest);
                used += gap + wide;
                break;
            }
            if used > 0 {
                lines.push(String::new());
                used = 0;
                continue;
            }
            // A word wider than the line; a letter wider than the line is left out.
            let part = take_front(rest, columns);
            line.push_str(part);
            let skip = if part.is_empty() {
                rest.graphemes(true).next().map_or(rest.len(), str::len)
            } else {
                part.len()
            };
            rest = &rest[skip..];
            if rest.is_empty() {
                used = width(part);
                break;
            }
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(raw: &str) -> String {
        Text::name(raw).to_string()
    }

    #[test]
    fn ordinary_names_of_any_script_stay_as_they_are() {
        for text in [
            "gemini-2.5-flash",
            "Rachel",
            "Ναί",
            "火山はなぜ噴火する？",
            "Zoë",
            "हिन्दी",
            "नमस्ते",
            "🌋 volcano",
            "e\u{301}t\u{e9}",
            "שלום",
        ] {
            assert_eq!(name(text), text);
        }
    }

    #[test]
    fn what_could_command_a_terminal_or_hide_is_replaced() {
        assert_eq!(name("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(
            name("a\u{9b}31mb"),
            "a\u{fffd}31mb",
            "the one-byte form of an escape sequence"
        );
        assert_eq!(name("gem\u{200b}ini"), "gem\u{fffd}ini", "zero width space");
        assert_eq!(
            name("\u{202e}lqsyop"),
            "\u{fffd}lqsyop",
            "right-to-left override"
        );
        assert_eq!(name("a\u{2066}b\u{2069}"), "a\u{fffd}b\u{fffd}", "isolates");
        assert_eq!(name("\u{feff}x"), "\u{fffd}x", "byte order mark");
        assert_eq!(name("a\u{378}"), "a\u{fffd}", "an unassigned code point");
        assert_eq!(name("a\u{e000}"), "a\u{fffd}", "private use");
        assert_eq!(name("a\u{3164}b"), "a\u{fffd}b", "a letter without ink");
        assert_eq!(name("a\u{e0041}"), "a\u{fffd}", "an invisible tag");
        assert_eq!(name("a\u{17b4}"), "a\u{fffd}", "a mark without ink");
        assert_eq!(name("a\u{34f}"), "a\u{fffd}", "an invisible joiner");
        assert_eq!(name("a\u{e0101}"), "a\u{fffd}", "a hidden variant");
        assert_eq!(name("\u{301}a"), "\u{fffd}a", "a mark without a letter");
        assert_eq!(name("one\ntwo\tthree\r\n"), "one two three");
    }

    #[test]
    fn a_pile_of_marks_is_cut() {
        let pile = format!("Z{}", "\u{300}".repeat(500));
        assert_eq!(name(&pile), format!("Z{}", "\u{300}".repeat(4)));
    }

    #[test]
    fn a_long_name_is_cut_to_64_columns() {
        let shown = name(&"x".repeat(1_000_000));
        assert_eq!(width(&shown), 64);
        assert!(shown.ends_with('…'));
        assert_eq!(
            width(&name(&"漢".repeat(200))),
            63,
            "a wide letter is not cut in half"
        );
    }

    #[test]
    fn the_middle_is_what_a_long_model_name_loses() {
        assert_eq!(
            shorten_middle("gemini-2.5-flash-preview-image", 16),
            "gemini-2…w-image"
        );
        assert_eq!(shorten_middle("gemini", 6), "gemini");
        assert_eq!(shorten_middle("gemini", 1), "…");
        assert_eq!(shorten_middle("gemini", 0), "");
    }

    #[test]
    fn lines_break_at_spaces_and_inside_words_that_do_not_fit() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(
            wrap("漢字", 1),
            ["", ""],
            "a letter wider than the line is left out"
        );
    }

    proptest! {
        #[test]
        fn nothing_that_is_printed_is_invisible_or_a_command(text in "\\PC{0,40}|.{0,40}|[\u{0}-\u{10ffff}]{0,40}") {
            let shown = Text::line(&text).to_string();
            for c in shown.chars() {
                prop_assert!(may_be_printed(c), "{c:?} in {shown:?}");
            }
            prop_assert!(width(&shown) <= 600);
        }

        #[test]
        fn no_shortened_or_wrapped_text_is_wider_than_its_room(text in "[\u{0}-\u{10ffff}]{0,60}", columns in 0usize..50) {
            let shown = Text::line(&text).to_string();
            prop_assert!(width(&shorten_middle(&shown, columns)) <= columns);
            prop_assert!(width(&shorten_end(&shown, columns)) <= columns);
            for line in wrap(&shown, columns) {
                prop_assert!(width(&line) <= columns.max(1));
            }
        }

        #[test]
        fn making_printable_twice_changes_nothing(text in "[\u{0}-\u{10ffff}]{0,40}") {
            let once = printable(&text, 600);
            prop_assert_eq!(printable(&once, 600), once);
        }
    }
}
