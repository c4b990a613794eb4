//! SQLite and PostgreSQL give the same answers to the same history. `METER_EQUIVALENCE_CASES` says how many histories (40).

use std::sync::Arc;

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reelmeter_meter::application::ports::{Answer, Change, RateFilter, Recording};
use reelmeter_meter::domain::budget::Cap;
use reelmeter_meter::domain::quota::Quota;

use crate::support::{
    FLASH, Postgres, Sqlite, Store, Telling, Told, backlog, money, new_session, rate, seconds, sent,
};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Record(Vec<(u8, u8, u8, i64, Option<u8>)>),
    Report(u8, i64),
    Start(u8),
    End(u8),
    Reset(u8),
    Budget(u8, Option<i64>),
    Reserve(u8, u8, Option<i64>),
    Release(u8, u8),
    Quota(u8, i64),
    SetRate(i64, Option<i64>),
    ResetRates,
    EndIdle,
    Fold,
    Crash,
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let session = 0..3_u8;
    let event = (
        0..25_u8,
        session.clone(),
        0..6_u8,
        0..3_000_i64,
        prop::option::weighted(0.2, 0..25_u8),
    );
    prop_oneof![
        8 => prop::collection::vec(event, 1..6).prop_map(Step::Record),
        1 => (0..3_u8, 0..3_i64).prop_map(|(session, pending)| Step::Report(session, pending)),
        1 => session.clone().prop_map(Step::Start),
        1 => session.clone().prop_map(Step::End),
        1 => session.clone().prop_map(Step::Reset),
        1 => (session.clone(), prop::option::of(0..9_i64)).prop_map(|(session, cap)| Step::Budget(session, cap)),
        1 => (session.clone(), 0..4_u8, prop::option::of(0..5_i64)).prop_map(|(session, id, amount)| Step::Reserve(session, id, amount)),
        1 => (session.clone(), 0..4_u8).prop_map(|(session, id)| Step::Release(session, id)),
        1 => (session, 0..99_i64).prop_map(|(session, used)| Step::Quota(session, used)),
        1 => (1..9_i64, prop::option::of(-200..200_i64)).prop_map(|(amount, from)| Step::SetRate(amount, from)),
        1 => Just(Step::ResetRates),
        1 => Just(Step::EndIdle),
        1 => Just(Step::Fold),
        1 => Just(Step::Crash),
        2 => (0..100_i64).prop_map(Step::Pass),
    ]
}

/// Does it and says what came of it, as text: what a caller would be told.
fn take<S: Store>(mut told: Told<S>, step: &Step) -> (Told<S>, String) {
    let session = |number: &u8| -> Arc<str> { Arc::from(format!("s{number}")) };
    let change = match step {
        Step::Record(drawn) => Change::Record(Recording {
            events: drawn
                .iter()
                .map(|(id, session, kind, value, replaces)| {
                    let (service, model, metric) = [
                        ("gemini", FLASH, "input_tokens"),
                        ("gemini", FLASH, "images"),
                        ("gemini", "gemini-3-pro-preview", "input_tokens"),
                        ("elevenlabs", "voice", "characters"),
                        ("tool", "own", "calls"),
                        ("gemini", "unknown", "output_tokens"),
                    ][usize::from(*kind)];
                    let at = told.now.checked_sub(seconds(*value % 300)).unwrap();
                    let mut event = sent(&format!("e{id}"), &session_name(*session))
                        .by(service, model)
                        .metric(metric, value * 1_000)
                        .stage(
                            ["", "script", "image"][usize::from(kind % 3)],
                            i32::from(kind % 2),
                            1,
                        )
                        .shown_as(if value % 7 == 0 { "Shown" } else { "" })
                        .at(at);
                    if *kind == 3 {
                        event = event.billed(&value.to_string(), &(value / 2).to_string());
                    }
                    if let Some(replaced) = replaces.filter(|replaced| replaced != id) {
                        event = event.replacing(&format!("e{replaced}"));
                    }
                    event.sound()
                })
                .collect(),
            recorder_id: Arc::from("recorder"),
            backlogs: Vec::new(),
        }),
        Step::Report(number, pending) => Change::Report {
            recorder_id: Arc::from("recorder"),
            backlogs: vec![backlog(&session_name(*number), *pending)],
        },
        Step::Start(number) => Change::Start(new_session(&session_name(*number))),
        Step::End(number) => Change::End(session(number)),
        Step::Reset(number) => Change::Reset(session(number)),
        Step::Budget(number, cap) => Change::Budget(session(number), cap.map(dollars)),
        Step::Reserve(number, id, amount) => Change::Reserve {
            session_id: session(number),
            reservation_id: format!("r{id}").into(),
            amount: amount.map(dollars),
            lifetime: seconds(60),
            recorder_id: "recorder".to_owned(),
        },
        Step::Release(number, id) => Change::Release {
            session_id: session(number),
            reservation_id: format!("r{id}").into(),
        },
        Step::Quota(number, used) => Change::Quota(
            session(number),
            Quota {
                service: "elevenlabs".to_owned(),
                metric: ["characters", "credits"][usize::from(used % 2 == 0)].to_owned(),
                used: *used,
                limit: 100,
                renews: None,
                observed: told.now,
                first_used: *used,
                tier: String::new(),
            },
        ),
        Step::SetRate(amount, from) => {
            let from = from.map(|from| told.now.checked_add(seconds(from)).unwrap());
            Change::SetRates(vec![rate(FLASH, "input_tokens", &amount.to_string(), from)])
        }
        Step::ResetRates => Change::ResetRates(RateFilter::default()),
        Step::EndIdle => Change::EndIdle(SignedDuration::from_secs(90)),
        Step::Fold => {
            told.fold();
            return (told, String::new());
        }
        Step::Crash => return (told.crash(), String::new()),
        Step::Pass(time) => {
            told.pass(seconds(*time));
            return (told, String::new());
        }
    };
    let said = match told.ask(change) {
        Ok(Answer::Recorded(outcomes)) => format!("{outcomes:?}"),
        Ok(Answer::Session { usage, created }) => {
            format!("{} {} {created}", usage.session.session_id, usage.revision)
        }
        Ok(Answer::Prices { prices, removed }) => format!("{} {removed}", prices.revision),
        Ok(Answer::Done) => "done".to_owned(),
        Err(error) => error.to_string(),
    };
    (told, said)
}

fn session_name(number: u8) -> String {
    format!("s{number}")
}

fn dollars(amount: i64) -> Cap {
    Cap::Money(money(&amount.to_string()))
}

#[test]
fn both_stores_give_the_same_answers_to_any_history() {
    let cases = std::env::var("METER_EQUIVALENCE_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(40);
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    });
    runner
        .run(&prop::collection::vec(step(), 1..40), |steps| {
            let mut one = Told::<Sqlite>::new();
            let mut other = Told::<Postgres>::new();
            for (place, step) in steps.iter().enumerate() {
                let (said, also);
                (one, said) = take(one, step);
                (other, also) = take(other, step);
                prop_assert_eq!(said, also, "step {}: {:?}", place, step);
            }
            for number in 0..3 {
                let name = session_name(number);
                let there = |library: Arc<dyn reelmeter_meter::application::ports::Library>| {
                    library.usage(&one.key(&name)).unwrap().is_some()
                };
                prop_assert_eq!(there(one.store.library()), there(other.store.library()));
                if there(one.store.library()) {
                    prop_assert_eq!(one.summary(&name), other.summary(&name));
                }
            }
            Ok(())
        })
        .unwrap();
}
