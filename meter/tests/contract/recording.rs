//! Recording: each event once, and where it counts.

use reelmeter_meter::application::ports::{Change, Recorded, Recording};
use reelmeter_meter::domain::event::Sent;
use reelmeter_rating::price_book::Billing;
use reelmeter_rating::{Outcome, PricingState, Variant};

use crate::support::{FLASH, Store, Telling, Told, money, seconds, sent};

fn fields(recorded: &[Recorded]) -> Vec<&str> {
    recorded
        .iter()
        .map(|recorded| match recorded {
            Recorded::New => "new",
            Recorded::Duplicate => "duplicate",
            Recorded::Conflict(problem) | Recorded::Invalid(problem) => &problem.field,
        })
        .collect()
}

pub fn an_event_counts_once_however_often_it_is_sent<S: Store>() {
    let mut told = Told::<S>::new();
    let event = || sent("0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e3f", "s").metric("input_tokens", 100);
    let text_id = || sent("call 1", "s").metric("input_tokens", 1);
    assert_eq!(
        fields(&told.record(vec![event(), text_id(), event()])),
        ["new", "new", "duplicate"],
        "in one batch"
    );
    assert_eq!(
        fields(&told.record(vec![text_id(), event()])),
        ["duplicate", "duplicate"],
        "in another"
    );
    told.fold();
    assert_eq!(
        fields(&told.record(vec![text_id(), event()])),
        ["duplicate", "duplicate"],
        "behind the watermark"
    );
    let mut told = told.crash();
    assert_eq!(
        fields(&told.record(vec![text_id(), event()])),
        ["duplicate", "duplicate"],
        "after a start"
    );
    let summary = told.summary("s");
    assert_eq!((summary.events, summary.tokens.input), (2, 101));
}

pub fn another_content_under_the_same_id_is_a_conflict_and_the_first_stays<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(sent("a", "s").metric("input_tokens", 100));
    for other in [
        sent("a", "s").metric("input_tokens", 101),
        sent("a", "s").metric("output_tokens", 100),
        sent("a", "t").metric("input_tokens", 100),
        sent("a", "s").metric("input_tokens", 100).label("k", "v"),
        sent("a", "s").estimated("input_tokens", 100),
        sent("a", "s")
            .metric("input_tokens", 100)
            .stage("script", 0, 0),
    ] {
        assert_eq!(fields(&told.record(vec![other])), ["event_id"]);
        told.fold();
    }
    assert_eq!(told.summary("s").tokens.input, 100);
    assert_eq!(
        told.store.library().usage(&told.key("t")).unwrap(),
        None,
        "a conflict starts no session"
    );
}

pub fn content_is_what_was_sent_before_any_default<S: Store>() {
    let mut told = Told::<S>::new();
    let labels = |first: &str, second: &str| sent("b", "s").label(first, "1").label(second, "2");
    told.new_event(labels("x", "y"));
    let swapped = sent("b", "s").label("y", "2").label("x", "1");
    assert_eq!(
        fields(&told.record(vec![swapped])),
        ["duplicate"],
        "the order of labels says nothing"
    );
    told.new_event(sent("a", "s"));
    // The same after defaults are filled in, and not the same as sent: a recorder that says both is not sure.
    for said in [
        sent("a", "s").stage("", 0, 1),
        sent("a", "s").outcome(Outcome::Succeeded),
        sent("a", "s").variant(Variant::Standard),
    ] {
        assert_eq!(fields(&told.record(vec![said])), ["event_id"]);
    }
}

pub fn one_bad_event_does_not_hold_up_the_others<S: Store>() {
    let mut told = Told::<S>::new();
    let recorded = told.record(vec![
        sent("a", "s").metric("images", 1),
        sent("b", "s").metric("images", 1).replacing("nobody"),
        sent("a", "s").metric("images", 2),
        sent("c", "s").metric("images", 1),
    ]);
    assert_eq!(
        fields(&recorded),
        ["new", "replaces_event_id", "event_id", "new"]
    );
    assert_eq!(told.summary("s").events, 2);
}

