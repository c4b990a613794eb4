//! `StreamUsage`: answers in order while later batches are on their way.

use std::time::Duration;

use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::RecordStatus::{Conflict, Duplicate, Invalid, Recorded};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::server::{PATIENCE, Server, event, summary};

fn request(batch_number: i64, events: Vec<pb::UsageEvent>) -> pb::StreamUsageRequest {
    pb::StreamUsageRequest {
        batch_number,
        events,
        ..Default::default()
    }
}

fn one(batch_number: i64) -> pb::StreamUsageRequest {
    request(
        batch_number,
        vec![event(&format!("e{batch_number}"), "s", "images", 1)],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_answered_in_order_with_what_is_wrong_in_them() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let batches = vec![
        one(7),
        request(
            8,
            vec![
                event("e7", "s", "images", 1),
                event("e7", "s", "images", 2),
                event("x", "", "images", 1),
                event("y", "s", "images", 1),
            ],
        ),
        one(9),
    ];
    let mut answers = meter
        .stream_usage(tokio_stream::iter(batches))
        .await
        .unwrap()
        .into_inner();
    let mut seen = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        seen.push(answer);
    }
    assert_eq!(
        seen.iter()
            .map(|answer| answer.batch_number)
            .collect::<Vec<_>>(),
        [7, 8, 9]
    );
    assert_eq!(
        seen[1].statuses().collect::<Vec<_>>(),
        [Duplicate, Conflict, Invalid, Recorded]
    );
    let problems: Vec<_> = seen[1]
        .problems
        .iter()
        .map(|problem| (problem.event_index, problem.field.as_str()))
        .collect();
    assert_eq!(problems, [(1, "event_id"), (2, "session_id")]);
    assert_eq!(
        summary(&mut meter, "s").await.event_count,
        3,
        "the stream ended when the caller ended it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn many_batches_in_flight_are_all_recorded_once() {
    let server = Server::start().await;
    let batch = |number: i64| {
        let events = (0..100)
            .map(|place| event(&format!("{number}/{place}"), "s", "images", 1))
            .collect();
        request(number, events)
    };
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let mut meter = server.meter().await;
        tasks.push(tokio::spawn(async move {
            let batches = tokio_stream::iter((0..50).map(batch));
            let mut answers = meter.stream_usage(batches).await.unwrap().into_inner();
            let mut new = 0;
            while let Some(answer) = answers.message().await.unwrap() {
                new += answer
                    .statuses()
                    .filter(|status| *status == Recorded)
                    .count();
            }
            new
        }));
    }
    let mut new = 0;
    for task in tasks {
        new += task.await.unwrap();
    }
    assert_eq!(new, 5_000);
    let mut meter = server.meter().await;
    assert_eq!(summary(&mut meter, "s").await.event_count, 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_answers_what_was_taken_and_then_says_unavailable() {
    let mut server = Server::start().await;
    let mut meter = server.meter().await;
    let (sender, receiver) = mpsc::channel(64);
    let mut answers = meter
        .stream_usage(ReceiverStream::new(receiver))
        .await
        .unwrap()
        .into_inner();
    for number in 0..5 {
        sender.send(one(number)).await.unwrap();
    }
    for number in 0..5 {
        assert_eq!(
            answers.message().await.unwrap().unwrap().batch_number,
            number
        );
    }
    server.ask_to_stop();
    let error = tokio::time::timeout(PATIENCE, answers.message())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error:?}");
    let began = std::time::Instant::now();
    server.stop().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10));
    server.start_again().await;
    let mut meter = server.meter().await;
    assert_eq!(summary(&mut meter, "s").await.event_count, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_reads_no_answers_is_not_read_on() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let (sender, receiver) = mpsc::channel(1);
    let answers = meter
        .stream_usage(ReceiverStream::new(receiver))
        .await
        .unwrap()
        .into_inner();
    let mut sent = 0_i64;
    // Answers of ten thousand problems each fill the connection's window soon.
    let strange = || {
        let mut strange = event("x", "s", "images", -1);
        strange.event_id = String::new();
        strange
    };
    let full = loop {
        let batch = request(sent, (0..10_000).map(|_| strange()).collect());
        match tokio::time::timeout(Duration::from_secs(2), sender.send(batch)).await {
            Ok(Ok(())) => sent += 1,
            Ok(Err(_)) => panic!("the stream ended"),
            Err(_) => break true,
        }
        assert!(sent < 500, "the meter takes whatever comes");
    };
    assert!(full);
    // Others are served meanwhile.
    let mut other = server.meter().await;
    assert_eq!(
        crate::server::record(&mut other, vec![event("a", "s", "images", 1)]).await,
        [Recorded]
    );
    drop(answers);
}
