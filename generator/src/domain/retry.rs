//! What became of an attempt, and whether another one is worth its wait and its money.

mod advice;
mod attempt;
mod drive;
mod failure;
mod policy;

pub use advice::{Advice, parse_retry_after, parse_retry_delay, parse_retry_message};
pub use attempt::{Attempt, Outcome, Served};
pub use drive::{Pacer, Stopped, Waiting, Woken, with_retries};
pub use failure::{Failure, FailureClass};
pub use policy::{Decision, Policy, Progress, StopReason, decide};
