//! Adding up: what a service, a model, a stage or a group of them has used.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use reelmeter_rating::metric::{Side, side};
use reelmeter_rating::{Basis, Money, Name, PricingState, UsageClass};

use super::{Entry, Line, MetricEntry, Priced};
use crate::domain::series::Series;
use crate::domain::usage::{ClassKey, Sum};

/// Adds amounts of which it is known that they fit together; beyond the largest amount it stays there.
pub(in crate::domain) fn sum(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or(if b.is_negative() {
        Money::MIN
    } else {
        Money::MAX
    })
}

/// A quantity and its cost.
pub(in crate::domain) struct Figure {
    pub(in crate::domain) quantity: i128,
    pub(in crate::domain) state: PricingState,
    pub(in crate::domain) cost: Option<Money>,
    pub(in crate::domain) basis: Basis,
}

impl Figure {
    /// A part of a class's quantity, as the class is rated.
    pub(in crate::domain) fn of(priced: &Priced, quantity: i128, basis: Basis) -> Self {
        let cost = priced.cost(quantity);
        // A cost beyond the largest amount is no cost, and no zero either.
        let state = match priced.resolution.state {
            PricingState::Rated if cost.is_none() => PricingState::Unpriced,
            state => state,
        };
        Self {
            quantity,
            state,
            cost,
            basis,
        }
    }
}

/// A part of the summary while it is added up.
#[derive(Default)]
pub(in crate::domain) struct Part {
    pub(in crate::domain) entry: Entry,
    metrics: BTreeMap<(Side, Name, PricingState), MetricEntry>,
}

impl Part {
    pub(in crate::domain) fn add(&mut self, metric: &Name, figure: &Figure, line: Option<Line>) {
        let key = (side(metric), metric.clone(), figure.state);
        let entry = self.metrics.entry(key).or_insert_with(|| MetricEntry {
            metric: metric.clone(),
            state: figure.state,
            quantity: 0,
            estimated_quantity: 0,
            cost: None,
            lines: Vec::new(),
        });
        entry.quantity += figure.quantity;
        if figure.basis == Basis::Estimated {
            entry.estimated_quantity += figure.quantity;
        }
        if let Some(cost) = figure.cost {
            entry.cost = Some(sum(entry.cost.unwrap_or_default(), cost));
            self.entry.cost = Some(sum(self.entry.cost.unwrap_or_default(), cost));
        }
        match side(metric) {
            Side::Input => self.entry.tokens.input += figure.quantity,
            Side::Output => self.entry.tokens.output += figure.quantity,
            Side::Other => {}
        }
        entry.lines.extend(line);
    }

    pub(in crate::domain) fn finish(mut self) -> Entry {
        self.entry.metrics = self.metrics.into_values().collect();
        self.entry
    }
}

/// The quantities of a class of events, each with its rating class.
pub(in crate::domain) fn parts<'a>(
    key: &'a ClassKey,
    series: &'a Series,
    sum: &'a Sum,
) -> impl Iterator<Item = (UsageClass, i128)> + 'a {
    sum.values
        .iter()
        .enumerate()
        .filter_map(move |(position, value)| Some((key.usage_class(series, position)?, *value)))
}

/// Largest cost first; what has none comes last. The order among equals, by name, is kept.
pub(in crate::domain) fn largest_first<T>(
    mut entries: Vec<T>,
    cost: impl Fn(&T) -> Option<Money>,
) -> Vec<T> {
    entries.sort_by_key(|entry| Reverse(cost(entry)));
    entries
}
