//! Budgets: a cap is a cap.

use std::sync::Arc;

use jiff::SignedDuration;
use reelmeter_meter::application::Error;
use reelmeter_meter::application::ports::Change;
use reelmeter_meter::domain::budget::{BudgetStatus, Cap, ReservationState};
use reelmeter_rating::Name;

use crate::support::{FLASH, Store, Telling, Told, money, rate, seconds, sent};

fn dollars(text: &str) -> Cap {
    Cap::Money(money(text))
}

fn characters(value: i64) -> Cap {
    Cap::Metric {
        service: Name::from("elevenlabs"),
        metric: Name::from("characters"),
        value,
    }
}

fn budget(cap: Option<Cap>) -> Change {
    Change::Budget(Arc::from("s"), cap)
}

fn reserve(id: &str, amount: Option<Cap>) -> Change {
    Change::Reserve {
        session_id: Arc::from("s"),
        reservation_id: Name::from(id),
        amount,
        lifetime: SignedDuration::from_hours(1),
        recorder_id: "generator".to_owned(),
    }
}

fn release(id: &str) -> Change {
    Change::Release {
        session_id: Arc::from("s"),
        reservation_id: Name::from(id),
    }
}

fn status<S: Store>(told: &Told<S>) -> BudgetStatus {
    told.summary("s").budget.unwrap()
}

/// Spent, held and left.
fn figures<S: Store>(told: &Told<S>) -> [String; 3] {
    let status = status(told);
    [status.spent, status.reserved, status.remaining].map(|amount| amount.words())
}

fn in_dollars(amounts: [&str; 3]) -> [String; 3] {
    amounts.map(|amount| format!("{amount} USD"))
}

fn with_budget<S: Store>(cap: Cap) -> Told<S> {
    let mut told = Told::<S>::new();
    told.start("s");
    told.session(budget(Some(cap)));
    told
}

/// An event that costs half a dollar.
fn half(id: &str) -> reelmeter_meter::domain::event::SentEvent {
    sent(id, "s").metric("input_tokens", 1_000_000)
}

pub fn a_reservation_holds_and_events_draw_on_it<S: Store>() {
    let mut told = with_budget::<S>(dollars("2"));
    assert_eq!(told.usage("s").revision, 2, "a budget is a revision");
    let usage = told.session(reserve("r", Some(dollars("1.50"))));
    assert_eq!(
        told.session(reserve("r", Some(dollars("9")))),
        usage,
        "the same key is the same reservation"
    );
    assert_eq!(figures(&told), in_dollars(["0", "1.5", "0.5"]));
    told.new_event(half("a").paid_from("r"));
    told.new_event(half("b"));
    assert_eq!(figures(&told), in_dollars(["1", "1", "0"]));
    let mut told = told.crash();
    told.new_event(half("c").paid_from("r"));
    told.new_event(half("d").paid_from("r"));
    told.new_event(half("e").paid_from("r"));
    assert_eq!(
        figures(&told),
        in_dollars(["2.5", "0", "0"]),
        "what was used is recorded, whatever was reserved"
    );
    assert!(status(&told).exceeded);
    let drawn = &told.summary("s").reservations[0];
    assert_eq!(drawn.drawn, dollars("2"));
    told.new_event(sent("f", "s").paid_from("r").replacing("e"));
    assert_eq!(
        told.summary("s").reservations[0].drawn,
        dollars("1.5"),
        "a correction gives back"
    );
}

pub fn less_than_asked_is_refused_with_what_remains<S: Store>() {
    let mut told = with_budget::<S>(dollars("1"));
    told.new_event(half("a"));
    match told.ask(reserve("r", Some(dollars("0.51")))) {
        Err(Error::BudgetExhausted(exhausted)) => assert_eq!(exhausted.remaining, dollars("0.5")),
        other => panic!("{other:?}"),
    }
    let revision = told.usage("s").revision;
    told.session(reserve("all", None));
    assert_eq!(told.usage("s").revision, revision + 1);
    assert_eq!(figures(&told), in_dollars(["0.5", "0.5", "0"]));
    assert!(matches!(
        told.ask(reserve("nothing", None)),
        Err(Error::BudgetExhausted(_))
    ));
}

