//! How far a video is.

use std::sync::Mutex;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Looking at what was bought, and levelling the voice.
    Check,
    /// Moving the picture of a scene. Several scenes are worked on at once.
    Scene {
        /// The scene, from 1.
        number: u32,
        /// How many there are.
        of: u32,
    },
    /// Joining the scenes into the file.
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
const CHECK_PERMILLE: u64 = 40;
const SCENES_PERMILLE: u64 = 520;
const JOIN_PERMILLE: u64 = 420;
const VERIFY_PERMILLE: u64 = 20;

/// Adds the stages up and tells whoever listens.
pub(super) struct Meter<'a> {
    tell: &'a (dyn Fn(Progress) + Send + Sync),
    state: Mutex<State>,
}

struct State {
    /// Frames done and wanted of each scene.
    scenes: Vec<(u64, u64)>,
    last_overall: u64,
    last_told: Option<(Stage, u64)>,
}

impl<'a> Meter<'a> {
    pub(super) fn new(tell: &'a (dyn Fn(Progress) + Send + Sync)) -> Self {
        Self {
            tell,
            state: Mutex::new(State {
                scenes: Vec::new(),
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

    /// The scenes and their frames are known.
    pub(super) fn scenes(&self, frame_counts: impl Iterator<Item = u64>) {
        self.with_state(|state| {
            state.scenes = frame_counts.map(|wanted| (0, wanted)).collect();
        });
    }

    /// So many frames of the scene at `index` (from 0) are done.
    pub(super) fn scene(&self, index: usize, frames_done: u64) {
        let Some((number, of, stage, all)) = self.with_state(|state| {
            let of = state.scenes.len();
            let (done, wanted) = state.scenes.get_mut(index)?;
            *done = frames_done.min(*wanted).max(*done);
            let stage = permille(*done, *wanted);
            let done: u64 = state.scenes.iter().map(|(done, _)| done).sum();
            let wanted: u64 = state.scenes.iter().map(|(_, wanted)| wanted).sum();
            Some((index + 1, of, stage, permille(done, wanted)))
        }) else {
            return;
        };
        let stage_of = Stage::Scene {
            number: u32::try_from(number).unwrap_or(u32::MAX),
            of: u32::try_from(of).unwrap_or(u32::MAX),
        };
        let overall = CHECK_PERMILLE + SCENES_PERMILLE * all / 1_000;
        self.told(stage_of, stage, overall);
    }

    /// So many frames of the finished file are written.
    pub(super) fn join(&self, frames_done: u64, frames_wanted: u64) {
        let stage = permille(frames_done, frames_wanted);
        let overall = CHECK_PERMILLE + SCENES_PERMILLE + JOIN_PERMILLE * stage / 1_000;
        self.told(Stage::Join, stage, overall);
    }

    /// The finished file is being looked at, or has been.
    pub(super) fn verify(&self, finished: bool) {
        let before = CHECK_PERMILLE + SCENES_PERMILLE + JOIN_PERMILLE;
        if finished {
            self.told(Stage::Verify, 1_000, before + VERIFY_PERMILLE);
        } else {
            self.told(Stage::Verify, 0, before);
        }
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

    #[test]
    fn the_whole_never_goes_back_while_scenes_overtake_each_other() {
        let heard = Mutex::new(Vec::new());
        let tell = |progress: Progress| heard.lock().unwrap().push(progress);
        let meter = Meter::new(&tell);
        meter.check(1, 2);
        meter.check(2, 2);
        meter.scenes([100, 300].into_iter());
        meter.scene(1, 150);
        meter.scene(0, 100);
        meter.scene(1, 300);
        meter.join(0, 380);
        meter.join(380, 380);
        meter.verify(false);
        meter.verify(true);
        let heard = heard.into_inner().unwrap();
        let overall: Vec<u16> = heard.iter().map(|p| p.overall_permille).collect();
        assert!(overall.is_sorted(), "{overall:?}");
        assert_eq!(overall.last(), Some(&1_000));
        assert_eq!(
            heard[2],
            Progress {
                stage: Stage::Scene { number: 2, of: 2 },
                stage_permille: 500,
                overall_permille: 40 + 195,
            }
        );
    }

    #[test]
    fn the_same_is_not_told_twice() {
        let count = Mutex::new(0);
        let tell = |_| *count.lock().unwrap() += 1;
        let meter = Meter::new(&tell);
        meter.join(5, 10_000_000);
        meter.join(6, 10_000_000);
        assert_eq!(*count.lock().unwrap(), 1);
    }
}
