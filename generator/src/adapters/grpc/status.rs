//! Errors as gRPC tells them, in one place.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::application::ports::StoreError;
use crate::application::{CreateError, StudioError};
use crate::domain::retry::{Failure, FailureClass};

/// What a video is called in an error's details.
const VIDEO: &str = "video";
/// A generator that stops is back within seconds, and a provider that fails seldom for longer.
const RETRY_AFTER: Duration = Duration::from_secs(5);

pub(super) fn of_create(error: CreateError) -> Status {
    let text = error.to_string();
    match error {
        CreateError::OtherSpec { id, .. } => {
            let details =
                ErrorDetails::with_resource_info(VIDEO, id, "", "was made from another spec");
            Status::with_error_details(Code::AlreadyExists, text, details)
        }
        CreateError::NotReady(_) | CreateError::NoAnimator(_) => Status::failed_precondition(text),
        CreateError::Store(error) => of_store(&error),
        CreateError::Stopping => later(Code::Unavailable, text),
    }
}

pub(super) fn of_studio(error: StudioError) -> Status {
    let text = error.to_string();
    match error {
        StudioError::NotFound { id } => {
            let details = ErrorDetails::with_resource_info(VIDEO, id, "", "does not exist");
            Status::with_error_details(Code::NotFound, text, details)
        }
        StudioError::NothingToResume => Status::not_found(text),
        StudioError::Refused(_) | StudioError::NotReady(_) | StudioError::NoAnimator(_) => {
            Status::failed_precondition(text)
        }
        StudioError::Store(error) => of_store(&error),
        StudioError::Ledger(_) => Status::internal(text),
        StudioError::Stopping => later(Code::Unavailable, text),
    }
}

pub(super) fn of_store(error: &StoreError) -> Status {
    let text = error.to_string();
    match error {
        StoreError::DiskFull { .. } => later(Code::ResourceExhausted, text),
        StoreError::Io { .. } => Status::internal(text),
        StoreError::Damaged { .. } => Status::data_loss(text),
    }
}

/// What a provider did not give.
pub(super) fn of_failure(failure: &Failure) -> Status {
    let text = failure.to_string();
    match failure.class {
        FailureClass::KeyRefused
        | FailureClass::NotPermitted
        | FailureClass::CreditUsedUp
        | FailureClass::QuotaUsedUp => Status::failed_precondition(text),
        _ => later(Code::Unavailable, text),
    }
}

/// Something that another try may mend.
fn later(code: Code, text: String) -> Status {
    let details = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
    Status::with_error_details(code, text, details)
}

/// A field that breaks a rule.
pub(super) fn invalid(field: &str, rule: &str) -> Status {
    let details = ErrorDetails::with_bad_request_violation(field, rule);
    Status::with_error_details(Code::InvalidArgument, format!("{field}: {rule}"), details)
}
