//! The models that the simulator knows, as public pages and the SDKs described them in 2026.

/// What a Gemini model makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makes {
    /// Text.
    Text,
    /// Text and pictures, with the tokens that a picture costs at 512, 1K, 2K and 4K; 0 where a
    /// size is not offered.
    Pictures {
        /// Tokens by size.
        tokens: [u64; 4],
    },
}

/// A Gemini model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gemini {
    /// The name after `models/`.
    pub name: &'static str,
    /// What people call it.
    pub display_name: &'static str,
    /// One sentence about it.
    pub description: &'static str,
    /// What it makes.
    pub makes: Makes,
    /// Whether it thinks before it answers.
    pub thinks: bool,
    /// The most tokens of a prompt.
    pub input_limit: u64,
    /// The most tokens of an answer.
    pub output_limit: u64,
    /// Whether it is served only under `/v1beta`, as the `-latest` names are.
    pub beta_only: bool,
}

const fn text(name: &'static str, display_name: &'static str, description: &'static str) -> Gemini {
    Gemini {
        name,
        display_name,
        description,
        makes: Makes::Text,
        thinks: true,
        input_limit: 1_048_576,
        output_limit: 65_536,
        beta_only: false,
    }
}

const fn latest(name: &'static str, display_name: &'static str) -> Gemini {
    Gemini {
        beta_only: true,
        ..text(name, display_name, "The newest model of its family.")
    }
}

const fn pictures(
    name: &'static str,
    display_name: &'static str,
    thinks: bool,
    tokens: [u64; 4],
) -> Gemini {
    Gemini {
        name,
        display_name,
        description: "Makes and edits pictures from text and pictures.",
        makes: Makes::Pictures { tokens },
        thinks,
        input_limit: 65_536,
        output_limit: 32_768,
        beta_only: false,
    }
}

/// All Gemini models, in the order in which they are listed.
///
/// Tokens of a picture: 1,290 for gemini-2.5-flash-image; 1,120 (1K, 2K) and 2,000 (4K) for
/// gemini-3-pro-image; for the others what the published prices for each size come to at their
/// token rate.
pub const GEMINI: &[Gemini] = &[
    text(
        "gemini-2.5-flash",
        "Gemini 2.5 Flash",
        "A fast model that thinks when it helps.",
    ),
    text(
        "gemini-2.5-flash-lite",
        "Gemini 2.5 Flash-Lite",
        "A small and fast model.",
    ),
    text(
        "gemini-2.5-pro",
        "Gemini 2.5 Pro",
        "A strong model for hard tasks.",
    ),
    text(
        "gemini-3-flash-preview",
        "Gemini 3 Flash Preview",
        "A fast model of the third family.",
    ),
    text(
        "gemini-3-pro-preview",
        "Gemini 3 Pro Preview",
        "A strong model of the third family.",
    ),
    text(
        "gemini-3.1-pro-preview",
        "Gemini 3.1 Pro Preview",
        "A strong model of the third family.",
    ),
    text(
        "gemini-3.5-flash",
        "Gemini 3.5 Flash",
        "A fast model of the third family.",
    ),
    text(
        "gemini-3.5-flash-lite",
        "Gemini 3.5 Flash-Lite",
        "A small and fast model.",
    ),
    text(
        "gemini-3.8-flash",
        "Gemini 3.8 Flash",
        "A fast model of the third family.",
    ),
    latest("gemini-flash-latest", "Gemini Flash Latest"),
    latest("gemini-flash-lite-latest", "Gemini Flash-Lite Latest"),
    latest("gemini-pro-latest", "Gemini Pro Latest"),
    pictures(
        "gemini-2.5-flash-image",
        "Gemini 2.5 Flash Image",
        false,
        [0, 1_290, 0, 0],
    ),
    pictures(
        "gemini-3-pro-image",
        "Gemini 3 Pro Image",
        true,
        [0, 1_120, 1_120, 2_000],
    ),
    pictures(
        "gemini-3-pro-image-preview",
        "Gemini 3 Pro Image Preview",
        true,
        [0, 1_120, 1_120, 2_000],
    ),
    pictures(
        "gemini-3.1-flash-image",
        "Gemini 3.1 Flash Image",
        true,
        [747, 1_120, 1_680, 2_520],
    ),
    pictures(
        "gemini-nano-banana-2.1",
        "Nano Banana 2.1",
        true,
        [0, 1_120, 1_680, 3_780],
    ),
];

/// The Gemini model of a name, for a version of the API (`v1` or `v1beta`).
#[must_use]
pub fn gemini(name: &str, version: &str) -> Option<&'static Gemini> {
    GEMINI
        .iter()
        .find(|model| model.name == name && (version == "v1beta" || !model.beta_only))
}

