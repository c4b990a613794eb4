//! What a tool links to record usage: a durable outbox, batching, retry.
//!
//! Recording is a write to the local disk and nothing else. The meter may be slow, down or restarted at any moment:
//! what was recorded waits in the outbox, one SQLite file, and is delivered when the meter is back, counted once.
//!
//! 1. [`Recorder::begin`] before the provider is asked: the call's id and intent are on disk when it returns.
//! 2. Ask the provider.
//! 3. [`Call::used`] with what it used, before the result is used; or [`Call::unconfirmed`] if nobody knows.
//!
//! A process that dies between 1 and 3 finds the call again at its next start and records it as *unconfirmed*: shown
//! on its own, never guessed, never zero.
//!
//! Sessions are started and ended through the outbox too, in order: the end goes out when all events have arrived.

pub mod abort;
mod backoff;
mod call;
mod counts;
mod delivery;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod lease;
mod outbox;
pub mod prices;
mod recorder;
mod summary;
mod world;

pub use call::{Intent, Used};
pub use counts::SessionCounts;
pub use delivery::{Link, authorized, for_tenant};
pub use error::{OpenError, RecordError};
pub use lease::{Lease, LeaseError, NotAdmitted, Permit, Reserve};
pub use recorder::{Call, Recorder};
pub use summary::{LocalSession, headline, summary};
pub use world::{System, World};
