//! What is true without a clock, a disk or a network: which events are sound, what a session's usage adds up to, and
//! what a summary says of it.

pub mod alike;
pub mod audit;
pub mod budget;
pub mod content_hash;
pub mod decimal;
pub mod event;
pub mod event_id;
pub mod limits;
pub mod problem;
pub mod query;
pub mod quota;
pub mod receipt;
pub mod recorder;
pub mod rollup;
pub mod series;
pub mod session;
pub mod soundness;
pub mod summary;
pub mod tenant_prices;
pub mod text;
pub mod usage;
pub mod validate;

/// The tenant of everything that does not name one.
pub const DEFAULT_TENANT: &str = "";
