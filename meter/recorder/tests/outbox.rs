//! Protects the outbox itself: one process at a time, group commit, and what a killed process leaves behind.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::Command;

use reelmeter_proto::meter::v1::{CallOutcome, Quantity, QuantityBasis};
use reelmeter_recorder::{Intent, OpenError, RecordError, Recorder, SessionCounts, Used, abort};

fn intent(scene: i32) -> Intent {
    Intent {
        session_id: "s".into(),
        service: "gemini".into(),
        model: "m".into(),
        stage: "image".into(),
        scene,
        ..Intent::default()
    }
}

fn one_image() -> Used {
    let quantity = Quantity {
        metric: "images".into(),
        value: 1,
        basis: QuantityBasis::Counted.into(),
        provider_billed: None,
    };
    Used::new(CallOutcome::Succeeded, vec![quantity])
}

async fn counts(recorder: &Recorder) -> SessionCounts {
    *recorder.counts("s").await.unwrap().borrow()
}

#[test]
fn a_second_process_is_turned_away_and_the_first_one_leaving_lets_it_in() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.db");
    let first = Recorder::open(&path, "test").unwrap();
    let id = first.recorder_id().to_owned();
    assert!(matches!(
        Recorder::open(&path, "test"),
        Err(OpenError::InUse { .. })
    ));
    drop(first);
    // The writer's thread ends a moment after its last handle.
    let second = Recorder::open(&path, "test").unwrap();
    assert_eq!(second.recorder_id(), id);
}

#[cfg(unix)]
#[test]
fn nobody_else_on_the_machine_can_read_the_outbox() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.db");
    let _recorder = Recorder::open(&path, "test").unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_outbox_of_a_newer_version_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    assert!(matches!(
        Recorder::open(&path, "test"),
        Err(OpenError::Newer { found: 99, .. })
    ));
}

#[tokio::test]
async fn parallel_calls_share_commits_and_keep_their_own_figures() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(&directory.path().join("outbox.db"), "test").unwrap();
    let calls = (1..=200).map(|scene| {
        let recorder = recorder.clone();
        tokio::spawn(async move {
            let call = recorder.begin(intent(scene)).await.unwrap();
            call.used(one_image()).await.unwrap();
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    let counts = counts(&recorder).await;
    assert_eq!((counts.pending_events, counts.open_calls), (200, 0));
    let events = recorder.events("s").await.unwrap();
    let mut scenes: Vec<i32> = events.iter().map(|event| event.scene).collect();
    scenes.sort_unstable();
    assert_eq!(scenes, (1..=200).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_event_id_is_taken_once_and_its_failure_takes_nobody_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(&directory.path().join("outbox.db"), "test").unwrap();
    let event = reelmeter_proto::meter::v1::UsageEvent {
        event_id: "mine".into(),
        session_id: "s".into(),
        ..Default::default()
    };
    let [first, second, other] = [event.clone(), event, Default::default()];
    let (first, second, other) = tokio::join!(
        recorder.record(first),
        recorder.record(second),
        recorder.record(other)
    );
    assert!(first.is_ok() && other.is_ok());
    assert!(matches!(second, Err(RecordError::Storage(_))));
    assert_eq!(counts(&recorder).await.pending_events, 1);
}

/// The life that the killed process leads: three calls, one after the other.
#[test]
#[ignore = "run by the tests below, in a process of its own"]
fn child() {
    let path = std::env::var("OUTBOX").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let recorder = Recorder::open(Path::new(&path), "test").unwrap();
        for scene in 1..=3 {
            let call = recorder.begin(intent(scene)).await.unwrap();
            call.used(one_image()).await.unwrap();
        }
    });
}

/// Lets a process die at the point and gives what the next one finds: (used, unconfirmed).
async fn after_dying_at(point: &str) -> (i64, i64) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.db");
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env("OUTBOX", &path)
        .env(abort::VARIABLE, point)
        .output()
        .unwrap()
        .status;
    assert!(!status.success(), "the process did not die at {point}");
    let recorder = Recorder::open(&path, "test").unwrap();
    let counts = counts(&recorder).await;
    assert_eq!(counts.open_calls, 0, "{point}");
    (
        counts.pending_events - counts.unconfirmed_calls,
        counts.unconfirmed_calls,
    )
}

#[tokio::test]
async fn a_process_killed_at_any_point_leaves_each_call_used_or_unconfirmed() {
    assert_eq!(after_dying_at("recorder.before-intent:2").await, (1, 0));
    assert_eq!(after_dying_at("recorder.intended:2").await, (1, 1));
    assert_eq!(after_dying_at("recorder.before-used:3").await, (2, 1));
    assert_eq!(after_dying_at("recorder.used:3").await, (3, 0));
}

#[tokio::test]
async fn a_full_disk_is_said_and_the_call_is_not_announced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.db");
    let recorder = Recorder::open(&path, "test").unwrap();
    recorder
        .begin(intent(1))
        .await
        .unwrap()
        .used(one_image())
        .await
        .unwrap();
    // A second connection that holds the write lock stands for any failure of the disk to take a write.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = recorder.begin(intent(2)).await.unwrap_err();
    assert!(matches!(error, RecordError::Storage(_)), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    recorder
        .begin(intent(3))
        .await
        .unwrap()
        .used(one_image())
        .await
        .unwrap();
    let counts = counts(&recorder).await;
    assert_eq!((counts.pending_events, counts.open_calls), (2, 0));
}
