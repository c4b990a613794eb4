//! Which models and which voice make a video: what was asked for if it is offered, or else the next best, saying so.

use std::collections::BTreeMap;

use super::Setup;
use super::ports::{Looker, Offer, Ports, SpeechModel, Voice};
use crate::domain::job::{Cast, Pipeline, Spec};
use crate::domain::models::{OfferedModel, choose};
use crate::domain::retry::{Failure, FailureClass};

/// Why no cast can be found; what is missing and what there is instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoCast(pub(super) String);

impl From<Failure> for NoCast {
    fn from(failure: Failure) -> Self {
        Self(failure.to_string())
    }
}

/// What the providers offer, as far as the keys may look. Free.
pub(super) struct Offered {
    pen: Offer<OfferedModel>,
    voices: Option<Vec<Voice>>,
    speech: Option<Vec<SpeechModel>>,
    speaker_simulated: Option<bool>,
    vision: Vec<OfferedModel>,
    notices: Vec<String>,
}

impl Offered {
    /// Asks the providers of the video's pipeline.
    pub(super) async fn ask(spec: &Spec, ports: &Ports) -> Result<Self, NoCast> {
        let mut notices = Vec::new();
        let (pen, speaker) = (&ports.pen, &ports.speaker);
        let vision = async {
            match spec.pipeline {
                Pipeline::Narrated => Ok(Vec::new()),
                Pipeline::Animated => seeing(&*ports.looker).await,
            }
        };
        let (pen, voices, speech, vision) =
            tokio::join!(pen.models(), speaker.voices(), speaker.models(), vision);
        let vision = vision.unwrap_or_else(|why| {
            notices.push(why);
            Vec::new()
        });
        let (voices, speaker_simulated) = match voices {
            Ok(offer) => (Some(offer.items), Some(offer.simulated)),
            Err(failure) if may_not_look(&failure) => {
                notices.push(format!("the voice could not be checked: {failure}"));
                (None, None)
            }
            Err(failure) => return Err(failure.into()),
        };
        let speech = match speech {
            Ok(models) => Some(models),
            Err(failure) if may_not_look(&failure) => {
                notices.push(format!(
                    "the narration model could not be checked: {failure}"
                ));
                None
            }
            Err(failure) => return Err(failure.into()),
        };
        Ok(Self {
            pen: pen?,
            voices,
            speech,
            speaker_simulated,
            vision,
            notices,
        })
    }
}

/// The models that can look at frames. Nobody has to: why not is said.
async fn seeing(looker: &dyn Looker) -> Result<Vec<OfferedModel>, String> {
    match looker.models().await {
        Ok(offer) => Ok(offer.items),
        Err(failure) => Err(format!(
            "rendered frames are not looked at, since Ollama does not answer ({failure}); start it, or set OLLAMA_HOST"
        )),
    }
}

/// A cast, and what a person should know about it.
pub(super) struct Found {
    pub(super) cast: Cast,
    pub(super) notices: Vec<String>,
}

/// Finds the cast of a video.
pub(super) fn cast(spec: &Spec, setup: &Setup, offered: Offered) -> Result<Found, NoCast> {
    let Offered {
        pen,
        voices,
        speech,
        speaker_simulated,
        vision,
        notices,
    } = offered;
    if speaker_simulated.is_some_and(|simulated| simulated != pen.simulated) {
        return Err(NoCast(
            "one provider is simulated and the other is real; their costs must not be mixed: \
             set GEMINI_BASE_URL and ELEVENLABS_BASE_URL both to the simulator, or neither"
                .to_owned(),
        ));
    }
    let mut casting = Casting { notices };
    let (wishes, preferences) = (&spec.models, &setup.preferences);
    let script_model = casting.pick(
        "the script",
        &wishes.script,
        &preferences.script,
        &pen.items,
    )?;
    let rephrase_model = if spec.rephrase {
        casting.pick(
            "rephrasing",
            &wishes.rephrase,
            &preferences.rephrase,
            &pen.items,
        )?
    } else {
        String::new()
    };
    let animated = spec.pipeline == Pipeline::Animated;
    let mut picked = |wanted: bool, purpose: &str, wish: &str, configured: &[String]| match wanted {
        true => casting.pick(purpose, wish, configured, &pen.items),
        false => Ok(String::new()),
    };
    let image_model = picked(!animated, "pictures", &wishes.image, &preferences.image)?;
    let code_model = picked(animated, "animation code", &wishes.code, &preferences.code)?;
    let last = "the last attempt at animation code";
    let pro_model = picked(animated, last, &wishes.pro, &preferences.pro)?;
    let vision_model = casting.vision(&wishes.vision, &preferences.vision, &vision);
    let (narration_model, credits_per_character) =
        casting.speech(&wishes.narration, &preferences.narration, speech.as_deref())?;
    let voice = casting.voice(&spec.voice_id, &setup.voice_id, voices.as_deref())?;
    Ok(Found {
        cast: Cast {
            script_model,
            rephrase_model,
            image_model,
            code_model,
            pro_model,
            vision_model,
            narration_model,
            voice_id: voice.id,
            voice_name: voice.name,
            credits_per_character,
            simulated: pen.simulated,
        },
        notices: casting.notices,
    })
}

