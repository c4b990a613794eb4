//! Protects promise 11: a cap is a cap, also for calls side by side, after a crash, and with the meter away.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use reelmeter_proto::meter::v1::*;
use reelmeter_recorder::{Intent, Lease, LeaseError, NotAdmitted, Recorder, Reserve, Used};
use support::{Meter, channel, nobody};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);
const MODEL: &str = "gemini-2.5-flash";

/// A tenth of a dollar a million input tokens; a subscription that counts characters.
fn price_book() -> PriceBook {
    PriceBook {
        name: "test".into(),
        as_of_date: "2026-11-23".into(),
        rates: vec![Rate {
            service: "gemini".into(),
            model: MODEL.into(),
            metric: "input_tokens".into(),
            amount: Some(Money {
                currency_code: "USD".into(),
                amount: "0.1".into(),
            }),
            unit_size: 1_000_000,
            source: "test".into(),
            origin: RateOrigin::PriceBook.into(),
            ..Rate::default()
        }],
        services: vec![
            ServicePricing {
                service: "gemini".into(),
                billing_mode: BillingMode::PayPerUse.into(),
                default_model: String::new(),
            },
            ServicePricing {
                service: "elevenlabs".into(),
                billing_mode: BillingMode::Subscription.into(),
                default_model: String::new(),
            },
        ],
        ..PriceBook::default()
    }
}

fn dollars(amount: &str) -> Budget {
    let money = Money {
        currency_code: "USD".into(),
        amount: amount.into(),
    };
    Budget {
        limit: Some(budget::Limit::Money(money)),
    }
}

fn amount(metric: &str, value: i64) -> Vec<Quantity> {
    vec![Quantity {
        metric: metric.into(),
        value,
        basis: QuantityBasis::Reported.into(),
        provider_billed: None,
    }]
}

/// A meter with this much left for the session.
fn meter(budget: Budget) -> Meter {
    let meter = Meter::default();
    meter.state().budget = Some(budget);
    meter.state().price_book = price_book();
    meter
}

async fn lease(recorder: &Recorder, meter: std::net::SocketAddr) -> Result<Lease, LeaseError> {
    let reserve = Reserve {
        session_id: "s",
        channel: channel(meter),
        token: None,
        waiting: &|_| {},
    };
    timeout(PATIENCE, recorder.lease(reserve)).await.unwrap()
}

fn open(directory: &Path) -> Recorder {
    Recorder::open(&directory.join("outbox.db"), "test").unwrap()
}

/// A call for so many tokens at worst.
fn admit(lease: &Lease, tokens: i64) -> Result<reelmeter_recorder::Permit, NotAdmitted> {
    lease.admit("gemini", MODEL, "", &amount("input_tokens", tokens))
}

fn intent(permit: reelmeter_recorder::Permit) -> Intent {
    Intent {
        session_id: "s".into(),
        service: "gemini".into(),
        model: MODEL.into(),
        permit: Some(permit),
        ..Intent::default()
    }
}

fn used(tokens: i64) -> Used {
    Used::new(CallOutcome::Succeeded, amount("input_tokens", tokens))
}

#[tokio::test]
async fn calls_side_by_side_cannot_break_the_cap_together() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = open(directory.path());
    let address = meter(dollars("1")).start().await;
    let lease = lease(&recorder, address).await.unwrap();
    // Forty cents each at worst: two fit, the third does not until one of them was cheaper.
    let first = admit(&lease, 4_000_000).unwrap();
    let second = admit(&lease, 4_000_000).unwrap();
    let third = admit(&lease, 4_000_000).unwrap_err();
    let full = NotAdmitted::Full {
        needed: "$0.40".into(),
        left: "$0.20".into(),
    };
    assert_eq!(third, full);
    let call = recorder.begin(intent(first)).await.unwrap();
    call.used(used(1_000_000)).await.unwrap();
    assert_eq!(lease.left(), "$0.50");
    let third = admit(&lease, 4_000_000).unwrap();
    drop(second);
    drop(third);
    assert_eq!(lease.left(), "$0.90", "what was never begun is free again");
}

