//! The calls.

use std::fmt;

use bytes::Bytes;
use reelmeter_service::Secret;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::account::{self, SpeechModel, Voice};
use super::error;
use super::speech::{Narration, NoNarration, SpeechRequest, read_narration};
use crate::adapters::http::{
    BaseUrl, Broken, CallLimits, Http, HttpError, Redactor, Reply, Request, failed_before_answer,
    is_billed_unknown, is_plain_name, json, key_header, text_header,
};
use crate::domain::quota::Quota;
use crate::domain::retry::{Attempt, Failure, FailureClass, Outcome, Served};
use crate::domain::usage::{Provider, Usage, speech};

/// The header that carries the key.
const KEY_HEADER: HeaderName = HeaderName::from_static("xi-api-key");
/// The headers that state what was billed, the documented one first; the second is only
/// known from public clients.
const COST_HEADERS: [&str; 2] = ["character-cost", "x-character-count"];

/// How to reach the API.
#[derive(Clone, Debug)]
pub struct ElevenLabsSettings {
    /// Where it is.
    pub base_url: BaseUrl,
    /// The key; `None` where the address needs none.
    pub key: Option<Secret>,
    /// The limits of a narration.
    pub speech_limits: CallLimits,
}

impl ElevenLabsSettings {
    /// The usual limits.
    #[must_use]
    pub fn new(base_url: BaseUrl, key: Option<Secret>) -> Self {
        Self {
            base_url,
            key,
            speech_limits: CallLimits::SPEECH,
        }
    }
}

/// A client of ElevenLabs. Clones share connections.
#[derive(Clone)]
pub struct ElevenLabs {
    http: Http,
    base_url: BaseUrl,
    headers: Vec<(HeaderName, HeaderValue)>,
    redactor: Redactor,
    speech_limits: CallLimits,
}

