//! What finishing a video would take, for the person whose budget has stopped it.

use super::{Ended, Making};
use crate::application::ports::{Announcement, ScriptKind, StoreError};
use crate::domain::estimate::{self, Case, PlannedCall};
use crate::domain::job::{Cast, Pipeline};
use crate::domain::script::Scene;
use crate::domain::usage::Provider;

impl Making {
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
            Some(script) => match self.spec.pipeline {
                Pipeline::Narrated => self.narrated_left(&cast, &script).await,
                Pipeline::Animated => self.animated_left(&cast, &script).await,
            },
            None => Ok(estimate::video(&self.spec, &cast, Case::Highest, 1)),
        }
    }

    /// The call for a scene's narration, if that was not bought yet.
    pub(in crate::application) async fn narration_left(
        &self,
        cast: &Cast,
        scene: &Scene,
        number: u32,
    ) -> Result<Option<PlannedCall>, StoreError> {
        let kept = self.ports.store.narration(&self.job_id, number).await?;
        Ok(kept.is_none().then(|| PlannedCall {
            stage: "narration",
            provider: Provider::ElevenLabs,
            model: cast.voice_id.clone(),
            rate_model: cast.narration_model.clone(),
            usage: estimate::narration_worst_case(&scene.narration),
            times: 1,
        }))
    }
}

fn announcement(session_id: &str, call: &PlannedCall) -> Announcement {
    Announcement {
        session_id: session_id.to_owned(),
        provider: call.provider,
        model: call.model.clone(),
        rate_model: call.rate_model.clone(),
        display_name: String::new(),
        stage: call.stage,
        scene: 0,
        number: 1,
        attempt: 1,
        simulated: false,
        worst_case: call.usage.clone(),
    }
}
