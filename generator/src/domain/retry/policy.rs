//! The decision: try again, after how long, or stop and say why.

use std::fmt;
use std::time::Duration;

use super::{Failure, FailureClass};

/// The limits of trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Tries in all, the first included.
    pub tries_max: u32,
    /// Tries that failed and were billed, or may have been, before it stops: a call
    /// that costs money each time is not asked for again and again.
    pub paid_failures_max: u32,
    /// The first wait, when the provider advises none; each further one doubles.
    pub first_wait: Duration,
    /// The longest wait of our own.
    pub wait_max: Duration,
    /// The longest wait that a provider may ask for.
    pub advised_wait_max: Duration,
    /// The longest that all tries and waits together may take: no wait begins that
    /// would end later.
    pub total_max: Duration,
}

impl Default for Policy {
    /// Five tries within ten minutes, of which two may be paid for.
    ///
    /// One second doubling to a minute is what the providers' own clients do
    /// (google-genai's `HttpRetryOptions`). Advice of up to two minutes covers every
    /// per-minute limit.
    fn default() -> Self {
        Self {
            tries_max: 5,
            paid_failures_max: 2,
            first_wait: Duration::from_secs(1),
            wait_max: Duration::from_secs(60),
            advised_wait_max: Duration::from_secs(120),
            total_max: Duration::from_secs(600),
        }
    }
}

/// Where a call stands after a failed attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Tries made, the failed one included; at least one.
    pub tries: u32,
    /// Of those, the ones that were billed or may have been.
    pub paid_failures: u32,
    /// Time since the first try began.
    pub elapsed: Duration,
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after this long.
    RetryAfter(Duration),
    /// Give up.
    Stop(StopReason),
}

/// Why it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The same request would fail again.
    WaitingCannotHelp,
    /// All tries are used.
    TriesUsedUp {
        /// Tries made.
        tries: u32,
    },
    /// As many tries as allowed were paid for, or may have been.
    PaidFailures {
        /// How many.
        count: u32,
    },
    /// The provider asks for a longer wait than allowed.
    AskedToWaitTooLong {
        /// What it asks for.
        asked: Duration,
    },
    /// The time for all tries together is used up, or the next wait would use it up.
    TimeUsedUp {
        /// Time since the first try began.
        elapsed: Duration,
    },
    /// Somebody called it off while it waited.
    CalledOff,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WaitingCannotHelp => write!(f, "trying again cannot help"),
            Self::TriesUsedUp { tries: 1 } => write!(f, "given up after 1 try"),
            Self::TriesUsedUp { tries } => write!(f, "given up after {tries} tries"),
            Self::PaidFailures { count: 1 } => {
                write!(f, "given up after 1 try that may have been billed")
            }
            Self::PaidFailures { count } => {
                write!(f, "given up after {count} tries that may have been billed")
            }
            Self::AskedToWaitTooLong { asked } => {
                write!(f, "the provider asks to wait {} s", asked.as_secs())
            }
            Self::TimeUsedUp { elapsed } => {
                write!(f, "given up after {} s", elapsed.as_secs())
            }
            Self::CalledOff => write!(f, "called off"),
        }
    }
}

/// Decides what follows a failed attempt.
///
/// `entropy` is any random number; it spreads the waits of calls that failed together.
/// Our own waits lie between half and the whole of the doubled step. An advised wait is
/// never cut short: the spread comes on top.
#[must_use]
pub fn decide(policy: &Policy, progress: Progress, failure: &Failure, entropy: u64) -> Decision {
    if !failure.class.waiting_may_help() {
        return Decision::Stop(StopReason::WaitingCannotHelp);
    }
    if progress.tries >= policy.tries_max {
        return Decision::Stop(StopReason::TriesUsedUp {
            tries: progress.tries,
        });
    }
    if progress.paid_failures > 0 && progress.paid_failures >= policy.paid_failures_max {
        return Decision::Stop(StopReason::PaidFailures {
            count: progress.paid_failures,
        });
    }
    if let Some(asked) = failure.advised_wait()
        && asked > policy.advised_wait_max
    {
        return Decision::Stop(StopReason::AskedToWaitTooLong { asked });
    }
    let wait = wait(policy, progress.tries, failure, entropy);
    if progress.elapsed.saturating_add(wait) >= policy.total_max {
        return Decision::Stop(StopReason::TimeUsedUp {
            elapsed: progress.elapsed,
        });
    }
    Decision::RetryAfter(wait)
}

fn wait(policy: &Policy, tries: u32, failure: &Failure, entropy: u64) -> Duration {
    // 2^31 seconds is more than any limit: the shift cannot overflow below it.
    let doublings = tries.saturating_sub(1).min(31);
    let step = policy
        .first_wait
        .saturating_mul(1_u32 << doublings)
        .min(policy.wait_max);
    let own = step / 2 + spread(step / 2, entropy);
    match failure.advised_wait() {
        None => own,
        // The limit on parallel calls lifts as soon as one of our own ends: there the
        // advice, if any, is a guess of the provider's, and our step grows past it.
        Some(asked) if failure.class == FailureClass::TooManyAtOnce => own.max(asked),
        Some(asked) => asked.saturating_add(spread(policy.first_wait, entropy)),
    }
}

/// A duration from zero up to `most`, set by the number.
fn spread(most: Duration, entropy: u64) -> Duration {
    let nanos = most.as_nanos().saturating_mul(u128::from(entropy)) / u128::from(u64::MAX);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
