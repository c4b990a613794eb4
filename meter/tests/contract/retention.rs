//! Retention: events are moved out into files, and all that was counted stays counted.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reelmeter_meter::adapters::sqlite::{ArchiveError, Step};
use reelmeter_meter::application::Error;
use reelmeter_meter::application::ports::{Change, EventFilter, Recorded};
use reelmeter_meter::domain::event::SentEvent;
use reelmeter_meter::domain::query::Grouping;
use reelmeter_rating::Outcome;
use serde_json::Value;

use super::reports::{ask, receipt_of};
use crate::support::{Archives, FLASH, Telling, Told, rate, seconds, sent};

/// Two days of work in three sessions, with everything that makes counting hard.
fn days_of_work<S: Archives>() -> Told<S> {
    let mut told = Told::<S>::new();
    told.record(work(&told));
    told.session(Change::Reset(Arc::from("reset")));
    told.new_event(sent("after", "reset").metric("images", 7));
    told.end("ended");
    told.new_event(
        sent("0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e3f", "s")
            .metric("input_tokens", 250_000)
            .metric("output_tokens", 5)
            .by("gemini", "gemini-3-pro-preview"),
    );
    told.fold();
    told
}

fn work<S>(told: &Told<S>) -> Vec<SentEvent> {
    let at = |ago: i64| {
        told.now
            .checked_sub(SignedDuration::from_hours(ago))
            .unwrap()
    };
    vec![
        sent("a", "s")
            .metric("input_tokens", 1_000_000)
            .at(at(30))
            .stage("script", 0, 1),
        sent("b", "s")
            .metric("images", 1)
            .at(at(20))
            .stage("image", 1, 1)
            .outcome(Outcome::Failed),
        sent("c", "s")
            .metric("images", 2)
            .at(at(10))
            .stage("image", 1, 2)
            .label("run", "7"),
        sent("d", "s")
            .metric("images", 3)
            .stage("image", 1, 3)
            .replacing("c"),
        sent("e", "s").outcome(Outcome::Unconfirmed),
        sent("f", "ended").estimated("output_tokens", 12).at(at(26)),
        sent("g", "ended")
            .by("elevenlabs", "voice")
            .metric("characters", 900)
            .billed("450", "900"),
        sent("h", "ended")
            .by("acme", "nobody-knows")
            .metric("input_tokens", 5),
        sent("i", "reset").metric("images", 100).at(at(30)),
    ]
}

/// Everything that can be asked of the ledger without its events.
fn answers<S: Archives>(told: &Told<S>) -> String {
    let mut said = String::new();
    for session in ["s", "ended", "reset"] {
        let mut summary = told.summary(session);
        // Their order is that of their arrival within one state in memory.
        summary
            .models
            .sort_by_key(|model| format!("{:?}", model.model));
        said.push_str(&format!(
            "{summary:?}\n{:?}\n",
            receipt_of(told, session, None)
        ));
    }
    let range = Default::default;
    for grouping in [Grouping::Day, Grouping::Model, Grouping::Session] {
        said.push_str(&format!("{:?}\n", ask(told, range(), vec![grouping])));
    }
    said
}

fn listed<S: Archives>(told: &Told<S>) -> Vec<String> {
    let page = told
        .store
        .library()
        .events("", &EventFilter::default(), 0, 100);
    page.unwrap()
        .items
        .into_iter()
        .map(|found| found.event.event_id.to_text())
        .collect()
}

