//! Everything that can be known before money is spent.

use super::{Checked, Ended, Narrated};
use crate::application::LogLevel;
use crate::application::ports::{SpeechModel, Voice};
use crate::domain::estimate;
use crate::domain::job::Cast;
use crate::domain::models::{OfferedModel, choose};
use crate::domain::quota::Quota;
use crate::domain::retry::{Failure, FailureClass};
use crate::domain::script::Script;

impl Narrated {
    /// Checks tools, models, voice and quota, and starts the session.
    pub(super) async fn preflight(&self) -> Result<Checked, Ended> {
        let tools = self.ports.editor.ready().await;
        let version = tools.map_err(|error| Ended::Failed(error.to_string()))?;
        self.board
            .log(LogLevel::Info, format!("compiling with {version}"));
        let (pen, speaker) = tokio::join!(self.ports.pen.models(), self.speaker());
        let pen = pen.map_err(|failure| Ended::Failed(failure.to_string()))?;
        let speaker = speaker?;
        let mut cast = self.cast(&pen.items, &speaker)?;
        cast.simulated = match speaker.simulated {
            None => pen.simulated,
            Some(simulated) if simulated == pen.simulated => simulated,
            Some(_) => {
                return Err(Ended::Failed(
                    "one provider is simulated and the other is real; their costs must not be mixed: \
                     set GEMINI_BASE_URL and ELEVENLABS_BASE_URL both to the simulator, or neither"
                        .to_owned(),
                ));
            }
        };
        self.same_world_as_before(&cast)?;
        self.start_session(&cast).await?;
        let quota = self.report_quota().await;
        if let Some(quota) = &quota {
            let least = estimate::narration_characters_least(self.spec.scene_count);
            // A free tier's last characters may still do for a short script: only what cannot suffice stops it here.
            quota
                .check(least)
                .map_err(|short| Ended::Failed(format!("elevenlabs: {short}")))?;
        }
        Ok(Checked { cast, quota })
    }

