//! The ways in which public tools get a provider's usage wrong, one test each.
//!
//! Each test names the public report that its body or figures come from, where there is
//! one. Numbers 6 and 7 (streamed totals added up, or dropped) cannot happen here: this
//! client asks for no streams; 15 to 17 are about prices, which the meter knows.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod providers_support;

use providers_support::{Canned, Scripted, failed, ok, status, value};
use reelmeter_generator::adapters::elevenlabs::SpeechRequest;
use reelmeter_generator::adapters::gemini::{ImageFormat, ImageRequest, TextRequest};
use reelmeter_generator::adapters::http::TokioPacer;
use reelmeter_generator::domain::retry::{
    Attempt, FailureClass, Outcome, Policy, Stopped, with_retries,
};
use reelmeter_generator::domain::script::Aspect;
use reelmeter_generator::domain::usage::{Anomaly, Basis, Metric, Usage};
use reelmeter_service::CancellationToken;
use serde_json::{Value, json};

/// A 1×1 PNG.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn text_answer(usage: Value) -> Canned {
    ok(json!({
        "candidates": [{"content": {"role": "model", "parts": [{"text": "The sea rises."}]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": usage, "modelVersion": "m-001", "responseId": "r1"
    })
    .to_string())
}

fn image_answer(usage: Value) -> Canned {
    ok(json!({
        "candidates": [{"content": {"role": "model", "parts": [{"inlineData": {"mimeType": "image/png", "data": PNG}}]}, "finishReason": "STOP"}],
        "usageMetadata": usage
    })
    .to_string())
}

async fn text(answer: Canned) -> Attempt<String> {
    let server = Scripted::start([answer]).await;
    let request = TextRequest::plain("m", "Write about the tides.", 1_000);
    server
        .gemini()
        .write(&request)
        .await
        .map(|answer| answer.text)
}

async fn image(answer: Canned) -> Attempt<usize> {
    let server = Scripted::start([answer]).await;
    let request = ImageRequest::new("m-image", "A harbour.", Aspect::Landscape);
    server
        .gemini()
        .draw(&request)
        .await
        .map(|picture| picture.bytes.len())
}

/// The quantities as (name, value), all of them reported.
fn reported(usage: &Usage) -> Vec<(&'static str, u64)> {
    usage
        .quantities
        .iter()
        .inspect(|quantity| assert_eq!(quantity.basis, Basis::Reported, "{quantity:?}"))
        .map(|quantity| (quantity.metric.as_str(), quantity.value))
        .collect()
}

#[tokio::test]
async fn defects_1_and_2_thinking_is_billed_and_not_taken_out_of_the_answer() {
    let attempt = text(text_answer(json!({
        "promptTokenCount": 41, "candidatesTokenCount": 5, "thoughtsTokenCount": 343, "totalTokenCount": 389
    })))
    .await;
    assert_eq!(
        reported(&attempt.usage),
        [
            ("input_tokens", 41),
            ("output_tokens", 5),
            ("thinking_tokens", 343)
        ]
    );
    assert!(attempt.usage.anomalies.is_empty());
}

#[tokio::test]
async fn defect_1_thinking_that_only_the_total_knows_of_is_not_lost() {
    let attempt = text(text_answer(json!({
        "promptTokenCount": 41, "candidatesTokenCount": 5, "totalTokenCount": 389
    })))
    .await;
    let usage = &attempt.usage;
    assert_eq!(usage.value(Metric::ThinkingTokens), 343);
    assert_eq!(usage.basis(Metric::ThinkingTokens), Some(Basis::Estimated));
    assert_eq!(usage.basis(Metric::InputTokens), Some(Basis::Reported));
    assert!(usage.anomalies.contains(&Anomaly::TotalDiffers {
        sum: 46,
        total: 389
    }));
}

#[tokio::test]
async fn defect_3_an_absent_or_null_count_neither_fails_the_call_nor_reads_as_nothing() {
    let whole = json!({"promptTokenCount": 412, "candidatesTokenCount": 655, "thoughtsTokenCount": 1123, "totalTokenCount": 2190});
    for name in [
        "promptTokenCount",
        "candidatesTokenCount",
        "thoughtsTokenCount",
        "totalTokenCount",
    ] {
        for null in [false, true] {
            let mut usage = whole.clone();
            if null {
                usage[name] = Value::Null;
            } else {
                usage.as_object_mut().unwrap().remove(name);
            }
            let attempt = text(text_answer(usage)).await;
            let sum: u64 = attempt.usage.quantities.iter().map(|q| q.value).sum();
            // The total gives back what is missing; without the total nothing is.
            assert_eq!(sum, 2_190, "{name} {null}: {:?}", attempt.usage);
            let estimated = attempt.usage.is_estimated();
            assert_eq!(estimated, name != "totalTokenCount", "{name}");
            assert_eq!(value(attempt), "The sea rises.");
        }
    }
}

#[tokio::test]
async fn defect_3_missing_and_strange_usage_is_estimated_and_marked() {
    for (usage, code) in [
        (Value::Null, "usage_missing"),
        (json!({}), "usage_empty"),
        (
            json!({"promptTokenCount": 0, "totalTokenCount": 0}),
            "usage_empty",
        ),
        (json!("12"), "count_unreadable"),
        (json!([1, 2]), "count_unreadable"),
        (
            json!({"promptTokenCount": null, "candidatesTokenCount": null, "totalTokenCount": null}),
            "usage_empty",
        ),
        (
            json!({"promptTokenCount": -5, "candidatesTokenCount": "many"}),
            "count_unreadable",
        ),
    ] {
        let attempt = text(text_answer(usage.clone())).await;
        let marks: Vec<_> = attempt.usage.anomalies.iter().map(Anomaly::code).collect();
        assert!(marks.contains(&code), "{usage}: {marks:?}");
        for metric in [Metric::InputTokens, Metric::OutputTokens] {
            assert!(attempt.usage.value(metric) > 0, "{usage}");
            assert_eq!(
                attempt.usage.basis(metric),
                Some(Basis::Estimated),
                "{usage}"
            );
        }
        assert_eq!(value(attempt), "The sea rises.");
    }
}

#[tokio::test]
async fn defect_3_counts_as_texts_and_fractions_are_understood() {
    let attempt = text(text_answer(json!({
        "promptTokenCount": "412", "candidatesTokenCount": 655.0, "totalTokenCount": "1067"
    })))
    .await;
    assert_eq!(
        reported(&attempt.usage),
        [("input_tokens", 412), ("output_tokens", 655)]
    );
    assert_eq!(attempt.usage.anomalies.len(), 3);
}

#[tokio::test]
async fn defects_4_and_5_cached_tokens_are_billed_once_and_as_cached() {
    let attempt = text(text_answer(json!({
        "promptTokenCount": 1000, "cachedContentTokenCount": 900, "candidatesTokenCount": 10, "totalTokenCount": 1010,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 1000}],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 900}]
    })))
    .await;
    assert_eq!(
        reported(&attempt.usage),
        [
            ("input_tokens", 100),
            ("cached_input_tokens", 900),
            ("output_tokens", 10)
        ]
    );
    assert!(attempt.usage.anomalies.is_empty());
}

