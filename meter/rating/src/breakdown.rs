//! Adding cost lines up: by service, by model, in total. All three always agree.

use std::collections::BTreeMap;

use crate::metric::{self, Side};
use crate::money::{Money, thousands};
use crate::name::Name;
use crate::rating::{CostLine, PricingState};
use crate::usage::Basis;

/// Lines of one metric in one pricing state, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricTotal {
    /// What was counted.
    pub metric: Name,
    /// How it stands to money.
    pub state: PricingState,
    /// How much of it.
    pub quantity: i128,
    /// How much of it was estimated.
    pub estimated_quantity: i128,
    /// What it costs; `Some` exactly for rated and free.
    pub cost: Option<Money>,
    /// The lines, largest cost first.
    pub lines: Vec<CostLine>,
}

/// Everything of one service, or of one model of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The service.
    pub service: Name,
    /// The model or voice; `None` in the entry of a whole service.
    pub model: Option<Name>,
    /// What its rated and free lines cost; `None` where there are none, as for a subscription.
    pub cost: Option<Money>,
    /// Its metrics, in the order a screen lists them.
    pub metrics: Vec<MetricTotal>,
}

impl Entry {
    /// The sum of a side's metrics: a screen's "Input" and "Output".
    #[must_use]
    pub fn tokens(&self, side: Side) -> i128 {
        self.metrics
            .iter()
            .filter(|total| metric::side(&total.metric) == side)
            .map(|total| total.quantity)
            .sum()
    }
}

/// Use that costs money nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpriced {
    /// The service.
    pub service: Name,
    /// The model.
    pub model: Name,
    /// What was counted.
    pub metric: Name,
    /// How much of it.
    pub quantity: i128,
}

/// A summary's figures. Costs by model add up to costs by service and to the total, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breakdown {
    /// What all rated and free lines cost.
    pub total: Money,
    /// By service: largest cost first, then name.
    pub services: Vec<Entry>,
    /// By model: largest cost first, then name.
    pub models: Vec<Entry>,
    /// What the total leaves out because nobody knows its price; by service, model, metric.
    pub unpriced: Vec<Unpriced>,
}

/// A sum beyond the largest exact amount or count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sum is beyond the largest exact amount, about 1.7e14 dollars; check quantities and rates"
)]
pub struct SumOverflow;

impl Breakdown {
    /// Adds lines up.
    ///
    /// # Errors
    /// [`SumOverflow`] when a sum does not fit.
    pub fn of(lines: impl IntoIterator<Item = CostLine>) -> Result<Self, SumOverflow> {
        let mut by_service: BTreeMap<Name, Vec<CostLine>> = BTreeMap::new();
        let mut by_model: BTreeMap<(Name, Name), Vec<CostLine>> = BTreeMap::new();
        let mut unpriced: BTreeMap<(Name, Name, Name), i128> = BTreeMap::new();
        let mut total = Money::ZERO;
        for line in lines {
            let class = &line.class;
            total = total
                .checked_add(line.cost.unwrap_or_default())
                .ok_or(SumOverflow)?;
            if line.state() == PricingState::Unpriced && line.quantity != 0 {
                let key = (
                    class.service.clone(),
                    class.model.clone(),
                    class.metric.clone(),
                );
                let sum = unpriced.entry(key).or_default();
                *sum = sum.checked_add(line.quantity).ok_or(SumOverflow)?;
            }
            by_model
                .entry((class.service.clone(), class.model.clone()))
                .or_default()
                .push(line.clone());
            by_service
                .entry(class.service.clone())
                .or_default()
                .push(line);
        }
        let services = by_service
            .into_iter()
            .map(|(service, lines)| entry(service, None, lines));
        let models = by_model
            .into_iter()
            .map(|((service, model), lines)| entry(service, Some(model), lines));
        Ok(Self {
            total,
            services: largest_first(services.collect::<Result<_, _>>()?),
            models: largest_first(models.collect::<Result<_, _>>()?),
            unpriced: unpriced
                .into_iter()
                .map(|((service, model, metric), quantity)| Unpriced {
                    service,
                    model,
                    metric,
                    quantity,
                })
                .collect(),
        })
    }

    /// The total and what it leaves out: `$1.27 + 2 images unpriced`.
    #[must_use]
    pub fn headline(&self) -> String {
        headline(
            self.total,
            self.unpriced
                .iter()
                .map(|unpriced| (&*unpriced.metric, unpriced.quantity)),
        )
    }
}

/// A total and the unpriced quantities beside it, as a headline. Quantities of one metric are
/// added up: `$1.27 + 2 images + 5,000 characters unpriced`.
#[must_use]
pub fn headline<'a>(total: Money, unpriced: impl IntoIterator<Item = (&'a str, i128)>) -> String {
    let mut by_metric: BTreeMap<(usize, &str), i128> = BTreeMap::new();
    for (metric, quantity) in unpriced {
        let sum = by_metric.entry((metric::rank(metric), metric)).or_default();
        *sum = sum.saturating_add(quantity);
    }
    let mut text = total.screen();
    for ((_, metric), quantity) in &by_metric {
        let sign = if *quantity < 0 { "-" } else { "" };
        let count = thousands(quantity.unsigned_abs());
        text.push_str(&format!(
            " + {sign}{count} {}",
            metric::words(metric, *quantity)
        ));
    }
    if !by_metric.is_empty() {
        text.push_str(" unpriced");
    }
    text
}

fn entry(service: Name, model: Option<Name>, lines: Vec<CostLine>) -> Result<Entry, SumOverflow> {
    let mut by_metric: BTreeMap<(usize, Name, PricingState), Vec<CostLine>> = BTreeMap::new();
    for line in lines {
        let metric = line.class.metric.clone();
        by_metric
            .entry((metric::rank(&metric), metric, line.state()))
            .or_default()
            .push(line);
    }
    let metrics = by_metric
        .into_iter()
        .map(|((_, metric, state), lines)| metric_total(metric, state, lines))
        .collect::<Result<Vec<_>, _>>()?;
    let cost = sum_costs(metrics.iter().map(|total| total.cost))?;
    Ok(Entry {
        service,
        model,
        cost,
        metrics,
    })
}

fn metric_total(
    metric: Name,
    state: PricingState,
    mut lines: Vec<CostLine>,
) -> Result<MetricTotal, SumOverflow> {
    lines.sort_by(|a, b| b.cost.cmp(&a.cost).then_with(|| a.class.cmp(&b.class)));
    let add = |sum: i128, line: &CostLine| sum.checked_add(line.quantity).ok_or(SumOverflow);
    let quantity = lines.iter().try_fold(0, add)?;
    let estimated = lines
        .iter()
        .filter(|line| line.class.basis == Basis::Estimated);
    let estimated_quantity = estimated.into_iter().try_fold(0, add)?;
    let cost = sum_costs(lines.iter().map(|line| line.cost))?;
    Ok(MetricTotal {
        metric,
        state,
        quantity,
        estimated_quantity,
        cost,
        lines,
    })
}

/// The sum of the costs there are; `None` where there is none at all.
fn sum_costs(costs: impl Iterator<Item = Option<Money>>) -> Result<Option<Money>, SumOverflow> {
    let mut sum: Option<Money> = None;
    for cost in costs.flatten() {
        sum = Some(
            sum.unwrap_or_default()
                .checked_add(cost)
                .ok_or(SumOverflow)?,
        );
    }
    Ok(sum)
}

fn largest_first(mut entries: Vec<Entry>) -> Vec<Entry> {
    // Names are in order already, and the sort is stable.
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.cost));
    entries
}
