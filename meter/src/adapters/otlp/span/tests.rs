#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Status;

use super::*;

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

/// A span of a call, as the official instrumentation of Google's library writes it.
fn chat(more: Vec<KeyValue>) -> Span {
    let mut attributes = vec![
        text("gen_ai.operation.name", "generate_content"),
        text("gen_ai.provider.name", "gcp.gen_ai"),
        text("gen_ai.request.model", "models/gemini-2.5-flash"),
    ];
    attributes.extend(more);
    Span {
        trace_id: (0..16).collect(),
        span_id: (0..8).collect(),
        end_time_unix_nano: 1_764_000_000_000_000_123,
        attributes,
        ..Span::default()
    }
}

fn event_of(span: &Span) -> SentEvent {
    event(span, &[]).unwrap().unwrap()
}

fn quantities(event: &SentEvent) -> Vec<(&str, i64)> {
    event
        .quantities
        .iter()
        .map(|quantity| (quantity.metric.as_str(), quantity.value))
        .collect()
}

#[test]
fn a_call_becomes_an_event_under_the_ids_of_its_trace_and_span() {
    let event = event_of(&chat(vec![
        number("gen_ai.usage.input_tokens", 100),
        number("gen_ai.usage.output_tokens", 20),
    ]));
    assert_eq!(
        event.event_id,
        "otel/000102030405060708090a0b0c0d0e0f/0001020304050607"
    );
    assert_eq!(event.session_id, "trace-000102030405060708090a0b0c0d0e0f");
    assert_eq!(
        (&*event.service, &*event.model),
        ("gemini", "gemini-2.5-flash")
    );
    assert_eq!(event.stage, "generate_content");
    assert_eq!(event.outcome, Sent::Known(Outcome::Succeeded));
    assert_eq!(
        quantities(&event),
        [("input_tokens", 100), ("output_tokens", 20)]
    );
    assert_eq!(
        event.occur_time,
        Some(SentTime {
            seconds: 1_764_000_000,
            nanoseconds: 123
        })
    );
}

#[test]
fn nothing_is_counted_twice() {
    let event = event_of(&chat(vec![
        number("gen_ai.usage.input_tokens", 10_000),
        number("gen_ai.usage.cache_read.input_tokens", 9_000),
        number("gen_ai.usage.cache_creation.input_tokens", 400),
        number("gen_ai.usage.output_tokens", 1_500),
        number("gen_ai.usage.reasoning.output_tokens", 1_000),
    ]));
    assert_eq!(
        quantities(&event),
        [
            ("input_tokens", 600),
            ("cached_input_tokens", 9_000),
            ("cache_write_input_tokens", 400),
            ("output_tokens", 500),
            ("thinking_tokens", 1_000),
        ]
    );
    assert!(event.labels.is_empty());
}

#[test]
fn counts_that_do_not_add_up_are_kept_and_marked() {
    let event = event_of(&chat(vec![
        number("gen_ai.usage.input_tokens", 10),
        number("gen_ai.usage.cache_read.input_tokens", 9_000),
        number("gen_ai.usage.output_tokens", 5),
        number("gen_ai.usage.reasoning.output_tokens", 6),
    ]));
    assert_eq!(
        quantities(&event),
        [
            ("input_tokens", 10),
            ("cached_input_tokens", 9_000),
            ("output_tokens", 5),
            ("thinking_tokens", 6)
        ]
    );
    assert_eq!(
        event.labels.get("otel.counts").unwrap(),
        "9000 tokens of input were cached, of 10 in all; 6 tokens of output were reasoning, of 5 in all"
    );
}

#[test]
fn older_names_are_read_too() {
    let mut span = chat(vec![
        number("gen_ai.usage.prompt_tokens", 7),
        text("gen_ai.usage.completion_tokens", "3"),
    ]);
    span.attributes.remove(1);
    span.attributes.push(text("gen_ai.system", "openai"));
    span.attributes
        .push(text("gen_ai.openai.response.service_tier", "flex"));
    span.attributes
        .push(text("gen_ai.response.model", "gpt-of-the-day-2026-01-01"));
    let event = event_of(&span);
    assert_eq!(
        quantities(&event),
        [("input_tokens", 7), ("output_tokens", 3)]
    );
    assert_eq!(
        (&*event.service, &*event.model),
        ("openai", "gpt-of-the-day-2026-01-01")
    );
    assert_eq!(event.variant, Sent::Known(Variant::Flex));
}

