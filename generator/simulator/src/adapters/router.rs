//! All paths of the simulator on one port.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{control, elevenlabs, gemini, http, ollama};
use crate::application::World;

/// The whole service.
///
/// Two providers have `GET /v1/models`. Below `/gemini` and `/elevenlabs` each has its own; without
/// a prefix, a request with ElevenLabs' key header is ElevenLabs', any other is Gemini's.
pub fn router(world: Arc<World>) -> Router {
    let gemini_only = gemini::router().route("/v1/models", get(gemini_models));
    let elevenlabs_only = elevenlabs::router().route("/v1/models", get(elevenlabs_models));
    Router::new()
        .merge(gemini::router())
        .merge(elevenlabs::router())
        .merge(ollama::router())
        .merge(control::router())
        .route("/v1/models", get(models))
        .route("/", get(home))
        .nest("/gemini", gemini_only)
        .nest("/elevenlabs", elevenlabs_only)
        .nest("/ollama", ollama::router())
        .fallback(nothing_here)
        .layer(DefaultBodyLimit::max(http::REQUEST_BYTES_MAX))
        .layer(axum::middleware::from_fn(http::mark))
        .with_state(world)
}

async fn models(
    State(world): State<Arc<World>>,
    query: Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if headers.contains_key("xi-api-key") {
        elevenlabs::list_models(&world, &headers).await
    } else {
        gemini::list_models(&world, "v1", &query, &headers).await
    }
}

async fn gemini_models(
    State(world): State<Arc<World>>,
    query: Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    gemini::list_models(&world, "v1", &query, &headers).await
}

async fn elevenlabs_models(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    elevenlabs::list_models(&world, &headers).await
}

/// Ollama answers its root with this sentence, and its clients look for it.
async fn home() -> &'static str {
    "Ollama is running"
}

async fn nothing_here(uri: axum::http::Uri) -> Response {
    let message = format!(
        "the simulator has nothing at {}; it speaks for Gemini (/v1, /v1beta), ElevenLabs (/v1, /v2) and Ollama (/api)",
        uri.path()
    );
    (
        StatusCode::NOT_FOUND,
        axum::Json(serde_json::json!({"error": message})),
    )
        .into_response()
}
