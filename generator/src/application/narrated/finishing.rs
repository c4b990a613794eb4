//! What finishing a video would take, for the person whose budget has stopped it.

use super::{Ended, Narrated, aspect};
use crate::application::ports::{Announcement, ScriptKind, StoreError};
use crate::domain::estimate::{self, Case, PlannedCall, narrated};
use crate::domain::job::{Cast, images_of_scenes};
use crate::domain::script::{Script, picture_prompts};
use crate::domain::usage::Provider;

impl Narrated {
    /// Says beside the reason what finishing would cost, and what to do.
    pub(super) async fn over_budget(&self, why: &str) -> Ended {
        let left = match self.what_is_left().await {
            Ok(left) => left,
            Err(error) => return error.into(),
        };
        let session_id = self.board.read(|job| job.session_id.clone());
        let calls: Vec<Announcement> = left
            .iter()
            .flat_map(|call| {
                let times = usize::try_from(call.times).unwrap_or_default();
                std::iter::repeat_n(call, times)
            })
            .map(|call| announcement(&session_id, call))
            .collect();
        let price = self.ports.ledger.price(&session_id, &calls);
        Ended::Failed(format!(
            "{why}; what is missing would take up to {price} more; raise the session's budget (SetBudget) and resume, \
             what was bought is kept"
        ))
    }

    /// The calls that are missing, each at its worst and once.
    async fn what_is_left(&self) -> Result<Vec<PlannedCall>, StoreError> {
        let cast = self.board.read(|job| job.cast.clone()).unwrap_or_default();
        let store = &self.ports.store;
        let kind = if self.spec.rephrase {
            ScriptKind::Rephrased
        } else {
            ScriptKind::Written
        };
        match store.script(&self.job_id, kind).await? {
            Some(script) => self.after_the_script(&cast, &script).await,
            None => Ok(narrated(&self.spec, &cast, Case::Highest, 1)),
        }
    }

    async fn after_the_script(
        &self,
        cast: &Cast,
        script: &Script,
    ) -> Result<Vec<PlannedCall>, StoreError> {
        let store = &self.ports.store;
        let scene_count = u32::try_from(script.scenes.len()).unwrap_or(u32::MAX);
        let counts = images_of_scenes(self.spec.image_count, scene_count);
        let mut left = Vec::new();
        for ((scene, count), number) in script.scenes.iter().zip(counts).zip(1..) {
            if store.narration(&self.job_id, number).await?.is_none() {
                left.push(PlannedCall {
                    provider: Provider::ElevenLabs,
                    model: cast.voice_id.clone(),
                    rate_model: cast.narration_model.clone(),
                    usage: estimate::narration_worst_case(&scene.narration),
                    times: 1,
                });
            }
            let pictures = usize::try_from(count).unwrap_or(1);
            let prompts = picture_prompts(script, scene, pictures, aspect(self.spec.aspect));
            for (prompt, place) in prompts.iter().zip(1..) {
                if store.picture(&self.job_id, number, place).await?.is_none() {
                    left.push(PlannedCall {
                        provider: Provider::Gemini,
                        model: cast.image_model.clone(),
                        rate_model: String::new(),
                        usage: estimate::picture_worst_case(prompt),
                        times: 1,
                    });
                }
            }
        }
        Ok(left)
    }
}

fn announcement(session_id: &str, call: &PlannedCall) -> Announcement {
    Announcement {
        session_id: session_id.to_owned(),
        provider: call.provider,
        model: call.model.clone(),
        rate_model: call.rate_model.clone(),
        display_name: String::new(),
        stage: "",
        scene: 0,
        number: 1,
        attempt: 1,
        simulated: false,
        worst_case: call.usage.clone(),
    }
}
