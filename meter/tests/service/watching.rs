//! `WatchSummary`: complete, newest, alive, and never in the way.

use std::time::{Duration, Instant};

use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::SummaryUpdateKind::{Change, Heartbeat, Settled, Snapshot};
use tonic::{Code, Streaming};

use crate::server::{
    Meter, PATIENCE, Server, assert_sums, end, event, record, start, summary, total,
};

type Updates = Streaming<pb::WatchSummaryResponse>;

fn watch_of(session: &str) -> pb::WatchSummaryRequest {
    pb::WatchSummaryRequest {
        session_id: session.to_owned(),
        min_interval: Some(prost_types::Duration {
            seconds: 0,
            nanos: 20_000_000,
        }),
        ..Default::default()
    }
}

async fn watch(meter: &mut Meter, session: &str) -> Updates {
    meter
        .watch_summary(watch_of(session))
        .await
        .unwrap()
        .into_inner()
}

async fn next(updates: &mut Updates) -> Option<pb::WatchSummaryResponse> {
    let update = tokio::time::timeout(PATIENCE, updates.message())
        .await
        .expect("a message comes")
        .unwrap();
    if let Some(update) = &update {
        assert!(update.server_time.is_some());
        assert_eq!(update.summary.is_some(), update.kind() != Heartbeat);
        update.summary.iter().for_each(assert_sums);
    }
    update
}

async fn next_summary(updates: &mut Updates) -> (pb::SummaryUpdateKind, pb::Summary) {
    loop {
        let update = next(updates).await.unwrap();
        if let Some(summary) = update.summary.clone() {
            return (update.kind(), summary);
        }
    }
}