    /// The script is known now, and with it what the narration will take.
    pub(super) async fn quota_suffices(
        &self,
        quota: Option<&Quota>,
        cast: &Cast,
        script: &Script,
    ) -> Result<(), Ended> {
        let Some(quota) = quota else { return Ok(()) };
        let mut missing = 0;
        for (place, scene) in script.scenes.iter().enumerate() {
            let number = u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1);
            if self
                .ports
                .store
                .narration(&self.job_id, number)
                .await?
                .is_none()
            {
                missing += estimate::credits(&scene.narration, &cast.credits_per_character);
            }
        }
        quota
            .check(missing)
            .map_err(|short| Ended::Failed(format!("elevenlabs: {short}; what was bought is kept")))
    }

    async fn speaker(&self) -> Result<Found, Ended> {
        let (voices, models) =
            tokio::join!(self.ports.speaker.voices(), self.ports.speaker.models());
        let (voices, simulated) = match voices {
            Ok(offer) => (Some(offer.items), Some(offer.simulated)),
            Err(failure) if may_not_look(&failure) => {
                self.board
                    .notice(format!("the voice could not be checked: {failure}"));
                (None, None)
            }
            Err(failure) => return Err(Ended::Failed(failure.to_string())),
        };
        let models = match models {
            Ok(models) => Some(models),
            Err(failure) if may_not_look(&failure) => {
                self.board.notice(format!(
                    "the narration model could not be checked: {failure}"
                ));
                None
            }
            Err(failure) => return Err(Ended::Failed(failure.to_string())),
        };
        Ok(Found {
            voices,
            models,
            simulated,
        })
    }

    fn cast(&self, offered: &[OfferedModel], speaker: &Found) -> Result<Cast, Ended> {
        let wishes = &self.spec.models;
        let preferences = &self.setup.preferences;
        let script_model = self.pick("the script", &wishes.script, &preferences.script, offered)?;
        let rephrase_model = if self.spec.rephrase {
            self.pick(
                "rephrasing",
                &wishes.rephrase,
                &preferences.rephrase,
                offered,
            )?
        } else {
            String::new()
        };
        let image_model = self.pick("pictures", &wishes.image, &preferences.image, offered)?;
        let (narration_model, credits_per_character) =
            self.narration_model(&wishes.narration, speaker.models.as_deref())?;
        let voice = self.voice(speaker.voices.as_deref())?;
        Ok(Cast {
            script_model,
            rephrase_model,
            image_model,
            narration_model,
            voice_id: voice.id,
            voice_name: voice.name,
            credits_per_character,
            simulated: false,
        })
    }

    /// The model that was asked for, or else the first configured one that is offered; a change is said.
    fn pick(
        &self,
        purpose: &str,
        wish: &str,
        configured: &[String],
        offered: &[OfferedModel],
    ) -> Result<String, Ended> {
        let wanted: Vec<&str> = std::iter::once(wish)
            .chain(configured.iter().map(String::as_str))
            .filter(|name| !name.is_empty())
            .collect();
        let choice =
            choose(purpose, offered, &wanted).map_err(|none| Ended::Failed(none.to_string()))?;
        for notice in choice.notices {
            self.board.notice(notice);
        }
        Ok(choice.model)
    }

    fn narration_model(
        &self,
        wish: &str,
        models: Option<&[SpeechModel]>,
    ) -> Result<(String, String), Ended> {
        let configured = &self.setup.preferences.narration;
        let Some(models) = models else {
            let wanted = std::iter::once(wish).chain(configured.iter().map(String::as_str));
            let first = wanted.into_iter().find(|name| !name.is_empty());
            let first = first.ok_or_else(|| {
                Ended::Failed(
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

    fn voice(&self, voices: Option<&[Voice]>) -> Result<Voice, Ended> {
        let asked = &self.spec.voice_id;
        let wanted = if asked.is_empty() {
            &self.setup.voice_id
        } else {
            asked
        };
        let unnamed = || Voice {
            id: wanted.clone(),
            name: String::new(),
            labels: std::collections::BTreeMap::new(),
            preview_url: String::new(),
        };
        let Some(voices) = voices else {
            return Ok(unnamed());
        };
        // A name is taken as well as an id: people know voices by their names.
        let named = |voice: &&Voice| voice.id == *wanted || voice.name.eq_ignore_ascii_case(wanted);
        if let Some(voice) = voices.iter().find(named) {
            return Ok(voice.clone());
        }
        let first = voices.first();
        match first {
            // A voice that nobody asked for by name may be replaced, saying so.
            Some(voice) if asked.is_empty() => {
                self.board.notice(format!(
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
                Err(Ended::Failed(format!(
                    "voice {wanted} is not offered to this account; choose one of: {}",
                    known.join(", ")
                )))
            }
        }
    }

    /// A job that has begun with the simulator goes on with it, and the other way round.
    fn same_world_as_before(&self, cast: &Cast) -> Result<(), Ended> {
        let before = self.board.read(|job| {
            let cast = job.cast.as_ref().filter(|_| job.session_started);
            cast.map(|cast| cast.simulated)
        });
        match before {
            Some(before) if before != cast.simulated => Err(Ended::Failed(format!(
                "this video began with {} providers, and {} ones answer now; their costs must not be mixed: \
                 start the generator as it was, or make a new video",
                world(before),
                world(cast.simulated)
            ))),
            _ => Ok(()),
        }
    }

    async fn start_session(&self, cast: &Cast) -> Result<(), Ended> {
        let job = self.board.change(|job| {
            job.cast = Some(cast.clone());
            job.clone()
        });
        self.ports
            .ledger
            .start_session(&job, cast.simulated)
            .await?;
        self.board.change(|job| job.session_started = true);
        self.board.save().await?;
        if cast.simulated {
            self.board.log(
                LogLevel::Warning,
                "providers are simulated: nothing is bought, and the costs are exercises, not quotes",
            );
        }
        let voice = if cast.voice_name.is_empty() {
            &cast.voice_id
        } else {
            &cast.voice_name
        };
        self.board.log(
            LogLevel::Info,
            format!(
                "script by {}, pictures by {}, narration by {voice} with {}",
                cast.script_model, cast.image_model, cast.narration_model
            ),
        );
        Ok(())
    }
}

/// What the speech provider offers, as far as the key may look.
struct Found {
    voices: Option<Vec<Voice>>,
    models: Option<Vec<SpeechModel>>,
    simulated: Option<bool>,
}

/// A key may be good for speaking and not for looking at lists (`voices_read`, `user_read`).
fn may_not_look(failure: &Failure) -> bool {
    failure.class == FailureClass::NotPermitted
}

fn world(simulated: bool) -> &'static str {
    if simulated { "simulated" } else { "real" }
}
