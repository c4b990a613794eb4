//! Errors as gRPC tells them, in one place.

use tonic::Status;

use crate::application::ports::StoreError;
use crate::application::{CreateError, StudioError};
use crate::domain::retry::{Failure, FailureClass};

pub(super) fn of_create(error: CreateError) -> Status {
    let text = error.to_string();
    match error {
        CreateError::OtherSpec { .. } => Status::already_exists(text),
        CreateError::NotReady(_) | CreateError::NoAnimator(_) => Status::failed_precondition(text),
        CreateError::Store(error) => of_store(&error),
        CreateError::Stopping => Status::unavailable(text),
    }
}

pub(super) fn of_studio(error: StudioError) -> Status {
    let text = error.to_string();
    match error {
        StudioError::NotFound { .. } | StudioError::NothingToResume => Status::not_found(text),
        StudioError::Refused(_) | StudioError::NotReady(_) | StudioError::NoAnimator(_) => {
            Status::failed_precondition(text)
        }
        StudioError::Store(error) => of_store(&error),
        StudioError::Ledger(_) => Status::internal(text),
        StudioError::Stopping => Status::unavailable(text),
    }
}

pub(super) fn of_store(error: &StoreError) -> Status {
    let text = error.to_string();
    match error {
        StoreError::DiskFull { .. } => Status::resource_exhausted(text),
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
        _ => Status::unavailable(text),
    }
}
