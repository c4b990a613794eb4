//! Protects what a person may do with a video: order it once, watch it, stop it, continue it, give it up, fetch it.

use std::time::Duration;

use crate::support::{Generator, Meter, PATIENCE, Simulator, config, quantity, volcanoes};
use reelmeter_proto::generator::v1::*;
use reelmeter_proto::meter::v1::{CallOutcome, SessionState};
use tokio::time::{Instant, timeout};
use tonic::Code;

fn one_scene() -> VideoSpec {
    VideoSpec {
        scene_count: 1,
        ..volcanoes()
    }
}

/// Watches until the condition holds.
async fn until(generator: &Generator, id: &str, condition: impl Fn(&Video) -> bool) -> Video {
    let reached = async {
        loop {
            let video = generator.get(id).await;
            if condition(&video) {
                return video;
            }
            assert_ne!(video.state(), VideoState::Failed, "{}", video.error_message);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_picture_of_a_batch_is_seen_as_it_comes() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    // The last picture of the batch takes so long that the others are seen before it.
    simulator.faults("image:slow=0.5@2, image:slow=1.5@3").await;
    let meter = Meter::start(data.path()).await;
    let more = ["--generator-images-at-once", "4"];
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &more)).await;
    let video = generator
        .create(VideoSpec {
            scene_count: 1,
            image_count: 3,
            ..volcanoes()
        })
        .await;
    let mut seen = Vec::new();
    let watching = async {
        while seen.last() != Some(&3) {
            let events = meter.events(&video.session_id).await;
            let images = events.iter().filter(|event| event.stage == "image").count();
            if seen.last() != Some(&images) {
                seen.push(images);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, watching).await.unwrap();
    assert_eq!(seen, [0, 1, 2, 3]);
    let stage = |video: &Video| {
        video
            .stages
            .iter()
            .find(|stage| stage.kind() == StageKind::Image)
            .cloned()
            .unwrap()
    };
    let video = until(&generator, &video.video_id, |video| {
        stage(video).completed_item_count == 3
    })
    .await;
    assert_eq!(stage(&video).item_count, 3);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_video_makes_no_further_call_and_resumes_with_what_it_bought() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let meter = Meter::start(data.path()).await;
    // One picture at a time; the second takes a while, in which the video is cancelled.
    simulator.faults("image:slow=1@2").await;
    let more = ["--generator-images-at-once", "1"];
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &more)).await;
    let spec = VideoSpec {
        scene_count: 3,
        ..volcanoes()
    };
    let video = generator.create(spec).await;
    let images = |video: &Video| quantity(video, "images");
    until(&generator, &video.video_id, |video| images(video) == 1).await;
    let asked = async {
        while simulator.count("image").await < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let patience = Duration::from_secs(30);
    let asked = tokio::time::timeout(patience, asked).await;
    assert!(asked.is_ok(), "the second picture is asked for");
    let request = CancelVideoRequest {
        video_id: video.video_id.clone(),
    };
    let cancelled = generator
        .client
        .clone()
        .cancel_video(request.clone())
        .await
        .unwrap()
        .into_inner()
        .video
        .unwrap();
    assert_eq!(cancelled.state(), VideoState::Cancelled);
    assert_eq!(
        simulator.count("image").await,
        2,
        "the one in flight was waited for, no further one was made"
    );
    assert_eq!(images(&cancelled), 2, "and it is recorded");
    let session = meter.summary(&video.session_id).await.session.unwrap();
    assert_eq!(
        session.state(),
        SessionState::Active,
        "the session stays open"
    );
    generator
        .client
        .clone()
        .cancel_video(request.clone())
        .await
        .unwrap();

    generator.resume(&video.video_id).await;
    let (video, log) = generator.watch(&video.video_id).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let counts = (
        simulator.count("script").await,
        simulator.count("narration").await,
        simulator.count("image").await,
    );
    assert_eq!(counts, (1, 3, 3), "nothing kept was bought again");
    let stage = video
        .stages
        .iter()
        .find(|stage| stage.kind() == StageKind::Image)
        .unwrap();
    assert_eq!(stage.items.iter().filter(|item| item.kept).count(), 2);
    let status = generator
        .client
        .clone()
        .cancel_video(request)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_does_not_come_back_in_time_after_a_cancel_is_unconfirmed() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let meter = Meter::start(data.path()).await;
    simulator.faults("script:hang").await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    let video = generator.create(one_scene()).await;
    until(&generator, &video.video_id, |video| video.call_count == 1).await;
    let began = Instant::now();
    let request = CancelVideoRequest {
        video_id: video.video_id.clone(),
    };
    let cancelled = generator
        .client
        .clone()
        .cancel_video(request)
        .await
        .unwrap()
        .into_inner()
        .video
        .unwrap();
    assert_eq!(cancelled.state(), VideoState::Cancelled);
    assert!(began.elapsed() < Duration::from_secs(30));
    let recorded = async {
        loop {
            let events = meter.events(&video.session_id).await;
            if let Some(event) = events.first() {
                return event.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let event = timeout(PATIENCE, recorded).await.unwrap();
    assert_eq!(event.outcome(), CallOutcome::Unconfirmed);
    assert_eq!(simulator.count("script").await, 1);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_video_leaves_nothing_but_its_record_and_its_session_ends() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let meter = Meter::start(data.path()).await;
    simulator.faults("image:status400").await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    let (failed, _) = generator.make(one_scene()).await;
    assert_eq!(failed.state(), VideoState::Failed);
    let folder = data.path().join("generator/videos").join(&failed.video_id);
    assert!(folder.join("script.json").exists());
    let request = DiscardVideoRequest {
        video_id: failed.video_id.clone(),
    };
    let discarded = generator
        .client
        .clone()
        .discard_video(request)
        .await
        .unwrap()
        .into_inner()
        .video
        .unwrap();
    assert_eq!(discarded.state(), VideoState::Discarded);
    assert!(!folder.join("script.json").exists() && !folder.join("narration").exists());
    let ended = async {
        while !meter.summary(&failed.session_id).await.ended {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, ended).await.unwrap();
    let request = ResumeVideoRequest {
        video_id: failed.video_id.clone(),
    };
    let status = generator
        .client
        .clone()
        .resume_video(request)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_meter_in_the_middle_loses_nothing_and_doubles_nothing() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("image:slow=1*2").await;
    let meter = Meter::start(data.path()).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    let video = generator.create(volcanoes()).await;
    until(&generator, &video.video_id, |video| video.call_count >= 2).await;
    let (address, ledger) = meter.stop().await;
    let stage = |video: &Video| {
        video
            .stages
            .iter()
            .find(|stage| stage.kind() == StageKind::Image)
            .cloned()
            .unwrap()
    };
    until(&generator, &video.video_id, |video| {
        stage(video).completed_item_count == 2
    })
    .await;
    let meter = Meter::at(&ledger, address).await;
    let (video, log) = generator.watch(&video.video_id).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let settled = until(&generator, &video.video_id, |video| {
        video.cost_state() == CostState::Settled
    });
    let settled = timeout(PATIENCE, settled).await.unwrap();
    assert_eq!(settled.pending_event_count, 0);
    assert_eq!(meter.events(&video.session_id).await.len(), 5);
    let billed = simulator.report().await["billed"].clone();
    assert_eq!(
        quantity(&settled, "images"),
        billed["images"].as_i64().unwrap()
    );
    assert_eq!(
        quantity(&settled, "characters"),
        billed["characters"].as_i64().unwrap()
    );
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_video_goes_on_by_itself_only_where_that_was_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("script:slow=3").await;
    let settings = |more: &[&str]| config(data.path(), simulator.address, simulator.address, more);
    let generator = Generator::start(settings(&[])).await;
    let id = generator.create(one_scene()).await.video_id;
    until(&generator, &id, |video| video.call_count == 1).await;
    generator.stop().await;
    let generator = Generator::start(settings(&[])).await;
    let video = generator.get(&id).await;
    assert_eq!(video.state(), VideoState::Failed);
    assert!(
        video.error_message.contains("the script stage"),
        "{}",
        video.error_message
    );
    generator.stop().await;
    let generator = Generator::start(settings(&["--generator-auto-resume"])).await;
    let (video, log) = generator.watch(&id).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    generator.stop().await;
}
