//! Text to speech.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::errors;
use crate::application::{Answer, Body, Call, MediaError, Spoken, World};
use crate::domain::account::{CONCURRENT_FAST_MAX, CONCURRENT_MAX};
use crate::domain::catalogue::{self, Speech};
use crate::domain::faults::Kind;
use crate::domain::journal::Billed;
use crate::domain::language;
use crate::domain::speech::format::Codec;
use crate::domain::speech::sound::{to_alaw, to_ulaw, to_wav};
use crate::domain::speech::voices;
use crate::domain::speech::{Alignment, Manner, OutputFormat, Sound};

/// In which of its four forms speech is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Audio.
    Whole,
    /// JSON with audio and times.
    Timed,
    /// Audio, piece by piece.
    Stream,
    /// One JSON object a line, each with audio and times.
    TimedStream,
}

/// A request for speech that can be answered.
pub(super) struct Request {
    model: &'static Speech,
    text: String,
    format: OutputFormat,
    manner: Manner,
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// The answer that refuses it.
    #[expect(
        clippy::result_large_err,
        reason = "a refusal is a whole answer, made once and moved once"
    )]
    pub(super) fn read(
        world: &World,
        voice: &str,
        format: Option<&str>,
        body: &[u8],
    ) -> Result<Self, Answer> {
        let format = match format {
            None => OutputFormat::DEFAULT,
            Some(name) => OutputFormat::parse(name).ok_or_else(|| {
                errors::invalid(
                    &["query", "output_format"],
                    &format!("Input should be one of {}", OutputFormat::NAMES.join(", ")),
                    "enum",
                )
            })?,
        };
        if format.needs_pro() {
            return Err(errors::error(
                403,
                "output_format_not_allowed",
                "PCM and WAV output at 44.1kHz and above is only available on the Pro tier and above.",
            ));
        }
        let body: Value = serde_json::from_slice(body)
            .map_err(|_| errors::invalid(&["body"], "JSON decode error", "json_invalid"))?;
        if !body.is_object() {
            return Err(errors::invalid(
                &["body"],
                "Input should be a valid dictionary",
                "dict_type",
            ));
        }
        let text = match &body["text"] {
            Value::Null => return Err(errors::missing("text")),
            Value::String(text) => text.clone(),
            _ => {
                return Err(errors::invalid(
                    &["body", "text"],
                    "Input should be a valid string",
                    "string_type",
                ));
            }
        };
        let id = match &body["model_id"] {
            Value::Null => catalogue::SPEECH_DEFAULT,
            Value::String(id) => id,
            _ => {
                return Err(errors::invalid(
                    &["body", "model_id"],
                    "Input should be a valid string",
                    "string_type",
                ));
            }
        };
        let voice = voices::find(voice).ok_or_else(|| errors::no_voice(voice))?;
        let model = catalogue::speech_model(id)
            .filter(|model| world.offers(model.id))
            .ok_or_else(|| errors::no_model(id))?;
        if !text.chars().any(|letter| !letter.is_whitespace()) {
            return Err(errors::error(
                400,
                "input_text_empty",
                "The input text is empty. Please provide a non-empty text.",
            ));
        }
        let characters = text.chars().count() as u64;
        if characters > model.text_limit {
            let message = format!(
                "This request's text has {characters} characters and exceeds the character limit of {} characters for this model.",
                model.text_limit
            );
            return Err(errors::error(400, "max_character_limit_exceeded", &message));
        }
        let speed = settings(&body["voice_settings"])?;
        let language = match body["language_code"].as_str() {
            None => language_code(language::of_text(&text)),
            Some(code) => spoken_language(code).ok_or_else(|| {
                errors::error(
                    400,
                    "unsupported_language",
                    &format!("The language {code} is not supported."),
                )
            })?,
        };
        Ok(Self {
            model,
            text,
            format,
            manner: Manner {
                speed,
                language,
                timbre: voice.timbre,
            },
        })
    }

    /// Characters, which are what is counted.
    pub(super) fn characters(&self) -> u64 {
        self.text.chars().count() as u64
    }

    /// What the text costs.
    pub(super) fn credits(&self) -> u64 {
        self.model.credits(self.characters())
    }

    /// Calls at the same time.
    pub(super) fn concurrent_max(&self) -> u64 {
        if self.model.fast {
            CONCURRENT_FAST_MAX
        } else {
            CONCURRENT_MAX
        }
    }
}

