//! Sound as samples, and the simple things done to it.

/// One channel of sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sound {
    /// Samples a second.
    pub rate_hz: u32,
    /// Samples from -1 to 1.
    pub samples: Vec<f32>,
}

impl Sound {
    /// No sound, at a rate.
    #[must_use]
    pub fn silent(rate_hz: u32, seconds: f64) -> Self {
        Self {
            rate_hz,
            samples: vec![0.0; (seconds * f64::from(rate_hz)).round().max(0.0) as usize],
        }
    }

    /// How long it lasts.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        if self.rate_hz == 0 {
            0.0
        } else {
            self.samples.len() as f64 / f64::from(self.rate_hz)
        }
    }

    /// Adds another sound of the same rate at the end.
    pub fn append(&mut self, other: &Self) {
        self.samples.extend_from_slice(&other.samples);
    }

    /// The sound without the silence at its ends.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        let loud = |sample: &f32| sample.abs() > SILENCE_BELOW;
        let last = self.samples.iter().rposition(loud).map_or(0, |at| at + 1);
        self.samples.truncate(last);
        let first = self.samples.iter().position(loud).unwrap_or(0);
        self.samples.drain(..first);
        self
    }

    /// The sound made louder or softer so that its loudest moment is as loud as given.
    #[must_use]
    pub fn levelled(mut self, peak: f32) -> Self {
        let loudest = self
            .samples
            .iter()
            .fold(0.0_f32, |most, sample| most.max(sample.abs()));
        if loudest > SILENCE_BELOW {
            let gain = peak / loudest;
            self.samples.iter_mut().for_each(|sample| *sample *= gain);
        }
        self
    }

    /// The sound at another rate, by a windowed sinc filter.
    #[must_use]
    pub fn at_rate(&self, rate_hz: u32) -> Self {
        if rate_hz == self.rate_hz || self.rate_hz == 0 || rate_hz == 0 {
            return Self {
                rate_hz,
                samples: self.samples.clone(),
            };
        }
        let step = f64::from(self.rate_hz) / f64::from(rate_hz);
        let count = (self.samples.len() as f64 / step).floor() as usize;
        // Going down, the filter also takes away what the lower rate cannot hold.
        let cutoff = (1.0 / step).min(1.0);
        let reach = (LOBES / cutoff).ceil();
        let samples = (0..count)
            .map(|n| {
                let centre = n as f64 * step;
                let first = (centre - reach).ceil().max(0.0) as usize;
                let last =
                    ((centre + reach).floor() as usize).min(self.samples.len().saturating_sub(1));
                let (mut sum, mut weights) = (0.0, 0.0);
                for (at, sample) in self.samples.iter().enumerate().take(last + 1).skip(first) {
                    let weight = windowed_sinc((at as f64 - centre) * cutoff);
                    sum += f64::from(*sample) * weight;
                    weights += weight;
                }
                if weights.abs() > 1e-9 {
                    (sum / weights) as f32
                } else {
                    0.0
                }
            })
            .collect();
        Self { rate_hz, samples }
    }

    /// The samples as 16-bit numbers, little-endian.
    #[must_use]
    pub fn pcm16(&self) -> Vec<u8> {
        self.samples
            .iter()
            .flat_map(|sample| to_i16(*sample).to_le_bytes())
            .collect()
    }
}

/// A sample as a 16-bit number.
#[must_use]
pub fn to_i16(sample: f32) -> i16 {
    (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16
}

/// Softer than this is silence: about -50 dB.
const SILENCE_BELOW: f32 = 0.003;

/// Half the width of the filter, in zero crossings: enough for speech.
const LOBES: f64 = 6.0;

fn windowed_sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        return 1.0;
    }
    if x.abs() >= LOBES {
        return 0.0;
    }
    let angle = std::f64::consts::PI * x;
    let window = 0.5 + 0.5 * (angle / LOBES).cos();
    angle.sin() / angle * window
}

/// Reads a WAV file of 16-bit mono PCM, also one whose header gives no true length because it was
/// written to a pipe.
#[must_use]
pub fn from_wav(bytes: &[u8]) -> Option<Sound> {
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let u16_at = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let (mut at, mut rate_hz) = (12, None);
    loop {
        let name = bytes.get(at..at + 4)?;
        let size = u32_at(at + 4)? as usize;
        let body = at + 8;
        match name {
            b"fmt " => {
                let mono_pcm16 =
                    u16_at(body)? == 1 && u16_at(body + 2)? == 1 && u16_at(body + 14)? == 16;
                rate_hz = mono_pcm16.then_some(u32_at(body + 4)?);
            }
            b"data" => {
                let end = body.saturating_add(size).min(bytes.len());
                let samples = bytes[body..end]
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32_768.0)
                    .collect();
                return Some(Sound {
                    rate_hz: rate_hz?,
                    samples,
                });
            }
            _ => {}
        }
        at = body.checked_add(size)?.checked_add(size % 2)?;
    }
}

