//! Protects the animated pipeline: a prompt in, rendered and corrected sections out, every attempt on the bill, and no
//! verdict taken for a pass. The renders are real; without Manim and a sandbox these tests say loudly that they did not
//! run.

use std::path::Path;

use crate::support::{Generator, Meter, Simulator, config, nobody};
use reelmeter_proto::generator::v1::{
    CreateVideoRequest, EstimateVideoRequest, Pipeline, StageKind, StageState, Video, VideoSpec,
    VideoState,
};
use reelmeter_proto::meter::v1::{CallOutcome, GetReceiptRequest, Receipt, UsageEvent};
use reelmeter_rating::Money;
use reelmeter_service::Secret;

/// Whether anything can be rendered here; says so if not.
#[expect(clippy::print_stderr, reason = "a test that does not run says so")]
pub fn renders_here() -> bool {
    let home = std::env::var("MANIM_HOME").unwrap_or_else(|_| "/opt/reelmeter/manim".to_owned());
    let there = Path::new(&home).join("bin/python").exists()
        && std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|it| it.join("bwrap").exists()));
    let required = std::env::var("REELMETER_TEST_SANDBOX").is_ok_and(|it| it == "required");
    assert!(
        there || !required,
        "there is no Manim in a sandbox here, and REELMETER_TEST_SANDBOX requires one"
    );
    if !there {
        eprintln!(
            "NOT RUN: there is no Manim in a sandbox here; `scripts/setup.sh --animated` installs it"
        );
    }
    there
}

pub fn heat_pump(scene_count: i32) -> VideoSpec {
    VideoSpec {
        prompt: "How does a heat pump work?".to_owned(),
        pipeline: Pipeline::Animated.into(),
        scene_count,
        ..VideoSpec::default()
    }
}

pub async fn receipt(meter: &Meter, session_id: &str) -> Receipt {
    let request = GetReceiptRequest {
        session_id: session_id.to_owned(),
        ..GetReceiptRequest::default()
    };
    let answer = meter.client().get_receipt(request).await.unwrap();
    answer.into_inner().receipt.unwrap()
}

pub fn money(money: Option<&reelmeter_proto::meter::v1::Money>) -> Money {
    money.map_or(Money::ZERO, |money| money.amount.parse().unwrap())
}

/// The events that count: of two records of one call, the later.
pub fn counting(events: &[UsageEvent]) -> Vec<&UsageEvent> {
    let replaced = |event: &&UsageEvent| {
        !events
            .iter()
            .any(|other| other.replaces_event_id == event.event_id)
    };
    events.iter().filter(replaced).collect()
}

fn of_stage<'a>(events: &[&'a UsageEvent], stage: &str) -> Vec<&'a UsageEvent> {
    events
        .iter()
        .copied()
        .filter(|event| event.stage == stage)
        .collect()
}

fn state_of(video: &Video, kind: StageKind) -> StageState {
    let stage = video.stages.iter().find(|stage| stage.kind() == kind);
    stage.unwrap().state()
}

/// The receipt's lines add up to the summary's total, and each attempt has its own.
pub async fn books_balance(meter: &Meter, video: &Video) {
    let receipt = receipt(meter, &video.session_id).await;
    let summary = meter.summary(&video.session_id).await;
    let mut sum = Money::ZERO;
    let mut lines = Money::ZERO;
    for entry in &receipt.entries {
        sum = sum.checked_add(money(entry.cost.as_ref())).unwrap();
        for line in &entry.lines {
            lines = lines.checked_add(money(line.cost.as_ref())).unwrap();
        }
        assert_eq!(entry.event_count, 1, "an attempt is one call: {entry:?}");
    }
    assert_eq!(sum, money(summary.total_cost.as_ref()));
    assert_eq!(lines, sum);
    assert_eq!(money(receipt.total_cost.as_ref()), sum);
}

