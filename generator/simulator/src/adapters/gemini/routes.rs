//! The paths of the API.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::Value;

use super::request::{Counted, Request};
use super::{answer, errors, fields, models, pictures, proto, stream, writing};
use crate::adapters::http;
use crate::application::{Answer, Body, Call, World};
use crate::domain::catalogue::{self, Gemini, Makes};
use crate::domain::faults::Kind;
use crate::domain::journal::{Operation, Provider};
use crate::domain::seed::Seed;

type Parameters = Query<HashMap<String, String>>;

/// The paths that no other provider has. `GET /v1/models` is told apart by its key: see `adapters::router`.
pub fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/v1/models/{call}", get(one_v1).post(call_v1))
        .route("/v1beta/models", get(list_v1beta))
        .route("/v1beta/models/{call}", get(one_v1beta).post(call_v1beta))
        .route("/v1/tunedModels/{call}", post(call_v1))
}

async fn call_v1(
    State(world): State<Arc<World>>,
    Path(path): Path<String>,
    query: Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    model_call(&world, "v1", &path, &query, &headers, &body).await
}

async fn call_v1beta(
    State(world): State<Arc<World>>,
    Path(path): Path<String>,
    query: Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    model_call(&world, "v1beta", &path, &query, &headers, &body).await
}

async fn list_v1beta(
    State(world): State<Arc<World>>,
    query: Parameters,
    headers: HeaderMap,
) -> Response {
    list_models(&world, "v1beta", &query, &headers).await
}

async fn one_v1(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    query: Parameters,
    headers: HeaderMap,
) -> Response {
    one_model(&world, "v1", &name, &query, &headers).await
}

async fn one_v1beta(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    query: Parameters,
    headers: HeaderMap,
) -> Response {
    one_model(&world, "v1beta", &name, &query, &headers).await
}

/// `GET /{version}/models`.
pub async fn list_models(
    world: &Arc<World>,
    version: &str,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
) -> Response {
    info(world, version, "", query, headers, || {
        models::list(
            world,
            version,
            parameter(query, "pageSize", "page_size"),
            parameter(query, "pageToken", "page_token"),
        )
    })
    .await
}

/// `GET /{version}/models/{name}`.
pub async fn one_model(
    world: &Arc<World>,
    version: &str,
    name: &str,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
) -> Response {
    let name = http::without_fault(name);
    info(world, version, name, query, headers, || {
        models::one(world, version, name)
    })
    .await
}

fn parameter<'a>(query: &'a HashMap<String, String>, camel: &str, snake: &str) -> Option<&'a str> {
    query
        .get(camel)
        .or_else(|| query.get(snake))
        .map(String::as_str)
}

async fn info(
    world: &Arc<World>,
    version: &str,
    model: &str,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
    answer: impl FnOnce() -> Answer,
) -> Response {
    let seed = Seed::of("models").and(model);
    let named = http::named_fault(headers, Provider::Gemini, "");
    let call = world.begin(
        Provider::Gemini,
        Operation::Models,
        model,
        0,
        named.clone().unwrap_or(None),
    );
    let refused =
        key_refusal(query, headers).or_else(|| named.err().map(|error| errors::invalid(&error)));
    let answer = refused
        .or_else(|| errors::of_fault(&call, model, version, "GetModel"))
        .or_else(|| http::plain_fault(&call))
        .unwrap_or_else(answer);
    http::respond(call, seed, answer).await
}

