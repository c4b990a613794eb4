//! What PostgreSQL says, in the meter's words.

use tokio_postgres::error::SqlState;

use crate::application::Error;

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Failure {
    /// The same again may well succeed: another transaction was in the way.
    Again(String),
    /// The connection is gone, and with it the transaction.
    Lost(String),
    /// It will not succeed.
    Said(Error),
}

/// Within this adapter.
pub(super) type Result<T> = std::result::Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Again(reason) => Self::StorageUnavailable(format!(
                "other writers were in the way too often ({reason})"
            )),
            Failure::Lost(reason) => {
                Self::StorageUnavailable(format!("the database does not answer: {reason}"))
            }
            Failure::Said(error) => error,
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            // Whatever is no answer of the server is about the way to it, except what this program got wrong itself.
            let reason = words(&error);
            return if error.is_closed() || is_about_the_way(&error) {
                Self::Lost(reason)
            } else {
                Self::Said(Error::Internal(format!("the store said: {reason}")))
            };
        };
        let code = said.code();
        let message = said.message();
        match code.code().get(..2).unwrap_or_default() {
            _ if *code == SqlState::T_R_DEADLOCK_DETECTED
                || *code == SqlState::T_R_SERIALIZATION_FAILURE
                || *code == SqlState::UNIQUE_VIOLATION
                || *code == SqlState::LOCK_NOT_AVAILABLE =>
            {
                Self::Again(message.to_owned())
            }
            _ if *code == SqlState::DISK_FULL => Self::Said(Error::StorageFull),
            // The server stops, starts, or has lost the connection's process.
            "08" | "57" if *code != SqlState::QUERY_CANCELED => Self::Lost(message.to_owned()),
            "57" => Self::Said(Error::StorageUnavailable(format!(
                "the database took too long ({message})"
            ))),
            "53" => Self::Said(Error::StorageUnavailable(format!(
                "the database has no room left for it ({message})"
            ))),
            "25" => Self::Said(Error::StorageUnavailable(format!(
                "the database takes no writes ({message}); name its primary in METER_STORE"
            ))),
            "28" | "3D" | "42" if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                Self::Said(Error::StorageUnavailable(format!(
                    "the database refuses this user ({message}); see the rights in docs/scale.md"
                )))
            }
            "28" | "3D" => Self::Said(Error::StorageUnavailable(format!(
                "the database refuses this user ({message}); check METER_STORE and METER_STORE_PASSWORD"
            ))),
            _ => Self::Said(Error::Internal(format!(
                "the store said: {message} ({})",
                code.code()
            ))),
        }
    }
}

/// Whether an error without an answer of the server is about the way to it: a socket that is not there, a broken
/// connection, a handshake that failed.
fn is_about_the_way(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<std::io::Error>() {
            return true;
        }
        source = inner.source();
    }
    // Without a source there is only what the library says: "connection closed", "timeout waiting for server".
    std::error::Error::source(error).is_none() && error.to_string().contains("connect")
}

/// An error with what lies beneath it.
pub(super) fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = inner.source();
    }
    text
}
