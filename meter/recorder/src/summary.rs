//! A summary from the outbox's own quantities, for as long as the meter has not confirmed them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as wire;
use reelmeter_rating::breakdown::{Breakdown, Entry, MetricTotal};
use reelmeter_rating::metric::{Side, side};
use reelmeter_rating::usage::rating_time;
use reelmeter_rating::{
    Basis, CostLine, PricingState, QuantityView, RateTable, Usage, UsageClass, Variant, classify,
};

use crate::counts::SessionCounts;
use crate::prices as money;

/// Why quantities have no price here and what to do.
const UNPRICED_REASON: &str =
    "no rate is known for it; set one with `prices set`, or choose another price book";

/// A session, as far as its recorder knows it.
#[derive(Debug, Clone, Copy)]
pub struct LocalSession<'a> {
    /// Its key.
    pub session_id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Whether a stand-in answers instead of the providers.
    pub simulated: bool,
    /// Whether its end was said.
    pub ended: bool,
    /// Where its calls stand.
    pub counts: SessionCounts,
}

/// What the events cost by the table: the figures that the meter will come to when it has them all, as long as its
/// prices are these.
///
/// # Errors
/// A sum that is too large to be exact, or a quantity below zero.
pub fn summary(
    of: &LocalSession<'_>,
    events: &[wire::UsageEvent],
    table: &RateTable,
    now: Timestamp,
) -> Result<wire::Summary, String> {
    let replaced: BTreeSet<&str> = events
        .iter()
        .map(|event| event.replaces_event_id.as_str())
        .collect();
    let counted: Vec<&wire::UsageEvent> = events
        .iter()
        .filter(|event| !replaced.contains(event.event_id.as_str()))
        .collect();
    let all = Sums::of(counted.iter().copied(), table, now)?;
    let breakdown = all.breakdown(table, now)?;
    let count_by = |matches: &dyn Fn(&wire::UsageEvent) -> bool| {
        let counted = counted.iter().filter(|event| matches(event));
        i64::try_from(counted.count()).unwrap_or(i64::MAX)
    };
    let failed = |event: &wire::UsageEvent| {
        matches!(
            event.outcome(),
            wire::CallOutcome::Failed | wire::CallOutcome::Discarded
        )
    };
    let failed_sums = Sums::of(
        counted.iter().copied().filter(|event| failed(event)),
        table,
        now,
    )?;
    let failed_cost = failed_sums.breakdown(table, now)?.total;
    let mut estimated_cost = reelmeter_rating::Money::ZERO;
    for line in all.lines(table, now)? {
        if line.class.basis == Basis::Estimated {
            let cost = line.cost.unwrap_or_default();
            estimated_cost = estimated_cost
                .checked_add(cost)
                .ok_or("the sum is too large")?;
        }
    }
    let names: BTreeMap<(&str, &str), &str> = counted
        .iter()
        .filter(|event| !event.model_display_name.is_empty())
        .map(|event| {
            (
                (event.service.as_str(), event.model.as_str()),
                event.model_display_name.as_str(),
            )
        })
        .collect();
    Ok(wire::Summary {
        session: Some(wire::Session {
            session_id: of.session_id.to_owned(),
            title: of.title.to_owned(),
            simulated: of.simulated,
            state: if of.ended {
                wire::SessionState::Ended
            } else {
                wire::SessionState::Active
            }
            .into(),
            ..Default::default()
        }),
        total_cost: Some(money::dollars(breakdown.total)),
        by_service: breakdown
            .services
            .iter()
            .map(|entry| wire::ServiceSummary {
                service: entry.service.to_string(),
                billing_mode: money::billing_mode(table, entry.service.as_str()).into(),
                cost: entry.cost.map(money::dollars),
                metrics: metrics(entry, table, false),
                tokens: Some(tokens(entry)),
                event_count: count_by(&|event| event.service == entry.service.as_str()),
            })
            .collect(),
        by_model: breakdown
            .models
            .iter()
            .map(|entry| {
                let model = entry
                    .model
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let service = entry.service.as_str();
                wire::ModelSummary {
                    service: service.to_owned(),
                    display_name: names
                        .get(&(service, model.as_str()))
                        .map(|name| (*name).to_owned())
                        .unwrap_or_default(),
                    cost: entry.cost.map(money::dollars),
                    metrics: metrics(entry, table, true),
                    tokens: Some(tokens(entry)),
                    event_count: count_by(&|event| {
                        event.service == service && event.model == model
                    }),
                    model,
                }
            })
            .collect(),
        by_stage: stages(&counted, table, now)?,
        unpriced: breakdown
            .unpriced
            .iter()
            .map(|unpriced| wire::UnpricedQuantity {
                service: unpriced.service.to_string(),
                rate_model: unpriced.model.to_string(),
                metric: unpriced.metric.to_string(),
                quantity: money::count(unpriced.quantity),
                reason: UNPRICED_REASON.to_owned(),
            })
            .collect(),
        price_book: Some(money::reference(table, now)),
        event_count: i64::try_from(counted.len()).unwrap_or(i64::MAX),
        last_event_time: counted
            .iter()
            .filter_map(|event| event.occur_time)
            .max_by_key(|time| (time.seconds, time.nanos)),
        pending_event_count: of.counts.pending_events,
        refused_event_count: of.counts.refused_events,
        unconfirmed_call_count: of.counts.unconfirmed_calls,
        simulated: of.simulated,
        ended: of.ended,
        tokens: Some(totals(breakdown.services.iter())),
        estimated_cost: Some(money::dollars(estimated_cost)),
        failed_cost: Some(money::dollars(failed_cost)),
        failed_call_count: count_by(&failed),
        ..Default::default()
    })
}

