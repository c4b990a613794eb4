#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::application::{Limits, Preferences};
use crate::domain::retry::Policy;

fn setup() -> Setup {
    Setup {
        videos_folder: PathBuf::new(),
        preferences: Preferences::default(),
        voice_id: "v".to_owned(),
        scene_count: 5,
        resolution_px: 720,
        subtitles: true,
        simulated: true,
        limits: Limits {
            videos: 1,
            images: 1,
            narrations: 1,
            sections: 1,
            render_time: Duration::ZERO,
            retry: Policy::default(),
            cancel_grace: Duration::ZERO,
            stop_grace: Duration::ZERO,
        },
    }
}

fn wire_spec() -> wire::VideoSpec {
    wire::VideoSpec {
        prompt: "Why do volcanoes erupt?".to_owned(),
        ..wire::VideoSpec::default()
    }
}

/// The fields that are named as wrong.
fn wrong(change: impl FnOnce(&mut wire::VideoSpec)) -> Vec<String> {
    let mut wire = wire_spec();
    change(&mut wire);
    let status = spec(Some(wire), &setup()).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let violations = &details.bad_request().unwrap().field_violations;
    violations
        .iter()
        .map(|violation| violation.field.clone())
        .collect()
}

#[test]
fn what_is_left_out_is_filled_in() {
    let spec = spec(Some(wire_spec()), &setup()).unwrap();
    assert_eq!(
        (spec.scene_count, spec.image_count, spec.resolution_px),
        (5, 0, 720)
    );
    assert_eq!(
        (spec.pipeline, spec.aspect),
        (Pipeline::Narrated, AspectRatio::Landscape)
    );
}

#[test]
fn the_prompt_can_say_how_many_scenes() {
    let mut wire = wire_spec();
    wire.prompt = "Volcanoes in 3 scenes".to_owned();
    assert_eq!(spec(Some(wire), &setup()).unwrap().scene_count, 3);
}

#[test]
fn every_broken_rule_is_named_with_its_field() {
    assert_eq!(wrong(|spec| spec.prompt = "  ".to_owned()), ["spec.prompt"]);
    assert_eq!(
        wrong(|spec| spec.prompt = "a".repeat(8_001)),
        ["spec.prompt"]
    );
    assert_eq!(
        wrong(|spec| spec.prompt = "a\u{1b}[31m".to_owned()),
        ["spec.prompt"]
    );
    assert_eq!(wrong(|spec| spec.pipeline = 77), ["spec.pipeline"]);
    assert_eq!(wrong(|spec| spec.aspect_ratio = -1), ["spec.aspect_ratio"]);
    assert_eq!(wrong(|spec| spec.scene_count = 61), ["spec.scene_count"]);
    assert_eq!(wrong(|spec| spec.scene_count = -1), ["spec.scene_count"]);
    assert_eq!(wrong(|spec| spec.image_count = 4), ["spec.image_count"]);
    assert_eq!(wrong(|spec| spec.image_count = 21), ["spec.image_count"]);
    assert_eq!(
        wrong(|spec| spec.resolution_px = 721),
        ["spec.resolution_px"]
    );
    assert_eq!(
        wrong(|spec| spec.voice_id = "v".repeat(129)),
        ["spec.voice_id"]
    );
    assert_eq!(
        wrong(|spec| spec.language = "english please".to_owned()),
        ["spec.language"]
    );
    let model = |spec: &mut wire::VideoSpec| {
        spec.models = Some(wire::Models {
            image_model: "a\u{202e}b".to_owned(),
            ..wire::Models::default()
        });
    };
    assert_eq!(wrong(model), ["spec.models.image_model"]);
    let label = |spec: &mut wire::VideoSpec| {
        spec.labels.insert(String::new(), "v".repeat(257));
    };
    assert_eq!(wrong(label), ["spec.labels", "spec.labels"]);
}

#[test]
fn a_budget_is_an_exact_amount_above_zero() {
    let money = |amount: &str, currency: &str| meter::Budget {
        limit: Some(meter::budget::Limit::Money(meter::Money {
            currency_code: currency.to_owned(),
            amount: amount.to_owned(),
        })),
    };
    let amount = "spec.budget.money.amount";
    assert_eq!(
        wrong(|spec| spec.budget = Some(money("0", "USD"))),
        [amount]
    );
    assert_eq!(
        wrong(|spec| spec.budget = Some(money("-1", "USD"))),
        [amount]
    );
    assert_eq!(
        wrong(|spec| spec.budget = Some(money("one", "USD"))),
        [amount]
    );
    let currency = "spec.budget.money.currency_code";
    assert_eq!(
        wrong(|spec| spec.budget = Some(money("1", "EUR"))),
        [currency]
    );
    assert_eq!(
        wrong(|spec| spec.budget = Some(meter::Budget::default())),
        ["spec.budget.limit"]
    );
    let mut wire = wire_spec();
    wire.budget = Some(money("1.50", "USD"));
    assert_eq!(
        spec(Some(wire), &setup()).unwrap().budget,
        Some(Budget::Usd("1.5".to_owned()))
    );
}

#[test]
fn a_missing_spec_is_a_wrong_field_too() {
    let status = spec(None, &setup()).unwrap_err();
    assert!(
        status.message().starts_with("spec: "),
        "{}",
        status.message()
    );
}
