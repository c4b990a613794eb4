//! ElevenLabs' errors, in the domain's words.
//!
//! The status alone misleads: a used-up quota is a 401, like a bad key. The word in
//! `detail.status` tells.

use serde_json::Value;

use crate::adapters::http::{Redactor, Reply, advice, for_status, json};
use crate::domain::retry::{Failure, FailureClass};
use crate::domain::usage::Provider;

/// The failure that an answer with an error status reports.
pub(super) fn read(subject: &str, reply: &Reply, redactor: &Redactor, now_unix_s: i64) -> Failure {
    let status = reply.head.status;
    let body = json::body(&reply.body);
    let said = body.as_ref().map(Said::read).unwrap_or_default();
    let message = if said.message.is_empty() && body.is_none() {
        let text = String::from_utf8_lossy(&reply.body);
        if text.trim_start().starts_with('<') {
            "an html page".to_owned()
        } else {
            text.into_owned()
        }
    } else {
        said.message
    };
    let mut failure = Failure::new(
        Provider::ElevenLabs,
        subject,
        classify(status, &said.words, &message),
        redactor.message(&message),
    );
    failure.status = Some(status);
    failure.reason = said.words.first().map(|word| redactor.word(word));
    failure.advice = advice(&reply.head.headers, now_unix_s);
    failure
}

/// What an error body says, in any of its known shapes.
#[derive(Default)]
struct Said {
    /// The words that name the error, the most telling first.
    words: Vec<String>,
    message: String,
}

impl Said {
    /// `detail` is an object with `status` and `message` (newer ones have `code`, `type`
    /// and `param` too), a list of faults in the request, or a text.
    fn read(body: &Value) -> Self {
        let detail = json::field(body, "detail", "error").unwrap_or(body);
        match detail {
            Value::String(text) => Self {
                words: Vec::new(),
                message: text.clone(),
            },
            Value::Array(faults) => Self {
                words: faults
                    .iter()
                    .filter_map(|fault| json::text(fault, "type", "type"))
                    .map(str::to_owned)
                    .collect(),
                message: faults.iter().map(fault).collect::<Vec<_>>().join("; "),
            },
            detail => Self {
                words: ["status", "code", "type"]
                    .iter()
                    .filter_map(|name| json::text(detail, name, name))
                    .map(str::to_owned)
                    .collect(),
                message: json::text(detail, "message", "msg")
                    .unwrap_or_default()
                    .to_owned(),
            },
        }
    }
}

