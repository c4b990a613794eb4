//! Protects promise 9: with the meter down for the whole run the video is made, and the figures arrive later, once.

use crate::support::eventually::eventually;
use crate::support::sums::{assert_adds_up, quantities};
use crate::support::world::World;
use reelmeter_proto::generator::v1 as gpb;

#[tokio::test(flavor = "multi_thread")]
async fn a_video_made_without_a_meter_has_the_same_bill_as_one_made_with_it() {
    let with = World::new().await;
    let video = with.create("How is coffee made?", 2).await;
    let video = with.finished(&video.video_id).await;
    let expected = with.settled(&video.session_id).await;

    let mut without = World::without_meter().await;
    let video = without.create("How is coffee made?", 2).await;
    let video = without.finished(&video.video_id).await;
    assert_eq!(video.cost_state(), gpb::CostState::Pending);
    assert!(video.pending_event_count > 0, "the outbox holds the usage");
    without.start_meter().await;
    let summary = without.settled(&video.session_id).await;
    assert_eq!(summary.event_count, expected.event_count);
    assert_eq!(summary.total_cost, expected.total_cost);
    assert_eq!(quantities(&summary), quantities(&expected));
    with.stop().await;
    without.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_that_goes_and_comes_back_misses_nothing_and_doubles_nothing() {
    let mut world = World::new().await;
    world.vendor.will("image:slow=0.3*4").await;
    let video = world.create("How do magnets work?", 4).await;
    for _ in 0..3 {
        let bought = world.vendor.bought().await.calls;
        world.stop_meter().await;
        world.start_meter().await;
        let vendor = &world.vendor;
        eventually("another call was made", || async move {
            let calls = vendor.bought().await.calls;
            (calls > bought || calls >= 9).then_some(())
        })
        .await;
    }
    let video = world.finished(&video.video_id).await;
    let summary = world.settled(&video.session_id).await;
    let bought = world.vendor.bought().await;
    assert_eq!(summary.event_count, bought.calls);
    assert_eq!(quantities(&summary)["images"], bought.images);
    assert_eq!(quantities(&summary)["characters"], bought.characters);
    assert_adds_up(&summary);
    world.stop().await;
}
