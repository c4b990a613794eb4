//! Protects whoever watches: every metric that the dashboard, the alert rules and the documents name is in a scrape of the
//! running services, with the figures that the ledger has.

use std::collections::BTreeSet;

use reelmeter_proto::meter::v1 as mpb;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::eventually::eventually;
use crate::support::world::World;

async fn scrape(address: std::net::SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let ask = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    Some(text)
}

/// The words that begin with `reelmeter_meter_` or `reelmeter_generator_`.
fn metrics(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| {
            ["reelmeter_meter_", "reelmeter_generator_"]
                .iter()
                .any(|it| word.starts_with(it))
        })
        .map(str::to_owned)
        .collect()
}

fn file(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_that_is_named_is_in_a_scrape_and_says_what_the_ledger_says() {
    let world = World::with_metrics().await;
    let (meter, generator) = world.metrics.unwrap();
    let video = world.create("Why do volcanoes erupt?", 1).await;
    world.finished(&video.video_id).await;
    let settled = world.settled(&video.session_id).await;
    let mut client = world.meter().await;
    let quantity = |metric: &str, value| mpb::Quantity {
        metric: metric.to_owned(),
        value,
        basis: mpb::QuantityBasis::Reported.into(),
        provider_billed: None,
    };
    let event = |id: &str, model: &str, quantities| mpb::UsageEvent {
        event_id: id.to_owned(),
        session_id: "a tool".to_owned(),
        service: "gemini".to_owned(),
        model: model.to_owned(),
        quantities,
        ..Default::default()
    };
    let budget = mpb::StartSessionRequest {
        session_id: "a tool".to_owned(),
        budget: Some(mpb::Budget {
            limit: Some(mpb::budget::Limit::Money(mpb::Money {
                currency_code: "USD".to_owned(),
                amount: "2".to_owned(),
            })),
        }),
        ..Default::default()
    };
    client.start_session(budget).await.unwrap();
    let events = vec![
        event(
            "a",
            "gemini-2.5-flash",
            vec![quantity("input_tokens", 1_000_000)],
        ),
        event("b", "nobody-knows-this", vec![quantity("widgets", 7)]),
        event(
            "a",
            "gemini-2.5-flash",
            vec![quantity("input_tokens", 1_000_000)],
        ),
        event("a", "gemini-2.5-flash", vec![quantity("input_tokens", 5)]),
        event("c", "", vec![]),
    ];
    let recorded = mpb::RecordUsageRequest {
        events,
        ..Default::default()
    };
    client.record_usage(recorded).await.unwrap();

    let wanted: [(&str, &str); 12] = [
        (
            "conflict",
            "reelmeter_meter_events_total{outcome=\"conflict\"} 1",
        ),
        (
            "duplicate",
            "reelmeter_meter_events_total{outcome=\"duplicate\"} 1",
        ),
        (
            "invalid",
            "reelmeter_meter_events_total{outcome=\"invalid\"} 1",
        ),
        (
            "cost",
            "reelmeter_meter_month_cost_usd{tenant=\"\",service=\"gemini\",model=\"gemini-2.5-flash\"} 0.5",
        ),
        (
            "unpriced",
            "reelmeter_meter_month_unpriced_metrics{tenant=\"\",service=\"gemini\"} 1",
        ),
        (
            "budget",
            "reelmeter_meter_budget_used_ratio{tenant=\"\"} 0.25",
        ),
        ("writable", "reelmeter_meter_ledger_writable 1"),
        ("commits", "reelmeter_meter_commit_duration_seconds_count"),
        ("size", "reelmeter_meter_ledger_size_bytes"),
        (
            "outbox",
            "reelmeter_generator_outbox_events{state=\"waiting\"} 0",
        ),
        (
            "calls",
            "reelmeter_generator_provider_calls_total{provider=\"gemini\",outcome=\"succeeded\"}",
        ),
        (
            "videos",
            "reelmeter_generator_videos{state=\"succeeded\"} 1",
        ),
    ];
    let text = eventually("the gauges have followed", || async {
        let text = scrape(meter).await? + &scrape(generator).await?;
        wanted
            .iter()
            .all(|(_, line)| text.contains(line))
            .then_some(text)
    });
    let text = match tokio::time::timeout(std::time::Duration::from_secs(90), text).await {
        Ok(text) => text,
        Err(_) => {
            let text = scrape(meter).await.unwrap() + &scrape(generator).await.unwrap();
            let missing: Vec<_> = wanted
                .iter()
                .filter(|(_, line)| !text.contains(line))
                .collect();
            panic!("missing {missing:?} in\n{text}");
        }
    };
    let recorded: i64 = text
        .lines()
        .find_map(|line| line.strip_prefix("reelmeter_meter_events_total{outcome=\"recorded\"} "))
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(
        recorded,
        settled.event_count + 2,
        "the video's events and two of ours"
    );
    // Simulated calls are no money.
    assert!(!text.contains("model=\"eleven"), "{text}");

    let there = metrics(&text);
    for named in [
        "ops/prometheus/reelmeter-rules.yml",
        "ops/grafana/reelmeter.json",
        "docs/operating.md",
    ] {
        let named_there = metrics(&file(named));
        assert!(named_there.len() > 8, "{named} names {named_there:?}");
        for metric in named_there {
            assert!(
                there.contains(&metric),
                "{named} names {metric}, which no service has: {there:?}"
            );
        }
    }
    world.stop().await;
}
