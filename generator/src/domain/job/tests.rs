#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::domain::timeline::AspectRatio;

fn job() -> Job {
    let spec = Spec {
        prompt: "Tides".to_owned(),
        pipeline: Pipeline::Narrated,
        voice_id: String::new(),
        models: ModelWishes::default(),
        scene_count: 3,
        image_count: 0,
        aspect: AspectRatio::Landscape,
        resolution_px: 720,
        language: String::new(),
        rephrase: false,
        budget: None,
        labels: std::collections::BTreeMap::new(),
        allow_missing_sections: false,
    };
    Job::new("v".to_owned(), String::new(), spec, false, now())
}

fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn image(scene: u32) -> Target {
    Target::new(StageKind::Image, ItemKey::of_scene(scene, 1))
}

#[test]
fn a_job_is_read_back_as_it_was_written() {
    let mut job = job();
    job.stage_begins(StageKind::Image, &[ItemKey::of_scene(1, 1)], now());
    job.notice("n".to_owned());
    let text = serde_json::to_string(&job).unwrap();
    assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), job);
}

#[test]
fn rephrasing_is_a_stage_only_where_it_was_asked_for() {
    let kinds = |job: &Job| {
        job.stages
            .iter()
            .map(|stage| stage.kind)
            .collect::<Vec<_>>()
    };
    assert!(!kinds(&job()).contains(&StageKind::Rephrase));
    let mut spec = job().spec;
    spec.rephrase = true;
    let with = Job::new("v".to_owned(), String::new(), spec, false, now());
    assert_eq!(kinds(&with)[2], StageKind::Rephrase);
}

#[test]
fn progress_counts_the_items_that_are_done() {
    let mut job = job();
    let keys: Vec<_> = (1..=4).map(|scene| ItemKey::of_scene(scene, 1)).collect();
    job.stage_begins(StageKind::Image, &keys, now());
    job.item_moves(image(2), |item| item.state = StageState::Succeeded);
    let stage = job
        .stages
        .iter()
        .find(|stage| stage.kind == StageKind::Image)
        .unwrap();
    assert_eq!((stage.done(), stage.progress_permille()), (1, 250));
}

#[test]
fn a_stage_waits_when_everything_at_work_in_it_waits() {
    let mut job = job();
    let keys = [ItemKey::of_scene(1, 1), ItemKey::of_scene(2, 1)];
    job.stage_begins(StageKind::Image, &keys, now());
    let state = |job: &Job| {
        job.stages
            .iter()
            .find(|stage| stage.kind == StageKind::Image)
            .unwrap()
            .state
    };
    job.item_moves(image(1), |item| item.state = StageState::Running);
    job.item_moves(image(2), |item| item.state = StageState::Waiting);
    assert_eq!(state(&job), StageState::Running);
    job.item_moves(image(1), |item| item.state = StageState::Succeeded);
    assert_eq!(state(&job), StageState::Waiting);
    job.item_moves(image(2), |item| item.state = StageState::Running);
    assert_eq!(state(&job), StageState::Running);
}

#[test]
fn a_job_that_was_cut_off_says_where_and_can_be_resumed() {
    let mut job = job();
    job.begin(now());
    job.stage_begins(StageKind::Narration, &[ItemKey::of_scene(1, 1)], now());
    assert!(job.interrupt(now()));
    assert_eq!(
        job.error,
        "interrupted in the narration stage when the generator stopped; resume it to continue with what was kept"
    );
    assert!(job.state.can_resume());
    assert_eq!(job.resume(), Ok(true));
    assert_eq!(job.state, JobState::Queued);
    assert_eq!(job.resume(), Ok(false), "resuming twice is harmless");
    assert!(job.error.is_empty());
}

#[test]
fn what_is_finished_or_given_up_is_not_resumed() {
    let mut job = job();
    job.succeed(Finished::default(), now());
    assert!(
        job.resume()
            .unwrap_err()
            .to_string()
            .contains("is finished")
    );
    assert!(!job.interrupt(now()));
    job.state = JobState::Discarded;
    assert!(job.resume().unwrap_err().to_string().contains("discarded"));
}
