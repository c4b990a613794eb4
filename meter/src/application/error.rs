//! What can go wrong, in few words. Each knows whether trying again can help; `adapters/grpc/status.rs` says how the wire
//! calls them.

use std::fmt;

use crate::domain::budget::Cap;
use crate::domain::problem::Problem;

/// Why a request was not carried out. Nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request breaks rules.
    #[error("{}", problems(.0))]
    Invalid(Vec<Problem>),
    /// There is no such thing.
    #[error("{kind} `{name}` does not exist{}", advice(.kind))]
    NotFound {
        /// What was looked for: `session`, `price book`, `reservation`.
        kind: &'static str,
        /// Its name, as it was asked for.
        name: String,
    },
    /// The thing is there and is not in a state for this.
    #[error("{0}")]
    Precondition(String),
    /// Less of the budget remains than was asked for.
    #[error("{0}")]
    BudgetExhausted(Box<Exhausted>),
    /// Too many requests wait for the ledger.
    #[error("too many requests wait for the ledger; try again in a moment with the same ids")]
    Busy,
    /// The disk that holds the ledger is full.
    #[error("the disk that holds the ledger is full; make room, then try again with the same ids")]
    StorageFull,
    /// The ledger cannot be written or read now.
    #[error("the ledger is not available: {0}; try again with the same ids")]
    StorageUnavailable(String),
    /// The meter is shutting down.
    #[error("the meter is shutting down; try again with the same ids")]
    Stopping,
    /// Something that must not happen did.
    #[error("the meter failed in a way that it should not: {0}; please report it")]
    Internal(String),
}

/// A budget of which too little is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// The session.
    pub session_id: String,
    /// What can still be reserved.
    pub remaining: Cap,
    /// What was asked for; `None` for all that remains.
    pub asked: Option<Cap>,
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = self
            .asked
            .as_ref()
            .map_or_else(|| "more".to_owned(), Cap::words);
        let (session_id, remaining) = (&self.session_id, self.remaining.words());
        write!(
            f,
            "session `{session_id}` has {remaining} left of its budget, {asked} were asked for; \
             raise it with SetBudget or ask for less"
        )
    }
}

impl Error {
    /// A single broken rule.
    #[must_use]
    pub fn invalid(problem: Problem) -> Self {
        Self::Invalid(vec![problem])
    }

    /// A session that is not there.
    #[must_use]
    pub fn no_session(session_id: &str) -> Self {
        Self::NotFound {
            kind: "session",
            name: session_id.to_owned(),
        }
    }

    /// Whether the ledger itself failed, so that it does not count as serving until a write succeeds.
    #[must_use]
    pub fn is_storage(&self) -> bool {
        matches!(
            self,
            Self::StorageFull | Self::StorageUnavailable(_) | Self::Internal(_)
        )
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::invalid(problem)
    }
}

fn problems(problems: &[Problem]) -> String {
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    all.join("; ")
}

fn advice(kind: &str) -> &'static str {
    match kind {
        "session" => "; StartSession or the first recorded event makes one",
        "price book" => "; ListPriceBooks names those that there are",
        "reservation" => "; ReserveBudget makes one",
        _ => "",
    }
}
