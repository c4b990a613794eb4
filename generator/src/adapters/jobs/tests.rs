#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use bytes::Bytes;

use super::*;
use crate::application::LogLevel;
use crate::domain::job::{ModelWishes, Pipeline, Spec};
use crate::domain::timeline::{AspectRatio, NarrationFormat};

fn job(id: &str) -> Job {
    let spec = Spec {
        prompt: "Tides".to_owned(),
        pipeline: Pipeline::Narrated,
        voice_id: String::new(),
        models: ModelWishes::default(),
        scene_count: 1,
        image_count: 0,
        aspect: AspectRatio::Portrait,
        resolution_px: 720,
        language: String::new(),
        rephrase: false,
        budget: None,
        labels: std::collections::BTreeMap::new(),
        allow_missing_sections: false,
    };
    Job::new(
        id.to_owned(),
        "r".to_owned(),
        spec,
        false,
        jiff::Timestamp::UNIX_EPOCH,
    )
}

fn narration() -> Narration {
    Narration {
        audio: Bytes::from_static(b"\0\0\0\0"),
        format: NarrationFormat::PcmS16le {
            sample_rate_hz: 24_000,
        },
        alignment: None,
    }
}

#[tokio::test]
async fn a_job_and_its_log_come_back_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let store = JobFolder::open(data.path()).unwrap();
    let job = job("1-a");
    store.save(&job).await.unwrap();
    for number in 1..=3 {
        let line = LogLine {
            number,
            time: jiff::Timestamp::UNIX_EPOCH,
            level: LogLevel::Info,
            text: format!("line {number}"),
        };
        store.log("1-a", &line);
    }
    let loaded = JobFolder::open(data.path()).unwrap().load().unwrap();
    let [(found, log)] = loaded.as_slice() else {
        panic!("{loaded:?}")
    };
    assert_eq!(*found, job);
    assert_eq!(log.len(), 3);
}

#[tokio::test]
async fn what_was_bought_is_found_and_what_is_half_written_is_not() {
    let data = tempfile::tempdir().unwrap();
    let store = JobFolder::open(data.path()).unwrap();
    artefacts::leave_part(&store.folder("1"), 1, 1);
    assert_eq!(store.picture("1", 1, 1).await.unwrap(), None);
    let picture = Picture {
        bytes: Bytes::from_static(b"whole"),
        extension: "png",
    };
    let path = store.keep_picture("1", 1, 1, &picture).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"whole");
    assert_eq!(
        store.picture("1", 1, 1).await.unwrap(),
        Some(KeptPicture::Drawn(path))
    );
    store.keep_refusal("1", 2, 1, "IMAGE_SAFETY").await.unwrap();
    assert_eq!(
        store.picture("1", 2, 1).await.unwrap(),
        Some(KeptPicture::Refused("IMAGE_SAFETY".to_owned()))
    );
}

#[tokio::test]
async fn a_narration_counts_only_with_the_file_that_describes_it() {
    let data = tempfile::tempdir().unwrap();
    let store = JobFolder::open(data.path()).unwrap();
    let kept = store.keep_narration("1", 1, &narration()).await.unwrap();
    assert_eq!(
        store.narration("1", 1).await.unwrap().unwrap().path,
        kept.path
    );
    // As a crash between the two would leave it.
    fs::remove_file(kept.path.with_extension("json")).unwrap();
    assert!(store.narration("1", 1).await.unwrap().is_none());
    let kept = store.keep_narration("1", 1, &narration()).await.unwrap();
    store.drop_file(&kept.path).await.unwrap();
    assert!(store.narration("1", 1).await.unwrap().is_none());
}

#[tokio::test]
async fn one_damaged_job_does_not_keep_the_others_away() {
    let data = tempfile::tempdir().unwrap();
    let store = JobFolder::open(data.path()).unwrap();
    store.save(&job("1")).await.unwrap();
    store.save(&job("2")).await.unwrap();
    fs::write(store.folder("2").join("job.json"), b"{").unwrap();
    assert_eq!(store.load().unwrap().len(), 1);
}

#[tokio::test]
async fn discarding_leaves_the_job_and_nothing_that_was_bought() {
    let data = tempfile::tempdir().unwrap();
    let store = JobFolder::open(data.path()).unwrap();
    store.save(&job("1")).await.unwrap();
    store.keep_narration("1", 1, &narration()).await.unwrap();
    store.discard("1").await.unwrap();
    assert!(store.narration("1", 1).await.unwrap().is_none());
    assert_eq!(store.load().unwrap().len(), 1);
}

#[test]
fn an_id_that_is_not_ours_leads_nowhere_else() {
    let store = JobFolder {
        root: PathBuf::from("/data/videos"),
        keeping_runs: Arc::default(),
    };
    for id in ["../../etc", "a/b", "", "..", "a\0b"] {
        assert_eq!(
            store.folder(id),
            Path::new("/data/videos/unnamed"),
            "{id:?}"
        );
    }
}