#[tokio::test]
async fn defect_4_more_cached_than_prompted_is_kept_marked_and_never_negative() {
    let attempt = text(text_answer(json!({
        "promptTokenCount": 100, "cachedContentTokenCount": 900, "candidatesTokenCount": 10, "totalTokenCount": 110
    })))
    .await;
    assert_eq!(
        reported(&attempt.usage),
        [("cached_input_tokens", 900), ("output_tokens", 10)]
    );
    assert_eq!(
        attempt.usage.anomalies,
        [Anomaly::CachedAbovePrompt {
            cached: 900,
            prompt: 100
        }]
    );
}

#[tokio::test]
async fn defect_8_image_tokens_are_not_text_tokens() {
    let attempt = image(image_answer(json!({
        "promptTokenCount": 11, "candidatesTokenCount": 1120, "totalTokenCount": 1348, "thoughtsTokenCount": 217,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 11}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}]
    })))
    .await;
    let usage = &attempt.usage;
    assert_eq!(usage.value(Metric::OutputTokens), 0);
    assert_eq!(usage.value(Metric::ImageOutputTokens), 1_120);
    assert_eq!(usage.value(Metric::ThinkingTokens), 217);
    assert_eq!(usage.value(Metric::Images), 1);
    assert_eq!(usage.basis(Metric::Images), Some(Basis::Counted));
    assert!(usage.anomalies.is_empty());
}

