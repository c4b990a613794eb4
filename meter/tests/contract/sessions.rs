//! Sessions: starting, ending, counting from zero; backlogs and quotas.

use std::sync::Arc;

use jiff::SignedDuration;
use reelmeter_meter::application::Error;
use reelmeter_meter::application::ports::{Answer, Change, Recorded, Recording, ReportedBacklog};
use reelmeter_meter::domain::limits::RECORDERS_PER_SESSION_MAX;
use reelmeter_meter::domain::quota::Quota;

use crate::support::{
    FLASH, Store, Telling, Told, backlog, documented, new_session, rate, seconds, sent,
};

pub fn starting_twice_gives_the_same_session<S: Store>() {
    let mut told = Told::<S>::new();
    let mut first = new_session("s");
    first.title = "Volcanoes".to_owned();
    first.labels.insert("video".to_owned(), "1".to_owned());
    match told.ask(Change::Start(first)).unwrap() {
        Answer::Session { created, .. } => assert!(created),
        other => panic!("{other:?}"),
    }
    told.pass(seconds(5));
    let mut told = told.crash();
    let mut again = new_session("s");
    again.title = "Another".to_owned();
    match told.ask(Change::Start(again)).unwrap() {
        Answer::Session { created, usage } => {
            assert!(!created);
            assert_eq!(&*usage.session.title, "Volcanoes");
            assert_eq!(
                usage.session.labels.get("video").map(String::as_str),
                Some("1")
            );
            assert_eq!(usage.revision, 1);
        }
        other => panic!("{other:?}"),
    }
    let mut simulated = new_session("s");
    simulated.simulated = true;
    assert!(matches!(
        told.ask(Change::Start(simulated)),
        Err(Error::Precondition(_))
    ));
    let empty = told.summary("s");
    assert!(
        empty.total.is_zero() && empty.models.is_empty() && empty.unpriced.is_empty(),
        "an empty summary is valid"
    );
}

pub fn an_ended_session_keeps_its_prices<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(sent("a", "s").metric("input_tokens", 1_000_000));
    let ended = told.end("s");
    assert_eq!(ended.session.ended.as_ref().unwrap().at, told.now);
    told.pass(SignedDuration::from_hours(24 * 90));
    told.ask(Change::SetRates(vec![rate(
        FLASH,
        "input_tokens",
        "9",
        None,
    )]))
    .unwrap();
    assert_eq!(
        told.end("s"),
        ended,
        "ending again is harmless and gives the same"
    );
    let summary = told.summary("s");
    assert_eq!(summary.total.to_string(), "0.5");
    assert!(summary.book.frozen);
    assert_eq!((summary.book.overrides, summary.price_revision), (0, 0));
    let age = summary.book.age_days;
    let told = told.crash();
    assert_eq!(told.total("s"), "0.5");
    assert_eq!(
        told.summary("s").book.age_days,
        age,
        "its age is that of its end"
    );
}

pub fn late_events_count_at_the_frozen_prices<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(sent("a", "s").metric("input_tokens", 1_000_000));
    told.end("s");
    told.ask(Change::SetRates(vec![rate(
        FLASH,
        "input_tokens",
        "9",
        None,
    )]))
    .unwrap();
    told.pass(seconds(60));
    let mut told = told.crash();
    told.new_event(sent("b", "s").metric("input_tokens", 1_000_000));
    told.new_event(
        sent("c", "s")
            .metric("input_tokens", 3_000_000)
            .replacing("a"),
    );
    assert_eq!(told.total("s"), "2");
    assert_eq!(told.usage("s").revision, 4);
    told.fold();
    assert_eq!(told.crash().total("s"), "2");
}

pub fn a_reset_counts_from_zero_and_forgets_no_id<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(sent("a", "s").metric("images", 1));
    told.pass(seconds(1));
    let reset = told.session(Change::Reset(Arc::from("s")));
    assert_eq!((reset.revision, reset.reset), (2, Some(told.now)));
    assert_eq!(
        (told.summary("s").events, told.usage("s").last_event),
        (0, None)
    );
    assert_eq!(
        told.record(vec![sent("a", "s").metric("images", 1)]),
        [Recorded::Duplicate]
    );
    told.new_event(sent("b", "s").metric("images", 2));
    assert_eq!(told.total("s"), "0.08");
    told.fold();
    assert_eq!(
        told.total("s"),
        "0.08",
        "what is folded is folded as of after the reset"
    );
    let before: Vec<bool> = told
        .store
        .library()
        .events("", &Default::default(), 0, 10)
        .unwrap()
        .items
        .iter()
        .map(|event| event.before_reset)
        .collect();
    assert_eq!(before, [true, false]);
    let mut told = told.crash();
    assert_eq!(told.total("s"), "0.08");
    told.session(Change::Reset(Arc::from("s")));
    let mut told = told.crash();
    assert_eq!(told.summary("s").events, 0);
    told.new_event(sent("c", "s").metric("images", 1));
    assert_eq!(told.total("s"), "0.04");
    assert_eq!(told.usage("s").revision, 5);
}

pub fn a_correction_of_what_was_before_a_reset_takes_nothing_from_after_it<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(sent("a", "s").metric("images", 5));
    told.session(Change::Reset(Arc::from("s")));
    told.new_event(sent("b", "s").metric("images", 1));
    told.new_event(sent("c", "s").metric("images", 2).replacing("a"));
    for told in [told.crash(), Told::new()] {
        if told
            .store
            .library()
            .usage(&told.key("s"))
            .unwrap()
            .is_some()
        {
            assert_eq!(
                told.total("s"),
                "0.12",
                "what is recorded after the reset counts, and nothing else goes"
            );
            let mut told = told;
            told.fold();
            let told = told.crash();
            assert_eq!(told.total("s"), "0.12");
            assert!(told.usage("s").before_reset.is_empty());
        }
    }
}

