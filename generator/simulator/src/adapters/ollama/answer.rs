//! Answers: words, JSON, or a verdict on a picture.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::request::Request;
use crate::adapters::eyes;
use crate::application::{Answer, Body, Call};
use crate::domain::faults::Kind;
use crate::domain::journal::Billed;
use crate::domain::schema::{Brief, instance};
use crate::domain::script;
use crate::domain::seed::Seed;
use crate::domain::tokens;

/// The tokens that moondream counts for a picture: 729 patches.
const PICTURE_TOKENS: u64 = 729;

/// The metrics of an answer. All are left out when they are zero, as Go's `omitempty` does.
#[derive(Clone, Copy, Default, Serialize)]
struct Metrics {
    #[serde(skip_serializing_if = "is_zero")]
    total_duration: u64,
    #[serde(skip_serializing_if = "is_zero")]
    load_duration: u64,
    #[serde(skip_serializing_if = "is_zero")]
    prompt_eval_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    prompt_eval_duration: u64,
    #[serde(skip_serializing_if = "is_zero")]
    eval_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    eval_duration: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize)]
struct Line<'a> {
    model: &'a str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Vec<u64>>,
    #[serde(flatten)]
    metrics: Metrics,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

/// Makes the answer to a request; `now` is the time that it carries, as RFC 3339.
pub(super) fn answer(call: &Call, request: &Request, chat: bool, now: &str) -> Answer {
    let text = if call.meets(Kind::Empty) || request.loads {
        String::new()
    } else {
        write(request)
    };
    let room = request.predict_max.unwrap_or(u64::MAX);
    let clipped = tokens::clip(&text, room);
    let reason = match (request.loads, clipped.len() < text.len()) {
        (true, _) => "load",
        (false, true) => "length",
        (false, false) => "stop",
    };
    let metrics = metrics(call, request, clipped);
    let last = |text: &str| line(request, chat, now, text, Some(reason), metrics);
    let billed = Billed {
        input_tokens: metrics.prompt_eval_count,
        output_tokens: metrics.eval_count,
        ..Billed::default()
    };
    if !request.stream {
        return Answer {
            status: 200,
            media_type: "application/json; charset=utf-8",
            headers: Vec::new(),
            body: Body::Whole(Bytes::from(last(clipped))),
            billed,
        };
    }
    let mut pieces: Vec<Bytes> = clipped
        .split_inclusive(' ')
        .map(|word| Bytes::from(line(request, chat, now, word, None, Metrics::default()) + "\n"))
        .collect();
    if call.meets(Kind::StreamError) {
        pieces.truncate(pieces.len().div_ceil(2).max(1));
        pieces.push(Bytes::from(
            json!({"error": "llama runner process has terminated: exit status 2"}).to_string()
                + "\n",
        ));
    } else {
        pieces.push(Bytes::from(last("") + "\n"));
    }
    let pause = call.world().settings.latency.scaled(STREAM_PAUSE_SECONDS);
    Answer {
        status: 200,
        media_type: "application/x-ndjson",
        headers: Vec::new(),
        body: Body::Pieces(pieces, pause),
        billed,
    }
}

/// Between two lines of a stream, at ordinary speed.
const STREAM_PAUSE_SECONDS: f64 = 0.02;

fn line(
    request: &Request,
    chat: bool,
    now: &str,
    text: &str,
    reason: Option<&str>,
    metrics: Metrics,
) -> String {
    let done = reason.is_some();
    let line = Line {
        model: &request.model,
        created_at: now.to_owned(),
        response: (!chat).then_some(text),
        message: chat.then_some(Message {
            role: "assistant",
            content: text,
        }),
        done,
        done_reason: reason,
        context: (done && !chat && reason != Some("load")).then(|| vec![1, 2, 3]),
        metrics,
    };
    serde_json::to_string(&line).unwrap_or_default()
}

