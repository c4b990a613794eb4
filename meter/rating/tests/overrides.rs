//! Protects what a person says about prices: every override takes effect in its order of
//! precedence, from its date, and can be taken back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use jiff::Timestamp;
use reelmeter_rating::rate::Source;
use reelmeter_rating::{
    Layer, Name, Overrides, PriceBook, PricingState, Rate, RateSpec, RateTable, UsageClass, Variant,
};
use support::{Event, money};

fn rate(service: &str, model: Option<&str>, metric: &str, amount: &str) -> Rate {
    rate_with(service, model, metric, amount, |_| ())
}

fn rate_with(
    service: &str,
    model: Option<&str>,
    metric: &str,
    amount: &str,
    set: impl FnOnce(&mut RateSpec),
) -> Rate {
    let mut spec = RateSpec::new(
        service,
        model,
        metric,
        money(amount),
        1_000_000,
        Source::named("set at run time"),
    );
    set(&mut spec);
    Rate::new(spec).unwrap()
}

fn overrides(rates: impl IntoIterator<Item = Rate>) -> Overrides {
    rates.into_iter().collect()
}

fn list() -> RateTable {
    RateTable::of_book(PriceBook::list().unwrap())
}

fn flash_input() -> Event {
    Event::gemini("gemini-2.5-flash").with("input_tokens", 1_000_000)
}

#[test]
fn rpc_beats_environment_beats_file_beats_book() {
    let one = |amount: &str| {
        overrides([rate(
            "gemini",
            Some("gemini-2.5-flash"),
            "input_tokens",
            amount,
        )])
    };
    let none = Overrides::none;
    let book = || PriceBook::list().unwrap();
    for (file, environment, rpc, cost, layer) in [
        (none(), none(), none(), "0.3", Layer::Book),
        (one("1"), none(), none(), "1", Layer::File),
        (one("1"), one("2"), none(), "2", Layer::Environment),
        (one("1"), one("2"), one("3"), "3", Layer::Rpc),
        (one("1"), none(), one("3"), "3", Layer::Rpc),
    ] {
        let table = RateTable::new(book(), file, environment, rpc);
        let line = flash_input().lines(&table).remove(0);
        assert_eq!(line.cost, Some(money(cost)));
        assert_eq!(line.applied().unwrap().layer, layer);
    }
}

#[test]
fn within_a_layer_the_model_comes_before_the_service_and_the_layer_before_both() {
    let wide = rate("gemini", None, "input_tokens", "7");
    let own = rate("gemini", Some("gemini-2.5-flash"), "input_tokens", "8");
    let table = list().with_rpc(overrides([wide.clone(), own.clone()]));
    assert_eq!(flash_input().breakdown(&table).total, money("8"));
    let pro = Event::gemini("gemini-2.5-pro").with("input_tokens", 1_000_000);
    let line = pro.lines(&table).remove(0);
    assert_eq!(
        line.cost,
        Some(money("7")),
        "also above the tier: whoever sets a price means it"
    );
    assert!(line.applied().unwrap().service_wide);
    let file_own = RateTable::new(
        PriceBook::list().unwrap(),
        overrides([own]),
        Overrides::none(),
        overrides([wide]),
    );
    assert_eq!(flash_input().breakdown(&file_own).total, money("7"));
}

#[test]
fn an_override_without_a_date_is_for_all_usage_and_one_with_a_date_from_then_on() {
    let dated = |start: &str| {
        let start: Timestamp = start.parse().unwrap();
        rate_with(
            "gemini",
            Some("gemini-2.5-flash"),
            "input_tokens",
            "9",
            |spec| spec.start = Some(start),
        )
    };
    let table = list().with_rpc(overrides([dated("2026-11-20T10:00:00Z")]));
    assert_eq!(
        flash_input()
            .at("2026-11-20T09:59:59Z")
            .breakdown(&table)
            .total,
        money("0.3")
    );
    assert_eq!(
        flash_input()
            .at("2026-11-20T10:00:00Z")
            .breakdown(&table)
            .total,
        money("9")
    );
    // Beside an undated one, the dated one takes over at its date.
    let undated = rate("gemini", Some("gemini-2.5-flash"), "input_tokens", "5");
    let table = list().with_rpc(overrides([dated("2026-11-20T10:00:00Z"), undated]));
    assert_eq!(
        flash_input()
            .at("2020-01-01T00:00:00Z")
            .breakdown(&table)
            .total,
        money("5")
    );
    assert_eq!(
        flash_input()
            .at("2026-11-21T00:00:00Z")
            .breakdown(&table)
            .total,
        money("9")
    );
}