/// Checks the settings of a voice, and gives its speed.
#[expect(
    clippy::result_large_err,
    reason = "a refusal is a whole answer, made once and moved once"
)]
fn settings(settings: &Value) -> Result<f64, Answer> {
    for (name, low, high) in [
        ("stability", 0.0, 1.0),
        ("similarity_boost", 0.0, 1.0),
        ("style", 0.0, 1.0),
        ("speed", 0.7, 1.2),
    ] {
        let value = &settings[name];
        if !value.is_null() && !value.as_f64().is_some_and(|n| (low..=high).contains(&n)) {
            return Err(errors::error(
                400,
                "invalid_voice_settings",
                &format!(
                    "Invalid setting for {name} received, expected to be greater or equal to {low} and less or equal to {high}."
                ),
            ));
        }
    }
    Ok(settings["speed"].as_f64().unwrap_or(1.0))
}

fn language_code(language: language::Language) -> &'static str {
    match language {
        language::Language::English => "en",
        language::Language::German => "de",
        language::Language::French => "fr",
        language::Language::Spanish => "es",
    }
}

/// The languages of the synthesiser that the provider has too.
fn spoken_language(code: &str) -> Option<&'static str> {
    const CODES: &[&str] = &[
        "en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "sk", "tr",
        "el", "ru", "uk", "ar", "hi", "ja", "ko", "zh", "vi", "id", "ro", "hu", "bg", "hr", "ta",
        "ms",
    ];
    let short = code
        .split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let short = if short == "no" {
        "nb".to_owned()
    } else {
        short
    };
    CODES.iter().find(|known| **known == short).copied()
}

/// Speaks and packs.
pub(super) async fn answer(
    world: &Arc<World>,
    call: &Call,
    request: &Request,
    form: Form,
) -> Answer {
    let spoken = world.speaker.speak(&request.text, request.manner).await;
    let sound = spoken.sound.at_rate(request.format.rate_hz);
    let audio = match pack(world, &sound, request.format).await {
        Ok(audio) => audio,
        Err(error @ MediaError::Missing { .. }) => {
            return errors::error(
                400,
                "output_format_unavailable",
                &format!("simulator: {error}"),
            );
        }
        Err(error) => {
            return errors::error(500, "internal_server_error", &format!("simulator: {error}"));
        }
    };
    let pause = world.settings.latency.scaled(STREAM_PAUSE_SECONDS);
    let (media_type, body) = match form {
        Form::Whole => (request.format.media_type(), Body::Whole(Bytes::from(audio))),
        Form::Stream => (
            request.format.media_type(),
            Body::Pieces(with_break(slices(&audio, STREAM_PIECES), call), pause),
        ),
        Form::Timed => {
            let timed = Timed::of(&audio, &spoken.alignment, call);
            (
                "application/json",
                Body::Whole(Bytes::from(serde_json::to_vec(&timed).unwrap_or_default())),
            )
        }
        Form::TimedStream => (
            "application/json",
            Body::Pieces(with_error(lines(&audio, &spoken, call), call), pause),
        ),
    };
    let billed = Billed {
        characters: request.characters(),
        credits: request.credits(),
        ..Billed::default()
    };
    with_headers(
        Answer {
            status: 200,
            media_type,
            headers: Vec::new(),
            body,
            billed,
        },
        world,
        call,
        request,
    )
}

/// Between two pieces of a stream, at ordinary speed.
const STREAM_PAUSE_SECONDS: f64 = 0.04;

/// A stream is cut into about so many pieces.
const STREAM_PIECES: usize = 8;

