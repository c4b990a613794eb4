//! The body of an answer to a request for content.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use super::request::Request;
use super::usage::Counts;
use super::{pictures, request, writing};
use crate::application::{Call, MediaError};
use crate::domain::catalogue::Gemini;
use crate::domain::faults::Kind;
use crate::domain::journal::Billed;
use crate::domain::picture::Frame;
use crate::domain::seed::Seed;
use crate::domain::tokens;

/// A whole answer, of which a stream sends the parts one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) candidates: Vec<Candidate>,
    pub(super) blocked: Option<&'static str>,
    pub(super) counts: Counts,
}

/// One candidate.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidate {
    pub(super) parts: Vec<Value>,
    pub(super) finish: &'static str,
    pub(super) message: Option<&'static str>,
    pub(super) continuation: Option<String>,
}

/// The wire form of one candidate.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireCandidate<'a> {
    content: WireContent<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<&'a str>,
    index: usize,
}

#[derive(Serialize)]
struct WireContent<'a> {
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    parts: &'a [Value],
    role: &'static str,
}

/// The wire form of a response, or of one event of a stream.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wire<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<WireCandidate<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_feedback: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_metadata: Option<Value>,
    model_version: &'a str,
    response_id: &'a str,
}

impl Content {
    /// The response as it goes over the wire, with these parts of the first candidate.
    pub(super) fn wire<'a>(
        &'a self,
        call: &'a Call,
        model: &'a str,
        counts: &Counts,
        parts: Option<&'a [Value]>,
        last: bool,
    ) -> Wire<'a> {
        let candidates = self
            .candidates
            .iter()
            .enumerate()
            .map(|(index, candidate)| WireCandidate {
                content: WireContent {
                    parts: parts.unwrap_or(&candidate.parts),
                    role: "model",
                },
                finish_reason: last.then_some(candidate.finish),
                finish_message: candidate.message.filter(|_| last),
                continuation_token: candidate.continuation.as_deref().filter(|_| last),
                index,
            });
        Wire {
            candidates: candidates.collect(),
            prompt_feedback: self.blocked.map(|reason| json!({"blockReason": reason})),
            usage_metadata: counts.json(call.fault()),
            model_version: model,
            response_id: call.id(),
        }
    }

    /// What the call is billed.
    pub(super) fn billed(&self) -> Billed {
        self.counts.billed()
    }
}

/// Makes the content of an answer with a picture.
pub(super) async fn picture(
    call: &Call,
    request: &Request,
    model: &Gemini,
    frame: Frame,
    image_tokens: u64,
) -> Result<Content, MediaError> {
    let prompt = &request.prompt;
    let thoughts = if model.thinks {
        120 + Seed::of(prompt).and("thoughts").value() % 180
    } else {
        0
    };
    let mut counts = Counts {
        prompt_text: request.text_tokens,
        prompt_images: request.image_tokens,
        thoughts,
        ..Counts::default()
    };
    let without_picture = |finish, message, counts: Counts, parts| Content {
        candidates: vec![Candidate {
            parts,
            finish,
            message,
            continuation: None,
        }],
        blocked: None,
        counts: counts.with_fault(call.fault()),
    };
    match call.fault().kind {
        Kind::Blocked => return Ok(blocked(request)),
        Kind::Refused => {
            counts.thoughts = 0;
            return Ok(without_picture(
                "IMAGE_SAFETY",
                Some(IMAGE_REFUSED),
                counts,
                Vec::new(),
            ));
        }
        Kind::NoImage | Kind::Empty => {
            return Ok(without_picture(
                "NO_IMAGE",
                Some(NO_IMAGE),
                counts,
                Vec::new(),
            ));
        }
        Kind::Safety => return Ok(without_picture("SAFETY", None, counts, Vec::new())),
        Kind::TextForImage => {
            counts.text = tokens::count(WORDS_FOR_IMAGE);
            return Ok(without_picture(
                "STOP",
                None,
                counts,
                vec![json!({"text": WORDS_FOR_IMAGE})],
            ));
        }
        _ => {}
    }
    let mut parts = Vec::new();
    if request.wants_text {
        let words = "Here is your picture.";
        counts.text = tokens::count(words);
        parts.push(json!({"text": words}));
    }
    let drafts: &[&str] = if call.meets(Kind::TwoImages) {
        &[" a first draft", ""]
    } else {
        &[""]
    };
    for draft in drafts {
        let png = pictures::draw(call.world(), &format!("{prompt}{draft}"), frame).await?;
        parts.push(json!({"inlineData": {"mimeType": "image/png", "data": STANDARD.encode(png)}}));
        counts.images += image_tokens;
        counts.picture_count += 1;
    }
    Ok(Content {
        candidates: vec![Candidate {
            parts,
            finish: "STOP",
            message: None,
            continuation: None,
        }],
        blocked: None,
        counts: counts.with_fault(call.fault()),
    })
}

