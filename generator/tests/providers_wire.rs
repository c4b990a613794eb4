//! The limits of speaking to a provider: every wait ends, no body is too large, no key
//! goes elsewhere, and what was sent is told from what was not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod providers_support;

use std::time::{Duration, Instant};

use providers_support::{
    CANARY, SHORT, Scripted, base, failed, http, ok, raw_server, status, unconfirmed, value,
};
use reelmeter_generator::adapters::elevenlabs::{ElevenLabs, ElevenLabsSettings, SpeechRequest};
use reelmeter_generator::adapters::gemini::{Gemini, GeminiSettings, TextRequest};
use reelmeter_generator::adapters::http::{BaseUrl, Origin, TokioPacer};
use reelmeter_generator::domain::retry::{FailureClass, Pacer, Waiting, Woken};
use reelmeter_generator::domain::usage::{Metric, Provider};
use reelmeter_service::{CancellationToken, Secret};

fn impatient(address: std::net::SocketAddr) -> Gemini {
    let settings = GeminiSettings {
        text_limits: SHORT,
        ..GeminiSettings::new(base(address, ""), Some(Secret::new(CANARY)))
    };
    Gemini::new(http(), settings).unwrap()
}

fn request() -> TextRequest {
    TextRequest::plain("m", "Write.", 100)
}

const TEXT: &str = r#"{"candidates":[{"content":{"parts":[{"text":"yes"}]}}]}"#;

