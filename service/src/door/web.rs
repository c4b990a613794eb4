//! Browsers: a page may talk to a service only from an origin that a person named, and only by a name that is the
//! service's own. Without this any page that a person opens could read their books through their browser: by a request to
//! the loopback address, or by a name of its own that it lets point there (DNS rebinding).
//!
//! Programs are not concerned: gRPC over HTTP/2 without an `Origin` goes by. A layer of a library would add the headers
//! for the allowed and leave the others to the browser's mercy; here they are refused.

use std::future::ready;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::Either;
use tonic::body::Body;
use tonic::codegen::BoxFuture;
use tonic::codegen::http::header::{self, HeaderValue};
use tonic::codegen::http::{self, HeaderMap, Method, StatusCode, Version};
use tower::{Layer, Service};

/// How long a browser may remember that it was allowed, in seconds: a changed setting is in force after this.
const PREFLIGHT_AGE_S: &str = "600";
/// What a page may send.
const ALLOWED_HEADERS: &str = "authorization, content-type, grpc-timeout, x-grpc-web, x-user-agent";
/// What a page may read of an answer.
const EXPOSED_HEADERS: &str = "grpc-status, grpc-message, grpc-status-details-bin";

/// Which pages may talk to a service, and under which names it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebRules {
    /// Origins such as `https://console.example`, exactly.
    pub origins: Vec<String>,
    /// Host names beside `localhost` and addresses.
    pub hosts: Vec<String>,
}

impl WebRules {
    /// Why a request is refused, if it is.
    fn refusal<B>(&self, request: &http::Request<B>) -> Option<String> {
        let headers = request.headers();
        if !is_from_the_web(request) {
            return None;
        }
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let host = host.or_else(|| {
            request
                .uri()
                .authority()
                .map(|authority| authority.as_str())
        });
        let host = host.unwrap_or_default();
        if !self.knows(host) {
            return Some(format!(
                "host {host:?} is no name of this service; name it in REELMETER_WEB_HOSTS if it is"
            ));
        }
        let origin = headers.get(header::ORIGIN)?;
        if self.allows(origin) {
            return None;
        }
        Some(format!(
            "origin {origin:?} may not use this service; name it in REELMETER_WEB_ORIGINS if it should"
        ))
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        self.origins.iter().any(|known| origin == known.as_str())
    }

    fn knows(&self, host: &str) -> bool {
        let name = host_name(host);
        // An address cannot be made to point elsewhere.
        name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok()
            || self
                .hosts
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
    }
}

/// A host without its port and brackets.
fn host_name(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// Whether a browser may have sent it. A page cannot leave `Origin` out of a request to elsewhere, nor speak HTTP/2
/// without TLS.
fn is_from_the_web<B>(request: &http::Request<B>) -> bool {
    let headers = request.headers();
    let content = headers
        .get(header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    headers.contains_key(header::ORIGIN)
        || request.version() != Version::HTTP_2
        || content.starts_with(b"application/grpc-web")
        || request.method() == Method::OPTIONS
}

fn is_preflight<B>(request: &http::Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED_HEADERS),
    );
}

fn answer(status: StatusCode, text: String) -> http::Response<Body> {
    let mut response = http::Response::new(Body::new(text));
    *response.status_mut() = status;
    response
}

fn permission(origin: HeaderValue) -> http::Response<Body> {
    let mut response = answer(StatusCode::NO_CONTENT, String::new());
    let headers = response.headers_mut();
    allow(headers, origin);
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE_S),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Puts [`WebRules`] in front of every service behind it.
#[derive(Debug, Clone)]
pub struct WebGuardLayer(Arc<WebRules>);

impl WebGuardLayer {
    /// A layer of these rules.
    #[must_use]
    pub fn new(rules: WebRules) -> Self {
        Self(Arc::new(rules))
    }
}

impl<S> Layer<S> for WebGuardLayer {
    type Service = WebGuard<S>;

    fn layer(&self, inner: S) -> Self::Service {
        WebGuard {
            inner,
            rules: Arc::clone(&self.0),
        }
    }
}

/// A service behind [`WebRules`].
#[derive(Debug, Clone)]
pub struct WebGuard<S> {
    inner: S,
    rules: Arc<WebRules>,
}

impl<S, B> Service<http::Request<B>> for WebGuard<S>
where
    S: Service<http::Request<B>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    /// Programs' calls need no box.
    type Future = Either<S::Future, BoxFuture<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        if let Some(why) = self.rules.refusal(&request) {
            tracing::warn!(path = request.uri().path(), "a page was refused: {why}");
            let refused = answer(StatusCode::FORBIDDEN, format!("{why}\n"));
            return Either::Right(Box::pin(ready(Ok(refused))));
        }
        let origin = request.headers().get(header::ORIGIN).cloned();
        match origin {
            Some(origin) if is_preflight(&request) => {
                Either::Right(Box::pin(ready(Ok(permission(origin)))))
            }
            Some(origin) => {
                let answered = self.inner.call(request);
                Either::Right(Box::pin(async move {
                    let mut response = answered.await?;
                    allow(response.headers_mut(), origin);
                    Ok(response)
                }))
            }
            None => Either::Left(self.inner.call(request)),
        }
    }
}
