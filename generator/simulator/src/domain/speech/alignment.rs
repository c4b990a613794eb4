//! When each letter of a text is heard.

use super::Sound;

/// The times of every letter of a text, in seconds from the start of the audio.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alignment {
    /// The letters, one Unicode scalar each, all of the text.
    pub characters: Vec<String>,
    /// When each begins.
    pub starts: Vec<f64>,
    /// When each ends; a letter ends where the next one begins.
    pub ends: Vec<f64>,
}

impl Alignment {
    /// Spreads a text over a span: letters that take longer to say get more of it, marks and
    /// spaces little.
    pub fn spread(&mut self, text: &str, start: f64, end: f64) {
        let weights: Vec<f64> = text.chars().map(weight).collect();
        let total: f64 = weights.iter().sum();
        let span = (end - start).max(0.0);
        let mut passed = 0.0;
        for (letter, weight) in text.chars().zip(&weights) {
            let from = start
                + if total > 0.0 {
                    span * passed / total
                } else {
                    0.0
                };
            passed += weight;
            let to = start
                + if total > 0.0 {
                    span * passed / total
                } else {
                    span
                };
            self.push(letter, from, to);
        }
    }

    fn spread_flat(&mut self, text: &str, now: f64) {
        text.chars().for_each(|letter| self.push(letter, now, now));
    }

    /// Adds one letter.
    pub fn push(&mut self, letter: char, start: f64, end: f64) {
        self.characters.push(letter.to_string());
        self.starts.push(to_milliseconds(start));
        self.ends.push(to_milliseconds(end));
    }

    /// The part from one letter up to another.
    #[must_use]
    pub fn part(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            characters: self.characters[range.clone()].to_vec(),
            starts: self.starts[range.clone()].to_vec(),
            ends: self.ends[range].to_vec(),
        }
    }
}

/// Speaks a text breath by breath and notes when each letter is heard: every breath is measured,
/// and only inside one are the letters spread.
#[must_use]
pub fn lay_out(
    text: &str,
    pause_seconds: f64,
    rate_hz: u32,
    mut speak: impl FnMut(&str) -> Sound,
) -> (Sound, Alignment) {
    let mut sound = Sound {
        rate_hz,
        samples: Vec::new(),
    };
    let mut alignment = Alignment::default();
    let mut written = 0;
    let breaths = super::breaths(text);
    let last = breaths.len().saturating_sub(1);
    for (number, range) in breaths.into_iter().enumerate() {
        // Spaces and marks before the first breath are heard by nobody: they take no time.
        let now = sound.seconds();
        alignment.spread_flat(&text[written..range.start], now);
        let breath = &text[range.clone()];
        let spoken = breath.trim_end();
        sound.append(&speak(spoken));
        alignment.spread(spoken, now, sound.seconds());
        let pause_from = sound.seconds();
        // The last breath is followed by the end, not by a pause.
        if number < last {
            sound.append(&Sound::silent(rate_hz, pause_seconds));
        }
        alignment.spread(&breath[spoken.len()..], pause_from, sound.seconds());
        written = range.end;
    }
    alignment.spread_flat(&text[written..], sound.seconds());
    (sound, alignment)
}

/// Times are given to the millisecond, as the provider gives them.
fn to_milliseconds(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0
}

/// How long a letter takes to say, compared with others. Vowels carry a syllable, a comma a pause.
fn weight(letter: char) -> f64 {
    match letter {
        'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'A' | 'E' | 'I' | 'O' | 'U' | 'Y' => 1.3,
        ',' => 3.0,
        '-' | '–' | '—' => 1.5,
        // A digit is spoken as a word.
        '0'..='9' => 4.0,
        '%' | '&' | '$' | '€' => 5.0,
        letter if letter.is_whitespace() => 0.4,
        letter if letter.is_alphabetic() => 1.0,
        _ => 0.1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_cover_the_span_in_order_and_without_gaps() {
        let mut alignment = Alignment::default();
        alignment.spread("Tides rise, and tides fall.", 0.5, 2.5);
        assert_eq!(alignment.characters.concat(), "Tides rise, and tides fall.");
        assert_eq!(alignment.starts.first(), Some(&0.5));
        assert_eq!(alignment.ends.last(), Some(&2.5));
        for at in 1..alignment.starts.len() {
            assert!((alignment.starts[at] - alignment.ends[at - 1]).abs() < 1e-9);
            assert!(alignment.ends[at] >= alignment.starts[at]);
        }
    }
}
