//! Error bodies, as the real API writes them.

use serde_json::{Value, json};

use crate::application::{Answer, Call};
use crate::domain::faults::Kind;

/// An error with a status name and details.
pub(super) fn error(code: u16, status: &str, message: &str, details: Vec<Value>) -> Answer {
    let mut body = json!({"code": code, "message": message, "status": status});
    if !details.is_empty() {
        body["details"] = Value::Array(details);
    }
    Answer::json(code, &json!({"error": body}))
}

pub(super) fn invalid(message: &str) -> Answer {
    error(400, "INVALID_ARGUMENT", message, Vec::new())
}

/// No key at all.
pub(super) fn no_key() -> Answer {
    error(
        403,
        "PERMISSION_DENIED",
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
        Vec::new(),
    )
}

/// A key that is none. The status is 400, not 401.
pub(super) fn bad_key() -> Answer {
    let message = "API key not valid. Please pass a valid API key.";
    let details = vec![
        json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com", "metadata": {"service": "generativelanguage.googleapis.com"}}),
        json!({"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": message}),
    ];
    error(400, "INVALID_ARGUMENT", message, details)
}

/// A model that does not exist, or not in this version of the API.
pub(super) fn no_model(model: &str, version: &str, method: &str) -> Answer {
    let message = format!(
        "models/{model} is not found for API version {version}, or is not supported for {method}. Call ListModels to see the list of available models and their supported methods."
    );
    error(404, "NOT_FOUND", &message, Vec::new())
}

/// Fields that the request does not have: one sentence and one violation for each.
pub(super) fn bad_payload(violations: &[(String, String)]) -> Answer {
    let message = violations
        .iter()
        .map(|(_, description)| description.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    let violations: Vec<Value> = violations
        .iter()
        .map(|(field, description)| {
            if field.is_empty() {
                json!({"description": description})
            } else {
                json!({"field": field, "description": description})
            }
        })
        .collect();
    error(
        400,
        "INVALID_ARGUMENT",
        &message,
        vec![
            json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}),
        ],
    )
}

/// A rate limit.
fn too_many(model: &str, retry: Option<f64>, per_day: bool) -> Answer {
    let (metric, quota, value) = if per_day {
        (
            "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
            "250",
        )
    } else {
        (
            "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            "10",
        )
    };
    let mut message = format!(
        "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. \n* Quota exceeded for metric: {metric}, limit: {value}, model: {model}"
    );
    let mut details = vec![
        help(),
        json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaMetric": metric, "quotaId": quota, "quotaDimensions": {"model": model, "location": "global"}, "quotaValue": value}]}),
    ];
    if let Some(seconds) = retry {
        message.push_str(&format!("\nPlease retry in {seconds}s."));
        details.push(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{seconds}s")}));
    }
    error(429, "RESOURCE_EXHAUSTED", &message, details)
}

fn help() -> Value {
    json!({"@type": "type.googleapis.com/google.rpc.Help", "links": [{"description": "Learn more about Gemini API quotas", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"}]})
}

/// The error that a fault asks for, if it asks for one.
pub(super) fn of_fault(call: &Call, model: &str, version: &str, method: &str) -> Option<Answer> {
    let exhausted = "You exceeded your current quota, please check your plan and billing details.";
    let fault = call.fault();
    Some(match fault.kind {
        Kind::Status400 => invalid("Request contains an invalid argument."),
        Kind::Status402 => error(
            402,
            "RESOURCE_EXHAUSTED",
            "Your prepaid credits are depleted. Add credits in the billing settings of your project.",
            Vec::new(),
        ),
        Kind::Status403 => error(
            403,
            "PERMISSION_DENIED",
            "The caller does not have permission",
            Vec::new(),
        ),
        Kind::Status429 => too_many(model, Some(fault.amount_or(2.0)), false),
        Kind::Status429Bare => error(429, "RESOURCE_EXHAUSTED", exhausted, Vec::new()),
        Kind::Status429Help => error(429, "RESOURCE_EXHAUSTED", exhausted, vec![help()]),
        Kind::Status429PerDay => too_many(model, Some(fault.amount_or(40_000.0)), true),
        Kind::RetryAfter => error(429, "RESOURCE_EXHAUSTED", exhausted, Vec::new())
            .header("retry-after", format!("{}", fault.amount_or(1.0).ceil())),
        Kind::Status500 => error(
            500,
            "INTERNAL",
            "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting",
            Vec::new(),
        ),
        Kind::Status503 => error(
            503,
            "UNAVAILABLE",
            "The model is overloaded. Please try again later.",
            Vec::new(),
        ),
        Kind::Status504 => error(
            504,
            "DEADLINE_EXCEEDED",
            "Deadline expired before operation could complete.",
            Vec::new(),
        ),
        Kind::InvalidKey => bad_key(),
        Kind::UnknownModel => no_model(model, version, method),
        _ => return None,
    })
}