#[test]
fn an_override_ends_before_its_until() {
    let end: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let ending = rate_with(
        "gemini",
        Some("gemini-2.5-flash"),
        "input_tokens",
        "9",
        |spec| spec.end = Some(end),
    );
    let table = list().with_rpc(overrides([ending]));
    assert_eq!(
        flash_input()
            .at("2026-11-20T09:59:59.999999999Z")
            .breakdown(&table)
            .total,
        money("9")
    );
    assert_eq!(
        flash_input()
            .at("2026-11-20T10:00:00Z")
            .breakdown(&table)
            .total,
        money("0.3")
    );
}

#[test]
fn a_later_rate_for_any_request_leaves_the_rate_of_a_tier_in_force() {
    let pro = |amount: &str, set: &dyn Fn(&mut RateSpec)| {
        rate_with(
            "gemini",
            Some("gemini-2.5-pro"),
            "input_tokens",
            amount,
            set,
        )
    };
    let tier = pro("8", &|spec| spec.above_input_tokens = Some(200_000));
    let later = pro("4", &|spec| {
        spec.start = Some("2026-01-01T00:00:00Z".parse().unwrap())
    });
    let table = list().with_rpc(overrides([tier, later]));
    let cost = |input| {
        Event::gemini("gemini-2.5-pro")
            .with("input_tokens", input)
            .breakdown(&table)
            .total
    };
    assert_eq!(cost(1_000_000), money("8"));
    assert_eq!(cost(100_000), money("0.4"));
}

#[test]
fn an_undated_override_set_later_is_for_all_usage_again() {
    let start: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let mut rpc = overrides([rate_with(
        "gemini",
        Some("gemini-2.5-flash"),
        "input_tokens",
        "9",
        |spec| spec.start = Some(start),
    )]);
    rpc.set(rate(
        "gemini",
        Some("gemini-2.5-flash"),
        "input_tokens",
        "5",
    ));
    assert_eq!(
        flash_input()
            .at("2026-11-21T00:00:00Z")
            .breakdown(&list().with_rpc(rpc))
            .total,
        money("5")
    );
}

#[test]
fn kept_overrides_come_back_whole_also_where_a_later_one_takes_over() {
    let dated = |start: &str, amount: &str| {
        let start: Timestamp = start.parse().unwrap();
        rate_with("gemini", None, "images", amount, |spec| {
            spec.start = Some(start)
        })
    };
    let mut rpc = Overrides::none();
    rpc.set(rate("gemini", None, "images", "1"));
    rpc.set(dated("2027-01-01T00:00:00Z", "3"));
    rpc.set(dated("2026-12-01T00:00:00Z", "2"));
    assert_eq!(Overrides::from_toml("kept", &rpc.to_toml()).unwrap(), rpc);
    let thawed = RateTable::thaw(&list().with_rpc(rpc.clone()).freeze()).unwrap();
    assert_eq!(thawed.overrides(Layer::Rpc), Some(&rpc));
    let price = |time: &str| {
        let event = Event::gemini("gemini-2.5-flash")
            .at(time)
            .with("images", 1_000_000);
        event.breakdown(&thawed).total
    };
    assert_eq!(price("2026-11-30T23:59:59Z"), money("1"));
    assert_eq!(price("2026-12-01T00:00:00Z"), money("2"));
    assert_eq!(price("2027-01-01T00:00:00Z"), money("3"));
}

#[test]
fn overrides_are_replaced_and_put_back_to_the_defaults() {
    let mut rpc = overrides([rate(
        "gemini",
        Some("gemini-2.5-flash"),
        "input_tokens",
        "5",
    )]);
    rpc.set(rate(
        "gemini",
        Some("gemini-2.5-flash"),
        "input_tokens",
        "6",
    ));
    rpc.set(rate("gemini", None, "output_tokens", "6"));
    assert_eq!(rpc.rates().len(), 2);
    assert_eq!(
        flash_input().breakdown(&list().with_rpc(rpc.clone())).total,
        money("6")
    );
    assert_eq!(
        rpc.reset(Some("gemini"), Some(None), None),
        1,
        "the service-wide one"
    );
    assert_eq!(
        rpc.reset(
            Some("gemini"),
            Some(Some("gemini-2.5-flash")),
            Some("input_tokens")
        ),
        1
    );
    assert_eq!(
        flash_input().breakdown(&list().with_rpc(rpc)).total,
        money("0.3")
    );
}