pub fn simulated_and_real_calls_never_share_a_session<S: Store>() {
    let mut told = Told::<S>::new();
    let simulated = |id: &str, session: &str| {
        let mut event = sent(id, session).metric("images", 1);
        event.simulated = true;
        event
    };
    told.new_event(simulated("a", "s"));
    assert!(told.usage("s").session.simulated, "the first call decides");
    assert_eq!(fields(&told.record(vec![sent("b", "s")])), ["simulated"]);
    told.start("t");
    assert_eq!(
        fields(&told.record(vec![simulated("c", "t")])),
        ["simulated"]
    );
    let mut told = told.crash();
    assert_eq!(
        fields(&told.record(vec![sent("b", "s"), simulated("d", "s")])),
        ["simulated", "new"]
    );
}

pub fn quantities_that_no_summary_could_hold_are_refused<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(
        sent("a", "s")
            .by("tool", "m")
            .metric("widgets", i64::MAX - 10),
    );
    let too_much = sent("b", "s").by("tool", "n").metric("other", 11);
    assert_eq!(fields(&told.record(vec![too_much])), ["quantities"]);
    let just_right = sent("c", "s").by("tool", "n").metric("other", 10);
    assert_eq!(fields(&told.record(vec![just_right])), ["new"]);
    let alone = sent("d", "t")
        .by("tool", "n")
        .metric("x", i64::MAX)
        .metric("y", 1);
    assert_eq!(fields(&told.record(vec![alone])), ["quantities"]);
    assert_eq!(
        told.store.library().usage(&told.key("t")).unwrap(),
        None,
        "a refused event starts no session"
    );
    // A correction makes room for itself.
    let smaller = sent("e", "s")
        .by("tool", "m")
        .metric("widgets", i64::MAX - 10)
        .replacing("a");
    assert_eq!(fields(&told.record(vec![smaller])), ["new"]);
    assert_eq!(
        told.summary("s")
            .unpriced
            .iter()
            .map(|unpriced| unpriced.quantity)
            .sum::<i128>(),
        i128::from(i64::MAX)
    );
}

pub fn an_unconfirmed_call_is_counted_on_its_own_and_never_priced<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(
        sent("a", "s")
            .metric("input_tokens", 1_000_000)
            .outcome(Outcome::Unconfirmed),
    );
    let summary = told.summary("s");
    assert_eq!((summary.events, summary.unconfirmed_events), (1, 1));
    assert_eq!(summary.total.to_string(), "0");
    assert!(
        summary.models[0].entry.metrics.is_empty(),
        "what nobody knows is no figure"
    );
    // Somebody finds out.
    told.new_event(
        sent("b", "s")
            .metric("input_tokens", 1_000_000)
            .replacing("a"),
    );
    let summary = told.summary("s");
    assert_eq!(
        (
            summary.events,
            summary.unconfirmed_events,
            summary.total.to_string().as_str()
        ),
        (1, 0, "0.5")
    );
}

pub fn a_failed_call_costs_and_says_so<S: Store>() {
    let mut told = Told::<S>::new();
    told.record(vec![
        sent("a", "s")
            .metric("input_tokens", 1_000_000)
            .outcome(Outcome::Failed)
            .stage("script", 0, 1),
        sent("b", "s")
            .metric("input_tokens", 2_000_000)
            .stage("script", 0, 2),
        sent("c", "s")
            .metric("images", 1)
            .outcome(Outcome::Discarded)
            .stage("image", 1, 1),
        sent("d", "s").estimated("input_tokens", 100_000),
    ]);
    let summary = told.summary("s");
    assert_eq!(summary.total.to_string(), "1.59");
    assert_eq!(
        (
            summary.failed_events,
            summary.failed_cost.to_string().as_str()
        ),
        (2, "0.54")
    );
    assert_eq!(summary.estimated_cost.to_string(), "0.05");
    let stages: Vec<&str> = summary.stages.iter().map(|stage| &*stage.stage).collect();
    assert_eq!(
        stages,
        ["script", "image", ""],
        "in the order in which each was first recorded"
    );
}