#[tokio::test]
async fn a_call_waits_for_those_in_flight_and_is_refused_when_they_free_too_little() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = open(directory.path());
    let address = meter(dollars("1")).start().await;
    let lease = lease(&recorder, address).await.unwrap();
    let call = recorder
        .begin(intent(admit(&lease, 9_000_000).unwrap()))
        .await
        .unwrap();
    let next = {
        let lease = lease.clone();
        tokio::spawn(async move {
            let worst = amount("input_tokens", 5_000_000);
            lease.admit_when_free("gemini", MODEL, "", &worst).await
        })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!next.is_finished(), "it does not wait");
    call.used(used(1_000_000)).await.unwrap();
    let permit = timeout(PATIENCE, next).await.unwrap().unwrap().unwrap();
    let call = recorder.begin(intent(permit)).await.unwrap();
    call.used(used(5_000_000)).await.unwrap();
    let worst = amount("input_tokens", 5_000_000);
    let refused = lease.admit_when_free("gemini", MODEL, "", &worst);
    let refused = timeout(PATIENCE, refused).await.unwrap().unwrap_err();
    assert!(matches!(refused, NotAdmitted::Full { .. }));
}

#[tokio::test]
async fn what_really_was_used_is_drawn_even_beyond_the_worst_case() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = open(directory.path());
    let address = meter(dollars("1")).start().await;
    let lease = lease(&recorder, address).await.unwrap();
    let call = recorder
        .begin(intent(admit(&lease, 1_000_000).unwrap()))
        .await
        .unwrap();
    call.used(used(30_000_000)).await.unwrap();
    assert_eq!(lease.left(), "$0.00");
    assert!(admit(&lease, 1).is_err());
}

#[tokio::test]
async fn an_unconfirmed_call_keeps_its_worst_case_also_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let meter = meter(dollars("1"));
    let address = meter.start().await;
    let recorder = open(directory.path());
    let held = lease(&recorder, address).await.unwrap();
    let call = recorder
        .begin(intent(admit(&held, 3_000_000).unwrap()))
        .await
        .unwrap();
    call.unconfirmed().await.unwrap();
    let call = recorder
        .begin(intent(admit(&held, 3_000_000).unwrap()))
        .await
        .unwrap();
    call.used(used(1_000_000)).await.unwrap();
    // Cut off in the middle, as by a crash.
    std::mem::forget(
        recorder
            .begin(intent(admit(&held, 2_000_000).unwrap()))
            .await
            .unwrap(),
    );
    assert_eq!(held.left(), "$0.40");
    drop((recorder, held));
    // The forgotten call holds the outbox open: what the next process finds is a copy of the file.
    let copy = tempfile::tempdir().unwrap();
    let source = rusqlite::Connection::open(directory.path().join("outbox.db")).unwrap();
    source
        .execute(
            "VACUUM INTO ?1",
            [copy.path().join("outbox.db").to_str().unwrap()],
        )
        .unwrap();
    let recorder = open(copy.path());
    let again = lease(&recorder, nobody().await).await.unwrap();
    assert_eq!(
        again.left(),
        "$0.40",
        "with the meter away it spends what it holds"
    );
}

#[tokio::test]
async fn a_quantity_without_a_price_is_refused_under_a_cap_in_money_and_a_subscription_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = open(directory.path());
    let address = meter(dollars("1")).start().await;
    let lease = lease(&recorder, address).await.unwrap();
    let refused = lease
        .admit("gemini", "unknown", "", &amount("input_tokens", 1))
        .unwrap_err();
    let unpriced = NotAdmitted::Unpriced {
        model: "unknown".into(),
        metric: "input_tokens".into(),
    };
    assert_eq!(refused, unpriced);
    lease
        .admit("elevenlabs", "voice", "", &amount("characters", 1_000_000))
        .unwrap();
}

