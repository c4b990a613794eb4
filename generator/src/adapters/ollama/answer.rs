//! Reads what Ollama answers.

use serde_json::Value;

use crate::adapters::http::{json, read_count};
use crate::domain::usage::{Count, LocalCounts};

/// An answer taken apart.
pub(super) struct Parsed {
    pub text: String,
    pub done_reason: Option<String>,
    pub model: Option<String>,
    pub counts: LocalCounts,
}

/// Reads the answer of `/api/generate` or `/api/chat`; an `Err` is the error that the
/// server reports in it, `None` is no answer at all.
pub(super) fn read(bytes: &[u8]) -> Option<Result<Parsed, String>> {
    let body = last_object(bytes)?;
    if let Some(error) = error_of(&body) {
        return Some(Err(error));
    }
    let text = json::text(&body, "response", "response")
        .or_else(|| {
            body.get("message")
                .and_then(|message| json::text(message, "content", "content"))
        })
        .unwrap_or_default()
        .to_owned();
    let mut counts = LocalCounts::default();
    let mut count = |name: &'static str| match body.get(name) {
        None => Count::Absent,
        Some(value) => {
            let (count, oddity) = read_count(value, name);
            counts.oddities.extend(oddity);
            count
        }
    };
    let (prompt, output) = (count("prompt_eval_count"), count("eval_count"));
    counts.prompt = prompt;
    counts.output = output;
    Some(Ok(Parsed {
        text,
        done_reason: json::text(&body, "done_reason", "done_reason").map(str::to_owned),
        model: json::text(&body, "model", "model").map(str::to_owned),
        counts,
    }))
}

/// The error that a body reports: `{"error": "…"}`, or an object with a message in it.
pub(super) fn error_of(body: &Value) -> Option<String> {
    match json::field(body, "error", "error")? {
        Value::String(text) => Some(text.clone()),
        other => Some(
            json::text(other, "message", "message")
                .map_or_else(|| other.to_string(), str::to_owned),
        ),
    }
}

/// The body's one object, or the last of several lines: a server or proxy that streams
/// although asked not to ends with the counts.
fn last_object(bytes: &[u8]) -> Option<Value> {
    if let Some(value) = json::body(bytes) {
        return value.is_object().then_some(value);
    }
    let mut lines = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let mut text = String::new();
    let mut last = None;
    for line in lines.by_ref() {
        let line = line.ok().filter(Value::is_object)?;
        let piece = json::text(&line, "response", "response").or_else(|| {
            line.get("message")
                .and_then(|message| json::text(message, "content", "content"))
        });
        text.push_str(piece.unwrap_or_default());
        last = Some(line);
    }
    let mut last = last?;
    last["response"] = text.into();
    Some(last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn both_kinds_of_answer_are_read() {
        let generate = br#"{"model":"moondream","response":"{\"ok\":true}","done":true,"done_reason":"stop","prompt_eval_count":750,"eval_count":12}"#;
        let chat = br#"{"model":"moondream","message":{"role":"assistant","content":"{\"ok\":true}"},"done":true,"prompt_eval_count":750,"eval_count":12}"#;
        for body in [&generate[..], &chat[..]] {
            let parsed = read(body).unwrap().unwrap();
            assert_eq!(parsed.text, r#"{"ok":true}"#);
            assert_eq!(parsed.counts.prompt, Count::Known(750));
            assert_eq!(parsed.counts.output, Count::Known(12));
        }
    }

    #[test]
    fn a_stream_that_was_not_asked_for_is_joined() {
        let body = b"{\"response\":\"a \"}\n{\"response\":\"b\"}\n{\"response\":\"\",\"done\":true,\"eval_count\":2}\n";
        let parsed = read(body).unwrap().unwrap();
        assert_eq!(parsed.text, "a b");
        assert_eq!(parsed.counts.output, Count::Known(2));
        let error = read(b"{\"response\":\"a\"}\n{\"error\":\"out of memory\"}\n").unwrap();
        assert_eq!(error.err().as_deref(), Some("out of memory"));
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for body in ["", "[]", "7", "<html>", "{\"response\":"] {
            assert!(read(body.as_bytes()).is_none(), "{body}");
        }
    }
}
