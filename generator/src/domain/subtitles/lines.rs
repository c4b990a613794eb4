//! How words fill the lines of a cue.

use super::words::{Word, columns, ends_clause, ends_sentence};
use crate::domain::timeline::{AspectRatio, Geometry};

/// How much text a cue may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineLimits {
    /// Most columns of a line; a Chinese character takes two.
    pub columns_max: usize,
    /// Most lines of a cue.
    pub line_count_max: usize,
}

impl LineLimits {
    /// The limits for a shape of frame: 42 columns is the broadcasters' habit, and an
    /// upright frame has room for about half of that at a size that can be read.
    #[must_use]
    pub const fn for_geometry(geometry: &Geometry) -> Self {
        let columns_max = match geometry.aspect_ratio() {
            AspectRatio::Landscape => 42,
            AspectRatio::Square => 32,
            AspectRatio::Portrait => 24,
        };
        Self {
            columns_max,
            line_count_max: 2,
        }
    }
}

/// Words laid out in lines, and how bad that looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// The lines.
    pub lines: Vec<String>,
    /// Lower is better.
    pub badness: u64,
}

/// A short word at the end of a line belongs to the next one, in most languages.
const SHORT_WORD_COLUMNS: usize = 3;

/// The words as a text, with spaces where they were.
pub(super) fn join(words: &[Word]) -> String {
    let mut text = String::new();
    for word in words {
        if word.space_before && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&word.text);
    }
    text
}

/// Columns that words take on one line.
pub(super) fn width(words: &[Word]) -> usize {
    words
        .iter()
        .enumerate()
        .map(|(index, word)| columns(&word.text) + usize::from(index > 0 && word.space_before))
        .sum()
}

/// Lays words out in one or two lines; none if they do not fit.
///
/// Of the ways to break into two, the one is taken whose lines are most alike, that
/// breaks after punctuation, and leaves no short word behind.
pub(super) fn lay_out(words: &[Word], limits: LineLimits) -> Option<Layout> {
    let whole = width(words);
    if whole <= limits.columns_max {
        return Some(Layout {
            lines: vec![join(words)],
            badness: 0,
        });
    }
    if limits.line_count_max < 2 || whole > limits.columns_max * 2 + 1 {
        return None;
    }
    let mut upper_width = 0;
    let mut best: Option<(u64, usize)> = None;
    for at in 1..words.len() {
        let (upper, lower) = words.split_at(at);
        upper_width = match upper {
            [only] => columns(&only.text),
            [.., last] => upper_width + columns(&last.text) + usize::from(last.space_before),
            [] => 0,
        };
        // The space at the break stands on neither line.
        let gap = lower
            .first()
            .map_or(0, |word| usize::from(word.space_before));
        let lower_width = whole - upper_width - gap;
        if upper_width > limits.columns_max || lower_width > limits.columns_max {
            continue;
        }
        let badness = break_badness(upper, lower, upper_width, lower_width);
        if best.is_none_or(|(least, _)| badness < least) {
            best = Some((badness, at));
        }
    }
    best.map(|(badness, at)| {
        let (upper, lower) = words.split_at(at);
        Layout {
            lines: vec![join(upper), join(lower)],
            badness,
        }
    })
}

fn break_badness(upper: &[Word], lower: &[Word], upper_width: usize, lower_width: usize) -> u64 {
    let mut badness = upper_width.abs_diff(lower_width) as u64 / 2;
    if let Some(last) = upper.last() {
        let next = lower.first().map(|word| word.text.as_str());
        if ends_sentence(&last.text, next) || ends_clause(&last.text) {
            badness = badness.saturating_sub(4);
        } else if columns(&last.text) <= SHORT_WORD_COLUMNS && last.space_before {
            badness += 4;
        }
    }
    // One word alone below looks forgotten.
    if lower.len() == 1 && lower.iter().any(|word| word.space_before) {
        badness += 6;
    }
    badness
}