#[tokio::test]
async fn a_cap_in_a_metric_counts_that_metric_alone() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = open(directory.path());
    let limit = MetricAmount {
        service: "elevenlabs".into(),
        metric: "characters".into(),
        value: 1_000,
    };
    let budget = Budget {
        limit: Some(budget::Limit::MetricAmount(limit)),
    };
    let address = meter(budget).start().await;
    let lease = lease(&recorder, address).await.unwrap();
    lease
        .admit("gemini", "unknown", "", &amount("input_tokens", 1_000_000))
        .unwrap();
    let permit = lease
        .admit("elevenlabs", "voice", "", &amount("characters", 700))
        .unwrap();
    let refused = lease
        .admit("elevenlabs", "voice", "", &amount("characters", 301))
        .unwrap_err();
    assert_eq!(
        refused,
        NotAdmitted::Full {
            needed: "301 characters".into(),
            left: "300 characters".into()
        }
    );
    drop(permit);
}

#[tokio::test]
async fn without_a_reservation_it_waits_for_the_meter_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = open(directory.path());
    let address = nobody().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    let waiting = tokio::spawn({
        let recorder = recorder.clone();
        async move {
            let tell = |reason: &str| heard.lock().unwrap().push(reason.to_owned());
            let reserve = Reserve {
                session_id: "s",
                channel: channel(address),
                token: None,
                waiting: &tell,
            };
            recorder.lease(reserve).await
        }
    });
    let said = async {
        while told.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, said).await.unwrap();
    assert!(!waiting.is_finished());
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    meter(dollars("1")).serve(listener, CancellationToken::new());
    let lease = timeout(PATIENCE, waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(lease.left(), "$1.00");
}

#[tokio::test]
async fn nothing_left_is_said_and_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = open(directory.path());
    let address = Meter::default().start().await;
    assert!(matches!(
        lease(&recorder, address).await,
        Err(LeaseError::Exhausted(_))
    ));
}

#[tokio::test]
async fn a_reservation_is_given_back_after_its_events_and_before_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = open(directory.path());
    let meter = meter(dollars("1"));
    let address = meter.start().await;
    let held = lease(&recorder, address).await.unwrap();
    let call = recorder
        .begin(intent(admit(&held, 1_000_000).unwrap()))
        .await
        .unwrap();
    call.used(used(1_000_000)).await.unwrap();
    recorder.release_leases("s").await.unwrap();
    recorder.end_session("s").await.unwrap();
    tokio::spawn(
        recorder
            .clone()
            .deliver(channel(address), None, CancellationToken::new()),
    );
    timeout(PATIENCE, recorder.delivered("s"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        meter.state().said,
        ["reserve s-1", "event s", "release s-1", "end s"]
    );
    let event = meter.state().ledger.values().next().unwrap().clone();
    assert_eq!(event.reservation_id, "s-1");
}

#[tokio::test]
async fn no_call_starts_after_the_reservation_has_expired_and_the_next_run_takes_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = open(directory.path());
    let meter = meter(dollars("1"));
    let long_ago = SystemTime::now() - Duration::from_secs(60);
    meter.state().expire_time = Some(long_ago.into());
    let address = meter.start().await;
    let expired = lease(&recorder, address).await.unwrap();
    assert_eq!(admit(&expired, 1).unwrap_err(), NotAdmitted::Expired);
    meter.state().expire_time = None;
    tokio::spawn(
        recorder
            .clone()
            .deliver(channel(address), None, CancellationToken::new()),
    );
    let fresh = lease(&recorder, address).await.unwrap();
    admit(&fresh, 1_000_000).unwrap();
    assert_eq!(
        meter.state().said,
        ["reserve s-1", "release s-1", "reserve s-2"]
    );
}
