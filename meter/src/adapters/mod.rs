//! The outside world, one thing a module.

pub mod grpc;
pub mod sqlite;
