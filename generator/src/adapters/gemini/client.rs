//! The calls.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reelmeter_service::Secret;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;

use super::answer::{self, Asked, Picture, TextAnswer};
use super::request::{ImageRequest, TextRequest};
use super::{GEMINI_API_VERSION, error, models};
use crate::adapters::http::{
    BaseUrl, Broken, CallLimits, Http, HttpError, Redactor, Reply, Request, failed_before_answer,
    is_billed_unknown, is_plain_name, key_header,
};
use crate::domain::models::OfferedModel;
use crate::domain::retry::{Attempt, Failure, FailureClass, Outcome, Served};
use crate::domain::usage::{Provider, Usage};

/// The header that carries the key; the API also takes it in the address, where every
/// log on the way would show it.
const KEY_HEADER: HeaderName = HeaderName::from_static("x-goog-api-key");
/// Tells the server how long we wait, in whole seconds, so that it stops by itself: its
/// own 504 is not billed, while a connection that we break may be.
const TIMEOUT_HEADER: HeaderName = HeaderName::from_static("x-server-timeout");
/// How much earlier than we the server should stop.
const TIMEOUT_MARGIN: Duration = Duration::from_secs(5);
/// Models asked for in one page; the API gives at most 1,000.
const MODELS_PAGE_SIZE: &str = "1000";
/// Pages read at most: a list that never ends is a fault.
const MODELS_PAGES_MAX: usize = 20;

/// How to reach the API.
#[derive(Clone, Debug)]
pub struct GeminiSettings {
    /// Where it is.
    pub base_url: BaseUrl,
    /// `v1beta` or `v1`.
    pub api_version: String,
    /// The key; `None` where the address needs none.
    pub key: Option<Secret>,
    /// The limits of a call for text.
    pub text_limits: CallLimits,
    /// The limits of a call for a picture.
    pub picture_limits: CallLimits,
}

impl GeminiSettings {
    /// The usual limits and API version.
    #[must_use]
    pub fn new(base_url: BaseUrl, key: Option<Secret>) -> Self {
        Self {
            base_url,
            api_version: GEMINI_API_VERSION.to_owned(),
            key,
            text_limits: CallLimits::TEXT,
            picture_limits: CallLimits::PICTURE,
        }
    }
}

/// A client of the Gemini API. Clones share connections.
#[derive(Clone)]
pub struct Gemini {
    http: Http,
    base_url: BaseUrl,
    api_version: String,
    key: Option<HeaderValue>,
    redactor: Redactor,
    text_limits: CallLimits,
    picture_limits: CallLimits,
}

impl fmt::Debug for Gemini {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gemini")
            .field("base_url", &self.base_url)
            .field("api_version", &self.api_version)
            .finish_non_exhaustive()
    }
}

impl Gemini {
    /// A client.
    ///
    /// # Errors
    ///
    /// [`HttpError::Key`] when the key cannot be sent in a header.
    pub fn new(http: Http, settings: GeminiSettings) -> Result<Self, HttpError> {
        let key = settings
            .key
            .as_ref()
            .map(|key| key_header("GEMINI_API_KEY", key))
            .transpose()?;
        Ok(Self {
            http,
            base_url: settings.base_url,
            api_version: settings.api_version,
            key,
            redactor: settings
                .key
                .as_ref()
                .map_or_else(Redactor::default, Redactor::new),
            text_limits: settings.text_limits,
            picture_limits: settings.picture_limits,
        })
    }

    /// Asks for a text or for JSON: one request.
    ///
    /// The text of a JSON answer is not checked here: [`read_draft`](super::read_draft)
    /// and the domain's `accept` do that, and what they refuse was paid for.
    pub async fn write(&self, request: &TextRequest) -> Attempt<TextAnswer> {
        let asked = self.asked(&request.model, request.estimated_input_tokens());
        let reply = self
            .generate(&request.model, &request.body(), self.text_limits)
            .await;
        match reply {
            Ok(reply) => answer::text(reply, &asked),
            Err(attempt) => attempt.map(|never| match never {}),
        }
    }

    /// Asks for a picture: one request.
    pub async fn draw(&self, request: &ImageRequest) -> Attempt<Picture> {
        let asked = self.asked(&request.model, request.estimated_input_tokens());
        let reply = self
            .generate(&request.model, &request.body(), self.picture_limits)
            .await;
        match reply {
            Ok(reply) => answer::picture(reply, &asked),
            Err(attempt) => attempt.map(|never| match never {}),
        }
    }

