//! Which words stand on the screen together.
//!
//! All ways to divide a scene's words are weighed against each other (dynamic
//! programming over the words), so that an early cue is not filled at the cost of a
//! single word in the last.

use std::ops::Range;

use super::LineLimits;
use super::lines::{lay_out, width};
use super::words::{Word, columns, ends_clause, ends_sentence};

/// Longest that a cue stands, in milliseconds.
pub(super) const CUE_DURATION_MS_MAX: u64 = 6_000;

/// Shortest that a cue stands where there is room, in milliseconds.
pub(super) const CUE_DURATION_MS_MIN: u64 = 1_000;

/// A silence that a cue should not span, in milliseconds.
const PAUSE_MS: u64 = 600;

/// A cue with fewer columns than this leaves a reader waiting.
const THIN_COLUMNS: usize = 12;

/// Every cue costs this much, so that there are not more than needed.
const CUE_COST: u64 = 10;

/// Divides words into cues, each of which fits its lines.
pub(super) fn divide(words: &[Word], limits: LineLimits) -> Vec<Range<usize>> {
    let count = words.len();
    // best[i]: the least cost of dividing the first i words, and where the last cue
    // of that division starts.
    let mut best: Vec<Option<(u64, usize)>> = vec![None; count + 1];
    best[0] = Some((0, 0));
    for start in 0..count {
        let (done, rest) = best.split_at_mut(start + 1);
        let Some(&Some((so_far, _))) = done.last() else {
            continue;
        };
        for (slot, end) in rest.iter_mut().zip(start + 1..) {
            match cue_cost(words, start..end, limits) {
                Some(cost) => relax(slot, so_far + cost, start),
                None => {
                    // A single word always makes a cue, or there would be no division.
                    if end == start + 1 {
                        relax(slot, so_far + CUE_COST, start);
                    }
                    break;
                }
            }
        }
    }
    let mut cues = Vec::new();
    let mut end = count;
    while end > 0 {
        let start = best[end].map_or(end - 1, |(_, start)| start);
        cues.push(start..end);
        end = start;
    }
    cues.reverse();
    cues
}

fn relax(slot: &mut Option<(u64, usize)>, cost: u64, start: usize) {
    if slot.is_none_or(|(known, _)| cost < known) {
        *slot = Some((cost, start));
    }
}

/// What a cue of these words costs; none if it does not fit or stands too long, in
/// which case no longer one does either.
fn cue_cost(words: &[Word], range: Range<usize>, limits: LineLimits) -> Option<u64> {
    let cue = words.get(range.clone())?;
    let (first, last) = (cue.first()?, cue.last()?);
    let duration_ms = last.end_ms.saturating_sub(first.start_ms);
    if cue.len() > 1 && duration_ms > CUE_DURATION_MS_MAX {
        return None;
    }
    let layout = lay_out(cue, limits)?;
    let next = words.get(range.end);
    let starts_sentence = range.start == 0
        || words
            .get(range.start - 1)
            .is_some_and(|before| ends_sentence(&before.text, Some(&first.text)));
    let ends = ends_sentence(&last.text, next.map(|word| word.text.as_str()));

    let mut cost = CUE_COST + layout.badness;
    cost += end_cost(last, next, ends);
    cost += inner_cost(cue);
    // How long it can stand: until the next words are spoken.
    let room_ms = next.map_or(u64::MAX, |next| {
        next.start_ms.saturating_sub(first.start_ms)
    });
    cost += CUE_DURATION_MS_MIN.saturating_sub(room_ms) / 16;
    let whole_sentence = starts_sentence && ends;
    if !whole_sentence {
        if width(cue) < THIN_COLUMNS {
            cost += 20;
        }
        if cue.len() == 1 && first.space_before {
            cost += 25;
        }
    }
    Some(cost)
}

/// What it costs to end a cue after this word.
fn end_cost(last: &Word, next: Option<&Word>, ends_here: bool) -> u64 {
    let Some(next) = next else {
        return 0;
    };
    if ends_here {
        return 0;
    }
    let pause_ms = next.start_ms.saturating_sub(last.end_ms);
    let mut cost = if ends_clause(&last.text) {
        8
    } else if columns(&last.text) <= 3 && last.space_before {
        // "the", "of", "y", "zu": it belongs to what follows.
        36
    } else {
        28
    };
    if pause_ms >= PAUSE_MS / 2 {
        cost /= 2;
    }
    cost
}

/// What it costs that sentences end and silences lie inside a cue.
fn inner_cost(cue: &[Word]) -> u64 {
    cue.windows(2)
        .map(|pair| match pair {
            [word, next] => {
                let sentence = if ends_sentence(&word.text, Some(&next.text)) {
                    16
                } else {
                    0
                };
                let pause = if next.start_ms.saturating_sub(word.end_ms) >= PAUSE_MS {
                    24
                } else {
                    0
                };
                sentence + pause
            }
            _ => 0,
        })
        .sum()
}
