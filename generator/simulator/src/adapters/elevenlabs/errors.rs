//! Error bodies, as the real API writes them.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use crate::application::{Answer, Call, World};
use crate::domain::account::Refusal;
use crate::domain::faults::Kind;

/// An error with a status and a message under `detail`.
pub(super) fn error(code: u16, status: &str, message: &str) -> Answer {
    Answer::json(
        code,
        &json!({"detail": {"status": status, "message": message}}),
    )
}

/// A validation error: `detail` is a list.
pub(super) fn invalid(place: &[&str], message: &str, kind: &str) -> Answer {
    let loc: Vec<Value> = place.iter().map(|part| json!(part)).collect();
    Answer::json(
        422,
        &json!({"detail": [{"loc": loc, "msg": message, "type": kind}]}),
    )
}

/// A missing field of the body.
pub(super) fn missing(field: &str) -> Answer {
    invalid(&["body", field], "field required", "value_error.missing")
}

/// A voice that does not exist.
pub(super) fn no_voice(voice: &str) -> Answer {
    error(
        400,
        "voice_not_found",
        &format!("A voice for the voice_id {voice} was not found."),
    )
}

/// A model that does not exist.
pub(super) fn no_model(model: &str) -> Answer {
    error(
        400,
        "model_not_found",
        &format!("A model with model ID {model} does not exist."),
    )
}

/// A key may be anything that is not empty, unless it starts with `bad`.
pub(super) fn key_refusal(headers: &HeaderMap) -> Option<Answer> {
    match headers
        .get("xi-api-key")
        .and_then(|value| value.to_str().ok())
    {
        None | Some("") => Some(error(
            401,
            "needs_authorization",
            "Neither authorization header nor xi-api-key received, please provide one.",
        )),
        Some(key) if key.starts_with("bad") => Some(bad_key()),
        Some(_) => None,
    }
}

fn bad_key() -> Answer {
    error(401, "invalid_api_key", "Invalid API key")
}

fn too_many_concurrent(most: u64) -> Answer {
    error(
        429,
        "too_many_concurrent_requests",
        &format!(
            "Too many concurrent requests. Your current subscription is associated with a maximum of {most} concurrent requests (running in parallel)."
        ),
    )
}

/// A call that the subscription does not admit. The quota's status is 401, as a bad key's is.
pub(super) fn not_admitted(refusal: Refusal) -> Answer {
    match refusal {
        Refusal::Quota {
            limit,
            left,
            needed,
        } => error(
            401,
            "quota_exceeded",
            &format!(
                "This request exceeds your quota of {limit}. You have {left} credits remaining, while {needed} credits are required for this request."
            ),
        ),
        Refusal::Concurrency { most } => too_many_concurrent(most),
    }
}

/// The error that a fault asks for, if it asks for one. `voice` and `credits` stand in its words.
pub(super) fn of_fault(world: &World, call: &Call, voice: &str, credits: u64) -> Option<Answer> {
    let fault = call.fault();
    Some(match fault.kind {
        Kind::Status400 => error(400, "invalid_request", "The request is invalid."),
        Kind::Status402 => error(
            402,
            "paid_plan_required",
            "Free users cannot use library voices via the API. Please upgrade your subscription to use this voice.",
        ),
        Kind::Status403 => error(
            403,
            "only_for_creator+",
            "This request is only allowed for the Creator tier and above.",
        ),
        Kind::Status429 => too_many_concurrent(crate::domain::account::CONCURRENT_MAX),
        Kind::SystemBusy => error(
            429,
            "system_busy",
            "We are currently experiencing heavy traffic. Please try again later.",
        ),
        Kind::RetryAfter => too_many_concurrent(crate::domain::account::CONCURRENT_MAX)
            .header("retry-after", format!("{}", fault.amount_or(1.0).ceil())),
        Kind::Status500 => Answer::json(
            500,
            &json!({"detail": {"status": "internal_server_error", "message": "An unknown error occurred."}}),
        ),
        Kind::Status503 => error(
            503,
            "service_unavailable",
            "The service is temporarily unavailable.",
        ),
        Kind::Status504 => error(
            504,
            "gateway_timeout",
            "The upstream service took too long to answer.",
        ),
        Kind::InvalidKey => bad_key(),
        Kind::MissingPermissions => error(
            401,
            "missing_permissions",
            "The API key you used is missing the permission text_to_speech to execute this operation.",
        ),
        Kind::QuotaExceeded => {
            let limit = world.account().limit;
            not_admitted(Refusal::Quota {
                limit,
                left: 0,
                needed: credits,
            })
        }
        Kind::Invalid422 => missing("text"),
        Kind::VoiceNotFound => no_voice(voice),
        Kind::UnknownModel => no_model("unknown"),
        _ => return None,
    })
}