pub fn a_clock_that_is_ahead_is_not_believed<S: Store>() {
    let mut told = Told::<S>::new();
    let ahead = told.now.checked_add(seconds(601)).unwrap();
    let tolerated = told.now.checked_add(seconds(600)).unwrap();
    told.new_event(sent("a", "s").metric("images", 1).at(ahead));
    told.new_event(sent("b", "s").metric("images", 1).at(tolerated));
    let page = told
        .store
        .library()
        .events("", &Default::default(), 0, 10)
        .unwrap();
    let marked: Vec<bool> = page.items.iter().map(|event| event.clock_ahead).collect();
    assert_eq!(marked, [true, false]);
    assert_eq!(
        page.items[0].event.occurred,
        Some(ahead),
        "it is kept as it was sent"
    );
    let lines = &told.summary("s").models[0].entry.metrics[0].lines;
    assert_eq!(lines.iter().filter(|line| line.line.class.clock).count(), 1);
}

pub fn a_revision_is_one_transaction<S: Store>() {
    let mut told = Told::<S>::new();
    let record = |ids: &[&str]| {
        let events = ids
            .iter()
            .map(|id| sent(id, "s").metric("images", 1).sound())
            .collect();
        Change::Record(Recording {
            events,
            ..Recording::default()
        })
    };
    told.ask(record(&["a", "b"])).unwrap();
    assert_eq!(told.usage("s").revision, 1, "one batch");
    told.all(vec![record(&["c"]), record(&["d"])]);
    assert_eq!(
        told.usage("s").revision,
        2,
        "two batches that were committed together"
    );
    told.ask(record(&["a"])).unwrap();
    assert_eq!(told.usage("s").revision, 2, "nothing but a duplicate");
    assert_eq!(told.start("t").revision, 1);
    let told = told.crash();
    assert_eq!(told.usage("s").revision, 2, "after a crash");
    let mut told = told;
    told.fold();
    assert_eq!(told.end("s").revision, 3);
    assert_eq!(told.end("s").revision, 3, "ending again changes nothing");
}

pub fn the_newest_display_name_wins<S: Store>() {
    let mut told = Told::<S>::new();
    let voice = |id: &str, name: &str| {
        sent(id, "s")
            .by("elevenlabs", "v1")
            .metric("characters", 5)
            .shown_as(name)
    };
    let shown = |told: &Told<S>| told.summary("s").models[0].display_name.to_string();
    told.new_event(voice("a", "George"));
    told.new_event(voice("b", "Georg"));
    assert_eq!(shown(&told), "Georg");
    told.new_event(voice("c", ""));
    assert_eq!(
        shown(&told),
        "Georg",
        "a call that names none changes nothing"
    );
    told.new_event(voice("d", "George"));
    assert_eq!(shown(&told), "George");
    assert_eq!(shown(&told.crash()), "George");
}

pub fn billed_figures_are_added_up_beside_ours<S: Store>() {
    let mut told = Told::<S>::new();
    let speech = |id: &str, count: i64| {
        sent(id, "s")
            .by("elevenlabs", "v1")
            .metric("characters", count)
    };
    told.new_event(speech("a", 54).billed("27", "27"));
    told.new_event(speech("b", 10).billed("5.5", "5"));
    told.fold();
    told.new_event(speech("c", 1));
    told.new_event(speech("d", 2).billed("2", "1"));
    told.new_event(speech("e", 2).billed("1", "1").replacing("d"));
    let told = told.crash();
    let summary = told.summary("s");
    let line = &summary.models[0].entry.metrics[0].lines[0];
    assert_eq!(line.line.quantity, 67);
    let billed = &line.billed[0];
    assert_eq!(
        (
            billed.value.to_string().as_str(),
            billed.expected.to_string().as_str()
        ),
        ("33.5", "33")
    );
    assert_eq!((billed.events, billed.events_differing), (3, 1));
}

