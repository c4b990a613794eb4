//! Gemini's protocol.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::{
    FLASH, FLASH_STREAM, IMAGE, image_request, script_request, start, start_with,
};

async fn body(response: reqwest::Response) -> Value {
    response.json().await.unwrap()
}

fn text(answer: &Value) -> String {
    answer["candidates"][0]["content"]["parts"][0]["text"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_script_follows_its_schema_and_is_about_its_topic() {
    let simulator = start().await;
    let response = simulator
        .gemini(FLASH, &script_request("Why do volcanoes erupt?", 4), "")
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["x-reelmeter-simulator"],
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(response.headers()["x-gemini-service-tier"], "standard");
    let answer = body(response).await;
    assert!(
        text(&answer).starts_with("{\"title\":"),
        "fields come in the schema's order: {}",
        text(&answer)
    );
    let script: Value = serde_json::from_str(&text(&answer)).unwrap();
    let scenes = script["scenes"].as_array().unwrap();
    assert_eq!(scenes.len(), 4);
    assert!(
        scenes
            .iter()
            .any(|scene| scene["narration"].as_str().unwrap().contains("magma"))
    );
    let usage = &answer["usageMetadata"];
    let count = |name: &str| usage[name].as_u64().unwrap_or(0);
    assert_eq!(
        count("totalTokenCount"),
        count("promptTokenCount") + count("candidatesTokenCount") + count("thoughtsTokenCount")
    );
    assert!(
        usage.get("cachedContentTokenCount").is_none(),
        "zeros are left out"
    );
    assert_eq!(answer["modelVersion"], "gemini-2.5-flash");
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_on_another_simulator() {
    let request = script_request("How do tides work?", 3);
    let mut texts = Vec::new();
    for _ in 0..2 {
        let simulator = start().await;
        texts.push(text(
            &body(simulator.gemini(FLASH, &request, "").await.unwrap()).await,
        ));
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn a_picture_has_the_ratio_and_the_tokens_that_were_asked_for() {
    let simulator = start().await;
    for (ratio, width, height) in [
        ("16:9", 1_344, 768),
        ("9:16", 768, 1_344),
        ("1:1", 1_024, 1_024),
    ] {
        let answer = body(
            simulator
                .gemini(IMAGE, &image_request("A volcano at dawn", ratio), "")
                .await
                .unwrap(),
        )
        .await;
        let data = answer["candidates"][0]["content"]["parts"][0]["inlineData"].clone();
        assert_eq!(data["mimeType"], "image/png");
        let png = base64::engine::general_purpose::STANDARD
            .decode(data["data"].as_str().unwrap())
            .unwrap();
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert_eq!((number(16), number(20)), (width, height));
        assert!(
            png.len() > 50_000,
            "a picture is more than a grey box: {} bytes",
            png.len()
        );
        assert_eq!(
            answer["usageMetadata"]["candidatesTokensDetails"],
            json!([{"modality": "IMAGE", "tokenCount": 1_290}])
        );
    }
}

#[tokio::test]
async fn a_stream_carries_running_totals_and_ends_once() {
    let simulator = start().await;
    let whole = body(
        simulator
            .gemini(FLASH, &script_request("tides", 3), "")
            .await
            .unwrap(),
    )
    .await;
    let response = simulator
        .gemini(FLASH_STREAM, &script_request("tides", 3), "")
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let stream = response.text().await.unwrap();
    assert!(stream.ends_with("\r\n\r\n"));
    let events: Vec<Value> = stream
        .split("\r\n\r\n")
        .filter(|event| !event.is_empty())
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect();
    assert!(events.len() > 3);
    let joined: String = events.iter().map(text).collect();
    assert_eq!(joined, text(&whole));
    let counts: Vec<u64> = events
        .iter()
        .map(|event| {
            event["usageMetadata"]["candidatesTokenCount"]
                .as_u64()
                .unwrap_or(0)
        })
        .collect();
    assert!(counts.is_sorted(), "{counts:?}");
    assert_eq!(
        counts.last(),
        whole["usageMetadata"]["candidatesTokenCount"]
            .as_u64()
            .as_ref()
    );
    let ends = events
        .iter()
        .filter(|event| event["candidates"][0].get("finishReason").is_some())
        .count();
    assert_eq!(ends, 1);
}

#[tokio::test]
async fn keys_are_refused_as_the_real_server_refuses_them() {
    let simulator = start().await;
    let url = format!("{}{FLASH}", simulator.base);
    let ask = |key: Option<(&'static str, &'static str)>| {
        let request = simulator
            .client
            .post(&url)
            .json(&script_request("tides", 1));
        async move {
            key.iter()
                .fold(request, |request, (name, value)| {
                    request.header(*name, *value)
                })
                .send()
                .await
                .unwrap()
        }
    };
    let none = ask(None).await;
    assert_eq!(none.status(), 403);
    assert_eq!(body(none).await["error"]["status"], "PERMISSION_DENIED");
    let bad = ask(Some(("x-goog-api-key", "bad-key"))).await;
    assert_eq!(bad.status(), 400);
    assert_eq!(
        body(bad).await["error"]["details"][0]["reason"],
        "API_KEY_INVALID"
    );
    let token = ask(Some(("authorization", "Bearer x"))).await;
    assert_eq!(
        (
            token.status().as_u16(),
            body(token).await["error"]["status"].clone()
        ),
        (401, json!("UNAUTHENTICATED"))
    );
    let by_query = simulator
        .client
        .post(format!("{url}?key=any"))
        .json(&script_request("tides", 1))
        .send()
        .await
        .unwrap();
    assert_eq!(by_query.status(), 200);
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_by_name() {
    let simulator = start().await;
    let content = json!([{"parts": [{"text": "hi"}]}]);
    for (request, part) in [
        (
            json!({"contents": content, "generationConfig": {"foo": 1}}),
            "Unknown name \"foo\" at 'generation_config'",
        ),
        (json!({}), "contents is not specified"),
        (json!({"contents": [{"parts": []}]}), "contents[0].parts"),
        (
            json!({"contents": content, "generationConfig": {"responseSchema": {"type": "OBJECT"}}}),
            "response_mime_type",
        ),
        (
            json!({"contents": content, "generationConfig": {"responseModalities": ["IMAGE"]}}),
            "response modalities",
        ),
        (
            json!({"contents": content, "generationConfig": {"candidateCount": 99}}),
            "candidate_count",
        ),
        (
            json!({"contents": [{"role": "boss", "parts": [{"text": "hi"}]}]}),
            "valid role",
        ),
    ] {
        let response = simulator.gemini(FLASH, &request, "").await.unwrap();
        assert_eq!(response.status(), 400, "{request}");
        let answer = body(response).await;
        assert!(
            answer["error"]["message"].as_str().unwrap().contains(part),
            "{request}: {answer}"
        );
    }
    let broken = simulator
        .client
        .post(format!("{}{FLASH}", simulator.base))
        .header("x-goog-api-key", "k")
        .body("{nope")
        .send()
        .await
        .unwrap();
    assert_eq!(broken.status(), 400);
    let ratio = simulator
        .gemini(IMAGE, &image_request("x", "7:5"), "")
        .await
        .unwrap();
    assert!(
        body(ratio).await["error"]["message"]
            .as_str()
            .unwrap()
            .contains("aspect_ratio")
    );
}

#[tokio::test]
async fn models_are_listed_page_by_page_and_retired_ones_are_gone() {
    let simulator = start_with(reelmeter_simulator::Config {
        simulator_retired_models: "gemini-2.5-flash".into(),
        ..crate::support::config()
    })
    .await;
    let key = ("x-goog-api-key", "key");
    let mut names = Vec::new();
    let mut token = String::new();
    loop {
        let page = body(
            simulator
                .get(&format!("/v1beta/models?pageSize=4&pageToken={token}"), key)
                .await,
        )
        .await;
        let models = page["models"].as_array().unwrap();
        assert!(models.len() <= 4);
        names.extend(
            models
                .iter()
                .map(|model| model["name"].as_str().unwrap().to_owned()),
        );
        match page.get("nextPageToken") {
            Some(next) => token = next.as_str().unwrap().to_owned(),
            None => break,
        }
    }
    assert!(
        names.contains(&"models/gemini-2.5-flash-image".to_owned())
            && names.contains(&"models/gemini-flash-latest".to_owned())
    );
    assert!(!names.contains(&"models/gemini-2.5-flash".to_owned()));
    let retired = simulator
        .gemini(FLASH, &script_request("tides", 1), "")
        .await
        .unwrap();
    assert_eq!(retired.status(), 404);
    assert!(
        body(retired).await["error"]["message"]
            .as_str()
            .unwrap()
            .contains("Call ListModels")
    );
    let v1 = body(simulator.get("/v1/models?pageSize=1000", key).await)
        .await
        .to_string();
    assert!(!v1.contains("-latest"));
    assert_eq!(
        simulator
            .get("/v1/models/gemini-2.5-pro", key)
            .await
            .status(),
        200
    );
    assert_eq!(
        simulator.get("/v1/models/gemini-99", key).await.status(),
        404
    );
}

#[tokio::test]
async fn tokens_are_counted_and_not_billed() {
    let simulator = start().await;
    let request = json!({"contents": [{"parts": [{"text": "Why do volcanoes erupt?"}]}]});
    let answer = body(
        simulator
            .gemini("/v1/models/gemini-2.5-flash:countTokens", &request, "")
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        answer,
        json!({"totalTokens": 6, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 6}]})
    );
    assert_eq!(simulator.journal().await["billed"]["input_tokens"], 0);
}

#[tokio::test]
async fn narrations_come_back_reworded_one_for_one() {
    let simulator = start().await;
    let request = json!({
        "contents": [{"parts": [{"text": "Rephrase the narrations.\n<script>\n1. Tides rise twice a day, because the moon pulls.\n2. Many people often forget it.\n</script>"}]}],
        "generationConfig": {"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT", "properties": {
            "scenes": {"type": "ARRAY", "minItems": "2", "maxItems": "2", "items": {"type": "OBJECT", "properties": {"narration": {"type": "STRING"}}, "required": ["narration"]}}
        }, "required": ["scenes"]}},
    });
    let answer: Value = serde_json::from_str(&text(
        &body(simulator.gemini(FLASH, &request, "").await.unwrap()).await,
    ))
    .unwrap();
    let scenes = answer["scenes"].as_array().unwrap();
    assert_eq!(scenes.len(), 2);
    let first = scenes[0]["narration"].as_str().unwrap();
    assert!(
        first.contains("moon") && first != "Tides rise twice a day, because the moon pulls.",
        "{first}"
    );
    assert!(!scenes[1]["narration"].as_str().unwrap().contains("moon"));
    assert_eq!(simulator.count("rephrase", "ok").await, 1);
}

#[tokio::test]
async fn thinking_shares_the_limit_with_the_answer_and_can_be_turned_off() {
    let simulator = start().await;
    let mut request = script_request("tides", 3);
    request["generationConfig"]["thinkingConfig"] = json!({"thinking_budget": 0});
    let answer = body(simulator.gemini(FLASH, &request, "").await.unwrap()).await;
    assert!(answer["usageMetadata"].get("thoughtsTokenCount").is_none());
    request["generationConfig"]["thinkingConfig"] = json!({"includeThoughts": true});
    let answer = body(simulator.gemini(FLASH, &request, "").await.unwrap()).await;
    assert_eq!(
        answer["candidates"][0]["content"]["parts"][0]["thought"],
        true
    );
    request["generationConfig"]["maxOutputTokens"] = json!(20);
    let answer = body(simulator.gemini(FLASH, &request, "").await.unwrap()).await;
    assert_eq!(answer["candidates"][0]["finishReason"], "MAX_TOKENS");
    assert!(
        answer["usageMetadata"]
            .get("candidatesTokenCount")
            .is_none()
    );
    assert_eq!(answer["usageMetadata"]["thoughtsTokenCount"], 20);
}
