//! Protects the pipeline as a whole: a prompt in, a narrated video out, and the meter's figures equal to what the
//! provider would have billed.

use crate::support::{Generator, Meter, Simulator, config, nobody, quantity, volcanoes};
use reelmeter_proto::generator::v1::{
    AspectRatio, CostState, EstimateVideoRequest, StageKind, StageState, VideoSpec, VideoState,
};
use reelmeter_proto::meter::v1::{CallOutcome, Money, QuantityBasis, Rate, SetRatesRequest};

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

#[tokio::test(flavor = "multi_thread")]
async fn the_meter_has_what_the_provider_would_have_billed() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let meter = Meter::start(data.path()).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    let spec = VideoSpec {
        rephrase: true,
        scene_count: 2,
        image_count: 3,
        aspect_ratio: AspectRatio::Portrait.into(),
        labels: [("project".to_owned(), "earth".to_owned())].into(),
        ..volcanoes()
    };
    let (video, log) = generator.make(spec).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    assert!(video.width_px < video.height_px);
    assert_eq!(video.cost_state(), CostState::Settled, "{log:#?}");
    assert_eq!(video.pending_event_count, 0);
    let kinds: Vec<StageKind> = video.stages.iter().map(|stage| stage.kind()).collect();
    assert!(kinds.contains(&StageKind::Rephrase));

    let summary = meter.summary(&video.session_id).await;
    assert!(
        summary.simulated && summary.ended && summary.settled,
        "{summary:#?}"
    );
    let session = summary.session.as_ref().unwrap();
    assert_eq!(session.title, "Why do volcanoes erupt?");
    assert_eq!(
        session.labels.get("project").map(String::as_str),
        Some("earth")
    );
    assert_eq!(
        summary.event_count, 7,
        "script, rephrase, two narrations, three images"
    );
    assert!(!summary.quotas.is_empty(), "the quota was reported");

    let billed = simulator.report().await["billed"].clone();
    let figure = |name: &str| billed[name].as_i64().unwrap();
    assert_eq!(quantity(&video, "images"), figure("images"));
    assert_eq!(quantity(&video, "characters"), figure("characters"));
    assert_eq!(
        quantity(&video, "image_output_tokens"),
        figure("image_tokens")
    );
    assert_eq!(
        quantity(&video, "thinking_tokens"),
        figure("thinking_tokens")
    );

    let events = meter.events(&video.session_id).await;
    let narration = events
        .iter()
        .find(|event| event.stage == "narration")
        .unwrap();
    assert_eq!(
        (narration.service.as_str(), narration.model.as_str()),
        ("elevenlabs", "JBFqnCBsd6RMkjVDRZzb")
    );
    assert_eq!(narration.rate_model, "eleven_multilingual_v2");
    assert_eq!(narration.model_display_name, "George");
    let characters = &narration.quantities[0];
    assert_eq!(characters.basis(), QuantityBasis::Counted);
    let bill = characters.provider_billed.as_ref().unwrap();
    assert_eq!(
        (bill.unit.as_str(), &bill.value),
        ("credits", &bill.expected_value)
    );
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outbox_comes_to_the_same_figures_as_the_meter() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let away = nobody().await;
    let generator = Generator::start(config(data.path(), simulator.address, away, &[])).await;
    let (pending, _) = generator.make(volcanoes()).await;
    assert_eq!(pending.cost_state(), CostState::Pending);
    let own = pending.cost_summary.unwrap();

    let meter = Meter::at(data.path(), away).await;
    let settled = async {
        loop {
            let video = generator.get(&pending.video_id).await;
            if video.cost_state() == CostState::Settled {
                return video.cost_summary.unwrap();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let theirs = tokio::time::timeout(crate::support::PATIENCE, settled)
        .await
        .unwrap();
    assert_eq!(theirs, meter.summary(&pending.session_id).await);
    assert_eq!(own.total_cost, theirs.total_cost);
    assert_eq!(own.tokens, theirs.tokens);
    assert_eq!(own.event_count, theirs.event_count);
    for (own, theirs) in own.by_model.iter().zip(&theirs.by_model) {
        assert_eq!(
            (&own.service, &own.model, &own.cost),
            (&theirs.service, &theirs.model, &theirs.cost)
        );
        assert_eq!(own.display_name, theirs.display_name);
        let figures = |metrics: &[reelmeter_proto::meter::v1::MetricSummary]| {
            let figure = |it: &reelmeter_proto::meter::v1::MetricSummary| {
                (it.metric.clone(), it.quantity, it.state, it.cost.clone())
            };
            metrics.iter().map(figure).collect::<Vec<_>>()
        };
        assert_eq!(figures(&own.metrics), figures(&theirs.metrics));
    }
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_that_the_provider_does_not_tell_is_estimated_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("script:no_usage, image:no_usage").await;
    let meter = Meter::start(data.path()).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    let (video, log) = generator
        .make(VideoSpec {
            scene_count: 1,
            ..volcanoes()
        })
        .await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let events = meter.events(&video.session_id).await;
    for stage in ["script", "image"] {
        let event = events.iter().find(|event| event.stage == stage).unwrap();
        assert_eq!(event.outcome(), CallOutcome::Succeeded);
        let estimated = event
            .quantities
            .iter()
            .filter(|it| it.basis() == QuantityBasis::Estimated);
        assert!(estimated.count() > 0, "{event:#?}");
        assert!(event.labels.contains_key("anomalies"), "{event:#?}");
    }
    let summary = meter.summary(&video.session_id).await;
    assert!(summary.estimated_cost.unwrap().amount != "0");
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_brackets_what_the_video_then_takes() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let meter = Meter::start(data.path()).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    let request = EstimateVideoRequest {
        spec: Some(volcanoes()),
    };
    let answer = generator
        .client
        .clone()
        .estimate_video(request)
        .await
        .unwrap();
    let estimate = answer.into_inner().estimate.unwrap();
    assert!(estimate.simulated);
    assert_eq!(
        simulator.count("script").await,
        0,
        "an estimate buys nothing"
    );
    let (video, log) = generator.make(volcanoes()).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let (lowest, highest) = (estimate.lowest.unwrap(), estimate.highest.unwrap());
    let tokens = video.cost_summary.as_ref().unwrap().tokens.unwrap();
    for (name, low, real, high) in [
        (
            "input",
            lowest.input_token_count,
            tokens.input_token_count,
            highest.input_token_count,
        ),
        (
            "output",
            lowest.output_token_count,
            tokens.output_token_count,
            highest.output_token_count,
        ),
        (
            "characters",
            lowest.character_count,
            quantity(&video, "characters"),
            highest.character_count,
        ),
        (
            "images",
            lowest.image_count,
            quantity(&video, "images"),
            highest.image_count,
        ),
        (
            "calls",
            lowest.call_count,
            video.call_count,
            highest.call_count,
        ),
    ] {
        assert!(
            low <= real && real <= high,
            "{name}: {low} <= {real} <= {high}"
        );
    }
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_uses_the_prices_that_are_in_force_now() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let meter = Meter::start(data.path()).await;
    let settings = config(data.path(), simulator.address, meter.address, &[]);
    let generator = Generator::start(settings).await;
    let likely = || async {
        let request = EstimateVideoRequest {
            spec: Some(volcanoes()),
        };
        let answer = generator
            .client
            .clone()
            .estimate_video(request)
            .await
            .unwrap();
        let estimate = answer.into_inner().estimate.unwrap();
        (
            estimate.likely.unwrap().cost.unwrap().amount,
            estimate.price_book.unwrap(),
        )
    };
    let (before, book) = likely().await;
    assert_eq!((book.name.as_str(), book.override_count), ("documented", 0));
    let rate = Rate {
        service: "gemini".to_owned(),
        model: "gemini-2.5-flash-image".to_owned(),
        metric: "images".to_owned(),
        amount: Some(Money {
            currency_code: "USD".to_owned(),
            amount: "100".to_owned(),
        }),
        unit_size: 1,
        ..Rate::default()
    };
    let request = SetRatesRequest { rates: vec![rate] };
    meter.prices().set_rates(request).await.unwrap();
    let (after, book) = likely().await;
    assert_eq!(book.override_count, 1);
    assert!(
        before.starts_with("0.") && after.starts_with("200."),
        "{before} {after}"
    );
    generator.stop().await;
}
