//! What every program of Reelmeter does the same way: settings, secrets, logs, listening, TLS,
//! health checks, shutdown, and how an error is said to a person.
//!
//! A program's `main.rs` is [`program::run`] with its settings and its body; everything else here
//! can be used piece by piece, by tests and by the program that runs all services in one process.

pub mod clock;
pub mod connect;
pub mod csv;
pub mod door;
pub mod failure;
pub mod health;
pub mod ids;
pub mod listen;
pub mod metrics;
pub mod program;
pub mod secret;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod tls;
pub mod traces;
pub mod version;

pub use clock::{Clock, SystemClock};
pub use ids::{Ids, UuidIds};
pub use program::Program;
pub use secret::Secret;
pub use settings::{Common, Settings};
// The token that `run` functions watch, so that callers need not name tokio-util themselves.
pub use tokio_util::sync::CancellationToken;
