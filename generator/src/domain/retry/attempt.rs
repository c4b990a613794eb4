//! One try of a provider call, and everything that it leaves behind.

use std::time::Duration;

use super::Failure;
use crate::domain::usage::{Usage, Variant};

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The value is here.
    Succeeded(T),
    /// There is no value, and what was billed is known: the attempt's usage, which is
    /// empty for an error status (Google's billing FAQ: a 400 or 500 is not charged).
    Failed(Failure),
    /// The request was sent and the end is unknown: it may have been billed.
    Unconfirmed(Failure),
}

/// What the provider said about how it served a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// The model that answered, by the provider's own account (`modelVersion`).
    pub model_version: Option<String>,
    /// The provider's id of the call (`responseId`, `request-id`).
    pub request_id: Option<String>,
    /// The tier that served it (`x-gemini-service-tier`); `None` when not said.
    pub variant: Option<Variant>,
    /// Whether the answer said that it comes from a simulator: its usage must never be
    /// recorded as real. `false` also when no answer came.
    pub simulated: bool,
    /// How many calls at the same time the provider allows this account
    /// (`maximum-concurrent-requests`); `None` when not said.
    pub parallel_max: Option<u32>,
    /// From sending to the last byte, or to the failure.
    pub took: Duration,
}

/// One try of a provider call. Each is one event in the meter's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt<T> {
    /// How it ended.
    pub outcome: Outcome<T>,
    /// What it used. Also a failed attempt can have used something.
    pub usage: Usage,
    /// How it was served.
    pub served: Served,
}

impl<T> Attempt<T> {
    /// An attempt that the provider refused, or that never reached it: nothing billed.
    #[must_use]
    pub fn refused(failure: Failure, served: Served) -> Self {
        Self {
            outcome: Outcome::Failed(failure),
            usage: Usage::none(),
            served,
        }
    }

    /// An attempt that was sent and whose end is unknown.
    #[must_use]
    pub fn unconfirmed(failure: Failure, served: Served) -> Self {
        Self {
            outcome: Outcome::Unconfirmed(failure),
            usage: Usage::none(),
            served,
        }
    }

    /// Whether the provider charged for it or may have.
    #[must_use]
    pub fn may_be_billed(&self) -> bool {
        match self.outcome {
            Outcome::Succeeded(_) | Outcome::Unconfirmed(_) => true,
            Outcome::Failed(_) => !self.usage.is_empty(),
        }
    }

    /// Why there is no value; `None` when there is one.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match &self.outcome {
            Outcome::Succeeded(_) => None,
            Outcome::Failed(failure) | Outcome::Unconfirmed(failure) => Some(failure),
        }
    }

    /// The same attempt with its value turned into another.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Attempt<U> {
        Attempt {
            outcome: match self.outcome {
                Outcome::Succeeded(value) => Outcome::Succeeded(turn(value)),
                Outcome::Failed(failure) => Outcome::Failed(failure),
                Outcome::Unconfirmed(failure) => Outcome::Unconfirmed(failure),
            },
            usage: self.usage,
            served: self.served,
        }
    }
}
