//! What is missing of a narrated video whose script is there.

use crate::application::making::{Making, aspect};
use crate::application::ports::StoreError;
use crate::domain::estimate::{self, PlannedCall};
use crate::domain::job::{Cast, images_of_scenes};
use crate::domain::script::{Script, picture_prompts};
use crate::domain::usage::Provider;

impl Making {
    /// The calls that are missing, each at its worst and once.
    pub(in crate::application) async fn narrated_left(
        &self,
        cast: &Cast,
        script: &Script,
    ) -> Result<Vec<PlannedCall>, StoreError> {
        let store = &self.ports.store;
        let scene_count = u32::try_from(script.scenes.len()).unwrap_or(u32::MAX);
        let counts = images_of_scenes(self.spec.image_count, scene_count);
        let mut left = Vec::new();
        for ((scene, count), number) in script.scenes.iter().zip(counts).zip(1..) {
            left.extend(self.narration_left(cast, scene, number).await?);
            let pictures = usize::try_from(count).unwrap_or(1);
            let prompts = picture_prompts(script, scene, pictures, aspect(self.spec.aspect));
            for (prompt, place) in prompts.iter().zip(1..) {
                if store.picture(&self.job_id, number, place).await?.is_none() {
                    left.push(PlannedCall {
                        stage: "image",
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
