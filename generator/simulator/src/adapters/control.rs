//! The simulator's own paths: what it was asked, what goes wrong next, and back to the beginning.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::application::World;
use crate::domain::faults::{Kind, Plan};
use crate::domain::journal::{Billed, Class, Count, Entry};

/// All paths under `/_simulator`, and `/healthz`.
pub fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/_simulator/requests", get(requests))
        .route(
            "/_simulator/faults",
            get(menu).post(set_faults).delete(clear_faults),
        )
        .route("/_simulator/reset", post(reset))
}

#[derive(Serialize)]
struct WireBilled {
    input_tokens: u64,
    cached_tokens: u64,
    output_tokens: u64,
    thinking_tokens: u64,
    image_tokens: u64,
    images: u64,
    characters: u64,
    credits: u64,
}

impl From<Billed> for WireBilled {
    fn from(billed: Billed) -> Self {
        Self {
            input_tokens: billed.input_tokens,
            cached_tokens: billed.cached_tokens,
            output_tokens: billed.output_tokens,
            thinking_tokens: billed.thinking_tokens,
            image_tokens: billed.image_tokens,
            images: billed.images,
            characters: billed.characters,
            credits: billed.credits,
        }
    }
}

#[derive(Serialize)]
struct WireCount<'a> {
    provider: &'static str,
    operation: &'static str,
    model: &'a str,
    outcome: &'a str,
    requests: u64,
    billed: WireBilled,
}

impl<'a> WireCount<'a> {
    fn of((class, count): (&'a Class, &Count)) -> Self {
        Self {
            provider: class.provider.name(),
            operation: class.operation.name(),
            model: &class.model,
            outcome: &class.outcome,
            requests: count.requests,
            billed: count.billed.into(),
        }
    }
}

#[derive(Serialize)]
struct WireEntry {
    number: u64,
    id: String,
    provider: &'static str,
    operation: &'static str,
    model: String,
    outcome: String,
    status: u16,
    request_bytes: u64,
    response_bytes: u64,
    billed: WireBilled,
}

impl From<Entry> for WireEntry {
    fn from(entry: Entry) -> Self {
        Self {
            number: entry.number,
            id: entry.id,
            provider: entry.provider.name(),
            operation: entry.operation.name(),
            model: entry.model,
            outcome: entry.outcome,
            status: entry.status,
            request_bytes: entry.request_bytes,
            response_bytes: entry.response_bytes,
            billed: entry.billed.into(),
        }
    }
}

/// Calls that are listed when the request does not say how many.
const LISTED: usize = 1_000;

async fn requests(
    State(world): State<Arc<World>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let number = |name: &str, usual: u64| {
        query
            .get(name)
            .map_or(Ok(usual), |text| text.parse::<u64>())
    };
    let (Ok(after), Ok(limit)) = (number("after", 0), number("limit", LISTED as u64)) else {
        return refused("after and limit are whole numbers");
    };
    let journal = world.journal();
    let mut billed = Billed::default();
    journal
        .counts()
        .values()
        .for_each(|count| billed.add(&count.billed));
    let counts: Vec<WireCount<'_>> = journal.counts().iter().map(WireCount::of).collect();
    let listed: Vec<WireEntry> = journal
        .after(after, usize::try_from(limit).unwrap_or(usize::MAX))
        .into_iter()
        .map(WireEntry::from)
        .collect();
    let body = json!({
        "simulator": env!("CARGO_PKG_VERSION"),
        "total": journal.total(),
        "in_flight": journal.in_flight(),
        "billed": WireBilled::from(billed),
        "counts": counts,
        "requests": listed,
    });
    Json(body).into_response()
}

/// What a request to set faults may hold: rules as in the setting, or lists by target.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultsRequest {
    #[serde(default)]
    rules: String,
    #[serde(default)]
    script: BTreeMap<String, Vec<String>>,
    /// Whether what was planned before stays, and comes first.
    #[serde(default)]
    append: bool,
}

async fn set_faults(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let request: FaultsRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => {
            return refused(&format!(
                "{error}; give {{\"rules\": \"image:status429*2\"}} or {{\"script\": {{\"image\": [\"ok\", \"refused\"]}}}}"
            ));
        }
    };
    let mut plan = if request.append {
        world.faults().clone()
    } else {
        Plan::default()
    };
    for rule in request
        .rules
        .split([',', ';', '\n'])
        .map(str::trim)
        .filter(|rule| !rule.is_empty())
    {
        if let Err(error) = plan.add_rule(rule) {
            return refused(&error.to_string());
        }
    }
    for (target, faults) in &request.script {
        if let Err(error) = plan.add_list(target, faults) {
            return refused(&error.to_string());
        }
    }
    let rules = plan.to_rules();
    *world.faults() = plan;
    Json(json!({"planned": rules})).into_response()
}

async fn clear_faults(State(world): State<Arc<World>>) -> Response {
    *world.faults() = Plan::default();
    Json(json!({"planned": []})).into_response()
}

async fn menu(State(world): State<Arc<World>>) -> Response {
    let menu: Vec<Value> = Kind::ALL
        .iter()
        .map(|kind| {
            let providers: Vec<&str> = kind
                .providers()
                .iter()
                .map(|provider| provider.name())
                .collect();
            json!({"name": kind.name(), "providers": providers, "meaning": kind.meaning()})
        })
        .collect();
    let planned = world.faults().to_rules();
    Json(json!({"menu": menu, "planned": planned})).into_response()
}

async fn reset(State(world): State<Arc<World>>) -> Response {
    world.reset();
    Json(json!({"reset": true})).into_response()
}

fn refused(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": message}))).into_response()
}