/// What calls cost together by the table, for a person: `$1.27 + 2 images unpriced`.
#[must_use]
pub fn headline(events: &[wire::UsageEvent], table: &RateTable) -> String {
    let now = crate::prices::now();
    let rated = Sums::of(events.iter(), table, now).and_then(|sums| sums.breakdown(table, now));
    match rated {
        Ok(breakdown) => breakdown.headline(),
        Err(reason) => format!("an amount that cannot be worked out ({reason})"),
    }
}

/// One line for each rating class.
pub(crate) fn rated(
    events: &[wire::UsageEvent],
    table: &RateTable,
    now: Timestamp,
) -> Result<Vec<CostLine>, String> {
    Sums::of(events.iter(), table, now)?.lines(table, now)
}

/// Quantities by rating class.
#[derive(Default)]
struct Sums(BTreeMap<String, (UsageClass, i128)>);

impl Sums {
    fn of<'e>(
        events: impl Iterator<Item = &'e wire::UsageEvent>,
        table: &RateTable,
        now: Timestamp,
    ) -> Result<Self, String> {
        let mut sums = Self::default();
        for event in events {
            for (class, value) in classes(event, table, now)? {
                let (_, sum) = sums.0.entry(format!("{class:?}")).or_insert((class, 0));
                *sum += i128::from(value);
            }
        }
        Ok(sums)
    }

    fn lines(&self, table: &RateTable, now: Timestamp) -> Result<Vec<CostLine>, String> {
        let lines = self
            .0
            .values()
            .map(|(class, sum)| table.rate(class, *sum, now));
        lines
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    }

    fn breakdown(&self, table: &RateTable, now: Timestamp) -> Result<Breakdown, String> {
        Breakdown::of(self.lines(table, now)?).map_err(|error| error.to_string())
    }
}

