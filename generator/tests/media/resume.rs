//! What stays when a video is stopped, and what a resume takes up.

use std::time::{Duration, Instant};

use reelmeter_generator::adapters::ffmpeg::Stage;
use reelmeter_generator::domain::timeline::ScenePicture;
use tokio_util::sync::CancellationToken;

use crate::studio::{Listener, Studio, plan};

#[tokio::test]
async fn a_resume_takes_up_finished_segments_and_makes_none_again() {
    let studio = Studio::open().await;
    let plan = plan(vec![
        studio.scene(1, "testsrc2=s=640x360", "One thing.", 1_000),
        studio.scene(2, "mandelbrot=s=640x360", "Another thing.", 1_000),
    ]);
    let cancel = CancellationToken::new();
    let error = studio
        .compile_with(
            &plan,
            "out.mp4",
            &|progress| {
                if progress.stage == Stage::Join {
                    cancel.cancel();
                }
            },
            &cancel,
        )
        .await
        .unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    let kept = studio.names(&studio.work());
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(
        kept.iter().all(|name| name.starts_with("segment-")),
        "{kept:?}"
    );
    assert!(!studio.path("out.mp4").exists() && !studio.path("out.srt").exists());
    let beside = studio.names(&studio.path(""));
    assert!(
        beside.iter().all(|name| !name.contains("part-")),
        "{beside:?}"
    );

    // One of them is whole, the other was cut by a power failure.
    let cut = studio.work().join(&kept[1]);
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let listener = Listener::default();
    studio
        .compile_with(
            &plan,
            "out.mp4",
            &|progress| listener.hear(progress),
            &CancellationToken::new(),
        )
        .await
        .unwrap();
    let steps = |scene| {
        let of_scene = |p: &&reelmeter_generator::adapters::ffmpeg::Progress| {
            p.stage
                == Stage::Scene {
                    number: scene,
                    of: 2,
                }
        };
        listener.heard().iter().filter(of_scene).count()
    };
    assert_eq!(steps(1), 1, "taken up at once");
    assert!(steps(2) > 1, "made again, frame by frame");
    assert!(studio.path("out.mp4").is_file());
}

#[tokio::test]
async fn another_picture_or_another_size_makes_another_segment() {
    let studio = Studio::open().await;
    let mut plan = plan(vec![studio.scene(1, "testsrc2=s=640x360", "One.", 700)]);
    let segment = async |plan: &_| {
        let cancel = CancellationToken::new();
        let stop = |p: reelmeter_generator::adapters::ffmpeg::Progress| {
            if p.stage == Stage::Join {
                cancel.cancel();
            }
        };
        let stopped = studio.compile_with(plan, "out.mp4", &stop, &cancel).await;
        assert!(stopped.is_err());
    };
    segment(&plan).await;
    plan.scenes[0].picture =
        ScenePicture::Images(vec![studio.picture("other.png", "testsrc=s=640x360")]);
    segment(&plan).await;
    plan.pacing.tail_ms += 100;
    segment(&plan).await;
    segment(&plan).await;
    assert_eq!(studio.names(&studio.work()).len(), 3);
}

#[tokio::test]
async fn cancelling_in_the_middle_of_a_segment_is_quick_and_leaves_nothing() {
    let studio = Studio::open().await;
    // Long enough that it cannot be finished by then.
    let mut plan = plan(vec![studio.scene(
        1,
        "mandelbrot=s=1344x768",
        "Long.",
        60_000,
    )]);
    plan.geometry = reelmeter_generator::domain::timeline::Geometry::new(
        reelmeter_generator::domain::timeline::AspectRatio::Landscape,
        720,
    )
    .unwrap();
    let cancel = CancellationToken::new();
    let cancelled_at = std::sync::Mutex::new(None);
    let error = studio
        .compile_with(
            &plan,
            "out.mp4",
            &|progress| {
                let begun = matches!(progress.stage, Stage::Scene { .. });
                if begun && progress.stage_permille > 0 {
                    cancelled_at
                        .lock()
                        .unwrap()
                        .get_or_insert_with(Instant::now);
                    cancel.cancel();
                }
            },
            &cancel,
        )
        .await
        .unwrap_err();
    assert!(error.is_cancelled());
    let took = cancelled_at.into_inner().unwrap().unwrap().elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(studio.names(&studio.work()), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_killed_run_left_is_cleared_away() {
    let studio = Studio::open().await;
    std::fs::create_dir(studio.work()).unwrap();
    for name in [
        "work/part-1-1.mp4",
        ".out.mp4.part-1-2.mp4",
        ".out.srt.part-1-3.srt",
    ] {
        std::fs::write(studio.path(name), "half").unwrap();
    }
    std::fs::write(studio.path(".other.mp4.part-1-2.mp4"), "not ours").unwrap();
    let plan = plan(vec![studio.scene(1, "testsrc2=s=640x360", "One.", 700)]);
    studio.compile(&plan, "out.mp4").await.unwrap();
    let names = studio.names(&studio.path(""));
    let left: Vec<&String> = names.iter().filter(|n| n.contains("part-")).collect();
    assert_eq!(left, [".other.mp4.part-1-2.mp4"]);
}
