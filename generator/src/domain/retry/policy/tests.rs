#![allow(clippy::panic, reason = "a test fails by panicking")]
use super::*;
use crate::domain::retry::Advice;
use crate::domain::usage::Provider;

fn failed(class: FailureClass) -> Failure {
    Failure::new(Provider::Gemini, "gemini-3.8-flash", class, "")
}

fn asked_to_wait(class: FailureClass, wait: Duration) -> Failure {
    Failure {
        advice: Advice::after(wait),
        ..failed(class)
    }
}

fn after_tries(tries: u32) -> Progress {
    Progress {
        tries,
        ..Progress::default()
    }
}

fn wait_of(decision: Decision) -> Duration {
    match decision {
        Decision::RetryAfter(wait) => wait,
        Decision::Stop(reason) => panic!("stopped: {reason}"),
    }
}

#[test]
fn waits_double_and_stay_between_half_and_the_whole_step() {
    let policy = Policy {
        tries_max: 100,
        total_max: Duration::MAX,
        ..Policy::default()
    };
    let failure = failed(FailureClass::Overloaded);
    for (tries, step_s) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (90, 60)] {
        let step = Duration::from_secs(step_s);
        for entropy in [0, 1 << 40, u64::MAX / 2, u64::MAX] {
            let wait = wait_of(decide(&policy, after_tries(tries), &failure, entropy));
            assert!(wait >= step / 2 && wait <= step, "try {tries}: {wait:?}");
        }
    }
}

#[test]
fn calls_that_fail_together_do_not_come_back_together() {
    let failure = failed(FailureClass::RateLimited);
    let wait = |entropy| {
        wait_of(decide(
            &Policy::default(),
            after_tries(3),
            &failure,
            entropy,
        ))
    };
    assert_ne!(wait(u64::MAX / 3), wait(u64::MAX / 3 * 2));
    let advised = asked_to_wait(FailureClass::RateLimited, Duration::from_secs(20));
    let wait = |entropy| {
        wait_of(decide(
            &Policy::default(),
            after_tries(3),
            &advised,
            entropy,
        ))
    };
    assert_ne!(wait(u64::MAX / 3), wait(u64::MAX / 3 * 2));
}

#[test]
fn an_advised_wait_is_never_cut_short() {
    let asked = Duration::from_millis(48_805);
    let failure = asked_to_wait(FailureClass::RateLimited, asked);
    for entropy in [0, u64::MAX / 2, u64::MAX] {
        let wait = wait_of(decide(
            &Policy::default(),
            after_tries(1),
            &failure,
            entropy,
        ));
        assert!(wait >= asked && wait <= asked + Duration::from_secs(1));
    }
}

#[test]
fn a_wait_longer_than_allowed_is_a_reason_to_stop() {
    let asked = Duration::from_secs(3_600);
    assert_eq!(
        decide(
            &Policy::default(),
            after_tries(1),
            &asked_to_wait(FailureClass::RateLimited, asked),
            0
        ),
        Decision::Stop(StopReason::AskedToWaitTooLong { asked })
    );
}

#[test]
fn where_waiting_cannot_help_it_stops_at_once() {
    for class in [
        FailureClass::KeyRefused,
        FailureClass::NotPermitted,
        FailureClass::CreditUsedUp,
        FailureClass::QuotaUsedUp,
        FailureClass::NotFound,
        FailureClass::InvalidRequest,
        FailureClass::TooLong,
        FailureClass::FormatRefused,
        FailureClass::PromptBlocked,
        FailureClass::AnswerWithheld,
        FailureClass::CutShort,
        FailureClass::TooLarge,
        FailureClass::Redirected,
    ] {
        // Even when the provider, by habit, adds advice to wait.
        let failure = asked_to_wait(class, Duration::from_secs(1));
        assert_eq!(
            decide(&Policy::default(), after_tries(1), &failure, 7),
            Decision::Stop(StopReason::WaitingCannotHelp),
            "{class}"
        );
    }
}

#[test]
fn tries_are_bounded() {
    let failure = failed(FailureClass::ServerFault);
    assert!(matches!(
        decide(&Policy::default(), after_tries(4), &failure, 0),
        Decision::RetryAfter(_)
    ));
    assert_eq!(
        decide(&Policy::default(), after_tries(5), &failure, 0),
        Decision::Stop(StopReason::TriesUsedUp { tries: 5 })
    );
}

#[test]
fn a_call_that_costs_each_time_is_not_asked_for_again_and_again() {
    let progress = |paid_failures| Progress {
        tries: 2,
        paid_failures,
        ..Progress::default()
    };
    let failure = failed(FailureClass::TimedOut);
    assert!(matches!(
        decide(&Policy::default(), progress(1), &failure, 0),
        Decision::RetryAfter(_)
    ));
    assert_eq!(
        decide(&Policy::default(), progress(2), &failure, 0),
        Decision::Stop(StopReason::PaidFailures { count: 2 })
    );
}

#[test]
fn no_wait_begins_that_would_end_after_the_total() {
    let policy = Policy::default();
    let late = Progress {
        tries: 2,
        paid_failures: 0,
        elapsed: policy.total_max - Duration::from_secs(30),
    };
    let failure = asked_to_wait(FailureClass::RateLimited, Duration::from_secs(60));
    assert_eq!(
        decide(&policy, late, &failure, 0),
        Decision::Stop(StopReason::TimeUsedUp {
            elapsed: late.elapsed
        })
    );
}

#[test]
fn the_largest_limits_do_not_overflow() {
    let policy = Policy {
        tries_max: u32::MAX,
        paid_failures_max: u32::MAX,
        first_wait: Duration::MAX,
        wait_max: Duration::MAX,
        advised_wait_max: Duration::MAX,
        total_max: Duration::MAX,
    };
    let progress = after_tries(u32::MAX - 1);
    let failure = failed(FailureClass::ServerFault);
    let decision = decide(&policy, progress, &failure, u64::MAX);
    assert!(matches!(
        decision,
        Decision::RetryAfter(_) | Decision::Stop(StopReason::TimeUsedUp { .. })
    ));
}
