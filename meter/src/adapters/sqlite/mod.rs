//! The ledger in an SQLite file: one writer with group commit, rollups in memory, readers beside it.

mod archive;
mod archive_file;
mod archived;
mod audit;
mod backlog;
mod between;
mod budget;
mod codec;
mod control;
mod error;
mod event_id;
mod fine;
mod fold;
mod keys;
mod ledger;
mod library;
mod listing;
mod load;
pub mod lock;
mod new_rows;
mod open;
mod rates;
mod recent;
mod record;
mod row;
mod soundness;
mod tail;
mod tail_file;
mod tenant_prices;
mod verify;

pub use archive::{ArchiveError, Moved, Order, Progress, Step, archive};
pub use ledger::SqliteLedger;
pub use library::SqliteLibrary;
pub use open::OpenError;
pub use verify::{copy, verify};
