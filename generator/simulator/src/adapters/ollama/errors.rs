//! Error bodies: one sentence.

use serde_json::json;

use crate::application::{Answer, Call};
use crate::domain::faults::Kind;

pub(super) fn error(code: u16, message: &str) -> Answer {
    Answer::json(code, &json!({"error": message}))
}

pub(super) fn no_model(name: &str) -> Answer {
    error(404, &not_found(name))
}

/// The sentence about a model that is not installed.
pub(super) fn not_found(name: &str) -> String {
    format!("model '{name}' not found")
}

/// The error that a fault asks for, if it asks for one.
pub(super) fn of_fault(call: &Call, model: &str) -> Option<Answer> {
    let fault = call.fault();
    Some(match fault.kind {
        Kind::Status400 => error(400, "invalid options"),
        Kind::Status429 => error(429, "too many requests"),
        Kind::RetryAfter => error(429, "too many requests")
            .header("retry-after", format!("{}", fault.amount_or(1.0).ceil())),
        Kind::Status500 => error(500, "llama runner process has terminated: exit status 2"),
        Kind::Status503 => error(
            503,
            "server busy, please try again.  maximum pending requests exceeded",
        ),
        Kind::Status504 => error(504, "timed out waiting for llama runner to start"),
        Kind::UnknownModel => no_model(model),
        _ => return None,
    })
}
