//! `SetBudget`, `ReserveBudget`, `ReleaseReservation`.

use reelmeter_proto::meter::v1 as pb;
use tonic::Code;
use tonic_types::StatusExt;

use crate::server::{Server, dollars, event, record, start, summary};

fn cap(amount: &str) -> Option<pb::Budget> {
    Some(pb::Budget {
        limit: Some(pb::budget::Limit::Money(dollars(amount))),
    })
}

fn reserve(id: &str, amount: Option<pb::Budget>) -> pb::ReserveBudgetRequest {
    pb::ReserveBudgetRequest {
        session_id: "s".to_owned(),
        reservation_id: id.to_owned(),
        amount,
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_takes_a_lease_draws_on_it_and_gives_back_the_rest() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let request = pb::StartSessionRequest {
        session_id: "s".to_owned(),
        budget: cap("1"),
        ..Default::default()
    };
    meter.start_session(request).await.unwrap();
    let answer = meter
        .reserve_budget(reserve("r", None))
        .await
        .unwrap()
        .into_inner();
    let lease = answer.reservation.unwrap();
    assert_eq!(
        (lease.amount, lease.drawn, lease.state),
        (cap("1"), cap("0"), pb::ReservationState::Open.into())
    );
    assert!(
        answer.price_book.unwrap().rates.len() > 5,
        "with the rates for rating while the meter is away"
    );
    let error = meter
        .reserve_budget(reserve("q", cap("0.01")))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted);
    let info = error.get_details_error_info().unwrap();
    assert_eq!(
        (info.reason.as_str(), info.metadata["remaining"].as_str()),
        ("BUDGET_EXHAUSTED", "0 USD")
    );
    let mut call = event("a", "s", "images", 5);
    call.reservation_id = "r".to_owned();
    record(&mut meter, vec![call]).await;
    let status = summary(&mut meter, "s").await.budget.unwrap();
    assert_eq!(
        (status.spent, status.reserved, status.remaining),
        (cap("0.2"), cap("0.8"), cap("0"))
    );
    let release = pb::ReleaseReservationRequest {
        session_id: "s".to_owned(),
        reservation_id: "r".to_owned(),
    };
    let released = meter
        .release_reservation(release)
        .await
        .unwrap()
        .into_inner()
        .reservation
        .unwrap();
    assert_eq!(
        (released.drawn, released.state),
        (cap("0.2"), pb::ReservationState::Released.into())
    );
    let status = summary(&mut meter, "s").await.budget.unwrap();
    assert_eq!(
        (status.reserved, status.remaining, status.exceeded),
        (cap("0"), cap("0.8"), false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    start(&mut meter, "s").await;
    let error = meter.reserve_budget(reserve("r", None)).await.unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition, "there is no budget");
    let set = |budget| pb::SetBudgetRequest {
        session_id: "s".to_owned(),
        budget,
    };
    let nothing = Some(pb::Budget { limit: None });
    let negative_characters = Some(pb::Budget {
        limit: Some(pb::budget::Limit::MetricAmount(pb::MetricAmount {
            metric: "characters".to_owned(),
            value: -1,
            ..Default::default()
        })),
    });
    for budget in [cap("-1"), cap("a lot"), nothing, negative_characters] {
        assert_eq!(
            meter.set_budget(set(budget)).await.unwrap_err().code(),
            Code::InvalidArgument
        );
    }
    assert!(
        meter
            .set_budget(set(cap("1")))
            .await
            .unwrap()
            .into_inner()
            .budget
            .is_some()
    );
    assert!(
        meter
            .set_budget(set(None))
            .await
            .unwrap()
            .into_inner()
            .budget
            .is_none()
    );
    meter.set_budget(set(cap("1"))).await.unwrap();
    let day_and_more = pb::ReserveBudgetRequest {
        lifetime: Some(prost_types::Duration {
            seconds: 86_401,
            nanos: 0,
        }),
        ..reserve("r", None)
    };
    for bad in [reserve("", None), day_and_more] {
        assert_eq!(
            meter.reserve_budget(bad).await.unwrap_err().code(),
            Code::InvalidArgument
        );
    }
    let release = pb::ReleaseReservationRequest {
        session_id: "s".to_owned(),
        reservation_id: "never".to_owned(),
    };
    assert_eq!(
        meter.release_reservation(release).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_runs_cannot_break_a_cap_together() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let request = pb::StartSessionRequest {
        session_id: "s".to_owned(),
        budget: cap("1"),
        ..Default::default()
    };
    meter.start_session(request).await.unwrap();
    let mut tasks = Vec::new();
    for run in 0..20 {
        let mut meter = server.meter().await;
        tasks.push(tokio::spawn(async move {
            meter
                .reserve_budget(reserve(&format!("r{run}"), cap("0.3")))
                .await
                .is_ok()
        }));
    }
    let mut granted = 0;
    for task in tasks {
        granted += usize::from(task.await.unwrap());
    }
    assert_eq!(granted, 3);
}
