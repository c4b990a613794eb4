//! Reads what `generateContent` answers with status 200.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_PAD_INDIFFERENT, URL_SAFE_PAD_INDIFFERENT};
use bytes::Bytes;
use serde_json::Value;

use super::error;
use super::finish::FinishReason;
use super::usage;
use crate::adapters::http::{Redactor, Reply, json, text_header};
use crate::domain::retry::{Advice, Attempt, Failure, FailureClass, Outcome, Served};
use crate::domain::usage::{
    Anomaly, Provider, Seen, Usage, estimate_text_tokens, gemini, variant_from_word,
};

/// A text that the model wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextAnswer {
    /// The text, without the model's thoughts.
    pub text: String,
    /// The answer goes on: another call with this token gives the rest, and is an
    /// attempt, and an event, of its own.
    pub continuation: Option<String>,
}

impl TextAnswer {
    /// Both parts of an answer that came in two calls.
    #[must_use]
    pub fn followed_by(mut self, rest: Self) -> Self {
        self.text.push_str(&rest.text);
        self.continuation = rest.continuation;
        self
    }
}

/// How a picture is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
}

impl ImageFormat {
    /// The usual ending of such a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
        }
    }

    /// The format that a file begins like; what the answer calls it does not count.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::WebP),
            _ => None,
        }
    }
}

/// A picture that the model drew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The encoded picture.
    pub bytes: Bytes,
    /// How it is encoded.
    pub format: ImageFormat,
}

/// What an answer is read against.
pub(super) struct Asked<'a> {
    pub model: &'a str,
    pub sent_tokens: u64,
    pub redactor: &'a Redactor,
}

/// An answer taken apart.
struct Parsed {
    text: String,
    pictures: Vec<String>,
    finish: FinishReason,
    finish_message: String,
    block: Option<String>,
    has_candidate: bool,
    continuation: Option<String>,
}

/// The attempt that a reply to a call for text makes.
pub(super) fn text(reply: Reply, asked: &Asked<'_>) -> Attempt<TextAnswer> {
    let (parsed, usage, served) = match open(reply, asked) {
        Ok(opened) => opened,
        Err(attempt) => return *attempt,
    };
    let usable = !parsed.text.trim().is_empty()
        && !matches!(
            parsed.finish,
            FinishReason::MaxTokens | FinishReason::Withheld(_)
        );
    let outcome = if usable && parsed.block.is_none() {
        Outcome::Succeeded(TextAnswer {
            text: parsed.text,
            continuation: parsed.continuation,
        })
    } else {
        Outcome::Failed(refusal(&parsed, asked))
    };
    Attempt {
        outcome,
        usage,
        served,
    }
}

/// The attempt that a reply to a call for a picture makes. Of several pictures the last
/// one is meant: those before it are drafts. All of them are counted.
pub(super) fn picture(reply: Reply, asked: &Asked<'_>) -> Attempt<Picture> {
    let (mut parsed, usage, served) = match open(reply, asked) {
        Ok(opened) => opened,
        Err(attempt) => return *attempt,
    };
    let outcome = match parsed.pictures.pop() {
        None => Outcome::Failed(refusal(&parsed, asked)),
        Some(base64) => match decode(&base64) {
            Some(picture) => Outcome::Succeeded(picture),
            None => {
                let message = "the picture is not base64 of a png, jpeg or webp file";
                Outcome::Failed(failure(asked, FailureClass::Unreadable, message))
            }
        },
    };
    Attempt {
        outcome,
        usage,
        served,
    }
}

fn decode(base64: &str) -> Option<Picture> {
    let bytes = STANDARD_PAD_INDIFFERENT
        .decode(base64)
        .or_else(|_| URL_SAFE_PAD_INDIFFERENT.decode(base64))
        .ok()?;
    let format = ImageFormat::of(&bytes)?;
    Some(Picture {
        bytes: bytes.into(),
        format,
    })
}

fn failure(asked: &Asked<'_>, class: FailureClass, message: &str) -> Failure {
    let mut failure = Failure::new(
        Provider::Gemini,
        asked.model,
        class,
        asked.redactor.message(message),
    );
    failure.status = Some(200);
    failure
}

