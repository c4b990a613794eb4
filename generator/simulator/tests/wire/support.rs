//! A simulator for a test, and short ways to ask it.

use reelmeter_simulator::Config;
use reqwest::Response;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::eventually::eventually;

pub struct Simulator {
    pub base: String,
    pub client: reqwest::Client,
    shutdown: CancellationToken,
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub fn config() -> Config {
    Config {
        simulator_listen: "127.0.0.1:0".parse().unwrap(),
        simulator_latency: 0.0,
        simulator_faults: String::new(),
        simulator_character_limit: 100_000,
        simulator_characters_used: 0,
        simulator_retired_models: String::new(),
    }
}

pub async fn start() -> Simulator {
    start_with(config()).await
}

pub async fn start_with(config: Config) -> Simulator {
    reelmeter_service::tls::install_crypto();
    let listener = tokio::net::TcpListener::bind(config.simulator_listen)
        .await
        .unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        reelmeter_simulator::run(config, listener, stop)
            .await
            .unwrap()
    });
    Simulator {
        base,
        client: reqwest::Client::new(),
        shutdown,
    }
}

impl Simulator {
    pub fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Asks Gemini, with a fault if one is named.
    pub async fn gemini(
        &self,
        path: &str,
        body: &Value,
        fault: &str,
    ) -> Result<Response, reqwest::Error> {
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("x-goog-api-key", "key")
            .json(body);
        with_fault(request, fault).send().await
    }

    /// Asks ElevenLabs to speak.
    pub async fn speak(
        &self,
        form: &str,
        body: &Value,
        fault: &str,
    ) -> Result<Response, reqwest::Error> {
        let url = format!("{}/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb{form}", self.base);
        let url = if url.contains('?') {
            url
        } else {
            format!("{url}?output_format=pcm_24000")
        };
        with_fault(
            self.client.post(url).header("xi-api-key", "key").json(body),
            fault,
        )
        .send()
        .await
    }

    /// Asks Ollama.
    pub async fn ollama(
        &self,
        path: &str,
        body: &Value,
        fault: &str,
    ) -> Result<Response, reqwest::Error> {
        with_fault(
            self.client.post(format!("{}{path}", self.base)).json(body),
            fault,
        )
        .send()
        .await
    }

    /// Gets JSON with a key of each provider.
    pub async fn get(&self, path: &str, key: (&'static str, &str)) -> Response {
        self.client
            .get(format!("{}{path}", self.base))
            .header(key.0, key.1)
            .send()
            .await
            .unwrap()
    }

    /// What the simulator says that it was asked.
    pub async fn journal(&self) -> Value {
        self.get("/_simulator/requests", ("x-none", ""))
            .await
            .json()
            .await
            .unwrap()
    }

    /// The journal, once it shows this.
    pub async fn journal_when(&self, what: &str, shows: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || {
            let journal = self.journal().await;
            shows(&journal).then_some(journal)
        })
        .await
    }

    /// Calls by outcome for an operation.
    pub async fn count(&self, operation: &str, outcome: &str) -> u64 {
        count_in(&self.journal().await, operation, outcome)
    }
}

/// Calls of a journal by outcome for an operation.
pub fn count_in(journal: &Value, operation: &str, outcome: &str) -> u64 {
    let counts = journal["counts"].as_array().unwrap();
    counts
        .iter()
        .filter(|count| count["operation"] == operation && count["outcome"] == outcome)
        .map(|count| count["requests"].as_u64().unwrap())
        .sum()
}

fn with_fault(request: reqwest::RequestBuilder, fault: &str) -> reqwest::RequestBuilder {
    if fault.is_empty() {
        request
    } else {
        request.header("x-simulator-fault", fault)
    }
}

/// A request for a script, as the generator asks for one.
pub fn script_request(topic: &str, scenes: u64) -> Value {
    json!({
        "contents": [{"role": "user", "parts": [{"text": format!("Write a script with exactly {scenes} scenes.\n<topic>\n{topic}\n</topic>")}]}],
        "generationConfig": {
            "responseMimeType": "application/json",
            "responseSchema": {
                "type": "OBJECT",
                "properties": {
                    "title": {"type": "STRING"},
                    "scenes": {"type": "ARRAY", "minItems": scenes.to_string(), "maxItems": scenes.to_string(), "items": {
                        "type": "OBJECT",
                        "properties": {"narration": {"type": "STRING"}, "image_prompt": {"type": "STRING"}},
                        "required": ["narration", "image_prompt"],
                    }},
                },
                "required": ["title", "scenes"],
                "propertyOrdering": ["title", "scenes"],
            },
        },
    })
}

/// A request for a picture.
pub fn image_request(prompt: &str, ratio: &str) -> Value {
    json!({
        "contents": [{"role": "user", "parts": [{"text": prompt}]}],
        "generationConfig": {"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": ratio}},
    })
}

pub const FLASH: &str = "/v1beta/models/gemini-2.5-flash:generateContent";
pub const FLASH_STREAM: &str = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
pub const IMAGE: &str = "/v1beta/models/gemini-2.5-flash-image:generateContent";
