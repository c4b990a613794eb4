//! The outside world, one thing a module.

pub(crate) mod columns;
pub mod grpc;
mod json_lines;
pub mod otlp;
pub mod postgres;
pub mod price_files;
pub mod prometheus;
pub mod sqlite;
