//! Money, usage, price books and rating, without a clock, a disk or a network.
//!
//! The way of a figure through this crate:
//!
//! 1. An event's quantities are split into [`UsageClass`]es ([`classify()`]): everything that can
//!    change a price, and nothing else. A store keeps running sums by class.
//! 2. A [`RateTable`] (a [`PriceBook`] under the overrides a person set) answers which rate a
//!    class takes ([`RateTable::resolve`]) and why.
//! 3. A [`Resolution`] times a quantity is a [`CostLine`]: quantity, pricing state, cost and
//!    where all of them came from.
//! 4. A [`Breakdown`] adds lines up by service and by model; both always add up to the total.
//!
//! Because cost is computed when it is read, re-pricing is nothing but another [`RateTable`].
//! Nobody outside this crate multiplies a rate.

pub mod breakdown;
pub mod class;
pub mod credits;
pub mod environment;
pub mod metric;
pub mod money;
pub mod name;
pub mod overrides;
pub mod period;
pub mod price_book;
pub mod price_file;
mod price_text;
pub mod rate;
pub mod rating;
pub mod service;
pub mod table;
pub mod usage;
mod utc;

pub use breakdown::Breakdown;
pub use class::{ContextTier, EventTraits, QuantityView, Usage, UsageClass, classify};
pub use money::Money;
pub use name::Name;
pub use overrides::{Layer, Overrides};
pub use period::{Boundaries, Period};
pub use price_book::PriceBook;
pub use price_file::PriceFileError;
pub use rate::{Rate, RateSpec};
pub use rating::{CostLine, PricingState, Resolution};
pub use table::RateTable;
pub use usage::{Basis, Outcome, Variant};
