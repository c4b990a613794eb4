#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
use std::cell::RefCell;
use std::sync::Mutex;

use super::*;
use crate::domain::retry::{Advice, FailureClass, Served};
use crate::domain::usage::{GeminiCounts, Metric, Provider, Seen, Usage, gemini};

/// A clock that jumps over each wait, and remembers them.
#[derive(Default)]
struct Jumping {
    now: Mutex<Duration>,
    waits: Mutex<Vec<(Duration, String)>>,
    called_off: bool,
}

impl Pacer for Jumping {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn entropy(&self) -> u64 {
        0
    }

    async fn wait(&self, waiting: &Waiting<'_>) -> Woken {
        *self.now.lock().unwrap() += waiting.wait;
        let said = waiting.to_string();
        self.waits.lock().unwrap().push((waiting.wait, said));
        if self.called_off {
            Woken::CalledOff
        } else {
            Woken::InTime
        }
    }
}

fn failure(class: FailureClass) -> Failure {
    Failure::new(Provider::Gemini, "m", class, "")
}

fn refused(class: FailureClass) -> Attempt<&'static str> {
    Attempt::refused(failure(class), Served::default())
}

fn succeeded(value: &'static str) -> Attempt<&'static str> {
    Attempt {
        outcome: Outcome::Succeeded(value),
        usage: paid(),
        served: Served::default(),
    }
}

fn paid() -> Usage {
    gemini(
        Some(&GeminiCounts {
            prompt: 7.into(),
            total: 7.into(),
            ..GeminiCounts::default()
        }),
        Seen::default(),
    )
}

/// Runs a future that never has to wait: the clock here jumps.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// Plays the attempts in order, and returns the result and the numbers asked for.
fn play(
    pacer: &Jumping,
    script: Vec<Attempt<&'static str>>,
) -> (Result<&'static str, Stopped<String>>, Vec<u32>) {
    let script = RefCell::new(script.into_iter());
    let asked = RefCell::new(Vec::new());
    let result = block_on(with_retries(&Policy::default(), pacer, |number| {
        asked.borrow_mut().push(number);
        let next = script.borrow_mut().next();
        async move { next.ok_or_else(|| "the script is over".to_owned()) }
    }));
    (result, asked.into_inner())
}

#[test]
fn fail_fail_succeed_is_three_attempts_each_seen_by_the_caller() {
    let pacer = Jumping::default();
    let (result, asked) = play(
        &pacer,
        vec![
            refused(FailureClass::Overloaded),
            refused(FailureClass::ServerFault),
            succeeded("here"),
        ],
    );
    assert_eq!(result.unwrap(), "here");
    assert_eq!(asked, [1, 2, 3]);
    assert_eq!(pacer.waits.lock().unwrap().len(), 2);
}

#[test]
fn the_usage_of_attempts_that_fail_after_being_billed_is_in_the_callers_hands() {
    let billed_failure = || Attempt {
        outcome: Outcome::Failed(failure(FailureClass::NoAnswer)),
        usage: paid(),
        served: Served::default(),
    };
    let script = RefCell::new(vec![billed_failure(), succeeded("here")].into_iter());
    let recorded = RefCell::new(0);
    let value = block_on(with_retries(
        &Policy::default(),
        &Jumping::default(),
        |_| {
            let attempt = script.borrow_mut().next().unwrap();
            *recorded.borrow_mut() += attempt.usage.value(Metric::InputTokens);
            async move { Ok::<_, String>(attempt) }
        },
    ));
    assert_eq!(value.unwrap(), "here");
    assert_eq!(recorded.into_inner(), 14);
}

#[test]
fn a_second_try_that_may_have_been_billed_is_the_last() {
    let timed_out = || Attempt::unconfirmed(failure(FailureClass::TimedOut), Served::default());
    let (result, asked) = play(
        &Jumping::default(),
        vec![timed_out(), timed_out(), succeeded("too late")],
    );
    assert_eq!(asked, [1, 2]);
    assert!(matches!(
        result,
        Err(Stopped::GaveUp {
            reason: StopReason::PaidFailures { count: 2 },
            attempts: 2,
            ..
        })
    ));
}

#[test]
fn refusals_are_not_counted_as_paid() {
    let (result, asked) = play(
        &Jumping::default(),
        vec![
            refused(FailureClass::RateLimited),
            refused(FailureClass::RateLimited),
            refused(FailureClass::RateLimited),
            succeeded("here"),
        ],
    );
    assert_eq!(result.unwrap(), "here");
    assert_eq!(asked.len(), 4);
}

#[test]
fn the_callers_own_error_ends_it_before_another_call() {
    let (result, asked) = play(&Jumping::default(), vec![refused(FailureClass::Overloaded)]);
    assert_eq!(
        result,
        Err(Stopped::Around("the script is over".to_owned()))
    );
    assert_eq!(asked, [1, 2]);
}

#[test]
fn a_call_that_is_called_off_while_waiting_makes_no_other_attempt() {
    let pacer = Jumping {
        called_off: true,
        ..Jumping::default()
    };
    let (result, asked) = play(
        &pacer,
        vec![refused(FailureClass::Overloaded), succeeded("too late")],
    );
    assert_eq!(asked, [1]);
    assert!(matches!(
        result,
        Err(Stopped::GaveUp {
            reason: StopReason::CalledOff,
            ..
        })
    ));
}

#[test]
fn a_wait_says_what_it_waits_for() {
    let pacer = Jumping::default();
    let mut limited = failure(FailureClass::RateLimited);
    limited.advice = Advice::after(Duration::from_millis(48_805));
    let _ = play(
        &pacer,
        vec![
            Attempt::refused(limited, Served::default()),
            succeeded("here"),
        ],
    );
    let waits = pacer.waits.lock().unwrap();
    let (wait, said) = &waits[0];
    assert_eq!(*wait, Duration::from_millis(48_805));
    assert_eq!(
        said,
        "gemini asks for fewer requests (m); trying again in 48.8 s (attempt 2 of at most 5)"
    );
}