#[test]
fn a_persons_rate_turns_a_subscription_into_money() {
    let speech = |rpc: Overrides| {
        let voice = "JBFqnCBsd6RMkjVDRZzb";
        let event = Event::new("elevenlabs", voice)
            .rate_model("eleven_flash_v2_5")
            .with("characters", 5_000);
        event.lines(&list().with_rpc(rpc)).remove(0).cost
    };
    assert_eq!(speech(Overrides::none()), None);
    let per_million = |model| overrides([rate("elevenlabs", model, "characters", "100")]);
    assert_eq!(speech(per_million(None)), Some(money("0.5")));
    assert_eq!(
        speech(per_million(Some("eleven_flash_v2_5"))),
        Some(money("0.5"))
    );
    assert_eq!(
        speech(per_million(Some("JBFqnCBsd6RMkjVDRZzb"))),
        Some(money("0.5")),
        "by the voice on the screen"
    );
    assert_eq!(speech(per_million(Some("eleven_multilingual_v2"))), None);
}

#[test]
fn a_rate_for_a_local_model_beats_free() {
    let event = Event::new("ollama", "moondream").with("output_tokens", 1_000_000);
    assert_eq!(event.lines(&list())[0].state(), PricingState::Free);
    let table = list().with_rpc(overrides([rate("ollama", None, "output_tokens", "0.02")]));
    assert_eq!(event.breakdown(&table).total, money("0.02"));
}

#[test]
fn an_override_of_an_image_beats_the_books_rate_for_its_tokens() {
    let event = Event::gemini("gemini-2.5-flash-image")
        .with("image_output_tokens", 1_290)
        .with("images", 1);
    let by_image = rate_with(
        "gemini",
        Some("gemini-2.5-flash-image"),
        "images",
        "0.05",
        |spec| spec.unit_size = 1,
    );
    assert_eq!(
        event
            .breakdown(&list().with_rpc(overrides([by_image])))
            .total,
        money("0.05")
    );
}

#[test]
fn a_default_model_stands_in_for_models_without_rates_under_overrides_too() {
    let documented = RateTable::of_book(PriceBook::documented().unwrap());
    let event = Event::gemini("gemini-unheard-of")
        .with("input_tokens", 1_000_000)
        .with("output_tokens", 1_000_000);
    assert_eq!(event.breakdown(&documented).total, money("2"));
    // One own rate does not take the default away from the other metrics.
    let own = overrides([rate(
        "gemini",
        Some("gemini-unheard-of"),
        "input_tokens",
        "4",
    )]);
    let lines = event.lines(&documented.with_rpc(own));
    assert_eq!(lines[0].cost, Some(money("4")));
    assert_eq!(
        lines[1].applied().unwrap().service_default.as_deref(),
        Some("gemini-2.5-flash")
    );
    // An override of the default model reaches those it stands in for.
    let default = overrides([rate(
        "gemini",
        Some("gemini-2.5-flash"),
        "input_tokens",
        "6",
    )]);
    assert_eq!(
        event.lines(&documented.with_rpc(default))[0].cost,
        Some(money("6"))
    );
}

#[test]
fn an_override_is_for_the_variant_it_names() {
    let batch = rate_with(
        "gemini",
        Some("gemini-2.5-flash"),
        "input_tokens",
        "0.11",
        |spec| spec.variant = Variant::Batch,
    );
    let table = list().with_rpc(overrides([batch]));
    assert_eq!(flash_input().breakdown(&table).total, money("0.3"));
    assert_eq!(
        flash_input()
            .variant(Variant::Batch)
            .breakdown(&table)
            .total,
        money("0.11")
    );
}

