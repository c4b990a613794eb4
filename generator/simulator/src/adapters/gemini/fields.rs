//! The fields of a request, as the SDKs of 2026 send them to the Developer API.

use super::proto::{Kind, Message};

pub(super) static GENERATE: Message = Message {
    fields: &[
        ("model", Kind::Text),
        ("contents", Kind::List(&Kind::Message(&CONTENT))),
        ("systemInstruction", Kind::Message(&CONTENT)),
        ("tools", Kind::List(&Kind::Message(&TOOL))),
        ("toolConfig", Kind::Message(&TOOL_CONFIG)),
        (
            "safetySettings",
            Kind::List(&Kind::Message(&SAFETY_SETTING)),
        ),
        ("generationConfig", Kind::Message(&GENERATION_CONFIG)),
        ("cachedContent", Kind::Text),
        (
            "serviceTier",
            Kind::Names(
                "type.googleapis.com/google.ai.generativelanguage.v1beta.ServiceTier",
                &["unspecified", "flex", "standard", "priority"],
            ),
        ),
        ("store", Kind::Flag),
        ("labels", Kind::Map(&Kind::Text)),
        ("continuationToken", Kind::Text),
    ],
};

pub(super) static COUNT: Message = Message {
    fields: &[
        ("contents", Kind::List(&Kind::Message(&CONTENT))),
        ("generateContentRequest", Kind::Message(&GENERATE)),
        ("model", Kind::Text),
    ],
};

static CONTENT: Message = Message {
    fields: &[
        ("parts", Kind::List(&Kind::Message(&PART))),
        ("role", Kind::Text),
    ],
};

static PART: Message = Message {
    fields: &[
        ("text", Kind::Text),
        ("inlineData", Kind::Message(&BLOB)),
        (
            "fileData",
            Kind::Message(&Message {
                fields: &[
                    ("mimeType", Kind::Text),
                    ("fileUri", Kind::Text),
                    ("displayName", Kind::Text),
                ],
            }),
        ),
        ("functionCall", Kind::Any),
        ("functionResponse", Kind::Any),
        ("executableCode", Kind::Any),
        ("codeExecutionResult", Kind::Any),
        ("toolCall", Kind::Any),
        ("toolResponse", Kind::Any),
        ("thought", Kind::Flag),
        ("thoughtSignature", Kind::Bytes),
        ("videoMetadata", Kind::Any),
        ("partMetadata", Kind::Any),
        (
            "mediaResolution",
            Kind::Message(&Message {
                fields: &[("level", Kind::Text), ("numTokens", Kind::Whole)],
            }),
        ),
    ],
};

static BLOB: Message = Message {
    fields: &[
        ("mimeType", Kind::Text),
        ("data", Kind::Bytes),
        ("displayName", Kind::Text),
    ],
};

static GENERATION_CONFIG: Message = Message {
    fields: &[
        ("stopSequences", Kind::List(&Kind::Text)),
        ("responseMimeType", Kind::Text),
        ("responseSchema", Kind::Message(&SCHEMA)),
        ("responseJsonSchema", Kind::Any),
        ("_responseJsonSchema", Kind::Any),
        (
            "responseModalities",
            Kind::List(&Kind::Names(
                MODALITY,
                &[
                    "MODALITY_UNSPECIFIED",
                    "TEXT",
                    "IMAGE",
                    "AUDIO",
                    "VIDEO",
                    "Text",
                    "Image",
                    "Audio",
                ],
            )),
        ),
        ("candidateCount", Kind::Whole),
        ("maxOutputTokens", Kind::Whole),
        ("temperature", Kind::Real),
        ("topP", Kind::Real),
        ("topK", Kind::Whole),
        ("seed", Kind::Whole),
        ("presencePenalty", Kind::Real),
        ("frequencyPenalty", Kind::Real),
        ("responseLogprobs", Kind::Flag),
        ("logprobs", Kind::Whole),
        ("enableEnhancedCivicAnswers", Kind::Flag),
        ("speechConfig", Kind::Any),
        ("audioTranscriptionConfig", Kind::Any),
        ("responseFormat", Kind::Any),
        ("thinkingConfig", Kind::Message(&THINKING_CONFIG)),
        ("imageConfig", Kind::Message(&IMAGE_CONFIG)),
        (
            "mediaResolution",
            Kind::Names(
                "type.googleapis.com/google.ai.generativelanguage.v1beta.MediaResolution",
                &[
                    "MEDIA_RESOLUTION_UNSPECIFIED",
                    "MEDIA_RESOLUTION_LOW",
                    "MEDIA_RESOLUTION_MEDIUM",
                    "MEDIA_RESOLUTION_HIGH",
                ],
            ),
        ),
    ],
};

