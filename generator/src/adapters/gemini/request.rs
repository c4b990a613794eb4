//! What is sent to `generateContent`.

use serde_json::{Map, Value, json};

use crate::domain::script::{Aspect, Prompt, Schema};
use crate::domain::usage::{Variant, estimate_text_tokens};

/// Above this many items a list's length is left to the prompt: the API refuses schemas
/// whose length limits make too many states ("too many states for serving").
const COUNTED_ITEMS_MAX: usize = 12;

/// How much the model may think. Thinking is billed as output and counts towards the
/// output token limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thinking {
    /// As much as the model does by itself. Right for models that are not known here.
    #[default]
    ModelDefault,
    /// At most so many tokens (Gemini 2.5 family); 0 for none.
    Budget(u32),
    /// A level (Gemini 3 family): `MINIMAL`, `LOW`, `MEDIUM`, `HIGH`.
    Level(&'static str),
}

/// A call for text.
#[derive(Clone, Debug, PartialEq)]
pub struct TextRequest {
    /// The model's name, without `models/`.
    pub model: String,
    /// The standing instruction.
    pub system: Option<String>,
    /// The request.
    pub user: String,
    /// The shape of a JSON answer; `None` for plain text.
    pub schema: Option<Schema>,
    /// The most tokens that thinking and answer together may have: the worst case of
    /// what the call costs.
    pub output_tokens_max: u32,
    /// How much the model may think.
    pub thinking: Thinking,
    /// From 0, always the same, to 2; `None` for the model's own default.
    pub temperature: Option<f32>,
    /// The tier to ask for; `None` for the account's default.
    pub tier: Option<Variant>,
    /// Asks for the rest of an answer: [`TextAnswer::continuation`](super::TextAnswer)
    /// of the call before.
    pub continuation: Option<String>,
}

impl TextRequest {
    /// A call for JSON as a domain prompt describes it.
    #[must_use]
    pub fn structured(model: impl Into<String>, prompt: Prompt, output_tokens_max: u32) -> Self {
        Self {
            system: Some(prompt.system),
            schema: Some(prompt.schema),
            ..Self::plain(model, prompt.user, output_tokens_max)
        }
    }

    /// A call for plain text.
    #[must_use]
    pub fn plain(
        model: impl Into<String>,
        user: impl Into<String>,
        output_tokens_max: u32,
    ) -> Self {
        Self {
            model: model.into(),
            system: None,
            user: user.into(),
            schema: None,
            output_tokens_max,
            thinking: Thinking::default(),
            temperature: None,
            tier: None,
            continuation: None,
        }
    }

    /// The same call, for the rest of its answer.
    #[must_use]
    pub fn continued(&self, token: impl Into<String>) -> Self {
        Self {
            continuation: Some(token.into()),
            ..self.clone()
        }
    }

    /// About how many tokens its prompt has: for an estimate before the call, and for
    /// answers that do not report it.
    #[must_use]
    pub fn estimated_input_tokens(&self) -> u64 {
        let schema = self.schema.as_ref().map_or(0, |schema| {
            estimate_text_tokens(&schema_json(schema).to_string())
        });
        estimate_text_tokens(self.system.as_deref().unwrap_or_default())
            .saturating_add(estimate_text_tokens(&self.user))
            .saturating_add(schema)
    }

    pub(super) fn body(&self) -> Value {
        let mut config = Map::new();
        config.insert("maxOutputTokens".to_owned(), self.output_tokens_max.into());
        if let Some(temperature) = self.temperature {
            config.insert("temperature".to_owned(), json!(temperature));
        }
        if let Some(schema) = &self.schema {
            config.insert("responseMimeType".to_owned(), "application/json".into());
            config.insert("responseSchema".to_owned(), schema_json(schema));
        }
        match self.thinking {
            Thinking::ModelDefault => {}
            Thinking::Budget(tokens) => {
                let thinking = json!({"thinkingBudget": tokens});
                config.insert("thinkingConfig".to_owned(), thinking);
            }
            Thinking::Level(level) => {
                let thinking = json!({"thinkingLevel": level});
                config.insert("thinkingConfig".to_owned(), thinking);
            }
        }
        let mut body = json!({
            "contents": [{"role": "user", "parts": [{"text": self.user}]}],
            "generationConfig": config,
        });
        if let Some(system) = &self.system {
            body["systemInstruction"] = json!({"role": "user", "parts": [{"text": system}]});
        }
        if let Some(token) = &self.continuation {
            body["continuationToken"] = token.as_str().into();
        }
        add_tier(self.tier, &mut body);
        body
    }
}

/// The size of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageSize {
    /// About a thousand pixels on a side.
    OneK,
    /// Twice that.
    TwoK,
    /// Four times that.
    FourK,
}

