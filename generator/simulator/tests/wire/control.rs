//! The simulator's own paths.

use serde_json::{Value, json};

use crate::support::{
    FLASH, IMAGE, config, count_in, image_request, script_request, start, start_with,
};

#[tokio::test]
async fn calls_are_counted_and_listed_with_their_ids_and_bills() {
    let simulator = start().await;
    let answer: Value = simulator
        .gemini(FLASH, &script_request("tides", 2), "")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let speech = simulator
        .speak("/with-timestamps", &json!({"text": "Hello there."}), "")
        .await
        .unwrap();
    let id = speech.headers()["request-id"].to_str().unwrap().to_owned();
    speech.bytes().await.unwrap();
    simulator
        .gemini(FLASH, &json!({"contents": []}), "")
        .await
        .unwrap();
    let journal = simulator.journal().await;
    assert_eq!(
        (journal["total"].as_u64(), journal["in_flight"].as_u64()),
        (Some(3), Some(0))
    );
    let requests = journal["requests"].as_array().unwrap();
    assert_eq!(requests[0]["id"], answer["responseId"]);
    assert_eq!(requests[1]["id"], id.as_str());
    assert_eq!(requests[1]["billed"]["characters"], 12);
    let usage = &answer["usageMetadata"];
    assert_eq!(
        requests[0]["billed"]["input_tokens"],
        usage["promptTokenCount"]
    );
    assert_eq!(
        requests[0]["billed"]["thinking_tokens"],
        usage["thoughtsTokenCount"]
    );
    assert_eq!(
        (
            requests[2]["outcome"].clone(),
            requests[2]["status"].clone()
        ),
        (json!("refused"), json!(400))
    );
    assert_eq!(simulator.count("script", "ok").await, 1);
    let later: Value = simulator
        .get("/_simulator/requests?after=2", ("x-none", ""))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(later["requests"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_plan_of_faults_is_met_in_order_by_the_calls_that_it_names() {
    let simulator = start_with(reelmeter_simulator::Config {
        simulator_faults: "image:status429=1*2,image:refused@4".into(),
        ..config()
    })
    .await;
    let mut statuses = Vec::new();
    let mut last = Value::Null;
    for _ in 0..4 {
        let response = simulator
            .gemini(IMAGE, &image_request("a lake", "1:1"), "")
            .await
            .unwrap();
        statuses.push(response.status().as_u16());
        last = response.json().await.unwrap();
    }
    assert_eq!(statuses, [429, 429, 200, 200]);
    assert_eq!(last["candidates"][0]["finishReason"], "IMAGE_SAFETY");
    assert_eq!(
        simulator
            .gemini(FLASH, &script_request("tides", 1), "")
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        (
            simulator.count("image", "status429").await,
            simulator.count("image", "refused").await,
            simulator.count("image", "ok").await
        ),
        (2, 1, 1)
    );
}

#[tokio::test]
async fn faults_can_be_set_listed_and_cleared_while_running() {
    let simulator = start().await;
    let url = format!("{}/_simulator/faults", simulator.base);
    let set = simulator
        .client
        .post(&url)
        .json(
            &json!({"script": {"gemini.script": ["ok", "status503"]}, "rules": "narration:slow=0"}),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(set.status(), 200);
    let listed: Value = simulator
        .get("/_simulator/faults", ("x-none", ""))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(listed["planned"].as_array().unwrap().len(), 3);
    assert!(listed["menu"].as_array().unwrap().len() > 40);
    let ask = async || {
        simulator
            .gemini(FLASH, &script_request("tides", 1), "")
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!([ask().await, ask().await, ask().await], [200, 503, 200]);
    let wrong = simulator
        .client
        .post(&url)
        .json(&json!({"rules": "image:explode"}))
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 400);
    assert!(wrong.text().await.unwrap().contains("explode"));
    simulator
        .client
        .post(&url)
        .json(&json!({"rules": "script:status500*"}))
        .send()
        .await
        .unwrap();
    assert_eq!(ask().await, 500);
    simulator.client.delete(&url).send().await.unwrap();
    assert_eq!(ask().await, 200);
}

#[tokio::test]
async fn a_reset_forgets_calls_faults_and_credits() {
    let simulator = start().await;
    simulator
        .speak("", &json!({"text": "Hello."}), "")
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    simulator
        .client
        .post(format!("{}/_simulator/faults", simulator.base))
        .json(&json!({"rules": "*:status500*"}))
        .send()
        .await
        .unwrap();
    simulator
        .client
        .post(format!("{}/_simulator/reset", simulator.base))
        .send()
        .await
        .unwrap();
    assert_eq!(simulator.journal().await["total"], 0);
    let subscription: Value = simulator
        .get("/v1/user/subscription", ("xi-api-key", "k"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(subscription["character_count"], 0);
}

#[tokio::test]
async fn a_call_whose_caller_left_is_abandoned_and_not_billed() {
    let simulator = start().await;
    let request = script_request("tides", 1);
    let pending = simulator.gemini(FLASH, &request, "hang");
    assert!(
        tokio::time::timeout(std::time::Duration::from_millis(300), pending)
            .await
            .is_err()
    );
    let journal = simulator
        .journal_when("the call is abandoned", |journal| {
            count_in(journal, "script", "abandoned") > 0
        })
        .await;
    assert_eq!(
        (
            journal["in_flight"].as_u64(),
            journal["billed"]["input_tokens"].as_u64()
        ),
        (Some(0), Some(0))
    );
}

#[tokio::test]
async fn a_shutdown_ends_hanging_calls() {
    let simulator = start().await;
    let request = script_request("tides", 1);
    let hanging = simulator.gemini(FLASH, &request, "hang");
    let stop = async {
        simulator
            .journal_when("the call hangs", |journal| journal["in_flight"] == 1)
            .await;
        simulator.stop();
    };
    let both = async { tokio::join!(hanging, stop).0 };
    assert!(
        tokio::time::timeout(std::time::Duration::from_secs(5), both)
            .await
            .is_ok(),
        "the call must end with the simulator"
    );
}

#[tokio::test]
async fn every_answer_is_marked_also_where_nothing_is() {
    let simulator = start().await;
    for path in [
        "/healthz",
        "/",
        "/nothing/here",
        "/v1/voices",
        "/_simulator/requests",
    ] {
        let response = simulator.get(path, ("x-none", "")).await;
        assert!(
            response.headers().contains_key("x-reelmeter-simulator"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn settings_that_make_no_sense_end_the_start_with_a_sentence() {
    for (config, part) in [
        (
            reelmeter_simulator::Config {
                simulator_latency: -1.0,
                ..config()
            },
            "simulator_latency",
        ),
        (
            reelmeter_simulator::Config {
                simulator_faults: "image:explode".into(),
                ..config()
            },
            "explode",
        ),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error =
            reelmeter_simulator::run(config, listener, tokio_util::sync::CancellationToken::new())
                .await
                .unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}
