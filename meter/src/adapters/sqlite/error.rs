//! What SQLite says, in the meter's words.

use rusqlite::ErrorCode;

use crate::application::Error;

/// Within this adapter: an error that has already been put into the meter's words.
pub(super) type Result<T> = std::result::Result<T, Error>;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        match code {
            Some(ErrorCode::DiskFull) => Self::StorageFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::StorageUnavailable(
                "another program holds a lock on the database file".to_owned(),
            ),
            Some(ErrorCode::ReadOnly) => {
                Self::StorageUnavailable("the database file is read-only".to_owned())
            }
            Some(
                ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::PermissionDenied,
            ) => Self::StorageUnavailable(format!("the disk refuses: {error}")),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::StorageUnavailable(
                format!("the database file is damaged: {error}; restore it from a backup"),
            ),
            Some(ErrorCode::OutOfMemory) => Self::StorageUnavailable("out of memory".to_owned()),
            _ => Self::Internal(format!("the store said: {error}")),
        }
    }
}

pub(super) use crate::adapters::columns::damaged;
