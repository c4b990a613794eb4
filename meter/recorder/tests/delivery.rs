//! Protects promise 9: the meter may be slow, down or restarted, and nothing is lost or counted twice.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::Duration;

use reelmeter_proto::meter::v1::{
    CallOutcome, Quantity, QuantityBasis, Quota, StartSessionRequest,
};
use reelmeter_proto::{METRIC_INPUT_TOKENS, SERVICE_GEMINI};
use reelmeter_recorder::{Intent, Link, Recorder, Used};
use support::{Meter, channel, nobody};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::Code;

const PATIENCE: Duration = Duration::from_secs(20);

struct Bench {
    recorder: Recorder,
    directory: tempfile::TempDir,
}

fn bench() -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(&directory.path().join("outbox.db"), "test").unwrap();
    Bench {
        recorder,
        directory,
    }
}

fn intent(session: &str, stage: &str, scene: i32) -> Intent {
    Intent {
        session_id: session.into(),
        service: SERVICE_GEMINI.into(),
        model: "gemini-2.5-flash".into(),
        stage: stage.into(),
        scene,
        attempt: 1,
        ..Intent::default()
    }
}

fn tokens(value: i64) -> Used {
    let quantity = Quantity {
        metric: METRIC_INPUT_TOKENS.into(),
        value,
        basis: QuantityBasis::Reported.into(),
        provider_billed: None,
    };
    Used::new(CallOutcome::Succeeded, vec![quantity])
}

async fn start(recorder: &Recorder, session: &str) {
    let request = StartSessionRequest {
        session_id: session.into(),
        ..Default::default()
    };
    recorder.start_session(request).await.unwrap();
}

async fn one_call(recorder: &Recorder, session: &str, stage: &str, scene: i32) -> String {
    let call = recorder.begin(intent(session, stage, scene)).await.unwrap();
    let event_id = call.event_id().to_owned();
    call.used(tokens(7)).await.unwrap();
    event_id
}

fn deliver(recorder: &Recorder, address: std::net::SocketAddr) -> CancellationToken {
    let shutdown = CancellationToken::new();
    tokio::spawn(
        recorder
            .clone()
            .deliver(channel(address), None, shutdown.clone()),
    );
    shutdown
}

async fn delivered(recorder: &Recorder, session: &str) -> reelmeter_recorder::SessionCounts {
    timeout(PATIENCE, recorder.delivered(session))
        .await
        .unwrap_or_else(|_| {
            panic!(
                "not delivered within {PATIENCE:?}: {:?}",
                recorder.link().borrow()
            )
        })
        .unwrap()
}

#[tokio::test]
async fn what_was_recorded_arrives_once_and_in_order() {
    let bench = bench();
    let meter = Meter::default();
    start(&bench.recorder, "s").await;
    let quota = Quota::default();
    bench.recorder.report_quota("s", quota).await.unwrap();
    one_call(&bench.recorder, "s", "script", 0).await;
    one_call(&bench.recorder, "s", "image", 1).await;
    bench.recorder.end_session("s").await.unwrap();
    deliver(&bench.recorder, meter.start().await);
    let counts = delivered(&bench.recorder, "s").await;
    assert!(counts.is_settled());
    assert_eq!(counts.acknowledged_events, 2);
    assert_eq!(
        meter.state().said,
        ["start s", "quota s", "event s", "event s", "end s"]
    );
}

#[tokio::test]
async fn the_end_of_a_session_waits_for_a_call_that_is_still_open() {
    let bench = bench();
    let meter = Meter::default();
    start(&bench.recorder, "s").await;
    let call = bench.recorder.begin(intent("s", "image", 1)).await.unwrap();
    bench.recorder.end_session("s").await.unwrap();
    deliver(&bench.recorder, meter.start().await);
    let mut counts = bench.recorder.counts("s").await.unwrap();
    let only_the_end_waits =
        |counts: &reelmeter_recorder::SessionCounts| counts.pending_commands == 1;
    timeout(PATIENCE, counts.wait_for(only_the_end_waits))
        .await
        .unwrap()
        .unwrap();
    call.used(tokens(1)).await.unwrap();
    delivered(&bench.recorder, "s").await;
    assert_eq!(meter.state().said, ["start s", "event s", "end s"]);
}

