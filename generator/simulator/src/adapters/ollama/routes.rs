//! The paths of the API.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;

use super::request::{Refusal, Request};
use super::{answer, errors, info};
use crate::adapters::http;
use crate::application::{Answer, World};
use crate::domain::catalogue;
use crate::domain::faults::{Fault, Kind};
use crate::domain::journal::{Operation, Provider};
use crate::domain::seed::Seed;

/// All paths.
pub fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/api/generate", post(generate))
        .route("/api/chat", post(chat))
        .route("/api/tags", get(tags))
        .route("/api/ps", get(running))
        .route("/api/version", get(version))
        .route("/api/show", post(show))
}

async fn generate(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    complete(&world, &headers, &body, Operation::Generate).await
}

async fn chat(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    complete(&world, &headers, &body, Operation::Chat).await
}

async fn complete(
    world: &Arc<World>,
    headers: &HeaderMap,
    body: &Bytes,
    operation: Operation,
) -> Response {
    let chat = operation == Operation::Chat;
    let seed = Seed::of("ollama").and(&String::from_utf8_lossy(body));
    let read = Request::read(body, chat);
    let written = read
        .as_ref()
        .map(|request| request.model.clone())
        .unwrap_or_default();
    let name = http::without_fault(&written).to_owned();
    let named = http::named_fault(headers, Provider::Ollama, &written);
    let read = read.and_then(|request| known_model(world, &name, request));
    let read = match &named {
        Ok(_) => read,
        Err(error) => Err(Refusal {
            code: 400,
            message: error.clone(),
        }),
    };
    let named = if read.is_err() {
        Some(Fault::of(Kind::Ok))
    } else {
        named.unwrap_or(None)
    };
    let call = world.begin(Provider::Ollama, operation, &name, body.len(), named);
    let answer = match read {
        Err(refusal) => errors::error(refusal.code, &refusal.message),
        Ok(request) => errors::of_fault(&call, &name)
            .or_else(|| http::plain_fault(&call))
            .unwrap_or_else(|| answer::answer(&call, &request, chat, &http::now_rfc3339())),
    };
    http::respond(call, seed, answer).await
}

/// The request, if its model is installed and can look at the pictures that came along.
fn known_model(world: &World, name: &str, request: Request) -> Result<Request, Refusal> {
    match catalogue::local(name).filter(|model| world.offers(model.name)) {
        None => Err(Refusal {
            code: 404,
            message: errors::not_found(name),
        }),
        Some(model) if request.images > 0 && !model.sees => Err(Refusal {
            code: 500,
            message: "this model is missing data required for image input".to_owned(),
        }),
        Some(_) => Ok(request),
    }
}

async fn tags(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    about(&world, &headers, info::tags).await
}

async fn running(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    about(&world, &headers, |_| info::running()).await
}

async fn version(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    about(&world, &headers, |_| info::version()).await
}

async fn show(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    about(&world, &headers, |world| info::show(world, &body)).await
}

async fn about(
    world: &Arc<World>,
    headers: &HeaderMap,
    answer: impl FnOnce(&World) -> Answer,
) -> Response {
    let named = http::named_fault(headers, Provider::Ollama, "");
    let refused = named.as_ref().err().map(|error| errors::error(400, error));
    let call = world.begin(
        Provider::Ollama,
        Operation::Info,
        "",
        0,
        named.unwrap_or(None),
    );
    let answer = refused
        .or_else(|| errors::of_fault(&call, ""))
        .or_else(|| http::plain_fault(&call))
        .unwrap_or_else(|| answer(world));
    http::respond(call, Seed::of("info"), answer).await
}
