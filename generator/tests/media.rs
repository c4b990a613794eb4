//! The compiler against a real FFmpeg: small videos, looked at frame by frame and
//! sample by sample. Without ffmpeg on the machine every one of these fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "media/faults.rs"]
mod faults;
#[path = "media/finished.rs"]
mod finished;
#[path = "media/inputs.rs"]
mod inputs;
#[path = "media/resume.rs"]
mod resume;
#[path = "media/studio.rs"]
mod studio;