pub fn two_reservations_cannot_break_a_cap_together<S: Store>() {
    let mut told = with_budget::<S>(dollars("1"));
    let answers = told.all(vec![
        reserve("a", Some(dollars("0.6"))),
        reserve("b", Some(dollars("0.6"))),
    ]);
    assert!(answers[0].is_ok());
    assert!(
        matches!(answers[1], Err(Error::BudgetExhausted(_))),
        "asked for in the same breath"
    );
    assert_eq!(figures(&told.crash()), in_dollars(["0", "0.6", "0.4"]));
}

pub fn expiry_holds_and_release_frees<S: Store>() {
    let mut told = with_budget::<S>(dollars("1"));
    told.session(reserve("r", Some(dollars("0.8"))));
    told.new_event(half("a").paid_from("r"));
    let state = |told: &Told<S>| {
        told.summary("s").reservations[0]
            .reservation
            .state(told.now)
    };
    assert_eq!(state(&told), ReservationState::Open);
    told.pass(SignedDuration::from_hours(1));
    assert_eq!(state(&told), ReservationState::Expired);
    assert_eq!(
        figures(&told),
        in_dollars(["0.5", "0.3", "0.2"]),
        "what it held stays held"
    );
    let released = told.session(release("r"));
    assert_eq!(
        told.session(release("r")),
        released,
        "repeating it is harmless"
    );
    let told = told.crash();
    assert_eq!(state(&told), ReservationState::Released);
    assert_eq!(figures(&told), in_dollars(["0.5", "0", "0.5"]));
}

pub fn a_cap_in_a_metric_counts_that_metric<S: Store>() {
    let mut told = with_budget::<S>(characters(1_000));
    let speech = |id: &str, count: i64| {
        sent(id, "s")
            .by("elevenlabs", "v")
            .metric("characters", count)
    };
    told.new_event(speech("a", 300));
    told.new_event(sent("b", "s").metric("characters", 999));
    told.session(reserve("r", Some(characters(500))));
    told.new_event(speech("c", 100).paid_from("r"));
    let expected = [400, 400, 200].map(|value| characters(value).words());
    assert_eq!(figures(&told), expected, "of that service alone");
    assert_eq!(figures(&told.crash()), expected);
}

pub fn a_reset_leaves_the_budget_untouched<S: Store>() {
    let mut told = with_budget::<S>(dollars("2"));
    told.session(reserve("r", Some(dollars("1"))));
    told.new_event(half("a").paid_from("r"));
    told.new_event(half("b"));
    let before = figures(&told);
    assert_eq!(before, in_dollars(["1", "0.5", "0.5"]));
    told.session(Change::Reset(Arc::from("s")));
    assert_eq!(told.total("s"), "0");
    assert_eq!(
        figures(&told),
        before,
        "counting again is no way around a cap"
    );
    let mut told = told.crash();
    assert_eq!(figures(&told), before);
    told.new_event(half("c").paid_from("r"));
    assert_eq!(figures(&told), in_dollars(["1.5", "0", "0.5"]));
}

pub fn what_is_spent_follows_the_prices<S: Store>() {
    let mut told = with_budget::<S>(dollars("1"));
    told.session(reserve("r", Some(dollars("0.8"))));
    told.new_event(half("a").paid_from("r"));
    told.ask(Change::SetRates(vec![rate(
        FLASH,
        "input_tokens",
        "0.30",
        None,
    )]))
    .unwrap();
    assert_eq!(figures(&told), in_dollars(["0.3", "0.5", "0.2"]));
}

pub fn a_budget_is_kept_apart_from_other_units<S: Store>() {
    let mut told = with_budget::<S>(dollars("1"));
    assert!(matches!(
        told.ask(reserve("r", Some(characters(5)))),
        Err(Error::Precondition(_))
    ));
    told.session(reserve("r", Some(dollars("0.5"))));
    assert!(matches!(
        told.ask(budget(Some(characters(5)))),
        Err(Error::Precondition(_))
    ));
    told.session(release("r"));
    told.session(budget(Some(characters(5))));
    told.session(budget(None));
    assert_eq!(told.summary("s").budget, None);
    assert!(
        matches!(told.ask(reserve("q", None)), Err(Error::Precondition(_))),
        "nothing to reserve from"
    );
    told.pass(seconds(1));
    told.end("s");
    assert!(matches!(
        told.ask(budget(Some(dollars("1")))),
        Err(Error::Precondition(_))
    ));
}
