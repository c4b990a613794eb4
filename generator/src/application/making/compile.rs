//! From a plan to a video file.

use super::{Ended, Making};
use crate::application::LogLevel;
use crate::domain::job::{Cast, Finished, StageKind, short_id, slug};
use crate::domain::timeline::{Geometry, Pacing, ScenePlan, VideoPlan};

impl Making {
    /// Compiles the scenes and gives where the video lies.
    pub(in crate::application) async fn compile_plan(
        &self,
        cast: &Cast,
        title: &str,
        pacing: Pacing,
        scenes: Vec<ScenePlan>,
    ) -> Result<Finished, Ended> {
        let geometry = Geometry::new(self.spec.aspect, self.spec.resolution_px)
            .map_err(|error| Ended::Failed(error.to_string()))?;
        let plan = VideoPlan {
            title: title.to_owned(),
            geometry,
            pacing,
            subtitles: self.setup.subtitles,
            simulated: cast.simulated,
            scenes,
        };
        let name = format!("{}-{}.mp4", slug(title), short_id(&self.job_id));
        let output = self.setup.videos_folder.join(name);
        let folder = self.ports.store.compile_folder(&self.job_id);
        let progress = |permille: u16, detail: String| {
            self.board
                .change(|job| job.stage_moves(StageKind::Compile, permille, &detail));
        };
        reelmeter_recorder::abort::point("generator.compiling");
        let editor = &self.ports.editor;
        let compiled = editor
            .compile(&plan, &folder, &output, &progress, self.stop.token())
            .await;
        let compiled = compiled.map_err(|error| {
            if error.cancelled {
                Ended::Stopped
            } else {
                Ended::Failed(error.to_string())
            }
        })?;
        for note in &compiled.notes {
            self.board.notice(note.clone());
        }
        self.board.log(
            LogLevel::Info,
            format!("the video is at {}", compiled.path.display()),
        );
        Ok(Finished {
            file_path: compiled.path.display().to_string(),
            subtitles_path: compiled.subtitles_path.display().to_string(),
            duration_ms: compiled.duration_ms,
            size_bytes: compiled.size_bytes,
            width_px: compiled.width_px,
            height_px: compiled.height_px,
        })
    }
}
