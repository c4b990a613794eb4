//! Answers as server-sent events: the parts one by one, the counts as running totals.

use bytes::Bytes;
use serde_json::{Value, json};

use super::answer::Content;
use super::usage::Counts;
use crate::application::Call;
use crate::domain::faults::Kind;
use crate::domain::tokens;

/// An answer in words is cut into about this many events.
const EVENTS: usize = 12;

/// The events of an answer, each ending with an empty line.
pub(super) fn events(content: &Content, call: &Call, model: &str) -> Vec<Bytes> {
    let pieces = content
        .candidates
        .first()
        .map(|candidate| pieces(&candidate.parts))
        .unwrap_or_default();
    if content.candidates.len() != 1 || pieces.len() < 2 {
        let whole = event(&content.wire(call, model, &content.counts, None, true));
        return with_error(vec![whole], call);
    }
    let mut said = 0;
    let mut images = 0;
    let last = pieces.len() - 1;
    let events = pieces.iter().enumerate().map(|(at, piece)| {
        if piece.get("thought").is_none() {
            said += piece["text"].as_str().map_or(0, tokens::count);
        }
        images += u64::from(piece["inlineData"].is_object());
        // Each event carries the total so far; the last one has the true total.
        let counts = if at == last {
            content.counts
        } else {
            let one = content
                .counts
                .images
                .checked_div(content.counts.picture_count)
                .unwrap_or(0);
            Counts {
                text: said.min(content.counts.text),
                images: one * images,
                ..content.counts
            }
        };
        event(&content.wire(
            call,
            model,
            &counts,
            Some(std::slice::from_ref(piece)),
            at == last,
        ))
    });
    with_error(events.collect(), call)
}

fn event(wire: &super::answer::Wire<'_>) -> Bytes {
    let json = serde_json::to_string(wire).unwrap_or_default();
    Bytes::from(format!("data: {json}\r\n\r\n"))
}

/// The parts cut into smaller ones: words at spaces, pictures whole.
fn pieces(parts: &[Value]) -> Vec<Value> {
    let mut found = Vec::new();
    for part in parts {
        let Some(text) = part["text"].as_str() else {
            found.push(part.clone());
            continue;
        };
        let size = (text.chars().count() / EVENTS).max(20);
        let mut piece = String::new();
        for word in text.split_inclusive(' ') {
            piece.push_str(word);
            if piece.chars().count() >= size {
                found.push(with_text(part, std::mem::take(&mut piece)));
            }
        }
        if !piece.is_empty() {
            found.push(with_text(part, piece));
        }
        // A signature comes with the last piece of what it signs.
        if let Some((_, earlier)) = found.split_last_mut() {
            for piece in earlier {
                if let Some(fields) = piece.as_object_mut() {
                    fields.remove("thoughtSignature");
                }
            }
        }
    }
    found
}

fn with_text(part: &Value, text: String) -> Value {
    let mut part = part.clone();
    part["text"] = Value::String(text);
    part
}

/// Half of the events and then an error, if the call meets that.
fn with_error(mut events: Vec<Bytes>, call: &Call) -> Vec<Bytes> {
    if call.meets(Kind::StreamError) {
        events.truncate(events.len().div_ceil(2).max(1));
        let error = json!({"error": {"code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE"}});
        events.push(Bytes::from(format!("data: {error}\r\n\r\n")));
    }
    events
}
