//! The clients against the provider simulator: the whole way from a prompt to a script,
//! a picture and a narration, and each fault that the simulator can play.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod providers_support;

use std::sync::Mutex;
use std::time::Duration;

use providers_support::{Simulator, failed, unconfirmed, value};
use reelmeter_generator::adapters::elevenlabs::{AudioFormat, SpeechRequest};
use reelmeter_generator::adapters::gemini::{
    Gemini, ImageFormat, ImageRequest, TextRequest, read_draft,
};
use reelmeter_generator::adapters::http::TokioPacer;
use reelmeter_generator::adapters::ollama::OllamaRequest;
use reelmeter_generator::domain::models::{IMAGE_MODELS, SCRIPT_MODELS, SPEECH_MODELS, choose};
use reelmeter_generator::domain::retry::{
    Attempt, FailureClass, Policy, StopReason, Stopped, with_retries,
};
use reelmeter_generator::domain::script::{
    Aspect, Brief, Script, accept, merge, picture_prompts, rephrase_prompt, script_prompt,
};
use reelmeter_generator::domain::usage::{Basis, Metric};
use reelmeter_service::CancellationToken;

const TEXT_MODEL: &str = "gemini-2.5-flash";
const IMAGE_MODEL: &str = "gemini-2.5-flash-image";
/// George, the vendor's first default voice.
const VOICE: &str = "JBFqnCBsd6RMkjVDRZzb";

fn plain() -> TextRequest {
    TextRequest::plain(
        TEXT_MODEL,
        "Say in one sentence why there are tides.",
        2_000,
    )
}

fn picture() -> ImageRequest {
    ImageRequest::new(IMAGE_MODEL, "A harbour at low tide.", Aspect::Portrait)
}

fn speech() -> SpeechRequest {
    SpeechRequest::new(
        VOICE,
        "eleven_multilingual_v2",
        "The sea rises twice a day.",
    )
}

async fn script(gemini: &Gemini, brief: &Brief) -> Script {
    let request = TextRequest::structured(TEXT_MODEL, script_prompt(brief), 8_192);
    let answer = value(gemini.write(&request).await);
    let accepted = accept(read_draft(&answer.text).unwrap(), brief).unwrap();
    assert!(accepted.repairs.is_empty(), "{:?}", accepted.repairs);
    accepted.script
}

#[tokio::test]
async fn a_topic_becomes_a_script_pictures_and_a_narration() {
    let simulator = Simulator::start("").await;
    let (gemini, elevenlabs) = (simulator.gemini(), simulator.elevenlabs());
    let brief = Brief::new("Why do volcanoes erupt?", 4);
    let script = script(&gemini, &brief).await;
    assert_eq!(script.scenes.len(), 4);
    assert!(
        script.title.to_lowercase().contains("volcano"),
        "{}",
        script.title
    );

    let request = TextRequest::structured(TEXT_MODEL, rephrase_prompt(&script, &brief), 8_192);
    let answer = value(gemini.write(&request).await);
    let rephrased = merge(&script, read_draft(&answer.text).unwrap(), &brief).unwrap();
    assert_eq!(rephrased.script.scenes.len(), 4);
    assert_ne!(
        rephrased.script.scenes[0].narration,
        script.scenes[0].narration
    );
    assert_eq!(
        rephrased.script.scenes[0].image_prompt,
        script.scenes[0].image_prompt
    );

    let scene = &script.scenes[0];
    let prompts = picture_prompts(&script, scene, 1, Aspect::Landscape);
    let drawn = gemini
        .draw(&ImageRequest::new(
            IMAGE_MODEL,
            &prompts[0],
            Aspect::Landscape,
        ))
        .await;
    assert_eq!(drawn.usage.value(Metric::Images), 1);
    assert_eq!(drawn.usage.value(Metric::ImageOutputTokens), 1_290);
    assert!(drawn.usage.anomalies.is_empty(), "{:?}", drawn.usage);
    assert_eq!(value(drawn).format, ImageFormat::Png);

    let mut request = SpeechRequest::new(VOICE, "eleven_flash_v2_5", &scene.narration);
    let models = value(elevenlabs.models().await);
    request.multiplier = models
        .iter()
        .find(|model| model.model_id == "eleven_flash_v2_5")
        .and_then(|model| model.multiplier);
    let spoken = elevenlabs.speak(&request).await;
    let quantity = spoken.usage.quantities[0].clone();
    assert_eq!(quantity.value, request.characters());
    assert_eq!(quantity.basis, Basis::Counted);
    let billed = quantity.provider_billed.unwrap();
    assert_eq!(billed.agrees(), Some(true), "{billed:?}");
    assert_eq!(billed.expected_value(), Some(billed.value));
    assert!(spoken.served.request_id.is_some() && spoken.served.simulated);
    let narration = value(spoken);
    let alignment = narration.alignment.unwrap();
    assert_eq!(alignment.text(), scene.narration);
    // At 48,000 bytes a second a scene of some twenty words is several seconds long.
    assert!(
        narration.audio.len() > 2 * 48_000,
        "{}",
        narration.audio.len()
    );
}