const MODALITY: &str =
    "type.googleapis.com/google.ai.generativelanguage.v1beta.GenerationConfig.Modality";

static THINKING_CONFIG: Message = Message {
    fields: &[
        ("includeThoughts", Kind::Flag),
        ("thinkingBudget", Kind::Whole),
        (
            "thinkingLevel",
            Kind::Names(
                "type.googleapis.com/google.ai.generativelanguage.v1beta.ThinkingConfig.ThinkingLevel",
                &[
                    "THINKING_LEVEL_UNSPECIFIED",
                    "MINIMAL",
                    "LOW",
                    "MEDIUM",
                    "HIGH",
                    "XHIGH",
                ],
            ),
        ),
    ],
};

static IMAGE_CONFIG: Message = Message {
    fields: &[
        ("aspectRatio", Kind::Text),
        ("imageSize", Kind::Text),
        ("personGeneration", Kind::Text),
        ("imageOutputOptions", Kind::Any),
    ],
};

static SCHEMA: Message = Message {
    fields: &[
        (
            "type",
            Kind::Names(
                "type.googleapis.com/google.ai.generativelanguage.v1beta.Type",
                &[
                    "TYPE_UNSPECIFIED",
                    "STRING",
                    "NUMBER",
                    "INTEGER",
                    "BOOLEAN",
                    "ARRAY",
                    "OBJECT",
                    "NULL",
                    "string",
                    "number",
                    "integer",
                    "boolean",
                    "array",
                    "object",
                    "null",
                ],
            ),
        ),
        ("format", Kind::Text),
        ("title", Kind::Text),
        ("description", Kind::Text),
        ("nullable", Kind::Flag),
        ("enum", Kind::List(&Kind::Text)),
        ("items", Kind::Message(&SCHEMA)),
        ("maxItems", Kind::Whole),
        ("minItems", Kind::Whole),
        ("properties", Kind::Map(&Kind::Message(&SCHEMA))),
        ("required", Kind::List(&Kind::Text)),
        ("minProperties", Kind::Whole),
        ("maxProperties", Kind::Whole),
        ("minimum", Kind::Real),
        ("maximum", Kind::Real),
        ("minLength", Kind::Whole),
        ("maxLength", Kind::Whole),
        ("pattern", Kind::Text),
        ("example", Kind::Any),
        ("default", Kind::Any),
        ("anyOf", Kind::List(&Kind::Message(&SCHEMA))),
        ("propertyOrdering", Kind::List(&Kind::Text)),
        ("additionalProperties", Kind::Any),
        ("defs", Kind::Map(&Kind::Message(&SCHEMA))),
        ("ref", Kind::Text),
    ],
};

static SAFETY_SETTING: Message = Message {
    fields: &[
        (
            "category",
            Kind::Names(
                "type.googleapis.com/google.ai.generativelanguage.v1beta.HarmCategory",
                &[
                    "HARM_CATEGORY_UNSPECIFIED",
                    "HARM_CATEGORY_HARASSMENT",
                    "HARM_CATEGORY_HATE_SPEECH",
                    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
                    "HARM_CATEGORY_DANGEROUS_CONTENT",
                    "HARM_CATEGORY_CIVIC_INTEGRITY",
                    "HARM_CATEGORY_JAILBREAK",
                    "HARM_CATEGORY_IMAGE_HATE",
                    "HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT",
                    "HARM_CATEGORY_IMAGE_HARASSMENT",
                    "HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT",
                ],
            ),
        ),
        (
            "threshold",
            Kind::Names(
                "type.googleapis.com/google.ai.generativelanguage.v1beta.SafetySetting.HarmBlockThreshold",
                &[
                    "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
                    "BLOCK_LOW_AND_ABOVE",
                    "BLOCK_MEDIUM_AND_ABOVE",
                    "BLOCK_ONLY_HIGH",
                    "BLOCK_NONE",
                    "OFF",
                ],
            ),
        ),
    ],
};

static TOOL: Message = Message {
    fields: &[
        ("functionDeclarations", Kind::List(&Kind::Any)),
        ("googleSearchRetrieval", Kind::Any),
        ("codeExecution", Kind::Any),
        ("googleSearch", Kind::Any),
        ("computerUse", Kind::Any),
        ("urlContext", Kind::Any),
        ("fileSearch", Kind::Any),
        ("googleMaps", Kind::Any),
        ("mcpServers", Kind::List(&Kind::Any)),
    ],
};

static TOOL_CONFIG: Message = Message {
    fields: &[
        ("functionCallingConfig", Kind::Any),
        ("retrievalConfig", Kind::Any),
        ("includeServerSideToolInvocations", Kind::Flag),
    ],
};
