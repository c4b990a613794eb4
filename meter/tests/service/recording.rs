//! `RecordUsage`: outcomes, and what is turned away at the door.

use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::RecordStatus::{Conflict, Duplicate, Invalid, Recorded};
use tonic::Code;
use tonic_types::StatusExt;

use crate::server::{Server, batch, end, event, quantity, record, start, summary, total};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_of_a_batch_gets_its_own_outcome() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let mut no_basis = event("no basis", "s", "images", 1);
    no_basis.quantities[0].basis = 0;
    let mut unknown_word = event("unknown word", "s", "images", 1);
    unknown_word.outcome = 99;
    let response = meter
        .record_usage(batch(vec![
            event("a", "s", "images", 1),
            event("a", "s", "images", 1),
            event("a", "s", "images", 2),
            event("b", "s", "images", -1),
            no_basis,
            unknown_word,
            event("c", "s", "images", 2),
        ]))
        .await
        .unwrap()
        .into_inner();
    let statuses: Vec<_> = response
        .outcomes
        .iter()
        .map(pb::EventOutcome::status)
        .collect();
    assert_eq!(
        statuses,
        [
            Recorded, Duplicate, Conflict, Invalid, Invalid, Invalid, Recorded
        ]
    );
    let fields: Vec<&str> = response
        .outcomes
        .iter()
        .map(|outcome| outcome.field.as_str())
        .collect();
    assert_eq!(
        fields,
        [
            "",
            "",
            "event_id",
            "quantities[0].value",
            "quantities[0].basis",
            "outcome",
            ""
        ]
    );
    assert!(
        response
            .outcomes
            .iter()
            .all(|outcome| outcome.field.is_empty() == outcome.reason.is_empty())
    );
    assert_eq!(response.outcomes[4].event_id, "no basis");
    let summary = summary(&mut meter, "s").await;
    assert_eq!((summary.event_count, total(&summary)), (2, "0.12"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_breaks_a_rule_names_the_field() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let many: Vec<_> = (0..1_001)
        .map(|number| event(&format!("e{number}"), "s", "images", 1))
        .collect();
    let backlog = |session: &str, pending| pb::SessionBacklog {
        session_id: session.to_owned(),
        pending_event_count: pending,
        ..Default::default()
    };
    let with = |recorder: &str, backlogs| pb::RecordUsageRequest {
        events: vec![event("a", "s", "images", 1)],
        recorder_id: recorder.to_owned(),
        backlogs,
    };
    for (request, field) in [
        (batch(Vec::new()), "events"),
        (batch(many), "events"),
        (with("", vec![backlog("s", 1)]), "recorder_id"),
        (with("r\u{202e}", Vec::new()), "recorder_id"),
        (with("r", vec![backlog("", 1)]), "backlogs[0].session_id"),
        (
            with("r", vec![backlog("s", 0), backlog("s", -1)]),
            "backlogs[1].pending_event_count",
        ),
    ] {
        let error = meter.record_usage(request).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{error:?}");
        let violations = error.get_details_bad_request().unwrap().field_violations;
        assert_eq!(violations[0].field, field);
        assert!(error.message().starts_with(field), "{}", error.message());
    }
    let request = pb::GetSummaryRequest {
        session_id: "s".to_owned(),
    };
    let error = meter.get_summary(request).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound, "nothing of it was recorded");
    assert_eq!(
        error.get_details_resource_info().unwrap().resource_name,
        "s"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_limit_is_refused_and_the_connection_lives() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let mut huge = event("a", "s", "images", 1);
    huge.labels
        .insert("k".to_owned(), "x".repeat(5 * 1024 * 1024));
    let error = meter.record_usage(batch(vec![huge])).await.unwrap_err();
    assert_eq!(error.code(), Code::OutOfRange, "{error:?}");
    assert_eq!(
        record(&mut meter, vec![event("a", "s", "images", 1)]).await,
        [Recorded]
    );
}

/// Who replays the same events at once, and over how many connections.
const CALLERS: usize = 100;
const CONNECTIONS: usize = 32;
/// No multiple of seven, so that every seventh is each of them in turn.
const EVENTS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_with_the_same_events_count_each_once() {
    let server = Server::start().await;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(server.meter().await);
    }
    let mut tasks = Vec::new();
    for caller in 0..CALLERS {
        let mut meter = connections[caller % CONNECTIONS].clone();
        tasks.push(tokio::spawn(async move {
            let mut new = 0;
            for step in 0..EVENTS / 10 {
                // Each sends all of them, in an order of its own.
                let events = (0..10).map(|number| {
                    let id = ((number + step * 10) * 7 + caller) % EVENTS;
                    event(&format!("e{id}"), "s", "images", 1)
                });
                let outcomes = record(&mut meter, events.collect()).await;
                assert!(
                    outcomes
                        .iter()
                        .all(|outcome| matches!(outcome, Recorded | Duplicate))
                );
                new += outcomes
                    .iter()
                    .filter(|outcome| **outcome == Recorded)
                    .count();
            }
            new
        }));
    }
    let mut new = 0;
    for task in tasks {
        new += task.await.unwrap();
    }
    let mut meter = server.meter().await;
    assert_eq!(new, EVENTS, "each is new to exactly one caller");
    let summary = summary(&mut meter, "s").await;
    assert_eq!(summary.event_count, i64::try_from(EVENTS).unwrap());
    assert_eq!(summary.by_model[0].metrics[0].quantity, summary.event_count);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_started_listed_and_ended() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let request = pb::StartSessionRequest {
        title: "Why do volcanoes erupt? 👩\u{200d}🚀".to_owned(),
        labels: [("video".to_owned(), "7".to_owned())].into(),
        ..Default::default()
    };
    let made = meter
        .start_session(request.clone())
        .await
        .unwrap()
        .into_inner();
    let session = made.session.unwrap();
    assert!(
        made.created && session.session_id.len() == 36,
        "the meter makes a key"
    );
    let again = pb::StartSessionRequest {
        session_id: session.session_id.clone(),
        ..request
    };
    let found = meter.start_session(again).await.unwrap().into_inner();
    assert_eq!(
        (found.created, found.session.as_ref()),
        (false, Some(&session))
    );
    let other = pb::StartSessionRequest {
        session_id: session.session_id.clone(),
        simulated: true,
        ..Default::default()
    };
    assert_eq!(
        meter.start_session(other).await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    for number in 0..4 {
        start(&mut meter, &format!("s{number}")).await;
    }
    let mut names = Vec::new();
    let mut request = pb::ListSessionsRequest {
        page_size: 2,
        ..Default::default()
    };
    loop {
        let page = meter
            .list_sessions(request.clone())
            .await
            .unwrap()
            .into_inner();
        names.extend(
            page.sessions
                .into_iter()
                .map(|found| found.session.unwrap().session_id),
        );
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(names, ["s3", "s2", "s1", "s0", &session.session_id]);
    request.state = pb::SessionState::Ended.into();
    let error = meter.list_sessions(request).await.unwrap_err();
    assert_eq!(
        error.code(),
        Code::InvalidArgument,
        "a token of another listing"
    );
    let ended = end(&mut meter, "s1").await;
    assert!(ended.ended && ended.settled);
    let request = pb::ListSessionsRequest {
        state: pb::SessionState::Ended.into(),
        ..Default::default()
    };
    let page = meter.list_sessions(request).await.unwrap().into_inner();
    assert_eq!(page.sessions.len(), 1);
    let reset = pb::ResetSessionRequest {
        session_id: "s1".to_owned(),
    };
    assert_eq!(
        meter.reset_session(reset).await.unwrap_err().code(),
        Code::FailedPrecondition
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_says_what_it_is_made_of() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let mut image = event("a", "s", "images", 2);
    image.model = "gemini-9-image".to_owned();
    image
        .quantities
        .push(quantity("thinking_tokens", 2_000_000));
    let mut local = event("b", "s", "output_tokens", 7);
    (local.service, local.model) = ("ollama".to_owned(), "moondream".to_owned());
    let mut unknown = event("c", "s", "input_tokens", 5);
    unknown.service = "Gemini".to_owned();
    let mut speech = event("d", "s", "characters", 54);
    (speech.service, speech.model) = ("elevenlabs".to_owned(), "JBFqnCBsd6RMkjVDRZzb".to_owned());
    speech.quantities[0].provider_billed = Some(pb::ProviderBilled {
        value: "54".to_owned(),
        unit: "credits".to_owned(),
        expected_value: "27".to_owned(),
    });
    record(&mut meter, vec![image, local, unknown, speech]).await;
    let quota = pb::Quota {
        service: "elevenlabs".to_owned(),
        metric: "characters".to_owned(),
        used_count: 5,
        limit_count: 9,
        ..Default::default()
    };
    meter
        .report_quota(pb::ReportQuotaRequest {
            session_id: "s".to_owned(),
            quota: Some(quota),
        })
        .await
        .unwrap();
    let summary = summary(&mut meter, "s").await;
    assert_eq!(total(&summary), "3.08");
    let line = &summary.by_model[0].metrics[0].lines[0];
    assert_eq!(
        (
            line.metric.as_str(),
            line.rated_as.as_str(),
            line.service_default
        ),
        ("thinking_tokens", "output_tokens", true)
    );
    let rate = line.rate.as_ref().unwrap();
    assert_eq!(
        (rate.model.as_str(), rate.unit_size, rate.origin()),
        ("gemini-2.5-flash", 1_000_000, pb::RateOrigin::PriceBook)
    );
    assert!(
        !rate.source.is_empty() && !rate.source_date.is_empty(),
        "{rate:?}"
    );
    let state = |service: &str| {
        let found = summary
            .by_service
            .iter()
            .find(|entry| entry.service == service)
            .unwrap();
        (
            found.metrics[0].state(),
            found.cost.as_ref().map(|cost| cost.amount.as_str()),
        )
    };
    assert_eq!(state("ollama"), (pb::PricingState::Free, Some("0")));
    assert_eq!(state("elevenlabs"), (pb::PricingState::Subscription, None));
    assert_eq!(
        state("Gemini"),
        (pb::PricingState::Unpriced, None),
        "a familiar look is no match"
    );
    assert_eq!(
        (summary.unpriced.len(), summary.unpriced[0].quantity),
        (1, 5)
    );
    assert!(
        summary.unpriced[0]
            .reason
            .contains("does not know the service"),
        "{}",
        summary.unpriced[0].reason
    );
    let speech = summary
        .by_model
        .iter()
        .find(|model| model.service == "elevenlabs")
        .unwrap();
    assert!(speech.metrics[0].lines[0].provider_billed_differs);
    assert_eq!(summary.quotas[0].first_used_count, 5);
    let book = summary.price_book.unwrap();
    assert_eq!(
        (book.name.as_str(), book.frozen, book.override_count),
        ("documented", false, 0)
    );
    assert_eq!(summary.tokens.unwrap().total_token_count, 2_000_012);
}
