//! Any order, any duplication, any batching, with folds and crashes in between, gives the same summary and the same
//! receipt; each summary on the way adds up, and so does the receipt beside it, line by line.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use reelmeter_meter::application::ports::Recorded;
use reelmeter_meter::domain::event::SentEvent;
use reelmeter_meter::domain::receipt::Receipt;
use reelmeter_meter::domain::summary::Summary;
use reelmeter_rating::{Money, Name, Outcome, UsageClass, Variant};

use super::reports::receipt_of;
use crate::support::{Store, Telling, Told, noon, seconds, sent};

/// What may happen to one delivery.
#[derive(Clone, Debug)]
struct Step {
    /// Which events are sent together; they may repeat.
    batch: Vec<Index>,
    folds: bool,
    crashes: bool,
}

fn event() -> impl Strategy<Value = SentEvent> {
    let model = select(vec![
        ("gemini", "gemini-2.5-flash"),
        ("gemini", "gemini-3-pro-preview"),
        ("gemini", "nobody-knows-it"),
        ("elevenlabs", "voice"),
        ("ollama", "moondream"),
        ("tool", "own"),
    ]);
    let metrics = select(vec![
        "input_tokens",
        "output_tokens",
        "images",
        "image_output_tokens",
        "characters",
        "thinking_tokens",
    ]);
    let quantities = prop::collection::btree_map(metrics, (0_i64..400_000, any::<bool>()), 0..4);
    let outcomes = select(vec![
        Outcome::Succeeded,
        Outcome::Failed,
        Outcome::Discarded,
        Outcome::Unconfirmed,
    ]);
    let variant = select(vec![Variant::Standard, Variant::Batch]);
    let place = (0..3_usize, 0..3_i32, 1..4_i32);
    (model, quantities, outcomes, variant, place, 0..700_i64).prop_map(
        |((service, model), quantities, outcome, variant, (stage, scene, attempt), ago)| {
            let mut event = sent("", "s")
                .by(service, model)
                .outcome(outcome)
                .variant(variant);
            for (metric, (value, estimated)) in quantities {
                event = if estimated {
                    event.estimated(metric, value)
                } else {
                    event.metric(metric, value)
                };
            }
            let at = noon().checked_add(seconds(300 - ago)).unwrap();
            event
                .stage(["", "script", "image"][stage], scene, attempt)
                .at(at)
        },
    )
}

