//! What finishing a video would take, for the person whose budget has stopped it.

use super::{Ended, Making};
use crate::application::ports::{Announcement, ScriptKind, StoreError};
use crate::domain::estimate::{self, Case, PlannedCall};
use crate::domain::job::{Cast, Pipeline};
use crate::domain::script::Scene;
use crate::domain::usage::Provider;

/// The calls that are missing of a video, each at its worst.
#[derive(Debug, Default)]
pub(in crate::application) struct Left {
    /// Those without which it cannot be finished.
    pub(in crate::application) needed: Vec<PlannedCall>,
    /// Those that may have to follow: nobody knows before code has run and its picture was looked at.
    pub(in crate::application) possible: Vec<PlannedCall>,
}

impl Left {
    /// Calls that are all needed.
    pub(in crate::application) fn needed(needed: Vec<PlannedCall>) -> Self {
        Self {
            needed,
            possible: Vec::new(),
        }
    }
}

impl Making {
    /// Says beside the reason what finishing would cost, and what to do.
    pub(super) async fn over_budget(&self, why: &str) -> Ended {
        let left = match self.what_is_left().await {
            Ok(left) => left,
            Err(error) => return error.into(),
        };
        let session_id = self.board.read(|job| job.session_id.clone());
        let mut calls: Vec<_> = announcements(&session_id, &left.needed).collect();
        let needed = self.ports.ledger.price(&session_id, &calls);
        let possible = if left.possible.is_empty() {
            String::new()
        } else {
            calls.extend(announcements(&session_id, &left.possible));
            let all = self.ports.ledger.price(&session_id, &calls);
            format!(", and with every correction that may follow up to {all}")
        };
        Ended::Failed(format!(
            "{why}; what is missing would take up to {needed} more{possible}; raise the session's budget (SetBudget) and \
             resume, what was bought is kept"
        ))
    }

    async fn what_is_left(&self) -> Result<Left, StoreError> {
        let cast = self.board.read(|job| job.cast.clone()).unwrap_or_default();
        let store = &self.ports.store;
        let kind = if self.spec.rephrase {
            ScriptKind::Rephrased
        } else {
            ScriptKind::Written
        };
        match store.script(&self.job_id, kind).await? {
            Some(script) => match self.spec.pipeline {
                Pipeline::Narrated => {
                    let left = self.narrated_left(&cast, &script).await?;
                    Ok(Left::needed(left))
                }
                Pipeline::Animated => self.animated_left(&cast, &script).await,
            },
            None => {
                let whole = estimate::video(&self.spec, &cast, Case::Highest, 1);
                Ok(Left::needed(whole))
            }
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

fn announcements(session_id: &str, calls: &[PlannedCall]) -> impl Iterator<Item = Announcement> {
    calls.iter().flat_map(move |call| {
        let times = usize::try_from(call.times).unwrap_or_default();
        std::iter::repeat_n(announcement(session_id, call), times)
    })
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
