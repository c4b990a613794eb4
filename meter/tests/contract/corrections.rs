//! Corrections: both stay in the ledger, one counts.

use reelmeter_meter::application::ports::{EventFilter, Recorded};
use reelmeter_rating::Outcome;

use crate::support::{Store, Telling, Told, seconds, sent};

pub fn a_correction_counts_instead_of_what_it_replaces<S: Store>() {
    for folded in [false, true] {
        let mut told = Told::<S>::new();
        told.new_event(
            sent("a", "s")
                .metric("input_tokens", 1_000_000)
                .stage("script", 0, 1),
        );
        told.new_event(sent("x", "s").metric("images", 1));
        if folded {
            told.fold();
        }
        told.new_event(
            sent("b", "s")
                .by("gemini", "gemini-3-pro-preview")
                .metric("output_tokens", 1_000_000)
                .replacing("a"),
        );
        for told in [&told, &told] {
            let summary = told.summary("s");
            assert_eq!(
                (summary.events, summary.total.to_string().as_str()),
                (2, "5.04")
            );
            assert_eq!(
                (summary.tokens.input, summary.tokens.output),
                (0, 1_000_000)
            );
        }
        let events = told
            .store
            .library()
            .events("", &EventFilter::default(), 0, 10)
            .unwrap()
            .items;
        let told_of: Vec<(String, bool, Option<&str>)> = events
            .iter()
            .map(|event| {
                (
                    event.event.event_id.to_text(),
                    event.replaced,
                    event.event.replaces.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            told_of,
            [
                ("a".to_owned(), true, None),
                ("x".to_owned(), false, None),
                ("b".to_owned(), false, Some("a"))
            ]
        );
        let mut told = told.crash();
        assert_eq!(told.total("s"), "5.04");
        told.fold();
        assert_eq!(told.total("s"), "5.04");
        assert_eq!(told.crash().total("s"), "5.04");
    }
}

pub fn a_chain_of_corrections_counts_once<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(sent("0", "s").metric("images", 100));
    for step in 1..=5_i64 {
        let event = sent(&step.to_string(), "s")
            .metric("images", step)
            .replacing(&(step - 1).to_string());
        told.new_event(event);
        if step % 2 == 0 {
            told.fold();
        }
        let summary = told.summary("s");
        assert_eq!(
            (summary.events, summary.models[0].entry.metrics[0].quantity),
            (1, i128::from(step))
        );
    }
}

pub fn a_correction_in_the_same_batch_works<S: Store>() {
    let mut told = Told::<S>::new();
    let recorded = told.record(vec![
        sent("a", "s").metric("images", 1),
        sent("b", "s").metric("images", 2).replacing("a"),
        sent("c", "s").metric("images", 3).replacing("b"),
    ]);
    assert_eq!(recorded, [Recorded::New, Recorded::New, Recorded::New]);
    assert_eq!(told.total("s"), "0.12");
    assert_eq!(told.usage("s").revision, 1);
    assert_eq!(told.crash().total("s"), "0.12");
}

pub fn what_cannot_be_corrected_is_refused<S: Store>() {
    let mut told = Told::<S>::new();
    told.record(vec![
        sent("a", "s").metric("images", 1),
        sent("b", "s").metric("images", 2).replacing("a"),
        sent("z", "other").metric("images", 1),
    ]);
    for (replaced, because) in [
        ("never", "never recorded"),
        ("a", "`b` replaces already"),
        ("z", "another session"),
    ] {
        for folded in [false, true] {
            if folded {
                told.fold();
            }
            match told
                .record(vec![sent("c", "s").metric("images", 9).replacing(replaced)])
                .as_slice()
            {
                [Recorded::Invalid(problem)] => {
                    assert_eq!(problem.field, "replaces_event_id");
                    assert!(problem.reason.contains(because), "{problem}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
    let new_session = told.record(vec![sent("c", "new").replacing("a")]);
    assert!(matches!(new_session.as_slice(), [Recorded::Invalid(_)]));
    assert_eq!(told.store.library().usage(&told.key("new")).unwrap(), None);
    assert_eq!(told.total("s"), "0.08");
}

pub fn the_newest_time_follows_the_events_that_count<S: Store>() {
    let mut told = Told::<S>::new();
    let at = |ago: i64| told.now.checked_sub(seconds(ago)).unwrap();
    let (newest, middle, oldest) = (at(10), at(20), at(30));
    told.record(vec![
        sent("a", "s").at(newest).metric("images", 1),
        sent("b", "s").at(middle).outcome(Outcome::Failed),
    ]);
    assert_eq!(told.usage("s").last_event, Some(newest));
    told.fold();
    told.new_event(sent("c", "s").at(oldest).metric("images", 1).replacing("a"));
    assert_eq!(
        told.usage("s").last_event,
        Some(middle),
        "the newest was replaced by an older one"
    );
    let mut told = told.crash();
    assert_eq!(told.usage("s").last_event, Some(middle));
    told.fold();
    let told = told.crash();
    assert_eq!(told.usage("s").last_event, Some(middle));
}
