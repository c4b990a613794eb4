//! Protects the bill: what the meter counts is what the seller counts, call by call, retries included.

use crate::support::sums::{assert_adds_up, quantities};
use crate::support::vendor::Bought;
use crate::support::world::World;
use reelmeter_proto::meter::v1 as pb;

/// The meter's figures in the seller's terms.
fn counted(summary: &pb::Summary) -> Bought {
    let quantities = quantities(summary);
    let sum = |names: &[&str]| names.iter().filter_map(|name| quantities.get(*name)).sum();
    Bought {
        calls: summary.event_count,
        input_tokens: sum(&[
            "input_tokens",
            "cached_input_tokens",
            "audio_input_tokens",
            "image_input_tokens",
            "tool_use_input_tokens",
        ]),
        output_tokens: sum(&["output_tokens", "thinking_tokens", "image_output_tokens"]),
        images: sum(&["images"]),
        characters: sum(&["characters"]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_meter_and_the_seller_agree_on_every_token_character_and_image() {
    let world = World::new().await;
    let video = world.create("Why do volcanoes erupt?", 3).await;
    let video = world.finished(&video.video_id).await;
    let summary = world.settled(&video.session_id).await;
    let bought = world.vendor.bought().await;
    assert_eq!(counted(&summary), bought);
    assert_eq!(
        (bought.images, bought.calls),
        (3, 7),
        "1 script, 3 narrations, 3 images"
    );
    assert!(bought.characters > 100 && bought.input_tokens > 100);
    assert_adds_up(&summary);
    assert!(summary.simulated && summary.session.as_ref().unwrap().simulated);
    assert_eq!(summary.unconfirmed_call_count, 0);
    let characters = summary
        .by_service
        .iter()
        .find(|entry| entry.service == "elevenlabs")
        .unwrap();
    assert_eq!(
        characters.metrics[0].state(),
        pb::PricingState::Subscription
    );
    assert!(characters.cost.is_none(), "a subscription has no dollars");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retried_image_is_two_attempts_and_one_image() {
    let world = World::new().await;
    world.vendor.will("image:status503*2").await;
    let video = world.create("How do tides work?", 2).await;
    let video = world.finished(&video.video_id).await;
    let summary = world.settled(&video.session_id).await;
    let bought = world.vendor.bought().await;
    assert_eq!(counted(&summary), bought);
    assert_eq!(
        (bought.images, bought.calls),
        (2, 7),
        "two refused image calls on top of five"
    );
    assert_eq!(summary.failed_call_count, 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_that_the_provider_left_out_is_estimated_and_says_so() {
    let world = World::new().await;
    world.vendor.will("script:no_usage").await;
    let video = world.create("What is a black hole?", 2).await;
    let video = world.finished(&video.video_id).await;
    let summary = world.settled(&video.session_id).await;
    let script = summary
        .by_stage
        .iter()
        .find(|entry| entry.stage == "script")
        .unwrap();
    assert!(!script.metrics.is_empty());
    assert!(
        script
            .metrics
            .iter()
            .all(|metric| metric.estimated_quantity == metric.quantity),
        "every figure of the script is marked as estimated: {script:?}"
    );
    assert_ne!(summary.estimated_cost.unwrap().amount, "0");
    world.stop().await;
}
