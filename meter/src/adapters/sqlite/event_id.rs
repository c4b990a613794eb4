//! How the database keeps event ids: UUIDs as sixteen bytes, any other id as its text.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use crate::domain::event_id::EventId;

impl ToSql for EventId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Uuid(bytes) => ValueRef::Blob(bytes),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl FromSql for EventId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Blob(bytes) => bytes
                .try_into()
                .map(Self::Uuid)
                .map_err(|_| FromSqlError::InvalidType),
            ValueRef::Text(_) => value.as_str().map(|text| Self::Text(Box::from(text))),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}
