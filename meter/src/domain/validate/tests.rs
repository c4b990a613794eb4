//! A row for each rule: what breaks it, and what just does not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use reelmeter_rating::Basis;

use super::*;

fn sound() -> SentEvent {
    SentEvent {
        event_id: "e".to_owned(),
        session_id: "s".to_owned(),
        service: "gemini".to_owned(),
        model: "gemini-2.5-flash".to_owned(),
        quantities: vec![quantity("input_tokens", 1)],
        ..SentEvent::default()
    }
}

fn quantity(metric: &str, value: i64) -> SentQuantity {
    SentQuantity {
        metric: metric.to_owned(),
        value,
        basis: Sent::Known(Basis::Counted),
        provider_billed: None,
    }
}

fn billed(value: &str, unit: &str, expected_value: &str) -> Option<SentBilled> {
    Some(SentBilled {
        value: value.to_owned(),
        unit: unit.to_owned(),
        expected_value: expected_value.to_owned(),
    })
}

fn at(seconds: i64, nanoseconds: i32) -> Option<SentTime> {
    Some(SentTime {
        seconds,
        nanoseconds,
    })
}

fn labels(
    count: usize,
    key_bytes: usize,
    value_bytes: usize,
) -> std::collections::BTreeMap<String, String> {
    (0..count)
        .map(|number| (format!("{number:0key_bytes$}"), "v".repeat(value_bytes)))
        .collect()
}