#[tokio::test]
async fn defect_8_an_image_without_usage_is_counted_and_its_tokens_are_not_invented() {
    let attempt = image(image_answer(Value::Null)).await;
    let usage = &attempt.usage;
    assert_eq!(usage.value(Metric::Images), 1);
    assert_eq!(usage.value(Metric::ImageOutputTokens), 0);
    assert_eq!(usage.value(Metric::OutputTokens), 0);
    assert_eq!(usage.basis(Metric::InputTokens), Some(Basis::Estimated));
    assert_eq!(usage.anomalies, [Anomaly::UsageMissing]);
}

#[tokio::test]
async fn defect_9_a_split_that_does_not_add_up_loses_nothing() {
    // ding113/claude-code-hub#663: 340 tokens of the answer appear in no detail.
    let attempt = image(image_answer(json!({
        "promptTokenCount": 326, "candidatesTokenCount": 2340, "thoughtsTokenCount": 337, "totalTokenCount": 3003,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 2000}]
    })))
    .await;
    let usage = &attempt.usage;
    assert_eq!(usage.value(Metric::ImageOutputTokens), 2_000);
    assert_eq!(usage.value(Metric::OutputTokens), 340);
    assert_eq!(usage.value(Metric::ThinkingTokens), 337);
    assert!(usage.anomalies.is_empty(), "a split need not be whole");
}

#[tokio::test]
async fn defect_9_a_split_above_its_count_is_kept_and_marked() {
    let attempt = image(image_answer(json!({
        "promptTokenCount": 10, "candidatesTokenCount": 100, "totalTokenCount": 110,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}]
    })))
    .await;
    assert_eq!(attempt.usage.value(Metric::ImageOutputTokens), 1_120);
    assert_eq!(attempt.usage.value(Metric::OutputTokens), 0);
    assert_eq!(attempt.usage.anomalies[0].code(), "details_above_count");
}

#[tokio::test]
async fn defect_10_pictures_and_sound_in_the_prompt_are_counted_apart() {
    let attempt = text(text_answer(json!({
        "promptTokenCount": 2000, "cachedContentTokenCount": 300, "candidatesTokenCount": 7, "totalTokenCount": 2007,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 600}, {"modality": "IMAGE", "tokenCount": 1000}, {"modality": "AUDIO", "tokenCount": 400}],
        "cacheTokensDetails": [{"modality": "IMAGE", "tokenCount": 200}, {"modality": "TEXT", "tokenCount": 100}],
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 7}]
    })))
    .await;
    assert_eq!(
        reported(&attempt.usage),
        [
            ("input_tokens", 500),
            ("cached_input_tokens", 300),
            ("audio_input_tokens", 400),
            ("image_input_tokens", 800),
            ("output_tokens", 7),
        ]
    );
    assert!(attempt.usage.anomalies.is_empty());
}

#[tokio::test]
async fn defect_10_cached_tokens_without_a_split_are_not_counted_twice() {
    let attempt = text(text_answer(json!({
        "promptTokenCount": 1000, "cachedContentTokenCount": 900, "candidatesTokenCount": 7, "totalTokenCount": 1007,
        "promptTokensDetails": [{"modality": "IMAGE", "tokenCount": 500}, {"modality": "TEXT", "tokenCount": 500}]
    })))
    .await;
    let usage = &attempt.usage;
    let input: u64 = usage
        .quantities
        .iter()
        .filter(|quantity| quantity.metric.is_input_tokens())
        .map(|quantity| quantity.value)
        .sum();
    assert_eq!(input, 1_000);
    assert_eq!(usage.value(Metric::CachedInputTokens), 900);
}

#[tokio::test]
async fn defect_11_tool_results_are_input_of_their_own() {
    let attempt = text(text_answer(json!({
        "promptTokenCount": 100, "toolUsePromptTokenCount": 500, "candidatesTokenCount": 7, "totalTokenCount": 607
    })))
    .await;
    assert_eq!(
        reported(&attempt.usage),
        [
            ("input_tokens", 100),
            ("tool_use_input_tokens", 500),
            ("output_tokens", 7)
        ]
    );
}

