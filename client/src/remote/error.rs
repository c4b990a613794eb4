//! What a service's failure means to the person in front of it.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};

use crate::facts::FactError;
use crate::printable::{Cap, Text};

/// One of the two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The one that counts.
    Meter,
    /// The one that makes videos.
    Generator,
}

impl Peer {
    /// The program's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Meter => "meter",
            Self::Generator => "generator",
        }
    }

    /// The setting that holds its address.
    #[must_use]
    pub fn setting(self) -> &'static str {
        match self {
            Self::Meter => "METER_ADDR",
            Self::Generator => "GENERATOR_ADDR",
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a service did not give what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// Nobody answers at the address.
    #[error("the {peer} is not reachable at {address} ({reason}); start it with `{peer}`, or name another one with {}", peer.setting())]
    Unreachable {
        /// Which service.
        peer: Peer,
        /// Where.
        address: Text,
        /// What the connection said.
        reason: Text,
    },
    /// It took the call and did not answer in time.
    #[error("the {peer} at {address} did not answer within {} s; try again", after.as_secs())]
    Timeout {
        /// Which service.
        peer: Peer,
        /// Where.
        address: Text,
        /// The limit.
        after: Duration,
    },
    /// It answered that it cannot serve right now.
    #[error("the {peer} cannot answer now: {message}; try again")]
    Busy {
        /// Which service.
        peer: Peer,
        /// What it said.
        message: Text,
    },
    /// There is no such thing.
    #[error("{message}")]
    NotFound {
        /// What it said.
        message: Text,
    },
    /// This version of the service does not do that.
    #[error("this {peer} cannot do that yet: {message}")]
    Unimplemented {
        /// Which service.
        peer: Peer,
        /// What it said.
        message: Text,
    },
    /// It wants to know who calls.
    #[error(
        "the {peer} refuses this caller: {message}; set REELMETER_TOKEN to a token that it knows"
    )]
    Unauthorised {
        /// Which service.
        peer: Peer,
        /// What it said.
        message: Text,
    },
    /// It refused the request.
    #[error("the {peer} refused: {message}")]
    Refused {
        /// Which service.
        peer: Peer,
        /// What it said.
        message: Text,
    },
    /// It answered something that cannot be.
    #[error("the {peer} sent something that this client cannot read: {source}")]
    Nonsense {
        /// Which service.
        peer: Peer,
        /// What is wrong with it.
        source: FactError,
    },
}

impl RemoteError {
    /// Whether the same call may succeed later without anybody doing anything about it.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Busy { .. }
        )
    }

    /// What a failed call means. `address` is the peer's.
    #[must_use]
    pub fn from_status(peer: Peer, address: &str, status: &Status) -> Self {
        let message = sentence(status);
        match status.code() {
            // tonic keeps the cause of what went wrong on this side of the wire; what the peer said has none.
            Code::Unavailable | Code::Unknown | Code::Cancelled if status.source().is_some() => {
                Self::Unreachable {
                    peer,
                    address: Text::line(address),
                    reason: Text::line(&innermost(status)),
                }
            }
            Code::Unavailable
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::Cancelled
            | Code::DeadlineExceeded => Self::Busy { peer, message },
            Code::NotFound => Self::NotFound { message },
            Code::Unimplemented => Self::Unimplemented { peer, message },
            Code::Unauthenticated | Code::PermissionDenied => Self::Unauthorised { peer, message },
            _ => Self::Refused { peer, message },
        }
    }
}

fn sentence(status: &Status) -> Text {
    if status.message().is_empty() {
        Text::line(status.code().description())
    } else {
        Text::new(status.message(), Cap::Line)
    }
}

/// The cause of the causes: `Connection refused (os error 111)` rather than `transport error`.
fn innermost(status: &Status) -> String {
    let mut cause = status.source();
    let mut text = status.message().to_owned();
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    // The number of the system's error tells a person nothing that its words do not.
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: &Status) -> String {
        RemoteError::from_status(Peer::Meter, "http://127.0.0.1:50051", status).to_string()
    }

    #[test]
    fn every_refusal_names_the_service_and_the_next_step() {
        assert_eq!(
            error(&Status::not_found("there is no session x")),
            "there is no session x"
        );
        assert_eq!(
            error(&Status::unavailable("shutting down")),
            "the meter cannot answer now: shutting down; try again"
        );
        assert_eq!(
            error(&Status::unauthenticated("no token")),
            "the meter refuses this caller: no token; set REELMETER_TOKEN to a token that it knows"
        );
        assert_eq!(
            error(&Status::invalid_argument("")),
            "the meter refused: Client specified an invalid argument"
        );
    }

    #[test]
    fn what_a_service_says_does_nothing_to_the_terminal() {
        assert_eq!(
            error(&Status::internal("\u{1b}]0;owned\u{7}")),
            "the meter refused: \u{fffd}]0;owned\u{fffd}"
        );
    }
}
