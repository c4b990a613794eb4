//! What an account has: voices, models and a quota.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::adapters::http::{json, read_count};
use crate::domain::models::OfferedModel;
use crate::domain::quota::Quota;
use crate::domain::usage::{Count, Multiplier};

/// The longest name or mark that is kept, in characters.
const TEXT_CHARS_MAX: usize = 300;

/// A voice of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The id that calls name, and usage is recorded under.
    pub voice_id: String,
    /// The name to show.
    pub name: String,
    /// `premade`, `cloned` and the like.
    pub category: Option<String>,
    /// The provider's marks: accent, age, gender, use case.
    pub labels: BTreeMap<String, String>,
    /// Where a sample can be heard.
    pub preview_url: Option<String>,
}

/// A model that speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeechModel {
    /// The name to ask for.
    pub model_id: String,
    /// The name to show.
    pub name: Option<String>,
    /// Whether it turns text into speech.
    pub can_speak: bool,
    /// The longest text of one call, in characters; `None` when not said.
    pub text_chars_max: Option<u64>,
    /// Credits for one character: `character_cost_multiplier` times
    /// `cost_discount_multiplier`; `None` when not said.
    pub multiplier: Option<Multiplier>,
    /// The languages it speaks, as ISO 639 codes; empty when not said.
    pub languages: Vec<String>,
}

impl SpeechModel {
    /// The model as a choice among others.
    #[must_use]
    pub fn offered(&self) -> OfferedModel {
        OfferedModel {
            name: self.model_id.clone(),
            display_name: self.name.clone(),
            suits: self.can_speak,
        }
    }
}

/// `GET /v1/voices`.
pub(super) fn voices(body: &Value) -> Option<Vec<Voice>> {
    let voices = body.get("voices")?.as_array()?;
    Some(voices.iter().filter_map(voice).collect())
}

fn voice(voice: &Value) -> Option<Voice> {
    let voice_id = text(voice, "voice_id")?;
    let labels = voice
        .get("labels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((clean(name), clean(value.as_str()?))))
        .collect();
    Some(Voice {
        name: text(voice, "name").unwrap_or_else(|| voice_id.clone()),
        voice_id,
        category: text(voice, "category"),
        labels,
        preview_url: text(voice, "preview_url"),
    })
}

/// `GET /v1/models`: a bare list.
pub(super) fn models(body: &Value) -> Option<Vec<SpeechModel>> {
    // A list of one is what the reader of bodies takes apart.
    if body.get("model_id").is_some() {
        return Some(model(body).into_iter().collect());
    }
    Some(body.as_array()?.iter().filter_map(model).collect())
}

fn model(model: &Value) -> Option<SpeechModel> {
    let rates = model.get("model_rates");
    let factor = |name: &str| {
        let value = rates.and_then(|rates| rates.get(name))?;
        match value {
            // The shortest decimal that stands for the number: 0.5 is 0.5.
            Value::Number(number) => number.to_string().parse::<Multiplier>().ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    };
    let multiplier = factor("character_cost_multiplier").and_then(|cost| {
        let discount = factor("cost_discount_multiplier").unwrap_or(Multiplier::ONE);
        cost.times(discount)
    });
    let text_chars_max = model
        .get("maximum_text_length_per_request")
        .and_then(Value::as_u64)
        .filter(|most| *most > 0);
    Some(SpeechModel {
        model_id: text(model, "model_id")?,
        name: text(model, "name"),
        can_speak: model
            .get("can_do_text_to_speech")
            .and_then(Value::as_bool)
            .unwrap_or(true),
        text_chars_max,
        multiplier,
        languages: json::list(model, "languages", "languages")
            .iter()
            .filter_map(|language| text(language, "language_id"))
            .collect(),
    })
}

/// `GET /v1/user/subscription`.
pub(super) fn quota(body: &Value) -> Option<Quota> {
    let count = |name: &'static str| match read_count(body.get(name)?, name).0 {
        Count::Known(value) => Some(value),
        Count::Absent | Count::Unreadable => None,
    };
    let is_true = |name: &str| body.get(name).and_then(Value::as_bool) == Some(true);
    Some(Quota {
        used: count("character_count")?,
        limit: count("character_limit")?,
        renews_unix_s: body
            .get("next_character_count_reset_unix")
            .and_then(Value::as_i64)
            .filter(|second| *second > 0),
        tier: text(body, "tier"),
        status: text(body, "status"),
        may_exceed: is_true("can_extend_character_limit")
            && is_true("allowed_to_extend_character_limit"),
    })
}

fn text(value: &Value, name: &str) -> Option<String> {
    json::text(value, name, name)
        .map(clean)
        .filter(|text| !text.is_empty())
}

fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(TEXT_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subscription_is_a_quota_with_its_renewal() {
        let body = json!({"tier": "creator", "character_count": 17231, "character_limit": 100_000,
            "can_extend_character_limit": true, "allowed_to_extend_character_limit": false,
            "next_character_count_reset_unix": 1_738_356_858, "status": "active"});
        let quota = quota(&body).unwrap();
        assert_eq!(
            (quota.used, quota.limit, quota.left()),
            (17_231, 100_000, 82_769)
        );
        assert_eq!(quota.renews_unix_s, Some(1_738_356_858));
        assert!(!quota.may_exceed);
    }

    #[test]
    fn a_subscription_without_its_figures_is_no_quota() {
        assert_eq!(quota(&json!({"tier": "free"})), None);
        assert_eq!(
            quota(&json!({"character_count": -1, "character_limit": 5})),
            None
        );
        let bare = json!({"character_count": 1, "character_limit": 5, "next_character_count_reset_unix": null});
        assert_eq!(quota(&bare).unwrap().renews_unix_s, None);
    }

    #[test]
    fn a_models_two_factors_are_one_multiplier() {
        for rates in [
            json!({"character_cost_multiplier": 0.5, "cost_discount_multiplier": 1.0}),
            json!({"character_cost_multiplier": 1.0, "cost_discount_multiplier": 0.5}),
            json!({"character_cost_multiplier": 0.5}),
        ] {
            let model = model(&json!({"model_id": "eleven_flash_v2_5", "model_rates": rates,
                "maximum_text_length_per_request": 40_000, "languages": [{"language_id": "en", "name": "English"}]}))
            .unwrap();
            assert_eq!(model.multiplier.unwrap().to_string(), "0.5");
            assert_eq!(model.text_chars_max, Some(40_000));
            assert_eq!(model.languages, ["en"]);
            assert!(model.offered().suits);
        }
        assert_eq!(model(&json!({"model_id": "m"})).unwrap().multiplier, None);
    }

    #[test]
    fn voices_need_only_an_id() {
        let list = json!({"voices": [{"voice_id": "v1", "name": "Rachel\u{1b}[1m", "labels": {"accent": "american", "n": 1}},
            {"voice_id": "v2"}, {"name": "nobody"}]});
        let voices = voices(&list).unwrap();
        assert_eq!(voices.len(), 2);
        assert_eq!(voices[0].name, "Rachel[1m");
        assert_eq!(voices[0].labels["accent"], "american");
        assert_eq!(voices[1].name, "v2");
    }
}