fn with_headers(answer: Answer, world: &World, call: &Call, request: &Request) -> Answer {
    let busy = world.account().busy;
    let mut answer = answer
        .header("request-id", call.id())
        .header(
            "history-item-id",
            call.id().chars().rev().collect::<String>(),
        )
        .header("x-region", "simulated")
        .header("current-concurrent-requests", busy.to_string())
        .header(
            "maximum-concurrent-requests",
            request.concurrent_max().to_string(),
        );
    let credits = request.credits();
    match call.fault().kind {
        Kind::MissingCost => {}
        Kind::OddCost => {
            answer = answer.header("character-cost", (credits * 3 / 4 + 1).to_string())
        }
        _ => answer = answer.header("character-cost", credits.to_string()),
    }
    answer
}

async fn pack(world: &World, sound: &Sound, format: OutputFormat) -> Result<Vec<u8>, MediaError> {
    Ok(match format.codec {
        Codec::Pcm => sound.pcm16(),
        Codec::Wav => to_wav(sound),
        Codec::Ulaw => to_ulaw(sound),
        Codec::Alaw => to_alaw(sound),
        Codec::Mp3 | Codec::Opus => world.encoder.encode(sound, format).await?,
    })
}

#[derive(Serialize)]
struct Timed {
    audio_base64: String,
    alignment: Option<WireAlignment>,
    normalized_alignment: Option<WireAlignment>,
}

#[derive(Clone, Serialize)]
struct WireAlignment {
    characters: Vec<String>,
    character_start_times_seconds: Vec<f64>,
    character_end_times_seconds: Vec<f64>,
}

impl Timed {
    fn of(audio: &[u8], alignment: &Alignment, call: &Call) -> Self {
        let wire =
            (!call.meets(Kind::NullAlignment) && !alignment.characters.is_empty()).then(|| {
                WireAlignment {
                    characters: alignment.characters.clone(),
                    character_start_times_seconds: alignment.starts.clone(),
                    character_end_times_seconds: alignment.ends.clone(),
                }
            });
        Self {
            audio_base64: STANDARD.encode(audio),
            alignment: wire.clone(),
            normalized_alignment: wire,
        }
    }
}

/// The audio in pieces of whole samples.
fn slices(audio: &[u8], count: usize) -> Vec<Bytes> {
    let size = (audio.len() / count).max(1_024) & !1;
    audio.chunks(size).map(Bytes::copy_from_slice).collect()
}

/// One JSON object a line: a piece of the audio, and the letters that begin while it plays.
fn lines(audio: &[u8], spoken: &Spoken, call: &Call) -> Vec<Bytes> {
    let pieces = slices(audio, STREAM_PIECES);
    let total = spoken.sound.seconds();
    let alignment = &spoken.alignment;
    let mut from = 0;
    let mut bytes = 0;
    let last = pieces.len().saturating_sub(1);
    pieces
        .iter()
        .enumerate()
        .map(|(at, piece)| {
            bytes += piece.len();
            let until = total * bytes as f64 / audio.len().max(1) as f64;
            let to = if at == last {
                alignment.starts.len()
            } else {
                alignment
                    .starts
                    .partition_point(|start| *start < until)
                    .max(from)
            };
            let timed = Timed::of(piece, &alignment.part(from..to), call);
            from = to;
            let mut line = serde_json::to_vec(&timed).unwrap_or_default();
            line.push(b'\n');
            Bytes::from(line)
        })
        .collect()
}

fn with_error(mut lines: Vec<Bytes>, call: &Call) -> Vec<Bytes> {
    if call.meets(Kind::StreamError) {
        lines.truncate(lines.len().div_ceil(2).max(1));
        let error = json!({"detail": {"status": "internal_server_error", "message": "The stream broke off."}});
        lines.push(Bytes::from(format!("{error}\n")));
    }
    lines
}

/// Bare audio has no place for an error: it just ends too early.
fn with_break(mut pieces: Vec<Bytes>, call: &Call) -> Vec<Bytes> {
    if call.meets(Kind::StreamError) {
        pieces.truncate(pieces.len().div_ceil(2).max(1));
    }
    pieces
}