pub fn tenants_are_strangers<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(sent("a", "s").metric("images", 1));
    told.tenant = "other".into();
    told.new_event(sent("a", "s").metric("images", 7));
    assert_eq!(
        fields(&told.record(vec![sent("b", "s").replacing("x")])),
        ["replaces_event_id"]
    );
    told.fold();
    assert_eq!(
        told.record(vec![sent("a", "s").metric("images", 7)]),
        [Recorded::Duplicate]
    );
    assert_eq!(told.summary("s").events, 1);
    let events = |tenant: &str| {
        told.store
            .library()
            .events(tenant, &Default::default(), 0, 10)
            .unwrap()
            .items
    };
    assert_eq!(events("other").len(), 1);
    assert_eq!(events("nobody").len(), 0);
    let mut told = told.crash();
    assert_eq!(told.total("s"), "0.28");
    told.tenant = "".into();
    assert_eq!(told.total("s"), "0.04");
}

pub fn the_example_of_the_documents_comes_out_exactly<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(
        sent("a", "s")
            .metric("input_tokens", 1_000_000)
            .metric("output_tokens", 50_000),
    );
    for image in 0..5 {
        told.new_event(sent(&format!("image {image}"), "s").metric("images", 1));
    }
    let mut voice = sent("b", "s")
        .by("elevenlabs", "JBFqnCBsd6RMkjVDRZzb")
        .metric("characters", 5_000);
    voice.rate_model = "eleven_multilingual_v2".to_owned();
    voice.quantities[0].basis = Sent::Known(reelmeter_rating::Basis::Counted);
    told.new_event(voice);
    let summary = told.summary("s");
    assert_eq!(summary.total, money("0.775"));
    let flash = &summary.models[0];
    assert_eq!(
        (&*flash.model, flash.entry.cost),
        (FLASH, Some(money("0.775")))
    );
    let costs: Vec<(&str, Option<String>)> = flash
        .entry
        .metrics
        .iter()
        .map(|metric| (&*metric.metric, metric.cost.map(|cost| cost.screen())))
        .collect();
    let dollars = |text: &str| Some(text.to_owned());
    assert_eq!(
        costs,
        [
            ("input_tokens", dollars("$0.50")),
            ("output_tokens", dollars("$0.075")),
            ("images", dollars("$0.20"))
        ]
    );
    let voice = &summary.services[1];
    assert_eq!(
        (&*voice.service, voice.billing, voice.entry.cost),
        ("elevenlabs", Some(Billing::Subscription), None)
    );
    let characters = &voice.entry.metrics[0];
    assert_eq!(
        (characters.state, characters.quantity, characters.cost),
        (PricingState::Subscription, 5_000, None)
    );
    assert!(summary.unpriced.is_empty());
}

pub fn a_quantity_that_costs_more_than_can_be_written_is_refused<S: Store>() {
    use crate::support::rate;
    let mut told = Told::<S>::new();
    let tokens = |id: &str, value: i64| sent(id, "s").metric("input_tokens", value);
    // At 0.50 USD for a million the most is some 3.4e20: nothing an event can say.
    assert_eq!(
        fields(&told.record(vec![tokens("a", i64::MAX / 4)])),
        ["new"]
    );
    told.ask(Change::SetRates(vec![rate(
        "dear",
        "input_tokens",
        "1000000000000",
        None,
    )]))
    .unwrap();
    let dear = |id: &str, value: i64| {
        sent(id, "s")
            .by("gemini", "dear")
            .metric("output_tokens", 0)
            .metric("input_tokens", value)
    };
    assert_eq!(fields(&told.record(vec![dear("b", 170_141_183)])), ["new"]);
    assert_eq!(
        fields(&told.record(vec![dear("c", 170_141_184)])),
        ["quantities[1].value"]
    );
    assert_eq!(fields(&told.record(vec![dear("d", 170_141_183)])), ["new"]);
    // Together they are beyond it: what no longer fits is unpriced and says why, and the rest adds up.
    let summary = told.summary("s");
    let beyond = summary
        .unpriced
        .iter()
        .find(|unpriced| unpriced.reason.contains("beyond the largest amount"));
    assert!(beyond.is_some(), "{:?}", summary.unpriced);
}
