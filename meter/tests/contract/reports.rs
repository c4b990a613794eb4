//! Reports: usage in detail, and over a time.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reelmeter_meter::application::ports::{Change, UsageRange};
use reelmeter_meter::domain::query::{Answer, Grouping, Question, Row};
use reelmeter_meter::domain::receipt::{Receipt, ReceiptPart, WhatIf, receipt};
use reelmeter_meter::domain::summary::Prices;
use reelmeter_rating::{Boundaries, Money, Outcome, RateTable};

use crate::support::{FLASH, Store, Telling, Told, new_session, rate, seconds, sent, time};

fn million(id: &str, session: &str) -> reelmeter_meter::domain::event::SentEvent {
    sent(id, session).metric("input_tokens", 1_000_000)
}

pub fn receipt_of<S: Store>(told: &Told<S>, session: &str, table: Option<&RateTable>) -> Receipt {
    let library = told.store.library();
    let boundaries = table
        .map(|table| table.boundaries().clone())
        .unwrap_or_default();
    let fine = library
        .fine_usage(&told.key(session), &boundaries)
        .unwrap()
        .unwrap();
    let parts = fine.parts.iter().map(|part| ReceiptPart {
        class: &part.class,
        scene: part.scene,
        attempt: part.attempt,
        sum: &part.sum,
    });
    let what_if = WhatIf {
        prices: table.map(|table| Prices::new(table.clone(), 0)),
        substitutions: Default::default(),
    };
    receipt(
        &fine.usage,
        parts,
        &library.prices(&told.tenant),
        &what_if,
        told.now,
    )
}

pub fn a_receipt_has_a_line_for_each_attempt<S: Store>() {
    let mut told = Told::<S>::new();
    told.new_event(million("a", "s").stage("script", 0, 1));
    told.new_event(
        sent("b", "s")
            .metric("images", 1)
            .stage("image", 1, 1)
            .outcome(Outcome::Failed),
    );
    told.new_event(sent("c", "s").metric("images", 1).stage("image", 1, 2));
    told.fold();
    told.new_event(
        sent("thrown away", "s")
            .metric("images", 1)
            .stage("image", 1, 3)
            .outcome(Outcome::Discarded),
    );
    told.new_event(sent("d", "s").metric("images", 1).stage("image", 2, 1));
    told.new_event(sent("e", "s").metric("images", 2).stage("image", 2, 1));
    told.new_event(
        sent("f", "s")
            .stage("image", 3, 1)
            .outcome(Outcome::Unconfirmed),
    );
    // Corrected: one attempt of a scene that turns out to have been another one.
    told.new_event(million("g", "s").stage("script", 0, 2).replacing("a"));
    for told in [&told, &told] {
        let found = receipt_of(told, "s", None);
        let entries: Vec<String> = found
            .entries
            .iter()
            .map(|entry| {
                format!(
                    "{}/{}/{} {} x{} {}",
                    entry.stage,
                    entry.scene,
                    entry.attempt,
                    entry.outcome,
                    entry.events,
                    entry.cost
                )
            })
            .collect();
        assert_eq!(
            entries,
            [
                "script/0/2 succeeded x1 0.5",
                "image/1/1 failed x1 0.04",
                "image/1/2 succeeded x1 0.04",
                "image/1/3 discarded x1 0.04",
                "image/2/1 succeeded x2 0.12",
                "image/3/1 unconfirmed x1 0",
            ]
        );
        assert_eq!(
            found.total,
            told.summary("s").total,
            "the receipt adds up to the summary"
        );
        assert_eq!(found.actual, None);
    }
    let before = receipt_of(&told, "s", None);
    let mut told = told.crash();
    assert_eq!(receipt_of(&told, "s", None), before);
    told.fold();
    assert_eq!(receipt_of(&told, "s", None), before);
    told.session(Change::Reset(Arc::from("s")));
    assert!(
        receipt_of(&told, "s", None).entries.is_empty(),
        "what is before a reset does not count"
    );
}

pub fn a_what_if_report_changes_nothing_and_sorts_by_its_own_dates<S: Store>() {
    let mut told = Told::<S>::new();
    for (id, ago) in [("a", 300), ("b", 100)] {
        let at = told.now.checked_sub(seconds(ago)).unwrap();
        told.new_event(million(id, "s").at(at));
    }
    told.end("s");
    let from = told.now.checked_sub(seconds(200)).unwrap();
    let asked = [rate(FLASH, "input_tokens", "3", Some(from))]
        .into_iter()
        .collect();
    let table = told.prices.under(&asked);
    for folded in [false, true] {
        if folded {
            told.fold();
        }
        let before = told.usage("s");
        let found = receipt_of(&told, "s", Some(&table));
        assert_eq!(found.total.to_string(), "3.5", "each event by its own date");
        assert_eq!(found.actual.unwrap().to_string(), "1");
        assert_eq!(told.usage("s"), before);
        assert_eq!(told.total("s"), "1");
    }
}

pub fn ask<S: Store>(
    told: &Told<S>,
    range: UsageRange,
    group_by: Vec<Grouping>,
) -> (Vec<Row>, Money) {
    let library = told.store.library();
    let (question, prices) = (
        Question {
            group_by,
            service: None,
        },
        library.prices(&told.tenant),
    );
    let mut answer = Answer::new(&question, &prices, told.now);
    library
        .usage_between("", &range, &mut |fine| {
            answer
                .add(
                    &fine.usage,
                    fine.parts
                        .iter()
                        .map(|part| (part.day, &part.class, &part.sum)),
                )
                .unwrap();
            Ok(())
        })
        .unwrap();
    answer.finish()
}

