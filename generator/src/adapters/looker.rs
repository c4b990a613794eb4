//! Ollama as the one that looks at frames.

use bytes::Bytes;
use futures::future::BoxFuture;
use serde_json::json;

use super::ollama::{Ollama, OllamaRequest};
use super::pen::offer;
use crate::application::ports::{Looker, Offer};
use crate::domain::animation::Request;
use crate::domain::estimate::LOOK_OUTPUT_TOKENS_MAX;
use crate::domain::models::OfferedModel;
use crate::domain::retry::{Attempt, Failure};

impl Looker for Ollama {
    fn models(&self) -> BoxFuture<'_, Result<Offer<OfferedModel>, Failure>> {
        Box::pin(async move { offer(Ollama::models(self).await) })
    }

    fn look<'a>(
        &'a self,
        model: &'a str,
        question: &'a Request,
        frame: Bytes,
    ) -> BoxFuture<'a, Attempt<String>> {
        let request = OllamaRequest {
            system: Some(question.system.clone()),
            images: vec![frame],
            // A small model that may write what it likes writes prose.
            format: Some(json!({
                "type": "object",
                "properties": {"ok": {"type": "boolean"}, "issue": {"type": "string"}},
                "required": ["ok"],
            })),
            temperature: Some(0.0),
            output_tokens_max: Some(LOOK_OUTPUT_TOKENS_MAX),
            ..OllamaRequest::new(model, question.user.clone())
        };
        Box::pin(async move { self.generate(&request).await })
    }
}
