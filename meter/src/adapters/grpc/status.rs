//! The meter's errors as gRPC statuses, in one place.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::application::Error;
use crate::application::error::Exhausted;

/// Who says so, in `ErrorInfo`.
const DOMAIN: &str = "reelmeter.meter.v1";
/// How long to wait before the same request is worth another try, when too many wait for the ledger.
const RETRY_BUSY_AFTER: Duration = Duration::from_millis(200);
/// The same when the ledger cannot be written: the meter looks once a second whether it can be again.
const RETRY_STORAGE_AFTER: Duration = Duration::from_secs(1);

/// The status of an error, with what a program needs to act on it: the fields that break rules, what was not found, when
/// to try again.
pub(super) fn status(error: Error) -> Status {
    let message = error.to_string();
    match error {
        Error::Invalid(problems) => {
            let mut details = ErrorDetails::new();
            for problem in problems {
                details.add_bad_request_violation(problem.field, problem.reason);
            }
            Status::with_error_details(Code::InvalidArgument, message, details)
        }
        Error::NotFound { kind, name } => {
            let details = ErrorDetails::with_resource_info(kind, name, "", "does not exist");
            Status::with_error_details(Code::NotFound, message, details)
        }
        Error::Precondition(_) => Status::failed_precondition(message),
        Error::BudgetExhausted(exhausted) => {
            let Exhausted {
                session_id,
                remaining,
                ..
            } = *exhausted;
            let metadata = HashMap::from([
                ("session_id".to_owned(), session_id),
                ("remaining".to_owned(), remaining.words()),
            ]);
            let details = ErrorDetails::with_error_info("BUDGET_EXHAUSTED", DOMAIN, metadata);
            Status::with_error_details(Code::ResourceExhausted, message, details)
        }
        Error::Busy => retry(Code::ResourceExhausted, message, RETRY_BUSY_AFTER),
        Error::StorageFull => retry(Code::ResourceExhausted, message, RETRY_STORAGE_AFTER),
        Error::StorageUnavailable(_) | Error::Stopping => {
            retry(Code::Unavailable, message, RETRY_STORAGE_AFTER)
        }
        Error::Internal(_) => {
            tracing::error!(message, "a request failed in a way that it should not");
            Status::internal(message)
        }
    }
}

fn retry(code: Code, message: String, after: Duration) -> Status {
    Status::with_error_details(code, message, ErrorDetails::with_retry_info(Some(after)))
}
