//! The pipeline with a real simulator of the providers and a real meter: one binary, since each links everything.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod animated;
mod animated_kill;
mod budget;
mod faults;
mod jobs;
mod kill;
mod narrated;
mod serving;
mod support;
