//! The stages of a job and their items.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Pipeline, Spec};

/// Which stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// Checks models, voice, quota and tools before any money is spent.
    Preflight,
    /// Writes the script.
    Script,
    /// Rephrases the narration.
    Rephrase,
    /// Speaks the narration.
    Narration,
    /// Draws the images.
    Image,
    /// Writes animation code.
    Code,
    /// Runs and renders animation code, with its corrections.
    Render,
    /// Looks at rendered frames, with the fixes that follow.
    Check,
    /// Compiles everything to the video.
    Compile,
}

impl StageKind {
    /// The stage's name; in the metering contract too, where its calls are not told apart there.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Script => "script",
            Self::Rephrase => "rephrase",
            Self::Narration => "narration",
            Self::Image => "image",
            Self::Code => "code",
            Self::Render => "render",
            Self::Check => "check",
            Self::Compile => "compile",
        }
    }
}

impl fmt::Display for StageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a stage or an item stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    /// It has not begun.
    #[default]
    Pending,
    /// It is at work.
    Running,
    /// It waits, for example because a provider asked to.
    Waiting,
    /// It is done.
    Succeeded,
    /// It failed.
    Failed,
    /// It was not needed.
    Skipped,
}

/// Which item of a stage.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct ItemKey {
    /// The scene, counted from 1; 0 for the whole.
    pub scene: u32,
    /// Its place among the scene's items, counted from 1.
    pub number: u32,
}

impl ItemKey {
    /// The one item of a stage that is about the whole.
    pub const WHOLE: Self = Self {
        scene: 0,
        number: 1,
    };

    /// An item of a scene.
    #[must_use]
    pub const fn of_scene(scene: u32, number: u32) -> Self {
        Self { scene, number }
    }
}

/// One item of a stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Which one.
    pub key: ItemKey,
    /// Where it stands.
    pub state: StageState,
    /// Which attempt it is at, counted from 1; 0 before the first.
    pub attempt: u32,
    /// Whether it was kept from an earlier run and not bought again.
    pub kept: bool,
    /// What it is doing or why it failed.
    pub detail: String,
}

/// A stage of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Which one.
    pub kind: StageKind,
    /// Where it stands.
    pub state: StageState,
    /// Its items.
    pub items: Vec<Item>,
    /// How much of it is done, in thousandths, where that is not told by its items.
    pub permille: u16,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// What it is doing or why it failed.
    pub detail: String,
}

impl Stage {
    /// The stages of a video, none of them begun.
    #[must_use]
    pub fn of(spec: &Spec) -> Vec<Self> {
        let kinds: &[StageKind] = match spec.pipeline {
            Pipeline::Narrated => &[
                StageKind::Preflight,
                StageKind::Script,
                StageKind::Rephrase,
                StageKind::Narration,
                StageKind::Image,
                StageKind::Compile,
            ],
            Pipeline::Animated => &[
                StageKind::Preflight,
                StageKind::Script,
                StageKind::Rephrase,
                StageKind::Narration,
                StageKind::Code,
                StageKind::Render,
                StageKind::Check,
                StageKind::Compile,
            ],
        };
        kinds
            .iter()
            .filter(|kind| spec.rephrase || **kind != StageKind::Rephrase)
            .map(|kind| Self {
                kind: *kind,
                state: StageState::Pending,
                items: Vec::new(),
                permille: 0,
                start_time: None,
                end_time: None,
                detail: String::new(),
            })
            .collect()
    }

    /// How many items are done.
    #[must_use]
    pub fn done(&self) -> usize {
        let done = |item: &&Item| matches!(item.state, StageState::Succeeded | StageState::Skipped);
        self.items.iter().filter(done).count()
    }

    /// How much of it is done, in thousandths.
    #[must_use]
    pub fn progress_permille(&self) -> u16 {
        match self.state {
            StageState::Succeeded | StageState::Skipped => 1000,
            _ if self.items.len() > 1 => {
                u16::try_from(self.done() * 1000 / self.items.len()).unwrap_or(1000)
            }
            _ => self.permille.min(1000),
        }
    }

    /// Ends it because the job has stopped.
    pub(super) fn stop(&mut self, now: Timestamp) {
        let at_work = |state| matches!(state, StageState::Running | StageState::Waiting);
        for item in &mut self.items {
            if at_work(item.state) {
                item.state = StageState::Pending;
                "stopped".clone_into(&mut item.detail);
            }
        }
        if at_work(self.state) {
            self.state = StageState::Failed;
            "stopped".clone_into(&mut self.detail);
            self.end_time = Some(now);
        }
    }
}
