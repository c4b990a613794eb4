//! What is missing of an animated video whose outline is there.

use super::buying::wanted;
use crate::application::making::Making;
use crate::application::ports::StoreError;
use crate::domain::animation::{CodeKind, Step};
use crate::domain::estimate::{PlannedCall, code_worst_case};
use crate::domain::job::Cast;
use crate::domain::script::Script;
use crate::domain::usage::Provider;

impl Making {
    /// The calls that are missing, each at its worst: the next one of every section that is not done, and no more
    /// corrections after it. More may be needed; nobody knows before the code has run.
    pub(in crate::application) async fn animated_left(
        &self,
        cast: &Cast,
        script: &Script,
    ) -> Result<Vec<PlannedCall>, StoreError> {
        let store = &self.ports.store;
        let looks = !cast.vision_model.is_empty();
        let mut left = Vec::new();
        for (scene, number) in script.scenes.iter().zip(1_u32..) {
            left.extend(self.narration_left(cast, scene, number).await?);
            let section = store.section(&self.job_id, number).await?;
            let mut after = section.clone();
            // What waits to be recorded as thrown away has been bought.
            for version in &mut after.versions {
                version.thrown_away |= version.trouble.is_some();
            }
            let kind = match after.next(looks) {
                Step::Buy(kind) => kind,
                _ if after.versions.is_empty() => CodeKind::First,
                _ => continue,
            };
            let wanted = wanted(cast, &self.task(script, number), &section, kind);
            left.push(PlannedCall {
                stage: wanted.stage,
                provider: Provider::Gemini,
                model: wanted.model.to_owned(),
                rate_model: String::new(),
                usage: code_worst_case(&wanted.request),
                times: 1,
            });
        }
        Ok(left)
    }
}
