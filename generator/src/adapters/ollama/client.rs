//! The calls.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reelmeter_service::Secret;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::answer;
use crate::adapters::http::{
    BaseUrl, CallLimits, Http, HttpError, Redactor, Reply, Request, advice, failed_before_answer,
    for_status, json as read, key_header,
};
use crate::domain::models::OfferedModel;
use crate::domain::retry::{Attempt, Failure, FailureClass, Outcome, Served};
use crate::domain::usage::{
    Provider, Usage, estimate_image_input_tokens, estimate_text_tokens, local,
};

/// How to reach the server.
#[derive(Clone, Debug)]
pub struct OllamaSettings {
    /// Where it is; [`ollama_base_url`](super::ollama_base_url) reads `OLLAMA_HOST`.
    pub base_url: BaseUrl,
    /// A token, for a server behind a proxy that asks for one.
    pub token: Option<Secret>,
    /// The limits of a call.
    pub limits: CallLimits,
}

impl OllamaSettings {
    /// No token, and the limits of a call for text.
    #[must_use]
    pub const fn new(base_url: BaseUrl) -> Self {
        Self {
            base_url,
            token: None,
            limits: CallLimits::TEXT,
        }
    }
}

/// A question to a local model, about pictures if there are any.
#[derive(Clone, Debug, PartialEq)]
pub struct OllamaRequest {
    /// The model's name, with its tag if it has one.
    pub model: String,
    /// The standing instruction.
    pub system: Option<String>,
    /// The question.
    pub prompt: String,
    /// Encoded pictures.
    pub images: Vec<Bytes>,
    /// `"json"`, or a JSON schema of the answer; `None` for plain text.
    pub format: Option<Value>,
    /// From 0, always the same; `None` for the model's own default.
    pub temperature: Option<f32>,
    /// The most tokens of the answer; `None` for the model's own default.
    pub output_tokens_max: Option<u32>,
}

impl OllamaRequest {
    /// A question with nothing else said.
    #[must_use]
    pub fn new(model: impl Into<String>, prompt: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            system: None,
            prompt: prompt.into(),
            images: Vec::new(),
            format: None,
            temperature: None,
            output_tokens_max: None,
        }
    }

    fn estimated_input_tokens(&self) -> u64 {
        let images = u64::try_from(self.images.len()).unwrap_or(u64::MAX);
        estimate_text_tokens(self.system.as_deref().unwrap_or_default())
            .saturating_add(estimate_text_tokens(&self.prompt))
            .saturating_add(estimate_image_input_tokens(images))
    }

    fn images_base64(&self) -> Vec<String> {
        // Bare, without a `data:` prefix.
        self.images
            .iter()
            .map(|image| STANDARD.encode(image))
            .collect()
    }

    fn common(&self) -> Value {
        let mut options = json!({});
        if let Some(temperature) = self.temperature {
            options["temperature"] = json!(temperature);
        }
        if let Some(tokens) = self.output_tokens_max {
            options["num_predict"] = tokens.into();
        }
        // Without this the answer is a stream.
        let mut body = json!({"model": self.model, "stream": false, "options": options});
        if let Some(format) = &self.format {
            body["format"] = format.clone();
        }
        body
    }

    fn generate_body(&self) -> Value {
        let mut body = self.common();
        body["prompt"] = self.prompt.as_str().into();
        if let Some(system) = &self.system {
            body["system"] = system.as_str().into();
        }
        if !self.images.is_empty() {
            body["images"] = json!(self.images_base64());
        }
        body
    }

    fn chat_body(&self) -> Value {
        let mut body = self.common();
        let mut message = json!({"role": "user", "content": self.prompt});
        if !self.images.is_empty() {
            message["images"] = json!(self.images_base64());
        }
        let system = self
            .system
            .as_ref()
            .map(|system| json!({"role": "system", "content": system}));
        body["messages"] = system.into_iter().chain([message]).collect();
        body
    }
}

/// A client of an Ollama server. Clones share connections.
#[derive(Clone)]
pub struct Ollama {
    http: Http,
    base_url: BaseUrl,
    headers: Vec<(HeaderName, HeaderValue)>,
    redactor: Redactor,
    limits: CallLimits,
}

impl fmt::Debug for Ollama {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ollama")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl Ollama {
    /// A client.
    ///
    /// # Errors
    ///
    /// [`HttpError::Key`] when the token cannot be sent in a header.
    pub fn new(http: Http, settings: OllamaSettings) -> Result<Self, HttpError> {
        let mut headers = Vec::new();
        if let Some(token) = &settings.token {
            let bearer = Secret::new(format!("Bearer {}", token.expose()));
            headers.push((AUTHORIZATION, key_header("OLLAMA_API_KEY", &bearer)?));
        }
        Ok(Self {
            http,
            base_url: settings.base_url,
            headers,
            redactor: settings
                .token
                .as_ref()
                .map_or_else(Redactor::default, Redactor::new),
            limits: settings.limits,
        })
    }

    /// Asks through `/api/generate`: one request. An answer without text is
    /// [`FailureClass::NoAnswer`], never a verdict.
    pub async fn generate(&self, request: &OllamaRequest) -> Attempt<String> {
        self.ask("generate", request, request.generate_body()).await
    }

    /// Asks through `/api/chat`: one request.
    pub async fn chat(&self, request: &OllamaRequest) -> Attempt<String> {
        self.ask("chat", request, request.chat_body()).await
    }

