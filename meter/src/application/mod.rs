//! In what order the truth is asked for and kept: the ports, the queue in front of the writer, and the use cases.

pub mod error;
pub mod gauges;
pub mod housekeeping;
pub mod live;
pub mod meter;
pub mod ports;
pub mod record_usage;
pub mod reports;
pub mod rules;
pub mod transfer;
pub mod verification;
pub mod watch_summary;
pub mod writer;

pub use error::Error;
pub use meter::Meter;
