//! What is missing of an animated video whose outline is there.

use super::buying::wanted;
use crate::application::making::{Left, Making};
use crate::application::ports::StoreError;
use crate::domain::animation::{CodeKind, Section, Step};
use crate::domain::estimate::{PlannedCall, code_worst_case, mending_worst_case};
use crate::domain::job::Cast;
use crate::domain::script::Script;
use crate::domain::usage::{Provider, Usage};

impl Making {
    /// The calls that are missing: the next one of every section that is not done, and those that may have to follow.
    pub(in crate::application) async fn animated_left(
        &self,
        cast: &Cast,
        script: &Script,
    ) -> Result<Left, StoreError> {
        let store = &self.ports.store;
        let looks = !cast.vision_model.is_empty();
        let mut left = Left::default();
        for (scene, number) in script.scenes.iter().zip(1_u32..) {
            left.needed
                .extend(self.narration_left(cast, scene, number).await?);
            let section = store.section(&self.job_id, number).await?;
            let after = settled(section.clone());
            let mut more = after.code_calls_left(looks);
            if let Step::Buy(kind) = after.next(looks) {
                let wanted = wanted(cast, &self.task(script, number), &section, kind);
                let usage = code_worst_case(&wanted.request);
                left.needed.push(code(wanted.stage, wanted.model, usage, 1));
                more = match kind {
                    CodeKind::LastAttempt => 0,
                    _ => more.saturating_sub(1),
                };
            }
            // The last of them is the pro model's.
            if let Some(mended) = more.checked_sub(1) {
                let times = u32::try_from(mended).unwrap_or(u32::MAX);
                let usage = mending_worst_case(&self.spec);
                let last = code("last_attempt", &cast.pro_model, usage.clone(), 1);
                left.possible
                    .extend([code("correction", &cast.code_model, usage, times), last]);
            }
        }
        Ok(left)
    }
}

/// What waits to be recorded as thrown away has been bought.
fn settled(mut section: Section) -> Section {
    for version in &mut section.versions {
        version.thrown_away |= version.trouble.is_some();
    }
    section
}

fn code(stage: &'static str, model: &str, usage: Usage, times: u32) -> PlannedCall {
    PlannedCall {
        stage,
        provider: Provider::Gemini,
        model: model.to_owned(),
        rate_model: String::new(),
        usage,
        times,
    }
}
