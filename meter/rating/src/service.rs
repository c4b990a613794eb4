//! The services and models that the pipelines of this project use, by the names that usage
//! events carry. Any other service or model may be recorded: these are only the well-known ones.

/// Google's Gemini API.
pub const GEMINI: &str = "gemini";
/// ElevenLabs, speech. A subscription: characters, and no dollars unless a person gives a rate.
pub const ELEVENLABS: &str = "elevenlabs";
/// A local Ollama. Free.
pub const OLLAMA: &str = "ollama";

/// `MODEL_GEMINI_FLASH` of the documents.
pub const MODEL_GEMINI_FLASH: &str = "gemini-2.5-flash";
/// `MODEL_GEMINI_FLASH_IMAGE` of the documents.
pub const MODEL_GEMINI_FLASH_IMAGE: &str = "gemini-2.5-flash-image";
/// `MODEL_GEMINI_PRO` of the documents.
pub const MODEL_GEMINI_PRO: &str = "gemini-2.5-pro";