#[tokio::test(flavor = "multi_thread")]
async fn sections_become_a_film_and_every_attempt_stands_on_the_bill() {
    if !renders_here() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let meter = Meter::start(data.path()).await;
    let settings = config(data.path(), simulator.address, meter.address, &[]);
    let generator = Generator::start(settings).await;
    let (video, log) = generator.make(heat_pump(2)).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    assert!(video.duration_ms > 8_000, "{}", video.duration_ms);
    let subtitles = std::fs::read_to_string(&video.subtitles_path).unwrap();
    assert!(subtitles.contains("-->"));
    for kind in [
        StageKind::Code,
        StageKind::Render,
        StageKind::Check,
        StageKind::Compile,
    ] {
        assert_eq!(
            state_of(&video, kind),
            StageState::Succeeded,
            "{kind:?} {log:#?}"
        );
    }

    let events = meter.events(&video.session_id).await;
    let counting = counting(&events);
    assert_eq!(of_stage(&counting, "code").len(), 2);
    let mended = of_stage(&counting, "correction").len() + of_stage(&counting, "visual_fix").len();
    assert!(mended >= 1, "the second section fails at first: {log:#?}");
    let discarded = counting
        .iter()
        .filter(|it| it.outcome() == CallOutcome::Discarded)
        .count();
    assert_eq!(
        discarded, mended,
        "what a correction replaces was thrown away"
    );
    let looks = of_stage(&counting, "visual_check");
    assert!(looks.len() >= 4 && looks.iter().all(|it| it.service == "ollama"));
    let summary = meter.summary(&video.session_id).await;
    let ollama = summary
        .by_service
        .iter()
        .find(|it| it.service == "ollama")
        .unwrap();
    assert_eq!(
        money(ollama.cost.as_ref()),
        Money::ZERO,
        "a local model costs nothing"
    );
    assert!(
        ollama.tokens.as_ref().unwrap().total_token_count > 0,
        "and is counted"
    );
    books_balance(&meter, &video).await;
    assert_eq!(video.retry_call_count, i64::try_from(mended).unwrap());
    assert!(money(video.retry_cost.as_ref()) > Money::ZERO);
    assert_eq!(video.call_count, i64::try_from(counting.len()).unwrap());

    // What it really used is what the next one is likely to use, also after a restart.
    generator.stop().await;
    let settings = config(data.path(), simulator.address, meter.address, &[]);
    let generator = Generator::start(settings).await;
    let request = EstimateVideoRequest {
        spec: Some(heat_pump(2)),
    };
    let estimate = generator
        .client
        .clone()
        .estimate_video(request)
        .await
        .unwrap();
    let estimate = estimate.into_inner().estimate.unwrap();
    assert!(estimate.basis.contains("really used"), "{}", estimate.basis);
    let likely = estimate.likely.unwrap();
    assert_eq!(likely.call_count, video.call_count, "{likely:#?}");
    assert_eq!(
        money(likely.cost.as_ref()).to_string()[..5],
        money(summary.total_cost.as_ref()).to_string()[..5]
    );
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_fails_every_time_is_tried_once_by_the_pro_model_and_then_its_section_is_missing()
{
    if !renders_here() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    // The first section's five calls, of which the first and the last ask for new code.
    simulator
        .faults("code:bad_code*2, correction:bad_code*3")
        .await;
    let meter = Meter::start(data.path()).await;
    let one_by_one = ["--generator-sections-at-once", "1"];
    let settings = config(data.path(), simulator.address, meter.address, &one_by_one);
    let generator = Generator::start(settings).await;
    let spec = VideoSpec {
        allow_missing_sections: true,
        ..heat_pump(2)
    };
    let (video, log) = generator.make(spec).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let said = video.notices.join("\n");
    assert!(
        said.contains("section 1 could not be made (NameError"),
        "{said}"
    );
    let events = meter.events(&video.session_id).await;
    let counting = counting(&events);
    let of_first = |stage: &str| {
        let of_stage = of_stage(&counting, stage).into_iter();
        of_stage.filter(|it| it.scene == 1).collect::<Vec<_>>()
    };
    let lengths =
        ["code", "correction", "visual_fix", "last_attempt"].map(|stage| of_first(stage).len());
    assert_eq!(lengths, [1, 3, 0, 1]);
    assert_eq!(of_first("last_attempt")[0].model, "gemini-3-pro-preview");
    for stage in ["code", "correction", "last_attempt"] {
        assert!(
            of_first(stage)
                .iter()
                .all(|it| it.outcome() == CallOutcome::Discarded),
            "{stage}"
        );
    }
    books_balance(&meter, &video).await;
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_whose_section_is_missing_fails_unless_the_person_said_otherwise_and_resumes_anew()
{
    if !renders_here() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator
        .faults("code:bad_code*2, correction:bad_code*3")
        .await;
    let settings = config(data.path(), simulator.address, nobody().await, &[]);
    let generator = Generator::start(settings).await;
    let (video, log) = generator.make(heat_pump(1)).await;
    assert_eq!(video.state(), VideoState::Failed, "{log:#?}");
    let said = &video.error_message;
    assert!(said.contains("section 1 could not be made"), "{said}");
    let (narrations, codes) = (
        simulator.count("narration").await,
        simulator.count("code").await,
    );
    assert_eq!((narrations, codes), (1, 2));
    // The person wants it tried again: its code anew, and nothing else.
    generator.resume(&video.video_id).await;
    let (video, log) = generator.watch(&video.video_id).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    assert_eq!(
        (
            simulator.count("narration").await,
            simulator.count("code").await
        ),
        (1, 3)
    );
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_answer_of_the_local_model_is_no_verdict_and_the_result_says_so() {
    if !renders_here() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("generate:empty*40").await;
    let settings = config(
        data.path(),
        simulator.address,
        nobody().await,
        &["--generator-tries", "1"],
    );
    let generator = Generator::start(settings).await;
    let (video, log) = generator.make(heat_pump(1)).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let said = video.notices.join("\n");
    assert!(said.contains("section 1 was not judged"), "{said}");
    let check = video
        .stages
        .iter()
        .find(|it| it.kind() == StageKind::Check)
        .unwrap();
    assert_eq!(check.items[0].state(), StageState::Skipped, "{check:?}");
    assert!(check.items[0].detail.contains("no verdict"), "{check:?}");
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_ollama_nobody_looks_and_the_result_says_so() {
    if !renders_here() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let url = format!("http://{}", simulator.address);
    let away = format!("http://{}", nobody().await);
    let more = [
        "--gemini-base-url",
        &url,
        "--elevenlabs-base-url",
        &url,
        "--ollama-host",
        &away,
    ];
    let mut settings = config(data.path(), simulator.address, nobody().await, &more);
    settings.keys.gemini = Some(Secret::new("k"));
    settings.keys.elevenlabs = Some(Secret::new("k"));
    let generator = Generator::start(settings).await;
    let (video, log) = generator.make(heat_pump(1)).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let said = video.notices.join("\n");
    assert!(
        said.contains("not looked at, since Ollama does not answer"),
        "{said}"
    );
    assert_eq!(simulator.count("generate").await, 0);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_manim_nothing_is_bought_and_the_command_that_installs_it_is_named() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let nowhere = data.path().join("nowhere");
    let more = ["--manim-home", nowhere.to_str().unwrap()];
    let settings = config(data.path(), simulator.address, nobody().await, &more);
    let generator = Generator::start(settings).await;
    let request = CreateVideoRequest {
        request_id: String::new(),
        spec: Some(heat_pump(1)),
    };
    let refused = generator
        .client
        .clone()
        .create_video(request)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    assert!(
        refused.message().contains("scripts/setup.sh --animated"),
        "{refused}"
    );
    assert_eq!(simulator.count("script").await, 0);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_gives_a_range_for_five_fifteen_and_thirty_sections() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let settings = config(data.path(), simulator.address, nobody().await, &[]);
    let generator = Generator::start(settings).await;
    // Requirement V3: about so many tokens in and out.
    for (sections, input, output) in [
        (5, 30_000, 8_000),
        (15, 90_000, 24_000),
        (30, 200_000, 50_000),
    ] {
        let request = EstimateVideoRequest {
            spec: Some(heat_pump(sections)),
        };
        let answer = generator
            .client
            .clone()
            .estimate_video(request)
            .await
            .unwrap();
        let estimate = answer.into_inner().estimate.unwrap();
        let (lowest, likely, highest) = (
            estimate.lowest.unwrap(),
            estimate.likely.unwrap(),
            estimate.highest.unwrap(),
        );
        assert!(lowest.input_token_count <= input && input <= highest.input_token_count);
        assert!(lowest.output_token_count <= output && output <= highest.output_token_count);
        assert!(likely.character_count > 0 && likely.image_count == 0);
        let cost = |case: &reelmeter_proto::generator::v1::EstimateCase| money(case.cost.as_ref());
        assert!(cost(&lowest) < cost(&likely) && cost(&likely) < cost(&highest));
        // Outline, narrations, thirteen calls for code and the looks of each section.
        let per_section = (highest.call_count - 2) / i64::from(sections);
        assert_eq!(per_section, 2 + 13 + 8, "{}", highest.call_count);
    }
    assert_eq!(simulator.count("script").await, 0, "nothing is bought");
    generator.stop().await;
}
