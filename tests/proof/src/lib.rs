//! Protects "acknowledged is durable" and "counted once": the real meter under load is killed, or its machine loses its
//! power, at random moments, again and again over one ledger. After each start the ledger is compared with what its
//! callers know. The generator's program is killed as well, and its ledger compared with the account of the simulator that
//! stands in for the providers. `docs/reliability.md` says how to run it, and what it cannot show.

pub mod account;
pub mod cuts;
pub mod dice;
pub mod event;
mod failure;
pub mod file;
pub mod guest;
pub mod kills;
pub mod known;
pub mod load;
pub mod outbox;
mod process;
pub mod program;
pub mod server;
pub mod settle;
pub mod videos;

pub use failure::{Failure, Result};
