//! The ledger in PostgreSQL, shared by any number of meters.
//!
//! A session's row is the lock of everything that belongs to it: whoever changes a session takes it first, in one order,
//! and adds one to its version in the same transaction. What a replica has in memory of a session is good for one version;
//! the version in the row is the truth, and a notification only says that it is time to look.

mod address;
mod audit;
mod connection;
mod control;
mod error;
mod event;
mod fine;
mod follow;
mod import;
mod ledger;
mod library;
mod listing;
mod load;
mod mirror;
mod open;
mod partitions;
mod rates;
mod record;
mod shared;
mod stage;
mod verify;
mod write;

pub use address::{Address, AddressError, Options};
pub use import::{Imported, import};
pub use ledger::PostgresLedger;
pub use library::PostgresLibrary;
pub use open::OpenError;
pub use verify::verify;
