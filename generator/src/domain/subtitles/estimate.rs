//! When words are spoken, if nobody says so: by their length.

use super::LineLimits;
use super::words::{Word, columns, ends_clause, ends_sentence, tokenize};

/// What a word takes beside its letters, and the pauses after a part of a sentence
/// and after a sentence, in letters' worth of time.
const WORD_WEIGHT: u64 = 1;
const CLAUSE_PAUSE_WEIGHT: u64 = 3;
const SENTENCE_PAUSE_WEIGHT: u64 = 6;

/// A digit is a word when spoken.
const DIGIT_WEIGHT: u64 = 3;

/// The words of a text, spread over the whole of the sound.
pub(super) fn words(text: &str, audio_duration_ms: u64, limits: LineLimits) -> Vec<Word> {
    let tokens = tokenize(text, limits.columns_max);
    let last = tokens.len().saturating_sub(1);
    // For each token: what it takes to say, and the pause after it.
    let weights: Vec<(u64, u64)> = tokens
        .iter()
        .enumerate()
        .map(|(index, token)| {
            let digits = token.text.chars().filter(char::is_ascii_digit).count() as u64;
            let spoken = columns(&token.text) as u64 + digits * (DIGIT_WEIGHT - 1) + WORD_WEIGHT;
            let next = tokens.get(index + 1).map(|next| next.text.as_str());
            let pause = if index == last {
                0
            } else if ends_sentence(&token.text, next) {
                SENTENCE_PAUSE_WEIGHT
            } else if ends_clause(&token.text) {
                CLAUSE_PAUSE_WEIGHT
            } else {
                0
            };
            (spoken, pause)
        })
        .collect();
    let total = weights
        .iter()
        .map(|(spoken, pause)| spoken + pause)
        .sum::<u64>()
        .max(1);
    let mut before = 0_u64;
    tokens
        .into_iter()
        .zip(weights)
        .map(|(token, (spoken, pause))| {
            let start_ms = audio_duration_ms * before / total;
            let end_ms = audio_duration_ms * (before + spoken) / total;
            before += spoken + pause;
            Word {
                text: token.text,
                space_before: token.space_before,
                start_ms,
                end_ms,
            }
        })
        .collect()
}
