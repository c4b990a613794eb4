//! Starts: what was answered is there, whatever happened to the process.

use reelmeter_meter::application::ports::Recorded;

use crate::support::{Store, Telling, Told, sent};

pub fn a_crash_loses_nothing_that_was_answered<S: Store>() {
    let mut told = Told::<S>::new();
    for number in 0..20_i64 {
        told.new_event(sent(&format!("e{number}"), "s").metric("images", 1));
        if number % 7 == 3 {
            told.fold();
        }
        if number % 5 == 0 {
            told = told.crash();
        }
        let usage = told.usage("s");
        assert_eq!(
            (usage.counted.events(), usage.revision),
            (number + 1, number + 1)
        );
    }
    let again = (0..20)
        .map(|number| sent(&format!("e{number}"), "s").metric("images", 1))
        .collect();
    assert_eq!(told.record(again), vec![Recorded::Duplicate; 20]);
}

pub fn many_folds_and_starts_give_the_same_totals<S: Store>() {
    let mut plain = Told::<S>::new();
    let mut shaken = Told::<S>::new();
    for number in 0..60_i64 {
        let event = || {
            let event = sent(&format!("e{number}"), "s")
                .metric("input_tokens", number * 1_000)
                .stage(
                    ["script", "image"][usize::from(number % 3 == 0)],
                    i32::try_from(number % 4).unwrap(),
                    1,
                );
            if number % 10 == 9 {
                event.replacing(&format!("e{}", number - 4))
            } else {
                event
            }
        };
        plain.new_event(event());
        shaken.new_event(event());
        match number % 4 {
            0 => shaken.fold(),
            1 => shaken = shaken.crash(),
            _ => {}
        }
    }
    assert_eq!(plain.usage("s").counted, shaken.usage("s").counted);
    assert_eq!(plain.summary("s"), shaken.summary("s"));
}
