//! How long each cue stands.

use super::cues::{CUE_DURATION_MS_MIN, divide};
use super::lines::{join, lay_out};
use super::words::Word;
use super::{Cue, LineLimits, Speech};

/// How long a cue stays after its last word, where there is room, in milliseconds.
const LINGER_MS: u64 = 250;

/// A gap shorter than this flickers: the cue stays until the next, in milliseconds.
const FLICKER_MS: u64 = 400;

/// What stays free between cues that follow each other, so that the eye sees a
/// change, in milliseconds: two frames.
const GAP_MS: u64 = 66;

/// A cue that stands shorter than this cannot be seen, in milliseconds.
const SEEN_MS_MIN: u64 = 200;

/// Puts a scene's words on the screen: cues in order, none overlapping the next, all
/// of them inside the scene's window.
pub(super) fn place(words: &[Word], speech: &Speech<'_>, limits: LineLimits) -> Vec<Cue> {
    let ranges = divide(words, limits);
    let window_end_ms = speech.window_end_ms.max(speech.start_ms);
    let mut cues: Vec<Cue> = ranges
        .into_iter()
        .filter_map(|range| {
            let cue = words.get(range)?;
            let (first, last) = (cue.first()?, cue.last()?);
            let lines = lay_out(cue, limits).map_or_else(|| vec![join(cue)], |layout| layout.lines);
            let at = |ms: u64| (speech.start_ms + ms).min(window_end_ms);
            Some(Cue {
                start_ms: at(first.start_ms),
                end_ms: at(last.end_ms),
                lines,
            })
        })
        .collect();
    if cues.is_empty() {
        return cues;
    }
    spread_crowded(&mut cues, speech.start_ms, window_end_ms);
    extend(&mut cues, window_end_ms);
    cues
}

/// Lets each cue stand as long as it needs and its neighbour allows.
fn extend(cues: &mut [Cue], window_end_ms: u64) {
    for index in 0..cues.len() {
        let next_start_ms = cues.get(index + 1).map(|next| next.start_ms);
        let Some(cue) = cues.get_mut(index) else {
            continue;
        };
        let limit_ms = next_start_ms.map_or(window_end_ms, |next| {
            // A gap is worth less than the cue's own time.
            let with_gap = next.saturating_sub(GAP_MS);
            if with_gap >= cue.start_ms + SEEN_MS_MIN {
                with_gap
            } else {
                next
            }
        });
        let wanted_ms = (cue.end_ms + LINGER_MS).max(cue.start_ms + CUE_DURATION_MS_MIN);
        let wanted_ms =
            if limit_ms.saturating_sub(wanted_ms) < FLICKER_MS && next_start_ms.is_some() {
                limit_ms
            } else {
                wanted_ms
            };
        cue.end_ms = wanted_ms.min(limit_ms).max(cue.start_ms);
    }
}

/// Where an alignment gives cues no time of their own (many characters at one
/// moment), shares the window out among them by their length.
fn spread_crowded(cues: &mut [Cue], start_ms: u64, window_end_ms: u64) {
    let crowded = cues
        .windows(2)
        .any(|pair| matches!(pair, [cue, next] if next.start_ms < cue.start_ms + SEEN_MS_MIN))
        || cues
            .last()
            .is_some_and(|last| last.start_ms + SEEN_MS_MIN > window_end_ms);
    if !crowded {
        return;
    }
    let weight = |cue: &Cue| -> u64 { cue.lines.iter().map(|line| line.len() as u64 + 1).sum() };
    let total = cues.iter().map(weight).sum::<u64>().max(1);
    let span_ms = window_end_ms - start_ms;
    let mut before = 0_u64;
    for cue in cues {
        let own = weight(cue);
        cue.start_ms = start_ms + span_ms * before / total;
        cue.end_ms = start_ms + span_ms * (before + own) / total;
        before += own;
    }
}
