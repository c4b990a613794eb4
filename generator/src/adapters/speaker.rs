//! ElevenLabs as the speaker of a video.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;

use super::elevenlabs::{AudioFormat, ElevenLabs, SpeechRequest};
use super::pen::offer;
use crate::application::ports::{Narration, Offer, Speaker, Speech, SpeechModel, Voice};
use crate::domain::quota::Quota;
use crate::domain::retry::{Attempt, Failure, FailureClass, Outcome};
use crate::domain::timeline::NarrationFormat;

/// Models that can be told the language; others refuse the call, and hear it from the text (ElevenLabs' API reference of
/// 2025, `language_code`).
const LANGUAGE_MODELS: [&str; 2] = ["eleven_flash_v2_5", "eleven_turbo_v2_5"];
/// Models that take the text before and after for the tone of voice; eleven_v3 refuses it.
const NEIGHBOUR_MODELS: [&str; 4] = [
    "eleven_multilingual_v2",
    "eleven_flash_v2_5",
    "eleven_turbo_v2_5",
    "eleven_monolingual_v1",
];

fn takes(models: &[&str], model: &str) -> bool {
    models.contains(&model)
}

/// Speaks in the best sound format that the account is given.
#[derive(Debug)]
pub struct Voices {
    client: ElevenLabs,
    /// Which of [`AudioFormat::PREFERENCES`] is asked for: the next one after a refusal.
    format: AtomicUsize,
}

impl Voices {
    /// A speaker.
    #[must_use]
    pub const fn new(client: ElevenLabs) -> Self {
        Self {
            client,
            format: AtomicUsize::new(0),
        }
    }
}

impl Speaker for Voices {
    fn voices(&self) -> BoxFuture<'_, Result<Offer<Voice>, Failure>> {
        Box::pin(async move {
            let offer = offer(self.client.voices().await)?;
            let items = offer.items.into_iter().map(|voice| Voice {
                id: voice.voice_id,
                name: voice.name,
                labels: voice.labels,
                preview_url: voice.preview_url.unwrap_or_default(),
            });
            Ok(Offer {
                items: items.collect(),
                simulated: offer.simulated,
            })
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<SpeechModel>, Failure>> {
        Box::pin(async move {
            let offer = offer(self.client.models().await)?;
            let items = offer.items.into_iter().map(|model| SpeechModel {
                model: model.offered(),
                credits_per_character: model
                    .multiplier
                    .map(|it| it.to_string())
                    .unwrap_or_default(),
                characters_max: model.text_chars_max,
            });
            Ok(items.collect())
        })
    }

    fn quota(&self) -> BoxFuture<'_, Result<Quota, Failure>> {
        Box::pin(async move {
            match self.client.quota().await.outcome {
                Outcome::Succeeded(quota) => Ok(quota),
                Outcome::Failed(failure) | Outcome::Unconfirmed(failure) => Err(failure),
            }
        })
    }

    fn speak<'a>(&'a self, speech: &'a Speech) -> BoxFuture<'a, Attempt<Narration>> {
        let asked = self.format.load(Ordering::Relaxed);
        let preferences = AudioFormat::PREFERENCES;
        let format = preferences
            .get(asked)
            .copied()
            .unwrap_or(AudioFormat::MP3_44100_128);
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let mut request = SpeechRequest::new(&speech.voice_id, &speech.model, &speech.text);
        request.format = format;
        if takes(&LANGUAGE_MODELS, &speech.model) {
            // The API wants the language alone: `pt`, not `pt-BR`.
            let language = speech.language.split('-').next().unwrap_or_default();
            request.language_code = some(&language.to_ascii_lowercase());
        }
        if takes(&NEIGHBOUR_MODELS, &speech.model) {
            request.previous_text = some(&speech.previous_text);
            request.next_text = some(&speech.next_text);
        }
        request.multiplier = speech.credits_per_character.parse().ok();
        Box::pin(async move {
            let attempt = self.client.speak(&request).await;
            if matches!(&attempt.outcome, Outcome::Failed(failure) if failure.class == FailureClass::FormatRefused)
                && asked + 1 < preferences.len()
            {
                self.format.fetch_max(asked + 1, Ordering::Relaxed);
            }
            attempt.map(|narration| Narration {
                format: narration_format(narration.format),
                audio: narration.audio,
                alignment: narration.alignment,
            })
        })
    }
}

fn narration_format(format: AudioFormat) -> NarrationFormat {
    match format {
        AudioFormat::Pcm { sample_rate_hz } => NarrationFormat::PcmS16le { sample_rate_hz },
        _ => NarrationFormat::Mp3,
    }
}