/// Events with ids; some correct an earlier one that nothing corrects yet.
fn events() -> impl Strategy<Value = Vec<SentEvent>> {
    prop::collection::vec(
        (event(), prop::option::weighted(0.3, any::<Index>())),
        1..20,
    )
    .prop_map(|drawn| {
        let mut free: Vec<String> = Vec::new();
        let mut events = Vec::new();
        for (number, (event, corrects)) in drawn.into_iter().enumerate() {
            // Ids of both kinds.
            let id = if number % 2 == 0 {
                format!("0199c3f2-7d4a-7c11-8a3e-{number:012x}")
            } else {
                format!("call {number}")
            };
            let replaced = corrects
                .filter(|_| !free.is_empty())
                .map(|index| free.remove(index.index(free.len())));
            free.push(id.clone());
            events.push(SentEvent {
                event_id: id,
                replaces_event_id: replaced.unwrap_or_default(),
                ..event
            });
        }
        events
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        prop::collection::vec(any::<Index>(), 1..8),
        any::<bool>(),
        prop::bool::weighted(0.2),
    );
    prop::collection::vec(
        step.prop_map(|(batch, folds, crashes)| Step {
            batch,
            folds,
            crashes,
        }),
        0..12,
    )
}

/// The parts of a summary that no order may change.
fn figures<S: Store>(told: &Told<S>) -> Summary {
    let mut summary = told.summary("s");
    // Stages stand in the order of their first event, which is an order of arrival.
    summary.stages.sort_by(|a, b| a.stage.cmp(&b.stage));
    summary
}

/// A receipt's entries, each with its place and what it says; in an order that no delivery changes.
fn entries(receipt: &Receipt) -> Vec<String> {
    let mut entries: Vec<String> = receipt
        .entries
        .iter()
        .map(|entry| format!("{entry:?}"))
        .collect();
    entries.sort();
    entries
}

/// The receipt's lines, whatever stage, scene and attempt they stand under, are together the summary's lines; its entries
/// are together the summary's stages, and its total is the summary's.
fn assert_receipt_adds_up(summary: &Summary, receipt: &Receipt) {
    let mut lines: BTreeMap<UsageClass, (i128, Money)> = BTreeMap::new();
    let mut stages: BTreeMap<Name, (i64, Money)> = BTreeMap::new();
    let add = |sum: &mut Money, cost: Money| *sum = sum.checked_add(cost).unwrap();
    let mut total = Money::ZERO;
    for entry in &receipt.entries {
        let mut cost = Money::ZERO;
        for line in &entry.lines {
            let line = &line.line;
            add(&mut cost, line.cost.unwrap_or_default());
            let sum = lines.entry(line.class.clone()).or_default();
            sum.0 += line.quantity;
            add(&mut sum.1, line.cost.unwrap_or_default());
        }
        assert_eq!(cost, entry.cost, "the lines of {entry:?}");
        add(&mut total, cost);
        let stage = stages.entry(entry.stage.clone()).or_default();
        stage.0 += entry.events;
        add(&mut stage.1, cost);
    }
    assert_eq!(total, receipt.total, "the receipt's entries");
    assert_eq!(total, summary.total, "the receipt and the summary");
    let mut of_summary: BTreeMap<UsageClass, (i128, Money)> = BTreeMap::new();
    let metrics = summary.models.iter().flat_map(|model| &model.entry.metrics);
    for line in metrics.flat_map(|metric| &metric.lines) {
        let line = &line.line;
        let known = of_summary.insert(
            line.class.clone(),
            (line.quantity, line.cost.unwrap_or_default()),
        );
        assert_eq!(known, None, "a line stands twice: {line:?}");
    }
    assert_eq!(lines, of_summary, "line by line");
    let of_summary: BTreeMap<Name, (i64, Money)> = summary
        .stages
        .iter()
        .map(|stage| {
            let cost = stage.entry.cost.unwrap_or_default();
            (stage.stage.clone(), (stage.entry.events, cost))
        })
        .collect();
    assert_eq!(stages, of_summary, "stage by stage");
}

pub fn any_order_duplication_and_batching_gives_the_same_summary<S: Store>() {
    let cases = std::env::var("METER_PROPERTY_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(60);
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&(events(), steps()), |(events, steps)| {
            let mut plain = Told::<S>::new();
            for event in &events {
                prop_assert_eq!(plain.record(vec![event.clone()]), [Recorded::New]);
            }
            let mut shaken = Told::<S>::new();
            let mut missing: BTreeSet<usize> = (0..events.len()).collect();
            let mut steps = steps.into_iter();
            // A recorder sends again what was not taken, as a correction that comes before what it corrects.
            while !missing.is_empty() {
                let step = steps.next();
                let batch: Vec<usize> = match &step {
                    Some(step) => step
                        .batch
                        .iter()
                        .map(|index| index.index(events.len()))
                        .collect(),
                    None => missing.iter().copied().collect(),
                };
                let recorded =
                    shaken.record(batch.iter().map(|place| events[*place].clone()).collect());
                for (place, recorded) in batch.into_iter().zip(recorded) {
                    match recorded {
                        Recorded::New => {
                            prop_assert!(missing.remove(&place), "{} counts twice", place)
                        }
                        Recorded::Duplicate => prop_assert!(!missing.contains(&place)),
                        Recorded::Invalid(_) => prop_assert!(missing.contains(&place)),
                        Recorded::Conflict(problem) => prop_assert!(false, "{}", problem),
                    }
                }
                if step.as_ref().is_some_and(|step| step.folds) {
                    shaken.fold();
                }
                if step.is_some_and(|step| step.crashes) {
                    shaken = shaken.crash();
                }
                // What a watcher sees now. `summary` looks at its sums itself.
                if missing.len() < events.len() {
                    assert_receipt_adds_up(&shaken.summary("s"), &receipt_of(&shaken, "s", None));
                }
            }
            prop_assert_eq!(figures(&plain), figures(&shaken));
            let receipts = [&plain, &shaken].map(|told| receipt_of(told, "s", None));
            prop_assert_eq!(entries(&receipts[0]), entries(&receipts[1]));
            prop_assert_eq!(plain.usage("s").last_event, shaken.usage("s").last_event);
            Ok(())
        })
        .unwrap();
}
