//! Protects the rules of pricing that others get wrong: each worked figure comes out exactly, with
//! the list prices that come with the program, and explains itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use reelmeter_rating::{Basis, Overrides, PriceBook, PricingState, RateTable, Variant};
use support::{Event, money, now};

fn list() -> RateTable {
    RateTable::of_book(PriceBook::list().unwrap())
}

#[test]
fn a_prompt_of_200_000_tokens_is_below_the_tier_and_200_001_above_it() {
    let cost = |input| {
        let event = Event::gemini("gemini-2.5-pro")
            .with("input_tokens", input)
            .with("output_tokens", 1_000);
        event.breakdown(&list()).total
    };
    assert_eq!(cost(200_000), money("0.26"));
    assert_eq!(cost(200_001), money("0.5150025"));
}

#[test]
fn the_tier_looks_at_all_input_together_and_applies_to_the_whole_request() {
    let event = Event::gemini("gemini-2.5-pro")
        .with("input_tokens", 100_000)
        .with("cached_input_tokens", 60_000)
        .with("image_input_tokens", 40_000)
        .with("tool_use_input_tokens", 1)
        .with("output_tokens", 1_000);
    // 140,001 at 2.50 (images and tool use as input), 60,000 cached at 0.25, 1,000 at 15.
    assert_eq!(event.breakdown(&list()).total, money("0.3800025"));
}

#[test]
fn cached_tokens_are_billed_once_at_their_own_rate() {
    let event = Event::gemini("gemini-2.5-flash")
        .with("input_tokens", 1_000)
        .with("cached_input_tokens", 9_000)
        .with("output_tokens", 100);
    assert_eq!(event.breakdown(&list()).total, money("0.00082"));
}

#[test]
fn thinking_is_rated_as_output_and_says_so() {
    let event = Event::gemini("gemini-2.5-flash")
        .with("input_tokens", 1_000)
        .with("output_tokens", 500)
        .with("thinking_tokens", 1_000);
    assert_eq!(event.breakdown(&list()).total, money("0.00405"));
    let lines = event.lines(&list());
    assert_eq!(
        lines[2].applied().unwrap().rated_as.as_deref(),
        Some("output_tokens")
    );
    assert_eq!(lines[1].applied().unwrap().rated_as, None);
}

#[test]
fn an_image_without_usage_takes_the_price_by_image_and_stays_marked() {
    let event = Event::gemini("gemini-2.5-flash-image").with_basis("images", 1, Basis::Estimated);
    let line = &event.lines(&list())[0];
    assert_eq!(line.cost, Some(money("0.039")));
    assert_eq!(line.applied().unwrap().rate.unit_size, 1, "per image");
    assert!(line.resolution.marks.estimated);
}

#[test]
fn an_image_recorded_both_ways_is_charged_once_by_its_tokens() {
    let event = Event::gemini("gemini-2.5-flash-image")
        .with("image_output_tokens", 1_290)
        .with("images", 1);
    let lines = event.lines(&list());
    assert_eq!(lines[0].cost, Some(money("0.0387")));
    assert_eq!(lines[1].state(), PricingState::Included);
    assert_eq!(lines[1].cost, None);
    assert_eq!(event.breakdown(&list()).headline(), "$0.0387");
}

#[test]
fn an_image_recorded_both_ways_is_charged_by_image_where_tokens_have_no_rate() {
    let documented = RateTable::of_book(PriceBook::documented().unwrap());
    let event = Event::gemini("gemini-2.5-flash-image")
        .with("image_output_tokens", 1_290)
        .with("images", 1);
    let lines = event.lines(&documented);
    assert_eq!(lines[0].state(), PricingState::Included);
    assert_eq!(lines[1].cost, Some(money("0.04")));
}

#[test]
fn an_image_recorded_both_ways_without_any_rate_is_unpriced_once() {
    let event = Event::gemini("gemini-unheard-of")
        .with("image_output_tokens", 1_290)
        .with("images", 1);
    assert_eq!(
        event.breakdown(&list()).headline(),
        "$0.00 + 1 image unpriced"
    );
}

#[test]
fn image_tokens_are_never_rated_as_text() {
    let documented = RateTable::of_book(PriceBook::documented().unwrap());
    let event = Event::gemini("gemini-2.5-flash").with("image_output_tokens", 1_290);
    assert_eq!(
        event.breakdown(&documented).headline(),
        "$0.00 + 1,290 image output tokens unpriced"
    );
}

#[test]
fn a_hundred_thousand_calls_of_seven_tokens_cost_exactly_0_21() {
    let table = list();
    let one = Event::gemini("gemini-2.5-flash").with("input_tokens", 7);
    let cost = one.lines(&table)[0].cost.unwrap();
    let total = (0..100_000)
        .try_fold(reelmeter_rating::Money::ZERO, |sum, _| {
            sum.checked_add(cost)
        })
        .unwrap();
    assert_eq!(total, money("0.21"));
    // And as a rollup keeps it: one class, one multiplication.
    let (class, quantity) = one.classes(&table).remove(0);
    assert_eq!(
        table
            .rate(&class, i128::from(quantity) * 100_000, now())
            .unwrap()
            .cost,
        Some(total)
    );
}

