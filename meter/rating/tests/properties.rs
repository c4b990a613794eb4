//! Protects the sums: whatever is recorded, in whatever order, however it is added up, the figures
//! are the same to the last digit, and by model equals by service equals total.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use reelmeter_rating::{
    Basis, Breakdown, ContextTier, Money, Overrides, PriceBook, PricingState, RateTable,
    UsageClass, Variant, metric,
};
use support::{Event, money, now};

const MODELS: [(&str, &str); 8] = [
    ("gemini", "gemini-2.5-flash"),
    ("gemini", "gemini-2.5-pro"),
    ("gemini", "gemini-2.5-flash-image"),
    ("gemini", "gemini-3.8-flash"),
    ("gemini", "unheard-of"),
    ("elevenlabs", "JBFqnCBsd6RMkjVDRZzb"),
    ("ollama", "moondream"),
    ("somebody", "else"),
];

fn event() -> impl Strategy<Value = Event> {
    let quantity = (
        prop::sample::select(&metric::WELL_KNOWN[..]),
        0_i64..400_000,
        prop::sample::select(Basis::ALL),
    );
    (
        prop::sample::select(&MODELS[..]),
        prop::sample::select(Variant::ALL),
        prop::sample::select(
            &[
                "2026-11-23T00:00:00Z",
                "2026-12-31T23:59:59Z",
                "2027-01-01T00:00:00Z",
            ][..],
        ),
        prop::collection::btree_map(
            quantity.prop_map(|(metric, value, basis)| (metric, (value, basis))),
            Just(()),
            1..6,
        ),
    )
        .prop_map(|((service, model), variant, time, quantities)| {
            let event = Event::new(service, model).variant(variant).at(time);
            let quantities: BTreeMap<_, _> = quantities.into_keys().collect();
            quantities
                .into_iter()
                .fold(event, |event, (metric, (value, basis))| {
                    event.with_basis(metric, value, basis)
                })
        })
}

/// The documents' prices and the list's, under the same overrides.
static TABLES: LazyLock<[RateTable; 2]> = LazyLock::new(|| {
    let value = "elevenlabs/*/characters=0.0001/1; gemini/gemini-2.5-flash-image/images=0.05/1 from 2027-01-01; \
                 gemini/*/thinking_tokens=7/1000000 flex; somebody/else/input_tokens=1e-17/1000000";
    let rpc = Overrides::from_environment("RATES", value).unwrap();
    let books = [PriceBook::documented().unwrap(), PriceBook::list().unwrap()];
    books.map(|book| RateTable::of_book(book).with_rpc(rpc.clone()))
});

/// As a store keeps them: one sum a class.
fn rollup(events: &[Event], table: &RateTable) -> BTreeMap<UsageClass, i64> {
    let mut sums = BTreeMap::new();
    for (class, value) in events.iter().flat_map(|event| event.classes(table)) {
        *sums.entry(class).or_insert(0) += value;
    }
    sums
}

fn of_rollup(sums: &BTreeMap<UsageClass, i64>, table: &RateTable) -> Breakdown {
    Breakdown::of(
        sums.iter()
            .map(|(class, sum)| table.rate(class, i128::from(*sum), now()).unwrap()),
    )
    .unwrap()
}

