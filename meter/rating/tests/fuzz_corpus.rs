//! Protects what the fuzzer has been through: every input of the corpora, and damaged copies of each, are read or refused,
//! and never break a sum or the program.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod fuzzing;
#[path = "../../../fuzz/replay.rs"]
mod replay;

use replay::{COPIES_DEFAULT, replay};

#[test]
fn price_files_of_any_shape_are_read_or_refused() {
    replay("price_file", COPIES_DEFAULT, fuzzing::price_file);
}

#[test]
fn rates_in_the_environment_of_any_shape_are_read_or_refused() {
    replay("environment", COPIES_DEFAULT, fuzzing::environment);
}

#[test]
fn usages_of_any_size_are_priced_or_refused_and_add_up() {
    replay("usage", COPIES_DEFAULT, fuzzing::usage);
}