#[tokio::test]
async fn our_quantities_are_what_the_simulator_counted_itself() {
    let simulator = Simulator::start("text:cached,text:thoughts=777,text:tool_use=500").await;
    let gemini = simulator.gemini();
    let mut ours = [0_u64; 4];
    for _ in 0..3 {
        let attempt = gemini.write(&plain()).await;
        assert!(attempt.usage.anomalies.is_empty(), "{:?}", attempt.usage);
        ours[0] += attempt.usage.value(Metric::CachedInputTokens);
        ours[1] += attempt.usage.value(Metric::ThinkingTokens);
        ours[2] += attempt.usage.value(Metric::OutputTokens);
        ours[3] += attempt.usage.value(Metric::ToolUseInputTokens);
        let _ = value(attempt);
    }
    let journal = simulator.journal().await;
    let billed = &journal["billed"];
    assert_eq!(journal["total"], 3);
    assert_eq!(billed["cached_tokens"], ours[0]);
    assert_eq!(billed["thinking_tokens"], ours[1]);
    assert_eq!(billed["output_tokens"], ours[2]);
    assert!(ours[0] > 0 && ours[1] >= 777 && ours[3] == 500, "{ours:?}");
}

#[tokio::test]
async fn odd_usage_fails_no_call() {
    for (fault, estimated) in [
        ("no_usage", true),
        ("null_usage", true),
        ("empty_usage", true),
        ("string_usage", false),
        ("negative_usage", true),
        ("total_mismatch", false),
        ("details_mismatch", false),
        ("thoughts=300", false),
        ("cached", false),
    ] {
        let simulator = Simulator::start(&format!("text:{fault}")).await;
        let attempt = simulator.gemini().write(&plain()).await;
        assert!(attempt.usage.value(Metric::InputTokens) > 0, "{fault}");
        assert!(attempt.usage.value(Metric::OutputTokens) > 0, "{fault}");
        assert_eq!(
            attempt.usage.is_estimated(),
            estimated,
            "{fault}: {:?}",
            attempt.usage
        );
        let marked = !attempt.usage.anomalies.is_empty();
        let clean = matches!(fault, "thoughts=300" | "cached" | "details_mismatch");
        assert!(marked || clean, "{fault}: {:?}", attempt.usage);
        assert!(!value(attempt).text.is_empty());
    }
}

#[tokio::test]
async fn each_fault_of_the_text_provider_is_told_apart() {
    for (fault, class) in [
        ("status429", FailureClass::RateLimited),
        ("status429_bare", FailureClass::RateLimited),
        ("status429_help", FailureClass::RateLimited),
        ("status429_per_day", FailureClass::QuotaUsedUp),
        ("retry_after=3", FailureClass::RateLimited),
        ("status400", FailureClass::InvalidRequest),
        ("status402", FailureClass::CreditUsedUp),
        ("status500", FailureClass::ServerFault),
        ("status503", FailureClass::Overloaded),
        ("status504", FailureClass::ServerFault),
        ("html502", FailureClass::ServerFault),
        ("invalid_key", FailureClass::KeyRefused),
        ("unknown_model", FailureClass::NotFound),
        ("blocked", FailureClass::PromptBlocked),
        ("safety", FailureClass::AnswerWithheld),
        ("thoughts_only", FailureClass::CutShort),
        ("max_tokens", FailureClass::CutShort),
        ("empty", FailureClass::NoAnswer),
    ] {
        let simulator = Simulator::start(&format!("text:{fault}")).await;
        let attempt = simulator.gemini().write(&plain()).await;
        let failure = failed(&attempt);
        assert_eq!(failure.class, class, "{fault}: {failure}");
        let was_answered = failure.status == Some(200);
        assert_eq!(attempt.may_be_billed(), was_answered, "{fault}");
        assert!(attempt.served.simulated, "{fault}");
    }
}