/// One fault of a list: where, and what.
fn fault(fault: &Value) -> String {
    let place: Vec<String> = json::list(fault, "loc", "loc")
        .iter()
        .map(|step| match step {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect();
    let what = json::text(fault, "msg", "message").unwrap_or("not accepted");
    if place.is_empty() {
        what.to_owned()
    } else {
        format!("{}: {what}", place.join("."))
    }
}

fn classify(status: u16, words: &[String], message: &str) -> FailureClass {
    words
        .iter()
        .find_map(|word| class_of_word(word))
        .or_else(|| class_of_message(status, message))
        .unwrap_or(match status {
            // Here a 402 asks for a paid plan, not for credit.
            402 => FailureClass::NotPermitted,
            status => for_status(status),
        })
}

fn class_of_word(word: &str) -> Option<FailureClass> {
    Some(match word {
        "invalid_api_key" | "missing_api_key" | "needs_authorization" | "authentication_error" => {
            FailureClass::KeyRefused
        }
        "quota_exceeded" | "insufficient_credits" | "credits_exhausted" => {
            FailureClass::QuotaUsedUp
        }
        "payment_required" | "payment_issue" | "past_due" => FailureClass::CreditUsedUp,
        "missing_permissions"
        | "paid_plan_required"
        | "only_for_creator+"
        | "free_users_not_allowed"
        | "detected_unusual_activity"
        | "voice_access_denied"
        | "model_access_denied" => FailureClass::NotPermitted,
        "voice_not_found"
        | "voice_does_not_exist"
        | "model_not_found"
        | "invalid_model_id"
        | "not_found" => FailureClass::NotFound,
        "max_character_limit_exceeded" | "text_too_long" | "input_too_long" => {
            FailureClass::TooLong
        }
        "output_format_not_allowed" | "output_format_unavailable" | "invalid_output_format" => {
            FailureClass::FormatRefused
        }
        "content_against_policy" | "content_policy_violation" | "moderation_failed" => {
            FailureClass::PromptBlocked
        }
        "too_many_concurrent_requests" | "concurrent_limit_exceeded" => FailureClass::TooManyAtOnce,
        "system_busy" => FailureClass::Overloaded,
        "rate_limit_exceeded" | "too_many_requests" => FailureClass::RateLimited,
        _ => return None,
    })
}

/// For bodies without a word that is known here.
fn class_of_message(status: u16, message: &str) -> Option<FailureClass> {
    let lower = message.to_ascii_lowercase();
    if !(400..500).contains(&status) {
        None
    } else if lower.contains("output_format") {
        Some(FailureClass::FormatRefused)
    } else if status == 401 && lower.contains("quota") {
        Some(FailureClass::QuotaUsedUp)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::time::Duration;

    use bytes::Bytes;
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::adapters::http::Head;

    fn failure_of(status: u16, body: &str) -> Failure {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "3".parse().unwrap());
        let reply = Reply {
            head: Head { status, headers },
            body: Bytes::copy_from_slice(body.as_bytes()),
            took: Duration::ZERO,
        };
        read("voice v", &reply, &Redactor::default(), 0)
    }

    fn detail(status: &str, message: &str) -> String {
        format!(r#"{{"detail":{{"status":{status:?},"message":{message:?}}}}}"#)
    }

    #[test]
    fn a_used_up_quota_is_not_a_bad_key() {
        let quota = failure_of(
            401,
            &detail(
                "quota_exceeded",
                "This request exceeds your quota of 10000. You have 0 credits remaining, while 91 credits are required for this request.",
            ),
        );
        assert_eq!(quota.class, FailureClass::QuotaUsedUp);
        assert!(quota.message.contains("0 credits remaining"));
        let key = failure_of(401, &detail("invalid_api_key", "Invalid API key"));
        assert_eq!(key.class, FailureClass::KeyRefused);
        assert!(key.to_string().ends_with("check ELEVENLABS_API_KEY"));
    }

    #[test]
    fn each_word_has_its_meaning() {
        for (status, word, class) in [
            (401, "missing_permissions", FailureClass::NotPermitted),
            (400, "voice_not_found", FailureClass::NotFound),
            (400, "max_character_limit_exceeded", FailureClass::TooLong),
            (402, "paid_plan_required", FailureClass::NotPermitted),
            (402, "something_new", FailureClass::NotPermitted),
            (403, "only_for_creator+", FailureClass::NotPermitted),
            (
                403,
                "output_format_not_allowed",
                FailureClass::FormatRefused,
            ),
            (
                429,
                "too_many_concurrent_requests",
                FailureClass::TooManyAtOnce,
            ),
            (429, "system_busy", FailureClass::Overloaded),
            (429, "something_new", FailureClass::RateLimited),
            (500, "internal_server_error", FailureClass::ServerFault),
        ] {
            let failure = failure_of(status, &detail(word, "…"));
            assert_eq!(failure.class, class, "{word}");
            assert_eq!(failure.reason.as_deref(), Some(word));
            assert_eq!(failure.advised_wait(), Some(Duration::from_secs(3)));
        }
    }

    #[test]
    fn a_list_of_faults_says_where_they_are() {
        let failure = failure_of(
            422,
            r#"{"detail":[{"loc":["body","text"],"msg":"field required","type":"value_error.missing"},{"loc":["body",0],"msg":"no"}]}"#,
        );
        assert_eq!(failure.class, FailureClass::InvalidRequest);
        assert_eq!(failure.message, "body.text: field required; body.0: no");
    }

    #[test]
    fn a_newer_error_object_is_understood_by_its_code() {
        let failure = failure_of(
            401,
            r#"{"detail":{"type":"authentication_error","code":"quota_exceeded","message":"x","param":null,"request_id":"r"}}"#,
        );
        assert_eq!(failure.class, FailureClass::QuotaUsedUp);
    }

    #[test]
    fn an_error_of_no_known_shape_is_still_an_error() {
        for body in [
            "",
            "{}",
            "[]",
            "{\"detail\":null}",
            "{\"detail\":7}",
            "<html>",
            "{\"detail\":\"Not Found\"}",
        ] {
            assert_eq!(
                failure_of(502, body).class,
                FailureClass::ServerFault,
                "{body}"
            );
        }
        assert_eq!(
            failure_of(404, r#"{"detail":"Not Found"}"#).message,
            "Not Found"
        );
    }
}
