//! The client from outside: its screens, its plain lines, its commands, its connections, its terminal.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking, and its name says what it is"
)]

mod commands;
mod connections;
mod keys;
mod picture;
mod plain;
mod reports;
mod screens;
mod support;
mod terminal;
mod with_the_meter;
