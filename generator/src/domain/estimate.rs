//! What calls will take, before they are made: the worst case of each, and the range for a whole video.

mod animated;
mod calls;
mod observed;
mod video;

pub use animated::{ANIMATED_BASIS, animated, mending_worst_case};
pub use calls::{
    CODE_OUTPUT_TOKENS_MAX, LOOK_OUTPUT_TOKENS_MAX, WRITING_OUTPUT_TOKENS_MAX, code_worst_case,
    credits, look_worst_case, narration_characters_least, narration_worst_case, narrations_at_once,
    picture_worst_case, writing_worst_case,
};
pub use observed::{RUNS_MAX, RunUse, StageUse, learn};
pub use video::{Case, NARRATED_BASIS, PlannedCall, narrated};

use crate::domain::job::{Cast, Pipeline, Spec};

/// The calls of a video. `paid_tries_max` is how often one call may be paid for.
#[must_use]
pub fn video(spec: &Spec, cast: &Cast, case: Case, paid_tries_max: u32) -> Vec<PlannedCall> {
    match spec.pipeline {
        Pipeline::Narrated => narrated(spec, cast, case, paid_tries_max),
        Pipeline::Animated => animated(spec, cast, case, paid_tries_max),
    }
}

/// What the figures rest on, for people.
#[must_use]
pub const fn basis(pipeline: Pipeline) -> &'static str {
    match pipeline {
        Pipeline::Narrated => NARRATED_BASIS,
        Pipeline::Animated => ANIMATED_BASIS,
    }
}