    /// The models on the server.
    pub async fn models(&self) -> Attempt<Vec<OfferedModel>> {
        const SUBJECT: &str = "the list of models";
        let reply = match self
            .send(Method::GET, "tags", None, CallLimits::LOOKUP, SUBJECT)
            .await
        {
            Ok(reply) => reply,
            Err(attempt) => return attempt.map(|never| match never {}),
        };
        let served = reply.served();
        let body = read::body(&reply.body);
        let Some(models) = body
            .as_ref()
            .and_then(|body| body.get("models"))
            .and_then(Value::as_array)
        else {
            let message = "the answer is no list of models";
            return Attempt::refused(failure(SUBJECT, FailureClass::Unreadable, message), served);
        };
        let offered = models
            .iter()
            .filter_map(|model| read::text(model, "name", "model"))
            .map(|name| OfferedModel {
                // "moondream:latest" is what "moondream" means.
                name: self
                    .redactor
                    .word(name.strip_suffix(":latest").unwrap_or(name)),
                display_name: None,
                suits: true,
            })
            .collect();
        Attempt {
            outcome: Outcome::Succeeded(offered),
            usage: Usage::none(),
            served,
        }
    }

    async fn ask(&self, call: &str, request: &OllamaRequest, body: Value) -> Attempt<String> {
        let subject = self.redactor.word(&request.model);
        let body = Bytes::from(body.to_string());
        let reply = self
            .send(Method::POST, call, Some(body), self.limits, &subject)
            .await;
        let reply = match reply {
            Ok(reply) => reply,
            Err(attempt) => return attempt.map(|never| match never {}),
        };
        self.answered(request, &subject, &reply)
    }

    /// The attempt that an answer with status 200 makes.
    pub(super) fn answered(
        &self,
        request: &OllamaRequest,
        subject: &str,
        reply: &Reply,
    ) -> Attempt<String> {
        let served = reply.served();
        let parsed = match answer::read(&reply.body) {
            Some(Ok(parsed)) => parsed,
            Some(Err(said)) => {
                let message = self.redactor.message(&said);
                let failure = failure(subject, class_of(500, &said), &message);
                return Attempt::refused(failure, served);
            }
            None => {
                let failure = failure(
                    subject,
                    FailureClass::Unreadable,
                    "the answer is not what the api documents",
                );
                return Attempt::refused(failure, served);
            }
        };
        let usage = local(
            &parsed.counts,
            request.estimated_input_tokens(),
            estimate_text_tokens(&parsed.text),
        );
        let served = Served {
            model_version: parsed.model.map(|model| self.redactor.word(&model)),
            ..served
        };
        let cut_short = parsed.done_reason.as_deref() == Some("length");
        let outcome = if parsed.text.trim().is_empty() || cut_short {
            let class = if cut_short {
                FailureClass::CutShort
            } else {
                FailureClass::NoAnswer
            };
            let mut failure = failure(subject, class, "");
            failure.status = Some(200);
            failure.reason = parsed.done_reason.map(|word| self.redactor.word(&word));
            Outcome::Failed(failure)
        } else {
            Outcome::Succeeded(parsed.text)
        };
        Attempt {
            outcome,
            usage,
            served,
        }
    }

    /// Sends a call; whatever is no answer with status 200 is a finished attempt. None of
    /// them is unconfirmed: what a local model does costs nothing.
    async fn send(
        &self,
        method: Method,
        call: &str,
        json: Option<Bytes>,
        limits: CallLimits,
        subject: &str,
    ) -> Result<Reply, Attempt<std::convert::Infallible>> {
        let request = Request {
            method,
            url: self.base_url.join(&["api", call]),
            headers: &self.headers,
            json,
            limits,
        };
        let reply = match self.http.send(request).await {
            Ok(reply) if reply.head.status == 200 => return Ok(reply),
            Ok(reply) => reply,
            Err(broken) => {
                let failure = failed_before_answer(Provider::Ollama, subject, &broken);
                return Err(Attempt::refused(failure, broken.served()));
            }
        };
        Err(self.refused(subject, &reply))
    }

    /// The attempt that an answer with another status makes.
    pub(super) fn refused(
        &self,
        subject: &str,
        reply: &Reply,
    ) -> Attempt<std::convert::Infallible> {
        let status = reply.head.status;
        let said = read::body(&reply.body)
            .as_ref()
            .and_then(answer::error_of)
            .unwrap_or_else(|| String::from_utf8_lossy(&reply.body).into_owned());
        let mut failure = failure(
            subject,
            class_of(status, &said),
            &self.redactor.message(&said),
        );
        failure.status = Some(status);
        failure.advice = advice(&reply.head.headers, self.http.now_unix_s());
        let served = reply.served();
        Attempt::refused(failure, served)
    }
}

/// The class of an error; a missing model is told by words where the status does not.
fn class_of(status: u16, said: &str) -> FailureClass {
    if said.contains("not found") && said.contains("model") {
        FailureClass::NotFound
    } else {
        for_status(status)
    }
}

fn failure(subject: &str, class: FailureClass, message: &str) -> Failure {
    Failure::new(Provider::Ollama, subject, class, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> OllamaRequest {
        OllamaRequest {
            system: Some("Look closely.".to_owned()),
            images: vec![Bytes::from_static(&[1, 2, 3])],
            format: Some("json".into()),
            temperature: Some(0.0),
            ..OllamaRequest::new("moondream", "Is any text cut off?")
        }
    }

    #[test]
    fn pictures_are_bare_base64_where_each_call_wants_them() {
        let generate = request().generate_body();
        assert_eq!(generate["images"], json!(["AQID"]));
        assert_eq!(generate["stream"], false);
        assert_eq!(generate["format"], "json");
        let chat = request().chat_body();
        assert_eq!(chat["messages"][0]["role"], "system");
        assert_eq!(chat["messages"][1]["images"], json!(["AQID"]));
        assert!(chat.get("images").is_none());
    }
}
