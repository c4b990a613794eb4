//! Protects what several meters over one PostgreSQL promise together: each counts what the others count, once, and shows
//! it; and whatever is killed, nothing acknowledged is lost.

#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, tells its figures, and needs not all of what tests share"
)]

#[path = "replicas/database.rs"]
mod database;
#[path = "replicas/encrypted.rs"]
mod encrypted;
#[path = "replicas/equivalence.rs"]
mod equivalence;
#[path = "replicas/kills.rs"]
mod kills;
#[path = "service/server.rs"]
mod server;
mod support;
#[path = "replicas/together.rs"]
mod together;
