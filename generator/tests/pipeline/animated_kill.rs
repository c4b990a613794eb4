//! Protects promise 10 in the animated pipeline: kill the generator at any step of a section, resume, and no code that
//! was kept is bought again; and promise 11: a cap stops before the call that would break it, and what was made stays.

use crate::animated::{books_balance, counting, heat_pump, renders_here};
use crate::kill::{die_at, only_video_of};
use crate::support::{Generator, Meter, Simulator, config};
use reelmeter_proto::generator::v1::{CostState, VideoSpec, VideoState};
use reelmeter_proto::meter::v1::{Budget, CallOutcome, MetricAmount, SetBudgetRequest, budget};

/// Kills the generator at the point, resumes the video, and checks the books.
async fn survives(point: &str) {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    // Its first code fails, so that there is something to throw away and to correct.
    simulator.faults("code:bad_code*1").await;
    die_at(data.path(), simulator.address, point, heat_pump(1)).await;

    let meter = Meter::start(data.path()).await;
    let settings = config(data.path(), simulator.address, meter.address, &[]);
    let generator = Generator::start(settings).await;
    let found = only_video_of(&generator).await;
    generator.resume(&found).await;
    let (video, log) = generator.watch(&found).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{point}: {} {log:#?}",
        video.error_message
    );
    assert_eq!(video.cost_state(), CostState::Settled, "{point}");
    for operation in ["script", "code", "correction"] {
        assert_eq!(
            simulator.count(operation).await,
            1,
            "{point}: {operation} is bought once"
        );
    }
    let events = meter.events(&video.session_id).await;
    // The voice is bought beside the code: if it was in flight at the kill it is asked for again, and both are on the bill.
    let asked = simulator.count("narration").await;
    let billed = events.iter().filter(|event| event.stage == "narration");
    let billed = u64::try_from(billed.count()).unwrap();
    assert!(
        asked <= 2 && asked <= billed,
        "{point}: the narration was asked for {asked} times, {billed} on the bill"
    );
    let counting = counting(&events);
    let discarded: Vec<_> = counting
        .iter()
        .filter(|event| event.outcome() == CallOutcome::Discarded)
        .map(|event| event.stage.as_str())
        .collect();
    assert_eq!(
        discarded,
        ["code"],
        "{point}: thrown away once, however often it is said"
    );
    books_balance(&meter, &video).await;
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_around_failing_code_it_goes_on_from_there() {
    if !renders_here() {
        return;
    }
    for point in [
        "generator.before-check:1",
        "generator.before-discard:1",
        "generator.discarded:1",
    ] {
        survives(point).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_around_its_correction_and_its_picture_it_goes_on_from_there() {
    if !renders_here() {
        return;
    }
    for point in [
        // Script, narration and first code are kept before it.
        "generator.kept:4",
        "generator.before-render:1",
        "generator.rendered:1",
    ] {
        survives(point).await;
    }
}

fn tokens(value: i64) -> Budget {
    let limit = MetricAmount {
        service: "gemini".to_owned(),
        metric: "output_tokens".to_owned(),
        value,
    };
    Budget {
        limit: Some(budget::Limit::MetricAmount(limit)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_stops_before_the_correction_that_would_break_it_and_what_was_made_stays() {
    if !renders_here() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("code:bad_code*1").await;
    let meter = Meter::start(data.path()).await;
    let settings = config(data.path(), simulator.address, meter.address, &[]);
    let generator = Generator::start(settings).await;
    // A call for text may answer with 16,384 tokens: the outline and the first code leave room for no third one.
    let spec = VideoSpec {
        budget: Some(tokens(16_384 + 400)),
        ..heat_pump(1)
    };
    let (video, log) = generator.make(spec).await;
    assert_eq!(video.state(), VideoState::Failed, "{log:#?}");
    let said = &video.error_message;
    assert!(
        said.contains("the budget does not hold the next call"),
        "{said}"
    );
    assert!(said.contains("would take up to"), "{said}");
    assert!(
        said.contains("and with every correction that may follow up to"),
        "{said}"
    );
    assert_eq!(
        (
            simulator.count("code").await,
            simulator.count("correction").await
        ),
        (1, 0)
    );

    let raise = SetBudgetRequest {
        session_id: video.session_id.clone(),
        budget: Some(tokens(1_000_000)),
    };
    meter.client().set_budget(raise).await.unwrap();
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
            simulator.count("code").await,
            simulator.count("correction").await
        ),
        (1, 1)
    );
    let status = meter.summary(&video.session_id).await.budget.unwrap();
    assert!(!status.exceeded, "{status:?}");
    books_balance(&meter, &video).await;
    generator.stop().await;
}
