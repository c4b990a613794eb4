//! The simulator over the wire, on a port of its own: what it answers, what goes wrong on demand,
//! and what it says that it was asked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod control;
mod elevenlabs;
#[path = "../../../../tests/support/eventually.rs"]
mod eventually;
mod faults;
mod gemini;
mod ollama;
mod support;
