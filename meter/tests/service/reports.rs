//! `GetReceipt`, `QueryUsage`, `ExportEvents`.

use reelmeter_proto::meter::v1 as pb;
use tonic::Code;

use crate::server::{Meter, Server, dollars, end, event, quantity, record, summary, total};

fn call(id: &str, stage: &str, scene: i32, attempt: i32) -> pb::UsageEvent {
    pb::UsageEvent {
        stage: stage.to_owned(),
        scene,
        attempt,
        ..event(id, "s", "input_tokens", 1_000_000)
    }
}

fn ask() -> pb::GetReceiptRequest {
    pb::GetReceiptRequest {
        session_id: "s".to_owned(),
        ..Default::default()
    }
}

async fn receipt(meter: &mut Meter, request: pb::GetReceiptRequest) -> pb::Receipt {
    meter
        .get_receipt(request)
        .await
        .unwrap()
        .into_inner()
        .receipt
        .unwrap()
}

fn amount(money: &Option<pb::Money>) -> &str {
    &money.as_ref().unwrap().amount
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_explains_each_attempt_and_what_it_would_cost_otherwise() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let mut failed = call("b", "code", 1, 1);
    failed.outcome = pb::CallOutcome::Failed.into();
    record(
        &mut meter,
        vec![call("a", "script", 0, 1), failed, call("c", "code", 1, 2)],
    )
    .await;
    end(&mut meter, "s").await;
    let own = receipt(&mut meter, ask()).await;
    let places: Vec<_> = own
        .entries
        .iter()
        .map(|entry| {
            (
                entry.stage.as_str(),
                entry.scene,
                entry.attempt,
                entry.outcome(),
            )
        })
        .collect();
    use pb::CallOutcome::{Failed, Succeeded};
    assert_eq!(
        places,
        [
            ("script", 0, 1, Succeeded),
            ("code", 1, 1, Failed),
            ("code", 1, 2, Succeeded)
        ]
    );
    assert_eq!(
        (amount(&own.total_cost), own.actual_cost, own.difference),
        ("1.5", None, None)
    );
    let line = &own.entries[1].lines[0];
    assert_eq!(
        (amount(&line.cost), line.rate.as_ref().unwrap().unit_size),
        ("0.5", 1_000_000)
    );

    let listed = receipt(
        &mut meter,
        pb::GetReceiptRequest {
            price_book: "list".to_owned(),
            ..ask()
        },
    )
    .await;
    assert_eq!(
        (
            amount(&listed.total_cost),
            amount(&listed.actual_cost),
            amount(&listed.difference)
        ),
        ("0.9", "1.5", "-0.6")
    );
    assert_eq!(listed.price_book.unwrap().name, "list");
    let as_pro = pb::GetReceiptRequest {
        rate_model_substitutions: [(
            "gemini-2.5-flash".to_owned(),
            "gemini-3-pro-preview".to_owned(),
        )]
        .into(),
        ..ask()
    };
    let as_pro = receipt(&mut meter, as_pro).await;
    assert_eq!(
        (amount(&as_pro.total_cost), amount(&as_pro.difference)),
        ("3.75", "2.25")
    );
    let dear = pb::Rate {
        service: "gemini".to_owned(),
        metric: "input_tokens".to_owned(),
        amount: Some(dollars("7")),
        unit_size: 1_000_000,
        ..Default::default()
    };
    let dear = receipt(
        &mut meter,
        pb::GetReceiptRequest {
            rates: vec![dear],
            ..ask()
        },
    )
    .await;
    assert_eq!(amount(&dear.total_cost), "21");
    assert_eq!(
        dear.entries[0].lines[0].rate.as_ref().unwrap().origin(),
        pb::RateOrigin::Request
    );
    assert_eq!(
        total(&summary(&mut meter, "s").await),
        "1.5",
        "nothing was changed by asking"
    );

    let no_book = meter
        .get_receipt(pb::GetReceiptRequest {
            price_book: "none".to_owned(),
            ..ask()
        })
        .await;
    assert_eq!(no_book.unwrap_err().code(), Code::NotFound);
    let nobody = meter
        .get_receipt(pb::GetReceiptRequest {
            session_id: "nobody".to_owned(),
            ..ask()
        })
        .await;
    assert_eq!(nobody.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_added_up_by_what_is_asked_for() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let day = 86_400;
    for number in 0..4 {
        let mut event = event(
            &format!("e{number}"),
            &format!("s{}", number % 2),
            "images",
            1,
        );
        event.occur_time = at(20_000 * day + number * day / 2);
        record(&mut meter, vec![event]).await;
    }
    let ask = |group_by: Vec<pb::UsageGrouping>, from, to| pb::QueryUsageRequest {
        start_time: at(from),
        end_time: at(to),
        group_by: group_by.into_iter().map(Into::into).collect(),
        ..Default::default()
    };
    let answer = meter
        .query_usage(ask(
            vec![pb::UsageGrouping::Day, pb::UsageGrouping::Session],
            20_000 * day,
            20_003 * day,
        ))
        .await
        .unwrap()
        .into_inner();
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.group_values.join(" "), row.event_count))
        .collect();
    let expected = [
        "2024-10-04 s0",
        "2024-10-04 s1",
        "2024-10-05 s0",
        "2024-10-05 s1",
    ]
    .map(|group| (group.to_owned(), 1));
    assert_eq!(rows, expected);
    assert_eq!(amount(&answer.total_cost), "0.16");
    assert_eq!(answer.rows[0].metrics[0].quantity, 1);
    for bad in [
        ask(vec![pb::UsageGrouping::Unspecified], 0, 1),
        ask(vec![pb::UsageGrouping::Label], 0, 1),
        ask(vec![pb::UsageGrouping::Day, pb::UsageGrouping::Day], 0, 1),
        ask(vec![], 1, 1),
    ] {
        assert_eq!(
            meter.query_usage(bad).await.unwrap_err().code(),
            Code::InvalidArgument
        );
    }
}

