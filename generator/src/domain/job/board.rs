//! How a job's stages move.

use jiff::Timestamp;

use super::{Item, ItemKey, Job, Stage, StageKind, StageState};

/// An item of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// The stage.
    pub stage: StageKind,
    /// The item.
    pub item: ItemKey,
}

impl Target {
    /// The item of the stage.
    #[must_use]
    pub const fn new(stage: StageKind, item: ItemKey) -> Self {
        Self { stage, item }
    }
}

impl Job {
    fn stage_mut(&mut self, kind: StageKind) -> Option<&mut Stage> {
        self.stages.iter_mut().find(|stage| stage.kind == kind)
    }

    /// Begins a stage with these items.
    pub fn stage_begins(&mut self, kind: StageKind, items: &[ItemKey], now: Timestamp) {
        if let Some(stage) = self.stage_mut(kind) {
            stage.state = StageState::Running;
            stage.start_time = Some(now);
            stage.end_time = None;
            stage.permille = 0;
            stage.detail.clear();
            stage.items = items
                .iter()
                .map(|key| Item {
                    key: *key,
                    ..Item::default()
                })
                .collect();
        }
    }

    /// Ends a stage.
    pub fn stage_ends(&mut self, kind: StageKind, state: StageState, detail: &str, now: Timestamp) {
        if let Some(stage) = self.stage_mut(kind) {
            stage.state = state;
            stage.end_time = Some(now);
            detail.clone_into(&mut stage.detail);
            if state == StageState::Succeeded {
                stage.permille = 1000;
            }
        }
    }

    /// Says what a stage is doing and how far it is.
    pub fn stage_moves(&mut self, kind: StageKind, permille: u16, detail: &str) {
        if let Some(stage) = self.stage_mut(kind) {
            stage.permille = permille.min(1000);
            detail.clone_into(&mut stage.detail);
        }
    }

    /// Changes an item; its stage waits when all of its items that are at work wait.
    pub fn item_moves(&mut self, target: Target, change: impl FnOnce(&mut Item)) {
        let Some(stage) = self.stage_mut(target.stage) else {
            return;
        };
        let Some(item) = stage.items.iter_mut().find(|item| item.key == target.item) else {
            return;
        };
        change(item);
        if matches!(stage.state, StageState::Running | StageState::Waiting) {
            let any = |state| stage.items.iter().any(|item| item.state == state);
            stage.state = if any(StageState::Waiting) && !any(StageState::Running) {
                StageState::Waiting
            } else {
                StageState::Running
            };
        }
    }
}
