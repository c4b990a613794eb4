//! Stories about the whole: each file's first line says what it protects and how. One binary, since each links everything.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod a_finished_video_is_billed_once;
mod a_trace_crosses_the_wire;
mod documents;
mod doors;
mod every_number_is_answered_at_its_edges;
mod keys_never_leave_the_generator;
mod one_command_makes_a_video;
mod the_counter_moves_with_each_image;
mod the_meter_may_be_away;
mod tidy;
mod what_is_watched_is_there;