/// `POST /{version}/models/{model}:{method}`.
async fn model_call(
    world: &Arc<World>,
    version: &'static str,
    path: &str,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let (written, method) = path.rsplit_once(':').unwrap_or((path, ""));
    let name = http::without_fault(written);
    let asked = Asked {
        world,
        version,
        name,
        method,
        query,
    };
    // Refusals are counted under what the request can be seen to be; without a body that is text.
    let prepared = prepare(&asked, headers, body);
    let operation = match &prepared {
        Ok(prepared) => prepared.operation(),
        Err((operation, _)) => *operation,
    };
    let named = http::named_fault(headers, Provider::Gemini, written);
    let wrong_fault = named.clone().err();
    // What is refused meets no fault: a plan counts calls that would have been answered.
    let named = if prepared.is_err() || wrong_fault.is_some() {
        Some(crate::domain::faults::Fault::of(Kind::Ok))
    } else {
        named.unwrap_or(None)
    };
    let call = world.begin(Provider::Gemini, operation, name, body.len(), named);
    let seed = Seed::of(name).and(&String::from_utf8_lossy(body));
    let answer = match (prepared, wrong_fault) {
        (_, Some(error)) => errors::invalid(&error),
        (Err((_, refusal)), None) => refusal,
        (Ok(prepared), None) => match errors::of_fault(&call, name, version, method)
            .or_else(|| http::plain_fault(&call))
        {
            Some(fault) => fault,
            None => fulfil(&asked, &call, prepared).await,
        },
    };
    http::respond(call, seed, answer).await
}

struct Asked<'a> {
    world: &'a Arc<World>,
    version: &'static str,
    name: &'a str,
    method: &'a str,
    query: &'a HashMap<String, String>,
}

/// A request that can be answered.
enum Prepared {
    Count(Counted),
    Words(Box<Request>, &'static Gemini),
    Picture(
        Box<Request>,
        &'static Gemini,
        crate::domain::picture::Frame,
        u64,
    ),
}

impl Prepared {
    fn operation(&self) -> Operation {
        match self {
            Self::Count(_) => Operation::CountTokens,
            Self::Words(request, _) => writing::operation(request),
            Self::Picture(..) => Operation::Image,
        }
    }
}

#[expect(
    clippy::result_large_err,
    reason = "a refusal is a whole answer, made once and moved once"
)]
fn prepare(
    asked: &Asked<'_>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Prepared, (Operation, Answer)> {
    let guess = match catalogue::gemini(asked.name, "v1beta") {
        Some(Gemini {
            makes: Makes::Pictures { .. },
            ..
        }) => Operation::Image,
        _ if asked.method == "countTokens" => Operation::CountTokens,
        _ => Operation::Text,
    };
    let refuse = |answer: Answer| (guess, answer);
    if let Some(refusal) = key_refusal(asked.query, headers) {
        return Err(refuse(refusal));
    }
    if !matches!(
        asked.method,
        "generateContent" | "streamGenerateContent" | "countTokens"
    ) {
        return Err(refuse(errors::no_model(
            asked.name,
            asked.version,
            asked.method,
        )));
    }
    let json: Value = serde_json::from_slice(body).map_err(|error| {
        refuse(errors::bad_payload(&[(
            String::new(),
            format!("Invalid JSON payload received. {error}"),
        )]))
    })?;
    let table = if asked.method == "countTokens" {
        &fields::COUNT
    } else {
        &fields::GENERATE
    };
    let read =
        proto::read(&json, table).map_err(|violations| refuse(errors::bad_payload(&violations)))?;
    let model = catalogue::gemini(asked.name, asked.version)
        .filter(|model| asked.world.offers(model.name))
        .ok_or_else(|| refuse(errors::no_model(asked.name, asked.version, asked.method)))?;
    if asked.method == "countTokens" {
        return count(&read)
            .map(Prepared::Count)
            .map_err(|message| refuse(errors::invalid(&message)));
    }
    if read["cachedContent"].is_string() {
        return Err(refuse(errors::error(
            403,
            "PERMISSION_DENIED",
            "CachedContent not found (or permission denied)",
            Vec::new(),
        )));
    }
    let request = Request::read(&read).map_err(|message| refuse(errors::invalid(&message)))?;
    if request.prompt_tokens() > model.input_limit {
        let message = format!(
            "The input token count ({}) exceeds the maximum number of tokens allowed ({}).",
            request.prompt_tokens(),
            model.input_limit
        );
        return Err(refuse(errors::invalid(&message)));
    }
    let draws = request.wants_image
        || (matches!(model.makes, Makes::Pictures { .. })
            && request.shape.is_none()
            && !request.json);
    if matches!(model.makes, Makes::Pictures { .. }) && (request.shape.is_some() || request.json) {
        return Err(refuse(errors::invalid(&format!(
            "JSON mode is not enabled for models/{}",
            model.name
        ))));
    }
    if draws {
        let (frame, tokens) = pictures::plan(&request, model.makes)
            .map_err(|message| refuse(errors::invalid(&message)))?;
        return Ok(Prepared::Picture(Box::new(request), model, frame, tokens));
    }
    Ok(Prepared::Words(Box::new(request), model))
}