/// Why an answer without a usable value has none.
fn refusal(parsed: &Parsed, asked: &Asked<'_>) -> Failure {
    if let Some(reason) = &parsed.block {
        let mut blocked = failure(asked, FailureClass::PromptBlocked, "");
        blocked.reason = Some(asked.redactor.word(reason));
        return blocked;
    }
    let class = parsed.finish.class_without_value();
    // What the model wrote instead of what was asked for often says why.
    let said = if parsed.finish_message.is_empty() && class != FailureClass::CutShort {
        &parsed.text
    } else {
        &parsed.finish_message
    };
    let mut refused = failure(asked, class, said);
    refused.reason = Some(if parsed.has_candidate {
        asked.redactor.word(parsed.finish.word())
    } else {
        "no candidates".to_owned()
    });
    refused
}

type Opened = (Parsed, Usage, Served);

/// Takes a reply apart, as far as calls for text and for pictures agree. What is no
/// answer at all becomes a finished attempt.
fn open<T>(reply: Reply, asked: &Asked<'_>) -> Result<Opened, Box<Attempt<T>>> {
    let mut served = reply.served();
    let tier = text_header(&reply.head.headers, TIER_HEADER);
    served.variant = tier.and_then(variant_from_word);
    let Some(body) = json::body(&reply.body).filter(Value::is_object) else {
        // Status 200 and no protocol: a proxy, a portal, a cut body. Whether the call
        // ever reached the provider is unknown.
        let shown = String::from_utf8_lossy(reply.body.get(..200).unwrap_or(&reply.body));
        let unreadable = failure(asked, FailureClass::Unreadable, &shown);
        return Err(Box::new(Attempt::unconfirmed(unreadable, served)));
    };
    // Some front ends report an error inside a 200.
    if let Some(error) = json::field(&body, "error", "error") {
        let failure = error::from_object(asked.model, 200, error, asked.redactor, Advice::NONE);
        return Err(Box::new(Attempt::refused(failure, served)));
    }
    let counts = usage::read(&body);
    let served = Served {
        model_version: json::text(&body, "modelVersion", "model_version")
            .map(|version| asked.redactor.word(version)),
        request_id: json::text(&body, "responseId", "response_id")
            .map(|id| asked.redactor.word(id)),
        ..served
    };
    let parsed = parse(body);
    let seen = Seen {
        sent_tokens: asked.sent_tokens,
        received_tokens: estimate_text_tokens(&parsed.text),
        images: u64::try_from(parsed.pictures.len()).unwrap_or(u64::MAX),
    };
    let mut usage = gemini(counts.as_ref(), seen);
    if let Some(word) = tier
        && served.variant.is_none()
    {
        let word = asked.redactor.word(word);
        usage.anomalies.push(Anomaly::TierUnknown(word));
    }
    Ok((parsed, usage, served))
}

/// The tier that served the call; a priority call can be served as a standard one.
const TIER_HEADER: &str = "x-gemini-service-tier";

fn parse(mut body: Value) -> Parsed {
    let block = json::field(&body, "promptFeedback", "prompt_feedback")
        .and_then(|feedback| json::text(feedback, "blockReason", "block_reason"))
        .filter(|reason| *reason != "BLOCKED_REASON_UNSPECIFIED")
        .map(str::to_owned);
    // Several candidates are never asked for; the first one is the answer.
    let candidate = body
        .get_mut("candidates")
        .and_then(Value::as_array_mut)
        .and_then(|candidates| candidates.first_mut())
        .map(Value::take);
    let has_candidate = candidate.is_some();
    let mut candidate = candidate.unwrap_or_default();
    let finish = FinishReason::from_word(json::text(&candidate, "finishReason", "finish_reason"));
    let continuation = json::text(&candidate, "continuationToken", "continuation_token")
        .filter(|_| finish == FinishReason::Continuation)
        .map(str::to_owned);
    let finish_message = json::text(&candidate, "finishMessage", "finish_message")
        .unwrap_or_default()
        .to_owned();
    let mut parsed = Parsed {
        text: String::new(),
        pictures: Vec::new(),
        finish,
        finish_message,
        block,
        has_candidate,
        continuation,
    };
    let parts = candidate
        .get_mut("content")
        .and_then(|content| content.get_mut("parts"))
        .and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten() {
        // Thoughts are billed as thinking, and pictures in them not at all.
        if part.get("thought").and_then(Value::as_bool) == Some(true) {
            continue;
        }
        if let Some(text) = part.get("text").and_then(Value::as_str) {
            parsed.text.push_str(text);
        }
        for name in ["inlineData", "inline_data"] {
            let data = part.get_mut(name).and_then(|inline| inline.get_mut("data"));
            // Taken and not copied: a picture has millions of characters.
            if let Some(Value::String(base64)) = data.map(Value::take) {
                parsed.pictures.push(base64);
            }
        }
    }
    parsed
}
