//! What is true without a clock, a disk or a network.

pub mod models;
pub mod quota;
pub mod retry;
pub mod script;
pub mod usage;
