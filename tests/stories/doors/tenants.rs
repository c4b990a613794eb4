//! Two tenants under one roof: the same names, and nothing in common.

use std::collections::BTreeSet;
use std::time::Duration;

use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorSet};
use reelmeter_proto::generator::v1 as gpb;
use reelmeter_proto::meter::v1 as mpb;
use tonic::Code;

use super::house::House;
use super::roles::contract;
use crate::support::eventually::eventually;

const METER: &str = "/reelmeter.meter.v1.MeterService/";
const PRICING: &str = "/reelmeter.meter.v1.PricingService/";
const AUDIT: &str = "/reelmeter.meter.v1.AuditService/";
const GENERATOR: &str = "/reelmeter.generator.v1.GeneratorService/";

fn at(service: &str, rpc: &str) -> String {
    format!("{service}{rpc}")
}

/// The field of a message that names a session or a video, by its number.
fn names_one(message: &DescriptorProto) -> Option<u32> {
    let field = message
        .field
        .iter()
        .find(|field| matches!(field.name(), "session_id" | "video_id"))?;
    u32::try_from(field.number()).ok()
}

/// A message with that text in that field and nothing else.
fn naming(number: u32, text: &str) -> Vec<u8> {
    use prost::encoding::string;
    let mut bytes = Vec::new();
    string::encode(number, &text.to_owned(), &mut bytes);
    bytes
}

/// A message that is sent as it is.
#[derive(Clone, Debug, Default)]
struct Raw(Vec<u8>);

impl Message for Raw {
    fn encode_raw(&self, buffer: &mut impl prost::bytes::BufMut) {
        buffer.put_slice(&self.0);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: prost::encoding::WireType,
        buffer: &mut impl prost::bytes::Buf,
        context: prost::encoding::DecodeContext,
    ) -> Result<(), prost::DecodeError> {
        prost::encoding::skip_field(wire_type, tag, buffer, context)
    }