/// The cast where the providers cannot be asked: what is wished for or configured, unchecked.
pub(super) fn unchecked(spec: &Spec, setup: &Setup, simulated: bool) -> Cast {
    let first = |wish: &str, configured: &[String]| {
        let mut wanted = std::iter::once(wish).chain(configured.iter().map(String::as_str));
        wanted
            .find(|name| !name.is_empty())
            .unwrap_or_default()
            .to_owned()
    };
    let only = |pipeline: Pipeline, wish: &str, configured: &[String]| {
        if spec.pipeline == pipeline {
            first(wish, configured)
        } else {
            String::new()
        }
    };
    let (wishes, preferences) = (&spec.models, &setup.preferences);
    Cast {
        script_model: first(&wishes.script, &preferences.script),
        rephrase_model: if spec.rephrase {
            first(&wishes.rephrase, &preferences.rephrase)
        } else {
            String::new()
        },
        image_model: only(Pipeline::Narrated, &wishes.image, &preferences.image),
        code_model: only(Pipeline::Animated, &wishes.code, &preferences.code),
        pro_model: only(Pipeline::Animated, &wishes.pro, &preferences.pro),
        vision_model: only(Pipeline::Animated, &wishes.vision, &preferences.vision),
        narration_model: first(&wishes.narration, &preferences.narration),
        voice_id: if spec.voice_id.is_empty() {
            setup.voice_id.clone()
        } else {
            spec.voice_id.clone()
        },
        voice_name: String::new(),
        credits_per_character: String::new(),
        simulated,
    }
}

struct Casting {
    notices: Vec<String>,
}

impl Casting {
    /// The model that was asked for, or else the first configured one that is offered; a change is said.
    fn pick(
        &mut self,
        purpose: &str,
        wish: &str,
        configured: &[String],
        offered: &[OfferedModel],
    ) -> Result<String, NoCast> {
        let wanted: Vec<&str> = std::iter::once(wish)
            .chain(configured.iter().map(String::as_str))
            .filter(|name| !name.is_empty())
            .collect();
        let choice = choose(purpose, offered, &wanted).map_err(|none| NoCast(none.to_string()))?;
        self.notices.extend(choice.notices);
        Ok(choice.model)
    }

    /// The local model that looks at frames; none where there is none, and that is said.
    fn vision(&mut self, wish: &str, configured: &[String], offered: &[OfferedModel]) -> String {
        if offered.is_empty() {
            return String::new();
        }
        match self.pick("looking at frames", wish, configured, offered) {
            Ok(model) => model,
            Err(NoCast(why)) => {
                let first = configured.first().map_or("moondream", String::as_str);
                self.notices.push(format!(
                    "rendered frames are not looked at: {why}; `ollama pull {first}` brings one"
                ));
                String::new()
            }
        }
    }

    fn speech(
        &mut self,
        wish: &str,
        configured: &[String],
        models: Option<&[SpeechModel]>,
    ) -> Result<(String, String), NoCast> {
        let Some(models) = models else {
            let mut wanted = std::iter::once(wish).chain(configured.iter().map(String::as_str));
            let first = wanted.find(|name| !name.is_empty()).ok_or_else(|| {
                NoCast(
                    "no model is configured for narration; set GENERATOR_NARRATION_MODELS"
                        .to_owned(),
                )
            })?;
            return Ok((first.to_owned(), String::new()));
        };
        let offered: Vec<OfferedModel> = models.iter().map(|model| model.model.clone()).collect();
        let chosen = self.pick("narration", wish, configured, &offered)?;
        let credits = models.iter().find(|model| model.model.name == chosen);
        let credits = credits.map(|model| model.credits_per_character.clone());
        Ok((chosen, credits.unwrap_or_default()))
    }

    fn voice(
        &mut self,
        asked: &str,
        configured: &str,
        voices: Option<&[Voice]>,
    ) -> Result<Voice, NoCast> {
        let wanted = if asked.is_empty() { configured } else { asked };
        let Some(voices) = voices else {
            return Ok(Voice {
                id: wanted.to_owned(),
                name: String::new(),
                labels: BTreeMap::new(),
                preview_url: String::new(),
            });
        };
        // A name is taken as well as an id: people know voices by their names.
        let named = |voice: &&Voice| voice.id == wanted || voice.name.eq_ignore_ascii_case(wanted);
        if let Some(voice) = voices.iter().find(named) {
            return Ok(voice.clone());
        }
        match voices.first() {
            // A voice that nobody asked for by name may be replaced, saying so.
            Some(voice) if asked.is_empty() => {
                self.notices.push(format!(
                    "voice {wanted} is not offered to this account; using {} ({}) instead",
                    voice.name, voice.id
                ));
                Ok(voice.clone())
            }
            _ => {
                let known: Vec<String> = voices
                    .iter()
                    .take(10)
                    .map(|voice| format!("{} ({})", voice.name, voice.id))
                    .collect();
                Err(NoCast(format!(
                    "voice {wanted} is not offered to this account; choose one of: {}",
                    known.join(", ")
                )))
            }
        }
    }
}

/// A key may be good for speaking and not for looking at lists (`voices_read`, `user_read`).
fn may_not_look(failure: &Failure) -> bool {
    failure.class == FailureClass::NotPermitted
}