impl fmt::Debug for ElevenLabs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ElevenLabs")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl ElevenLabs {
    /// A client.
    ///
    /// # Errors
    ///
    /// [`HttpError::Key`] when the key cannot be sent in a header.
    pub fn new(http: Http, settings: ElevenLabsSettings) -> Result<Self, HttpError> {
        let mut headers = Vec::new();
        if let Some(key) = &settings.key {
            headers.push((KEY_HEADER, key_header("ELEVENLABS_API_KEY", key)?));
        }
        Ok(Self {
            http,
            base_url: settings.base_url,
            headers,
            redactor: settings
                .key
                .as_ref()
                .map_or_else(Redactor::default, Redactor::new),
            speech_limits: settings.speech_limits,
        })
    }

    /// Has a text spoken, with the time of each character: one request.
    pub async fn speak(&self, request: &SpeechRequest) -> Attempt<Narration> {
        let subject = format!(
            "voice {}, model {}",
            self.redactor.word(&request.voice_id),
            self.redactor.word(&request.model_id)
        );
        if !is_plain_name(&request.voice_id) {
            let message = "this is no voice's id";
            let failure = self.failure(&subject, FailureClass::NotFound, message);
            return Attempt::refused(failure, Served::default());
        }
        let path = ["v1", "text-to-speech", &request.voice_id, "with-timestamps"];
        let mut url = self.base_url.join(&path);
        url.query_pairs_mut()
            .append_pair("output_format", request.format.word());
        let sent = Request {
            method: Method::POST,
            url,
            headers: &self.headers,
            json: Some(Bytes::from(request.body().to_string())),
            limits: self.speech_limits,
        };
        match self.http.send(sent).await {
            Ok(reply) if reply.head.status == 200 => self.spoken(&subject, request, &reply),
            Ok(reply) => self.refused(&subject, &reply),
            Err(broken) => self.cut(&subject, request, &broken),
        }
    }

    pub(super) fn spoken(
        &self,
        subject: &str,
        request: &SpeechRequest,
        reply: &Reply,
    ) -> Attempt<Narration> {
        let served = self.served(reply.served(), &reply.head.headers);
        // The headers come first: whatever the body is, this was billed.
        let billed = billed(&reply.head.headers);
        let usage = speech(request.characters(), billed, request.multiplier);
        let (class, message) = match read_narration(&reply.body, request.format) {
            Ok(narration) => {
                return Attempt {
                    outcome: Outcome::Succeeded(narration),
                    usage,
                    served,
                };
            }
            Err(NoNarration::Silent) => (FailureClass::NoAnswer, "there is no sound in it"),
            Err(NoNarration::Unreadable(why)) => (FailureClass::Unreadable, why),
        };
        let mut failure = self.failure(subject, class, message);
        failure.status = Some(200);
        if billed.is_none() && class == FailureClass::Unreadable {
            // Perhaps this was never the provider.
            return Attempt::unconfirmed(failure, served);
        }
        Attempt {
            outcome: Outcome::Failed(failure),
            usage,
            served,
        }
    }

    pub(super) fn refused<T>(&self, subject: &str, reply: &Reply) -> Attempt<T> {
        let served = self.served(reply.served(), &reply.head.headers);
        let failure = error::read(subject, reply, &self.redactor, self.http.now_unix_s());
        if (200..300).contains(&reply.head.status) {
            Attempt::unconfirmed(failure, served)
        } else {
            Attempt::refused(failure, served)
        }
    }

    /// The answer broke off. If its headers came, they say what was billed.
    fn cut(&self, subject: &str, request: &SpeechRequest, broken: &Broken) -> Attempt<Narration> {
        let failure = failed_before_answer(Provider::ElevenLabs, subject, broken);
        let headers = broken
            .head
            .as_ref()
            .filter(|head| head.status == 200)
            .map(|head| &head.headers);
        let served = match headers {
            Some(headers) => self.served(broken.served(), headers),
            None => broken.served(),
        };
        match headers.and_then(billed) {
            Some(bill) => Attempt {
                outcome: Outcome::Failed(failure),
                usage: speech(request.characters(), Some(bill), request.multiplier),
                served,
            },
            None if is_billed_unknown(broken) => Attempt::unconfirmed(failure, served),
            None => Attempt::refused(failure, served),
        }
    }

    /// The voices of the account. Free: its attempts are no events, and are never
    /// unconfirmed.
    pub async fn voices(&self) -> Attempt<Vec<Voice>> {
        self.look_up("the list of voices", &["v1", "voices"], account::voices)
            .await
    }

    /// The models that the provider offers. Free.
    pub async fn models(&self) -> Attempt<Vec<SpeechModel>> {
        self.look_up("the list of models", &["v1", "models"], account::models)
            .await
    }

    /// The subscription's quota. Free.
    pub async fn quota(&self) -> Attempt<Quota> {
        let path = ["v1", "user", "subscription"];
        self.look_up("the subscription", &path, account::quota)
            .await
    }

    async fn look_up<T>(
        &self,
        subject: &str,
        path: &[&str],
        read: impl FnOnce(&Value) -> Option<T> + Send,
    ) -> Attempt<T> {
        let request = Request {
            method: Method::GET,
            url: self.base_url.join(path),
            headers: &self.headers,
            json: None,
            limits: CallLimits::LOOKUP,
        };
        let reply = match self.http.send(request).await {
            Ok(reply) => reply,
            Err(broken) => {
                let failure = failed_before_answer(Provider::ElevenLabs, subject, &broken);
                return Attempt::refused(failure, broken.served());
            }
        };
        let served = self.served(reply.served(), &reply.head.headers);
        if reply.head.status != 200 {
            let failure = error::read(subject, &reply, &self.redactor, self.http.now_unix_s());
            return Attempt::refused(failure, served);
        }
        match json::body(&reply.body).as_ref().and_then(read) {
            Some(value) => Attempt {
                outcome: Outcome::Succeeded(value),
                usage: Usage::none(),
                served,
            },
            None => {
                let message = "the answer is not what the api documents";
                let mut failure = self.failure(subject, FailureClass::Unreadable, message);
                failure.status = Some(200);
                Attempt::refused(failure, served)
            }
        }
    }

    fn failure(&self, subject: &str, class: FailureClass, message: &str) -> Failure {
        Failure::new(Provider::ElevenLabs, subject, class, message)
    }

    fn served(&self, served: Served, headers: &HeaderMap) -> Served {
        Served {
            request_id: text_header(headers, "request-id").map(|id| self.redactor.word(id)),
            parallel_max: text_header(headers, "maximum-concurrent-requests")
                .and_then(|most| most.parse().ok())
                .filter(|most| *most > 0),
            ..served
        }
    }
}

/// What the headers say was billed.
fn billed(headers: &HeaderMap) -> Option<&str> {
    COST_HEADERS
        .iter()
        .find_map(|name| text_header(headers, name))
}
