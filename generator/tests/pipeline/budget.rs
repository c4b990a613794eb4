//! Protects promise 11 end to end: a capped video never costs more than its cap, stops with a clear word, and goes on
//! when the cap is raised.

use std::time::Duration;

use crate::support::{Generator, Meter, PATIENCE, Simulator, config, nobody, volcanoes};
use reelmeter_proto::generator::v1::{CancelVideoRequest, VideoSpec, VideoState};
use reelmeter_proto::meter::v1::{Budget, MetricAmount, Money, SetBudgetRequest, budget};
use tokio::time::timeout;

fn dollars(amount: &str) -> Budget {
    let money = Money {
        currency_code: "USD".to_owned(),
        amount: amount.to_owned(),
    };
    Budget {
        limit: Some(budget::Limit::Money(money)),
    }
}

fn capped(budget: Budget) -> VideoSpec {
    VideoSpec {
        budget: Some(budget),
        ..volcanoes()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capped_video_stops_before_its_cap_says_what_is_missing_and_goes_on_when_it_is_raised() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let meter = Meter::start(data.path()).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    // By the documented prices a picture is $0.04: one of two fits.
    let (video, log) = generator.make(capped(dollars("0.06"))).await;
    assert_eq!(video.state(), VideoState::Failed, "{log:#?}");
    let said = &video.error_message;
    assert!(
        said.contains("the budget does not hold the next call"),
        "{said}"
    );
    assert!(said.contains("would take up to $0.04"), "{said}");
    assert_eq!(simulator.count("image").await, 1);
    let status = meter.summary(&video.session_id).await.budget.unwrap();
    assert!(!status.exceeded, "{status:?}");

    let raise = SetBudgetRequest {
        session_id: video.session_id.clone(),
        budget: Some(dollars("1")),
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
            simulator.count("image").await,
            simulator.count("script").await
        ),
        (2, 1)
    );
    let status = meter.summary(&video.session_id).await.budget.unwrap();
    assert!(!status.exceeded, "{status:?}");
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_on_characters_stops_the_narration_alone() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let meter = Meter::start(data.path()).await;
    let generator =
        Generator::start(config(data.path(), simulator.address, meter.address, &[])).await;
    let limit = MetricAmount {
        service: "elevenlabs".to_owned(),
        metric: "characters".to_owned(),
        value: 10,
    };
    let budget = Budget {
        limit: Some(budget::Limit::MetricAmount(limit)),
    };
    let (video, _) = generator.make(capped(budget)).await;
    assert_eq!(video.state(), VideoState::Failed);
    assert!(
        video.error_message.contains("10 characters is left"),
        "{}",
        video.error_message
    );
    assert_eq!(
        (
            simulator.count("script").await,
            simulator.count("narration").await
        ),
        (1, 0)
    );
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_reservation_nothing_is_bought_and_the_wait_is_said() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let away = nobody().await;
    let generator = Generator::start(config(data.path(), simulator.address, away, &[])).await;
    let video = generator.create(capped(dollars("1"))).await;
    let waiting = async {
        loop {
            let stage = generator.get(&video.video_id).await.stages.remove(0);
            if stage.detail.contains("waiting for the meter") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap();
    assert_eq!(simulator.count("script").await, 0);
    let meter = Meter::at(data.path(), away).await;
    let (video, log) = generator.watch(&video.video_id).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    assert!(meter.summary(&video.session_id).await.budget.is_some());
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_waits_for_its_budget_can_be_cancelled() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let video = generator.create(capped(dollars("1"))).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let request = CancelVideoRequest {
        video_id: video.video_id,
    };
    let mut client = generator.client.clone();
    let cancelled = timeout(PATIENCE, client.cancel_video(request))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        cancelled.into_inner().video.unwrap().state(),
        VideoState::Cancelled
    );
    generator.stop().await;
}
