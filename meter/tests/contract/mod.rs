//! The promises, one function each, for any store.

pub mod budgets;
pub mod corrections;
pub mod listings;
pub mod prices;
pub mod properties;
pub mod recording;
pub mod reports;
pub mod retention;
pub mod sessions;
pub mod starts;
mod upgrades;