    fn encoded_len(&self) -> usize {
        self.0.len()
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

fn event(id: &str, tokens: i64) -> mpb::RecordUsageRequest {
    mpb::RecordUsageRequest {
        events: vec![mpb::UsageEvent {
            event_id: id.to_owned(),
            session_id: "film".to_owned(),
            service: "gemini".to_owned(),
            model: "gemini-2.5-flash".to_owned(),
            quantities: vec![mpb::Quantity {
                metric: "input_tokens".to_owned(),
                value: tokens,
                basis: mpb::QuantityBasis::Reported.into(),
                provider_billed: None,
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_that_names_a_session_or_a_video_finds_none_of_another_tenant() {
    let house = House::open().await;
    let recorded: mpb::RecordUsageResponse = house
        .ask(
            "record.acme",
            &at(METER, "RecordUsage"),
            event("a", 1_000_000),
        )
        .await
        .unwrap();
    assert_eq!(recorded.outcomes[0].status(), mpb::RecordStatus::Recorded);
    let video = order(&house, "generate.acme", "order-1").await;

    let set = FileDescriptorSet::decode(reelmeter_proto::FILE_DESCRIPTOR_SET).unwrap();
    let message = |name: &str| -> DescriptorProto {
        let (package, name) = name.rsplit_once('.').unwrap();
        let files = set.file.iter().filter(|file| file.package() == package);
        let mut messages = files.flat_map(|file| &file.message_type);
        messages
            .find(|message| message.name() == name)
            .unwrap()
            .clone()
    };
    let mut tried = BTreeSet::new();
    for (path, input) in contract() {
        let Some(number) = names_one(&message(&input)) else {
            continue;
        };
        // To start a session is to have one of one's own of that name.
        if path.ends_with("/StartSession") {
            continue;
        }
        let theirs = if path.starts_with(GENERATOR) {
            video.video_id.as_str()
        } else {
            "film"
        };
        let mut message = naming(number, theirs);
        if path.ends_with("/ReserveBudget") || path.ends_with("/ReleaseReservation") {
            // Without a reservation's id they are refused before anything is looked up.
            let field = if path.ends_with("/ReserveBudget") {
                2
            } else {
                1
            };
            message.extend(naming(field, "lease"));
        }
        if path.ends_with("/ReportQuota") {
            let quota = mpb::Quota {
                service: "elevenlabs".to_owned(),
                metric: "characters".to_owned(),
                ..Default::default()
            };
            let whole = mpb::ReportQuotaRequest {
                session_id: "film".to_owned(),
                quota: Some(quota),
            };
            message = whole.encode_to_vec();
        }
        let token = &house.tokens["admin.other"];
        let outcome = house.call::<()>(&path, Raw(message), Some(token)).await;
        let status = match outcome {
            Err(status) => status,
            Ok(mut answers) => answers.message().await.expect_err(&path),
        };
        assert_eq!(
            status.code(),
            Code::NotFound,
            "{path}: {}",
            status.message()
        );
        tried.insert(path);
    }
    assert!(tried.len() >= 16, "{tried:?}");

    // And nothing of it has changed anything.
    let summary: mpb::GetSummaryResponse = house
        .ask("read.acme", &at(METER, "GetSummary"), film())
        .await
        .unwrap();
    let summary = summary.summary.unwrap();
    assert_eq!(summary.total_cost.unwrap().amount, "0.5");
    assert!(!summary.ended && summary.reset_time.is_none() && summary.budget.is_none());
    house.close().await;
}

fn film() -> mpb::GetSummaryRequest {
    mpb::GetSummaryRequest {
        session_id: "film".to_owned(),
    }
}

async fn order(house: &House, who: &str, request_id: &str) -> gpb::Video {
    let request = gpb::CreateVideoRequest {
        request_id: request_id.to_owned(),
        spec: Some(gpb::VideoSpec {
            prompt: "Why do volcanoes erupt?".to_owned(),
            scene_count: 1,
            resolution_px: 360,
            ..Default::default()
        }),
    };
    let created: gpb::CreateVideoResponse = house
        .ask(who, &at(GENERATOR, "CreateVideo"), request)
        .await
        .unwrap();
    created.video.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_use_the_same_names_and_see_their_own_alone() {
    let house = House::open().await;
    for (tenant, tokens) in [("acme", 1_000_000), ("other", 3_000_000)] {
        let recorded: mpb::RecordUsageResponse = house
            .ask(
                &format!("record.{tenant}"),
                &at(METER, "RecordUsage"),
                event("the same id", tokens),
            )
            .await
            .unwrap();
        assert_eq!(recorded.outcomes[0].status(), mpb::RecordStatus::Recorded);
    }
    // One of them sets a price of their own.
    let rates = mpb::SetRatesRequest {
        rates: vec![mpb::Rate {
            service: "gemini".to_owned(),
            model: "gemini-2.5-flash".to_owned(),
            metric: "input_tokens".to_owned(),
            amount: Some(mpb::Money {
                currency_code: "USD".to_owned(),
                amount: "0.1".to_owned(),
            }),
            unit_size: 1_000_000,
            ..Default::default()
        }],
    };
    let _: mpb::SetRatesResponse = house
        .ask("price.acme", &at(PRICING, "SetRates"), rates)
        .await
        .unwrap();
    for (tenant, total, overrides) in [("acme", "0.1", 1), ("other", "1.5", 0)] {
        let reader = format!("read.{tenant}");
        let summary: mpb::GetSummaryResponse = house
            .ask(&reader, &at(METER, "GetSummary"), film())
            .await
            .unwrap();
        let summary = summary.summary.unwrap();
        assert_eq!(summary.total_cost.unwrap().amount, total, "{tenant}");
        let watched: mpb::WatchSummaryResponse = house
            .ask(
                &reader,
                &at(METER, "WatchSummary"),
                mpb::WatchSummaryRequest::default(),
            )
            .await
            .unwrap();
        let watched = watched.summary.unwrap().total_cost.unwrap().amount;
        assert_eq!(watched, total, "{tenant} watches the newest of its own");
        let sessions: mpb::ListSessionsResponse = house
            .ask(
                &reader,
                &at(METER, "ListSessions"),
                mpb::ListSessionsRequest::default(),
            )
            .await
            .unwrap();
        assert_eq!(sessions.sessions.len(), 1);
        let events: mpb::ListEventsResponse = house
            .ask(
                &reader,
                &at(METER, "ListEvents"),
                mpb::ListEventsRequest::default(),
            )
            .await
            .unwrap();
        assert_eq!(events.events.len(), 1);
        let export: mpb::ExportEventsResponse = house
            .ask(
                &reader,
                &at(METER, "ExportEvents"),
                mpb::ExportEventsRequest {
                    filter: None,
                    format: mpb::ExportFormat::JsonLines.into(),
                },
            )
            .await
            .unwrap();
        assert_eq!(export.data.iter().filter(|byte| **byte == b'\n').count(), 1);
        let used: mpb::QueryUsageResponse = house
            .ask(
                &reader,
                &at(METER, "QueryUsage"),
                mpb::QueryUsageRequest::default(),
            )
            .await
            .unwrap();
        assert_eq!(used.total_cost.unwrap().amount, total);
        let book: mpb::GetPriceBookResponse = house
            .ask(
                &reader,
                &at(PRICING, "GetPriceBook"),
                mpb::GetPriceBookRequest::default(),
            )
            .await
            .unwrap();
        let set = |rate: &&mpb::Rate| rate.origin() == mpb::RateOrigin::Rpc;
        assert_eq!(
            book.price_book.unwrap().rates.iter().filter(set).count(),
            overrides
        );
        let trail: mpb::ListAuditEntriesResponse = house
            .ask(
                &format!("admin.{tenant}"),
                &at(AUDIT, "ListAuditEntries"),
                mpb::ListAuditEntriesRequest::default(),
            )
            .await
            .unwrap();
        assert_eq!(trail.entries.len(), overrides, "{trail:?}");
        for entry in trail.entries {
            assert_eq!(entry.actor, "price.acme");
            assert_eq!(entry.action(), mpb::AuditAction::SetRates);
            assert!(entry.after.contains("gemini-2.5-flash") && entry.create_time.is_some());
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_is_its_tenants_in_the_generator_and_in_the_meter() {
    let house = House::with_simulator().await;
    let acme = order(&house, "generate.acme", "order-1").await;
    let other = order(&house, "generate.other", "order-1").await;
    assert_ne!(
        acme.video_id, other.video_id,
        "the same request id, another tenant"
    );
    let again = order(&house, "generate.acme", "order-1").await;
    assert_eq!(again.video_id, acme.video_id);
    for (tenant, video) in [("acme", &acme), ("other", &other)] {
        let listed: gpb::ListVideosResponse = house
            .ask(
                &format!("read.{tenant}"),
                &at(GENERATOR, "ListVideos"),
                gpb::ListVideosRequest::default(),
            )
            .await
            .unwrap();
        let ids: Vec<_> = listed.videos.iter().map(|video| &video.video_id).collect();
        assert_eq!(ids, [&video.video_id]);
    }
    let watch = gpb::WatchVideoRequest {
        video_id: acme.video_id.clone(),
        after_log_number: 0,
    };
    let reader = Some(house.tokens["read.acme"].as_str());
    let path = at(GENERATOR, "WatchVideo");
    let mut watched = house
        .call::<gpb::WatchVideoResponse>(&path, watch, reader)
        .await
        .unwrap();
    let mut last = None;
    while let Some(message) = watched.message().await.unwrap() {
        last = message.video.or(last);
    }
    let last = last.unwrap();
    assert_eq!(
        last.state(),
        gpb::VideoState::Succeeded,
        "{}",
        last.error_message
    );
    let session = mpb::GetSummaryRequest {
        session_id: last.session_id,
    };
    let path = at(METER, "GetSummary");
    let summary = eventually("the tenant's session settles", || async {
        let answer = house.ask("read.acme", &path, session.clone()).await;
        let answer: mpb::GetSummaryResponse = answer.ok()?;
        answer.summary.filter(|summary| summary.settled)
    })
    .await;
    assert!(summary.event_count > 0, "{summary:?}");
    let theirs = house
        .ask::<mpb::GetSummaryResponse>("read.other", &path, session)
        .await;
    assert_eq!(theirs.unwrap_err().code(), Code::NotFound);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_names_its_own_tenant_and_only_the_recorders_names_others() {
    use tonic::Request;
    let house = House::open().await;
    let recorded = async |token: &str, tenant: &str, id: &str| {
        let mut meter = mpb::meter_service_client::MeterServiceClient::new(house.meter.clone());
        let mut request = Request::new(event(id, 1_000_000));
        request.set_timeout(Duration::from_secs(20));
        let bearer = format!("Bearer {}", house.tokens[token]).parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        request
            .metadata_mut()
            .insert("reelmeter-tenant", tenant.parse().unwrap());
        meter.record_usage(request).await.map(drop)
    };
    recorded("record.acme", "acme", "a").await.unwrap();
    for (token, tenant) in [
        ("record.acme", "other"),
        ("admin.acme", "other"),
        ("admin.acme", ""),
    ] {
        let status = recorded(token, tenant, "b").await.unwrap_err();
        assert_eq!(
            status.code(),
            Code::PermissionDenied,
            "{token} for {tenant:?}"
        );
    }
    recorded("generator", "other", "c").await.unwrap();
    let events: mpb::ListEventsResponse = house
        .ask(
            "read.other",
            &at(METER, "ListEvents"),
            mpb::ListEventsRequest::default(),
        )
        .await
        .unwrap();
    let ids: Vec<_> = events
        .events
        .iter()
        .map(|recorded| recorded.event.as_ref().unwrap().event_id.as_str())
        .collect();
    assert_eq!(ids, ["c"]);
    // For every tenant it may record and read, and nothing more.
    for rpc in ["SetBudget", "ResetSession"] {
        let refused = house.ask::<()>("generator", &at(METER, rpc), ()).await;
        assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied, "{rpc}");
    }
    house.close().await;
}
