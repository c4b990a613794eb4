//! The cost lines of a session by stage, scene and attempt; as they are, or as they would be under other prices.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use reelmeter_rating::{Money, Name, Outcome, UsageClass};

use super::summary::part::{parts, sum};
use super::summary::{BookReference, Line, Pricer, Prices, book_reference, rated_now};
use super::usage::{BilledSum, ClassKey, SessionUsage, Sum};

/// A question of what-if. Each part that is empty leaves things as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WhatIf {
    /// The prices; `None` for the session's own.
    pub prices: Option<Prices>,
    /// Calls of the model on the left are priced as if the one on the right had made them.
    pub substitutions: BTreeMap<String, String>,
}

impl WhatIf {
    /// Whether anything is asked at all.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.prices.is_some() || !self.substitutions.is_empty()
    }
}

/// One attempt of a stage's call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptEntry {
    /// The stage; empty for none.
    pub stage: Name,
    /// The scene; 0 for the whole.
    pub scene: u32,
    /// The attempt, counted from 1.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// How many events it stands for.
    pub events: i64,
    /// Its cost lines.
    pub lines: Vec<Line>,
    /// What those with a price cost.
    pub cost: Money,
}

/// A session's receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// By stage in the order of first use, then scene, then attempt.
    pub entries: Vec<ReceiptEntry>,
    /// What everything with a price costs.
    pub total: Money,
    /// The price book that the costs come from.
    pub book: BookReference,
    /// What the session costs by its own prices; only in a what-if report.
    pub actual: Option<Money>,
}

/// What a session has used of one class for one attempt of one scene.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptPart<'a> {
    /// The class.
    pub class: &'a ClassKey,
    /// The scene.
    pub scene: u32,
    /// The attempt.
    pub attempt: u32,
    /// The sum.
    pub sum: &'a Sum,
}

/// Makes a receipt from a session and what it has used in detail.
#[must_use]
pub fn receipt<'a>(
    usage: &SessionUsage,
    used: impl IntoIterator<Item = ReceiptPart<'a>>,
    current: &Prices,
    what_if: &WhatIf,
    now: Timestamp,
) -> Receipt {
    let (own, rated) = rated_now(usage, current, now);
    let frozen = usage.session.ended.is_some() && what_if.prices.is_none();
    let prices = what_if.prices.as_ref().unwrap_or(&own);
    let entries = entries(usage, used);
    let mut pricer = Pricer::new(&prices.table, rated);
    let mut own_pricer = Pricer::new(&own.table, rated);
    let (mut total, mut actual) = (Money::ZERO, Money::ZERO);
    let entries = entries
        .into_iter()
        .map(|(place, gathered)| {
            let mut cost = Money::ZERO;
            let lines = gathered
                .classes
                .into_iter()
                .map(|(class, (quantity, billed))| {
                    let (own_line, _) = own_pricer.line(&class, quantity);
                    actual = sum(actual, own_line.cost.unwrap_or_default());
                    let (line, unpriced_because) =
                        pricer.line(&substituted(class, what_if), quantity);
                    cost = sum(cost, line.cost.unwrap_or_default());
                    Line {
                        line,
                        billed,
                        unpriced_because,
                    }
                });
            let lines = lines.collect();
            total = sum(total, cost);
            let Place {
                stage,
                scene,
                attempt,
                outcome,
                ..
            } = place;
            ReceiptEntry {
                stage,
                scene,
                attempt,
                outcome,
                events: gathered.events,
                lines,
                cost,
            }
        })
        .collect();
    Receipt {
        entries,
        total,
        book: book_reference(prices, rated, frozen),
        actual: what_if.is_asked().then_some(actual),
    }
}

/// Where a part stands on the receipt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The first comes first.
    stage_rank: usize,
    stage: Name,
    scene: u32,
    attempt: u32,
    outcome: Outcome,
}

/// What stands in one place.
#[derive(Default)]
struct Gathered {
    events: i64,
    classes: BTreeMap<UsageClass, (i128, Vec<BilledSum>)>,
}

fn entries<'a>(
    usage: &SessionUsage,
    used: impl IntoIterator<Item = ReceiptPart<'a>>,
) -> BTreeMap<Place, Gathered> {
    let mut ranks: HashMap<&Name, usize> = HashMap::new();
    for series in usage.series.values() {
        let next = ranks.len();
        ranks.entry(&series.stage).or_insert(next);
    }
    let mut entries: BTreeMap<Place, Gathered> = BTreeMap::new();
    for part in used {
        let Some(series) = usage.series.get(&part.class.series) else {
            continue;
        };
        let place = Place {
            stage_rank: ranks.get(&series.stage).copied().unwrap_or_default(),
            stage: series.stage.clone(),
            scene: part.scene,
            attempt: part.attempt,
            outcome: series.outcome,
        };
        let gathered = entries.entry(place).or_default();
        gathered.events += part.sum.events;
        if !series.is_priced() {
            continue;
        }
        for (position, (class, quantity)) in parts(part.class, series, part.sum).enumerate() {
            let (total, billed) = gathered.classes.entry(class).or_default();
            *total += quantity;
            for figure in part
                .sum
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
    entries
}

fn substituted(class: UsageClass, what_if: &WhatIf) -> UsageClass {
    match what_if.substitutions.get(&**class.priced_as()) {
        Some(other) => UsageClass {
            rate_model: Some(Name::from(other.as_str())),
            ..class
        },
        None => class,
    }
}
