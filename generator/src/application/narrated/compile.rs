//! From what was bought to a video file.

use std::path::PathBuf;

use super::{Ended, Narrated};
use crate::application::LogLevel;
use crate::application::ports::KeptNarration;
use crate::domain::job::{Cast, Finished, StageKind, short_id, slug};
use crate::domain::script::Script;
use crate::domain::timeline::{Geometry, Pacing, ScenePlan, VideoPlan};

impl Narrated {
    /// Compiles the video and gives where it lies.
    pub(super) async fn compile(
        &self,
        cast: &Cast,
        script: &Script,
        narrations: Vec<KeptNarration>,
        pictures: Vec<Vec<PathBuf>>,
    ) -> Result<Finished, Ended> {
        let geometry = Geometry::new(self.spec.aspect, self.spec.resolution_px)
            .map_err(|error| Ended::Failed(error.to_string()))?;
        let scenes = script
            .scenes
            .iter()
            .zip(narrations)
            .zip(with_neighbours(&pictures));
        let plan = VideoPlan {
            title: script.title.clone(),
            geometry,
            pacing: Pacing::default(),
            subtitles: self.setup.subtitles,
            simulated: cast.simulated,
            scenes: scenes
                .map(|((scene, narration), images)| ScenePlan {
                    images,
                    narration: narration.path,
                    narration_format: narration.format,
                    text: scene.narration.clone(),
                    alignment: narration.alignment,
                })
                .collect(),
        };
        let name = format!("{}-{}.mp4", slug(&script.title), short_id(&self.job_id));
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

/// The pictures of each scene; a scene without one of its own is shown with its nearest neighbour's, the earlier of two
/// that are as near.
fn with_neighbours(pictures: &[Vec<PathBuf>]) -> Vec<Vec<PathBuf>> {
    let borrowed = |place: usize| {
        let nearest = pictures
            .iter()
            .enumerate()
            .filter(|(_, own)| !own.is_empty())
            .min_by_key(|(other, _)| other.abs_diff(place));
        nearest.and_then(|(other, own)| {
            if other < place {
                own.last()
            } else {
                own.first()
            }
        })
    };
    let scene = |(place, own): (usize, &Vec<PathBuf>)| {
        if own.is_empty() {
            borrowed(place).cloned().into_iter().collect()
        } else {
            own.clone()
        }
    };
    pictures.iter().enumerate().map(scene).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_without_a_picture_borrows_the_nearest_one() {
        let path = |name: &str| PathBuf::from(name);
        let scenes = [
            vec![],
            vec![path("2a"), path("2b")],
            vec![],
            vec![path("4")],
        ];
        let shown = with_neighbours(&scenes);
        assert_eq!(
            shown,
            [
                vec![path("2a")],
                vec![path("2a"), path("2b")],
                vec![path("2b")],
                vec![path("4")],
            ]
        );
    }
}