impl ImageSize {
    const fn word(self) -> &'static str {
        match self {
            Self::OneK => "1K",
            Self::TwoK => "2K",
            Self::FourK => "4K",
        }
    }
}

/// A call for one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRequest {
    /// The model's name, without `models/`.
    pub model: String,
    /// What to draw.
    pub prompt: String,
    /// The picture's shape.
    pub aspect: Aspect,
    /// The picture's size; `None` for the model's own default, which older models need,
    /// since they do not know the setting.
    pub size: Option<ImageSize>,
    /// The tier to ask for; `None` for the account's default.
    pub tier: Option<Variant>,
}

impl ImageRequest {
    /// A call for a picture of the model's own size.
    #[must_use]
    pub fn new(model: impl Into<String>, prompt: impl Into<String>, aspect: Aspect) -> Self {
        Self {
            model: model.into(),
            prompt: prompt.into(),
            aspect,
            size: None,
            tier: None,
        }
    }

    /// About how many tokens its prompt has.
    #[must_use]
    pub fn estimated_input_tokens(&self) -> u64 {
        estimate_text_tokens(&self.prompt)
    }

    pub(super) fn body(&self) -> Value {
        let mut image = json!({"aspectRatio": self.aspect.ratio()});
        if let Some(size) = self.size {
            image["imageSize"] = size.word().into();
        }
        let mut body = json!({
            "contents": [{"role": "user", "parts": [{"text": self.prompt}]}],
            "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": image},
        });
        add_tier(self.tier, &mut body);
        body
    }
}

fn add_tier(tier: Option<Variant>, body: &mut Value) {
    if let Some(tier) = tier {
        body["serviceTier"] = tier.as_str().into();
    }
}

/// A schema in the API's own dialect of OpenAPI.
pub(super) fn schema_json(schema: &Schema) -> Value {
    match schema {
        Schema::Text { description } => json!({"type": "STRING", "description": description}),
        Schema::List { items, count } => {
            let mut list = json!({"type": "ARRAY", "items": schema_json(items)});
            if *count <= COUNTED_ITEMS_MAX {
                list["minItems"] = (*count).into();
                list["maxItems"] = (*count).into();
            }
            list
        }
        Schema::Fields(fields) => {
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            let properties: Map<String, Value> = fields
                .iter()
                .map(|(name, schema)| ((*name).to_owned(), schema_json(schema)))
                .collect();
            json!({
                "type": "OBJECT",
                "properties": properties,
                "required": names,
                "propertyOrdering": names,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::{Brief, script_prompt};

    #[test]
    fn a_script_is_asked_for_as_the_api_documents_it() {
        let request = TextRequest::structured(
            "gemini-2.5-flash",
            script_prompt(&Brief::new("tides", 3)),
            8_192,
        );
        let body = request.body();
        let config = &body["generationConfig"];
        assert_eq!(config["responseMimeType"], "application/json");
        assert_eq!(config["maxOutputTokens"], 8_192);
        let schema = &config["responseSchema"];
        assert_eq!(schema["type"], "OBJECT");
        assert_eq!(schema["propertyOrdering"][2], "scenes");
        let scenes = &schema["properties"]["scenes"];
        assert_eq!(
            (&scenes["minItems"], &scenes["maxItems"]),
            (&json!(3), &json!(3))
        );
        assert_eq!(
            scenes["items"]["required"],
            json!(["narration", "image_prompt"])
        );
        assert!(config.get("thinkingConfig").is_none());
        assert!(body.get("serviceTier").is_none());
        assert!(request.estimated_input_tokens() > 300);
    }

    #[test]
    fn a_long_lists_length_is_left_to_the_prompt() {
        let list = schema_json(&Schema::list(Schema::text("x"), 60));
        assert!(list.get("maxItems").is_none());
    }

    #[test]
    fn settings_are_sent_where_the_api_wants_them() {
        let mut text = TextRequest::plain("m", "hello", 10);
        text.thinking = Thinking::Budget(0);
        text.tier = Some(Variant::Flex);
        let body = text.continued("token").body();
        assert_eq!(
            body["generationConfig"]["thinkingConfig"]["thinkingBudget"],
            0
        );
        assert_eq!(body["serviceTier"], "flex");
        assert_eq!(body["continuationToken"], "token");

        let mut image = ImageRequest::new("m", "a harbour", Aspect::Portrait);
        image.size = Some(ImageSize::TwoK);
        let config = &image.body()["generationConfig"];
        assert_eq!(
            config["imageConfig"],
            json!({"aspectRatio": "9:16", "imageSize": "2K"})
        );
        assert_eq!(config["responseModalities"], json!(["TEXT", "IMAGE"]));
    }
}
