//! What the tests of the provider clients share: the simulator on a port of its own, and
//! a server that answers exactly what a test gives it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "not every test file uses all of it, and a test fails by panicking"
)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response};
use reelmeter_generator::adapters::elevenlabs::{ElevenLabs, ElevenLabsSettings};
use reelmeter_generator::adapters::gemini::{Gemini, GeminiSettings};
use reelmeter_generator::adapters::http::{BaseUrl, CallLimits, Http, HttpSettings, Origin};
use reelmeter_generator::adapters::ollama::{Ollama, OllamaSettings};
use reelmeter_generator::domain::retry::{Attempt, Failure, Outcome};
use reelmeter_service::{CancellationToken, Secret};
use tokio::net::TcpListener;

/// The key that no log, error or record may show.
pub const CANARY: &str = "canary-3f9a77";

/// Limits that let a test fail soon.
pub const SHORT: CallLimits = CallLimits {
    first_byte_max: Duration::from_millis(400),
    pause_max: Duration::from_millis(400),
    whole_max: Duration::from_millis(900),
    body_bytes_max: 64 * 1024,
};

/// A client with the usual limits.
pub fn http() -> Http {
    Http::new(&HttpSettings::default()).unwrap()
}

/// The address of a server on this machine.
pub fn base(address: SocketAddr, path: &str) -> BaseUrl {
    BaseUrl::parse(&format!("http://{address}{path}"), Origin::Default).unwrap()
}

/// The provider simulator, without waiting, on a port of its own.
pub struct Simulator {
    pub address: SocketAddr,
    shutdown: CancellationToken,
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Simulator {
    /// Starts it with these faults to come.
    pub async fn start(faults: &str) -> Self {
        Self::with(faults, "").await
    }

    /// Starts it with these faults, and without these models.
    pub async fn with(faults: &str, retired_models: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let config = reelmeter_simulator::Config {
            simulator_listen: address,
            simulator_latency: 0.0,
            simulator_faults: faults.to_owned(),
            simulator_character_limit: 100_000,
            simulator_characters_used: 17_231,
            simulator_retired_models: retired_models.to_owned(),
        };
        let stop = shutdown.clone();
        tokio::spawn(async move {
            reelmeter_simulator::run(config, listener, stop)
                .await
                .unwrap();
        });
        Self { address, shutdown }
    }

    pub fn gemini(&self) -> Gemini {
        let base_url = base(self.address, "/gemini");
        Gemini::new(
            http(),
            GeminiSettings::new(base_url, Some(Secret::new(CANARY))),
        )
        .unwrap()
    }

    pub fn elevenlabs(&self) -> ElevenLabs {
        let base_url = base(self.address, "/elevenlabs");
        let settings = ElevenLabsSettings::new(base_url, Some(Secret::new(CANARY)));
        ElevenLabs::new(http(), settings).unwrap()
    }

    pub fn ollama(&self) -> Ollama {
        Ollama::new(http(), OllamaSettings::new(base(self.address, "/ollama"))).unwrap()
    }

    /// What the simulator itself counted: requests, and what it would have billed.
    pub async fn journal(&self) -> serde_json::Value {
        let url = format!("http://{}/_simulator/requests", self.address);
        serde_json::from_str(&raw_get(&url).await).unwrap()
    }
}

/// A GET without any of the code under test.
async fn raw_get(url: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_at(rest.find('/').unwrap());
    let mut stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nHost: {authority}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// One answer of a scripted server.
#[derive(Clone, Debug)]
pub struct Canned {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// An answer with status 200.
pub fn ok(body: impl Into<Vec<u8>>) -> Canned {
    status(200, body)
}

/// An answer with a status.
pub fn status(status: u16, body: impl Into<Vec<u8>>) -> Canned {
    Canned {
        status,
        headers: Vec::new(),
        body: body.into(),
    }
}

impl Canned {
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What a scripted server was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub uri: String,
    pub headers: HeaderMap,
    pub body: serde_json::Value,
}

/// A server that gives its answers in order, and the last one ever after.
pub struct Scripted {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Script = (Arc<Mutex<VecDeque<Canned>>>, Arc<Mutex<Vec<Asked>>>);

impl Scripted {
    pub async fn start(answers: impl IntoIterator<Item = Canned>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script: Script = (
            Arc::new(Mutex::new(answers.into_iter().collect())),
            Arc::clone(&asked),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(script);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn gemini(&self) -> Gemini {
        let base_url = base(self.address, "");
        let settings = GeminiSettings::new(base_url, Some(Secret::new(CANARY)));
        Gemini::new(http(), settings).unwrap()
    }

    pub fn elevenlabs(&self) -> ElevenLabs {
        let base_url = base(self.address, "");
        let settings = ElevenLabsSettings::new(base_url, Some(Secret::new(CANARY)));
        ElevenLabs::new(http(), settings).unwrap()
    }

    pub fn ollama(&self) -> Ollama {
        Ollama::new(http(), OllamaSettings::new(base(self.address, ""))).unwrap()
    }
}

async fn answer(State((answers, asked)): State<Script>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap();
    asked.lock().unwrap().push(Asked {
        uri: parts.uri.to_string(),
        headers: parts.headers,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    });
    let canned = {
        let mut answers = answers.lock().unwrap();
        match answers.len() {
            0 => panic!("the script has no answer"),
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap(),
        }
    };
    let mut response = Response::builder().status(canned.status);
    for (name, value) in canned.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(canned.body)).unwrap()
}

/// A server that writes these bytes as its whole answer to each connection, and then
/// closes it, or keeps it open and silent.
pub async fn raw_server(answer: &'static [u8], then_silent: bool) -> SocketAddr {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = [0_u8; 64 * 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer).await;
                if then_silent {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    address
}

/// The value of a successful attempt.
pub fn value<T: std::fmt::Debug>(attempt: Attempt<T>) -> T {
    match attempt.outcome {
        Outcome::Succeeded(value) => value,
        other => panic!("no value: {other:?}"),
    }
}

/// The failure of an attempt whose bill is known.
pub fn failed<T: std::fmt::Debug>(attempt: &Attempt<T>) -> &Failure {
    match &attempt.outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("not failed: {other:?}"),
    }
}

/// The failure of an attempt whose bill is unknown.
pub fn unconfirmed<T: std::fmt::Debug>(attempt: &Attempt<T>) -> &Failure {
    match &attempt.outcome {
        Outcome::Unconfirmed(failure) => failure,
        other => panic!("not unconfirmed: {other:?}"),
    }
}
