//! Prices: what an override reaches, from when, and for how long.

use std::sync::Arc;

use reelmeter_meter::application::ports::{Answer, Change, RateFilter};
use reelmeter_meter::domain::audit::{Action, AuditEntry};
use reelmeter_meter::domain::budget::Cap;
use reelmeter_rating::{PriceBook, RateTable};

use crate::support::{FLASH, Store, Telling, Told, rate, seconds, sent};

fn revision<S: Store>(told: &mut Told<S>, change: Change) -> i64 {
    match told.ask(change).unwrap() {
        Answer::Prices { prices, .. } => prices.revision,
        other => panic!("{other:?}"),
    }
}

fn million(id: &str, session: &str) -> reelmeter_meter::domain::event::SentEvent {
    sent(id, session).metric("input_tokens", 1_000_000)
}

pub fn an_override_prices_running_sessions_at_once_and_ended_ones_never<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(million("a", "running"));
    told.new_event(million("b", "ended"));
    told.end("ended");
    assert_eq!(
        revision(
            &mut told,
            Change::SetRates(vec![rate(FLASH, "input_tokens", "0.30", None)])
        ),
        1
    );
    assert_eq!([told.total("running"), told.total("ended")], ["0.3", "0.5"]);
    assert_eq!(told.usage("running").revision, 1, "prices are not usage");
    assert_eq!(told.summary("running").book.overrides, 1);
}

pub fn a_dated_override_counts_from_its_date<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(million("a", "s"));
    let from = told.now.checked_add(seconds(60)).unwrap();
    told.ask(Change::SetRates(vec![rate(
        FLASH,
        "input_tokens",
        "0.30",
        Some(from),
    )]))
    .unwrap();
    assert_eq!(told.total("s"), "0.5");
    told.pass(seconds(59));
    told.new_event(million("b", "s"));
    told.pass(seconds(1));
    told.new_event(million("c", "s"));
    assert_eq!(told.total("s"), "1.3");
    // Rated by its own time, however late it comes.
    told.new_event(million("d", "s").at(from.checked_sub(seconds(1)).unwrap()));
    assert_eq!(told.total("s"), "1.8");
    let mut told = told.crash();
    assert_eq!(told.total("s"), "1.8");
    told.fold();
    assert_eq!(told.crash().total("s"), "1.8");
}

pub fn an_override_dated_into_the_past_sorts_events_again<S: Store>() {
    for folded in [false, true] {
        let mut told = Told::<S>::new();
        for (id, ago) in [("a", 300), ("b", 200), ("c", 100)] {
            let at = told.now.checked_sub(seconds(ago)).unwrap();
            told.new_event(million(id, "s").at(at));
            told.new_event(million(&format!("{id} of another"), "ended").at(at));
        }
        told.end("ended");
        if folded {
            told.fold();
        }
        let from = told.now.checked_sub(seconds(150)).unwrap();
        told.ask(Change::SetRates(vec![rate(
            FLASH,
            "input_tokens",
            "0.30",
            Some(from),
        )]))
        .unwrap();
        assert_eq!([told.total("s"), told.total("ended")], ["1.3", "1.5"]);
        // Corrections find what they correct, on both sides of the date and in the ended session too.
        told.new_event(million("d", "s").at(from).replacing("b"));
        told.new_event(million("e", "ended").at(from).replacing("b of another"));
        assert_eq!([told.total("s"), told.total("ended")], ["1.1", "1.5"]);
        // A second date, and the first one taken back.
        let later = told.now.checked_sub(seconds(50)).unwrap();
        told.ask(Change::SetRates(vec![rate(
            FLASH,
            "input_tokens",
            "0.10",
            Some(later),
        )]))
        .unwrap();
        assert_eq!(told.total("s"), "1.1");
        told.ask(Change::ResetRates(RateFilter::default())).unwrap();
        told.new_event(million("f", "s").at(later).replacing("c"));
        assert_eq!([told.total("s"), told.total("ended")], ["1.5", "1.5"]);
        let mut told = told.crash();
        assert_eq!([told.total("s"), told.total("ended")], ["1.5", "1.5"]);
        told.fold();
        let told = told.crash();
        assert_eq!([told.total("s"), told.total("ended")], ["1.5", "1.5"]);
    }
}

pub fn an_override_dated_before_all_events_prices_them<S: Store>() {
    for folded in [false, true] {
        let mut told = Told::<S>::new();
        told.new_event(million("a", "s"));
        if folded {
            told.fold();
        }
        let from = told.now.checked_sub(seconds(60)).unwrap();
        let set = rate(FLASH, "input_tokens", "0.30", Some(from));
        told.ask(Change::SetRates(vec![set])).unwrap();
        assert_eq!(told.total("s"), "0.3");
        let told = told.crash();
        assert_eq!(told.total("s"), "0.3");
    }
}

pub fn overrides_survive_a_start<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(million("a", "s"));
    told.ask(Change::SetRates(vec![rate(
        FLASH,
        "input_tokens",
        "0.30",
        None,
    )]))
    .unwrap();
    let mut told = told.crash();
    assert_eq!(told.total("s"), "0.3");
    assert_eq!(
        revision(
            &mut told,
            Change::SetRates(vec![rate(FLASH, "input_tokens", "0.20", None)])
        ),
        2
    );
    assert_eq!(
        told.total("s"),
        "0.2",
        "a rate for the same thing replaces the one before"
    );
    assert_eq!(told.summary("s").book.overrides, 1);
}

