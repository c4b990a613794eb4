//! The stages of a pipeline.

use jiff::Timestamp;
use reelmeter_proto::generator::v1 as pb;

use super::time;
use crate::printable::Text;

/// Which stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageKind {
    /// One that this client does not know.
    Unknown,
    /// Checks before any money is spent.
    Preflight,
    /// The script or outline.
    Script,
    /// The rephrasing of the narration.
    Rephrase,
    /// The narration.
    Narration,
    /// The images.
    Image,
    /// The animation code.
    Code,
    /// The rendering, with corrections.
    Render,
    /// The look at rendered frames, with fixes.
    Check,
    /// The compilation.
    Compile,
}

impl StageKind {
    /// The name on screens.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Unknown => "Other",
            Self::Preflight => "Preflight",
            Self::Script => "Script",
            Self::Rephrase => "Rephrase",
            Self::Narration => "Narration",
            Self::Image => "Images",
            Self::Code => "Code",
            Self::Render => "Render",
            Self::Check => "Visual check",
            Self::Compile => "Compile",
        }
    }

    /// The names under which the meter counts the stage's calls.
    #[must_use]
    pub fn metered_as(self) -> &'static [&'static str] {
        match self {
            Self::Script => &[reelmeter_proto::STAGE_SCRIPT],
            Self::Rephrase => &[reelmeter_proto::STAGE_REPHRASE],
            Self::Narration => &[reelmeter_proto::STAGE_NARRATION],
            Self::Image => &[reelmeter_proto::STAGE_IMAGE],
            Self::Code => &[reelmeter_proto::STAGE_CODE],
            Self::Render => &[
                reelmeter_proto::STAGE_CORRECTION,
                reelmeter_proto::STAGE_LAST_ATTEMPT,
            ],
            Self::Check => &[
                reelmeter_proto::STAGE_VISUAL_CHECK,
                reelmeter_proto::STAGE_VISUAL_FIX,
            ],
            Self::Unknown | Self::Preflight | Self::Compile => &[],
        }
    }

    fn from_wire(kind: pb::StageKind) -> Self {
        match kind {
            pb::StageKind::Unspecified => Self::Unknown,
            pb::StageKind::Preflight => Self::Preflight,
            pb::StageKind::Script => Self::Script,
            pb::StageKind::Rephrase => Self::Rephrase,
            pb::StageKind::Narration => Self::Narration,
            pb::StageKind::Image => Self::Image,
            pb::StageKind::Code => Self::Code,
            pb::StageKind::Render => Self::Render,
            pb::StageKind::Check => Self::Check,
            pb::StageKind::Compile => Self::Compile,
        }
    }
}

/// Where a stage or an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    /// It has not begun.
    #[default]
    Pending,
    /// It is at work.
    Running,
    /// It waits.
    Waiting,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It was not needed.
    Skipped,
}

impl Progress {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    fn from_wire(state: pb::StageState) -> Self {
        match state {
            pb::StageState::Unspecified | pb::StageState::Pending => Self::Pending,
            pb::StageState::Running => Self::Running,
            pb::StageState::Waiting => Self::Waiting,
            pb::StageState::Succeeded => Self::Done,
            pb::StageState::Failed => Self::Failed,
            pb::StageState::Skipped => Self::Skipped,
        }
    }
}

/// One item of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageItem {
    /// The scene, counted from 1. 0: the whole.
    pub scene: i32,
    /// Its place among the scene's items.
    pub number: i32,
    /// Where it stands.
    pub progress: Progress,
    /// Which attempt it is at.
    pub attempt: i32,
    /// True if it was kept from an earlier run.
    pub kept: bool,
    /// What it is doing or why it failed.
    pub detail: Text,
}

/// A stage of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Which one.
    pub kind: StageKind,
    /// Where it stands.
    pub progress: Progress,
    /// How many of its items are done.
    pub completed: i32,
    /// How many it has. 0: not known yet.
    pub total: i32,
    /// How much of it is done, in thousandths.
    pub permille: i32,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// What it is doing or why it failed.
    pub detail: Text,
    /// Its items.
    pub items: Vec<StageItem>,
}

impl Stage {
    pub(super) fn read(stage: &pb::Stage) -> Self {
        Self {
            kind: StageKind::from_wire(stage.kind()),
            progress: Progress::from_wire(stage.state()),
            completed: stage.completed_item_count,
            total: stage.item_count,
            permille: stage.progress_permille.clamp(0, 1000),
            start_time: time(stage.start_time.as_ref()),
            end_time: time(stage.end_time.as_ref()),
            detail: Text::line(&stage.detail),
            items: stage
                .items
                .iter()
                .map(|item| StageItem {
                    scene: item.scene,
                    number: item.number,
                    progress: Progress::from_wire(item.state()),
                    attempt: item.attempt,
                    kept: item.kept,
                    detail: Text::line(&item.detail),
                })
                .collect(),
        }
    }
}
