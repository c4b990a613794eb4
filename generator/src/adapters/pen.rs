//! Gemini as the pen of a video.

use futures::future::BoxFuture;

use super::gemini::{Gemini, ImageRequest, TextRequest, read_draft};
use crate::application::ports::{Offer, Pen, Picture, Written};
use crate::domain::animation::Request;
use crate::domain::estimate::WRITING_OUTPUT_TOKENS_MAX;
use crate::domain::models::OfferedModel;
use crate::domain::retry::{Attempt, Failure, Outcome};
use crate::domain::script::{Aspect, Prompt};

impl Pen for Gemini {
    fn models(&self) -> BoxFuture<'_, Result<Offer<OfferedModel>, Failure>> {
        Box::pin(async move { offer(Gemini::models(self).await) })
    }

    fn write<'a>(&'a self, model: &'a str, prompt: &'a Prompt) -> BoxFuture<'a, Attempt<Written>> {
        let request = TextRequest::structured(model, prompt.clone(), WRITING_OUTPUT_TOKENS_MAX);
        Box::pin(async move {
            let answer = Gemini::write(self, &request).await;
            answer.map(|answer| read_draft(&answer.text).map_err(|error| error.to_string()))
        })
    }

    fn say<'a>(
        &'a self,
        model: &'a str,
        request: &'a Request,
        output_tokens_max: u32,
    ) -> BoxFuture<'a, Attempt<String>> {
        let asked = TextRequest {
            system: Some(request.system.clone()),
            ..TextRequest::plain(model, request.user.clone(), output_tokens_max)
        };
        Box::pin(async move {
            let answer = Gemini::write(self, &asked).await;
            answer.map(|answer| answer.text)
        })
    }

    fn draw<'a>(
        &'a self,
        model: &'a str,
        prompt: &'a str,
        aspect: Aspect,
    ) -> BoxFuture<'a, Attempt<Picture>> {
        let request = ImageRequest::new(model, prompt, aspect);
        Box::pin(async move {
            let picture = Gemini::draw(self, &request).await;
            picture.map(|picture| Picture {
                bytes: picture.bytes,
                extension: picture.format.extension(),
            })
        })
    }
}

/// A free look-up's answer, with who gave it.
pub(super) fn offer<T>(attempt: Attempt<Vec<T>>) -> Result<Offer<T>, Failure> {
    let simulated = attempt.served.simulated;
    match attempt.outcome {
        Outcome::Succeeded(items) => Ok(Offer { items, simulated }),
        Outcome::Failed(failure) | Outcome::Unconfirmed(failure) => Err(failure),
    }
}
