//! The list of models, one model, the version.

use serde_json::{Value, json};

use super::errors;
use crate::application::{Answer, World};
use crate::domain::catalogue::{LOCAL, Local, local};
use crate::domain::seed::Seed;

/// The version of Ollama whose behaviour this follows.
const VERSION: &str = "0.12.6";

/// When the models were "installed".
const MODIFIED_AT: &str = "2026-08-21T09:00:00.123456789Z";

pub(super) fn version() -> Answer {
    Answer::json(200, &json!({"version": VERSION}))
}

pub(super) fn tags(world: &World) -> Answer {
    let models: Vec<Value> = LOCAL
        .iter()
        .filter(|model| world.offers(model.name))
        .map(|model| {
            json!({
                "name": model.name,
                "model": model.name,
                "modified_at": MODIFIED_AT,
                "size": model.size,
                "digest": digest(model.name),
                "details": details(model),
            })
        })
        .collect();
    Answer::json(200, &json!({"models": models}))
}

/// Models in memory: none is ever kept there.
pub(super) fn running() -> Answer {
    Answer::json(200, &json!({"models": []}))
}

pub(super) fn show(world: &World, body: &[u8]) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return errors::error(400, "invalid character in request body");
    };
    let Some(name) = body["model"]
        .as_str()
        .or_else(|| body["name"].as_str())
        .filter(|name| !name.is_empty())
    else {
        return errors::error(400, "model is required");
    };
    let Some(model) = local(name).filter(|model| world.offers(model.name)) else {
        return errors::no_model(name);
    };
    let capabilities: &[&str] = if model.sees {
        &["completion", "vision"]
    } else {
        &["completion", "tools"]
    };
    Answer::json(
        200,
        &json!({
            "modelfile": format!("FROM {}\n", model.name),
            "parameters": "temperature 0",
            "template": "{{ .Prompt }}",
            "details": details(model),
            "model_info": {"general.architecture": model.family, "general.parameter_count": model.size},
            "capabilities": capabilities,
            "modified_at": MODIFIED_AT,
        }),
    )
}

fn details(model: &Local) -> Value {
    json!({"parent_model": "", "format": "gguf", "family": model.family, "families": [model.family], "parameter_size": model.parameters, "quantization_level": "Q4_0"})
}

fn digest(name: &str) -> String {
    let mut rng = Seed::of(name).and("digest").rng();
    (0..4).map(|_| format!("{:016x}", rng.next_u64())).collect()
}
