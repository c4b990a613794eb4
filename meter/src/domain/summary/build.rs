//! Builds a summary: each class is rated once, and everything else is a sum of parts of those lines.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use reelmeter_rating::{Basis, Money, Name, UsageClass};

use super::part::{Figure, Part, largest_first, parts, sum};
use super::pricer::Pricer;
use super::{
    BookReference, Line, ModelEntry, Prices, ServiceEntry, StageEntry, Summary, Tokens, Unpriced,
};
use crate::domain::budget::{BudgetStatus, ReservationStatus};
use crate::domain::usage::{BilledSum, ClassKey, SessionUsage, Sum, Tally};

/// The prices and the time that a session is rated with: its own from its end on, the current ones before.
#[must_use]
pub fn rated_now(usage: &SessionUsage, current: &Prices, now: Timestamp) -> (Prices, Timestamp) {
    match &usage.session.ended {
        Some(ended) => (ended.prices.clone(), ended.at),
        None => (current.clone(), now),
    }
}

/// Rates a session's usage.
#[must_use]
pub fn build(usage: &SessionUsage, current: &Prices, now: Timestamp) -> Summary {
    let (prices, rated) = rated_now(usage, current, now);
    let mut pricer = Pricer::new(&prices.table, rated);
    let lines = lines(usage, &mut pricer);
    let mut total = Money::ZERO;
    let mut estimated_cost = Money::ZERO;
    let mut models: BTreeMap<(Name, Name), Part> = BTreeMap::new();
    let mut services: BTreeMap<Name, Part> = BTreeMap::new();
    let mut unpriced: BTreeMap<(Name, Name, Name), Unpriced> = BTreeMap::new();
    for line in lines {
        let class = &line.line.class;
        let cost = line.line.cost.unwrap_or_default();
        // The pricer let in only what fits together.
        total = sum(total, cost);
        if class.basis == Basis::Estimated {
            estimated_cost = sum(estimated_cost, cost);
        }
        if let (Some(reason), true) = (&line.unpriced_because, line.line.quantity != 0) {
            let key = (
                class.service.clone(),
                class.priced_as().clone(),
                class.metric.clone(),
            );
            let entry = unpriced.entry(key).or_insert_with(|| Unpriced {
                service: class.service.clone(),
                rate_model: class.priced_as().clone(),
                metric: class.metric.clone(),
                quantity: 0,
                reason: reason.clone(),
            });
            entry.quantity += line.line.quantity;
        }
        let figure = Figure {
            quantity: line.line.quantity,
            state: line.line.state(),
            cost: line.line.cost,
            basis: class.basis,
        };
        services
            .entry(class.service.clone())
            .or_default()
            .add(&class.metric, &figure, None);
        let key = (class.service.clone(), class.model.clone());
        models
            .entry(key)
            .or_default()
            .add(&class.metric.clone(), &figure, Some(line));
    }
    let mut stages = Stages::default();
    let (mut unconfirmed_events, mut failed_events, mut failed_cost) = (0, 0, Money::ZERO);
    for (key, sum_of_class) in in_order(&usage.counted) {
        let Some(series) = usage.series.get(&key.series) else {
            continue;
        };
        let events = sum_of_class.events;
        services
            .entry(series.service.clone())
            .or_default()
            .entry
            .events += events;
        models
            .entry((series.service.clone(), series.model.clone()))
            .or_default()
            .entry
            .events += events;
        let stage = stages.of(&series.stage);
        stage.entry.events += events;
        if !series.is_priced() {
            unconfirmed_events += events;
            continue;
        }
        for (class, quantity) in parts(key, series, sum_of_class) {
            let figure = Figure::of(pricer.priced(&class), quantity, class.basis);
            stage.add(&class.metric, &figure, None);
            if series.is_failed() {
                failed_cost = sum(failed_cost, figure.cost.unwrap_or_default());
            }
        }
        if series.is_failed() {
            failed_events += events;
        }
    }
    let (budget, reservations) = budget(usage, &mut pricer, total);
    let services: Vec<ServiceEntry> = services
        .into_iter()
        .map(|(service, part)| ServiceEntry {
            billing: prices
                .table
                .book()
                .service(&service)
                .map(|known| known.billing),
            entry: part.finish(),
            service,
        })
        .collect();
    let tokens = services
        .iter()
        .fold(Tokens::default(), |sum, service| Tokens {
            input: sum.input + service.entry.tokens.input,
            output: sum.output + service.entry.tokens.output,
        });
    let models = models
        .into_iter()
        .map(|((service, model), part)| ModelEntry {
            display_name: usage
                .display_names
                .get(&(service.clone(), model.clone()))
                .cloned()
                .unwrap_or_else(|| Name::from("")),
            service,
            model,
            entry: part.finish(),
        });
    Summary {
        total,
        services: largest_first(services, |service| service.entry.cost),
        models: largest_first(models.collect(), |model| model.entry.cost),
        stages: stages.finish(),
        unpriced: unpriced.into_values().collect(),
        budget,
        reservations,
        book: book_reference(&prices, rated, usage.session.ended.is_some()),
        price_revision: prices.revision,
        tokens,
        events: usage.counted.events(),
        unconfirmed_events,
        estimated_cost,
        failed_cost,
        failed_events,
        rated,
    }
}

