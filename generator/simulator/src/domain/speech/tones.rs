//! A voice made of tones, for machines without a speech synthesiser: no words can be understood,
//! but it has syllables, melody and pauses where speech would have them.

use super::{Alignment, Manner, Sound};
use crate::domain::seed::{Rng, Seed};

/// The rate that tones are made at.
pub const RATE_HZ: u32 = 24_000;

/// Speaks one breath of text in tones.
#[must_use]
pub fn speak(text: &str, manner: &Manner) -> Sound {
    let mut rng = Seed::of(text).and("tones").rng();
    let mut sound = Sound {
        rate_hz: RATE_HZ,
        samples: Vec::new(),
    };
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .collect();
    let syllable_seconds = 60.0
        / (f64::from(manner.timbre.words_per_minute) * SYLLABLES_PER_WORD * manner.speed.max(0.1));
    let asks = text.trim_end().ends_with('?');
    for (at, word) in words.iter().enumerate() {
        let progress = at as f64 / words.len() as f64;
        // Statements fall towards their end, questions rise.
        let tune = if asks {
            0.92 + 0.3 * progress * progress
        } else {
            1.12 - 0.25 * progress
        };
        for vowel in vowels(word) {
            syllable(
                &mut sound,
                vowel,
                manner.timbre.ground_hz * tune * rng.range(0.96, 1.06),
                syllable_seconds * rng.range(0.8, 1.2),
                &mut rng,
            );
        }
        let pause = if word.ends_with([',', ';', ':']) {
            0.22
        } else {
            0.04
        };
        sound.append(&Sound::silent(RATE_HZ, pause / manner.speed.max(0.1)));
    }
    sound.levelled(0.6)
}

/// English has about one and a half syllables a word.
const SYLLABLES_PER_WORD: f64 = 1.5;

/// The vowels of a word's syllables: runs of vowel letters; a digit is a syllable.
fn vowels(word: &str) -> Vec<char> {
    let mut found = Vec::new();
    let mut inside = false;
    for letter in word.chars().flat_map(char::to_lowercase) {
        let vowel = matches!(
            letter,
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'ä' | 'ö' | 'ü' | 'é' | 'è' | 'á' | 'í' | 'ó' | 'ú'
        ) || letter.is_numeric();
        if vowel && !inside {
            found.push(letter);
        }
        inside = vowel && !letter.is_numeric();
    }
    if found.len() > 1 && word.ends_with('e') {
        // The silent e of English.
        found.pop();
    }
    if found.is_empty() {
        found.push('e');
    }
    found
}

/// The two lowest formants of a vowel in hertz, after the textbook vowel chart.
fn formants(vowel: char) -> (f64, f64) {
    match vowel {
        'a' | 'á' => (730.0, 1_250.0),
        'e' | 'é' | 'è' | 'ä' => (530.0, 1_840.0),
        'i' | 'í' | 'y' | 'ü' => (310.0, 2_200.0),
        'o' | 'ó' | 'ö' => (500.0, 900.0),
        'u' | 'ú' => (320.0, 850.0),
        _ => (600.0, 1_500.0),
    }
}

fn syllable(sound: &mut Sound, vowel: char, pitch_hz: f64, seconds: f64, rng: &mut Rng) {
    let rate = f64::from(RATE_HZ);
    let (first, second) = formants(vowel);
    let partials: Vec<(f64, f64)> = (1..=PARTIALS)
        .map(|n| n as f64 * pitch_hz)
        .take_while(|hz| *hz < 4_000.0)
        .map(|hz| {
            let near = |formant: f64, width: f64| 1.0 / (1.0 + ((hz - formant) / width).powi(2));
            (
                hz,
                (near(first, 110.0) + 0.55 * near(second, 160.0) + 0.03) / (1.0 + hz / 3_000.0),
            )
        })
        .collect();
    let count = (seconds * rate) as usize;
    let breath = rng.range(0.01, 0.03);
    for n in 0..count {
        let time = n as f64 / rate;
        let part = n as f64 / count.max(1) as f64;
        // A quick rise, a slow fall: what the ear takes for a syllable.
        let loudness = (part / 0.15).min(1.0) * ((1.0 - part) / 0.45).min(1.0);
        let voiced: f64 = partials
            .iter()
            .map(|(hz, gain)| gain * (std::f64::consts::TAU * hz * time).sin())
            .sum();
        sound
            .samples
            .push((loudness * (voiced * 0.4 + breath * rng.range(-1.0, 1.0))) as f32);
    }
}

/// Overtones of the voice.
const PARTIALS: usize = 24;

/// The whole text in tones, with the times of its letters.
#[must_use]
pub fn speak_all(text: &str, manner: &Manner, pause_seconds: f64) -> (Sound, Alignment) {
    super::alignment::lay_out(text, pause_seconds, RATE_HZ, |part| speak(part, manner))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::domain::speech::voices;

    fn manner() -> Manner {
        Manner {
            speed: 1.0,
            language: "en",
            timbre: voices::ALL[0].timbre,
        }
    }

    #[test]
    fn tones_last_about_as_long_as_speech_and_can_be_heard() {
        let text = "Tides rise and fall twice a day, almost everywhere on earth, and the moon is the reason for it.";
        let sound = speak(text, &manner());
        let per_minute = text.split_whitespace().count() as f64 / sound.seconds() * 60.0;
        assert!(
            (110.0..200.0).contains(&per_minute),
            "{per_minute} words a minute"
        );
        let power = sound
            .samples
            .iter()
            .map(|s| f64::from(*s).powi(2))
            .sum::<f64>()
            / sound.samples.len() as f64;
        assert!(power.sqrt() > 0.03, "too soft: {power}");
    }

    #[test]
    fn a_faster_voice_takes_less_time() {
        let text = "The moon pulls on the sea.";
        let fast = Manner {
            speed: 1.2,
            ..manner()
        };
        assert!(speak(text, &fast).seconds() < speak(text, &manner()).seconds());
    }
}