fn count(read: &Value) -> Result<Counted, String> {
    let inner = &read["generateContentRequest"];
    let request = if inner.is_object() { inner } else { read };
    let contents = request["contents"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if contents.is_empty() {
        return Err("* CountTokensRequest.contents: contents is not specified\n".to_owned());
    }
    let mut counted = Counted::default();
    for content in contents.iter().chain([&request["systemInstruction"]]) {
        counted.parts(
            content["parts"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default(),
        );
    }
    Ok(counted)
}

async fn fulfil(asked: &Asked<'_>, call: &Call, prepared: Prepared) -> Answer {
    let (content, tier) = match prepared {
        Prepared::Count(counted) => return counted_answer(&counted),
        Prepared::Words(request, model) => (answer::words(call, &request, model), request.tier),
        Prepared::Picture(request, model, frame, tokens) => {
            match answer::picture(call, &request, model, frame, tokens).await {
                Ok(content) => (content, request.tier),
                Err(error) => {
                    return errors::error(
                        500,
                        "INTERNAL",
                        &format!("simulator: {error}"),
                        Vec::new(),
                    );
                }
            }
        }
    };
    let tier = if call.meets(Kind::TierDowngraded) {
        "standard".to_owned()
    } else {
        tier.unwrap_or_else(|| "standard".to_owned())
    };
    let billed = content.billed();
    let answer = if asked.method == "streamGenerateContent" {
        let events = stream::events(&content, call, asked.name);
        let media_type = if asked.query.get("alt").is_some_and(|alt| alt == "sse") {
            "text/event-stream"
        } else {
            "application/json"
        };
        let body = if media_type == "application/json" {
            json_array(&events)
        } else {
            Body::Pieces(
                events,
                asked.world.settings.latency.scaled(STREAM_PAUSE_SECONDS),
            )
        };
        Answer {
            status: 200,
            media_type,
            headers: Vec::new(),
            body,
            billed,
        }
    } else {
        Answer::json(
            200,
            &content.wire(call, asked.name, &content.counts, None, true),
        )
        .billed(billed)
    };
    answer.header("x-gemini-service-tier", tier)
}

/// Between two events of a stream, at ordinary speed.
const STREAM_PAUSE_SECONDS: f64 = 0.05;

/// Without `alt=sse` the real server streams one JSON array.
fn json_array(events: &[Bytes]) -> Body {
    let objects: Vec<String> = events
        .iter()
        .map(|event| {
            String::from_utf8_lossy(event)
                .trim_start_matches("data: ")
                .trim_end()
                .to_owned()
        })
        .collect();
    Body::Whole(Bytes::from(format!("[{}]", objects.join(",\r\n"))))
}

fn counted_answer(counted: &Counted) -> Answer {
    let images = counted.images as u64 * crate::domain::tokens::IMAGE_INPUT_TOKENS;
    let details: Vec<Value> = [("TEXT", counted.text), ("IMAGE", images)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(modality, count)| serde_json::json!({"modality": modality, "tokenCount": count}))
        .collect();
    Answer::json(
        200,
        &serde_json::json!({"totalTokens": counted.text + images, "promptTokensDetails": details}),
    )
}

/// A key may be anything that is not empty, unless it starts with `bad`; a token where a key
/// belongs is refused as the real server refuses it.
fn key_refusal(query: &HashMap<String, String>, headers: &HeaderMap) -> Option<Answer> {
    let key = headers
        .get("x-goog-api-key")
        .and_then(|value| value.to_str().ok())
        .or_else(|| query.get("key").map(String::as_str));
    match key {
        Some("") => Some(errors::no_key()),
        Some(key) if key.starts_with("bad") => Some(errors::bad_key()),
        Some(_) => None,
        None if headers.contains_key("authorization") => Some(errors::error(
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
            Vec::new(),
        )),
        None => Some(errors::no_key()),
    }
}
