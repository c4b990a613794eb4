//! What calls will take, before they are made: the worst case of each, and the range for a whole video.

mod calls;
mod video;

pub use calls::{
    WRITING_OUTPUT_TOKENS_MAX, credits, narration_characters_least, narration_worst_case,
    narrations_at_once, picture_worst_case, writing_worst_case,
};
pub use video::{BASIS, Case, PlannedCall, narrated};
