//! Whatever a provider answers, nothing panics, no quantity is negative or beyond belief,
//! and nothing is counted twice.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod providers_support;

use proptest::prelude::*;
use providers_support::{Scripted, ok};
use reelmeter_generator::adapters::gemini::{TextRequest, read_draft};
use reelmeter_generator::domain::script::{Brief, accept};
use reelmeter_generator::domain::usage::{
    COUNT_MAX, Count, GeminiCounts, Metric, Modalities, Seen, Usage, estimate_text_tokens, gemini,
};
use serde_json::{Value, json};

fn any_count() -> impl Strategy<Value = Count> {
    prop_oneof![
        2 => Just(Count::Absent),
        1 => Just(Count::Unreadable),
        1 => Just(Count::Known(0)),
        6 => (0_u64..5_000).prop_map(Count::Known),
        1 => Just(Count::Known(COUNT_MAX)),
    ]
}

fn any_split() -> impl Strategy<Value = Modalities> {
    (0_u64..3_000, 0_u64..3_000, 0_u64..3_000, any::<bool>()).prop_map(
        |(image, audio, other, given)| {
            if given {
                Modalities {
                    image,
                    audio,
                    other,
                }
            } else {
                Modalities::default()
            }
        },
    )
}

prop_compose! {
    fn any_counts()(
        prompt in any_count(), cached in any_count(), candidates in any_count(),
        thoughts in any_count(), tool_use in any_count(), total in any_count(),
        prompt_details in any_split(), cache_details in any_split(), candidates_details in any_split(),
    ) -> GeminiCounts {
        GeminiCounts { prompt, cached, candidates, thoughts, tool_use, total,
            prompt_details, cache_details, candidates_details, oddities: Vec::new() }
    }
}

fn side(usage: &Usage, belongs: impl Fn(Metric) -> bool) -> u64 {
    usage
        .quantities
        .iter()
        .filter(|quantity| belongs(quantity.metric))
        .map(|quantity| quantity.value)
        .sum()
}

/// JSON of any shape, with the names that mean something more often than others.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "STOP",
            "IMAGE",
            "MAX_TOKENS",
            "CONTINUATION",
            "12",
            "-1"
        ])
        .prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "candidates",
        "content",
        "parts",
        "text",
        "inlineData",
        "data",
        "finishReason",
        "usageMetadata",
        "promptTokenCount",
        "candidatesTokenCount",
        "totalTokenCount",
        "promptTokensDetails",
        "modality",
        "tokenCount",
        "promptFeedback",
        "blockReason",
        "error",
        "message",
        "details",
        "scenes",
        "narration",
        "image_prompt",
        "title",
        "continuationToken",
        "thought",
    ]);
    leaf.prop_recursive(6, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..5).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn reported_counts_are_split_without_loss_and_without_doubling(counts in any_counts()) {
        let usage = gemini(Some(&counts), Seen::default());
        // Nothing was sent or received that we saw: nothing can be estimated from it.
        let prompt = counts.prompt.or_zero().max(counts.prompt_details.sum());
        let input = side(&usage, Metric::is_input_tokens) - usage.value(Metric::ToolUseInputTokens);
        let known = prompt.max(counts.cached.or_zero());
        if counts.prompt != Count::Absent && counts.prompt.or_zero() > 0 {
            prop_assert_eq!(input, known.min(COUNT_MAX.saturating_mul(3)));
        } else {
            prop_assert!(input >= known);
        }
        prop_assert!(usage.value(Metric::ThinkingTokens) >= counts.thoughts.or_zero());
        prop_assert!(usage.quantities.iter().all(|q| q.value > 0 && q.value <= COUNT_MAX));
        let mut metrics: Vec<_> = usage.quantities.iter().map(|q| q.metric).collect();
        metrics.dedup();
        prop_assert_eq!(metrics.len(), usage.quantities.len(), "a metric stands once");
    }

    #[test]
    fn a_total_that_adds_up_is_the_sum_of_our_quantities(
        prompt in 1_u64..100_000, cached_permille in 0_u64..=1_000, image_permille in 0_u64..=1_000,
        candidates in 1_u64..100_000, picture_permille in 0_u64..=1_000, thoughts in 0_u64..100_000, tool_use in 0_u64..100_000,
    ) {
        let total = prompt + candidates + thoughts + tool_use;
        let counts = GeminiCounts {
            prompt: prompt.into(), cached: (prompt * cached_permille / 1_000).into(),
            candidates: candidates.into(), thoughts: thoughts.into(), tool_use: tool_use.into(), total: total.into(),
            prompt_details: Modalities { image: prompt * image_permille / 1_000, ..Modalities::default() },
            candidates_details: Modalities { image: candidates * picture_permille / 1_000, ..Modalities::default() },
            ..GeminiCounts::default()
        };
        let usage = gemini(Some(&counts), Seen { sent_tokens: 7, received_tokens: 7, images: 0 });
        prop_assert_eq!(side(&usage, |_| true), total);
        prop_assert!(usage.anomalies.is_empty() && !usage.is_estimated());
    }

    #[test]
    fn a_script_is_within_its_limits_or_refused(answer in any_json(), scene_count in 1_usize..8) {
        let brief = Brief::new("tides", scene_count);
        if let Ok(accepted) = read_draft(&answer.to_string()).map(|draft| accept(draft, &brief))
            && let Ok(accepted) = accepted
        {
            let script = accepted.script;
            prop_assert!(!script.scenes.is_empty() && script.scenes.len() <= scene_count);
            for scene in &script.scenes {
                prop_assert!(scene.narration.chars().any(char::is_alphanumeric));
                prop_assert!(scene.narration.chars().count() <= brief.limits.narration_chars_max);
                prop_assert!(!scene.image_prompt.is_empty());
                prop_assert!(!scene.narration.chars().any(char::is_control));
            }
            prop_assert!(!script.title.is_empty());
        }
    }

    #[test]
    fn an_estimate_never_exceeds_the_bytes_and_never_shrinks_with_the_text(text in "\\PC{0,200}", more in "\\PC{1,20}") {
        let tokens = estimate_text_tokens(&text);
        prop_assert!(tokens <= text.len() as u64);
        let longer = text + &more;
        prop_assert!(estimate_text_tokens(&longer) >= tokens);
    }
}

#[test]
fn any_answer_is_read_without_a_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(150));
    runner
        .run(&any_json(), |answer| {
            // The protocol's shape around it, so that the inner parts are reached too.
            let shaped = json!({"candidates": [answer.clone()], "usageMetadata": answer.clone(), "promptFeedback": answer.clone()});
            for body in [answer.to_string(), shaped.to_string()] {
                let attempt = runtime.block_on(async {
                    let server = Scripted::start([ok(body)]).await;
                    let request = TextRequest::plain("m", "Write.", 10);
                    server.gemini().write(&request).await
                });
                prop_assert!(attempt.usage.quantities.iter().all(|q| q.value <= COUNT_MAX));
            }
            Ok(())
        })
        .unwrap();
}