/// The rule's field, an event that breaks it, and one that is at its very edge.
type Row = (&'static str, fn(&mut SentEvent), fn(&mut SentEvent));

const RULES: &[Row] = &[
    (
        "event_id",
        |e| e.event_id.clear(),
        |e| e.event_id = "x".to_owned(),
    ),
    (
        "event_id",
        |e| e.event_id = "x".repeat(129),
        |e| e.event_id = "x".repeat(128),
    ),
    (
        "event_id",
        |e| e.event_id = "é".repeat(65),
        |e| e.event_id = "é".repeat(64),
    ),
    (
        "event_id",
        |e| e.event_id = "a\nb".to_owned(),
        |e| e.event_id = "a b".to_owned(),
    ),
    (
        "session_id",
        |e| e.session_id.clear(),
        |e| e.session_id = "x".to_owned(),
    ),
    (
        "session_id",
        |e| e.session_id = "x".repeat(129),
        |e| e.session_id = "x".repeat(128),
    ),
    (
        "session_id",
        |e| e.session_id = "a\u{1b}[2J".to_owned(),
        |e| e.session_id = "a[2J".to_owned(),
    ),
    (
        "service",
        |e| e.service.clear(),
        |e| e.service = "x".to_owned(),
    ),
    (
        "service",
        |e| e.service = "x".repeat(129),
        |e| e.service = "x".repeat(128),
    ),
    (
        "service",
        |e| e.service = "gem\u{200b}ini".to_owned(),
        |e| e.service = "gem-ini".to_owned(),
    ),
    ("model", |e| e.model.clear(), |e| e.model = "x".to_owned()),
    (
        "model",
        |e| e.model = "x".repeat(129),
        |e| e.model = "x".repeat(128),
    ),
    (
        "model",
        |e| e.model = "\u{202e}hsalf".to_owned(),
        |e| e.model = "Stimme für Kinder".to_owned(),
    ),
    (
        "rate_model",
        |e| e.rate_model = "x".repeat(129),
        |e| e.rate_model.clear(),
    ),
    (
        "rate_model",
        |e| e.rate_model = "a\tb".to_owned(),
        |e| e.rate_model = "x".repeat(128),
    ),
    (
        "model_display_name",
        |e| e.model_display_name = "x".repeat(129),
        |e| e.model_display_name = "x".repeat(128),
    ),
    (
        "model_display_name",
        |e| e.model_display_name = "\u{feff}George".to_owned(),
        |e| e.model_display_name = "👩 George".to_owned(),
    ),
    (
        "stage",
        |e| e.stage = "x".repeat(129),
        |e| e.stage = "x".repeat(128),
    ),
    ("stage", |e| e.stage = "\0".to_owned(), |e| e.stage.clear()),
    ("scene", |e| e.scene = -1, |e| e.scene = i32::MAX),
    ("attempt", |e| e.attempt = -1, |e| e.attempt = i32::MAX),
    (
        "outcome",
        |e| e.outcome = Sent::Unknown(5),
        |e| e.outcome = Sent::Known(Outcome::Unconfirmed),
    ),
    (
        "variant",
        |e| e.variant = Sent::Unknown(-3),
        |e| e.variant = Sent::Known(Variant::Priority),
    ),
    (
        "replaces_event_id",
        |e| e.replaces_event_id = "x".repeat(129),
        |e| e.replaces_event_id = "x".repeat(128),
    ),
    (
        "replaces_event_id",
        |e| e.replaces_event_id = "e".to_owned(),
        |e| e.replaces_event_id = "f".to_owned(),
    ),
    (
        "replaces_event_id",
        |e| e.replaces_event_id = "\u{7f}".to_owned(),
        |e| e.replaces_event_id.clear(),
    ),
    (
        "reservation_id",
        |e| e.reservation_id = "x".repeat(129),
        |e| e.reservation_id = "x".repeat(128),
    ),
    (
        "reservation_id",
        |e| e.reservation_id = "\u{85}".to_owned(),
        |e| e.reservation_id.clear(),
    ),
    (
        "occur_time",
        |e| e.occur_time = at(-62_135_596_801, 0),
        |e| e.occur_time = at(-62_135_596_800, 0),
    ),
    (
        "occur_time",
        |e| e.occur_time = at(253_402_300_800, 0),
        |e| e.occur_time = at(253_402_207_200, 999_999_999),
    ),
    (
        "occur_time",
        |e| e.occur_time = at(i64::MAX, 0),
        |e| e.occur_time = at(0, 0),
    ),
    (
        "occur_time",
        |e| e.occur_time = at(0, -1),
        |e| e.occur_time = at(-1, 999_999_999),
    ),
    (
        "occur_time",
        |e| e.occur_time = at(0, 1_000_000_000),
        |e| e.occur_time = None,
    ),
    (
        "occur_time",
        |e| e.occur_time = at(0, i32::MIN),
        |e| e.occur_time = at(0, 999_999_999),
    ),
    (
        "occur_time",
        |e| e.occur_time = at(i64::MIN, i32::MAX),
        |e| e.occur_time = at(0, 0),
    ),
    (
        "quantities",
        |e| e.quantities = (0..33).map(|n| quantity(&format!("m{n}"), 1)).collect(),
        |e| {
            e.quantities = (0..32).map(|n| quantity(&format!("m{n}"), 1)).collect();
        },
    ),
    (
        "quantities[1].metric",
        |e| e.quantities.push(quantity("", 1)),
        |e| e.quantities.push(quantity("x", 1)),
    ),
    (
        "quantities[0].metric",
        |e| e.quantities[0].metric = "x".repeat(129),
        |e| e.quantities[0].metric = "x".repeat(128),
    ),
    (
        "quantities[0].metric",
        |e| e.quantities[0].metric = "in\u{ad}put".to_owned(),
        |e| e.quantities[0].metric = "Ein-gabe".to_owned(),
    ),
    (
        "quantities[1].metric",
        |e| e.quantities.push(quantity("input_tokens", 1)),
        |e| e.quantities.push(quantity("Input_tokens", 1)),
    ),
    (
        "quantities[0].value",
        |e| e.quantities[0].value = -1,
        |e| e.quantities[0].value = 0,
    ),
    (
        "quantities[0].value",
        |e| e.quantities[0].value = i64::MIN,
        |e| e.quantities[0].value = i64::MAX,
    ),
    (
        "quantities[0].basis",
        |e| e.quantities[0].basis = Sent::Unspecified,
        |e| e.quantities[0].basis = Sent::Known(Basis::Estimated),
    ),
    (
        "quantities[0].basis",
        |e| e.quantities[0].basis = Sent::Unknown(4),
        |e| e.quantities.clear(),
    ),
    (
        "quantities[0].provider_billed.value",
        |e| e.quantities[0].provider_billed = billed("", "credits", ""),
        |e| {
            e.quantities[0].provider_billed = billed("0", "credits", "");
        },
    ),
    (
        "quantities[0].provider_billed.value",
        |e| e.quantities[0].provider_billed = billed("-1", "credits", ""),
        |e| {
            e.quantities[0].provider_billed = billed("27.5", "credits", "27");
        },
    ),
    (
        "quantities[0].provider_billed.value",
        |e| e.quantities[0].provider_billed = billed("2e3", "credits", ""),
        |e| {
            e.quantities[0].provider_billed = billed("0.000000000000000000000001", "credits", "");
        },
    ),
    (
        "quantities[0].provider_billed.value",
        |e| e.quantities[0].provider_billed = billed("NaN", "credits", ""),
        |e| {
            e.quantities[0].provider_billed = billed("100000000000000", "credits", "");
        },
    ),
    (
        "quantities[0].provider_billed.value",
        |e| e.quantities[0].provider_billed = billed(&"0".repeat(65), "credits", ""),
        |e| {
            e.quantities[0].provider_billed = billed(&"0".repeat(64), "credits", "");
        },
    ),
    (
        "quantities[0].provider_billed.unit",
        |e| e.quantities[0].provider_billed = billed("1", "", ""),
        |e| {
            e.quantities[0].provider_billed = billed("1", "c", "");
        },
    ),
    (
        "quantities[0].provider_billed.unit",
        |e| e.quantities[0].provider_billed = billed("1", &"u".repeat(33), ""),
        |e| {
            e.quantities[0].provider_billed = billed("1", &"u".repeat(32), "");
        },
    ),
    (
        "quantities[0].provider_billed.expected_value",
        |e| e.quantities[0].provider_billed = billed("1", "credits", "1,5"),
        |e| {
            e.quantities[0].provider_billed = billed("1", "credits", "1.5");
        },
    ),
    (
        "labels",
        |e| e.labels = labels(33, 2, 1),
        |e| e.labels = labels(32, 2, 1),
    ),
    (
        "labels[]",
        |e| e.labels = [(String::new(), "v".to_owned())].into(),
        |e| e.labels = [("k".to_owned(), String::new())].into(),
    ),
    (
        "labels[",
        |e| e.labels = labels(1, 65, 1),
        |e| e.labels = labels(1, 64, 1),
    ),
    (
        "labels[0]",
        |e| e.labels = labels(1, 1, 257),
        |e| e.labels = labels(1, 1, 256),
    ),
    (
        "labels[",
        |e| e.labels = [("a\u{200d}".to_owned(), String::new())].into(),
        |e| e.labels = [("a b".to_owned(), String::new())].into(),
    ),
    (
        "labels[k]",
        |e| e.labels = [("k".to_owned(), "\u{2066}".to_owned())].into(),
        |e| {
            e.labels = [("k".to_owned(), "👩\u{200d}🚀".to_owned())].into();
        },
    ),
];

#[test]
fn each_rule_names_its_field_and_lets_its_edge_pass() {
    for (place, (field, breaks, keeps)) in RULES.iter().enumerate() {
        let mut broken = sound();
        breaks(&mut broken);
        let problem = event(broken).unwrap_err();
        let named =
            problem.field == *field || (field.ends_with('[') && problem.field.starts_with(field));
        assert!(
            named,
            "row {place}: {field} is broken and the answer names {problem}"
        );
        assert!(
            !problem.reason.is_empty() && !problem.reason.ends_with('.'),
            "row {place}: {problem}"
        );
        let mut kept = sound();
        keeps(&mut kept);
        event(kept)
            .unwrap_or_else(|problem| panic!("row {place}: at the edge of {field}: {problem}"));
    }
}

#[test]
fn what_is_left_out_is_filled_in() {
    let event = event(sound()).unwrap();
    assert_eq!(
        (event.attempt, event.scene, event.occurred, event.replaces),
        (1, 0, None, None)
    );
    assert_eq!(
        (event.shared.series.outcome, event.shared.series.variant),
        (Outcome::Succeeded, Variant::Standard)
    );
    let mut same = sound();
    same.rate_model = same.model.clone();
    assert_eq!(
        super::event(same).unwrap().shared.series.rate_model,
        None,
        "a rate model that is the model says nothing"
    );
}

#[test]
fn a_time_is_kept_to_the_microsecond() {
    let mut sent = sound();
    sent.occur_time = at(-1, 999_999_999);
    assert_eq!(
        event(sent).unwrap().occurred.unwrap().to_string(),
        "1969-12-31T23:59:59.999999Z"
    );
}

#[test]
fn a_problem_repeats_nothing_that_moves_a_terminal() {
    let mut sent = sound();
    sent.labels = [("\u{1b}[31m".to_owned(), "v".to_owned())].into();
    let problem = event(sent).unwrap_err();
    assert!(
        problem.to_string().chars().all(|c| !c.is_control()),
        "{problem:?}"
    );
}