#[tokio::test]
async fn advice_to_wait_is_read_from_wherever_it_stands() {
    let simulator = Simulator::start("text:status429=2,text:retry_after=3").await;
    let gemini = simulator.gemini();
    let rate_limited = gemini.write(&plain()).await;
    let wait = failed(&rate_limited).advised_wait().unwrap();
    assert!(
        wait >= Duration::from_secs(2) && wait < Duration::from_secs(4),
        "{wait:?}"
    );
    let retry_after = gemini.write(&plain()).await;
    assert_eq!(
        failed(&retry_after).advised_wait(),
        Some(Duration::from_secs(3))
    );
}

#[tokio::test]
async fn broken_connections_leave_the_call_unconfirmed() {
    for (fault, class) in [
        ("cut", FailureClass::Disconnected),
        ("reset", FailureClass::Disconnected),
        ("garbage", FailureClass::Unreadable),
    ] {
        let simulator = Simulator::start(&format!("text:{fault},narration:{fault}")).await;
        let attempt = simulator.gemini().write(&plain()).await;
        assert_eq!(unconfirmed(&attempt).class, class, "{fault}");
        let spoken = simulator.elevenlabs().speak(&speech()).await;
        assert!(spoken.may_be_billed(), "{fault}");
        assert_eq!(spoken.failure().map(|failure| failure.class), Some(class));
    }
}

#[tokio::test]
async fn each_fault_of_the_image_model_is_told_apart() {
    for (fault, class) in [
        ("refused", FailureClass::AnswerWithheld),
        ("no_image", FailureClass::NoAnswer),
        ("text_for_image", FailureClass::NoAnswer),
        ("blocked", FailureClass::PromptBlocked),
    ] {
        let simulator = Simulator::start(&format!("image:{fault}")).await;
        let attempt = simulator.gemini().draw(&picture()).await;
        assert_eq!(failed(&attempt).class, class, "{fault}");
        assert_eq!(attempt.usage.value(Metric::Images), 0, "{fault}");
        assert!(attempt.usage.value(Metric::InputTokens) > 0, "{fault}");
    }
    let simulator = Simulator::start("image:two_images").await;
    let attempt = simulator.gemini().draw(&picture()).await;
    assert_eq!(attempt.usage.value(Metric::Images), 2);
    assert!(!value(attempt).bytes.is_empty());
}

#[tokio::test]
async fn a_continued_answer_is_two_calls_with_a_bill_each() {
    let simulator = Simulator::start("text:continuation").await;
    let gemini = simulator.gemini();
    let first = gemini.write(&plain()).await;
    assert!(first.usage.value(Metric::InputTokens) > 0);
    let first = value(first);
    let token = first.continuation.clone().unwrap();
    let rest = gemini.write(&plain().continued(token)).await;
    assert!(rest.usage.value(Metric::OutputTokens) > 0);
    let rest = value(rest);
    let expected = format!("{}{}", first.text, rest.text);
    let joined = first.followed_by(rest);
    assert_eq!((joined.text, joined.continuation), (expected, None));
    assert_eq!(simulator.journal().await["total"], 2);
}

#[tokio::test]
async fn the_tier_that_served_the_call_is_told() {
    let simulator = Simulator::start("text:ok,text:tier_downgraded").await;
    let gemini = simulator.gemini();
    let mut request = plain();
    request.tier = Some(reelmeter_generator::domain::usage::Variant::Priority);
    let served = gemini.write(&request).await.served.variant;
    assert_eq!(served, request.tier);
    let served = gemini.write(&request).await.served.variant;
    assert_eq!(
        served,
        Some(reelmeter_generator::domain::usage::Variant::Standard)
    );
}

#[tokio::test]
async fn a_script_that_is_no_script_is_seen_before_it_is_used() {
    let simulator = Simulator::start("script:broken_json,script:wrong_shape").await;
    let gemini = simulator.gemini();
    let brief = Brief::new("tides", 3);
    let request = TextRequest::structured(TEXT_MODEL, script_prompt(&brief), 8_192);
    for _ in 0..2 {
        let attempt = gemini.write(&request).await;
        assert!(!attempt.usage.is_empty());
        let draft = read_draft(&value(attempt).text);
        assert!(draft.map_or(true, |draft| accept(draft, &brief).is_err()));
    }
}

