//! Meter, generator, simulator and client in one process. Wiring only: what each does is in its own crate.

pub mod claim;
pub mod cli;
pub mod one_process;
pub mod services;
