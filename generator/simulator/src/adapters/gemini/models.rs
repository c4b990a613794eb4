//! The list of models.

use serde::Serialize;
use serde_json::Value;

use super::errors;
use crate::application::{Answer, World};
use crate::domain::catalogue::{self, Gemini, Makes};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: String,
    version: &'static str,
    display_name: &'static str,
    description: &'static str,
    input_token_limit: u64,
    output_token_limit: u64,
    supported_generation_methods: Vec<&'static str>,
    temperature: f64,
    top_p: f64,
    top_k: u64,
    max_temperature: f64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    thinking: bool,
}

fn listed(model: &Gemini) -> Listed {
    let mut methods = vec!["generateContent", "countTokens"];
    if model.makes == Makes::Text {
        methods.extend(["createCachedContent", "batchGenerateContent"]);
    }
    Listed {
        name: format!("models/{}", model.name),
        version: "001",
        display_name: model.display_name,
        description: model.description,
        input_token_limit: model.input_limit,
        output_token_limit: model.output_limit,
        supported_generation_methods: methods,
        temperature: 1.0,
        top_p: 0.95,
        top_k: 64,
        max_temperature: 2.0,
        thinking: model.thinks,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    models: Vec<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// Models of a page when the request does not say how many.
const PAGE_SIZE: usize = 50;

/// The most models of a page.
const PAGE_SIZE_MAX: usize = 1_000;

/// One page of the list.
pub(super) fn list(
    world: &World,
    version: &str,
    page_size: Option<&str>,
    page_token: Option<&str>,
) -> Answer {
    let size = match page_size.map(str::parse::<usize>) {
        None => PAGE_SIZE,
        Some(Ok(0)) => PAGE_SIZE,
        Some(Ok(size)) => size.min(PAGE_SIZE_MAX),
        Some(Err(_)) => return errors::invalid("Invalid value at 'page_size' (TYPE_INT32)"),
    };
    let start = match page_token.filter(|token| !token.is_empty()).map(read_token) {
        None => 0,
        Some(Some(start)) => start,
        Some(None) => return errors::invalid("Invalid page token."),
    };
    let all: Vec<&Gemini> = offered(world, version).collect();
    let page = all
        .iter()
        .skip(start)
        .take(size)
        .map(|model| listed(model))
        .collect();
    let next = start.saturating_add(size);
    Answer::json(
        200,
        &Page {
            models: page,
            next_page_token: (next < all.len()).then(|| token(next)),
        },
    )
}

/// One model.
pub(super) fn one(world: &World, version: &str, name: &str) -> Answer {
    match offered(world, version).find(|model| model.name == name) {
        Some(model) => Answer::json(200, &listed(model)),
        None => errors::error(
            404,
            "NOT_FOUND",
            &format!("Model is not found: models/{name} for api version {version}"),
            Vec::<Value>::new(),
        ),
    }
}

fn offered<'a>(world: &'a World, version: &'a str) -> impl Iterator<Item = &'static Gemini> + 'a {
    catalogue::GEMINI
        .iter()
        .filter(move |model| world.offers(model.name) && (version == "v1beta" || !model.beta_only))
}

/// A page token says where the next page starts; it looks like nothing, so that nobody computes one.
fn token(start: usize) -> String {
    format!("Ch{:08x}", start ^ TOKEN_MASK)
}

fn read_token(token: &str) -> Option<usize> {
    usize::from_str_radix(token.strip_prefix("Ch")?, 16)
        .ok()
        .map(|masked| masked ^ TOKEN_MASK)
}

const TOKEN_MASK: usize = 0x5eed;