pub fn another_book_at_the_next_start_prices_running_sessions_only<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(million("a", "running"));
    told.new_event(million("b", "ended"));
    told.end("ended");
    let told = told.crash_into(RateTable::of_book(PriceBook::list().unwrap()));
    assert_eq!([told.total("running"), told.total("ended")], ["0.3", "0.5"]);
    assert_eq!(
        (
            told.summary("running").book.name,
            told.summary("ended").book.name
        ),
        ("list".to_owned(), "documented".to_owned())
    );
}

pub fn taking_overrides_back_restores_the_book<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(million("a", "s").metric("output_tokens", 1_000_000));
    told.ask(Change::SetRates(vec![
        rate(FLASH, "input_tokens", "10", None),
        rate(FLASH, "output_tokens", "20", None),
        rate("gemini-2.5-pro", "input_tokens", "30", None),
    ]))
    .unwrap();
    assert_eq!(told.total("s"), "30");
    let filter = |model: Option<&str>, metric: Option<&str>| {
        Change::ResetRates(RateFilter {
            service: Some("gemini".to_owned()),
            model: model.map(str::to_owned),
            metric: metric.map(str::to_owned),
        })
    };
    let removed = |told: &mut Told<S>, change| match told.ask(change).unwrap() {
        Answer::Prices { removed, prices } => (removed, prices.revision),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        removed(&mut told, filter(Some("unknown"), None)),
        (0, 1),
        "repeating it is harmless"
    );
    assert_eq!(
        removed(&mut told, filter(Some(FLASH), Some("input_tokens"))),
        (1, 2)
    );
    assert_eq!(told.total("s"), "20.5");
    assert_eq!(removed(&mut told, filter(None, None)), (2, 3));
    assert_eq!(told.crash().total("s"), "2");
}

pub fn an_override_is_the_tenants_own<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(million("a", "s"));
    told.tenant = "other".into();
    told.new_event(million("a", "s"));
    told.ask(Change::SetRates(vec![rate(
        FLASH,
        "input_tokens",
        "0.30",
        None,
    )]))
    .unwrap();
    let both = |told: &mut Told<S>| {
        ["other", ""].map(|tenant| {
            told.tenant = tenant.into();
            told.total("s")
        })
    };
    assert_eq!(both(&mut told), ["0.3", "0.5"]);
    // After a start with other prices beneath, and for a tenant that has never been there.
    let mut told = told.crash();
    assert_eq!(both(&mut told), ["0.3", "0.5"]);
    told.end("s");
    told.tenant = "other".into();
    told.end("s");
    assert_eq!(
        both(&mut told),
        ["0.3", "0.5"],
        "a session freezes its own tenant's prices"
    );
    told.tenant = "third".into();
    assert_eq!(
        revision(&mut told, Change::ResetRates(RateFilter::default())),
        0,
        "there is nothing of this tenant to take back"
    );
    assert_eq!(both(&mut told), ["0.3", "0.5"]);
}

pub fn every_change_of_prices_budget_or_count_leaves_an_entry<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(million("a", "s"));
    told.tenant = "other".into();
    told.new_event(million("b", "s"));
    let flash = |amount| Change::SetRates(vec![rate(FLASH, "input_tokens", amount, None)]);
    told.ask(flash("0.30")).unwrap();
    told.pass(seconds(1));
    told.ask(flash("0.20")).unwrap();
    let session: Arc<str> = Arc::from("s");
    let cap = Cap::Money("2".parse().unwrap());
    told.ask(Change::Budget(Arc::clone(&session), Some(cap)))
        .unwrap();
    told.ask(Change::Reset(Arc::clone(&session))).unwrap();
    told.ask(Change::Budget(session, None)).unwrap();
    told.ask(Change::ResetRates(RateFilter::default())).unwrap();
    // What is refused, and what changes nothing, leaves none.
    told.ask(Change::ResetRates(RateFilter::default())).unwrap();
    told.ask(Change::Reset(Arc::from("nowhere"))).unwrap_err();

    let told = told.crash();
    let entries: Vec<AuditEntry> = told.store.library().audit("other", 0, 100).unwrap().items;
    let said: Vec<_> = entries
        .iter()
        .map(|entry| (entry.note.action, &*entry.note.session_id))
        .collect();
    assert_eq!(
        said,
        [
            (Action::SetRates, ""),
            (Action::SetRates, ""),
            (Action::SetBudget, "s"),
            (Action::ResetSession, "s"),
            (Action::SetBudget, "s"),
            (Action::ResetRates, ""),
        ]
    );
    assert!(entries.iter().all(|entry| &*entry.note.actor == "a test"));
    let changes: Vec<_> = entries
        .iter()
        .map(|entry| (entry.note.before.as_str(), entry.note.after.as_str()))
        .collect();
    let [first, second, cap, reset, uncapped, back] = changes[..] else {
        panic!("six entries: {changes:?}")
    };
    assert!(
        !first.0.contains("0.3") && first.1.contains("0.3"),
        "{first:?}"
    );
    assert!(
        second.0.contains("0.3") && second.1.contains("0.2"),
        "{second:?}"
    );
    assert_eq!(cap, ("none", "2 USD"));
    assert_eq!(reset, ("1 events, 0.2 USD", "counted from zero"));
    assert_eq!(uncapped, ("2 USD", "none"));
    assert!(
        back.0.contains("0.2") && !back.1.contains("0.2"),
        "{back:?}"
    );
    assert_eq!(
        entries[1].at.duration_since(entries[0].at).as_secs(),
        1,
        "entries say when"
    );

    // Page by page, and nobody else's.
    let library = told.store.library();
    let page = library.audit("other", 0, 4).unwrap();
    assert_eq!(page.items, entries[..4]);
    let rest = library.audit("other", page.next.unwrap(), 4).unwrap();
    assert_eq!((&rest.items[..], rest.next), (&entries[4..], None));
    assert_eq!(library.audit("", 0, 10).unwrap().items, []);
}
