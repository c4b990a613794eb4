//! Protects promise 10: kill the generator at any moment, start it, resume, and nothing kept is bought again; only calls
//! in flight at that moment may be repeated, and each of them is shown as unconfirmed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Generator, Meter, PATIENCE, Simulator, client, config, nobody};
use reelmeter_proto::generator::v1::{
    CostState, CreateVideoRequest, ListVideosRequest, VideoSpec, VideoState,
};
use reelmeter_proto::meter::v1::CallOutcome;
use reelmeter_recorder::abort;
use tokio::time::timeout;

/// The program itself, which dies at the point.
fn spawn(data: &Path, simulator: SocketAddr, listen: SocketAddr, point: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_generator"))
        .current_dir(data)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GENERATOR_LISTEN", listen.to_string())
        .env("GENERATOR_DATA", data.join("generator"))
        .env("VIDEOS_DIR", data.join("videos"))
        .env("SIMULATOR_ADDR", format!("http://{simulator}"))
        .env("METER_ADDR", "http://127.0.0.1:9")
        .env("GENERATOR_RESOLUTION", "360")
        .envs(std::env::var_os("MANIM_HOME").map(|home| ("MANIM_HOME", home)))
        .env(abort::VARIABLE, point)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Orders a video from the program, and waits for its death.
async fn make_until_it_dies(data: &Path, simulator: SocketAddr, point: &str) {
    let spec = VideoSpec {
        prompt: "Why do volcanoes erupt?".to_owned(),
        scene_count: 1,
        ..VideoSpec::default()
    };
    die_at(data, simulator, point, spec).await;
}

/// The only video of a generator.
pub async fn only_video_of(generator: &Generator) -> String {
    let listed = generator
        .client
        .clone()
        .list_videos(ListVideosRequest::default())
        .await
        .unwrap();
    let [found] = &listed.into_inner().videos[..] else {
        panic!("there is one video")
    };
    found.video_id.clone()
}

/// The same for any video.
pub async fn die_at(data: &Path, simulator: SocketAddr, point: &str, spec: VideoSpec) {
    let listen = nobody().await;
    let mut child = spawn(data, simulator, listen, point);
    let ordered = async {
        let request = CreateVideoRequest {
            request_id: "once".to_owned(),
            spec: Some(spec.clone()),
        };
        while client(listen).create_video(request.clone()).await.is_err() {
            if child.try_wait().unwrap().is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        while child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let died = timeout(PATIENCE, ordered).await;
    if died.is_err() {
        child.kill().unwrap();
        panic!("the generator did not die at {point}");
    }
    assert!(!child.wait().unwrap().success());
}

/// Kills the generator at the point, resumes the video, and checks the books.
async fn survives(point: &str) {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    make_until_it_dies(data.path(), simulator.address, point).await;

    let meter = Meter::start(data.path()).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    let listed = generator
        .client
        .clone()
        .list_videos(ListVideosRequest::default())
        .await
        .unwrap();
    let [found] = &listed.into_inner().videos[..] else {
        panic!("{point}: the video is not there")
    };
    assert_eq!(found.state(), VideoState::Failed, "{point}");
    assert!(
        found.error_message.contains("interrupted"),
        "{point}: {}",
        found.error_message
    );
    generator.resume(&found.video_id).await;
    let (video, log) = generator.watch(&found.video_id).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{point}: {} {log:#?}",
        video.error_message
    );
    assert_eq!(video.cost_state(), CostState::Settled, "{point}");

    let events = meter.events(&video.session_id).await;
    // An answer that is on the bill and not yet on disk is asked for again, and both stand on the bill.
    let lost = usize::from(
        ["recorder.used", "generator.recorded"]
            .iter()
            .any(|between| point.starts_with(between)),
    );
    let unconfirmed = events
        .iter()
        .filter(|event| event.outcome() == CallOutcome::Unconfirmed)
        .count();
    for stage in ["script", "narration", "image"] {
        let asked = simulator.count(stage).await;
        let of_stage: Vec<_> = events.iter().filter(|event| event.stage == stage).collect();
        let doubtful = of_stage
            .iter()
            .filter(|event| event.outcome() == CallOutcome::Unconfirmed)
            .count();
        let used = of_stage.len() - doubtful;
        let (asked, doubtful, used) = (asked as usize, doubtful, used);
        assert!(
            asked <= 1 + doubtful + lost,
            "{point}: {stage} was asked {asked} times, {doubtful} unconfirmed"
        );
        assert!(
            asked <= used + doubtful,
            "{point}: {stage} was asked {asked} times, {used} used"
        );
        assert!(used <= 1 + lost, "{point}: {stage} is used {used} times");
        let mut attempts: Vec<i32> = of_stage.iter().map(|event| event.attempt).collect();
        attempts.sort_unstable();
        attempts.dedup();
        assert_eq!(
            attempts.len(),
            of_stage.len(),
            "{point}: {stage}: two events of one attempt"
        );
    }
    // What is kept has its price on record.
    if point.starts_with("generator.kept") {
        assert_eq!(unconfirmed, 0, "{point}");
    }
    // A narration and a picture are in flight together at most.
    assert!(unconfirmed <= 2, "{point}: {unconfirmed} unconfirmed");
    let summary = meter.summary(&video.session_id).await;
    assert_eq!(
        summary.unconfirmed_call_count,
        i64::try_from(unconfirmed).unwrap(),
        "{point}"
    );
    assert!(summary.settled, "{point}");
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_around_the_script_it_goes_on_from_there() {
    for point in [
        "recorder.before-intent:1",
        "generator.before-call:1",
        "generator.answered:1",
        "generator.recorded:1",
        "generator.kept:1",
        "recorder.used:1",
    ] {
        survives(point).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_around_narration_and_picture_it_goes_on_from_there() {
    for point in [
        "recorder.intended:2",
        "generator.before-call:3",
        "generator.answered:2",
        "generator.kept:3",
        "recorder.before-used:3",
        "recorder.used:3",
    ] {
        survives(point).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_compiles_it_buys_nothing_at_all() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    make_until_it_dies(data.path(), simulator.address, "generator.compiling").await;
    let before = simulator.report().await["billed"].clone();
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let id = generator.resume("").await.video_id;
    let (video, log) = generator.watch(&id).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    assert_eq!(simulator.report().await["billed"], before);
    assert_eq!(video.call_count, 3);
    generator.stop().await;
}
