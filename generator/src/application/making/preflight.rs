//! Everything that can be known before money is spent.

use super::{Checked, Ended, Making};
use crate::application::LogLevel;
use crate::application::casting::{self, Offered};
use crate::domain::estimate;
use crate::domain::job::{Cast, Pipeline, Spec};
use crate::domain::quota::Quota;
use crate::domain::script::Script;

impl Making {
    /// Checks tools, models, voice and quota, and starts the session.
    pub(super) async fn preflight(&self) -> Result<Checked, Ended> {
        let tools = self.ports.editor.ready().await;
        let version = tools.map_err(|error| Ended::Failed(error.to_string()))?;
        self.board
            .log(LogLevel::Info, format!("compiling with {version}"));
        if self.spec.pipeline == Pipeline::Animated {
            let animator = self.ports.animator.ready().await;
            let version = animator.map_err(|missing| Ended::Failed(missing.to_string()))?;
            self.board
                .log(LogLevel::Info, format!("animating with {version}"));
        }
        let wishes = self.wishes();
        let offered = Offered::ask(&wishes, &self.ports).await;
        let found = offered.and_then(|offered| casting::cast(&wishes, &self.setup, offered));
        let found = found.map_err(|error| Ended::Failed(error.to_string()))?;
        for notice in found.notices {
            self.board.notice(notice);
        }
        let cast = found.cast;
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

    /// What was asked for; where that left it open, what was decided in an earlier run: a video does not change its
    /// voice or its painter in the middle.
    fn wishes(&self) -> Spec {
        let mut spec = self.spec.clone();
        if let Some(cast) = self.board.read(|job| job.cast.clone()) {
            for (wish, decided) in [
                (&mut spec.models.script, cast.script_model),
                (&mut spec.models.rephrase, cast.rephrase_model),
                (&mut spec.models.image, cast.image_model),
                (&mut spec.models.code, cast.code_model),
                (&mut spec.models.pro, cast.pro_model),
                (&mut spec.models.vision, cast.vision_model),
                (&mut spec.models.narration, cast.narration_model),
                (&mut spec.voice_id, cast.voice_id),
            ] {
                if wish.is_empty() {
                    *wish = decided;
                }
            }
        }
        spec
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
            job.simulated = cast.simulated;
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
            match self.spec.pipeline {
                Pipeline::Narrated => format!(
                    "script by {}, pictures by {}, narration by {voice} with {}",
                    cast.script_model, cast.image_model, cast.narration_model
                ),
                Pipeline::Animated => format!(
                    "outline by {}, code by {}, the last attempt by {}, frames seen by {}, narration by {voice} with {}",
                    cast.script_model,
                    cast.code_model,
                    cast.pro_model,
                    if cast.vision_model.is_empty() {
                        "nobody"
                    } else {
                        &cast.vision_model
                    },
                    cast.narration_model
                ),
            },
        );
        Ok(())
    }
}

fn world(simulated: bool) -> &'static str {
    if simulated { "simulated" } else { "real" }
}
