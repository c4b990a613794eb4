//! The way in for tools that do not know the meter: spans in, events recorded once, reasons out.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use tonic::codec::CompressionEncoding;

use crate::server::{Server, summary};

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn span(id: u8, provider: Option<&str>, input: i64) -> Span {
    let mut attributes = vec![
        attribute(
            "gen_ai.request.model",
            Value::StringValue("gemini-2.5-flash".to_owned()),
        ),
        attribute("gen_ai.conversation.id", Value::StringValue("c".to_owned())),
        attribute("gen_ai.usage.input_tokens", Value::IntValue(input)),
        attribute("gen_ai.usage.output_tokens", Value::IntValue(0)),
    ];
    if let Some(provider) = provider {
        let provider = Value::StringValue(provider.to_owned());
        attributes.push(attribute("gen_ai.provider.name", provider));
    }
    Span {
        trace_id: vec![7; 16],
        span_id: vec![id; 8],
        name: format!("chat {id}"),
        attributes,
        ..Span::default()
    }
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_recorded_once_however_often_they_are_exported() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    // As the OpenTelemetry Collector sends by default.
    let mut exporter = TraceServiceClient::new(server.channel().await)
        .send_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Gzip);
    let spans = || {
        let mut silent = span(3, Some("gemini"), 0);
        silent.attributes.truncate(2);
        vec![
            span(1, Some("gcp.gemini"), 1_000_000),
            span(2, Some("gemini"), 1_000_000),
            silent,
        ]
    };
    for _ in 0..2 {
        let response = exporter
            .export(request(spans()))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(response.partial_success, None);
    }
    let summary = summary(&mut meter, "c").await;
    assert_eq!(summary.event_count, 2);
    assert_eq!(summary.total_cost.unwrap().amount, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_that_is_refused_is_named_and_holds_up_no_other() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let mut exporter = TraceServiceClient::new(server.channel().await);
    let first = vec![span(1, Some("gemini"), 5), span(2, None, 5)];
    let response = exporter.export(request(first)).await.unwrap().into_inner();
    let partial = response.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 1);
    assert!(
        partial.error_message.contains("chat 2"),
        "{}",
        partial.error_message
    );
    assert!(
        partial.error_message.contains("gen_ai.provider.name"),
        "{}",
        partial.error_message
    );
    // The same ids with another count: a conflict, and the first stays.
    let other = vec![span(1, Some("gemini"), 6)];
    let response = exporter.export(request(other)).await.unwrap().into_inner();
    let partial = response.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 1);
    assert!(
        partial.error_message.contains("event_id"),
        "{}",
        partial.error_message
    );
    let summary = summary(&mut meter, "c").await;
    assert_eq!(
        (
            summary.event_count,
            summary.tokens.unwrap().input_token_count
        ),
        (1, 5)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn many_spans_of_one_request_are_all_recorded() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let mut exporter = TraceServiceClient::new(server.channel().await);
    let spans = (0..2_500_u64).map(|number| Span {
        span_id: number.to_be_bytes().to_vec(),
        ..span(0, Some("gemini"), 1)
    });
    let response = exporter.export(request(spans.collect())).await.unwrap();
    assert_eq!(response.into_inner().partial_success, None);
    assert_eq!(summary(&mut meter, "c").await.event_count, 2_500);
}
