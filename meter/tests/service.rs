//! Protects the API as callers see it: the real service on a port of its own, asked by a real client.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "service/access.rs"]
mod access;
#[path = "service/archive_kill.rs"]
mod archive_kill;
#[path = "service/bad_input.rs"]
mod bad_input;
#[path = "service/bad_wire.rs"]
mod bad_wire;
#[path = "service/broken_disk.rs"]
mod broken_disk;
#[path = "service/budgets.rs"]
mod budgets;
#[path = "service/clocks.rs"]
mod clocks;
#[path = "service/faults.rs"]
mod faults;
#[path = "service/files.rs"]
mod files;
#[path = "service/life.rs"]
mod life;
#[path = "service/otlp.rs"]
mod otlp;
#[path = "service/pricing.rs"]
mod pricing;
#[path = "service/recording.rs"]
mod recording;
#[path = "service/reports.rs"]
mod reports;
#[path = "service/server.rs"]
mod server;
#[path = "service/streaming.rs"]
mod streaming;
#[path = "service/watching.rs"]
mod watching;
