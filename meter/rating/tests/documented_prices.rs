//! Protects the figures of the project's documents (requirement P1, L3, P5, R6): the default
//! price book must give exactly these, whatever else changes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use jiff::Timestamp;
use reelmeter_rating::{Breakdown, Money, PriceBook, PricingState, RateTable, UsageClass};

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn table() -> RateTable {
    RateTable::of_book(PriceBook::documented().unwrap())
}

fn breakdown(table: &RateTable, quantities: &[(&str, &str, &str, i128)]) -> Breakdown {
    let lines = quantities.iter().map(|(service, model, metric, quantity)| {
        table
            .rate(&UsageClass::new(service, model, metric), *quantity, now())
            .unwrap()
    });
    Breakdown::of(lines).unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

#[test]
fn the_example_of_the_documents_costs_exactly_0_775() {
    let flash = "gemini-2.5-flash";
    let summary = breakdown(
        &table(),
        &[
            ("gemini", flash, "input_tokens", 1_000_000),
            ("gemini", flash, "output_tokens", 50_000),
            ("gemini", flash, "images", 5),
        ],
    );
    let costs: Vec<_> = summary.models[0]
        .metrics
        .iter()
        .map(|total| total.cost.unwrap().screen())
        .collect();
    assert_eq!(costs, ["$0.50", "$0.075", "$0.20"]);
    assert_eq!(summary.total.to_string(), "0.775");
    assert_eq!(summary.headline(), "$0.775");
    assert_eq!(summary.services[0].cost, Some(summary.total));
}

#[test]
fn characters_of_a_subscription_have_no_dollar_figure() {
    let summary = breakdown(
        &table(),
        &[("elevenlabs", "JBFqnCBsd6RMkjVDRZzb", "characters", 5_000)],
    );
    let entry = &summary.services[0];
    assert_eq!(entry.metrics[0].state, PricingState::Subscription);
    assert_eq!(entry.metrics[0].quantity, 5_000);
    assert_eq!(entry.cost, None);
    assert_eq!(
        summary.headline(),
        "$0.00",
        "a subscription is not unpriced"
    );
}

#[test]
fn a_local_model_is_free() {
    let summary = breakdown(&table(), &[("ollama", "moondream", "output_tokens", 900)]);
    assert_eq!(summary.services[0].metrics[0].state, PricingState::Free);
    assert_eq!(summary.services[0].cost, Some(Money::ZERO));
}

#[test]
fn a_model_without_rates_takes_its_services_default_and_says_so() {
    let class = UsageClass::new("gemini", "gemini-2.5-flash-image", "images");
    let line = table().rate(&class, 1, now()).unwrap();
    assert_eq!(line.cost, Some(money("0.04")));
    assert_eq!(
        line.applied().unwrap().service_default.as_deref(),
        Some("gemini-2.5-flash")
    );
}

#[test]
fn a_model_with_rates_of_its_own_takes_no_default() {
    let class = UsageClass::new("gemini", "gemini-3-flash-preview", "images");
    let line = table().rate(&class, 2, now()).unwrap();
    assert_eq!(line.state(), PricingState::Unpriced);
    assert_eq!(
        Breakdown::of([line]).unwrap().headline(),
        "$0.00 + 2 images unpriced"
    );
}

#[test]
fn the_other_documented_models_have_their_own_rates() {
    for (model, metric, cost) in [
        ("gemini-3-flash-preview", "input_tokens", "0.075"),
        ("gemini-3-flash-preview", "output_tokens", "0.3"),
        ("gemini-3-pro-preview", "input_tokens", "1.25"),
        ("gemini-3-pro-preview", "output_tokens", "5"),
    ] {
        let line = table()
            .rate(&UsageClass::new("gemini", model, metric), 1_000_000, now())
            .unwrap();
        assert_eq!(line.cost, Some(money(cost)), "{model} {metric}");
        assert_eq!(line.applied().unwrap().service_default, None);
    }
}

#[test]
fn an_unknown_service_is_unpriced_and_never_zero() {
    let line = table()
        .rate(
            &UsageClass::new("Gemini", "gemini-2.5-flash", "input_tokens"),
            7,
            now(),
        )
        .unwrap();
    assert_eq!(line.state(), PricingState::Unpriced);
    assert_eq!(line.cost, None, "a familiar-looking service is not matched");
}
