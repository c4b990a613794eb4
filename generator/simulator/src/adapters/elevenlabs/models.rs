//! The list of models.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use crate::application::{Answer, World};
use crate::domain::catalogue::{SPEECH, Speech};
use crate::domain::journal::Operation;

/// `GET /v1/models`: an array.
pub async fn list(world: &Arc<World>, headers: &HeaderMap) -> Response {
    super::routes::info(world, headers, Operation::Models, "", |world| {
        let models: Vec<Value> = SPEECH
            .iter()
            .filter(|model| world.offers(model.id))
            .map(listed)
            .collect();
        Answer::json(200, &models)
    })
    .await
}

fn listed(model: &Speech) -> Value {
    let languages: Vec<Value> = LANGUAGES
        .iter()
        .map(|(id, name)| json!({"language_id": id, "name": name}))
        .collect();
    json!({
        "model_id": model.id,
        "name": model.name,
        "description": model.description,
        "can_be_finetuned": !model.fast,
        "can_do_text_to_speech": true,
        "can_do_voice_conversion": false,
        "can_use_style": model.style,
        "can_use_speaker_boost": true,
        "serves_pro_voices": false,
        "token_cost_factor": 1.0,
        "requires_alpha_access": false,
        "max_characters_request_free_user": model.text_limit / 4,
        "max_characters_request_subscribed_user": model.text_limit,
        "maximum_text_length_per_request": model.text_limit,
        "languages": languages,
        "model_rates": {"character_cost_multiplier": model.credits_per_1000 as f64 / 1_000.0, "cost_discount_multiplier": 1.0},
        "concurrency_group": if model.fast { "turbo" } else { "standard" },
    })
}

const LANGUAGES: &[(&str, &str)] = &[
    ("en", "English"),
    ("de", "German"),
    ("fr", "French"),
    ("es", "Spanish"),
    ("it", "Italian"),
    ("pt", "Portuguese"),
];