fn rows<S: Store>(told: &Told<S>, range: UsageRange, group_by: Vec<Grouping>) -> Vec<String> {
    let (rows, total) = ask(told, range, group_by);
    let sum =
        Money::checked_sum(rows.iter().map(|row| row.entry.cost.unwrap_or_default())).unwrap();
    assert_eq!(sum, total);
    rows.iter()
        .map(|row| {
            format!(
                "{} x{} {}",
                row.values.join("/"),
                row.entry.events,
                row.entry.cost.unwrap_or_default()
            )
        })
        .collect()
}

pub fn a_time_is_answered_by_day_service_model_session_and_label<S: Store>() {
    let mut told = Told::<S>::new();
    let at = |day: i64, hour: i64| -> Timestamp {
        time("2026-11-01T00:00:00Z")
            .checked_add(SignedDuration::from_hours(24 * (day - 1) + hour))
            .unwrap()
    };
    for (session, colour) in [("red", "r"), ("blue", "b")] {
        let mut new = new_session(session);
        new.labels.insert("colour".to_owned(), colour.to_owned());
        told.session(Change::Start(new));
    }
    told.new_event(million("1", "red").at(at(1, 10)));
    told.new_event(million("2", "red").at(at(2, 10)));
    told.new_event(million("3", "blue").at(at(2, 20)));
    told.new_event(
        sent("4", "blue")
            .by("elevenlabs", "v")
            .metric("characters", 5)
            .at(at(3, 5)),
    );
    // Ended under other prices: each session is rated by its own.
    told.end("red");
    told.ask(Change::SetRates(vec![rate(
        FLASH,
        "input_tokens",
        "1",
        None,
    )]))
    .unwrap();
    let mut simulated = million("5", "pretended").at(at(2, 1));
    simulated.simulated = true;
    told.new_event(simulated);
    for folded in [false, true] {
        if folded {
            told.fold();
        }
        let all = UsageRange::default;
        assert_eq!(rows(&told, all(), vec![]), [" x4 2"]);
        let by_day = ["2026-11-01 x1 0.5", "2026-11-02 x2 1.5", "2026-11-03 x1 0"];
        assert_eq!(rows(&told, all(), vec![Grouping::Day]), by_day);
        assert_eq!(
            rows(&told, all(), vec![Grouping::Service]),
            ["elevenlabs x1 0", "gemini x3 2"]
        );
        assert_eq!(
            rows(
                &told,
                all(),
                vec![Grouping::Label("colour".to_owned()), Grouping::Model]
            ),
            [
                "b/gemini-2.5-flash x1 1",
                "b/v x1 0",
                "r/gemini-2.5-flash x2 1"
            ]
        );
        assert_eq!(
            rows(&told, all(), vec![Grouping::Session]),
            ["blue x2 1", "red x2 1"]
        );
        let labels = [("colour".to_owned(), "r".to_owned())].into();
        assert_eq!(
            rows(&told, UsageRange { labels, ..all() }, vec![]),
            [" x2 1"]
        );
        assert_eq!(
            rows(
                &told,
                UsageRange {
                    simulated: true,
                    ..all()
                },
                vec![]
            ),
            [" x1 1"]
        );
        let between = |from, to| UsageRange {
            from: Some(from),
            to: Some(to),
            ..all()
        };
        assert_eq!(
            rows(&told, between(at(2, 0), at(3, 0)), vec![]),
            [" x2 1.5"],
            "a whole day"
        );
        assert_eq!(
            rows(&told, between(at(1, 11), at(2, 20)), vec![]),
            [" x1 0.5"],
            "before its end, exclusive"
        );
        assert_eq!(
            rows(&told, between(at(1, 10), at(2, 21)), vec![]),
            [" x3 2"],
            "from its beginning, inclusive"
        );
        assert_eq!(
            rows(&told, between(at(2, 9), at(2, 11)), vec![]),
            [" x1 0.5"],
            "within a day"
        );
        assert!(rows(&told, between(at(9, 0), at(10, 0)), vec![]).is_empty());
        assert_eq!(
            rows(
                &told,
                UsageRange {
                    from: Some(at(3, 0)),
                    ..all()
                },
                vec![]
            ),
            [" x1 0"]
        );
        assert_eq!(
            rows(
                &told,
                UsageRange {
                    to: Some(at(1, 11)),
                    ..all()
                },
                vec![]
            ),
            [" x1 0.5"]
        );
    }
}

pub fn usage_in_detail_adds_up_to_the_usage<S: Store>() {
    let mut told = Told::<S>::new();
    for number in 0..40_i64 {
        let event = sent(&format!("e{number}"), "s")
            .metric("input_tokens", number)
            .stage(
                "image",
                i32::try_from(number % 7).unwrap(),
                1 + i32::try_from(number % 2).unwrap(),
            )
            .at(told
                .now
                .checked_sub(SignedDuration::from_hours(number * 5))
                .unwrap());
        told.new_event(event);
        if number == 25 {
            told.fold();
        }
    }
    let fine = told
        .store
        .library()
        .fine_usage(&told.key("s"), &Boundaries::default())
        .unwrap()
        .unwrap();
    let mut tally = reelmeter_meter::domain::usage::Tally::default();
    for part in &fine.parts {
        tally.add(part.class, &part.sum, 1);
    }
    assert_eq!(tally, told.usage("s").counted);
    assert_eq!(fine.usage, *told.usage("s"));
    assert!(fine.parts.len() > 30);
}