async fn export(meter: &mut Meter, format: pb::ExportFormat, session: &str) -> String {
    let filter = pb::EventFilter {
        session_id: session.to_owned(),
        ..Default::default()
    };
    let request = pb::ExportEventsRequest {
        filter: Some(filter),
        format: format.into(),
    };
    let mut parts = meter.export_events(request).await.unwrap().into_inner();
    let mut text = String::new();
    while let Some(part) = parts.message().await.unwrap() {
        let part = String::from_utf8(part.data).unwrap();
        assert!(part.ends_with('\n'), "whole lines");
        text.push_str(&part);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_exported_whole_as_lines_and_as_cells() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let mut events: Vec<_> = (0..700)
        .map(|number| event(&format!("e{number}"), "s", "images", number))
        .collect();
    events[0].model = "=HYPERLINK(\"x\")".to_owned();
    events[0].quantities.push(quantity("input_tokens", 5));
    events[0]
        .labels
        .insert("a,b".to_owned(), "\"quoted\"".to_owned());
    events[1].quantities.clear();
    record(&mut meter, events).await;
    record(&mut meter, vec![event("x", "other", "images", 1)]).await;
    let lines = export(&mut meter, pb::ExportFormat::JsonLines, "s").await;
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 700);
    assert_eq!(lines[0]["model"], "=HYPERLINK(\"x\")");
    assert_eq!(lines[0]["quantities"][1]["value"], 5);
    assert_eq!(lines[699]["event_id"], "e699");
    let csv = export(&mut meter, pb::ExportFormat::Csv, "s").await;
    assert_eq!(
        csv.lines().count(),
        1 + 701,
        "a heading, and one line a quantity"
    );
    let first: Vec<&str> = csv.lines().collect();
    assert!(
        first[1].contains("\"'=HYPERLINK(\"\"x\"\")\""),
        "{}",
        first[1]
    );
    assert!(first[0].starts_with("sequence_number,event_id,"));
    assert!(
        export(&mut meter, pb::ExportFormat::JsonLines, "nobody")
            .await
            .is_empty()
    );
    let unsaid = pb::ExportEventsRequest::default();
    assert_eq!(
        meter.export_events(unsaid).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}
