//! The generator: makes the videos and reports every provider call.
//!
//! [`run`] is the whole service: it listens, keeps jobs and what they bought on disk, asks the providers, and records
//! every call in the outbox, from which it reaches the meter whenever that is there.

pub mod adapters;
pub mod application;
pub mod config;
pub mod domain;
mod run;

pub use config::{Config, Keys, SECRETS};
pub use run::{Error, run};