#[tokio::test]
async fn a_meter_that_was_down_for_the_whole_run_gets_everything_when_it_comes() {
    let bench = bench();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    deliver(&bench.recorder, address);
    start(&bench.recorder, "s").await;
    for scene in 1..=20 {
        one_call(&bench.recorder, "s", "image", scene).await;
    }
    bench.recorder.end_session("s").await.unwrap();
    let mut link = bench.recorder.link();
    let away = |link: &Link| matches!(link, Link::Away { .. });
    timeout(PATIENCE, link.wait_for(away))
        .await
        .unwrap()
        .unwrap();
    let counts = *bench.recorder.counts("s").await.unwrap().borrow();
    assert_eq!((counts.pending_events, counts.acknowledged_events), (20, 0));

    let meter = Meter::default();
    let listener = TcpListener::bind(address).await.unwrap();
    meter.serve(listener, CancellationToken::new());
    assert!(delivered(&bench.recorder, "s").await.is_settled());
    assert_eq!(meter.state().ledger.len(), 20);
    assert_eq!(meter.state().duplicate_count, 0);
    assert_eq!(*link.borrow_and_update(), Link::Connected);
}

#[tokio::test]
async fn an_outbox_of_an_earlier_layout_delivers_what_waited_in_it() {
    let Bench {
        recorder,
        directory,
    } = bench();
    start(&recorder, "s").await;
    let first = one_call(&recorder, "s", "script", 0).await;
    drop(recorder);
    let path = directory.path().join("outbox.db");
    let outbox = rusqlite::Connection::open(&path).unwrap();
    outbox.execute_batch("DROP TABLE owner").unwrap();
    outbox.pragma_update(None, "user_version", 1).unwrap();
    drop(outbox);
    let recorder = Recorder::open(&path, "test").unwrap();
    let second = one_call(&recorder, "s", "image", 1).await;
    recorder.end_session("s").await.unwrap();
    let meter = Meter::default();
    deliver(&recorder, meter.start().await);
    assert!(delivered(&recorder, "s").await.is_settled());
    let received: Vec<String> = meter.state().ledger.keys().cloned().collect();
    assert_eq!(received, [first, second]);
}

#[tokio::test]
async fn a_lost_answer_and_passing_failures_count_nothing_twice() {
    let bench = bench();
    let meter = Meter::default();
    meter.state().lose_answers = 2;
    meter.state().short_answers = 1;
    meter.state().fail_next = [
        Code::Unavailable,
        Code::ResourceExhausted,
        Code::Internal,
        Code::Unauthenticated,
    ]
    .into();
    start(&bench.recorder, "s").await;
    for scene in 1..=5 {
        one_call(&bench.recorder, "s", "image", scene).await;
    }
    deliver(&bench.recorder, meter.start().await);
    let counts = delivered(&bench.recorder, "s").await;
    assert_eq!((counts.acknowledged_events, counts.refused_events), (5, 0));
    assert_eq!(meter.state().ledger.len(), 5);
    assert!(
        meter.state().duplicate_count >= 5,
        "the lost answers were not asked for again"
    );
}

#[tokio::test]
async fn a_refused_event_is_kept_with_its_reason_and_holds_up_nobody() {
    let bench = bench();
    let meter = Meter::default();
    meter.state().refuse_stage = "bad".into();
    start(&bench.recorder, "s").await;
    one_call(&bench.recorder, "s", "image", 1).await;
    let refused = one_call(&bench.recorder, "s", "bad", 2).await;
    one_call(&bench.recorder, "s", "image", 3).await;
    bench.recorder.end_session("s").await.unwrap();
    deliver(&bench.recorder, meter.start().await);
    let counts = delivered(&bench.recorder, "s").await;
    assert_eq!((counts.acknowledged_events, counts.refused_events), (2, 1));
    assert_eq!(counts.calls(), 3);
    let kept = bench.recorder.refused("s", 10).await.unwrap();
    assert_eq!(
        kept,
        [(refused, "invalid: stage: the test refuses it".to_owned())]
    );
    assert_eq!(bench.recorder.events("s").await.unwrap().len(), 3);
}

#[tokio::test]
async fn an_event_that_spoils_its_whole_request_is_found_and_refused_alone() {
    let bench = bench();
    let meter = Meter::default();
    meter.state().choke_on_stage = "bad".into();
    for scene in 1..=9 {
        let stage = if scene == 4 { "bad" } else { "image" };
        one_call(&bench.recorder, "s", stage, scene).await;
    }
    deliver(&bench.recorder, meter.start().await);
    let counts = delivered(&bench.recorder, "s").await;
    assert_eq!((counts.acknowledged_events, counts.refused_events), (8, 1));
}

