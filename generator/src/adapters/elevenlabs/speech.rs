//! A narration: what is sent, and what comes back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_PAD_INDIFFERENT;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::format::AudioFormat;
use crate::adapters::http::json as read;
use crate::domain::subtitles::Alignment;
use crate::domain::usage::{Multiplier, count_characters};

/// A text to be spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeechRequest {
    /// The voice's id.
    pub voice_id: String,
    /// The model's id.
    pub model_id: String,
    /// The text, as it is spoken.
    pub text: String,
    /// How the sound is encoded.
    pub format: AudioFormat,
    /// The language as an ISO 639 code. Only for models that take one: others refuse
    /// the call.
    pub language_code: Option<String>,
    /// What is spoken before, for the tone of voice. Not every model takes it.
    pub previous_text: Option<String>,
    /// What is spoken after.
    pub next_text: Option<String>,
    /// Makes the same text sound the same again, as far as the provider can.
    pub seed: Option<u32>,
    /// Credits for one character, by the provider's list of models; for comparing the
    /// bill.
    pub multiplier: Option<Multiplier>,
}

impl SpeechRequest {
    /// A text in the usual format, with nothing else said.
    #[must_use]
    pub fn new(
        voice_id: impl Into<String>,
        model_id: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            voice_id: voice_id.into(),
            model_id: model_id.into(),
            text: text.into(),
            format: AudioFormat::PCM_24000,
            language_code: None,
            previous_text: None,
            next_text: None,
            seed: None,
            multiplier: None,
        }
    }

    /// The characters that are counted for it.
    #[must_use]
    pub fn characters(&self) -> u64 {
        count_characters(&self.text)
    }

    pub(super) fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("text".to_owned(), self.text.as_str().into());
        body.insert("model_id".to_owned(), self.model_id.as_str().into());
        let optional = [
            ("language_code", &self.language_code),
            ("previous_text", &self.previous_text),
            ("next_text", &self.next_text),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                body.insert(name.to_owned(), value.as_str().into());
            }
        }
        if let Some(seed) = self.seed {
            body.insert("seed".to_owned(), json!(seed));
        }
        Value::Object(body)
    }
}

/// A spoken text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narration {
    /// The encoded sound.
    pub audio: Bytes,
    /// How it is encoded.
    pub format: AudioFormat,
    /// When each character of the text is spoken; `None` when the provider did not say,
    /// or said nothing that can be used.
    pub alignment: Option<Alignment>,
    /// Why an alignment that was given is not used.
    pub alignment_fault: Option<String>,
}

/// Why a body is no narration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoNarration {
    /// It is not what the protocol promises.
    Unreadable(&'static str),
    /// There is no sound in it.
    Silent,
}

/// Reads the body of `with-timestamps`.
pub(super) fn read_narration(bytes: &[u8], format: AudioFormat) -> Result<Narration, NoNarration> {
    let mut body = read::body(bytes)
        .filter(Value::is_object)
        .ok_or(NoNarration::Unreadable("the answer is not json"))?;
    let Some(Value::String(base64)) = body.get_mut("audio_base64").map(Value::take) else {
        return Err(NoNarration::Silent);
    };
    let mut audio = STANDARD_PAD_INDIFFERENT
        .decode(base64)
        .map_err(|_| NoNarration::Unreadable("the sound is not base64"))?;
    if matches!(format, AudioFormat::Pcm { .. }) {
        // Half a sample at the end is not sound.
        audio.truncate(audio.len() & !1);
    }
    if audio.is_empty() {
        return Err(NoNarration::Silent);
    }
    // `alignment` follows the text as it was sent; `normalized_alignment` follows it as
    // it was read out ("two" for "2"), and would give other words to the subtitles.
    let (alignment, alignment_fault) = match read::field(&body, "alignment", "alignment") {
        None => (None, None),
        Some(given) => match read_alignment(given) {
            Ok(alignment) => (Some(alignment), None),
            Err(fault) => (None, Some(fault)),
        },
    };
    Ok(Narration {
        audio: audio.into(),
        format,
        alignment,
        alignment_fault,
    })
}

fn read_alignment(given: &Value) -> Result<Alignment, String> {
    let characters = read::list(given, "characters", "characters")
        .iter()
        .map(|character| character.as_str().unwrap_or_default().to_owned())
        .collect();
    let seconds = |name: &str| -> Vec<f64> {
        read::list(given, name, name)
            .iter()
            // Not a number is not a time: the alignment is refused for it.
            .map(|second| second.as_f64().unwrap_or(f64::NAN))
            .collect()
    };
    Alignment::from_seconds(
        characters,
        &seconds("character_start_times_seconds"),
        &seconds("character_end_times_seconds"),
    )
    .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn body(alignment: &Value) -> Vec<u8> {
        json!({"audio_base64": "AQIDBA==", "alignment": alignment, "normalized_alignment": null})
            .to_string()
            .into_bytes()
    }

    #[test]
    fn a_narration_has_sound_and_times() {
        let given = json!({"characters": ["H", "i"], "character_start_times_seconds": [0.0, 0.12],
            "character_end_times_seconds": [0.12, 0.31]});
        let narration = read_narration(&body(&given), AudioFormat::PCM_24000).unwrap();
        assert_eq!(narration.audio.as_ref(), [1, 2, 3, 4]);
        assert_eq!(narration.alignment.unwrap().text(), "Hi");
    }

    #[test]
    fn without_an_alignment_there_is_still_a_narration() {
        let narration = read_narration(&body(&Value::Null), AudioFormat::PCM_24000).unwrap();
        assert_eq!(
            (narration.alignment, narration.alignment_fault),
            (None, None)
        );
    }

    #[test]
    fn a_strange_alignment_is_left_out_and_said() {
        for given in [
            json!({"characters": ["H"], "character_start_times_seconds": [0.0, 0.1], "character_end_times_seconds": [0.1]}),
            json!({"characters": ["H"], "character_start_times_seconds": ["x"], "character_end_times_seconds": [0.1]}),
            json!({"characters": ["H"], "character_start_times_seconds": [-1.0], "character_end_times_seconds": [0.1]}),
            json!({}),
            json!("none"),
        ] {
            let narration = read_narration(&body(&given), AudioFormat::PCM_24000).unwrap();
            assert_eq!(narration.alignment, None);
            assert!(narration.alignment_fault.is_some(), "{given}");
        }
    }

    #[test]
    fn an_answer_without_sound_is_no_narration() {
        let read = |body: &str| read_narration(body.as_bytes(), AudioFormat::PCM_24000);
        assert_eq!(read("{}").unwrap_err(), NoNarration::Silent);
        assert_eq!(
            read(r#"{"audio_base64": ""}"#).unwrap_err(),
            NoNarration::Silent
        );
        assert_eq!(
            read(r#"{"audio_base64": "AQ=="}"#).unwrap_err(),
            NoNarration::Silent
        );
        for body in ["", "[]", "<html>", r#"{"audio_base64": "%%%"}"#] {
            assert!(
                matches!(read(body), Err(NoNarration::Unreadable(_))),
                "{body}"
            );
        }
    }

    #[test]
    fn only_what_was_asked_for_is_sent() {
        let mut request = SpeechRequest::new("v", "m", "Grüße");
        assert_eq!(request.body(), json!({"text": "Grüße", "model_id": "m"}));
        assert_eq!(request.characters(), 5);
        request.next_text = Some("more".to_owned());
        assert_eq!(request.body()["next_text"], "more");
    }
}
