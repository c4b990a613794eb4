//! What a request asks for, read from its normalised form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::domain::schema::{self, Shape};
use crate::domain::tokens;

/// A request for content.
pub(super) struct Request {
    /// The text of the last turn of the user, its parts one after the other.
    pub(super) prompt: String,
    /// The standing instruction.
    pub(super) system: String,
    /// Tokens of the whole prompt that are text.
    pub(super) text_tokens: u64,
    /// Tokens of the whole prompt that are pictures.
    pub(super) image_tokens: u64,
    /// The shape of a structured answer.
    pub(super) shape: Option<Shape>,
    /// Whether the answer must be JSON.
    pub(super) json: bool,
    /// Whether a picture may be answered.
    pub(super) wants_image: bool,
    /// Whether words may be answered.
    pub(super) wants_text: bool,
    /// The aspect ratio of a picture.
    pub(super) ratio: Option<String>,
    /// The size of a picture.
    pub(super) size: Option<String>,
    /// The most tokens of thinking and answer together.
    pub(super) output_max: Option<u64>,
    /// How much to think: tokens, where -1 leaves it to the model.
    pub(super) thinking_budget: Option<i64>,
    /// How much to think, in a word.
    pub(super) thinking_level: Option<String>,
    /// Whether thoughts are shown.
    pub(super) shows_thoughts: bool,
    /// How many answers.
    pub(super) candidates: usize,
    /// Texts that end an answer.
    pub(super) stops: Vec<String>,
    /// The service tier.
    pub(super) tier: Option<String>,
    /// Where it goes on after a `CONTINUATION`: the bytes of the answer that were already given.
    pub(super) continues_at: Option<usize>,
}

/// More answers at once than this are refused, as by the real server.
const CANDIDATES_MAX: i64 = 8;

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// A sentence in the real server's style, if something is missing or makes no sense.
    pub(super) fn read(request: &Value) -> Result<Self, String> {
        let contents = request["contents"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if contents.is_empty() {
            return Err(
                "* GenerateContentRequest.contents: contents is not specified\n".to_owned(),
            );
        }
        let mut counted = Counted::default();
        let mut prompt = String::new();
        for (at, content) in contents.iter().enumerate() {
            let role = content["role"].as_str().unwrap_or("user");
            if !matches!(role, "user" | "model" | "function" | "tool" | "") {
                return Err("Please use a valid role: user, model.".to_owned());
            }
            let parts = content["parts"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            if parts.is_empty() {
                return Err(format!(
                    "* GenerateContentRequest.contents[{at}].parts: contents.parts must not be empty.\n"
                ));
            }
            let text = counted.parts(parts);
            if role != "model" {
                prompt = text;
            }
        }
        let system_parts = request["systemInstruction"]["parts"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let system = counted.parts(system_parts);
        let config = &request["generationConfig"];
        let json_schema = ["responseJsonSchema", "_responseJsonSchema"]
            .into_iter()
            .map(|name| &config[name])
            .find(|schema| !schema.is_null());
        let open_schema = Some(&config["responseSchema"]).filter(|schema| !schema.is_null());
        if json_schema.is_some() && open_schema.is_some() {
            return Err("* GenerateContentRequest.generation_config: only one of response_schema and response_json_schema may be set.\n".to_owned());
        }
        let media_type = config["responseMimeType"].as_str().unwrap_or("text/plain");
        if !matches!(
            media_type,
            "text/plain" | "application/json" | "text/x.enum" | ""
        ) {
            return Err(format!(
                "* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are `text/plain`, `application/json`, `application/xml`, `application/yaml` and `text/x.enum`, got `{media_type}`.\n"
            ));
        }
        let json = media_type == "application/json";
        let shape = match json_schema.or(open_schema) {
            Some(_) if media_type == "text/plain" => return Err("Enum or structured output needs a response_mime_type: set it to `application/json`.".to_owned()),
            Some(schema) => Some(schema::read(schema).map_err(|error| format!("* GenerateContentRequest.generation_config.response_schema: {error}\n"))?),
            None => None,
        };
        let modalities: Vec<String> = config["responseModalities"]
            .as_array()
            .map(|names| {
                names
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_ascii_uppercase)
                    .collect()
            })
            .unwrap_or_default();
        let has = |name: &str| modalities.iter().any(|modality| modality == name);
        let thinking = &config["thinkingConfig"];
        let candidates = config["candidateCount"].as_i64().unwrap_or(1);
        if !(1..=CANDIDATES_MAX).contains(&candidates) {
            return Err(format!(
                "* GenerateContentRequest.generation_config.candidate_count: candidate_count must be in the range [1, {CANDIDATES_MAX}].\n"
            ));
        }
        if config["maxOutputTokens"]
            .as_i64()
            .is_some_and(|most| most < 1)
        {
            return Err("* GenerateContentRequest.generation_config.max_output_tokens: max_output_tokens must be positive.\n".to_owned());
        }
        if thinking["thinkingBudget"].is_i64() && thinking["thinkingLevel"].is_string() {
            return Err("You can only set one of thinking budget and thinking level.".to_owned());
        }
        Ok(Self {
            prompt,
            system,
            text_tokens: counted.text,
            image_tokens: counted.images as u64 * tokens::IMAGE_INPUT_TOKENS,
            shape,
            json,
            wants_image: has("IMAGE"),
            wants_text: modalities.is_empty() || has("TEXT"),
            ratio: config["imageConfig"]["aspectRatio"]
                .as_str()
                .map(str::to_owned),
            size: config["imageConfig"]["imageSize"]
                .as_str()
                .map(str::to_owned),
            output_max: config["maxOutputTokens"].as_u64(),
            thinking_budget: thinking["thinkingBudget"].as_i64(),
            thinking_level: thinking["thinkingLevel"].as_str().map(str::to_owned),
            shows_thoughts: thinking["includeThoughts"].as_bool().unwrap_or(false),
            candidates: usize::try_from(candidates).unwrap_or(1),
            stops: config["stopSequences"]
                .as_array()
                .map(|stops| {
                    stops
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect()
                })
                .unwrap_or_default(),
            tier: request["serviceTier"].as_str().map(str::to_owned),
            continues_at: request["continuationToken"].as_str().map(read_continuation),
        })
    }

    /// Tokens of the whole prompt.
    pub(super) fn prompt_tokens(&self) -> u64 {
        self.text_tokens + self.image_tokens
    }
}

/// A token for what follows after so many bytes of the answer.
pub(super) fn continuation(given: usize) -> String {
    STANDARD.encode(format!("{CONTINUE}{given}"))
}

/// The bytes already given; a token that nobody gave starts again from the beginning.
fn read_continuation(token: &str) -> usize {
    let bytes = STANDARD.decode(token).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.strip_prefix(CONTINUE)
        .and_then(|given| given.parse().ok())
        .unwrap_or(0)
}

const CONTINUE: &str = "continue after ";

/// What the parts of a request come to.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) text: u64,
    pub(super) images: usize,
}

impl Counted {
    /// Counts some parts and gives their text.
    pub(super) fn parts(&mut self, parts: &[Value]) -> String {
        let mut texts = Vec::new();
        for part in parts {
            if let Some(text) = part["text"].as_str() {
                self.text += tokens::count(text);
                texts.push(text);
            } else if part["inlineData"].is_object() || part["fileData"].is_object() {
                self.images += 1;
            } else {
                self.text += tokens::count(&part.to_string());
            }
        }
        texts.join("\n")
    }
}