#[tokio::test]
async fn each_fault_of_the_speech_provider_is_told_apart() {
    for (fault, class) in [
        ("status429", FailureClass::TooManyAtOnce),
        ("system_busy", FailureClass::Overloaded),
        ("status400", FailureClass::InvalidRequest),
        ("status402", FailureClass::NotPermitted),
        ("status403", FailureClass::NotPermitted),
        ("status500", FailureClass::ServerFault),
        ("html502", FailureClass::ServerFault),
        ("invalid_key", FailureClass::KeyRefused),
        ("quota_exceeded", FailureClass::QuotaUsedUp),
        ("missing_permissions", FailureClass::NotPermitted),
        ("invalid_422", FailureClass::InvalidRequest),
        ("voice_not_found", FailureClass::NotFound),
    ] {
        let simulator = Simulator::start(&format!("narration:{fault}")).await;
        let attempt = simulator.elevenlabs().speak(&speech()).await;
        let failure = failed(&attempt);
        assert_eq!(failure.class, class, "{fault}: {failure}");
        assert!(!attempt.may_be_billed(), "{fault}");
    }
}

#[tokio::test]
async fn a_narration_survives_whatever_is_missing_beside_it() {
    let simulator =
        Simulator::start("narration:missing_cost,narration:odd_cost,narration:null_alignment")
            .await;
    let elevenlabs = simulator.elevenlabs();
    let mut request = speech();
    request.multiplier = Some("1".parse().unwrap());
    let no_cost = elevenlabs.speak(&request).await;
    assert_eq!(no_cost.usage.quantities[0].provider_billed, None);
    assert_eq!(no_cost.usage.anomalies[0].code(), "billed_figure_missing");
    let odd_cost = elevenlabs.speak(&request).await;
    let billed = odd_cost.usage.quantities[0]
        .provider_billed
        .clone()
        .unwrap();
    assert_eq!(billed.agrees(), Some(false), "{billed:?}");
    let unaligned = value(elevenlabs.speak(&request).await);
    assert_eq!(
        (unaligned.alignment, unaligned.alignment_fault),
        (None, None)
    );
}

#[tokio::test]
async fn a_format_beyond_the_plan_is_refused_as_such_and_the_next_one_works() {
    let simulator = Simulator::start("").await;
    let mut request = speech();
    request.format = "pcm_44100".parse().unwrap();
    let attempt = simulator.elevenlabs().speak(&request).await;
    assert_eq!(failed(&attempt).class, FailureClass::FormatRefused);
    request.format = AudioFormat::PCM_24000;
    let narration = value(simulator.elevenlabs().speak(&request).await);
    assert_eq!(narration.audio.len() % 2, 0);
}

#[tokio::test]
async fn voices_models_and_quota_are_read_and_cost_nothing() {
    let simulator = Simulator::start("").await;
    let elevenlabs = simulator.elevenlabs();
    let voices = value(elevenlabs.voices().await);
    assert!(
        voices
            .iter()
            .any(|voice| voice.voice_id == VOICE && voice.name.contains("George"))
    );
    let before = value(elevenlabs.quota().await);
    assert_eq!((before.used, before.limit), (17_231, 100_000));
    let attempt = elevenlabs.speak(&speech()).await;
    let billed = attempt.usage.quantities[0].provider_billed.clone().unwrap();
    let after = value(elevenlabs.quota().await);
    assert_eq!(Some(after.used - before.used), billed.value.as_whole());
    let models = value(elevenlabs.models().await);
    let offered: Vec<_> = models.iter().map(|model| model.offered()).collect();
    let choice = choose("the narration", &offered, SPEECH_MODELS).unwrap();
    assert_eq!(choice.model, "eleven_multilingual_v2");
    assert!(models.iter().all(|model| model.text_chars_max.is_some()));
}

