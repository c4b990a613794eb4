//! How far a video is.

use std::sync::Mutex;

use crate::domain::timeline::Timeline;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Looking at what was bought, and levelling the voice.
    Check,
    /// Making the frames of a scene. Several scenes are worked on at once.
    Scene {
        /// The scene, from 1.
        number: u32,
        /// How many there are.
        of: u32,
    },
    /// Joining the scenes and the voice into the file.
    Join,
    /// Looking at the finished file.
    Verify,
}

/// How far a video is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Progress {
    /// What has just moved on.
    pub stage: Stage,
    /// How much of that stage is done, in thousandths.
    pub stage_permille: u16,
    /// How much of the whole is done, in thousandths; it never goes back.
    pub overall_permille: u16,
}

/// What the stages take of the whole, in thousandths, as measured at 720p.
const CHECK_PERMILLE: u64 = 80;
const SCENES_PERMILLE: u64 = 780;
const JOIN_PERMILLE: u64 = 40;
const VERIFY_PERMILLE: u64 = 100;

/// Adds the stages up and tells whoever listens.
pub(super) struct Meter<'a> {
    tell: &'a (dyn Fn(Progress) + Send + Sync),
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct ShotFrames {
    scene_index: usize,
    done: u64,
    wanted: u64,
}

struct State {
    scene_count: usize,
    shots: Vec<ShotFrames>,
    last_overall: u64,
    last_told: Option<(Stage, u64)>,
}

impl<'a> Meter<'a> {
    pub(super) fn new(tell: &'a (dyn Fn(Progress) + Send + Sync)) -> Self {
        Self {
            tell,
            state: Mutex::new(State {
                scene_count: 0,
                shots: Vec::new(),
                last_overall: 0,
                last_told: None,
            }),
        }
    }

    /// So many parts of the check are done.
    pub(super) fn check(&self, done: u64, wanted: u64) {
        let stage = permille(done, wanted);
        self.told(Stage::Check, stage, CHECK_PERMILLE * stage / 1_000);
    }

    /// The pictures and their frames are known.
    pub(super) fn shots(&self, timeline: &Timeline) {
        self.with_state(|state| {
            state.scene_count = timeline.scenes().len();
            state.shots = timeline
                .shots()
                .iter()
                .zip(0..)
                .map(|(shot, index)| {
                    let frames = timeline.frames_of_shot(index);
                    ShotFrames {
                        scene_index: shot.scene_index,
                        done: 0,
                        wanted: frames.end - frames.start,
                    }
                })
                .collect();
        });
    }

    /// So many frames of the picture at `index` (from 0) are done.
    pub(super) fn shot(&self, index: usize, frames_done: u64) {
        let Some((scene_index, of, stage, all)) = self.with_state(|state| {
            let shot = state.shots.get_mut(index)?;
            shot.done = frames_done.min(shot.wanted).max(shot.done);
            let scene_index = shot.scene_index;
            let scene = share(state.shots.iter().filter(|s| s.scene_index == scene_index));
            Some((
                scene_index,
                state.scene_count,
                scene,
                share(state.shots.iter()),
            ))
        }) else {
            return;
        };
        let stage_of = Stage::Scene {
            number: u32::try_from(scene_index + 1).unwrap_or(u32::MAX),
            of: u32::try_from(of).unwrap_or(u32::MAX),
        };
        let overall = CHECK_PERMILLE + SCENES_PERMILLE * all / 1_000;
        self.told(stage_of, stage, overall);
    }

    /// The finished file is being written, or has been.
    pub(super) fn join(&self, finished: bool) {
        let before = CHECK_PERMILLE + SCENES_PERMILLE;
        if finished {
            self.told(Stage::Join, 1_000, before + JOIN_PERMILLE);
        } else {
            self.told(Stage::Join, 0, before);
        }
    }

    /// So many frames of the finished file were looked at.
    pub(super) fn verify(&self, frames_done: u64, frames_wanted: u64) {
        let stage = permille(frames_done, frames_wanted);
        let before = CHECK_PERMILLE + SCENES_PERMILLE + JOIN_PERMILLE;
        self.told(
            Stage::Verify,
            stage,
            before + VERIFY_PERMILLE * stage / 1_000,
        );
    }

    /// Tells, if there is anything new to tell.
    fn told(&self, stage: Stage, stage_permille: u64, overall: u64) {
        let news = self.with_state(|state| {
            state.last_overall = state.last_overall.max(overall);
            let told = Some((stage, stage_permille));
            let is_news = state.last_told != told;
            state.last_told = told;
            is_news.then_some(state.last_overall)
        });
        if let Some(overall) = news {
            (self.tell)(Progress {
                stage,
                stage_permille: narrow(stage_permille),
                overall_permille: narrow(overall),
            });
        }
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        // A listener that panicked has not left the counts half-written.
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        act(&mut state)
    }
}

/// How much of some pictures is done, in thousandths.
fn share<'a>(shots: impl Iterator<Item = &'a ShotFrames>) -> u64 {
    let (done, wanted) = shots.fold((0, 0), |(done, wanted), shot| {
        (done + shot.done, wanted + shot.wanted)
    });
    permille(done, wanted)
}

fn permille(done: u64, wanted: u64) -> u64 {
    (done.min(wanted) * 1_000)
        .checked_div(wanted)
        .unwrap_or(1_000)
}

fn narrow(permille: u64) -> u16 {
    u16::try_from(permille.min(1_000)).unwrap_or(1_000)
}

const _: () = assert!(CHECK_PERMILLE + SCENES_PERMILLE + JOIN_PERMILLE + VERIFY_PERMILLE == 1_000);

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use super::*;
    use crate::domain::timeline::{Pacing, SceneLength};

    #[test]
    fn the_whole_never_goes_back_while_scenes_overtake_each_other() {
        let heard = Mutex::new(Vec::new());
        let tell = |progress: Progress| heard.lock().unwrap().push(progress);
        let meter = Meter::new(&tell);
        meter.check(1, 2);
        meter.check(2, 2);
        let timeline = Timeline::lay_out(
            &[(1, 1), (3, 2)].map(|(seconds, picture_count)| SceneLength {
                narration_sample_count: seconds * 24_000,
                picture_count,
                frame_count_min: 0,
            }),
            &Pacing {
                lead_ms: 0,
                tail_ms: 0,
                cross_fade_ms: 0,
                end_hold_ms: 0,
                end_fade_ms: 0,
                scene_duration_ms_min: 0,
            },
        )
        .unwrap();
        // 30 frames, and twice 45.
        meter.shots(&timeline);
        meter.shot(2, 45);
        meter.shot(0, 30);
        meter.shot(2, 40);
        meter.shot(1, 45);
        meter.join(false);
        meter.join(true);
        meter.verify(60, 120);
        meter.verify(120, 120);
        let heard = heard.into_inner().unwrap();
        let overall: Vec<u16> = heard.iter().map(|p| p.overall_permille).collect();
        assert!(overall.is_sorted(), "{overall:?}");
        assert_eq!(overall.last(), Some(&1_000));
        assert_eq!(
            heard[2],
            Progress {
                stage: Stage::Scene { number: 2, of: 2 },
                stage_permille: 500,
                overall_permille: 80 + 292,
            }
        );
    }

    #[test]
    fn the_same_is_not_told_twice() {
        let count = Mutex::new(0);
        let tell = |_| *count.lock().unwrap() += 1;
        let meter = Meter::new(&tell);
        meter.verify(5, 10_000_000);
        meter.verify(6, 10_000_000);
        assert_eq!(*count.lock().unwrap(), 1);
    }
}
