//! Every fault of the menu at every provider that has it: the `match` below has no default, so a
//! new fault without a test does not compile.

use reelmeter_simulator::domain::faults::Kind;
use reelmeter_simulator::domain::journal::Provider;
use serde_json::{Value, json};

use crate::support::{FLASH, FLASH_STREAM, IMAGE, Simulator, image_request, script_request, start};

/// What came back: the status, the headers and the body, or nothing where the connection broke.
struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Option<Vec<u8>>,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_slice(self.body.as_ref().expect("a whole body")).expect("JSON")
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.body.as_ref().expect("a whole body")).into_owned()
    }
}

async fn got(response: Result<reqwest::Response, reqwest::Error>) -> Got {
    match response {
        Ok(response) => {
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Got {
                status,
                headers,
                body: response.bytes().await.ok().map(|bytes| bytes.to_vec()),
            }
        }
        Err(_) => Got {
            status: 0,
            headers: reqwest::header::HeaderMap::new(),
            body: None,
        },
    }
}

impl Simulator {
    async fn script(&self, fault: &str) -> Got {
        got(self.gemini(FLASH, &script_request("tides", 2), fault).await).await
    }

    async fn image(&self, fault: &str) -> Got {
        got(self
            .gemini(IMAGE, &image_request("a calm lake", "1:1"), fault)
            .await)
        .await
    }

    async fn timed(&self, fault: &str) -> Got {
        got(self
            .speak("/with-timestamps", &json!({"text": "Tides rise."}), fault)
            .await)
        .await
    }

    async fn local(&self, fault: &str) -> Got {
        got(self
            .ollama(
                "/api/generate",
                &json!({"model": "moondream", "prompt": "tides", "stream": false}),
                fault,
            )
            .await)
        .await
    }

    async fn at(&self, provider: Provider, fault: &str) -> Got {
        match provider {
            Provider::Gemini => self.script(fault).await,
            Provider::ElevenLabs => self.timed(fault).await,
            Provider::Ollama => self.local(fault).await,
        }
    }
}

#[tokio::test]
async fn every_fault_does_what_the_menu_says() {
    let simulator = start().await;
    for kind in Kind::ALL {
        for provider in kind.providers() {
            check(&simulator, *kind, *provider).await;
        }
    }
}