fn image(number: usize) -> Vec<pb::UsageEvent> {
    vec![event(&format!("image {number}"), "s", "images", 1)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_sees_the_counter_move_and_the_settled_end() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    record(&mut meter, image(0)).await;
    let mut updates = watch(&mut meter, "s").await;
    let (kind, first) = next_summary(&mut updates).await;
    assert_eq!((kind, total(&first), first.revision), (Snapshot, "0.04", 1));
    for number in 1..6 {
        record(&mut meter, image(number)).await;
        let (kind, moved) = next_summary(&mut updates).await;
        assert_eq!(kind, Change);
        assert_eq!(moved.event_count, i64::try_from(number).unwrap() + 1);
    }
    end(&mut meter, "s").await;
    let (kind, last) = next_summary(&mut updates).await;
    assert_eq!(
        (kind, last.ended, last.settled, total(&last)),
        (Settled, true, true, "0.24")
    );
    assert!(
        next(&mut updates).await.is_none(),
        "the stream of a named session ends there"
    );
    let mut late = watch(&mut meter, "s").await;
    let kinds = [
        next_summary(&mut late).await.0,
        next_summary(&mut late).await.0,
    ];
    assert_eq!(
        kinds,
        [Snapshot, Settled],
        "whoever comes later sees the same end"
    );
    assert!(next(&mut late).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_settled_while_a_recorder_holds_something() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let backlog = |pending| pb::SessionBacklog {
        session_id: "s".to_owned(),
        pending_event_count: pending,
        ..Default::default()
    };
    let request = pb::RecordUsageRequest {
        events: image(0),
        recorder_id: "r".to_owned(),
        backlogs: vec![backlog(2)],
    };
    meter.record_usage(request).await.unwrap();
    let mut updates = watch(&mut meter, "s").await;
    next_summary(&mut updates).await;
    end(&mut meter, "s").await;
    let (kind, ended) = next_summary(&mut updates).await;
    assert_eq!(
        (kind, ended.ended, ended.settled, ended.pending_event_count),
        (Change, true, false, 2)
    );
    assert_eq!(ended.recorders[0].recorder_id, "r");
    let request = pb::RecordUsageRequest {
        events: image(1),
        recorder_id: "r".to_owned(),
        backlogs: vec![backlog(0)],
    };
    meter.record_usage(request).await.unwrap();
    let (kind, settled) = next_summary(&mut updates).await;
    assert_eq!(
        (kind, settled.settled, settled.event_count),
        (Settled, true, 2),
        "late events count"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_goes_on_after_the_end() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    record(&mut meter, image(0)).await;
    end(&mut meter, "s").await;
    let request = pb::WatchSummaryRequest {
        follow: true,
        ..watch_of("s")
    };
    let mut updates = meter.watch_summary(request).await.unwrap().into_inner();
    assert_eq!(next_summary(&mut updates).await.0, Snapshot);
    assert_eq!(next_summary(&mut updates).await.0, Settled);
    let mut correction = event("correction", "s", "images", 5);
    correction.replaces_event_id = "image 0".to_owned();
    record(&mut meter, vec![correction]).await;
    let (kind, corrected) = next_summary(&mut updates).await;
    assert_eq!((kind, total(&corrected)), (Settled, "0.2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn summaries_are_coalesced_and_the_last_one_is_the_newest() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    start(&mut meter, "s").await;
    let request = pb::WatchSummaryRequest {
        min_interval: Some(prost_types::Duration {
            seconds: 0,
            nanos: 300_000_000,
        }),
        ..watch_of("s")
    };
    let mut updates = meter.watch_summary(request).await.unwrap().into_inner();
    next_summary(&mut updates).await;
    let began = Instant::now();
    for number in 0..60 {
        record(&mut meter, image(number)).await;
    }
    let mut messages = 0_u128;
    let newest = loop {
        let (_, summary) = next_summary(&mut updates).await;
        messages += 1;
        if summary.event_count == 60 {
            break summary;
        }
    };
    assert!(
        messages <= began.elapsed().as_millis() / 300 + 1,
        "{messages} messages in {:?}",
        began.elapsed()
    );
    assert_eq!(newest.revision, 61);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_filled_with_heartbeats() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    start(&mut meter, "s").await;
    let mut updates = watch(&mut meter, "s").await;
    next_summary(&mut updates).await;
    for _ in 0..2 {
        let began = Instant::now();
        let update = next(&mut updates).await.unwrap();
        assert_eq!(update.kind(), Heartbeat);
        assert!(
            began.elapsed() <= Duration::from_secs(5),
            "{:?}",
            began.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_the_newest_active_session_is_watched_and_then_the_next() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let mut updates = watch(&mut meter, "").await;
    assert_eq!(
        next(&mut updates).await.unwrap().kind(),
        Heartbeat,
        "there is none yet"
    );
    let named = |summary: &pb::Summary| summary.session.as_ref().unwrap().session_id.clone();
    start(&mut meter, "old").await;
    let (kind, seen) = next_summary(&mut updates).await;
    assert_eq!((kind, named(&seen)), (Snapshot, "old".to_owned()));
    start(&mut meter, "new").await;
    record(&mut meter, vec![event("a", "old", "images", 1)]).await;
    let (kind, seen) = next_summary(&mut updates).await;
    assert_eq!(
        (kind, named(&seen)),
        (Change, "old".to_owned()),
        "it stays while the session runs"
    );
    end(&mut meter, "old").await;
    let (kind, seen) = next_summary(&mut updates).await;
    assert_eq!((kind, named(&seen)), (Settled, "old".to_owned()));
    let (kind, seen) = next_summary(&mut updates).await;
    assert_eq!((kind, named(&seen)), (Snapshot, "new".to_owned()));
    end(&mut meter, "new").await;
    assert_eq!(next_summary(&mut updates).await.0, Settled);
    start(&mut meter, "newer").await;
    let (kind, seen) = next_summary(&mut updates).await;
    assert_eq!(
        (kind, named(&seen)),
        (Snapshot, "newer".to_owned()),
        "the stream never ends by itself"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_never_goes_backwards() {
    let mut server = Server::start().await;
    let mut meter = server.meter().await;
    record(&mut meter, image(0)).await;
    record(&mut meter, image(1)).await;
    let mut updates = watch(&mut meter, "s").await;
    let (_, seen) = next_summary(&mut updates).await;
    server.ask_to_stop();
    let error = loop {
        match tokio::time::timeout(PATIENCE, updates.message())
            .await
            .unwrap()
        {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a stopping meter says so"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), Code::Unavailable);
    server.stop().await.unwrap();
    server.start_again().await;
    let mut meter = server.meter().await;
    let resume = |revision| pb::WatchSummaryRequest {
        resume_revision: revision,
        ..watch_of("s")
    };
    let mut updates = meter
        .watch_summary(resume(seen.revision))
        .await
        .unwrap()
        .into_inner();
    let (kind, again) = next_summary(&mut updates).await;
    assert_eq!((kind, again.revision), (Snapshot, seen.revision));
    let error = meter
        .watch_summary(resume(seen.revision + 1))
        .await
        .unwrap_err();
    assert_eq!(
        error.code(),
        Code::FailedPrecondition,
        "another ledger is not passed off as this one"
    );
    let error = meter.watch_summary(watch_of("nobody")).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_summary_of_a_busy_session_adds_up_and_none_goes_back() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    start(&mut meter, "s").await;
    let mut updates = watch(&mut meter, "s").await;
    let (seen, seen_so_far) = tokio::sync::watch::channel(0);
    let watcher = tokio::spawn(async move {
        let mut revision = 0;
        while let Some(update) = next(&mut updates).await {
            let Some(summary) = update.summary else {
                continue;
            };
            assert!(
                summary.revision >= revision,
                "{} after {revision}",
                summary.revision
            );
            revision = summary.revision;
            seen.send_modify(|seen| *seen += 1);
        }
        let seen = *seen.borrow();
        (seen, revision)
    });
    let mut writers = Vec::new();
    for writer in 0..4 {
        let mut meter = server.meter().await;
        let mut seen = seen_so_far.clone();
        writers.push(tokio::spawn(async move {
            for number in 0..40 {
                // However quick the meter is, the watcher sees something of the middle.
                if number == 20 {
                    seen.wait_for(|seen| *seen >= 2).await.unwrap();
                }
                let mut event = event(
                    &format!("{writer}/{number}"),
                    "s",
                    "input_tokens",
                    7 * number + 1,
                );
                event.model = ["gemini-2.5-flash", "gemini-3-pro-preview", "other"]
                    [usize::try_from(number % 3).unwrap()]
                .to_owned();
                event.stage = format!("stage {}", number % 5);
                record(&mut meter, vec![event]).await;
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let last = end(&mut meter, "s").await;
    let (seen, revision) = watcher.await.unwrap();
    assert!(seen > 2);
    assert_eq!((revision, last.event_count), (last.revision, 160));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_does_not_read_holds_nobody_up_and_skips_to_the_newest() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    start(&mut meter, "s").await;
    let mut sleepers = Vec::new();
    for _ in 0..20 {
        sleepers.push(watch(&mut server.meter().await, "s").await);
    }
    for number in 0..300 {
        // Each summary is longer than the one before: a queue would show.
        let mut event = event(&format!("e{number}"), "s", "input_tokens", 1);
        event.model = format!("a model with a rather long name, number {number}");
        record(&mut meter, vec![event]).await;
    }
    assert_eq!(summary(&mut meter, "s").await.event_count, 300);
    for updates in &mut sleepers {
        let mut messages = 0;
        loop {
            let (_, summary) = next_summary(updates).await;
            messages += 1;
            if summary.event_count == 300 {
                break;
            }
        }
        assert!(
            messages < 300,
            "{messages} messages waited for one who did not read"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_watch_on_one_connection() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    start(&mut meter, "s").await;
    let mut watchers = Vec::new();
    for _ in 0..1_000 {
        watchers.push(watch(&mut meter, "s").await);
    }
    record(&mut meter, image(0)).await;
    for updates in &mut watchers {
        loop {
            if next_summary(updates).await.1.event_count == 1 {
                break;
            }
        }
    }
}