#[tokio::test]
async fn a_provider_that_never_answers_leaves_the_call_unconfirmed() {
    let began = Instant::now();
    let attempt = impatient(raw_server(b"", true).await)
        .write(&request())
        .await;
    assert_eq!(unconfirmed(&attempt).class, FailureClass::TimedOut);
    assert!(attempt.may_be_billed() && attempt.usage.is_empty());
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_leaves_the_call_unconfirmed() {
    const HALF: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"candidates\":";
    let cut = impatient(raw_server(HALF, false).await)
        .write(&request())
        .await;
    assert_eq!(unconfirmed(&cut).class, FailureClass::Disconnected);
    let silent = impatient(raw_server(HALF, true).await)
        .write(&request())
        .await;
    assert_eq!(unconfirmed(&silent).class, FailureClass::TimedOut);
    assert_eq!(unconfirmed(&silent).status, Some(200));
}

#[tokio::test]
async fn a_connection_that_breaks_before_any_answer_leaves_the_call_unconfirmed() {
    let attempt = impatient(raw_server(b"", false).await)
        .write(&request())
        .await;
    assert_eq!(unconfirmed(&attempt).class, FailureClass::Disconnected);
}

#[tokio::test]
async fn what_was_never_sent_is_not_billed() {
    // A port where nobody listens: bound, and let go.
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let attempt = impatient(address).write(&request()).await;
    let failure = failed(&attempt);
    assert_eq!(failure.class, FailureClass::Unreachable);
    assert!(!attempt.may_be_billed());
    assert!(
        failure.to_string().ends_with("check GEMINI_BASE_URL"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_server_without_tls_gets_no_key_over_https() {
    let server = Scripted::start([ok(TEXT)]).await;
    let url = format!("https://{}", server.address);
    let base_url = BaseUrl::parse(&url, Origin::Configured).unwrap();
    let settings = GeminiSettings::new(base_url, Some(Secret::new(CANARY)));
    let attempt = Gemini::new(http(), settings)
        .unwrap()
        .write(&request())
        .await;
    assert_eq!(failed(&attempt).class, FailureClass::Unreachable);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn an_error_whose_body_never_ends_is_still_that_error() {
    const HALF: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 500\r\nretry-after: 7\r\n\r\n{\"error\":";
    for then_silent in [false, true] {
        let attempt = impatient(raw_server(HALF, then_silent).await)
            .write(&request())
            .await;
        let failure = failed(&attempt);
        assert_eq!(failure.class, FailureClass::Overloaded);
        assert_eq!(failure.advised_wait(), Some(Duration::from_secs(7)));
        assert!(!attempt.may_be_billed());
    }
}

#[tokio::test]
async fn an_answer_larger_than_the_limit_is_not_taken_in() {
    let server = Scripted::start([ok("x".repeat(SHORT.body_bytes_max + 1))]).await;
    let attempt = impatient(server.address).write(&request()).await;
    assert_eq!(unconfirmed(&attempt).class, FailureClass::TooLarge);

    let huge = status(500, "y".repeat(10 << 20));
    let server = Scripted::start([huge]).await;
    let attempt = impatient(server.address).write(&request()).await;
    assert_eq!(failed(&attempt).class, FailureClass::ServerFault);
    assert!(failed(&attempt).message.chars().count() < 1_000);
}

#[tokio::test]
async fn a_redirect_does_not_take_the_key_along() {
    let elsewhere = Scripted::start([ok(TEXT)]).await;
    for code in [301, 302, 303, 307, 308] {
        let location = format!(
            "http://{}/v1beta/models/m:generateContent",
            elsewhere.address
        );
        let server = Scripted::start([status(code, "").header("location", location)]).await;
        let attempt = impatient(server.address).write(&request()).await;
        assert_eq!(failed(&attempt).class, FailureClass::Redirected, "{code}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_success_that_is_not_the_api_is_unconfirmed() {
    for answer in [
        ok("<html>Please log in</html>"),
        ok(""),
        ok("[1,2]"),
        status(204, ""),
        status(201, TEXT),
    ] {
        let shown = format!("{answer:?}");
        let server = Scripted::start([answer]).await;
        let attempt = impatient(server.address).write(&request()).await;
        assert_eq!(
            unconfirmed(&attempt).class,
            FailureClass::Unreadable,
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_key_is_in_a_header_and_never_in_the_address() {
    let server = Scripted::start([ok(TEXT), ok(r#"{"models":[]}"#)]).await;
    let gemini = impatient(server.address);
    assert_eq!(value(gemini.write(&request()).await).text, "yes");
    let _ = value(gemini.models().await);
    let asked = server.asked();
    assert_eq!(asked[0].uri, "/v1beta/models/m:generateContent");
    for one in &asked {
        assert_eq!(one.headers["x-goog-api-key"], CANARY);
        assert!(!one.uri.contains(CANARY) && !one.uri.contains("key="));
    }
}

#[tokio::test]
async fn the_server_is_told_to_give_up_before_we_do() {
    let server = Scripted::start([ok(TEXT)]).await;
    let _ = server.gemini().write(&request()).await;
    assert_eq!(server.asked()[0].headers["x-server-timeout"], "175");
}

#[tokio::test]
async fn a_name_with_a_path_in_it_is_not_sent() {
    let server = Scripted::start([ok(TEXT)]).await;
    for model in ["../v1/models/m", "m?key=x", "", "a/b/c", "m\r\nx: y", ".."] {
        let attempt = server
            .gemini()
            .write(&TextRequest::plain(model, "Write.", 10))
            .await;
        assert_eq!(failed(&attempt).class, FailureClass::NotFound, "{model:?}");
        assert!(!failed(&attempt).to_string().contains('\n'));
    }
    let attempt = server
        .elevenlabs()
        .speak(&SpeechRequest::new("../../user", "m", "Hi"))
        .await;
    assert_eq!(failed(&attempt).class, FailureClass::NotFound);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_narration_that_breaks_off_after_its_bill_is_billed() {
    const HALF: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\ncharacter-cost: 2\r\nrequest-id: r7\r\n\r\n{\"audio_base64\":";
    const NO_BILL: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"audio_base64\":";
    let speaker = |address| {
        let settings = ElevenLabsSettings {
            speech_limits: SHORT,
            ..ElevenLabsSettings::new(base(address, ""), None)
        };
        ElevenLabs::new(http(), settings).unwrap()
    };
    let request = SpeechRequest::new("voice", "model", "Hi");
    let attempt = speaker(raw_server(HALF, false).await).speak(&request).await;
    assert_eq!(failed(&attempt).class, FailureClass::Disconnected);
    assert_eq!(attempt.usage.value(Metric::Characters), 2);
    assert!(attempt.usage.quantities[0].provider_billed.is_some());
    assert_eq!(attempt.served.request_id.as_deref(), Some("r7"));

    let attempt = speaker(raw_server(NO_BILL, false).await)
        .speak(&request)
        .await;
    assert_eq!(unconfirmed(&attempt).class, FailureClass::Disconnected);
}

#[tokio::test]
async fn a_wait_that_is_called_off_ends_at_once() {
    let called_off = CancellationToken::new();
    let (tell, told) = std::sync::mpsc::channel();
    let pacer = TokioPacer::new(called_off.clone())
        .on_wait(move |waiting| tell.send(waiting.next_attempt).unwrap());
    called_off.cancel();
    let failure = reelmeter_generator::domain::retry::Failure::new(
        Provider::Gemini,
        "m",
        FailureClass::Overloaded,
        "",
    );
    let waiting = Waiting {
        wait: Duration::from_secs(3_600),
        next_attempt: 2,
        attempts_max: 5,
        failure: &failure,
    };
    assert_eq!(pacer.wait(&waiting).await, Woken::CalledOff);
    assert_eq!(told.recv().unwrap(), 2);
}