/// How a price book is named in an answer.
#[must_use]
pub fn book_reference(prices: &Prices, rated: Timestamp, frozen: bool) -> BookReference {
    use reelmeter_rating::Layer;
    let book = prices.table.book();
    let layers = [Layer::Rpc, Layer::Environment, Layer::File];
    BookReference {
        name: book.name().to_owned(),
        as_of: book.as_of(),
        age_days: book.age_days(rated),
        stale: book.is_stale(rated),
        overrides: layers
            .iter()
            .filter_map(|layer| prices.table.overrides(*layer))
            .map(|set| set.rates().len())
            .sum(),
        frozen,
    }
}

/// Every class that counts, rated, in a fixed order.
fn lines(usage: &SessionUsage, pricer: &mut Pricer<'_>) -> Vec<Line> {
    let mut classes: BTreeMap<UsageClass, (i128, Vec<BilledSum>)> = BTreeMap::new();
    for (key, sum) in usage.counted.iter() {
        let Some(series) = usage
            .series
            .get(&key.series)
            .filter(|series| series.is_priced())
        else {
            continue;
        };
        for (position, (class, quantity)) in parts(key, series, sum).enumerate() {
            let (total, billed) = classes.entry(class).or_default();
            *total += quantity;
            for figure in sum
                .billed
                .iter()
                .filter(|figure| figure.position == position)
            {
                match billed.iter_mut().find(|known| known.unit == figure.unit) {
                    Some(known) => known.add(figure, 1),
                    None => billed.push(figure.clone()),
                }
            }
        }
    }
    classes
        .into_iter()
        .map(|(class, (quantity, mut billed))| {
            billed.sort_by(|a, b| a.unit.cmp(&b.unit));
            let (line, unpriced_because) = pricer.line(&class, quantity);
            Line {
                line,
                billed,
                unpriced_because,
            }
        })
        .collect()
}

/// The classes of a tally in a fixed order: the same usage gives the same summary, whatever the order of a hash map.
fn in_order(tally: &Tally) -> Vec<(&ClassKey, &Sum)> {
    let mut classes: Vec<_> = tally.iter().collect();
    classes.sort_unstable_by_key(|(key, _)| **key);
    classes
}

/// Stages in the order in which they are met.
#[derive(Default)]
struct Stages {
    parts: Vec<(Name, Part)>,
    places: HashMap<Name, usize>,
}

impl Stages {
    fn of(&mut self, stage: &Name) -> &mut Part {
        let place = *self.places.entry(stage.clone()).or_insert_with(|| {
            self.parts.push((stage.clone(), Part::default()));
            self.parts.len() - 1
        });
        &mut self.parts[place].1
    }

    fn finish(self) -> Vec<StageEntry> {
        self.parts
            .into_iter()
            .map(|(stage, part)| StageEntry {
                stage,
                entry: part.finish(),
            })
            .collect()
    }
}

fn budget(
    usage: &SessionUsage,
    pricer: &mut Pricer<'_>,
    total: Money,
) -> (Option<BudgetStatus>, Vec<ReservationStatus>) {
    if usage.budget.is_none() && usage.reservations.is_empty() {
        return (None, Vec::new());
    }
    let reservations = reservations(usage, pricer);
    let status = usage.budget.as_ref().map(|cap| {
        let before = spent(usage, &usage.before_reset, pricer, cap, None);
        let counted = match cap {
            crate::domain::budget::Cap::Money(_) => total.units(),
            crate::domain::budget::Cap::Metric { .. } => {
                spent(usage, &usage.counted, pricer, cap, None)
            }
        };
        let held = reservations
            .iter()
            .filter(|status| status.reservation.amount.is_comparable(cap))
            .map(|status| status.reservation.held_units(status.drawn.units()))
            .fold(0_i128, i128::saturating_add);
        BudgetStatus::of(cap, before.saturating_add(counted), held)
    });
    (status, reservations)
}

/// The session's reservations, with what was drawn on each.
#[must_use]
pub fn reservations(usage: &SessionUsage, pricer: &mut Pricer<'_>) -> Vec<ReservationStatus> {
    usage
        .reservations
        .values()
        .map(|reservation| {
            let drawn = [&usage.before_reset, &usage.counted]
                .into_iter()
                .map(|tally| {
                    spent(
                        usage,
                        tally,
                        pricer,
                        &reservation.amount,
                        Some(&reservation.reservation_id),
                    )
                })
                .fold(0_i128, i128::saturating_add);
            ReservationStatus {
                reservation: reservation.clone(),
                drawn: reservation.amount.with_units(drawn),
            }
        })
        .collect()
}

/// What a tally takes of a cap, in its smallest units; of a reservation, or of everything.
fn spent(
    usage: &SessionUsage,
    tally: &Tally,
    pricer: &mut Pricer<'_>,
    cap: &crate::domain::budget::Cap,
    reservation: Option<&Name>,
) -> i128 {
    let mut units = 0_i128;
    for (key, sum) in tally.iter() {
        let Some(series) = usage
            .series
            .get(&key.series)
            .filter(|series| series.is_priced())
        else {
            continue;
        };
        if reservation.is_some_and(|id| series.reservation_id != *id) {
            continue;
        }
        for (class, quantity) in parts(key, series, sum) {
            let taken = match cap {
                crate::domain::budget::Cap::Money(_) => {
                    let state = pricer.priced(&class);
                    match state.resolution.cost(quantity) {
                        Ok(cost) => cost.unwrap_or_default().units(),
                        // Beyond the largest amount: the cap is gone, whatever it was.
                        Err(_) => i128::MAX,
                    }
                }
                cap if cap.counts(&class.service, &class.metric) => quantity,
                _ => 0,
            };
            units = units.saturating_add(taken);
        }
    }
    units
}
