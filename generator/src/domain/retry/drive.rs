//! Goes from attempt to attempt until there is a value or a reason to stop.

use std::fmt;
use std::time::Duration;

use super::{Attempt, Decision, Failure, Outcome, Policy, Progress, StopReason, decide};

/// The time and the chance that a series of attempts goes by.
pub trait Pacer: Sync {
    /// Time on a clock that only goes forward, from any beginning.
    fn now(&self) -> Duration;

    /// Any random number.
    fn entropy(&self) -> u64;

    /// Waits, and may tell somebody what it waits for.
    fn wait(&self, waiting: &Waiting<'_>) -> impl Future<Output = Woken> + Send;
}

/// What a series of attempts waits for.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'a> {
    /// How long.
    pub wait: Duration,
    /// The number of the attempt that comes after it; the first attempt is 1.
    pub next_attempt: u32,
    /// Attempts in all.
    pub attempts_max: u32,
    /// Why the last attempt failed.
    pub failure: &'a Failure,
}

impl fmt::Display for Waiting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; trying again in {}.{} s (attempt {} of at most {})",
            self.failure,
            self.wait.as_secs(),
            self.wait.subsec_millis() / 100,
            self.next_attempt,
            self.attempts_max,
        )
    }
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// The time is over.
    InTime,
    /// The whole call was called off meanwhile.
    CalledOff,
}

/// Why a series of attempts ended without a value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped<E> {
    /// The provider did not give it.
    #[error("{failure} ({reason})")]
    GaveUp {
        /// The last attempt's failure.
        failure: Failure,
        /// Why no other attempt followed.
        reason: StopReason,
        /// Attempts made.
        attempts: u32,
    },
    /// What the caller does around each attempt failed: the record that comes before
    /// the call, the one after it, the budget.
    #[error(transparent)]
    Around(E),
}

/// Makes attempts until one succeeds or another is not worth it.
///
/// `attempt` is called with the number of the attempt, the first being 1, makes exactly
/// one call to the provider and returns what became of it. What belongs around a call
/// (the intent before it, the usage after it, the budget) happens in there; an error of
/// its own ends the series at once.
///
/// # Errors
///
/// [`Stopped::GaveUp`] with the last failure and the reason; [`Stopped::Around`] with
/// the caller's own error.
pub async fn with_retries<T, E, P, F, A>(
    policy: &Policy,
    pacer: &P,
    mut attempt: F,
) -> Result<T, Stopped<E>>
where
    P: Pacer,
    F: FnMut(u32) -> A,
    A: Future<Output = Result<Attempt<T>, E>>,
{
    let began = pacer.now();
    let mut progress = Progress::default();
    loop {
        progress.tries += 1;
        let made = attempt(progress.tries).await.map_err(Stopped::Around)?;
        if made.may_be_billed() {
            progress.paid_failures += 1;
        }
        let failure = match made.outcome {
            Outcome::Succeeded(value) => return Ok(value),
            Outcome::Failed(failure) | Outcome::Unconfirmed(failure) => failure,
        };
        progress.elapsed = pacer.now().saturating_sub(began);
        let reason = match decide(policy, progress, &failure, pacer.entropy()) {
            Decision::Stop(reason) => reason,
            Decision::RetryAfter(wait) => {
                let waiting = Waiting {
                    wait,
                    next_attempt: progress.tries + 1,
                    attempts_max: policy.tries_max,
                    failure: &failure,
                };
                match pacer.wait(&waiting).await {
                    Woken::InTime => continue,
                    Woken::CalledOff => StopReason::CalledOff,
                }
            }
        };
        return Err(Stopped::GaveUp {
            failure,
            reason,
            attempts: progress.tries,
        });
    }
}

#[cfg(test)]
mod tests;
