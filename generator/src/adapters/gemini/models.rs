//! Reads the provider's list of models.

use serde_json::Value;

use crate::adapters::http::json;
use crate::domain::models::OfferedModel;

/// One page of `ListModels`.
pub(super) struct Page {
    pub models: Vec<OfferedModel>,
    pub next_page_token: Option<String>,
}

/// Reads a page; `None` when it is no list of models.
pub(super) fn read(body: &[u8]) -> Option<Page> {
    let body = json::body(body)?;
    let models = body.get("models").map_or(Some(&[] as &[Value]), |models| {
        models.as_array().map(Vec::as_slice)
    })?;
    body.is_object().then(|| Page {
        models: models.iter().filter_map(read_model).collect(),
        next_page_token: json::text(&body, "nextPageToken", "next_page_token").map(str::to_owned),
    })
}

fn read_model(model: &Value) -> Option<OfferedModel> {
    let name = json::text(model, "name", "name")?;
    let methods = json::list(
        model,
        "supportedGenerationMethods",
        "supported_generation_methods",
    );
    Some(OfferedModel {
        name: clean(name.strip_prefix("models/").unwrap_or(name)),
        display_name: json::text(model, "displayName", "display_name").map(clean),
        // A list that does not say what a model can do leaves the judgement to the call.
        suits: methods.is_empty()
            || methods
                .iter()
                .any(|method| method.as_str() == Some("generateContent")),
    })
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_page_is_read_with_what_each_model_can_do() {
        let page = read(
            br#"{"models": [
                {"name": "models/gemini-2.5-flash", "displayName": "Gemini 2.5 Flash", "supportedGenerationMethods": ["generateContent", "countTokens"]},
                {"name": "models/embedding-001", "supportedGenerationMethods": ["embedContent"]},
                {"name": "models/unsaid"}, {"noname": 1}, 7],
               "nextPageToken": "more"}"#,
        )
        .unwrap();
        let suits: Vec<_> = page
            .models
            .iter()
            .map(|m| (m.name.as_str(), m.suits))
            .collect();
        assert_eq!(
            suits,
            [
                ("gemini-2.5-flash", true),
                ("embedding-001", false),
                ("unsaid", true)
            ]
        );
        assert_eq!(page.next_page_token.as_deref(), Some("more"));
    }

    #[test]
    fn an_empty_object_is_an_empty_list_and_anything_else_none() {
        assert!(read(b"{}").unwrap().models.is_empty());
        for body in ["", "7", "[1, 2]", "{\"models\": 7}", "<html>"] {
            assert!(read(body.as_bytes()).is_none(), "{body}");
        }
    }
}