/// A WAV file of 16-bit mono PCM.
#[must_use]
pub fn to_wav(sound: &Sound) -> Vec<u8> {
    let data = sound.pcm16();
    let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(data.len() + 44);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&size.saturating_add(36).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&sound.rate_hz.to_le_bytes());
    bytes.extend_from_slice(&sound.rate_hz.saturating_mul(2).to_le_bytes());
    bytes.extend_from_slice(&2_u16.to_le_bytes());
    bytes.extend_from_slice(&16_u16.to_le_bytes());
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend_from_slice(&data);
    bytes
}

/// 8-bit µ-law (ITU-T G.711).
#[must_use]
pub fn to_ulaw(sound: &Sound) -> Vec<u8> {
    const BIAS: i32 = 0x84;
    const CLIP: i32 = 32_635;
    let encode = |sample: &f32| {
        let value = i32::from(to_i16(*sample));
        let sign = if value < 0 { 0x80_u8 } else { 0 };
        let magnitude = value.abs().min(CLIP) + BIAS;
        let exponent = (magnitude.ilog2() - 7).min(7);
        let mantissa = ((magnitude >> (exponent + 3)) & 0x0f) as u8;
        !(sign | ((exponent as u8) << 4) | mantissa)
    };
    sound.samples.iter().map(encode).collect()
}

/// 8-bit A-law (ITU-T G.711).
#[must_use]
pub fn to_alaw(sound: &Sound) -> Vec<u8> {
    let encode = |sample: &f32| {
        let value = i32::from(to_i16(*sample));
        let sign = if value >= 0 { 0x80_u8 } else { 0 };
        let magnitude = if value >= 0 { value } else { -value - 1 } >> 3;
        let code = if magnitude < 32 {
            (magnitude >> 1) as u8
        } else {
            let exponent = magnitude.ilog2() - 4;
            ((exponent as u8) << 4) | ((magnitude >> exponent) & 0x0f) as u8
        };
        (sign | code) ^ 0x55
    };
    sound.samples.iter().map(encode).collect()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use super::*;

    fn tone(rate_hz: u32) -> Sound {
        let samples = (0..rate_hz)
            .map(|n| (n as f32 / rate_hz as f32 * 440.0 * std::f32::consts::TAU).sin() * 0.5)
            .collect();
        Sound { rate_hz, samples }
    }

    #[test]
    fn a_wav_file_is_read_by_another_reader_and_by_our_own() {
        let sound = tone(24_000);
        let bytes = to_wav(&sound);
        let mut reader = hound::WavReader::new(bytes.as_slice()).unwrap();
        assert_eq!(reader.spec().sample_rate, 24_000);
        assert_eq!(reader.samples::<i16>().count(), 24_000);
        let again = from_wav(&bytes).unwrap();
        assert_eq!((again.rate_hz, again.samples.len()), (24_000, 24_000));
    }

    #[test]
    fn a_wav_header_from_a_pipe_with_a_wrong_length_is_read_to_the_end() {
        let mut bytes = to_wav(&tone(8_000));
        bytes[40..44].copy_from_slice(&0x7fff_f000_u32.to_le_bytes());
        assert_eq!(from_wav(&bytes).unwrap().samples.len(), 8_000);
        assert!(from_wav(&bytes[..30]).is_none());
        assert!(from_wav(b"not a sound").is_none());
    }

    #[test]
    fn another_rate_keeps_the_length_and_the_tone() {
        for rate in [8_000, 16_000, 24_000, 44_100, 48_000] {
            let other = tone(22_050).at_rate(rate);
            assert!((other.seconds() - 1.0).abs() < 0.001, "{rate}");
            let crossings = other
                .samples
                .windows(2)
                .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
                .count();
            assert!((438..=441).contains(&crossings), "{rate}: {crossings}");
            let loudest = other
                .samples
                .iter()
                .fold(0.0_f32, |most, s| most.max(s.abs()));
            assert!((0.48..0.53).contains(&loudest), "{rate}: {loudest}");
        }
    }

    #[test]
    fn the_telephone_formats_have_the_published_values_for_silence() {
        let silence = Sound::silent(8_000, 0.001);
        assert_eq!(to_ulaw(&silence)[0], 0xff);
        assert_eq!(to_alaw(&silence)[0], 0xd5);
    }

    #[test]
    fn silence_is_trimmed_from_both_ends_only() {
        let sound = Sound {
            rate_hz: 10,
            samples: vec![0.0, 0.0, 0.5, 0.0, 0.5, 0.0],
        };
        assert_eq!(sound.trimmed().samples, [0.5, 0.0, 0.5]);
        assert!(Sound::silent(10, 1.0).trimmed().samples.is_empty());
    }
}
