//! The generator: makes the videos and reports every provider call.

pub mod adapters;
pub mod domain;
