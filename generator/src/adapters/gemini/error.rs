//! Gemini's errors, in the domain's words.

use serde_json::Value;

use crate::adapters::http::{Redactor, Reply, advice, for_status, json};
use crate::domain::retry::{Advice, Failure, FailureClass, parse_retry_delay, parse_retry_message};
use crate::domain::usage::Provider;

/// The failure that an answer with an error status, or an error object, reports.
pub(super) fn read(subject: &str, reply: &Reply, redactor: &Redactor, now_unix_s: i64) -> Failure {
    let from_headers = advice(&reply.head.headers, now_unix_s);
    let body = json::body(&reply.body);
    let error = body.as_ref().and_then(|body| body.get("error"));
    match error {
        Some(error) => from_object(subject, reply.head.status, error, redactor, from_headers),
        None => {
            let status = reply.head.status;
            let said = page_title(&String::from_utf8_lossy(&reply.body));
            let mut failure = Failure::new(
                Provider::Gemini,
                subject,
                for_status(status),
                redactor.message(&said),
            );
            failure.status = Some(status);
            failure.advice = from_headers;
            failure
        }
    }
}

/// The failure that an error object reports.
pub(super) fn from_object(
    subject: &str,
    http_status: u16,
    error: &Value,
    redactor: &Redactor,
    from_headers: Advice,
) -> Failure {
    // An error object inside a 200 has a status of its own.
    let own_code = error
        .get("code")
        .and_then(Value::as_u64)
        .and_then(|code| u16::try_from(code).ok())
        .filter(|code| (400..600).contains(code));
    let status = if http_status == 200 {
        own_code.unwrap_or(500)
    } else {
        http_status
    };
    let message = error
        .get("message")
        .and_then(Value::as_str)
        .or_else(|| error.as_str())
        .unwrap_or_default();
    let reason = error.get("status").and_then(Value::as_str);
    let details = Details::read(error);
    let mut failure = Failure::new(
        Provider::Gemini,
        subject,
        classify(status, reason, message, &details),
        redactor.message(message),
    );
    failure.status = Some(status);
    failure.reason = details
        .reasons
        .first()
        .copied()
        .or(reason)
        .map(|word| redactor.word(word));
    failure.advice = from_headers.and(details.advice).and(Advice {
        wait: parse_retry_message(message),
    });
    failure
}

/// What `details` say: each entry names its own type.
#[derive(Default)]
struct Details<'a> {
    /// `google.rpc.ErrorInfo`.
    reasons: Vec<&'a str>,
    /// `google.rpc.QuotaFailure`.
    quota_ids: Vec<&'a str>,
    /// Whether a quota is zero: not offered at all.
    quota_is_zero: bool,
    /// `google.rpc.RetryInfo`.
    advice: Advice,
}

impl<'a> Details<'a> {
    fn read(error: &'a Value) -> Self {
        let mut read = Self::default();
        for detail in json::list(error, "details", "details") {
            read.reasons
                .extend(detail.get("reason").and_then(Value::as_str));
            let delay = detail.get("retryDelay").and_then(Value::as_str);
            read.advice = read.advice.and(Advice {
                wait: delay.and_then(parse_retry_delay),
            });
            for violation in json::list(detail, "violations", "violations") {
                read.quota_ids
                    .extend(json::text(violation, "quotaId", "quota_id"));
                let value = json::text(violation, "quotaValue", "quota_value");
                read.quota_is_zero |= value == Some("0");
            }
        }
        read
    }

    fn has_reason(&self, prefix: &str) -> bool {
        self.reasons.iter().any(|reason| reason.starts_with(prefix))
    }
}

fn classify(
    status: u16,
    reason: Option<&str>,
    message: &str,
    details: &Details<'_>,
) -> FailureClass {
    let says = |part: &str| message.to_ascii_lowercase().contains(part);
    match status {
        // A bad key is a 400 here.
        400 if details.has_reason("API_KEY_INVALID")
            || says("api key not valid")
            || says("api key expired")
            || says("api key not found") =>
        {
            FailureClass::KeyRefused
        }
        // "User location is not supported", "enable billing".
        400 if reason == Some("FAILED_PRECONDITION") => FailureClass::NotPermitted,
        400 if says("token count") && says("exceeds") => FailureClass::TooLong,
        403 if says("unregistered callers") || says("leaked") || says("api key") => {
            FailureClass::KeyRefused
        }
        // A quota of a day, or of nothing: no wait within a run can help.
        429 if details.quota_ids.iter().any(|id| id.contains("PerDay"))
            || details.quota_is_zero
            || says("limit: 0,")
            || says("limit: 0\n") =>
        {
            FailureClass::QuotaUsedUp
        }
        status => for_status(status),
    }
}

/// The title of an HTML page, or the text itself.
fn page_title(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let title = lower
        .find("<title>")
        .map(|at| at + "<title>".len())
        .and_then(|start| {
            let end = lower.get(start..)?.find("</title>")? + start;
            text.get(start..end)
        });
    match title {
        Some(title) => title.to_owned(),
        None if lower.trim_start().starts_with('<') => "an html page".to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
