//! Names that recorders and readers share. Any other name is accepted by the meter too.

/// Google's Gemini.
pub const SERVICE_GEMINI: &str = "gemini";
/// ElevenLabs, the narration.
pub const SERVICE_ELEVENLABS: &str = "elevenlabs";
/// Ollama, models on one's own machine.
pub const SERVICE_OLLAMA: &str = "ollama";

/// Input tokens that no other input metric counts.
pub const METRIC_INPUT_TOKENS: &str = "input_tokens";
/// Input tokens that the provider served from its cache.
pub const METRIC_CACHED_INPUT_TOKENS: &str = "cached_input_tokens";
/// Input tokens that stand for audio.
pub const METRIC_AUDIO_INPUT_TOKENS: &str = "audio_input_tokens";
/// Input tokens that stand for images.
pub const METRIC_IMAGE_INPUT_TOKENS: &str = "image_input_tokens";
/// Input tokens of the results of server-side tools.
pub const METRIC_TOOL_USE_INPUT_TOKENS: &str = "tool_use_input_tokens";
/// Output tokens that no other output metric counts.
pub const METRIC_OUTPUT_TOKENS: &str = "output_tokens";
/// Output tokens that the model thought with.
pub const METRIC_THINKING_TOKENS: &str = "thinking_tokens";
/// Output tokens that stand for images.
pub const METRIC_IMAGE_OUTPUT_TOKENS: &str = "image_output_tokens";
/// Characters of narrated text.
pub const METRIC_CHARACTERS: &str = "characters";
/// Images.
pub const METRIC_IMAGES: &str = "images";

/// The fast text model.
pub const MODEL_GEMINI_FLASH: &str = "gemini-2.5-flash";
/// The image model.
pub const MODEL_GEMINI_FLASH_IMAGE: &str = "gemini-2.5-flash-image";
/// The strong text model.
pub const MODEL_GEMINI_PRO: &str = "gemini-2.5-pro";
/// The next fast text model.
pub const MODEL_GEMINI_3_FLASH_PREVIEW: &str = "gemini-3-flash-preview";
/// The next strong text model.
pub const MODEL_GEMINI_3_PRO_PREVIEW: &str = "gemini-3-pro-preview";
/// The local model that looks at frames.
pub const MODEL_MOONDREAM: &str = "moondream";
/// ElevenLabs' multilingual narration model.
pub const MODEL_ELEVEN_MULTILINGUAL_V2: &str = "eleven_multilingual_v2";
/// ElevenLabs' fast narration model.
pub const MODEL_ELEVEN_FLASH_V2_5: &str = "eleven_flash_v2_5";

/// The stage that writes the script or outline.
pub const STAGE_SCRIPT: &str = "script";
/// The stage that rephrases the narration.
pub const STAGE_REPHRASE: &str = "rephrase";
/// The stage that speaks the narration.
pub const STAGE_NARRATION: &str = "narration";
/// The stage that draws images.
pub const STAGE_IMAGE: &str = "image";
/// The stage that writes animation code.
pub const STAGE_CODE: &str = "code";
/// The stage that corrects animation code.
pub const STAGE_CORRECTION: &str = "correction";
/// The stage that looks at rendered frames.
pub const STAGE_VISUAL_CHECK: &str = "visual_check";
/// The stage that fixes what the visual check found.
pub const STAGE_VISUAL_FIX: &str = "visual_fix";
/// The stage in which a strong model makes the last attempt at animation code.
pub const STAGE_LAST_ATTEMPT: &str = "last_attempt";