fn costs(breakdown: &Breakdown) -> (Money, Vec<String>) {
    let entries = breakdown.services.iter().chain(&breakdown.models);
    let shown = entries.map(|entry| {
        let metrics: Vec<_> = entry
            .metrics
            .iter()
            .map(|total| {
                (
                    total.metric.to_string(),
                    total.state,
                    total.quantity,
                    total.cost,
                )
            })
            .collect();
        format!(
            "{} {:?} {:?} {metrics:?}",
            entry.service, entry.model, entry.cost
        )
    });
    (breakdown.total, shown.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sums_by_class_cost_exactly_what_the_events_cost_in_any_order(
        events in prop::collection::vec(event(), 1..30),
        shuffled in any::<prop::sample::Index>(),
    ) {
        for table in &*TABLES {
            let one_by_one = Breakdown::of(events.iter().flat_map(|event| event.lines(table))).unwrap();
            let mut turned = events.clone();
            turned.rotate_left(shuffled.index(events.len()));
            turned.reverse();
            let added_up = of_rollup(&rollup(&turned, table), table);
            prop_assert_eq!(costs(&one_by_one), costs(&added_up));
            prop_assert_eq!(one_by_one.headline(), added_up.headline());
        }
    }

    #[test]
    fn by_model_equals_by_service_equals_total(events in prop::collection::vec(event(), 0..30)) {
        for table in &*TABLES {
            let breakdown = of_rollup(&rollup(&events, table), table);
            let sum = |entries: &[reelmeter_rating::breakdown::Entry]| {
                Money::checked_sum(entries.iter().filter_map(|entry| entry.cost)).unwrap()
            };
            prop_assert_eq!(sum(&breakdown.services), breakdown.total);
            prop_assert_eq!(sum(&breakdown.models), breakdown.total);
            for entry in breakdown.services.iter().chain(&breakdown.models) {
                let metrics = entry.metrics.iter().filter_map(|total| total.cost);
                prop_assert_eq!(Money::checked_sum(metrics).unwrap(), entry.cost.unwrap_or_default());
                let lines = entry.metrics.iter().flat_map(|total| &total.lines).filter_map(|line| line.cost);
                prop_assert_eq!(Money::checked_sum(lines).unwrap(), entry.cost.unwrap_or_default());
            }
            let largest_first = breakdown.models.windows(2).all(|pair| pair[0].cost >= pair[1].cost);
            prop_assert!(largest_first);
        }
    }

    #[test]
    fn a_running_session_is_re_priced_from_its_sums_alone(events in prop::collection::vec(event(), 1..20)) {
        // Sums were kept by the periods of one table; another without finer periods prices them as
        // if the events were rated anew.
        let [documented, list] = &*TABLES;
        prop_assert_eq!(documented.boundaries().added_since(list.boundaries()).count(), 0);
        let sums = rollup(&events, list);
        let anew = Breakdown::of(events.iter().flat_map(|event| event.lines(documented))).unwrap();
        prop_assert_eq!(of_rollup(&sums, documented).total, anew.total);
    }

    #[test]
    fn only_rated_and_free_lines_have_a_cost_and_only_rated_ones_a_rate(event in event()) {
        for table in &*TABLES {
            for line in event.lines(table) {
                let has_cost = matches!(line.state(), PricingState::Rated | PricingState::Free);
                prop_assert_eq!(line.cost.is_some(), has_cost);
                prop_assert_eq!(line.applied().is_some(), line.state() == PricingState::Rated);
                if let Some(applied) = line.applied() {
                    prop_assert_eq!(applied.rate.variant, line.class.variant);
                    prop_assert!(applied.rate.is_in_force(line.class.period.instant()));
                    prop_assert!(applied.rate.covers(line.class.tier));
                    let asked = applied.rated_as.as_ref().unwrap_or(&line.class.metric);
                    prop_assert_eq!(&applied.rate.metric, asked);
                }
            }
        }
    }

    #[test]
    fn frozen_rates_price_as_the_live_ones_did(events in prop::collection::vec(event(), 1..10)) {
        let table = &TABLES[0];
        let thawed = RateTable::thaw(&table.freeze()).unwrap();
        let total = |table: &RateTable| of_rollup(&rollup(&events, table), table).total;
        prop_assert_eq!(total(table), total(&thawed));
    }

    #[test]
    fn a_tier_is_the_highest_threshold_strictly_exceeded(tokens in 0_u64..2_000_000) {
        let expected = ContextTier::THRESHOLDS.into_iter().filter(|threshold| tokens > *threshold).max().unwrap_or(0);
        prop_assert_eq!(ContextTier::of(tokens).above(), expected);
    }

    #[test]
    fn an_amount_is_read_back_as_it_is_shown(units in any::<i128>()) {
        prop_assume!(units != i128::MIN);
        let amount = Money::from_units(units);
        prop_assert_eq!(amount.to_string().parse::<Money>(), Ok(amount));
    }

    #[test]
    fn an_amount_on_a_screen_is_at_most_half_a_step_off(units in any::<i64>(), shift in 0_u32..15) {
        let amount = Money::from_units(i128::from(units) * 10_i128.pow(shift));
        let screen = amount.screen();
        if amount.is_zero() {
            prop_assert_eq!(screen, "$0.00");
        } else if screen.starts_with(['<', '>']) {
            prop_assert!(amount.units().unsigned_abs() <= 5 * 10_u128.pow(19));
        } else {
            let shown = money(&screen.replace(['$', ','], ""));
            let off = shown.checked_sub(amount).unwrap().units().unsigned_abs();
            prop_assert!(off <= 5 * 10_u128.pow(19), "{} is {} off", screen, off);
            prop_assert!(!shown.is_zero());
        }
    }
}

#[test]
fn a_sum_that_does_not_fit_is_refused_and_never_wraps() {
    let table = RateTable::of_book(PriceBook::documented().unwrap());
    let class = UsageClass::new("gemini", "gemini-2.5-flash", "images");
    let error = table.rate(&class, i128::from(i64::MAX), now()).unwrap_err();
    assert!(
        error.to_string().contains("gemini/gemini-2.5-flash images"),
        "{error}"
    );
    let line = table.rate(&class, 4_000_000_000_000_000, now()).unwrap();
    assert_eq!(line.cost, Some(money("160000000000000")));
    assert!(Breakdown::of([line.clone(), line]).is_err());
}

#[test]
fn an_empty_session_is_an_empty_valid_breakdown() {
    let breakdown = Breakdown::of([]).unwrap();
    assert_eq!(breakdown, Breakdown::default());
    assert_eq!(breakdown.headline(), "$0.00");
}

#[test]
fn a_negative_quantity_is_refused_by_name() {
    let event = [reelmeter_rating::QuantityView {
        metric: "images",
        value: -1,
        basis: Basis::Counted,
    }];
    let usage = reelmeter_rating::Usage {
        service: "gemini",
        model: "m",
        rate_model: "",
        variant: Variant::Standard,
        time: now(),
        clock: false,
        quantities: &event,
    };
    let error =
        reelmeter_rating::classify(&usage, &reelmeter_rating::Boundaries::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("quantity -1 of images is negative"),
        "{error}"
    );
}

#[test]
fn a_time_ahead_of_the_meter_is_rated_at_receipt_and_marked() {
    let at = |text: &str| text.parse().unwrap();
    let received = at("2026-12-31T23:55:00Z");
    let rated = reelmeter_rating::usage::rating_time;
    assert_eq!(
        rated(at("2027-01-01T00:05:00Z"), received),
        (at("2027-01-01T00:05:00Z"), false),
        "ten minutes"
    );
    assert_eq!(
        rated(at("2027-01-01T00:05:00.000000001Z"), received),
        (received, true)
    );
    assert_eq!(
        rated(at("1999-01-01T00:00:00Z"), received),
        (at("1999-01-01T00:00:00Z"), false)
    );
}
