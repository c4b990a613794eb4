//! Protects both services from numbers that nobody sends on purpose: whatever stands in a request, it is answered with what
//! was asked for or with a reason. A handler that panics answers with neither.

use std::sync::atomic::{AtomicU64, Ordering};

use prost_reflect::{FieldDescriptor, MethodDescriptor};
use reelmeter_meter::adapters::sqlite;
use reelmeter_proto::meter::v1 as pb;
use tonic::Code;
use tonic::transport::Channel;

use crate::support::requests::{Maker, ask, methods};
use crate::support::world::World;

const ANSWERS: [Code; 6] = [
    Code::InvalidArgument,
    Code::NotFound,
    Code::FailedPrecondition,
    Code::AlreadyExists,
    Code::OutOfRange,
    Code::ResourceExhausted,
];

/// Asks a method for each edge of each of its numbers; gives how often.
async fn try_edges<W>(channel: &Channel, method: &MethodDescriptor, maker: Maker<W>) -> usize
where
    W: Fn(&FieldDescriptor) -> Option<String>,
{
    let requests = maker.at_edges(&method.input());
    if requests.is_empty() {
        return 0;
    }
    let usual = ask(channel, method, &maker.sample(&method.input())).await;
    assert!(
        usual.is_ok(),
        "{}: a request that is refused already says nothing about its numbers: {usual:?}",
        method.name()
    );
    let count = requests.len();
    for (changed, request) in requests {
        if let Err(status) = ask(channel, method, &request).await {
            assert!(
                ANSWERS.contains(&status.code()),
                "{} with {changed}: {status:?}",
                method.name()
            );
        }
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn the_meter_answers_whatever_number_it_is_sent() {
    let world = World::new().await;
    let channel = world.meter_channel().await;
    let mut meter = world.meter().await;
    let next = AtomicU64::new(0);
    let mut tried = 0;
    for method in methods("reelmeter.meter.v1") {
        // Some end theirs.
        let session_id = format!("of {}", method.name());
        let budget = pb::Budget {
            limit: Some(pb::budget::Limit::Money(pb::Money {
                currency_code: "USD".to_owned(),
                amount: "1000".to_owned(),
            })),
        };
        let request = pb::StartSessionRequest {
            session_id: session_id.clone(),
            budget: Some(budget),
            ..Default::default()
        };
        meter.start_session(request).await.unwrap();
        if method.name() == "WatchSummary" {
            // A watch of a session that goes on does not end.
            let session_id = session_id.clone();
            let request = pb::EndSessionRequest { session_id };
            meter.end_session(request).await.unwrap();
        }
        let word = |field: &FieldDescriptor| {
            let word = match field.name() {
                "session_id" => session_id.as_str(),
                "event_id" | "reservation_id" => {
                    return Some(next.fetch_add(1, Ordering::Relaxed).to_string());
                }
                "service" => "gemini",
                "metric" => "images",
                "currency_code" => "USD",
                "source_date" => "2026-11-01",
                "price_book" | "name" => "documented",
                "page_token" | "replaces_event_id" => "",
                _ => return None,
            };
            Some(word.to_owned())
        };
        tried += try_edges(&channel, &method, Maker { word }).await;
    }
    assert!(tried > 500, "{tried}");
    let folder = world.stop().await;
    let found = sqlite::verify(&folder.path().join("meter.db")).unwrap();
    assert!(found.is_sound(), "{:?}", found.differences);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_generator_answers_whatever_number_it_is_sent() {
    let world = World::new().await;
    let channel = world.generator_channel().await;
    let video = world.create("tides", 1).await;
    world.finished(&video.video_id).await;
    let word = |field: &FieldDescriptor| {
        let word = match field.name() {
            "video_id" => video.video_id.as_str(),
            "prompt" => "tides",
            "currency_code" => "USD",
            "language" => "en",
            "service" => "gemini",
            "metric" => "images",
            // The defaults.
            _ => "",
        };
        Some(word.to_owned())
    };
    let mut tried = 0;
    // What is asked of a video is looked at in an estimate as when it is made, which takes longer.
    for method in methods("reelmeter.generator.v1")
        .iter()
        .filter(|method| method.name() != "CreateVideo")
    {
        tried += try_edges(&channel, method, Maker { word }).await;
    }
    assert!(tried > 50, "{tried}");
    world.stop().await;
}
