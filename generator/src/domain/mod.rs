//! What is true without a clock, a disk or a network.

pub mod animation;
pub mod estimate;
pub mod job;
pub mod models;
pub mod quota;
pub mod retry;
pub mod script;
pub mod soften;
pub mod subtitles;
pub mod timeline;
pub mod usage;
