//! The one HTTP client, and what can go wrong between a request and its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reelmeter_service::{Clock, SystemClock};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};
use tokio::time::Instant;

use super::settings::{CallLimits, HttpSettings};

/// How we introduce ourselves.
const USER_AGENT: &str = concat!("reelmeter/", env!("CARGO_PKG_VERSION"));
/// Of an answer that reports an error no more is read than this: enough for every
/// provider's error object.
const ERROR_BYTES_MAX: usize = 256 * 1024;

/// Why no client can be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// TLS cannot be set up.
    #[error("cannot set up tls: {0}; this is a fault of the program, please report it")]
    Tls(#[from] rustls::Error),
    /// The library refuses the settings.
    #[error("cannot set up the http client: {0}; this is a fault of the program, please report it")]
    Client(String),
    /// A key has characters that no header can carry.
    #[error(
        "the value of {setting} cannot be a key: it is empty or has characters that no header can carry; set it again"
    )]
    Key {
        /// The setting.
        setting: &'static str,
    },
}

/// A client for all providers. Clones share its connections.
#[derive(Clone)]
pub struct Http {
    /// For addresses with TLS; uses the proxy that the environment names.
    encrypted: Client,
    /// For addresses without, which are this machine or a network of one's own: never
    /// through a proxy, which could read the key.
    plain: Client,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl Http {
    /// A client with these limits and the machine's clock.
    ///
    /// # Errors
    ///
    /// [`HttpError`] when TLS or the client cannot be set up.
    pub fn new(settings: &HttpSettings) -> Result<Self, HttpError> {
        Self::with_clock(settings, Arc::new(SystemClock))
    }

    /// A client that reads dates in answers against the given clock.
    ///
    /// # Errors
    ///
    /// [`HttpError`] when TLS or the client cannot be set up.
    pub fn with_clock(settings: &HttpSettings, clock: Arc<dyn Clock>) -> Result<Self, HttpError> {
        let failed = |error: reqwest::Error| HttpError::Client(chain(&error));
        Ok(Self {
            encrypted: builder(settings)?.build().map_err(failed)?,
            plain: builder(settings)?.no_proxy().build().map_err(failed)?,
            clock,
        })
    }

    /// The time now, in seconds since 1970.
    pub(in crate::adapters) fn now_unix_s(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// Sends one request, once, and reads the whole answer within the limits.
    pub(in crate::adapters) async fn send(&self, request: Request<'_>) -> Result<Reply, Broken> {
        let began = Instant::now();
        let mut head = None;
        let exchange = self.exchange(&request, began, &mut head);
        let whole_max = request.limits.whole_max;
        let result = match tokio::time::timeout(whole_max, exchange).await {
            Ok(result) => result,
            Err(_) => Err(BrokenKind::Late {
                after: whole_max,
                waiting_for: "the whole answer",
            }),
        };
        let took = began.elapsed();
        match (result, head) {
            (Ok(body), Some(head)) => Ok(Reply { head, body, took }),
            (Ok(_), None) => Err(Broken {
                kind: BrokenKind::Cut("an answer without a head".to_owned()),
                head: None,
                took,
            }),
            (Err(kind), head) => Err(Broken { kind, head, took }),
        }
    }

    async fn exchange(
        &self,
        request: &Request<'_>,
        began: Instant,
        head: &mut Option<Head>,
    ) -> Result<Bytes, BrokenKind> {
        let client = if request.url.scheme() == "http" {
            &self.plain
        } else {
            &self.encrypted
        };
        let mut builder = client.request(request.method.clone(), request.url.clone());
        for (name, value) in request.headers {
            builder = builder.header(name.clone(), value.clone());
        }
        if let Some(body) = &request.json {
            builder = builder
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        let first_byte_max = request.limits.first_byte_max;
        let mut response = tokio::time::timeout(first_byte_max, builder.send())
            .await
            .map_err(|_| BrokenKind::Late {
                after: first_byte_max,
                waiting_for: "an answer",
            })?
            .map_err(|error| broken(&error))?;
        let status = response.status().as_u16();
        *head = Some(Head {
            status,
            headers: std::mem::take(response.headers_mut()),
        });
        tracing::debug!(
            host = request.url.host_str(),
            path = request.url.path(),
            status,
            elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "answer begins"
        );
        let is_error = status != 200;
        let bytes_max = if is_error {
            request.limits.body_bytes_max.min(ERROR_BYTES_MAX)
        } else {
            request.limits.body_bytes_max
        };
        let mut body = BytesMut::new();
        loop {
            let pause_max = request.limits.pause_max;
            let chunk = match tokio::time::timeout(pause_max, response.chunk()).await {
                Ok(Ok(chunk)) => chunk,
                // What an error says is worth having, but its status says enough.
                _ if is_error => None,
                Ok(Err(error)) => return Err(broken(&error)),
                Err(_) => {
                    return Err(BrokenKind::Late {
                        after: pause_max,
                        waiting_for: "the rest of the answer",
                    });
                }
            };
            let Some(chunk) = chunk else { break };
            if body.len() + chunk.len() > bytes_max {
                if is_error {
                    break;
                }
                return Err(BrokenKind::TooLarge { bytes_max });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

fn builder(settings: &HttpSettings) -> Result<reqwest::ClientBuilder, HttpError> {
    // An explicit provider: the process-wide default is not ours to set.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(USER_AGENT)
        .connect_timeout(settings.connect_max)
        .pool_idle_timeout(settings.idle_max)
        .pool_max_idle_per_host(settings.idle_connections_max)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        // A redirect would carry the key to wherever it points.
        .redirect(reqwest::redirect::Policy::none())
        // One call here is one request on the wire: trying again is decided, and
        // recorded, further up.
        .retry(reqwest::retry::never())
        .referer(false))
}

/// One request.
pub(in crate::adapters) struct Request<'a> {
    /// GET or POST.
    pub method: Method,
    /// Where to; without any key in it.
    pub url: Url,
    /// Beside the content type.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// A JSON body.
    pub json: Option<Bytes>,
    /// How long it may take and how much may come back.
    pub limits: CallLimits,
}

/// The beginning of an answer.
#[derive(Clone, Debug)]
pub(in crate::adapters) struct Head {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
}

/// A whole answer, whatever its status.
#[derive(Debug)]
pub(in crate::adapters) struct Reply {
    /// Status and headers.
    pub head: Head,
    /// The body; of an error at most its first part.
    pub body: Bytes,
    /// From sending to the last byte.
    pub took: Duration,
}

/// No whole answer.
#[derive(Debug)]
pub(in crate::adapters) struct Broken {
    /// Why.
    pub kind: BrokenKind,
    /// The answer's beginning, if it came: what was billed may stand there.
    pub head: Option<Head>,
    /// From sending to the failure.
    pub took: Duration,
}

/// Why there is no whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::adapters) enum BrokenKind {
    /// No connection came about: nothing was sent.
    NotConnected(String),
    /// A deadline passed after the request was sent.
    Late {
        /// Which.
        after: Duration,
        /// What was waited for.
        waiting_for: &'static str,
    },
    /// The connection broke after the request was sent.
    Cut(String),
    /// The answer is larger than allowed.
    TooLarge {
        /// The limit in bytes.
        bytes_max: usize,
    },
}

fn broken(error: &reqwest::Error) -> BrokenKind {
    if error.is_connect() || error.is_builder() {
        BrokenKind::NotConnected(chain(error))
    } else {
        BrokenKind::Cut(chain(error))
    }
}

/// An error with its causes, without addresses.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // Many layers repeat the one below.
        if !text.contains(&said) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&said);
        }
        next = cause.source();
    }
    if text.is_empty() {
        // Without causes there is only the outermost text, which may name an address:
        // addresses hold no keys, but what they hold is of no use here.
        "no further reason given".to_owned()
    } else {
        text
    }
}
