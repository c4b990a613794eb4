//! The sound formats that a narration can be asked for in.

use std::fmt;
use std::str::FromStr;

/// How the sound of a narration is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudioFormat {
    /// Raw signed 16-bit little-endian samples of one channel, without a header.
    Pcm {
        /// Samples a second.
        sample_rate_hz: u32,
    },
    /// MP3.
    Mp3 {
        /// Samples a second.
        sample_rate_hz: u32,
        /// Kilobits a second.
        bitrate_kbit_s: u32,
    },
}

/// The formats by the API's own names.
const FORMATS: &[(&str, AudioFormat)] = &[
    (
        "pcm_24000",
        AudioFormat::Pcm {
            sample_rate_hz: 24_000,
        },
    ),
    (
        "pcm_16000",
        AudioFormat::Pcm {
            sample_rate_hz: 16_000,
        },
    ),
    (
        "pcm_22050",
        AudioFormat::Pcm {
            sample_rate_hz: 22_050,
        },
    ),
    (
        "pcm_32000",
        AudioFormat::Pcm {
            sample_rate_hz: 32_000,
        },
    ),
    (
        "pcm_44100",
        AudioFormat::Pcm {
            sample_rate_hz: 44_100,
        },
    ),
    (
        "pcm_48000",
        AudioFormat::Pcm {
            sample_rate_hz: 48_000,
        },
    ),
    (
        "mp3_22050_32",
        AudioFormat::Mp3 {
            sample_rate_hz: 22_050,
            bitrate_kbit_s: 32,
        },
    ),
    (
        "mp3_24000_48",
        AudioFormat::Mp3 {
            sample_rate_hz: 24_000,
            bitrate_kbit_s: 48,
        },
    ),
    (
        "mp3_44100_32",
        AudioFormat::Mp3 {
            sample_rate_hz: 44_100,
            bitrate_kbit_s: 32,
        },
    ),
    (
        "mp3_44100_64",
        AudioFormat::Mp3 {
            sample_rate_hz: 44_100,
            bitrate_kbit_s: 64,
        },
    ),
    (
        "mp3_44100_96",
        AudioFormat::Mp3 {
            sample_rate_hz: 44_100,
            bitrate_kbit_s: 96,
        },
    ),
    (
        "mp3_44100_128",
        AudioFormat::Mp3 {
            sample_rate_hz: 44_100,
            bitrate_kbit_s: 128,
        },
    ),
    (
        "mp3_44100_192",
        AudioFormat::Mp3 {
            sample_rate_hz: 44_100,
            bitrate_kbit_s: 192,
        },
    ),
];

impl AudioFormat {
    /// 24 kHz samples: every plan has them, and their length is exact, which that of an
    /// MP3 is not.
    pub const PCM_24000: Self = Self::Pcm {
        sample_rate_hz: 24_000,
    };
    /// What to fall back to when a plan refuses raw samples.
    pub const MP3_44100_128: Self = Self::Mp3 {
        sample_rate_hz: 44_100,
        bitrate_kbit_s: 128,
    };

    /// The formats to ask for, best first, where nothing is configured.
    pub const PREFERENCES: [Self; 2] = [Self::PCM_24000, Self::MP3_44100_128];

    /// The API's name for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        FORMATS
            .iter()
            .find_map(|(word, format)| (*format == self).then_some(*word))
            // Only the formats above are ever made by the names here.
            .unwrap_or("mp3_44100_128")
    }

    /// Samples a second.
    #[must_use]
    pub const fn sample_rate_hz(self) -> u32 {
        match self {
            Self::Pcm { sample_rate_hz } | Self::Mp3 { sample_rate_hz, .. } => sample_rate_hz,
        }
    }

    /// The usual ending of such a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pcm { .. } => "pcm",
            Self::Mp3 { .. } => "mp3",
        }
    }
}

impl fmt::Display for AudioFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A format that is not offered or cannot be used for a video.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no sound format that can be used; choose one like pcm_24000 or mp3_44100_128")]
pub struct AudioFormatError {
    word: String,
}

impl FromStr for AudioFormat {
    type Err = AudioFormatError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        FORMATS
            .iter()
            .find_map(|(known, format)| (*known == word.trim()).then_some(*format))
            .ok_or_else(|| AudioFormatError {
                word: word.chars().take(40).collect(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_read_by_the_name_it_writes() {
        for (word, format) in FORMATS {
            assert_eq!(word.parse(), Ok(*format));
            assert_eq!(format.word(), *word);
        }
        assert!("opus_48000_32".parse::<AudioFormat>().is_err());
    }
}
