//! The outbox on disk: one SQLite file, one thread that writes it, and a group of waiting writes to each commit.

mod schema;
pub(crate) mod store;
mod writer;

pub(crate) use schema::Opened;
#[cfg(any(test, fuzzing))]
pub(crate) use schema::schema_of;
pub(crate) use store::{Batch, Command, CommandKind, Store};
pub(crate) use writer::{Touched, Writer};