#[tokio::test]
async fn a_retired_model_is_noticed_before_any_money_is_spent() {
    let simulator = Simulator::with("", "gemini-2.5-flash,gemini-2.5-flash-image").await;
    let attempt = simulator.gemini().models().await;
    assert!(attempt.usage.is_empty() && attempt.served.simulated);
    let offered = value(attempt);
    let script = choose("the script", &offered, SCRIPT_MODELS).unwrap();
    assert_eq!(script.model, "gemini-3.8-flash");
    assert_eq!(
        script.notices,
        ["gemini-2.5-flash is no longer offered; using gemini-3.8-flash instead for the script"]
    );
    let images = choose("the pictures", &offered, IMAGE_MODELS).unwrap();
    assert_eq!(images.model, "gemini-nano-banana-2.1");
    let journal = simulator.journal().await;
    assert_eq!(journal["billed"]["input_tokens"], 0);
}

#[tokio::test]
async fn a_call_waits_as_advised_and_succeeds_with_every_attempt_on_record() {
    let simulator = Simulator::start("text:status503,text:retry_after=1").await;
    let gemini = simulator.gemini();
    let policy = Policy {
        first_wait: Duration::from_millis(10),
        ..Policy::default()
    };
    let waits = std::sync::Arc::new(Mutex::new(Vec::new()));
    let told = std::sync::Arc::clone(&waits);
    let pacer = TokioPacer::new(CancellationToken::new())
        .on_wait(move |waiting| told.lock().unwrap().push(waiting.wait));
    let request = plain();
    let numbers = Mutex::new(Vec::new());
    let answer = with_retries(&policy, &pacer, |number| {
        numbers.lock().unwrap().push(number);
        let (gemini, request) = (&gemini, &request);
        async move { Ok::<_, std::convert::Infallible>(gemini.write(request).await) }
    })
    .await
    .unwrap();
    assert!(!answer.text.is_empty());
    assert_eq!(numbers.into_inner().unwrap(), [1, 2, 3]);
    assert!(waits.lock().unwrap()[1] >= Duration::from_secs(1));
    assert_eq!(simulator.journal().await["total"], 3);
}

#[tokio::test]
async fn a_days_quota_is_not_waited_for() {
    let simulator = Simulator::start("text:status429_per_day*").await;
    let gemini = simulator.gemini();
    let pacer = TokioPacer::new(CancellationToken::new());
    let request = plain();
    let result = with_retries(&Policy::default(), &pacer, |_| async {
        Ok::<Attempt<_>, std::convert::Infallible>(gemini.write(&request).await)
    })
    .await;
    let Err(Stopped::GaveUp {
        reason,
        attempts,
        failure,
    }) = result
    else {
        panic!("{result:?}")
    };
    assert_eq!((reason, attempts), (StopReason::WaitingCannotHelp, 1));
    assert!(failure.to_string().contains("wait until the quota renews"));
    assert_eq!(simulator.journal().await["total"], 1);
}

#[tokio::test]
async fn a_local_model_answers_fails_and_falls_silent() {
    let simulator = Simulator::start("").await;
    let ollama = simulator.ollama();
    let models = value(ollama.models().await);
    assert!(
        models.iter().any(|model| model.name == "moondream"),
        "{models:?}"
    );
    let png = value(simulator.gemini().draw(&picture()).await).bytes;
    let mut request = OllamaRequest::new("moondream", "Is any text cut off? Answer JSON.");
    request.images = vec![png];
    request.format = Some("json".into());
    for chat in [false, true] {
        let attempt = if chat {
            ollama.chat(&request).await
        } else {
            ollama.generate(&request).await
        };
        assert!(attempt.usage.value(Metric::InputTokens) > 0);
        assert!(!attempt.usage.is_estimated(), "{:?}", attempt.usage);
        assert!(serde_json::from_str::<serde_json::Value>(&value(attempt)).is_ok());
    }

    for (fault, class) in [
        ("empty", FailureClass::NoAnswer),
        ("unknown_model", FailureClass::NotFound),
        ("status500", FailureClass::ServerFault),
        ("garbage", FailureClass::Unreadable),
        ("reset", FailureClass::Disconnected),
    ] {
        let simulator = Simulator::start(&format!("generate:{fault}")).await;
        let attempt = simulator.ollama().generate(&request).await;
        assert_eq!(failed(&attempt).class, class, "{fault}");
    }
    let simulator = Simulator::start("generate:missing_counts").await;
    let attempt = simulator.ollama().generate(&request).await;
    assert_eq!(
        attempt.usage.basis(Metric::InputTokens),
        Some(Basis::Estimated)
    );
}