/// An ElevenLabs model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speech {
    /// Its ID.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// One sentence about it.
    pub description: &'static str,
    /// Credits for 1,000 characters.
    pub credits_per_1000: u64,
    /// The most characters of a request.
    pub text_limit: u64,
    /// Whether it counts as fast, with more calls at the same time.
    pub fast: bool,
    /// Whether it has a style setting.
    pub style: bool,
}

const fn speech(
    id: &'static str,
    name: &'static str,
    description: &'static str,
    credits_per_1000: u64,
    text_limit: u64,
    fast: bool,
    style: bool,
) -> Speech {
    Speech {
        id,
        name,
        description,
        credits_per_1000,
        text_limit,
        fast,
        style,
    }
}

/// All ElevenLabs models. Credits and limits follow the provider's pages of 2025 and 2026; the
/// credits of the fourth family could not be confirmed and are those of the third.
pub const SPEECH: &[Speech] = &[
    speech(
        "eleven_v4",
        "Eleven v4",
        "The most expressive model.",
        1_000,
        5_000,
        false,
        true,
    ),
    speech(
        "eleven_v4_turbo",
        "Eleven v4 Turbo",
        "Expressive and fast.",
        500,
        40_000,
        true,
        false,
    ),
    speech(
        "eleven_v3",
        "Eleven v3",
        "Expressive speech in many languages.",
        1_000,
        3_000,
        false,
        true,
    ),
    speech(
        "eleven_multilingual_v2",
        "Eleven Multilingual v2",
        "Lifelike speech in 29 languages.",
        1_000,
        10_000,
        false,
        true,
    ),
    speech(
        "eleven_flash_v2_5",
        "Eleven Flash v2.5",
        "Very fast speech in 32 languages.",
        500,
        40_000,
        true,
        false,
    ),
    speech(
        "eleven_turbo_v2_5",
        "Eleven Turbo v2.5",
        "Fast speech in 32 languages.",
        500,
        40_000,
        true,
        false,
    ),
    speech(
        "eleven_turbo_v2",
        "Eleven Turbo v2",
        "Fast English speech.",
        500,
        30_000,
        true,
        false,
    ),
];

/// The model that speaks when a request names none.
pub const SPEECH_DEFAULT: &str = "eleven_multilingual_v2";

/// The ElevenLabs model of an ID.
#[must_use]
pub fn speech_model(id: &str) -> Option<&'static Speech> {
    SPEECH.iter().find(|model| model.id == id)
}

impl Speech {
    /// The credits that a text costs. Half credits are rounded up: how the provider rounds them is
    /// not published.
    #[must_use]
    pub fn credits(&self, characters: u64) -> u64 {
        (characters * self.credits_per_1000).div_ceil(1_000)
    }
}

/// An Ollama model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its name with its tag.
    pub name: &'static str,
    /// Its family.
    pub family: &'static str,
    /// Its size in words.
    pub parameters: &'static str,
    /// Its size on disk in bytes.
    pub size: u64,
    /// Whether it looks at pictures.
    pub sees: bool,
}

/// All Ollama models that are "installed".
pub const LOCAL: &[Local] = &[
    Local {
        name: "moondream:latest",
        family: "phi2",
        parameters: "1B",
        size: 1_738_451_197,
        sees: true,
    },
    Local {
        name: "llava:latest",
        family: "llama",
        parameters: "7B",
        size: 4_733_363_377,
        sees: true,
    },
    Local {
        name: "llama3.2:latest",
        family: "llama",
        parameters: "3.2B",
        size: 2_019_393_189,
        sees: false,
    },
    Local {
        name: "qwen2.5vl:latest",
        family: "qwen25vl",
        parameters: "8.3B",
        size: 5_969_245_856,
        sees: true,
    },
];

/// The Ollama model of a name, with or without a tag.
#[must_use]
pub fn local(name: &str) -> Option<&'static Local> {
    let tagged = if name.contains(':') {
        name.to_owned()
    } else {
        format!("{name}:latest")
    };
    LOCAL.iter().find(|model| model.name == tagged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_models_cost_half_a_credit_a_character_rounded_up() {
        let cost = |id, characters| speech_model(id).map(|model| model.credits(characters));
        // 54 characters of Flash were seen billed as 27.
        assert_eq!(cost("eleven_flash_v2_5", 54), Some(27));
        assert_eq!(cost("eleven_flash_v2_5", 55), Some(28));
        assert_eq!(cost("eleven_multilingual_v2", 54), Some(54));
    }

    #[test]
    fn the_latest_names_are_served_under_v1beta_only() {
        assert!(gemini("gemini-flash-latest", "v1").is_none());
        assert!(gemini("gemini-flash-latest", "v1beta").is_some());
        assert!(gemini("gemini-2.5-flash", "v1").is_some());
    }

    #[test]
    fn a_local_model_is_found_without_its_tag() {
        assert_eq!(local("moondream").map(|m| m.name), Some("moondream:latest"));
        assert!(local("moondream:v9").is_none());
    }
}
