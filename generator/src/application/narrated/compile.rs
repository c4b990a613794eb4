//! From pictures and narrations to a video file.

use std::path::PathBuf;

use crate::application::making::{Ended, Making};
use crate::application::ports::KeptNarration;
use crate::domain::job::{Cast, Finished};
use crate::domain::script::Script;
use crate::domain::timeline::{Pacing, ScenePicture, ScenePlan};

impl Making {
    /// Compiles the video and gives where it lies.
    pub(super) async fn compile(
        &self,
        cast: &Cast,
        script: &Script,
        narrations: Vec<KeptNarration>,
        pictures: Vec<Vec<PathBuf>>,
    ) -> Result<Finished, Ended> {
        let scenes = script
            .scenes
            .iter()
            .zip(narrations)
            .zip(with_neighbours(&pictures))
            .map(|((scene, narration), images)| ScenePlan {
                picture: ScenePicture::Images(images),
                narration: narration.path,
                narration_format: narration.format,
                text: scene.narration.clone(),
                alignment: narration.alignment,
            })
            .collect();
        self.compile_plan(cast, &script.title, Pacing::default(), scenes)
            .await
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