#[test]
fn the_environment_is_read_as_documented() {
    let value = "gemini/gemini-2.5-flash/input_tokens=0.25/1000000; elevenlabs/*/characters=0.0001/1 from 2026-11-01\n\
                 gemini/gemini-2.5-pro/output_tokens = 7.5/1_000_000 batch above 200000 until 2027-01-01T00:00:00+01:00;;\
                 local/meta/llama-3:8b/input_tokens=1/1";
    let read = Overrides::from_environment("METER_RATES", value).unwrap();
    let shown: Vec<_> = read.rates().iter().map(|rate| rate.to_string()).collect();
    assert_eq!(
        shown,
        [
            "gemini/gemini-2.5-flash input_tokens",
            "elevenlabs/* characters",
            "gemini/gemini-2.5-pro output_tokens, batch, above 200000 input tokens",
            "local/meta/llama-3:8b input_tokens",
        ]
    );
    assert_eq!(
        read.rates()[1].start.unwrap().to_string(),
        "2026-11-01T00:00:00Z"
    );
    assert_eq!(
        read.rates()[2].end.unwrap().to_string(),
        "2026-12-31T23:00:00Z"
    );
    assert_eq!(read.rates()[3].model, Some(Name::from("meta/llama-3:8b")));
    assert!(
        Overrides::from_environment("METER_RATES", " ; \n")
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_mistake_in_the_environment_names_the_entry_and_the_rule() {
    for (value, says) in [
        (
            "gemini",
            "entry 1 `gemini`: write it as SERVICE/MODEL/METRIC=AMOUNT/UNITS",
        ),
        ("a/b/c=1/1; a/b/d=1", "entry 2 `a/b/d=1`: write it as"),
        ("a/b/c=0.1.2/1", "amount 0.1.2: not a decimal number"),
        ("a/b/c=1e-25/1", "more than 24 decimal places"),
        ("a/b/c=1/3", "not made of twos and fives"),
        ("a/b/c=1/0", "must be 1 to"),
        ("a/b/c=-1/1", "is negative"),
        ("a/b/c=1/1 cheap", "`cheap` is not understood"),
        ("a/b/c=1/1 above", "`above` needs a value"),
        ("a/b/c=1/1 above 7", "is not a known context tier"),
        ("a/b/c=1/1 from tomorrow", "`tomorrow` is not a day"),
        ("a/b/C=1/1", "must be lower-case"),
        (
            "a/b/c=1/1; a/b/c=2/1",
            "entry 2 `a/b/c=2/1`: a second rate for a/b c",
        ),
        ("a//c=1/1", "model `` must be 1 to 128 bytes"),
    ] {
        let error = Overrides::from_environment("METER_RATES", value)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("METER_RATES: ") && error.contains(says),
            "{value}: {error}"
        );
    }
}

#[test]
fn a_file_of_overrides_has_the_syntax_of_a_book_and_needs_no_sources() {
    let text = "[[rates]]\nservice = \"gemini\"\nmodel = \"gemini-2.5-flash\"\nmetric = \"input_tokens\"\n\
                amount = \"0.2\"\nper = 1_000_000\nfrom = 2026-01-01\n";
    let file = Overrides::from_toml("prices.toml", text).unwrap();
    let table = RateTable::new(
        PriceBook::list().unwrap(),
        file,
        Overrides::none(),
        Overrides::none(),
    );
    let line = flash_input().lines(&table).remove(0);
    assert_eq!(line.cost, Some(money("0.2")));
    assert_eq!(line.applied().unwrap().rate.source.title, "prices.toml");
}

#[test]
fn a_new_dated_override_names_the_boundary_that_running_sums_lack() {
    let before = list();
    let start: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let dated = rate_with("gemini", None, "images", "1", |spec| {
        spec.start = Some(start)
    });
    let after = before.with_rpc(overrides([dated]));
    assert_eq!(
        after
            .boundaries()
            .added_since(before.boundaries())
            .collect::<Vec<_>>(),
        [start]
    );
}

#[test]
fn the_rates_of_a_question_go_before_all_others_and_leave_no_trace() {
    let own = RateTable::of_book(PriceBook::documented().unwrap());
    let rpc: Overrides = [rate(
        "gemini",
        Some("gemini-2.5-flash"),
        "input_tokens",
        "9",
    )]
    .into_iter()
    .collect();
    let own = own.with_rpc(rpc);
    let class = UsageClass::new("gemini", "gemini-2.5-flash", "input_tokens");
    let now = "2026-11-23T00:00:00Z".parse().unwrap();
    let cost = |table: &RateTable| {
        table
            .rate(&class, 1_000_000, now)
            .unwrap()
            .cost
            .unwrap()
            .to_string()
    };
    assert_eq!(cost(&own), "9");
    // A service-wide rate that is asked about beats one of the model that was set.
    let asked: Overrides = [rate("gemini", None, "input_tokens", "2")]
        .into_iter()
        .collect();
    let what_if = own.under(&asked);
    assert_eq!(cost(&what_if), "2");
    assert_eq!(what_if, own);
    assert_eq!(what_if.freeze(), own.freeze());
    assert_eq!(cost(&own), "9");
}