fn metrics(call: &Call, request: &Request, text: &str) -> Metrics {
    if request.loads {
        return Metrics::default();
    }
    let prompt = tokens::count(&request.prompt)
        + tokens::count(&request.system)
        + request.images as u64 * PICTURE_TOKENS;
    // An empty answer still has the token that ends it.
    let said = tokens::count(text).max(1);
    let counts = !call.meets(Kind::MissingCounts);
    Metrics {
        total_duration: 500_000_000 + prompt * 400_000 + said * 35_000_000,
        load_duration: 5_025_959,
        prompt_eval_count: if counts { prompt } else { 0 },
        prompt_eval_duration: if counts { prompt * 400_000 } else { 0 },
        eval_count: if counts { said } else { 0 },
        eval_duration: if counts { said * 35_000_000 } else { 0 },
    }
}

/// `at the left and at the right`.
fn listed(edges: &[&str]) -> String {
    let places: Vec<String> = edges.iter().map(|edge| format!("at the {edge}")).collect();
    places.join(" and ")
}

fn write(request: &Request) -> String {
    let seed = Seed::of(&request.model)
        .and(&request.prompt)
        .and_number(request.images as u64);
    if request.images > 0 {
        return verdict(request, seed);
    }
    let told = script::compose(&request.prompt, 3);
    match &request.shape {
        Some(shape) => instance(shape, &Brief::about(&told), seed).to_string(),
        None if request.json => json!({"answer": told.scenes[0].narration}).to_string(),
        None => told.scenes[0].narration.clone(),
    }
}

/// What a model that looks at pictures says: mostly that all is well, sometimes that it is not.
fn verdict(request: &Request, seed: Seed) -> String {
    const COMPLAINTS: &[&str] = &[
        "Text runs out of the frame on the right.",
        "Two labels overlap near the centre.",
        "The lower third is too dark to read.",
    ];
    let mut rng = seed.and("verdict").rng();
    // A real frame is really looked at; what is none gets a verdict by chance.
    let edges = request.picture.as_deref().and_then(eyes::edges_touched);
    let complaint = match &edges {
        Some(edges) => format!("Something runs out of the frame {}.", listed(edges)),
        None => rng.pick(COMPLAINTS).to_owned(),
    };
    let fine = match &edges {
        Some(edges) => edges.is_empty(),
        None => !rng.one_in(4),
    };
    let complaint = complaint.as_str();
    let (issues, reason) = if fine {
        (
            Vec::new(),
            "Everything is inside the frame and can be read.",
        )
    } else {
        (vec![complaint], complaint)
    };
    match &request.shape {
        Some(shape) => {
            let flags = [
                "ok",
                "pass",
                "passed",
                "passes",
                "acceptable",
                "approved",
                "readable",
                "good",
                "valid",
            ];
            let mut brief = Brief {
                sentences: vec![reason.to_owned()],
                known: flags
                    .iter()
                    .map(|name| ((*name).to_owned(), Value::Bool(fine)))
                    .collect(),
                ..Brief::default()
            };
            for name in [
                "has_issues",
                "text_cut_off",
                "cut_off",
                "overlap",
                "overlapping",
                "has_overlap",
            ] {
                brief.known.push((name.to_owned(), Value::Bool(!fine)));
            }
            for (name, good, bad) in [
                ("verdict", "pass", "fail"),
                ("verdict", "ok", "not_ok"),
                ("status", "pass", "fail"),
                ("result", "pass", "fail"),
            ] {
                brief
                    .known
                    .push((name.to_owned(), json!(if fine { good } else { bad })));
            }
            brief
                .known
                .push(("score".to_owned(), json!(if fine { 9 } else { 4 })));
            if fine {
                brief.empty_lists = ["issues", "problems", "errors", "defects"]
                    .map(str::to_owned)
                    .to_vec();
            }
            instance(shape, &brief, seed).to_string()
        }
        None if request.json => json!({"ok": fine, "issues": issues, "reason": reason}).to_string(),
        None => format!(
            "{} {reason}",
            if fine {
                "Yes, the picture is fine."
            } else {
                "No, there is a problem."
            }
        ),
    }
}