/// An event's quantities by rating class.
pub(crate) fn classes(
    event: &wire::UsageEvent,
    table: &RateTable,
    now: Timestamp,
) -> Result<Vec<(UsageClass, i64)>, String> {
    let quantities: Vec<QuantityView<'_>> = event
        .quantities
        .iter()
        .map(|quantity| QuantityView {
            metric: &quantity.metric,
            value: quantity.value,
            basis: match quantity.basis() {
                wire::QuantityBasis::Reported => Basis::Reported,
                wire::QuantityBasis::Counted => Basis::Counted,
                wire::QuantityBasis::Estimated | wire::QuantityBasis::Unspecified => {
                    Basis::Estimated
                }
            },
        })
        .collect();
    let occurred = event
        .occur_time
        .and_then(|time| Timestamp::new(time.seconds, time.nanos).ok())
        .unwrap_or(now);
    let (time, clock) = rating_time(occurred, now);
    let usage = Usage {
        service: &event.service,
        model: &event.model,
        rate_model: &event.rate_model,
        variant: match event.variant() {
            wire::RateVariant::Batch => Variant::Batch,
            wire::RateVariant::Flex => Variant::Flex,
            wire::RateVariant::Priority => Variant::Priority,
            wire::RateVariant::Standard | wire::RateVariant::Unspecified => Variant::Standard,
        },
        time,
        clock,
        quantities: &quantities,
    };
    classify(&usage, table.boundaries()).map_err(|error| error.to_string())
}

fn stages(
    counted: &[&wire::UsageEvent],
    table: &RateTable,
    now: Timestamp,
) -> Result<Vec<wire::StageSummary>, String> {
    let mut order: Vec<&str> = Vec::new();
    for event in counted {
        if !order.contains(&event.stage.as_str()) {
            order.push(&event.stage);
        }
    }
    let of_stage = |stage: &str| {
        let events: Vec<_> = counted
            .iter()
            .copied()
            .filter(|event| event.stage == stage)
            .collect();
        let sums = Sums::of(events.iter().copied(), table, now)?;
        let breakdown = sums.breakdown(table, now)?;
        let has_cost = breakdown.services.iter().any(|entry| entry.cost.is_some());
        Ok(wire::StageSummary {
            stage: stage.to_owned(),
            cost: has_cost.then(|| money::dollars(breakdown.total)),
            event_count: i64::try_from(events.len()).unwrap_or(i64::MAX),
            metrics: breakdown
                .services
                .iter()
                .flat_map(|entry| metrics(entry, table, false))
                .collect(),
        })
    };
    order.into_iter().map(of_stage).collect()
}

fn metrics(entry: &Entry, table: &RateTable, with_lines: bool) -> Vec<wire::MetricSummary> {
    let metric = |total: &MetricTotal| wire::MetricSummary {
        metric: total.metric.to_string(),
        quantity: money::count(total.quantity),
        state: state(total.state).into(),
        cost: total.cost.map(money::dollars),
        estimated_quantity: money::count(total.estimated_quantity),
        lines: if with_lines {
            total
                .lines
                .iter()
                .map(|line| money::cost_line(line, table))
                .collect()
        } else {
            Vec::new()
        },
    };
    let mut totals: Vec<&MetricTotal> = entry.metrics.iter().collect();
    // As the contract orders them: input, output, other, then by name.
    totals.sort_by_key(|total| {
        let rank = match side(total.metric.as_str()) {
            Side::Input => 0,
            Side::Output => 1,
            Side::Other => 2,
        };
        (rank, total.metric.clone())
    });
    totals.into_iter().map(metric).collect()
}

pub(crate) fn state(state: PricingState) -> wire::PricingState {
    match state {
        PricingState::Rated => wire::PricingState::Rated,
        PricingState::Free => wire::PricingState::Free,
        PricingState::Subscription => wire::PricingState::Subscription,
        PricingState::Unpriced => wire::PricingState::Unpriced,
        PricingState::Included => wire::PricingState::Included,
    }
}

fn tokens(entry: &Entry) -> wire::TokenTotals {
    totals(std::iter::once(entry))
}

fn totals<'e>(entries: impl Iterator<Item = &'e Entry>) -> wire::TokenTotals {
    let (input, output) = entries.fold((0, 0), |(input, output), entry| {
        (
            input + entry.tokens(Side::Input),
            output + entry.tokens(Side::Output),
        )
    });
    wire::TokenTotals {
        input_token_count: money::count(input),
        output_token_count: money::count(output),
        total_token_count: money::count(input + output),
    }
}
