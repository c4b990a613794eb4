//! Ollama's protocol.

use serde_json::{Value, json};

use crate::support::start;

#[tokio::test]
async fn an_answer_has_its_counts_and_durations_in_nanoseconds() {
    let simulator = start().await;
    let body = json!({"model": "llama3.2", "prompt": "Why do volcanoes erupt?", "stream": false});
    let response = simulator.ollama("/api/generate", &body, "").await.unwrap();
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/json")
    );
    let answer: Value = response.json().await.unwrap();
    assert_eq!(
        (
            answer["model"].clone(),
            answer["done"].clone(),
            answer["done_reason"].clone()
        ),
        (json!("llama3.2"), json!(true), json!("stop"))
    );
    assert!(answer["response"].as_str().unwrap().contains("mountain"));
    for name in [
        "total_duration",
        "load_duration",
        "prompt_eval_count",
        "prompt_eval_duration",
        "eval_count",
        "eval_duration",
    ] {
        assert!(answer[name].is_u64(), "{name}");
    }
}

#[tokio::test]
async fn streaming_is_the_default_and_counts_come_with_the_last_line() {
    let simulator = start().await;
    let body = json!({"model": "llama3.2", "messages": [{"role": "user", "content": "tides"}]});
    let response = simulator.ollama("/api/chat", &body, "").await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let lines: Vec<Value> = response
        .text()
        .await
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (last, others) = lines.split_last().unwrap();
    assert!(others.iter().all(|line| line["done"] == false
        && line.get("eval_count").is_none()
        && line["message"]["role"] == "assistant"));
    assert!(last["done"] == true && last["eval_count"].is_u64());
}

#[tokio::test]
async fn a_picture_gets_a_verdict_in_the_shape_that_was_asked_for() {
    let simulator = start().await;
    let schema = json!({"type": "object", "properties": {"verdict": {"type": "string", "enum": ["pass", "fail"]}, "issues": {"type": "array", "items": {"type": "string"}}}, "required": ["verdict", "issues"]});
    let mut verdicts = std::collections::BTreeSet::new();
    for n in 0..16 {
        let body = json!({"model": "moondream", "prompt": format!("Is frame {n} fine?"), "stream": false, "format": schema, "images": ["iVBORw0KGgo="]});
        let answer: Value = simulator
            .ollama("/api/generate", &body, "")
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let verdict: Value = serde_json::from_str(answer["response"].as_str().unwrap()).unwrap();
        let fine = verdict["verdict"] == "pass";
        assert_eq!(
            verdict["issues"].as_array().unwrap().is_empty(),
            fine,
            "{verdict}"
        );
        assert!(answer["prompt_eval_count"].as_u64().unwrap() >= 729);
        verdicts.insert(verdict["verdict"].as_str().unwrap().to_owned());
    }
    assert_eq!(verdicts.len(), 2, "some pass, some do not");
}

#[tokio::test]
async fn models_are_listed_shown_and_missed() {
    let simulator = start().await;
    let tags: Value = simulator
        .get("/api/tags", ("x-none", ""))
        .await
        .json()
        .await
        .unwrap();
    assert!(
        tags["models"]
            .as_array()
            .unwrap()
            .iter()
            .any(|model| model["name"] == "moondream:latest")
    );
    assert!(
        simulator
            .get("/api/version", ("x-none", ""))
            .await
            .json::<Value>()
            .await
            .unwrap()["version"]
            .is_string()
    );
    let show: Value = simulator
        .ollama("/api/show", &json!({"model": "moondream"}), "")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(show["capabilities"], json!(["completion", "vision"]));
    let missing = simulator
        .ollama(
            "/api/generate",
            &json!({"model": "nope", "prompt": "hi"}),
            "",
        )
        .await
        .unwrap();
    assert_eq!(missing.status(), 404);
    assert_eq!(
        missing.json::<Value>().await.unwrap(),
        json!({"error": "model 'nope' not found"})
    );
    let none = simulator
        .ollama("/api/generate", &json!({"prompt": "hi"}), "")
        .await
        .unwrap();
    assert_eq!(
        (none.status().as_u16(), none.json::<Value>().await.unwrap()),
        (400, json!({"error": "model is required"}))
    );
}

#[tokio::test]
async fn a_call_without_a_prompt_only_loads_the_model_and_counts_nothing() {
    let simulator = start().await;
    let answer: Value = simulator
        .ollama(
            "/api/generate",
            &json!({"model": "moondream", "stream": false}),
            "",
        )
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (answer["done_reason"].clone(), answer["response"].clone()),
        (json!("load"), json!(""))
    );
    assert!(answer.get("eval_count").is_none() && answer.get("total_duration").is_none());
}
