#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
//! Bodies as they stand in public reports: discuss.ai.google.dev/t/109581 (429),
//! wwardaww/gnome-gemini-ai#21 (404), PublicAffairs/openai-gemini#92 (403),
//! google-gemini/gemini-cli#7316 (500) and #14811 (429 without details),
//! gke-labs/gemini-for-kubernetes-development#1215 (429 with help alone),
//! google-gemini/cookbook#425 (503).

use std::time::Duration;

use bytes::Bytes;
use reelmeter_service::Secret;
use reqwest::header::HeaderMap;

use super::*;
use crate::adapters::http::Head;

fn failure_of(status: u16, body: &str) -> Failure {
    with_headers(status, body, &[])
}

fn with_headers(status: u16, body: &str, headers: &[(&'static str, &str)]) -> Failure {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    let reply = Reply {
        head: Head { status, headers },
        body: Bytes::copy_from_slice(body.as_bytes()),
        took: Duration::ZERO,
    };
    read("m", &reply, &Redactor::new(&Secret::new("canary")), 0)
}

#[test]
fn a_bad_key_is_a_400_and_still_a_bad_key() {
    let failure = failure_of(
        400,
        r#"{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT",
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"},
                        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": "…"}]}}"#,
    );
    assert_eq!(failure.class, FailureClass::KeyRefused);
    assert_eq!(failure.reason.as_deref(), Some("API_KEY_INVALID"));
    assert!(failure.to_string().ends_with("check GEMINI_API_KEY"));
}

#[test]
fn a_days_quota_is_used_up_and_not_waited_for() {
    let failure = failure_of(
        429,
        r#"{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED",
            "message": "You exceeded your current quota …\nPlease retry in 48.805646254s.",
            "details": [
             {"@type": "type.googleapis.com/google.rpc.Help", "links": []},
             {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "50"}]},
             {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48s"}]}}"#,
    );
    assert_eq!(failure.class, FailureClass::QuotaUsedUp);
    assert!(!failure.class.waiting_may_help());
}

#[test]
fn a_minutes_quota_is_waited_for_as_long_as_the_longest_advice() {
    let failure = failure_of(
        429,
        r#"{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED",
            "message": "Quota exceeded …, limit: 10, model: m\nPlease retry in 48.805646254s.",
            "details": [
             {"@type": "…QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "quotaValue": "10"}]},
             {"@type": "…RetryInfo", "retryDelay": "48s"}]}}"#,
    );
    assert_eq!(failure.class, FailureClass::RateLimited);
    assert_eq!(failure.advised_wait(), Some(Duration::new(48, 805_646_254)));
}

#[test]
fn a_quota_of_nothing_is_not_waited_for() {
    let failure = failure_of(
        429,
        r#"{"error": {"code": 429, "message": "Quota exceeded for metric: generate_content_free_tier_requests, limit: 0, model: m\nPlease retry in 5s."}}"#,
    );
    assert_eq!(failure.class, FailureClass::QuotaUsedUp);
}

#[test]
fn a_429_without_details_is_still_a_rate_limit() {
    for body in [
        r#"{"error": {"code": 429, "message": "Resource has been exhausted (e.g. check quota).", "status": "RESOURCE_EXHAUSTED"}}"#,
        r#"{"error": {"code": 429, "message": "x", "details": [{"@type": "type.googleapis.com/google.rpc.Help"}]}}"#,
        "",
        "rate limited",
    ] {
        let failure = failure_of(429, body);
        assert_eq!(failure.class, FailureClass::RateLimited, "{body}");
        assert_eq!(failure.advice, Advice::NONE);
    }
    let failure = with_headers(429, "", &[("retry-after", "7")]);
    assert_eq!(failure.advised_wait(), Some(Duration::from_secs(7)));
}

#[test]
fn each_status_has_its_meaning() {
    let error = |code: u16, status: &str, message: &str| {
        format!(r#"{{"error":{{"code":{code},"message":{message:?},"status":{status:?}}}}}"#)
    };
    for (code, status, message, class) in [
        (
            400,
            "INVALID_ARGUMENT",
            "Invalid JSON payload received. Unknown name \"foo\"",
            FailureClass::InvalidRequest,
        ),
        (
            400,
            "FAILED_PRECONDITION",
            "User location is not supported for the API use.",
            FailureClass::NotPermitted,
        ),
        (
            400,
            "INVALID_ARGUMENT",
            "The input token count (2) exceeds the maximum number of tokens allowed (1).",
            FailureClass::TooLong,
        ),
        (
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials.",
            FailureClass::KeyRefused,
        ),
        (
            402,
            "RESOURCE_EXHAUSTED",
            "Your prepayment credits are depleted.",
            FailureClass::CreditUsedUp,
        ),
        (
            403,
            "PERMISSION_DENIED",
            "Method doesn't allow unregistered callers (callers without established identity).",
            FailureClass::KeyRefused,
        ),
        (
            403,
            "PERMISSION_DENIED",
            "Generative Language API has not been used in project 1 before or it is disabled.",
            FailureClass::NotPermitted,
        ),
        (
            404,
            "NOT_FOUND",
            "models/X is not found for API version v1beta",
            FailureClass::NotFound,
        ),
        (
            500,
            "INTERNAL",
            "An internal error has occurred.",
            FailureClass::ServerFault,
        ),
        (
            503,
            "UNAVAILABLE",
            "The model is overloaded. Please try again later.",
            FailureClass::Overloaded,
        ),
        (504, "DEADLINE_EXCEEDED", "", FailureClass::ServerFault),
    ] {
        let failure = failure_of(code, &error(code, status, message));
        assert_eq!(failure.class, class, "{code} {message}");
        assert_eq!(failure.status, Some(code));
        assert_eq!(failure.reason.as_deref(), Some(status));
    }
}

#[test]
fn a_list_around_the_error_is_taken_off() {
    let failure = failure_of(
        503,
        r#"[{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]"#,
    );
    assert_eq!(failure.reason.as_deref(), Some("UNAVAILABLE"));
}

#[test]
fn an_html_page_is_its_title() {
    let failure = failure_of(
        502,
        "<html><head><TITLE>Error 502 (Server Error)!!1</TITLE></head><body>…</body></html>",
    );
    assert_eq!(failure.class, FailureClass::ServerFault);
    assert_eq!(failure.message, "Error 502 (Server Error)!!1");
    assert_eq!(failure_of(502, "<html><body>x").message, "an html page");
}

#[test]
fn a_key_that_the_provider_echoes_is_hidden() {
    let failure = failure_of(
        400,
        r#"{"error":{"code":400,"message":"bad key canary","status":"canary"}}"#,
    );
    assert!(!format!("{failure} {failure:?}").contains("canary"));
}

#[test]
fn an_error_of_no_known_shape_is_still_an_error() {
    for body in [
        "{}",
        "[]",
        "null",
        "{\"error\": 7}",
        "{\"error\": \"no\"}",
        "\u{0}\u{1b}[2J",
        "{\"error\": {\"code\": \"x\", \"message\": 5, \"details\": 3}}",
    ] {
        let failure = failure_of(500, body);
        assert_eq!(failure.class, FailureClass::ServerFault, "{body}");
        assert!(!failure.to_string().contains('\u{1b}'));
    }
}