#[test]
fn the_session_is_ours_or_the_conversation_or_the_trace() {
    let used = || number("gen_ai.usage.input_tokens", 1);
    let conversation = || text("gen_ai.conversation.id", "conversation");
    let span = chat(vec![used(), conversation()]);
    assert_eq!(event_of(&span).session_id, "conversation");
    let resource = [
        text("reelmeter.session.id", "of the resource"),
        text("service.name", "tool"),
    ];
    let event_in = event(&span, &resource).unwrap().unwrap();
    assert_eq!(event_in.session_id, "of the resource");
    assert_eq!(event_in.labels.get("service.name").unwrap(), "tool");
    let own = chat(vec![
        used(),
        conversation(),
        text("reelmeter.session.id", "of the span"),
    ]);
    assert_eq!(
        event(&own, &resource).unwrap().unwrap().session_id,
        "of the span"
    );
}

#[test]
fn what_used_nothing_or_is_a_sum_of_other_spans_is_passed_over() {
    assert!(event(&chat(Vec::new()), &[]).is_none());
    let used = number("gen_ai.usage.input_tokens", 1);
    for operation in ["invoke_agent", "invoke_workflow", "execute_tool"] {
        let mut span = chat(vec![used.clone()]);
        span.attributes[0] = text("gen_ai.operation.name", operation);
        assert!(event(&span, &[]).is_none(), "{operation}");
    }
    // An agent elsewhere has no spans of its own here.
    let mut span = chat(vec![used]);
    span.attributes[0] = text("gen_ai.operation.name", "invoke_agent");
    span.kind = SpanKind::Client.into();
    assert!(event(&span, &[]).is_some());
}

#[test]
fn a_failed_call_is_recorded_as_failed() {
    let used = || number("gen_ai.usage.input_tokens", 1);
    let by_type = chat(vec![used(), text("error.type", "timeout")]);
    assert_eq!(event_of(&by_type).outcome, Sent::Known(Outcome::Failed));
    let mut by_status = chat(vec![used()]);
    by_status.status = Some(Status {
        code: StatusCode::Error.into(),
        ..Status::default()
    });
    assert_eq!(event_of(&by_status).outcome, Sent::Known(Outcome::Failed));
}

#[test]
fn a_span_that_cannot_be_an_event_says_why() {
    let used = || number("gen_ai.usage.input_tokens", 1);
    let refused = |span: &Span| event(span, &[]).unwrap().unwrap_err().to_string();
    let mut nobody = chat(vec![used()]);
    nobody.attributes.remove(1);
    assert!(refused(&nobody).contains("gen_ai.provider.name"));
    let mut nothing = chat(vec![used()]);
    nothing.attributes.remove(2);
    assert!(refused(&nothing).contains("gen_ai.response.model"));
    let mut anonymous = chat(vec![used()]);
    anonymous.span_id.clear();
    assert!(refused(&anonymous).contains("span id"));
    for odd in [
        number("gen_ai.usage.input_tokens", -1),
        text("gen_ai.usage.input_tokens", "many"),
        attribute("gen_ai.usage.input_tokens", Value::DoubleValue(1.5)),
    ] {
        assert!(refused(&chat(vec![odd])).contains("not a whole number"));
    }
}

#[test]
fn no_prompt_and_no_answer_is_kept() {
    let event = event_of(&chat(vec![
        number("gen_ai.usage.input_tokens", 1),
        text("gen_ai.input.messages", "a secret prompt"),
        text("gen_ai.output.messages", "a secret answer"),
        text("gen_ai.prompt", "a secret prompt"),
    ]));
    assert!(!format!("{event:?}").contains("secret"));
}
