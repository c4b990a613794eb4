//! The provider simulator's own books, read over HTTP: an independent count of what was bought.

use serde_json::Value;

/// What the simulator says of itself.
pub struct Vendor {
    address: String,
    http: reqwest::Client,
}

/// What was bought, by the seller's count.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Bought {
    /// Calls of paid operations.
    pub calls: i64,
    pub input_tokens: i64,
    /// With thinking and pictures.
    pub output_tokens: i64,
    pub images: i64,
    pub characters: i64,
}

impl Vendor {
    pub fn new(address: String) -> Self {
        Self {
            address,
            http: reqwest::Client::new(),
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// What will go wrong, as the simulator's setting of faults says it.
    pub async fn will(&self, rules: &str) {
        let answer = self
            .http
            .post(format!("{}/_simulator/faults", self.address))
            .json(&serde_json::json!({ "rules": rules }))
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    pub async fn bought(&self) -> Bought {
        let body: Value = self
            .http
            .get(format!("{}/_simulator/requests", self.address))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let mut bought = Bought::default();
        for count in body["counts"].as_array().unwrap() {
            let operation = count["operation"].as_str().unwrap();
            if !["script", "rephrase", "text", "image", "narration"].contains(&operation) {
                continue;
            }
            let billed = |name: &str| count["billed"][name].as_i64().unwrap();
            bought.calls += count["requests"].as_i64().unwrap();
            bought.input_tokens += billed("input_tokens");
            bought.output_tokens += billed("output_tokens") + billed("thinking_tokens");
            bought.images += billed("images");
            bought.characters += billed("characters");
        }
        bought
    }
}