#[tokio::test]
async fn defect_12_a_blocked_prompt_is_a_billed_failure_and_not_asked_again() {
    // simonw/llm-gemini#80.
    let attempt = text(ok(json!({
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
        "usageMetadata": {"promptTokenCount": 9311, "totalTokenCount": 9311,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9311}]},
        "modelVersion": "gemini-2.0-flash"
    })
    .to_string()))
    .await;
    let failure = failed(&attempt);
    assert_eq!(failure.class, FailureClass::PromptBlocked);
    assert_eq!(failure.reason.as_deref(), Some("PROHIBITED_CONTENT"));
    assert!(!failure.class.waiting_may_help());
    assert_eq!(reported(&attempt.usage), [("input_tokens", 9_311)]);
    assert_eq!(
        attempt.served.model_version.as_deref(),
        Some("gemini-2.0-flash")
    );
}

#[tokio::test]
async fn defect_12_a_refused_image_says_why_and_what_it_cost() {
    let attempt = image(ok(json!({
        "candidates": [{"content": {"role": "model"}, "finishReason": "IMAGE_SAFETY", "finishMessage": "Unsafe.", "index": 0}],
        "usageMetadata": {"promptTokenCount": 14, "totalTokenCount": 14}
    })
    .to_string()))
    .await;
    let failure = failed(&attempt);
    assert_eq!(failure.class, FailureClass::AnswerWithheld);
    assert_eq!(
        (failure.reason.as_deref(), failure.message.as_str()),
        (Some("IMAGE_SAFETY"), "Unsafe.")
    );
    assert_eq!(reported(&attempt.usage), [("input_tokens", 14)]);
}

