//! What a request asks for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::domain::schema::{self, Shape};

/// A request to complete a prompt or to go on with a conversation.
pub(super) struct Request {
    pub(super) model: String,
    pub(super) prompt: String,
    pub(super) system: String,
    pub(super) images: usize,
    /// The first picture, as far as it can be decoded from base64.
    pub(super) picture: Option<Vec<u8>>,
    pub(super) stream: bool,
    pub(super) json: bool,
    pub(super) shape: Option<Shape>,
    pub(super) predict_max: Option<u64>,
    /// Whether it only loads the model: there is nothing to answer.
    pub(super) loads: bool,
}

/// What stops a request.
pub(super) struct Refusal {
    pub(super) code: u16,
    pub(super) message: String,
}

fn refuse<T>(code: u16, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        code,
        message: message.into(),
    })
}

impl Request {
    /// Reads a request; in a chat the last message of the user is the prompt.
    pub(super) fn read(body: &[u8], chat: bool) -> Result<Self, Refusal> {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return refuse(400, "invalid character in request body");
        };
        let model = match &body["model"] {
            Value::String(model) if !model.is_empty() => model.clone(),
            _ => return refuse(400, "model is required"),
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut images = count_images(&body["images"])?;
        let (mut prompt, mut system, loads);
        if chat {
            let Some(messages) = body["messages"].as_array() else {
                return refuse(400, "messages is required");
            };
            (prompt, system) = (String::new(), String::new());
            for message in messages {
                images += count_images(&message["images"])?;
                match message["role"].as_str() {
                    Some("user") => prompt = text(&message["content"]),
                    Some("system") => system = text(&message["content"]),
                    Some("assistant" | "tool") => {}
                    _ => return refuse(400, "invalid role in messages"),
                }
            }
            loads = messages.is_empty();
        } else {
            (prompt, system) = (text(&body["prompt"]), text(&body["system"]));
            loads = prompt.is_empty() && images == 0;
        }
        prompt.truncate(PROMPT_BYTES_MAX.min(prompt.len()));
        let (json, shape) = match &body["format"] {
            Value::Null => (false, None),
            Value::String(format) if format.is_empty() => (false, None),
            Value::String(format) if format == "json" => (true, None),
            schema @ Value::Object(_) => match schema::read(schema) {
                Ok(shape) => (true, Some(shape)),
                Err(error) => {
                    return refuse(400, format!("invalid JSON schema in format: {error}"));
                }
            },
            other => {
                return refuse(
                    400,
                    format!("invalid format: {other}; expected \"json\" or a JSON schema object"),
                );
            }
        };
        let predict_max = body["options"]["num_predict"]
            .as_i64()
            .and_then(|n| u64::try_from(n).ok());
        Ok(Self {
            model,
            prompt,
            system,
            images,
            picture: first_picture(&body),
            stream: body["stream"].as_bool().unwrap_or(true),
            json,
            shape,
            predict_max,
            loads,
        })
    }
}

fn first_picture(body: &Value) -> Option<Vec<u8>> {
    let messages = body["messages"].as_array().map(Vec::as_slice);
    let places = std::iter::once(body).chain(messages.unwrap_or_default().iter());
    let mut pictures = places.filter_map(|place| place["images"].as_array()?.first()?.as_str());
    STANDARD.decode(pictures.next()?).ok()
}

/// Longer prompts are cut by the real server's context as well.
const PROMPT_BYTES_MAX: usize = 1_000_000;

/// Pictures are bare base64; a `data:` prefix is what the real server trips over.
fn count_images(images: &Value) -> Result<usize, Refusal> {
    let Some(images) = images.as_array() else {
        return Ok(0);
    };
    for image in images {
        let Some(text) = image.as_str() else {
            return refuse(400, "images must be base64 strings");
        };
        if !text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
        {
            return refuse(400, "illegal base64 data at input byte 4");
        }
    }
    Ok(images.len())
}
