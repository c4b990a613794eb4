//! When each character of a narration is spoken, as the provider says.

use serde::{Deserialize, Serialize};

use super::words::{Word, tokenize};
use super::{LineLimits, Speech};

/// Latest time that can be meant, in seconds: a day.
const SECONDS_MAX: f64 = 86_400.0;

/// How far an alignment may run past the end of its sound before it is disbelieved,
/// in milliseconds.
const OVERRUN_MS_MAX: u64 = 750;

/// When each character is spoken, in milliseconds from the start of the narration.
///
/// ElevenLabs sends three lists of equal length, `characters`,
/// `character_start_times_seconds` and `character_end_times_seconds`, or null; the
/// `characters` follow the text that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alignment {
    characters: Vec<String>,
    starts_ms: Vec<u32>,
    ends_ms: Vec<u32>,
}

/// Lists that make no alignment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlignmentError {
    /// The lists differ in length.
    #[error(
        "the alignment has {characters} characters, {starts} start times and {ends} end times: it is ignored"
    )]
    Lengths {
        /// How many characters there are.
        characters: usize,
        /// How many start times.
        starts: usize,
        /// How many end times.
        ends: usize,
    },
    /// A time that is no time.
    #[error("the alignment's character {index} has a time that cannot be meant: it is ignored")]
    Time {
        /// Which character, from 0.
        index: usize,
    },
    /// No characters.
    #[error("the alignment is empty: it is ignored")]
    Empty,
}

impl Alignment {
    /// Takes the provider's lists over, times in seconds.
    ///
    /// Times that run backwards are raised to the one before: they are off by
    /// fractions of a frame.
    ///
    /// # Errors
    /// [`AlignmentError`] when the lists are empty or differ in length, or a time is
    /// negative, not a number or beyond a day.
    pub fn from_seconds(
        characters: Vec<String>,
        starts: &[f64],
        ends: &[f64],
    ) -> Result<Self, AlignmentError> {
        if characters.len() != starts.len() || characters.len() != ends.len() {
            return Err(AlignmentError::Lengths {
                characters: characters.len(),
                starts: starts.len(),
                ends: ends.len(),
            });
        }
        if characters.is_empty() {
            return Err(AlignmentError::Empty);
        }
        let mut starts_ms = Vec::with_capacity(starts.len());
        let mut ends_ms = Vec::with_capacity(ends.len());
        let mut latest_start_ms = 0;
        for (index, (&start, &end)) in starts.iter().zip(ends).enumerate() {
            let (Some(start_ms), Some(end_ms)) = (milliseconds(start), milliseconds(end)) else {
                return Err(AlignmentError::Time { index });
            };
            latest_start_ms = start_ms.max(latest_start_ms);
            starts_ms.push(latest_start_ms);
            ends_ms.push(end_ms.max(latest_start_ms));
        }
        Ok(Self {
            characters,
            starts_ms,
            ends_ms,
        })
    }

    /// The text it covers.
    #[must_use]
    pub fn text(&self) -> String {
        self.characters.concat()
    }

    /// The words of a scene's text with the times of this alignment; none if it does
    /// not fit the text or the sound.
    pub(super) fn words(&self, speech: &Speech<'_>, limits: LineLimits) -> Option<Vec<Word>> {
        let last_end_ms = u64::from(self.ends_ms.iter().copied().max()?);
        let audio_ms = speech.audio_duration_ms;
        // Half of the sound without a word is another text's alignment.
        if last_end_ms > audio_ms + OVERRUN_MS_MAX || last_end_ms * 2 < audio_ms {
            return None;
        }
        let spoken = self.spoken_characters();
        let text = speech.text;
        let wanted: Vec<(usize, char)> =
            text.char_indices().filter(|(_, c)| !is_blank(*c)).collect();
        if wanted.len() != spoken.len()
            || wanted
                .iter()
                .zip(&spoken)
                .any(|((_, wanted), spoken)| !same(*wanted, spoken.character))
        {
            return None;
        }
        let words: Vec<Word> = tokenize(text, limits.columns_max)
            .into_iter()
            .map(|token| {
                // Both lists hold the same characters, so a token's bytes name its times.
                let first = wanted.partition_point(|(at, _)| *at < token.start);
                let after = wanted.partition_point(|(at, _)| *at < token.end);
                let times = spoken.get(first..after).unwrap_or_default();
                let start_ms = times.first().map_or(0, |t| t.start_ms);
                let end_ms = times.iter().map(|t| t.end_ms).max().unwrap_or(start_ms);
                Word {
                    text: token.text,
                    space_before: token.space_before,
                    start_ms: start_ms.min(audio_ms),
                    end_ms: end_ms.min(audio_ms),
                }
            })
            .collect();
        // Speech takes time: words that start together by the dozen were not measured.
        let together = words
            .windows(2)
            .filter(|pair| matches!(pair, [word, next] if word.start_ms == next.start_ms))
            .count();
        (together <= 1 + words.len() / 4).then_some(words)
    }

    /// Each character that is not white space, with its times. An entry of several
    /// characters gives each of them its own.
    fn spoken_characters(&self) -> Vec<Spoken> {
        self.characters
            .iter()
            .zip(self.starts_ms.iter().zip(&self.ends_ms))
            .flat_map(|(entry, (&start_ms, &end_ms))| {
                entry
                    .chars()
                    .filter(|c| !is_blank(*c))
                    .map(move |character| Spoken {
                        character,
                        start_ms: u64::from(start_ms),
                        end_ms: u64::from(end_ms),
                    })
            })
            .collect()
    }
}

#[derive(Debug, Clone, Copy)]
struct Spoken {
    character: char,
    start_ms: u64,
    end_ms: u64,
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Whether two characters are one to a reader: providers straighten quotes.
fn same(a: char, b: char) -> bool {
    a == b || plain(a) == plain(b)
}

fn plain(c: char) -> char {
    match c {
        '‘' | '’' | '‛' | '`' | '´' => '\'',
        '“' | '”' | '„' | '‟' => '"',
        '–' | '—' | '―' | '‐' | '‑' => '-',
        other => other,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked, and a day has 86,400,000 ms"
)]
fn milliseconds(seconds: f64) -> Option<u32> {
    (seconds.is_finite() && (0.0..=SECONDS_MAX).contains(&seconds))
        .then(|| (seconds * 1_000.0).round() as u32)
}