pub fn an_ended_session_is_not_reset<S: Store>() {
    let mut told = Told::<S>::new();
    told.start("s");
    told.end("s");
    assert!(matches!(
        told.ask(Change::Reset(Arc::from("s"))),
        Err(Error::Precondition(_))
    ));
}

pub fn backlogs_are_shown_until_they_are_gone<S: Store>() {
    let mut told = Told::<S>::new();
    let recording = Recording {
        events: vec![sent("a", "s").metric("images", 1).sound()],
        recorder_id: Arc::from("generator"),
        backlogs: vec![backlog("s", 3)],
    };
    told.ask(Change::Record(recording)).unwrap();
    told.end("s");
    let usage = told.usage("s");
    assert_eq!((usage.pending(), usage.is_settled()), (3, false));
    let silent = |told: &Told<S>| told.usage("s").recorders["generator"].is_silent(told.now);
    told.pass(seconds(29));
    assert!(!silent(&told));
    told.pass(seconds(1));
    assert!(silent(&told));
    let mut told = told.crash();
    assert_eq!(
        told.usage("s").pending(),
        3,
        "a start does not settle what is still on its way"
    );
    let report = |pending| Change::Report {
        recorder_id: Arc::from("generator"),
        backlogs: vec![backlog("s", pending)],
    };
    let revision = told.usage("s").revision;
    told.ask(report(0)).unwrap();
    let usage = told.usage("s");
    assert!(usage.is_settled() && !silent(&told));
    assert_eq!(
        usage.revision, revision,
        "what a recorder holds is not the session's usage"
    );
    let nowhere = Change::Report {
        recorder_id: Arc::from("generator"),
        backlogs: vec![backlog("nowhere", 1)],
    };
    told.ask(nowhere).unwrap();
    assert_eq!(
        told.store.library().usage(&told.key("nowhere")).unwrap(),
        None
    );
}

pub fn a_recorder_that_holds_something_is_not_pushed_out<S: Store>() {
    let mut told = Told::<S>::new();
    told.start("s");
    let report = |recorder: String, pending| Change::Report {
        recorder_id: Arc::from(recorder),
        backlogs: vec![ReportedBacklog {
            session_id: Arc::from("s"),
            pending,
            refused: 0,
            unconfirmed: 0,
        }],
    };
    told.ask(report("holding".to_owned(), 1)).unwrap();
    for number in 0..2 * RECORDERS_PER_SESSION_MAX {
        told.pass(seconds(1));
        told.ask(report(format!("passing {number}"), 0)).unwrap();
    }
    let usage = told.usage("s");
    assert_eq!(usage.recorders.len(), RECORDERS_PER_SESSION_MAX);
    assert_eq!(usage.pending(), 1);
    assert!(
        usage
            .recorders
            .contains_key(&*format!("passing {}", 2 * RECORDERS_PER_SESSION_MAX - 1))
    );
}

pub fn a_quota_keeps_its_first_figure<S: Store>() {
    let mut told = Told::<S>::new();
    told.start("s");
    let quota = |used, now| Quota {
        service: "elevenlabs".to_owned(),
        metric: "characters".to_owned(),
        used,
        limit: 10_000,
        renews: None,
        observed: now,
        first_used: used,
        tier: "creator".to_owned(),
    };
    told.session(Change::Quota(Arc::from("s"), quota(100, told.now)));
    told.pass(seconds(9));
    let mut told = told.crash();
    let usage = told.session(Change::Quota(Arc::from("s"), quota(250, told.now)));
    assert_eq!(usage.revision, 3);
    let told = told.crash();
    let kept = &told.usage("s").quotas;
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].used, kept[0].first_used, kept[0].observed),
        (250, 100, told.now)
    );
}

pub fn idle_sessions_end_unless_somebody_watches<S: Store>() {
    let mut told = Told::<S>::new();
    let day = SignedDuration::from_hours(24);
    for session in ["idle", "watched", "busy"] {
        told.start(session);
    }
    let (_, receiver) = told
        .store
        .library()
        .live()
        .watch(&told.key("watched"))
        .unwrap();
    told.pass(day - seconds(1));
    told.new_event(sent("a", "busy"));
    told.ask(Change::EndIdle(day)).unwrap();
    assert!(
        told.usage("idle").session.ended.is_none(),
        "a second is missing"
    );
    told.pass(seconds(1));
    told.ask(Change::EndIdle(day)).unwrap();
    let ended = |session: &str| told.usage(session).session.ended.is_some();
    assert_eq!(["idle", "watched", "busy"].map(ended), [true, false, false]);
    drop(receiver);
    told.ask(Change::EndIdle(day)).unwrap();
    assert!(told.usage("watched").session.ended.is_some());
}

pub fn what_is_not_there_is_named<S: Store>() {
    let mut told = Told::<S>::with(documented());
    let session = || Arc::from("nobody");
    let release = Change::Release {
        session_id: session(),
        reservation_id: "r".into(),
    };
    let changes = [
        Change::End(session()),
        Change::Reset(session()),
        Change::Hold(session()),
        Change::Budget(session(), None),
        release,
    ];
    for change in changes {
        match told.ask(change) {
            Err(Error::NotFound {
                kind: "session",
                name,
            }) => assert_eq!(name, "nobody"),
            other => panic!("{other:?}"),
        }
    }
}