#[tokio::test]
async fn recording_does_not_wait_for_a_meter_that_hangs() {
    let bench = bench();
    let meter = Meter::default();
    meter.state().delay = Duration::from_secs(3600);
    deliver(&bench.recorder, meter.start().await);
    start(&bench.recorder, "s").await;
    let all = async {
        for scene in 1..=50 {
            one_call(&bench.recorder, "s", "image", scene).await;
        }
    };
    timeout(PATIENCE, all).await.unwrap();
}

#[tokio::test]
async fn the_backlog_of_a_batch_is_what_stays_behind() {
    let bench = bench();
    let meter = Meter::default();
    meter.state().refuse_stage = "bad".into();
    for _ in 0..600 {
        // Recorded side by side: they share commits.
        bench.recorder.record(intent_event("s")).await.unwrap();
    }
    deliver(&bench.recorder, meter.start().await);
    delivered(&bench.recorder, "s").await;
    let state = meter.state();
    assert_eq!(state.batch_sizes, [500, 100]);
    let last = state.backlogs.first().unwrap();
    assert_eq!(
        (last.session_id.as_str(), last.pending_event_count),
        ("s", 0)
    );
}

fn intent_event(session: &str) -> reelmeter_proto::meter::v1::UsageEvent {
    reelmeter_proto::meter::v1::UsageEvent {
        session_id: session.into(),
        service: SERVICE_GEMINI.into(),
        model: "gemini-2.5-flash".into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_idle_recorder_says_what_it_holds_of_a_running_session() {
    let bench = bench();
    let meter = Meter::default();
    start(&bench.recorder, "s").await;
    deliver(&bench.recorder, meter.start().await);
    delivered(&bench.recorder, "s").await;
    let heard = async {
        while meter.state().reports.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, heard).await.unwrap();
    let report = meter.state().reports.first().unwrap().clone();
    assert_eq!(report.recorder_id, bench.recorder.recorder_id());
    assert_eq!(report.backlogs.first().unwrap().session_id, "s");
}

#[tokio::test]
async fn a_dropped_call_becomes_unconfirmed_under_its_own_id() {
    let bench = bench();
    let meter = Meter::default();
    let call = bench.recorder.begin(intent("s", "image", 1)).await.unwrap();
    let event_id = call.event_id().to_owned();
    drop(call);
    deliver(&bench.recorder, meter.start().await);
    let counts = delivered(&bench.recorder, "s").await;
    assert_eq!(counts.unconfirmed_calls, 1);
    let event = meter.state().ledger.get(&event_id).unwrap().clone();
    assert_eq!(event.outcome(), CallOutcome::Unconfirmed);
    assert!(event.quantities.is_empty());
}

#[tokio::test]
async fn a_withdrawn_call_leaves_no_trace() {
    let bench = bench();
    let call = bench.recorder.begin(intent("s", "image", 1)).await.unwrap();
    call.withdraw().await.unwrap();
    let counts = *bench.recorder.counts("s").await.unwrap().borrow();
    assert_eq!(counts.calls(), 0);
    assert!(counts.is_delivered());
}

#[tokio::test]
async fn stopping_delivers_what_is_there_if_the_meter_is() {
    let bench = bench();
    let meter = Meter::default();
    let address = meter.start().await;
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    one_call(&bench.recorder, "s", "image", 1).await;
    let delivery = bench
        .recorder
        .clone()
        .deliver(channel(address), None, shutdown);
    timeout(PATIENCE, delivery).await.unwrap();
    assert_eq!(meter.state().ledger.len(), 1);
}

#[tokio::test]
async fn stopping_without_a_meter_does_not_take_long() {
    let bench = bench();
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    one_call(&bench.recorder, "s", "image", 1).await;
    let delivery = bench
        .recorder
        .clone()
        .deliver(channel(nobody().await), None, shutdown);
    timeout(Duration::from_secs(5), delivery).await.unwrap();
    assert_eq!(
        bench
            .recorder
            .counts("s")
            .await
            .unwrap()
            .borrow()
            .pending_events,
        1
    );
}

#[tokio::test]
async fn the_token_is_shown_to_the_meter() {
    let bench = bench();
    let meter = Meter::default();
    let address = meter.start().await;
    one_call(&bench.recorder, "s", "image", 1).await;
    let delivery = bench.recorder.clone();
    tokio::spawn(delivery.deliver(
        channel(address),
        Some("secret".into()),
        CancellationToken::new(),
    ));
    delivered(&bench.recorder, "s").await;
    assert_eq!(
        meter.state().tokens.first().unwrap().as_deref(),
        Some("Bearer secret")
    );
}