#[tokio::test]
async fn defect_12_no_image_is_a_failure_that_is_paid_for_at_most_twice() {
    let server = Scripted::start([ok(json!({
        "candidates": [{"content": {"parts": [{"text": "Here is your picture!"}]}, "finishReason": "NO_IMAGE"}],
        "usageMetadata": {"promptTokenCount": 14, "candidatesTokenCount": 6, "totalTokenCount": 20}
    })
    .to_string())])
    .await;
    let gemini = server.gemini();
    let request = ImageRequest::new("m-image", "A harbour.", Aspect::Landscape);
    let policy = Policy {
        first_wait: std::time::Duration::from_millis(1),
        ..Policy::default()
    };
    let pacer = TokioPacer::new(CancellationToken::new());
    let paid = std::sync::atomic::AtomicU64::new(0);
    let result = with_retries(&policy, &pacer, |_| async {
        let attempt = gemini.draw(&request).await;
        let tokens = attempt.usage.value(Metric::InputTokens);
        paid.fetch_add(tokens, std::sync::atomic::Ordering::Relaxed);
        Ok::<_, std::convert::Infallible>(attempt)
    })
    .await;
    let Err(Stopped::GaveUp {
        failure, attempts, ..
    }) = result
    else {
        panic!("{result:?}")
    };
    assert_eq!((failure.class, attempts), (FailureClass::NoAnswer, 2));
    assert_eq!(failure.message, "Here is your picture!");
    assert_eq!(paid.into_inner(), 28);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn defect_12_nothing_at_all_is_an_estimated_failure() {
    // router-for-me/CLIProxyAPI#4866: status 200, no image, no usage.
    let attempt = image(ok("{}")).await;
    assert_eq!(failed(&attempt).class, FailureClass::NoAnswer);
    assert_eq!(
        attempt.usage.basis(Metric::InputTokens),
        Some(Basis::Estimated)
    );
    assert_eq!(attempt.usage.value(Metric::Images), 0);
}

#[tokio::test]
async fn of_several_images_the_last_one_is_meant_and_all_are_counted() {
    // A PNG and a JPEG, as far as their first bytes go; a draft inside a thought is free.
    let part = |data: &str| json!({"inlineData": {"mimeType": "image/png", "data": data}});
    let mut thought = part(PNG);
    thought["thought"] = true.into();
    let server = Scripted::start([ok(json!({
        "candidates": [{"content": {"parts": [thought, part(PNG), {"text": "And now:"}, part("/9j/4AAQ")]}, "finishReason": "STOP"}],
    })
    .to_string())])
    .await;
    let request = ImageRequest::new("m-image", "A harbour.", Aspect::Landscape);
    let attempt = server.gemini().draw(&request).await;
    assert_eq!(attempt.usage.value(Metric::Images), 2);
    assert_eq!(value(attempt).format, ImageFormat::Jpeg);
}

#[tokio::test]
async fn defect_13_an_answer_eaten_by_thinking_is_billed_and_not_asked_again() {
    // googleapis/python-genai#811.
    let attempt = text(ok(json!({
        "candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}],
        "usageMetadata": {"promptTokenCount": 336, "thoughtsTokenCount": 256, "totalTokenCount": 592}
    })
    .to_string()))
    .await;
    let failure = failed(&attempt);
    assert_eq!(failure.class, FailureClass::CutShort);
    assert!(
        failure
            .to_string()
            .ends_with("raise the output token limit")
    );
    assert_eq!(
        reported(&attempt.usage),
        [("input_tokens", 336), ("thinking_tokens", 256)]
    );
    assert!(attempt.usage.anomalies.is_empty());
}

#[tokio::test]
async fn defects_14_and_18_each_attempt_is_seen_and_all_their_tokens_are_kept() {
    let counts = json!({"promptTokenCount": 10, "candidatesTokenCount": 1, "totalTokenCount": 11});
    let empty = json!({
        "candidates": [{"content": {"parts": []}, "finishReason": "OTHER"}],
        "usageMetadata": counts
    });
    let server = Scripted::start([
        status(
            503,
            r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#,
        ),
        ok(empty.to_string()),
        text_answer(counts),
    ])
    .await;
    let gemini = server.gemini();
    let request = TextRequest::plain("m", "Write.", 100);
    let policy = Policy {
        first_wait: std::time::Duration::from_millis(1),
        ..Policy::default()
    };
    let pacer = TokioPacer::new(CancellationToken::new());
    let events = std::sync::Mutex::new(Vec::new());
    let text = with_retries(&policy, &pacer, |number| {
        let (gemini, request, events) = (&gemini, &request, &events);
        async move {
            let attempt = gemini.write(request).await;
            let succeeded = matches!(attempt.outcome, Outcome::Succeeded(_));
            let tokens: u64 = attempt.usage.quantities.iter().map(|q| q.value).sum();
            events.lock().unwrap().push((number, succeeded, tokens));
            Ok::<_, std::convert::Infallible>(attempt)
        }
    })
    .await
    .unwrap();
    assert_eq!(text.text, "The sea rises.");
    assert_eq!(
        events.into_inner().unwrap(),
        [(1, false, 0), (2, false, 11), (3, true, 11)]
    );
    assert_eq!(server.asked().len(), 3, "no attempt behind our back");
}

#[tokio::test]
async fn defect_19_the_header_is_the_bill_and_not_the_length_of_the_text() {
    let server = Scripted::start([
        ok(r#"{"audio_base64":"AQIDBA==","alignment":null}"#)
            .header("character-cost", "27")
            .header("request-id", "req-1")
            .header("maximum-concurrent-requests", "5"),
        ok(r#"{"audio_base64":"AQIDBA==","alignment":null}"#).header("x-character-count", "54"),
    ])
    .await;
    let mut request = SpeechRequest::new("voice", "eleven_flash_v2_5", "x".repeat(54));
    request.multiplier = Some("0.5".parse().unwrap());
    let attempt = server.elevenlabs().speak(&request).await;
    let quantity = &attempt.usage.quantities[0];
    assert_eq!((quantity.value, quantity.basis), (54, Basis::Counted));
    let billed = quantity.provider_billed.as_ref().unwrap();
    assert_eq!(
        (billed.value.to_string(), billed.agrees()),
        ("27".to_owned(), Some(true))
    );
    assert_eq!(attempt.served.request_id.as_deref(), Some("req-1"));
    assert_eq!(attempt.served.parallel_max, Some(5));

    let attempt = server.elevenlabs().speak(&request).await;
    let billed = attempt.usage.quantities[0].provider_billed.clone().unwrap();
    assert_eq!(
        (billed.value.to_string(), billed.agrees()),
        ("54".to_owned(), Some(false))
    );
}

#[tokio::test]
async fn defect_20_what_failed_still_has_its_bill() {
    // The script cannot be read, and was paid for all the same.
    let attempt = image(ok(json!({
        "candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "bm90IGEgcGljdHVyZQ=="}}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 1290, "totalTokenCount": 1301,
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}]}
    })
    .to_string()))
    .await;
    assert_eq!(failed(&attempt).class, FailureClass::Unreadable);
    assert!(attempt.may_be_billed());
    assert_eq!(attempt.usage.value(Metric::ImageOutputTokens), 1_290);
    assert_eq!(attempt.usage.value(Metric::Images), 1);
}