    /// The models that the provider offers. Free: its attempts are no events, and are
    /// never unconfirmed.
    pub async fn models(&self) -> Attempt<Vec<OfferedModel>> {
        const SUBJECT: &str = "the list of models";
        let mut offered = Vec::new();
        let mut page_token: Option<String> = None;
        let mut served = Served::default();
        for _ in 0..MODELS_PAGES_MAX {
            let mut url = self.base_url.join(&[&self.api_version, "models"]);
            url.query_pairs_mut()
                .append_pair("pageSize", MODELS_PAGE_SIZE);
            if let Some(token) = &page_token {
                url.query_pairs_mut().append_pair("pageToken", token);
            }
            let request = Request {
                method: Method::GET,
                url,
                headers: &self.headers(CallLimits::LOOKUP),
                json: None,
                limits: CallLimits::LOOKUP,
            };
            let reply = match self.http.send(request).await {
                Ok(reply) => reply,
                Err(broken) => {
                    let took = served.took + broken.took;
                    served = Served {
                        took,
                        ..broken.served()
                    };
                    let failure = failed_before_answer(Provider::Gemini, SUBJECT, &broken);
                    return Attempt::refused(failure, served);
                }
            };
            let took = served.took + reply.took;
            served = Served {
                took,
                ..reply.served()
            };
            if reply.head.status != 200 {
                let now_unix_s = self.http.now_unix_s();
                let failure = error::read(SUBJECT, &reply, &self.redactor, now_unix_s);
                return Attempt::refused(failure, served);
            }
            let Some(page) = models::read(&reply.body) else {
                let failure = Failure::new(
                    Provider::Gemini,
                    SUBJECT,
                    FailureClass::Unreadable,
                    "the answer is no list of models",
                );
                return Attempt::refused(failure, served);
            };
            offered.extend(page.models);
            // A token that stays the same would go in circles.
            if page.next_page_token.is_none() || page.next_page_token == page_token {
                break;
            }
            page_token = page.next_page_token;
        }
        Attempt {
            outcome: Outcome::Succeeded(offered),
            usage: Usage::none(),
            served,
        }
    }

    fn asked<'a>(&'a self, model: &'a str, sent_tokens: u64) -> Asked<'a> {
        Asked {
            model,
            sent_tokens,
            redactor: &self.redactor,
        }
    }

    fn headers(&self, limits: CallLimits) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = Vec::with_capacity(2);
        if let Some(key) = &self.key {
            headers.push((KEY_HEADER, key.clone()));
        }
        let timeout_s = limits
            .first_byte_max
            .saturating_sub(TIMEOUT_MARGIN)
            .as_secs();
        if timeout_s > 0 {
            headers.push((TIMEOUT_HEADER, HeaderValue::from(timeout_s)));
        }
        headers
    }

    /// Sends a call; whatever is no answer with status 200 is a finished attempt.
    async fn generate(
        &self,
        model: &str,
        body: &Value,
        limits: CallLimits,
    ) -> Result<Reply, Box<Attempt<Infallible>>> {
        // Tuned models have a path of their own: `tunedModels/name`.
        let path: Vec<&str> = model.split('/').collect();
        let (name, collection) = match path.as_slice() {
            [name] | ["models", name] => (*name, "models"),
            ["tunedModels", name] => (*name, "tunedModels"),
            _ => ("", ""),
        };
        if !is_plain_name(name) {
            let failure = Failure::new(
                Provider::Gemini,
                self.redactor.word(model),
                FailureClass::NotFound,
                "this is no model's name",
            );
            return Err(Box::new(Attempt::refused(failure, Served::default())));
        }
        let call = format!("{name}:generateContent");
        let request = Request {
            method: Method::POST,
            url: self.base_url.join(&[&self.api_version, collection, &call]),
            headers: &self.headers(limits),
            json: Some(Bytes::from(body.to_string())),
            limits,
        };
        match self.http.send(request).await {
            Ok(reply) if reply.head.status == 200 => Ok(reply),
            Ok(reply) => {
                let now_unix_s = self.http.now_unix_s();
                let failure = error::read(model, &reply, &self.redactor, now_unix_s);
                Err(Box::new(refused_by_status(failure, &reply)))
            }
            Err(broken) => Err(Box::new(without_reply(model, &broken))),
        }
    }
}

/// An error status is not billed (Google's billing FAQ). A success status other than
/// 200 is nothing that the API documents: what became of the call is unknown.
fn refused_by_status(failure: Failure, reply: &Reply) -> Attempt<Infallible> {
    let served = reply.served();
    if (200..300).contains(&reply.head.status) {
        Attempt::unconfirmed(failure, served)
    } else {
        Attempt::refused(failure, served)
    }
}

fn without_reply(model: &str, broken: &Broken) -> Attempt<Infallible> {
    let failure = failed_before_answer(Provider::Gemini, model, broken);
    let served = broken.served();
    if is_billed_unknown(broken) {
        Attempt::unconfirmed(failure, served)
    } else {
        Attempt::refused(failure, served)
    }
}