const IMAGE_REFUSED: &str = "Unable to show the generated image. The image was filtered out because it violated Google's Generative AI Prohibited Use policy.";
const NO_IMAGE: &str = "Unable to show the generated image. The model could not generate the image based on the prompt provided.";
const WORDS_FOR_IMAGE: &str =
    "I can describe the picture in words, but I did not draw it this time.";

fn blocked(request: &Request) -> Content {
    let counts = Counts {
        prompt_text: request.text_tokens,
        prompt_images: request.image_tokens,
        ..Counts::default()
    };
    Content {
        candidates: Vec::new(),
        blocked: Some("PROHIBITED_CONTENT"),
        counts,
    }
}

/// Makes the content of an answer in words.
pub(super) fn words(call: &Call, request: &Request, model: &Gemini) -> Content {
    let fault = call.fault();
    if fault.kind == Kind::Blocked {
        return blocked(request);
    }
    let mut text = writing::write(request, 0, fault.kind);
    match fault.kind {
        Kind::BrokenJson => text.truncate(
            text.char_indices()
                .nth(text.chars().count() * 2 / 3)
                .map_or(0, |(at, _)| at),
        ),
        Kind::WrongShape => {
            text = json!({"answer": "I would rather talk about something else."}).to_string()
        }
        Kind::Empty => text.clear(),
        _ => {}
    }
    let mut counts = Counts {
        prompt_text: request.text_tokens,
        prompt_images: request.image_tokens,
        ..Counts::default()
    };
    counts.thoughts = thoughts(request, model, &text);
    counts = counts.with_fault(fault);
    if fault.kind == Kind::Safety {
        return Content {
            candidates: vec![Candidate {
                finish: "SAFETY",
                ..Candidate::default()
            }],
            blocked: None,
            counts,
        };
    }
    let limit = request
        .output_max
        .unwrap_or(model.output_limit)
        .min(model.output_limit);
    if fault.kind == Kind::ThoughtsOnly || counts.thoughts >= limit {
        // Thinking and answer share one limit: what was thought is billed, and nothing is left to say.
        counts.thoughts = limit.min(counts.thoughts.max(256));
        return Content {
            candidates: vec![Candidate {
                finish: "MAX_TOKENS",
                ..Candidate::default()
            }],
            blocked: None,
            counts,
        };
    }
    let mut candidates = Vec::new();
    for variant in 0..request.candidates {
        let mut answer = if variant == 0 {
            text.clone()
        } else {
            writing::write(request, variant as u64, fault.kind)
        };
        let mut finish = "STOP";
        if let Some(end) = request
            .stops
            .iter()
            .filter(|stop| !stop.is_empty())
            .filter_map(|stop| answer.find(stop.as_str()))
            .min()
        {
            answer.truncate(end);
        }
        let room = if fault.kind == Kind::MaxTokens {
            tokens::count(&answer) / 2
        } else {
            limit - counts.thoughts
        };
        let clipped = tokens::clip(&answer, room);
        if clipped.len() < answer.len() {
            finish = "MAX_TOKENS";
            answer = clipped.to_owned();
        }
        let mut continuation = None;
        if let Some(given) = request.continues_at {
            answer = answer.get(given..).unwrap_or_default().to_owned();
        } else if fault.kind == Kind::Continuation {
            let half = tokens::clip(&answer, tokens::count(&answer) / 2).len();
            answer.truncate(half);
            finish = "CONTINUATION";
            continuation = Some(request::continuation(half));
        }
        counts.text += tokens::count(&answer);
        let mut parts = Vec::new();
        if request.shows_thoughts && counts.thoughts > 0 {
            parts.push(json!({"text": THOUGHT_SHOWN, "thought": true}));
        }
        if !answer.is_empty() {
            let mut part = json!({"text": answer});
            // The third family signs what it thought, so that it can go on from there.
            if model.name.starts_with("gemini-3") && counts.thoughts > 0 {
                let signature = Seed::of(&answer).value().to_le_bytes();
                part["thoughtSignature"] = json!(STANDARD.encode(signature.repeat(6)));
            }
            parts.push(part);
        }
        candidates.push(Candidate {
            parts,
            finish,
            message: None,
            continuation,
        });
    }
    Content {
        candidates,
        blocked: None,
        counts,
    }
}

/// A summary of what was thought.
const THOUGHT_SHOWN: &str = "**Planning the answer**\n\nThe request is clear: find the subject, choose what matters most, and put it in order before writing.\n";

/// How much a model thinks about a request: nothing if it is told not to, more for longer answers.
fn thoughts(request: &Request, model: &Gemini, text: &str) -> u64 {
    if !model.thinks {
        return 0;
    }
    let seed = Seed::of(&request.prompt).and("thoughts").value();
    let natural = tokens::count(text) / 2 + 60 + seed % 240;
    match (request.thinking_budget, request.thinking_level.as_deref()) {
        (Some(0), _) | (_, Some("MINIMAL")) => 0,
        (Some(budget), _) if budget > 0 => natural.min(budget.unsigned_abs()),
        (_, Some("LOW")) => natural / 3,
        (_, Some("HIGH")) => natural * 2,
        (_, Some("XHIGH")) => natural * 4,
        _ => natural,
    }
}
