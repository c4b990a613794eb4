//! Protects the person's money when providers misbehave: each attempt is an event of its own, and nothing is hidden.

use crate::support::{Generator, Meter, PATIENCE, Simulator, config, nobody, quantity, volcanoes};
use reelmeter_generator::Error;
use reelmeter_proto::generator::v1::{StageKind, StageState, VideoSpec, VideoState};
use reelmeter_proto::meter::v1::{CallOutcome, UsageEvent};
use reelmeter_service::{CancellationToken, Common, Secret};
use tokio::net::TcpListener;

fn one_scene() -> VideoSpec {
    VideoSpec {
        scene_count: 1,
        ..volcanoes()
    }
}

fn attempts(events: &[UsageEvent], stage: &str) -> Vec<(i32, CallOutcome)> {
    // What was thrown away after its usage was noted stands there a second time, in place of the first.
    let replaced = |event: &UsageEvent| {
        events
            .iter()
            .any(|later| later.replaces_event_id == event.event_id)
    };
    let mut attempts: Vec<_> = events
        .iter()
        .filter(|event| event.stage == stage && !replaced(event))
        .map(|event| (event.attempt, event.outcome()))
        .collect();
    attempts.sort_by_key(|(attempt, _)| *attempt);
    attempts
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_is_an_event_of_its_own() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator
        .faults("script:retry_after=0.1, script:status503, narration:system_busy, image:reset")
        .await;
    let meter = Meter::start(data.path()).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    let (video, log) = generator.make(one_scene()).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let events = meter.events(&video.session_id).await;
    let (failed, unconfirmed, succeeded) = (
        CallOutcome::Failed,
        CallOutcome::Unconfirmed,
        CallOutcome::Succeeded,
    );
    assert_eq!(
        attempts(&events, "script"),
        [(1, failed), (2, failed), (3, succeeded)]
    );
    assert_eq!(
        attempts(&events, "narration"),
        [(1, failed), (2, succeeded)]
    );
    assert_eq!(
        attempts(&events, "image"),
        [(1, unconfirmed), (2, succeeded)]
    );
    let refused = events
        .iter()
        .find(|event| event.outcome() == failed)
        .unwrap();
    assert!(
        refused.quantities.is_empty(),
        "an error status is not billed"
    );
    assert!(refused.labels.contains_key("failure"));
    let summary = meter.summary(&video.session_id).await;
    assert_eq!(summary.unconfirmed_call_count, 1);
    let asked = simulator.count("script").await
        + simulator.count("narration").await
        + simulator.count("image").await;
    assert_eq!(events.len(), usize::try_from(asked).unwrap());
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_used_is_paid_for_and_recorded_as_discarded() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("script:broken_json").await;
    let meter = Meter::start(data.path()).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    let (video, log) = generator.make(one_scene()).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let events = meter.events(&video.session_id).await;
    let script = attempts(&events, "script");
    assert_eq!(
        script,
        [(1, CallOutcome::Discarded), (2, CallOutcome::Succeeded)]
    );
    let discarded = events
        .iter()
        .find(|event| event.outcome() == CallOutcome::Discarded)
        .unwrap();
    assert!(!discarded.quantities.is_empty(), "it was paid for");
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_refused_is_asked_for_once_more_and_then_said_to_be_missing() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("image:refused*2").await;
    let meter = Meter::start(data.path()).await;
    let more = ["--generator-images-at-once", "1"];
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &more)).await;
    let (video, log) = generator.make(volcanoes()).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    assert_eq!(simulator.count("image").await, 3);
    assert_eq!(quantity(&video, "images"), 1);
    let notice = video
        .notices
        .iter()
        .find(|notice| notice.contains("refused to draw"));
    assert!(
        notice.is_some_and(|notice| notice.contains("scene 1")),
        "{:?}",
        video.notices
    );
    let stage = video
        .stages
        .iter()
        .find(|stage| stage.kind() == StageKind::Image)
        .unwrap();
    assert_eq!(stage.items[0].state(), StageState::Skipped);
    let events = meter.events(&video.session_id).await;
    let refused = events
        .iter()
        .filter(|event| event.stage == "image" && event.scene == 1);
    let outcomes: Vec<_> = refused.map(|event| event.outcome()).collect();
    assert_eq!(outcomes, [CallOutcome::Failed, CallOutcome::Failed]);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_without_a_single_picture_fails_and_keeps_what_was_bought() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("image:refused*2").await;
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let (video, _) = generator.make(one_scene()).await;
    assert_eq!(video.state(), VideoState::Failed);
    assert!(
        video.error_message.contains("refused to draw any"),
        "{}",
        video.error_message
    );
    assert_eq!(simulator.count("narration").await, 1);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quota_is_told_as_it_is_after_the_narration_also_if_the_video_fails_then() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("image:refused*2").await;
    let meter = Meter::start(data.path()).await;
    let settings = config(data.path(), simulator.address, meter.address, &[]);
    let generator = Generator::start(settings).await;
    let (video, log) = generator.make(one_scene()).await;
    assert_eq!(video.state(), VideoState::Failed, "{log:#?}");
    let spoken = quantity(&video, "characters");
    assert!(spoken > 0);
    let summary = meter.summary(&video.session_id).await;
    let quota = &summary.quotas[0];
    assert_eq!(quota.used_count - quota.first_used_count, spoken);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_stops_the_video_before_the_narration_is_bought() {
    let data = tempfile::tempdir().unwrap();
    let used_up = [
        "--simulator-character-limit",
        "1000",
        "--simulator-characters-used",
        "999",
    ];
    let simulator = Simulator::with(&used_up).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let (video, _) = generator.make(one_scene()).await;
    assert_eq!(video.state(), VideoState::Failed);
    assert!(
        video.error_message.contains("characters needed left"),
        "{}",
        video.error_message
    );
    assert_eq!(
        (
            simulator.count("script").await,
            simulator.count("narration").await
        ),
        (0, 0)
    );
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_model_is_replaced_before_money_is_spent_and_that_is_said() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::with(&["--simulator-retired-models", "gemini-2.5-flash"]).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let (video, log) = generator.make(one_scene()).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let told = video
        .notices
        .iter()
        .any(|notice| notice.contains("gemini-2.5-flash is no longer offered"));
    assert!(told, "{:?}", video.notices);
    let models = video.spec.unwrap().models.unwrap();
    assert_ne!(models.script_model, "gemini-2.5-flash");
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_or_voice_is_said_before_money_is_spent() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let (video, _) = generator
        .make(VideoSpec {
            voice_id: "nobody".into(),
            ..one_scene()
        })
        .await;
    assert_eq!(video.state(), VideoState::Failed);
    assert!(
        video.error_message.contains("voice nobody is not offered"),
        "{}",
        video.error_message
    );
    simulator.faults("models:invalid_key").await;
    let (video, _) = generator.make(one_scene()).await;
    assert!(
        video.error_message.contains("refused the key"),
        "{}",
        video.error_message
    );
    assert_eq!(simulator.count("script").await, 0);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_without_the_other_is_refused_by_name() {
    let data = tempfile::tempdir().unwrap();
    let mut settings = config(data.path(), nobody().await, nobody().await, &[]);
    settings.keys.gemini = Some(Secret::new("key"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let run = reelmeter_generator::run(
        settings,
        Common::default(),
        listener,
        CancellationToken::new(),
    );
    let error = tokio::time::timeout(PATIENCE, run)
        .await
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, Error::OneKey { .. }));
    assert!(error.to_string().contains("ELEVENLABS_API_KEY"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_simulator_answers_is_never_recorded_as_real() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let meter = Meter::start(data.path()).await;
    let url = format!("http://{}", simulator.address);
    let more = ["--gemini-base-url", &url, "--elevenlabs-base-url", &url];
    let mut settings = config(data.path(), nobody().await, meter.address, &more);
    settings.keys.gemini = Some(Secret::new("a-real-looking-key"));
    settings.keys.elevenlabs = Some(Secret::new("another"));
    assert!(!settings.is_simulated());
    let generator = Generator::start(settings).await;
    let (video, log) = generator.make(one_scene()).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    assert!(video.simulated);
    assert!(meter.summary(&video.session_id).await.simulated);
    assert!(
        meter
            .events(&video.session_id)
            .await
            .iter()
            .all(|event| event.simulated)
    );
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_bought_and_cannot_be_kept_is_recorded_as_discarded_and_said() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("script:slow=1").await;
    let meter = Meter::start(data.path()).await;
    let settings = config(data.path(), simulator.address, meter.address, &[]);
    let generator = Generator::start(settings).await;
    let video = generator.create(one_scene()).await;
    let folder = data.path().join("generator/videos").join(&video.video_id);
    // A folder where the picture is to be written stands for a disk that takes nothing more.
    let in_the_way = folder.join("images/001-1.png.part");
    std::fs::create_dir_all(&in_the_way).unwrap();
    let (video, _) = generator.watch(&video.video_id).await;
    assert_eq!(video.state(), VideoState::Failed);
    assert!(
        video.error_message.contains("cannot write"),
        "{}",
        video.error_message
    );
    let events = meter.events(&video.session_id).await;
    assert_eq!(attempts(&events, "image"), [(1, CallOutcome::Discarded)]);
    assert_eq!(
        attempts(&events, "narration"),
        [(1, CallOutcome::Succeeded)],
        "what the other part bought is kept"
    );
    std::fs::remove_dir(in_the_way).unwrap();
    generator.resume(&video.video_id).await;
    let (video, log) = generator.watch(&video.video_id).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    assert_eq!(simulator.count("narration").await, 1);
    generator.stop().await;
}
