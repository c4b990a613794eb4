//! Listings: in order, page by page, and nothing left out.

use reelmeter_meter::application::ports::{Change, EventFilter, LedgerEvent, SessionFilter};
use reelmeter_rating::Outcome;

use crate::support::{Store, Telling, Told, new_session, seconds, sent};

fn ids<S: Store>(told: &Told<S>, filter: &SessionFilter, limit: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = told
            .store
            .library()
            .sessions("", filter, after, limit)
            .unwrap();
        pages.push(
            page.items
                .iter()
                .map(|usage| usage.session.session_id.to_string())
                .collect(),
        );
        match page.next {
            Some(next) => after = Some(next),
            None => return pages,
        }
    }
}

pub fn sessions_come_newest_first_page_by_page<S: Store>() {
    let mut told = Told::<S>::new();
    for number in 0..5 {
        // Two of them in the same instant.
        if number != 3 {
            told.pass(seconds(1));
        }
        told.start(&number.to_string());
    }
    told.new_event(sent("a", "1").metric("images", 1));
    told.fold();
    told.new_event(sent("b", "1").metric("images", 2));
    assert_eq!(
        ids(&told, &SessionFilter::default(), 2),
        [vec!["4", "3"], vec!["2", "1"], vec!["0"]]
    );
    assert_eq!(
        ids(&told, &SessionFilter::default(), 5).len(),
        1,
        "a full last page has no next one"
    );
    let page = told
        .store
        .library()
        .sessions("", &SessionFilter::default(), None, 10)
        .unwrap();
    assert_eq!(*page.items[3], *told.usage("1"), "with its usage");
    assert!(
        told.store
            .library()
            .sessions("nobody", &SessionFilter::default(), None, 10)
            .unwrap()
            .items
            .is_empty()
    );
}

pub fn sessions_are_found_by_state_label_and_time<S: Store>() {
    let mut told = Told::<S>::new();
    for (session, colour) in [("a", "red"), ("b", "blue"), ("c", "red")] {
        let mut new = new_session(session);
        new.labels.insert("colour".to_owned(), colour.to_owned());
        new.labels.insert("of".to_owned(), "test".to_owned());
        told.session(Change::Start(new));
        told.pass(seconds(60));
    }
    told.end("a");
    let find = |filter: SessionFilter| ids(&told, &filter, 10).concat();
    assert_eq!(
        find(SessionFilter {
            ended: Some(true),
            ..Default::default()
        }),
        ["a"]
    );
    assert_eq!(
        find(SessionFilter {
            ended: Some(false),
            ..Default::default()
        }),
        ["c", "b"]
    );
    let labels = |value: &str| {
        [("colour", value), ("of", "test")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into()
    };
    assert_eq!(
        find(SessionFilter {
            labels: labels("red"),
            ..Default::default()
        }),
        ["c", "a"]
    );
    assert!(
        find(SessionFilter {
            labels: labels("green"),
            ..Default::default()
        })
        .is_empty()
    );
    let started = told.usage("b").session.started;
    assert_eq!(
        find(SessionFilter {
            started_min: Some(started),
            ..Default::default()
        }),
        ["c", "b"]
    );
    assert_eq!(
        find(SessionFilter {
            started_max: Some(started),
            ..Default::default()
        }),
        ["a"]
    );
}

pub(super) fn all_events<S: Store>(
    told: &Told<S>,
    filter: &EventFilter,
    limit: usize,
) -> Vec<LedgerEvent> {
    let mut events = Vec::new();
    let mut after = 0;
    loop {
        let page = told
            .store
            .library()
            .events("", filter, after, limit)
            .unwrap();
        assert!(page.items.len() <= limit);
        events.extend(page.items);
        match page.next {
            Some(next) => after = next,
            None => return events,
        }
    }
}

pub fn events_come_in_order_page_by_page_and_whole<S: Store>() {
    let mut told = Told::<S>::new();
    let uuid = "0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e3f";
    let mut whole = sent(uuid, "s")
        .metric("input_tokens", 1)
        .metric("output_tokens", 2)
        .metric("thinking_tokens", 3)
        .metric("images", 4)
        .metric("widgets", i64::from(i32::MAX) * 1_000)
        .estimated("gadgets", 0)
        .billed("0.5", "")
        .at(told.now)
        .stage("image", 7, 3)
        .outcome(Outcome::Discarded)
        .shown_as("Flash")
        .paid_from("lease")
        .label("run", "7");
    whole.rate_model = "gemini-2.5-pro".to_owned();
    let expected = whole.clone().sound();
    told.new_event(whole);
    for number in 0..9 {
        told.new_event(sent(&format!("e{number}"), "s").metric("images", number));
        if number == 4 {
            told.fold();
        }
    }
    let events = all_events(&told, &EventFilter::default(), 3);
    let order: Vec<String> = events
        .iter()
        .map(|event| event.event.event_id.to_text())
        .collect();
    assert_eq!(
        order,
        [uuid, "e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"]
    );
    assert!(
        events
            .windows(2)
            .all(|pair| pair[0].sequence < pair[1].sequence)
    );
    assert_eq!(events[0].event, expected, "everything that was sent");
    assert_eq!(events[0].recorded, told.now);
}

pub fn events_are_found_by_what_they_are<S: Store>() {
    let mut told = Told::<S>::new();
    let early = told.now.checked_sub(seconds(100)).unwrap();
    told.new_event(sent("a", "s").stage("script", 0, 1).at(early));
    told.new_event(sent("b", "t").stage("image", 1, 1).outcome(Outcome::Failed));
    told.fold();
    told.new_event(
        sent("c", "s")
            .by("elevenlabs", "v")
            .stage("narration", 1, 1),
    );
    let find = |filter: EventFilter| -> Vec<String> {
        all_events(&told, &filter, 2)
            .into_iter()
            .map(|event| event.event.event_id.to_text())
            .collect()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        find(EventFilter {
            session_id: text("s"),
            ..Default::default()
        }),
        ["a", "c"]
    );
    assert_eq!(
        find(EventFilter {
            session_id: text("t"),
            ..Default::default()
        }),
        ["b"]
    );
    assert!(
        find(EventFilter {
            session_id: text("u"),
            ..Default::default()
        })
        .is_empty()
    );
    assert_eq!(
        find(EventFilter {
            service: text("gemini"),
            ..Default::default()
        }),
        ["a", "b"]
    );
    assert_eq!(
        find(EventFilter {
            model: text("v"),
            ..Default::default()
        }),
        ["c"]
    );
    assert_eq!(
        find(EventFilter {
            stage: text("image"),
            ..Default::default()
        }),
        ["b"]
    );
    assert_eq!(
        find(EventFilter {
            outcome: Some(Outcome::Failed),
            ..Default::default()
        }),
        ["b"]
    );
    assert_eq!(
        find(EventFilter {
            occurred_min: Some(told.now),
            ..Default::default()
        }),
        ["b", "c"]
    );
    assert_eq!(
        find(EventFilter {
            occurred_max: Some(told.now),
            ..Default::default()
        }),
        ["a"]
    );
}
