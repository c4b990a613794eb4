//! The audio formats that ElevenLabs offers, by their names in `output_format`.

/// What the audio is packed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// MPEG layer 3.
    Mp3,
    /// Bare 16-bit samples.
    Pcm,
    /// The same in a WAV file.
    Wav,
    /// Opus in Ogg.
    Opus,
    /// µ-law.
    Ulaw,
    /// A-law.
    Alaw,
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputFormat {
    /// How the audio is packed.
    pub codec: Codec,
    /// Samples a second.
    pub rate_hz: u32,
    /// Kilobits a second, for the codecs that have one.
    pub kbps: u32,
}

impl OutputFormat {
    /// What a request gets that asks for nothing: `mp3_44100_128`.
    pub const DEFAULT: Self = Self {
        codec: Codec::Mp3,
        rate_hz: 44_100,
        kbps: 128,
    };

    /// The names of all formats, as the SDK's `output_format` lists them.
    pub const NAMES: &'static [&'static str] = &[
        "mp3_22050_32",
        "mp3_24000_48",
        "mp3_44100_32",
        "mp3_44100_64",
        "mp3_44100_96",
        "mp3_44100_128",
        "mp3_44100_192",
        "pcm_8000",
        "pcm_16000",
        "pcm_22050",
        "pcm_24000",
        "pcm_32000",
        "pcm_44100",
        "pcm_48000",
        "wav_8000",
        "wav_16000",
        "wav_22050",
        "wav_24000",
        "wav_32000",
        "wav_44100",
        "wav_48000",
        "opus_48000_32",
        "opus_48000_64",
        "opus_48000_96",
        "opus_48000_128",
        "opus_48000_192",
        "ulaw_8000",
        "alaw_8000",
    ];

    /// The format of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if !Self::NAMES.contains(&name) {
            return None;
        }
        let mut parts = name.split('_');
        let codec = match parts.next()? {
            "mp3" => Codec::Mp3,
            "pcm" => Codec::Pcm,
            "wav" => Codec::Wav,
            "opus" => Codec::Opus,
            "ulaw" => Codec::Ulaw,
            "alaw" => Codec::Alaw,
            _ => return None,
        };
        let rate_hz = parts.next()?.parse().ok()?;
        let kbps = parts.next().map_or(Some(0), |kbps| kbps.parse().ok())?;
        Some(Self {
            codec,
            rate_hz,
            kbps,
        })
    }

    /// The media type of the audio.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self.codec {
            Codec::Mp3 => "audio/mpeg",
            Codec::Pcm => "audio/pcm",
            Codec::Wav => "audio/wav",
            Codec::Opus => "audio/opus",
            Codec::Ulaw | Codec::Alaw => "audio/basic",
        }
    }

    /// The plan that a format needs, if not every plan has it: the SDK's own description says
    /// that MP3 at 192 kbps needs Creator, PCM and WAV from 44.1 kHz need Pro.
    #[must_use]
    pub fn needs_pro(self) -> bool {
        matches!(self.codec, Codec::Pcm | Codec::Wav) && self.rate_hz >= 44_100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_format_is_understood_and_no_other() {
        for name in OutputFormat::NAMES {
            assert!(OutputFormat::parse(name).is_some(), "{name}");
        }
        assert_eq!(
            OutputFormat::parse("mp3_44100_128"),
            Some(OutputFormat::DEFAULT)
        );
        for name in ["", "mp3", "pcm_11025", "flac_44100", "MP3_44100_128"] {
            assert_eq!(OutputFormat::parse(name), None, "{name}");
        }
    }
}
