//! Protects the live view: each image of a batch is counted when it is there, not when the batch is over.

use std::collections::BTreeSet;

use crate::support::sums::{assert_adds_up, quantities};
use crate::support::world::World;
use reelmeter_proto::meter::v1 as pb;

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_sees_the_images_one_after_the_other() {
    let world = World::new().await;
    // They are drawn side by side; each comes later than the one before, so that none hides behind another.
    let images = 5;
    let rules: Vec<String> = (1..=images)
        .map(|number| format!("image:slow={}@{number}", f64::from(number) * 0.4))
        .collect();
    world.vendor.will(&rules.join(",")).await;
    let video = world.create("How does a rainbow form?", images).await;
    let mut stream = world
        .meter()
        .await
        .watch_summary(pb::WatchSummaryRequest {
            session_id: String::new(),
            min_interval: Some(prost_types::Duration {
                seconds: 0,
                nanos: 20_000_000,
            }),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    let mut seen = BTreeSet::new();
    let mut newest_revision = 0;
    while let Some(message) = stream.message().await.unwrap() {
        let Some(summary) = message.summary else {
            continue;
        };
        assert_eq!(
            summary.session.as_ref().unwrap().session_id,
            video.session_id
        );
        assert_adds_up(&summary);
        assert!(
            summary.revision >= newest_revision,
            "revisions never go back"
        );
        newest_revision = summary.revision;
        seen.insert(quantities(&summary).get("images").copied().unwrap_or(0));
        if summary.settled {
            break;
        }
    }
    let last = seen.last().copied().unwrap();
    assert_eq!(last, i64::from(images));
    assert!(
        seen.len() > 3,
        "the counter moved in steps, not at once: {seen:?}"
    );
    world.stop().await;
}
