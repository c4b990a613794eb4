//! What a video should be like, and the limits of what is accepted for it.

/// The shape of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Aspect {
    /// 16:9, for screens.
    #[default]
    Landscape,
    /// 9:16, for phones.
    Portrait,
    /// 1:1.
    Square,
}

impl Aspect {
    /// The ratio as Gemini's `imageConfig.aspectRatio` writes it.
    #[must_use]
    pub const fn ratio(self) -> &'static str {
        match self {
            Self::Landscape => "16:9",
            Self::Portrait => "9:16",
            Self::Square => "1:1",
        }
    }

    /// The frame in words, for a prompt.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Landscape => "wide 16:9 frame",
            Self::Portrait => "tall 9:16 frame",
            Self::Square => "square frame",
        }
    }
}

/// What a person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// What the video is about, in the person's own words.
    pub topic: String,
    /// How many scenes, at least one.
    pub scene_count: usize,
    /// How long one scene's narration should take to say, in seconds.
    pub scene_duration_s: u32,
    /// The language of the narration as a BCP 47 tag; `None`: that of the topic.
    pub language: Option<String>,
    /// For whom it is; `None`: curious people without previous knowledge.
    pub audience: Option<String>,
    /// What the pictures should look like; `None`: the model proposes one style.
    pub visual_style: Option<String>,
    /// The shape of the picture.
    pub aspect: Aspect,
    /// The limits of what is accepted.
    pub limits: Limits,
}

impl Brief {
    /// A brief with everything but the topic and the number of scenes left as usual.
    #[must_use]
    pub fn new(topic: impl Into<String>, scene_count: usize) -> Self {
        Self {
            topic: topic.into(),
            scene_count: scene_count.max(1),
            scene_duration_s: 8,
            language: None,
            audience: None,
            visual_style: None,
            aspect: Aspect::default(),
            limits: Limits::default(),
        }
    }

    /// Words that a voice says in the time of one scene, at 150 words a minute: the
    /// usual pace of an explaining narration.
    #[must_use]
    pub fn words_per_scene(&self) -> u32 {
        const WORDS_PER_MINUTE: u32 = 150;
        (self.scene_duration_s.saturating_mul(WORDS_PER_MINUTE) / 60).max(8)
    }
}

/// The limits of a script, in characters. They bound what is sent to the paid calls that
/// follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest title.
    pub title_chars_max: usize,
    /// The longest narration of one scene. Not above the speech model's own limit.
    pub narration_chars_max: usize,
    /// The longest description of one picture.
    pub image_prompt_chars_max: usize,
    /// The longest description of the common style.
    pub style_chars_max: usize,
}

impl Default for Limits {
    /// 1,200 characters are some eighty seconds of speech: more is no scene. Speech
    /// models take 3,000 characters and more.
    fn default() -> Self {
        Self {
            title_chars_max: 120,
            narration_chars_max: 1_200,
            image_prompt_chars_max: 1_000,
            style_chars_max: 300,
        }
    }
}
