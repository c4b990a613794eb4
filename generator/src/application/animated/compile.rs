//! From sections and narrations to a video file.

use crate::application::making::{Ended, Making};
use crate::application::ports::KeptNarration;
use crate::domain::animation::Footage;
use crate::domain::job::{Cast, Finished};
use crate::domain::script::Script;
use crate::domain::timeline::{Pacing, ScenePicture, ScenePlan};

/// Sections follow each other by a cut: each begins with an empty frame, and its end is still.
const PACING: Pacing = Pacing {
    lead_ms: 250,
    tail_ms: 600,
    cross_fade_ms: 0,
    end_hold_ms: 600,
    end_fade_ms: 500,
    scene_duration_ms_min: 1_500,
};

impl Making {
    /// Compiles the sections that there are.
    pub(super) async fn compile_sections(
        &self,
        cast: &Cast,
        script: &Script,
        narrations: Vec<KeptNarration>,
        sections: Vec<Option<Footage>>,
    ) -> Result<Finished, Ended> {
        let scenes = script.scenes.iter().zip(narrations).zip(sections);
        let shown = scenes.filter_map(|((scene, narration), footage)| {
            let footage = footage?;
            Some(ScenePlan {
                picture: ScenePicture::Footage {
                    path: footage.path.into(),
                    frame_count: footage.frames,
                },
                narration: narration.path,
                narration_format: narration.format,
                text: scene.narration.clone(),
                alignment: narration.alignment,
            })
        });
        self.compile_plan(cast, &script.title, PACING, shown.collect())
            .await
    }
}
