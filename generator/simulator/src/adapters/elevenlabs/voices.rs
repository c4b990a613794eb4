//! The list of voices, in its first and its second version.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::errors;
use crate::application::Answer;
use crate::domain::catalogue::SPEECH;
use crate::domain::speech::voices::{ALL, Voice};

/// Voices of a page when the request does not say how many, and the most of them.
const PAGE_SIZE: usize = 10;
const PAGE_SIZE_MAX: usize = 100;

/// `GET /v1/voices`: all of them.
pub(super) fn all() -> Answer {
    let voices: Vec<Value> = ALL.iter().map(listed).collect();
    Answer::json(200, &json!({"voices": voices}))
}

/// `GET /v1/voices/{voice_id}`.
pub(super) fn one(id: &str) -> Answer {
    ALL.iter().find(|voice| voice.id == id).map_or_else(
        || errors::no_voice(id),
        |voice| Answer::json(200, &listed(voice)),
    )
}

/// `GET /v2/voices`: page by page, searched by words in names and labels.
pub(super) fn search(query: &HashMap<String, String>) -> Answer {
    let size = match query.get("page_size").map(|size| size.parse::<usize>()) {
        None => PAGE_SIZE,
        Some(Ok(size @ 1..=PAGE_SIZE_MAX)) => size,
        Some(_) => {
            return errors::invalid(
                &["query", "page_size"],
                "Input should be a number from 1 to 100",
                "value_error",
            );
        }
    };
    let start = match query.get("next_page_token").map(|token| read_token(token)) {
        None => 0,
        Some(Some(start)) => start,
        Some(None) => {
            return errors::error(400, "invalid_page_token", "The page token is invalid.");
        }
    };
    let wanted = query
        .get("search")
        .map(|text| text.to_lowercase())
        .unwrap_or_default();
    let category = query.get("category").map_or("premade", String::as_str);
    let ids: Vec<&str> = query
        .get("voice_ids")
        .map(|ids| ids.split(',').collect())
        .unwrap_or_default();
    let mut found: Vec<&Voice> = ALL
        .iter()
        .filter(|_| category == "premade")
        .filter(|voice| ids.is_empty() || ids.contains(&voice.id))
        .filter(|voice| {
            let text = format!(
                "{} {}",
                voice.name,
                voice.labels.map(|(_, value)| value).join(" ")
            )
            .to_lowercase();
            wanted.split_whitespace().all(|word| text.contains(word))
        })
        .collect();
    if query.get("sort").is_some_and(|sort| sort == "name") {
        found.sort_by_key(|voice| voice.name);
        if query
            .get("sort_direction")
            .is_some_and(|direction| direction == "desc")
        {
            found.reverse();
        }
    }
    let voices: Vec<Value> = found
        .iter()
        .skip(start)
        .take(size)
        .map(|voice| listed(voice))
        .collect();
    let next = start.saturating_add(size);
    let has_more = next < found.len();
    Answer::json(
        200,
        &json!({"voices": voices, "has_more": has_more, "total_count": found.len(), "next_page_token": has_more.then(|| format!("p{next}"))}),
    )
}

fn read_token(token: &str) -> Option<usize> {
    token.strip_prefix('p')?.parse().ok()
}

fn listed(voice: &Voice) -> Value {
    let labels: Map<String, Value> = voice
        .labels
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let models: Vec<&str> = SPEECH.iter().map(|model| model.id).collect();
    json!({
        "voice_id": voice.id,
        "name": voice.name,
        "samples": null,
        "category": "premade",
        "fine_tuning": null,
        "labels": labels,
        "description": null,
        "preview_url": null,
        "available_for_tiers": [],
        "settings": null,
        "sharing": null,
        "high_quality_base_model_ids": models,
        "verified_languages": [],
        "safety_control": null,
        "voice_verification": null,
        "permission_on_resource": null,
        "is_owner": false,
        "is_legacy": voice.name == "Rachel",
        "is_mixed": false,
        "created_at_unix": null,
    })
}
