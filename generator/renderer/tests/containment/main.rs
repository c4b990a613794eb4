//! Hostile scenes, run for real behind both kinds of walls, by root and by an ordinary user.
//!
//! Protects: model-written code that goes for this machine is contained, reported as the scene's failure with a reason, and
//! leaves nothing behind. The static gate is walked around on purpose, since it is not the boundary. Needs
//! `scripts/setup.sh --animated`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    reason = "a test fails by panicking and says what it skips"
)]

mod again;
mod asking;
mod devouring;
mod gate;
mod leaving;
mod pictures;
mod service;
mod support;
mod walls;