#[test]
fn a_price_that_doubles_on_a_known_date_goes_by_the_events_own_time() {
    let cost = |time: &str| {
        let event = Event::gemini("gemini-3.8-flash")
            .at(time)
            .with("input_tokens", 1_000_000);
        event.breakdown(&list()).total
    };
    assert_eq!(cost("2026-12-31T23:59:59.999999999Z"), money("0.75"));
    assert_eq!(cost("2027-01-01T00:00:00Z"), money("1.5"));
    assert_eq!(cost("2025-01-01T00:00:00Z"), money("0.75"));
}

#[test]
fn a_variant_has_its_own_rates_or_none() {
    let cost = |model: &str, variant| {
        let event = Event::gemini(model)
            .variant(variant)
            .with("input_tokens", 1_000_000);
        event.lines(&list()).remove(0).cost
    };
    assert_eq!(
        cost("gemini-2.5-flash", Variant::Batch),
        Some(money("0.15"))
    );
    assert_eq!(cost("gemini-2.5-flash", Variant::Flex), Some(money("0.15")));
    assert_eq!(
        cost("gemini-2.5-flash", Variant::Priority),
        Some(money("0.54"))
    );
    assert_eq!(
        cost("gemini-3-pro-preview", Variant::Batch),
        None,
        "a standard rate would be a wrong figure"
    );
}

#[test]
fn a_retired_model_keeps_its_price_and_is_marked() {
    let event = Event::gemini("gemini-3-pro-preview").with("output_tokens", 1_000_000);
    let line = &event.lines(&list())[0];
    assert_eq!(line.cost, Some(money("12")));
    assert!(line.resolution.marks.retired_on.is_some());
    let live = Event::gemini("gemini-2.5-pro").with("output_tokens", 1);
    assert_eq!(live.lines(&list())[0].resolution.marks.retired_on, None);
}

#[test]
fn a_name_that_looks_familiar_is_not_matched() {
    for model in [
        "gemini-2.5-flash-001",
        "Gemini-2.5-flash",
        "models/gemini-2.5-flash",
        "gemini-2.5-flash ",
        "gemini-2.5",
    ] {
        let event = Event::gemini(model).with("input_tokens", 2);
        assert_eq!(
            event.breakdown(&list()).headline(),
            "$0.00 + 2 input tokens unpriced",
            "{model}"
        );
    }
}

#[test]
fn a_book_prices_by_the_rate_model_alone() {
    let renamed = Event::gemini("our-flash")
        .rate_model("gemini-2.5-flash")
        .with("input_tokens", 1_000_000);
    assert_eq!(renamed.breakdown(&list()).total, money("0.3"));
    let other = Event::gemini("gemini-2.5-flash")
        .rate_model("unheard-of")
        .with("input_tokens", 2);
    assert_eq!(
        other.breakdown(&list()).headline(),
        "$0.00 + 2 input tokens unpriced"
    );
}

#[test]
fn speech_is_a_subscription_in_both_books_and_knows_its_credits() {
    for book in [PriceBook::list().unwrap(), PriceBook::documented().unwrap()] {
        let flash = book
            .model("elevenlabs", "eleven_flash_v2_5")
            .unwrap()
            .credits_per_character
            .unwrap();
        assert!(
            !flash.differs(54, 27),
            "the header said 27 credits for 54 characters"
        );
        assert!(flash.differs(54, 54));
        let event = Event::new("elevenlabs", "JBFqnCBsd6RMkjVDRZzb")
            .rate_model("eleven_multilingual_v2")
            .with("characters", 5_000);
        let lines = event.lines(&RateTable::of_book(book));
        assert_eq!(
            (lines[0].state(), lines[0].cost),
            (PricingState::Subscription, None)
        );
    }
}

#[test]
fn every_rate_of_the_list_has_a_dated_source_and_no_service_a_default() {
    let book = PriceBook::list().unwrap();
    assert!(book.rates().len() > 500);
    assert!(
        book.rates()
            .iter()
            .all(|rate| rate.source.date.is_some() && !rate.source.url.is_empty())
    );
    assert!(
        book.rates().iter().all(|rate| rate.service == "gemini"),
        "a subscription has no rates"
    );
    assert!(
        book.spec()
            .services
            .values()
            .all(|service| service.default_model.is_none())
    );
}

#[test]
fn a_book_older_than_sixty_days_marks_its_lines() {
    let event = Event::gemini("gemini-2.5-flash").with("input_tokens", 1);
    let (class, quantity) = event.classes(&list()).remove(0);
    let mark = |now: &str| {
        let line = list()
            .rate(&class, i128::from(quantity), now.parse().unwrap())
            .unwrap();
        line.resolution.marks.stale_book_days
    };
    assert_eq!(
        mark("2027-01-25T23:00:00Z"),
        None,
        "sixty days after 2026-11-26"
    );
    assert_eq!(mark("2027-01-26T00:00:00Z"), Some(61));
}

#[test]
fn seconds_are_priced_by_the_second() {
    let own = Overrides::from_environment("a test", "gemini/veo-3/video_seconds=0.40/1").unwrap();
    let table = list().under(&own);
    let lines = Event::gemini("veo-3")
        .with("video_seconds", 8)
        .lines(&table);
    assert_eq!(lines[0].cost, Some(money("3.2")));
    let other = Event::gemini("veo-4")
        .with("video_seconds", 8)
        .lines(&table);
    assert_eq!(
        (other[0].state(), other[0].cost),
        (PricingState::Unpriced, None)
    );
}
