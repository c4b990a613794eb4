//! Letters of subtitles that no installed font has.
//!
//! The subtitle renderer draws an empty box for them and warns. A segment that is
//! taken up by a resume warns no more, so what was missing is kept beside it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tokio::fs;

use super::Error;

/// Letters that are named, at most.
const LETTER_COUNT_MAX: usize = 8;

/// Keeps what a segment's warnings say, beside the segment.
pub(super) async fn keep(segment: &Path, warnings: &str) -> Result<(), Error> {
    let letters: String = missing(warnings).into_iter().collect();
    if letters.is_empty() {
        return Ok(());
    }
    let path = beside(segment);
    fs::write(&path, letters)
        .await
        .map_err(|source| Error::file("writing", &path, source))
}

/// What was missing in some segments, in order, each once.
pub(super) async fn of_segments(segments: &[PathBuf]) -> Vec<char> {
    let mut letters = BTreeSet::new();
    for segment in segments {
        // Most segments lack nothing, and have no such file.
        if let Ok(text) = fs::read_to_string(beside(segment)).await {
            letters.extend(text.chars());
        }
    }
    letters.into_iter().take(LETTER_COUNT_MAX).collect()
}

fn beside(segment: &Path) -> PathBuf {
    segment.with_extension("letters")
}

/// The letters that warnings name.
fn missing(warnings: &str) -> BTreeSet<char> {
    warnings
        .lines()
        .filter(|line| line.contains("failed to find any fallback"))
        .filter_map(|line| {
            let (_, rest) = line.split_once("glyph 0x")?;
            let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
        })
        // Nobody misses a control or format character.
        .filter(|letter| letter.is_alphanumeric())
        .take(LETTER_COUNT_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_without_a_font_are_named_once() {
        let warnings = "[Parsed_ass_0 @ 0x1] fontselect: failed to find any fallback with glyph 0x706B for font: (sans-serif, 700, 0)\n\
             [Parsed_ass_0 @ 0x1] fontselect: failed to find any fallback with glyph 0x706B for font: (x, 400, 0)\n\
             [Parsed_ass_0 @ 0x1] fontselect: failed to find any fallback with glyph 0x2060 for font: (x, 400, 0)\n\
             something else\n";
        assert_eq!(missing(warnings), BTreeSet::from(['火']));
    }
}