fn lines<S: Archives>(told: &Told<S>) -> Vec<Value> {
    told.store
        .archived_lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn later<S>(told: &Told<S>) -> Timestamp {
    told.now.checked_add(seconds(1)).unwrap()
}

pub fn what_was_moved_out_still_counts_everywhere<S: Archives>() {
    let mut told = days_of_work::<S>();
    let before = answers(&told);
    let moved = told.store.move_out(later(&told), None).unwrap();
    assert_eq!((moved.events, moved.files.len()), (11, 1));
    assert!(listed(&told).is_empty());
    assert_eq!(answers(&told), before, "beside a running meter");
    let mut told = told.crash();
    assert_eq!(answers(&told), before, "after a start");
    let again = work(&told);
    assert_eq!(told.record(again), vec![Recorded::Duplicate; 9]);
    let other = told.record(vec![sent("b", "s").metric("images", 9)]);
    assert!(
        matches!(other.as_slice(), [Recorded::Conflict(_)]),
        "{other:?}"
    );
    assert_eq!(answers(&told), before, "and after duplicates");
    let new = "0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e40";
    told.new_event(sent(new, "s").metric("images", 1).stage("image", 1, 3));
    told.fold();
    assert_eq!(listed(&told), [new]);
    let events = told.summary("s").events;
    let mut told = told.crash();
    told.store.move_out(later(&told), None).unwrap();
    let told = told.crash();
    assert_eq!(told.summary("s").events, events);
}

pub fn a_file_holds_whole_events<S: Archives>() {
    let mut told = days_of_work::<S>();
    let library = told.store.library();
    let kept = library
        .events("", &EventFilter::default(), 0, 100)
        .unwrap()
        .items;
    told.store.move_out(later(&told), None).unwrap();
    let lines = lines(&told);
    assert_eq!(lines.len(), kept.len());
    for (line, kept) in lines.iter().zip(&kept) {
        let event = &kept.event;
        assert_eq!(line["event_id"], event.event_id.to_text());
        assert_eq!(line["sequence_number"], kept.sequence);
        assert_eq!(line["session_id"], &*event.shared.session_id);
        assert_eq!(line["content_hash"], event.content_hash);
        assert_eq!(line["tenant"], "");
        assert_eq!(line["replaced"], kept.replaced);
        assert_eq!(line["occur_time"], event.occurred.unwrap().to_string());
        let values: Vec<i64> = line["quantities"]
            .as_array()
            .unwrap()
            .iter()
            .map(|quantity| quantity["value"].as_i64().unwrap())
            .collect();
        assert_eq!(values, event.values.as_slice());
    }
    let of = |id: &str| lines.iter().find(|line| line["event_id"] == id).unwrap();
    assert_eq!(of("c")["replaced"], true);
    assert_eq!(of("c")["labels"]["run"], "7");
    assert_eq!(of("d")["replaces_event_id"], "c");
    assert_eq!(of("g")["quantities"][0]["provider_billed"]["value"], "450");
    assert_eq!(of("i")["before_reset"], true);
}

pub fn only_what_is_old_enough_is_moved_out<S: Archives>() {
    let mut told = Told::<S>::new();
    told.new_event(sent("old", "s").metric("images", 1));
    told.new_event(sent("wrong", "s").metric("images", 1));
    told.pass(seconds(100));
    let between = told.now;
    told.new_event(sent("right", "s").metric("images", 2).replacing("wrong"));
    told.new_event(sent("behind the watermark", "other").metric("images", 1));
    let nothing = told.store.move_out(later(&told), None).unwrap();
    assert_eq!(nothing.events, 0, "what is not in the rollups yet stays");
    told.fold();
    let moved = told.store.move_out(between, None).unwrap();
    assert_eq!(moved.events, 2);
    let library = told.store.library();
    let page = library
        .events("", &EventFilter::default(), 0, 10)
        .unwrap()
        .items;
    let found: Vec<_> = page
        .iter()
        .map(|found| {
            (
                found.event.event_id.to_text(),
                found.event.replaces.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("right".to_owned(), Some("wrong")),
            ("behind the watermark".to_owned(), None)
        ],
        "a correction still names what it corrects"
    );
    let moved = library.moved_out("", None).unwrap();
    assert_eq!(moved.events, 2);
    assert!(moved.last_recorded.unwrap() < between);
    assert_eq!(library.moved_out("", Some("other")).unwrap().events, 0);
    assert_eq!(library.moved_out("", Some("never")).unwrap().events, 0);
    assert_eq!(library.moved_out("stranger", None).unwrap().events, 0);
    assert_eq!(told.total("s"), "0.12");
    assert_eq!(told.crash().total("s"), "0.12");
}

pub fn what_was_moved_out_cannot_be_corrected<S: Archives>() {
    let mut told = days_of_work::<S>();
    told.store.move_out(later(&told), None).unwrap();
    for replaced in ["a", "c", "d"] {
        let recorded = told.record(vec![
            sent("new", "s").metric("images", 1).replacing(replaced),
        ]);
        let [Recorded::Invalid(problem)] = recorded.as_slice() else {
            panic!("{recorded:?}");
        };
        assert_eq!(problem.field, "replaces_event_id");
        assert!(
            problem.reason.contains("moved out of the ledger"),
            "{problem}"
        );
    }
}

pub fn an_interruption_at_any_step_loses_and_doubles_nothing<S: Archives>() {
    for step in [
        Step::Intended,
        Step::Written,
        Step::Verified,
        Step::InPlace,
        Step::Moved,
    ] {
        let mut told = days_of_work::<S>();
        let (before, kept) = (answers(&told), listed(&told));
        let stopped = told.store.move_out(later(&told), Some(step));
        assert!(matches!(stopped, Err(ArchiveError::Stopped(at)) if at == step));
        let left = listed(&told);
        assert_eq!(
            left,
            if step == Step::Moved {
                Vec::new()
            } else {
                kept.clone()
            },
            "{step:?}: all are in the ledger, or none"
        );
        assert_eq!(answers(&told), before, "{step:?}");
        let mut told = told.crash();
        told.new_event(sent("while it lay", "s"));
        told.fold();
        told.store.move_out(later(&told), None).unwrap();
        let found: Vec<String> = lines(&told)
            .iter()
            .map(|line| line["event_id"].as_str().unwrap().to_owned())
            .collect();
        let all: Vec<String> = kept
            .into_iter()
            .chain(["while it lay".to_owned()])
            .collect();
        assert_eq!(found, all, "{step:?}: each event is in one file, once");
        told.crash();
    }
}

pub fn a_correction_that_comes_while_a_file_is_written_is_in_it<S: Archives>() {
    let mut told = days_of_work::<S>();
    let before = told.now;
    let recorded_before = later(&told);
    told.store
        .move_out_meanwhile(recorded_before, Step::Verified, |ledger| {
            let event = sent("late correction", "s")
                .metric("images", 5)
                .replacing("d")
                .sound();
            let told = super::super::support::record(ledger, before, vec![event]);
            assert_eq!(told, [Recorded::New]);
            ledger.tidy(before).unwrap();
        });
    let lines = lines(&told);
    let of = |id: &str| lines.iter().find(|line| line["event_id"] == id).unwrap();
    assert_eq!(of("d")["replaced"], true);
    assert!(!listed(&told).contains(&"d".to_owned()));
    let total = told.total("s");
    assert_eq!(told.crash().total("s"), total);
}

pub fn dates_within_what_was_moved_out_are_refused<S: Archives>() {
    let mut told = days_of_work::<S>();
    let now = told.now;
    let at = |ago: i64| now.checked_sub(SignedDuration::from_hours(ago)).unwrap();
    let (within, between_days, whole) = (at(25), at(11), at(12));
    // Another event on the day of `f`, so that a date can lie between them.
    told.new_event(sent("f2", "s").metric("images", 1).at(at(29)));
    told.new_event(sent("f3", "s").metric("images", 1).at(at(24)));
    told.fold();
    told.store.move_out(later(&told), None).unwrap();
    let total = told.total("s");
    let refused = told.ask(Change::SetRates(vec![rate(
        FLASH,
        "images",
        "9",
        Some(within),
    )]));
    let Err(Error::Precondition(reason)) = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.contains("00:00 UTC"), "{reason}");
    assert_eq!(told.total("s"), total, "nothing was changed");
    let library = told.store.library();
    let table = told.prices.under(
        &[rate(FLASH, "images", "9", Some(within))]
            .into_iter()
            .collect(),
    );
    let refused = library.fine_usage(&told.key("s"), table.boundaries());
    assert!(
        matches!(refused, Err(Error::Precondition(_))),
        "{refused:?}"
    );
    // Midnight lies between two of them, and so does any time at which there was none.
    for date in [whole, between_days] {
        let rates = vec![rate(FLASH, "images", "1000000", Some(date))];
        told.ask(Change::SetRates(rates)).unwrap();
    }
    let expected = told.total("s");
    assert_ne!(expected, total);
    assert_eq!(told.crash().total("s"), expected);
}

pub fn a_time_is_answered_by_whole_days<S: Archives>() {
    use reelmeter_meter::application::ports::UsageRange;
    let mut told = days_of_work::<S>();
    let range = |from: &str, to: &str| UsageRange {
        from: Some(from.parse().unwrap()),
        to: Some(to.parse().unwrap()),
        ..UsageRange::default()
    };
    let whole = range("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z");
    let within = range("2026-11-22T09:59:00Z", "2026-11-23T00:00:00Z");
    let before = ask(&told, whole.clone(), vec![Grouping::Session]);
    let before_within = ask(&told, within.clone(), vec![Grouping::Session]);
    told.store.move_out(later(&told), None).unwrap();
    assert_eq!(ask(&told, whole, vec![Grouping::Session]), before);
    // Each sum of that day lies on one side of the time: it is answered exactly.
    assert_eq!(ask(&told, within, vec![Grouping::Session]), before_within);
}