async fn check(simulator: &Simulator, kind: Kind, provider: Provider) {
    let name = kind.name();
    let here = format!("{name} at {}", provider.name());
    let status = |got: &Got, gemini: u16, elevenlabs: u16, ollama: u16| {
        let expected = match provider {
            Provider::Gemini => gemini,
            Provider::ElevenLabs => elevenlabs,
            Provider::Ollama => ollama,
        };
        assert_eq!(got.status, expected, "{here}");
    };
    let finish = |got: &Got| {
        got.json()["candidates"][0]["finishReason"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    match kind {
        Kind::Ok => status(&simulator.at(provider, name).await, 200, 200, 200),
        Kind::Status429 => {
            let got = simulator.at(provider, "status429=7").await;
            status(&got, 429, 429, 429);
            if provider == Provider::Gemini {
                assert_eq!(got.json()["error"]["details"][2]["retryDelay"], "7s");
                assert!(
                    got.json()["error"]["message"]
                        .as_str()
                        .unwrap()
                        .contains("Please retry in 7s")
                );
            }
        }
        Kind::Status429Bare => assert!(
            simulator.script(name).await.json()["error"]
                .get("details")
                .is_none()
        ),
        Kind::Status429Help => assert_eq!(
            simulator.script(name).await.json()["error"]["details"]
                .as_array()
                .unwrap()
                .len(),
            1
        ),
        Kind::Status429PerDay => assert!(simulator.script(name).await.text().contains("PerDay")),
        Kind::SystemBusy => assert_eq!(
            simulator.timed(name).await.json()["detail"]["status"],
            "system_busy"
        ),
        Kind::RetryAfter => assert_eq!(
            simulator.at(provider, "retry_after=3").await.headers["retry-after"],
            "3"
        ),
        Kind::Status400 => status(&simulator.at(provider, name).await, 400, 400, 400),
        Kind::Status402 => status(&simulator.at(provider, name).await, 402, 402, 0),
        Kind::Status403 => status(&simulator.at(provider, name).await, 403, 403, 0),
        Kind::Status500 => status(&simulator.at(provider, name).await, 500, 500, 500),
        Kind::Status503 => status(&simulator.at(provider, name).await, 503, 503, 503),
        Kind::Status504 => status(&simulator.at(provider, name).await, 504, 504, 504),
        Kind::Html502 => {
            let got = simulator.at(provider, name).await;
            status(&got, 502, 502, 502);
            assert!(
                got.headers["content-type"]
                    .to_str()
                    .unwrap()
                    .starts_with("text/html")
            );
        }
        Kind::Hang => assert!(
            tokio::time::timeout(
                std::time::Duration::from_millis(200),
                simulator.at(provider, name)
            )
            .await
            .is_err(),
            "{here}"
        ),
        Kind::Slow => {
            let start = std::time::Instant::now();
            status(&simulator.at(provider, "slow=0.3").await, 200, 200, 200);
            assert!(start.elapsed().as_secs_f64() >= 0.3, "{here}");
        }
        Kind::Cut | Kind::Reset => {
            let got = simulator.at(provider, name).await;
            assert!(
                got.body.is_none(),
                "{here}: a body that breaks off is an error"
            );
        }
        Kind::StreamError => stream_error(simulator, provider).await,
        Kind::Garbage => {
            let got = simulator.at(provider, name).await;
            status(&got, 200, 200, 200);
            assert!(serde_json::from_slice::<Value>(got.body.as_ref().unwrap()).is_err());
        }
        Kind::InvalidKey => status(&simulator.at(provider, name).await, 400, 401, 0),
        Kind::UnknownModel => status(&simulator.at(provider, name).await, 404, 400, 404),
        Kind::NoUsage => assert!(
            simulator
                .script(name)
                .await
                .json()
                .get("usageMetadata")
                .is_none()
        ),
        Kind::NullUsage => assert!(
            simulator.script(name).await.json()["usageMetadata"]
                .as_object()
                .unwrap()["promptTokenCount"]
                .is_null()
        ),
        Kind::EmptyUsage => assert_eq!(
            simulator.script(name).await.json()["usageMetadata"],
            json!({})
        ),
        Kind::StringUsage => assert!(
            simulator.script(name).await.json()["usageMetadata"]["totalTokenCount"].is_string()
        ),
        Kind::NegativeUsage => assert_eq!(
            simulator.script(name).await.json()["usageMetadata"]["candidatesTokenCount"],
            -1
        ),
        Kind::TotalMismatch => {
            let usage = simulator.script(name).await.json()["usageMetadata"].clone();
            let sum: u64 = [
                "promptTokenCount",
                "candidatesTokenCount",
                "thoughtsTokenCount",
            ]
            .iter()
            .map(|part| usage[*part].as_u64().unwrap())
            .sum();
            assert_ne!(usage["totalTokenCount"].as_u64(), Some(sum));
        }
        Kind::ThoughtsOnly => {
            let got = simulator.script(name).await;
            assert_eq!(finish(&got), "MAX_TOKENS");
            let usage = got.json()["usageMetadata"].clone();
            assert!(
                usage.get("candidatesTokenCount").is_none() && usage["thoughtsTokenCount"].is_u64()
            );
        }
        Kind::Thoughts => assert_eq!(
            simulator.script("thoughts=4321").await.json()["usageMetadata"]["thoughtsTokenCount"],
            4_321
        ),
        Kind::Blocked => {
            for got in [simulator.script(name).await, simulator.image(name).await] {
                let body = got.json();
                assert!(
                    got.status == 200
                        && body.get("candidates").is_none()
                        && body["promptFeedback"]["blockReason"] == "PROHIBITED_CONTENT"
                );
                assert!(body["usageMetadata"]["promptTokenCount"].is_u64());
            }
        }
        Kind::Safety => assert_eq!(finish(&simulator.script(name).await), "SAFETY"),
        Kind::Refused => {
            let got = simulator.image(name).await;
            assert_eq!(finish(&got), "IMAGE_SAFETY");
            assert!(
                got.json()["candidates"][0]["finishMessage"].is_string()
                    && got.json()["candidates"][0]["content"]
                        .get("parts")
                        .is_none()
            );
        }
        Kind::NoImage => assert_eq!(finish(&simulator.image(name).await), "NO_IMAGE"),
        Kind::TextForImage => assert!(
            simulator.image(name).await.json()["candidates"][0]["content"]["parts"][0]["text"]
                .is_string()
        ),
        Kind::TwoImages => {
            let body = simulator.image(name).await.json();
            let parts = body["candidates"][0]["content"]["parts"]
                .as_array()
                .unwrap()
                .clone();
            assert_eq!(parts.len(), 2);
            assert_ne!(parts[0], parts[1]);
            assert_eq!(body["usageMetadata"]["candidatesTokenCount"], 2 * 1_290);
            let plain = simulator.image("").await.json();
            assert_eq!(
                plain["candidates"][0]["content"]["parts"][0], parts[1],
                "the last picture is the one that was asked for"
            );
        }
        Kind::Continuation => {
            let got = simulator.script(name).await;
            assert_eq!(finish(&got), "CONTINUATION");
            let token = got.json()["candidates"][0]["continuationToken"].clone();
            let mut request = script_request("tides", 2);
            request["continuationToken"] = token;
            let rest = self::got(simulator.gemini(FLASH, &request, name).await).await;
            assert_eq!(finish(&rest), "STOP");
            assert_eq!(said(&got) + &said(&rest), said(&simulator.script("").await));
        }
        Kind::MaxTokens => assert_eq!(finish(&simulator.script(name).await), "MAX_TOKENS"),
        Kind::Cached => {
            let usage = simulator.script(name).await.json()["usageMetadata"].clone();
            assert!(
                usage["cachedContentTokenCount"].as_u64().unwrap()
                    < usage["promptTokenCount"].as_u64().unwrap()
            );
        }
        Kind::ToolUse => assert_eq!(
            simulator.script("tool_use=77").await.json()["usageMetadata"]["toolUsePromptTokenCount"],
            77
        ),
        Kind::DetailsMismatch => {
            let usage = simulator.image(name).await.json()["usageMetadata"].clone();
            assert_ne!(
                usage["candidatesTokensDetails"][0]["tokenCount"],
                usage["candidatesTokenCount"]
            );
        }
        Kind::BrokenJson => {
            assert!(serde_json::from_str::<Value>(&said(&simulator.script(name).await)).is_err())
        }
        Kind::WrongShape => assert!(
            serde_json::from_str::<Value>(&said(&simulator.script(name).await))
                .unwrap()
                .get("scenes")
                .is_none()
        ),
        Kind::TierDowngraded => {
            let mut request = script_request("tides", 1);
            request["serviceTier"] = json!("priority");
            let plain = got(simulator.gemini(FLASH, &request, "").await).await;
            assert_eq!(plain.headers["x-gemini-service-tier"], "priority");
            let down = got(simulator.gemini(FLASH, &request, name).await).await;
            assert_eq!(down.headers["x-gemini-service-tier"], "standard");
        }
        Kind::BadCode => {
            let text = "Write the Manim animation of this section. How do tides work?";
            let request = json!({"contents": [{"role": "user", "parts": [{"text": text}]}]});
            let written = got(simulator.gemini(FLASH, &request, name).await)
                .await
                .json();
            let code = written["candidates"][0]["content"]["parts"][0]["text"].clone();
            let code = code.as_str().unwrap_or_default();
            assert!(
                code.contains("class Section(Scene)") && code.contains("shift=DWN"),
                "{code}"
            );
        }
        Kind::QuotaExceeded => {
            let got = simulator.timed(name).await;
            assert_eq!(
                (got.status, got.json()["detail"]["status"].clone()),
                (401, json!("quota_exceeded"))
            );
        }
        Kind::MissingPermissions => assert_eq!(
            simulator.timed(name).await.json()["detail"]["status"],
            "missing_permissions"
        ),
        Kind::MissingCost => assert!(
            !simulator
                .timed(name)
                .await
                .headers
                .contains_key("character-cost")
        ),
        Kind::OddCost => assert_eq!(simulator.timed(name).await.headers["character-cost"], "9"),
        Kind::NullAlignment => assert!(simulator.timed(name).await.json()["alignment"].is_null()),
        Kind::Invalid422 => assert!(simulator.timed(name).await.json()["detail"].is_array()),
        Kind::VoiceNotFound => assert_eq!(
            simulator.timed(name).await.json()["detail"]["status"],
            "voice_not_found"
        ),
        Kind::Empty => match provider {
            Provider::Ollama => {
                let body = simulator.local(name).await.json();
                assert_eq!(
                    (
                        body["response"].clone(),
                        body["eval_count"].clone(),
                        body["done_reason"].clone()
                    ),
                    (json!(""), json!(1), json!("stop"))
                );
            }
            _ => assert!(
                simulator.script(name).await.json()["candidates"][0]["content"]
                    .get("parts")
                    .is_none()
            ),
        },
        Kind::MissingCounts => {
            let body = simulator.local(name).await.json();
            assert!(
                body.get("eval_count").is_none()
                    && body.get("prompt_eval_count").is_none()
                    && body["response"].is_string()
            );
        }
    }
}

fn said(got: &Got) -> String {
    got.json()["candidates"][0]["content"]["parts"][0]["text"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn stream_error(simulator: &Simulator, provider: Provider) {
    let name = "stream_error";
    match provider {
        Provider::Gemini => {
            let stream = got(simulator
                .gemini(FLASH_STREAM, &script_request("tides", 2), name)
                .await)
            .await;
            let last = stream
                .text()
                .trim_end()
                .rsplit("data: ")
                .next()
                .unwrap()
                .to_owned();
            assert_eq!(
                serde_json::from_str::<Value>(&last).unwrap()["error"]["code"],
                503
            );
        }
        Provider::ElevenLabs => {
            let stream = got(simulator
                .speak(
                    "/stream/with-timestamps",
                    &json!({"text": "Tides rise."}),
                    name,
                )
                .await)
            .await;
            assert!(stream.text().lines().last().unwrap().contains("detail"));
        }
        Provider::Ollama => {
            let stream = got(simulator
                .ollama(
                    "/api/generate",
                    &json!({"model": "moondream", "prompt": "tides"}),
                    name,
                )
                .await)
            .await;
            assert_eq!(stream.status, 200);
            assert!(
                stream
                    .text()
                    .lines()
                    .last()
                    .unwrap()
                    .starts_with("{\"error\"")
            );
        }
    }
}

#[tokio::test]
async fn a_fault_can_be_named_after_the_model_and_a_wrong_one_is_refused() {
    let simulator = start().await;
    let path = "/v1beta/models/gemini-2.5-flash@status503:generateContent";
    assert_eq!(
        got(simulator
            .gemini(path, &script_request("tides", 1), "")
            .await)
        .await
        .status,
        503
    );
    for provider in Provider::ALL {
        let refused = simulator.at(provider, "explode").await;
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains("explode"));
    }
    assert!(
        simulator
            .script("null_alignment")
            .await
            .text()
            .contains("does not happen at gemini")
    );
}
