//! What one package says, in one shape for both.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use reelmeter_rating::Money;
use reelmeter_rating::usage::Variant;

/// When a price applies: from the midnight in UTC of one day until that of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dated {
    /// The first day; `None` for always.
    pub start: Option<Date>,
    /// The first day it no longer applies; `None` for never.
    pub end: Option<Date>,
}

/// One price of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The metric it is for.
    pub metric: String,
    /// The way of processing.
    pub variant: Variant,
    /// The context tier's threshold.
    pub above: Option<u64>,
    /// The money.
    pub amount: Money,
    /// For how many units.
    pub per: u64,
    /// When.
    pub when: Dated,
}

/// A model of a package.
#[derive(Clone, Debug, Default)]
pub struct ModelListing {
    /// Its prices.
    pub findings: Vec<Finding>,
    /// The day it was shut down, or will be.
    pub shut_down: Option<Date>,
    /// Whether the package calls it gone.
    pub retired: bool,
}

/// A price that is not taken over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The service.
    pub service: String,
    /// The model.
    pub model: String,
    /// The package's name for the price.
    pub field: String,
    /// Its figure, as written.
    pub amount: String,
    /// Why.
    pub reason: &'static str,
}

/// A package's prices for the services that are wanted.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// By service and model.
    pub models: BTreeMap<(String, String), ModelListing>,
    /// What was not taken over.
    pub left_out: BTreeSet<LeftOut>,
}
