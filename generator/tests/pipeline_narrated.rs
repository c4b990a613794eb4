//! Protects the pipeline as a whole: a prompt in, a narrated video out, everything that was used on record.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod pipeline_support;

use pipeline_support::{Generator, Simulator, config, nobody, quantity, volcanoes};
use reelmeter_proto::generator::v1::{CostState, StageState, VideoState};

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_becomes_a_narrated_video_though_no_meter_is_there() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let settings = config(data.path(), simulator.address, nobody().await, &[]);
    let generator = Generator::start(settings).await;
    let (video, log) = generator.make(volcanoes()).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    assert!(video.simulated);
    assert!(!video.title.is_empty());
    assert!(video.duration_ms > 2_000);
    let size = std::fs::metadata(&video.file_path).unwrap().len();
    assert_eq!(i64::try_from(size).unwrap(), video.size_bytes);
    assert!(
        std::fs::read_to_string(&video.subtitles_path)
            .unwrap()
            .contains("-->")
    );
    assert!(
        video
            .stages
            .iter()
            .all(|stage| stage.state() == StageState::Succeeded),
        "{video:#?}"
    );

    assert_eq!(
        video.call_count, 5,
        "one script, two narrations, two images"
    );
    assert_eq!(video.pending_event_count, 5);
    assert_eq!(video.cost_state(), CostState::Pending);
    assert_eq!(quantity(&video, "images"), 2);
    assert!(quantity(&video, "characters") > 50);
    assert!(quantity(&video, "output_tokens") > 50);
    assert_eq!(
        (
            simulator.count("script").await,
            simulator.count("image").await
        ),
        (1, 2)
    );
    generator.stop().await;
}
