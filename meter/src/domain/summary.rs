//! What a session costs: its usage, rated now.

mod build;
pub(in crate::domain) mod part;
mod pricer;

use jiff::Timestamp;
use jiff::civil::Date;
use reelmeter_rating::price_book::Billing;
use reelmeter_rating::{CostLine, Money, Name, PricingState};

use super::budget::{BudgetStatus, ReservationStatus};
use super::series::Series;
use super::usage::{BilledSum, ClassKey};

pub use build::{book_reference, build, rated_now, reservations};
pub use pricer::{Priced, Pricer};

/// The prices of the moment: the table and how often its overrides have changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// The rates in force.
    pub table: reelmeter_rating::RateTable,
    /// One more with each change of the overrides.
    pub revision: i64,
    /// A quantity whose cost fits at the highest rate of all, so that smaller ones need no look.
    safe_quantity: i128,
}

impl Prices {
    /// The prices of a table.
    #[must_use]
    pub fn new(table: reelmeter_rating::RateTable, revision: i64) -> Self {
        let highest = table
            .rates()
            .map(|(_, rate)| rate.per_unit().units())
            .max()
            .unwrap_or(0);
        let safe_quantity = Money::MAX.units().checked_div(highest).unwrap_or(i128::MAX);
        Self {
            table,
            revision,
            safe_quantity,
        }
    }

    /// The same prices under another revision.
    #[must_use]
    pub fn with_revision(self, revision: i64) -> Self {
        Self { revision, ..self }
    }

    /// Whether no quantity of an event can cost more than can be written down exactly.
    #[must_use]
    pub fn is_safe(&self, values: &[i64]) -> bool {
        values
            .iter()
            .all(|value| i128::from(*value) <= self.safe_quantity)
    }

    /// Which quantity of an event costs more than can be written down exactly, if one does: its place and why.
    #[must_use]
    pub fn beyond(
        &self,
        key: &ClassKey,
        series: &Series,
        values: &[i64],
        now: Timestamp,
    ) -> Option<(usize, String)> {
        if !series.is_priced() || self.is_safe(values) {
            return None;
        }
        values.iter().enumerate().find_map(|(position, value)| {
            let class = key.usage_class(series, position)?;
            let error = self.table.rate(&class, i128::from(*value), now).err()?;
            Some((position, error.to_string()))
        })
    }
}

/// A line with what the provider says that it billed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The rated quantity.
    pub line: CostLine,
    /// The billed figures, by unit.
    pub billed: Vec<BilledSum>,
    /// Why there is no price, where there is none.
    pub unpriced_because: Option<String>,
}

/// One metric of a service, a model or a stage, in one pricing state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricEntry {
    /// What is counted.
    pub metric: Name,
    /// What the cost is based on.
    pub state: PricingState,
    /// How much of it.
    pub quantity: i128,
    /// How much of the quantity is estimated.
    pub estimated_quantity: i128,
    /// What it costs; `Some` exactly for rated and free.
    pub cost: Option<Money>,
    /// The lines that it is the sum of; only in entries of models.
    pub lines: Vec<Line>,
}

/// All input and all output tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// All input metrics together.
    pub input: i128,
    /// All output metrics together.
    pub output: i128,
}

/// A part of the summary: a service, a model of one, or a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The sum of its rated and free metrics; `None` if there are none.
    pub cost: Option<Money>,
    /// Its metrics, in the order input, output, other, then by name.
    pub metrics: Vec<MetricEntry>,
    /// Its tokens.
    pub tokens: Tokens,
    /// How many events count.
    pub events: i64,
}

/// A service's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEntry {
    /// The service.
    pub service: Name,
    /// How it is billed; `None` if the price book does not know it.
    pub billing: Option<Billing>,
    /// Its figures.
    pub entry: Entry,
}

/// A model's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry {
    /// The service.
    pub service: Name,
    /// The model, or the voice ID.
    pub model: Name,
    /// A name to show beside it; empty for none.
    pub display_name: Name,
    /// Its figures.
    pub entry: Entry,
}

/// A stage's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageEntry {
    /// The stage; empty for calls that named none.
    pub stage: Name,
    /// Its figures.
    pub entry: Entry,
}

/// What has no price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpriced {
    /// The service.
    pub service: Name,
    /// The model that sets the price.
    pub rate_model: Name,
    /// What is counted.
    pub metric: Name,
    /// How much of it.
    pub quantity: i128,
    /// Why it has none and what to do.
    pub reason: String,
}

/// The price book as a summary names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookReference {
    /// Its name.
    pub name: String,
    /// The day as of which its prices were collected.
    pub as_of: Date,
    /// Full days from that day to the rating.
    pub age_days: i64,
    /// Whether prices may have moved since.
    pub stale: bool,
    /// How many overrides are in force.
    pub overrides: usize,
    /// Whether the prices are those that the session ended with.
    pub frozen: bool,
}

/// A session's totals. The costs by model add up to the costs by service, and those to the total.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// What everything with a price costs.
    pub total: Money,
    /// Per service, largest cost first, then by name.
    pub services: Vec<ServiceEntry>,
    /// Per model, largest cost first, then by name.
    pub models: Vec<ModelEntry>,
    /// Per stage, in the order in which each was first recorded.
    pub stages: Vec<StageEntry>,
    /// What has no price.
    pub unpriced: Vec<Unpriced>,
    /// Where the budget stands.
    pub budget: Option<BudgetStatus>,
    /// The reservations on it.
    pub reservations: Vec<ReservationStatus>,
    /// The price book.
    pub book: BookReference,
    /// How often the overrides had changed.
    pub price_revision: i64,
    /// All tokens.
    pub tokens: Tokens,
    /// How many events count.
    pub events: i64,
    /// Events whose usage nobody knows.
    pub unconfirmed_events: i64,
    /// The part of the total that rests on estimated quantities.
    pub estimated_cost: Money,
    /// What failed and discarded calls cost.
    pub failed_cost: Money,
    /// How many such calls there are.
    pub failed_events: i64,
    /// When it was rated: now, or when the session ended.
    pub rated: Timestamp,
}
