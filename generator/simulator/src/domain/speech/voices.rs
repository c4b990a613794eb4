//! The voices: the provider's public IDs and names, each with a manner of speaking of its own.

/// The character of a voice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timbre {
    /// Whether it speaks with a woman's variant of the synthesiser.
    pub female: bool,
    /// The synthesiser's variant, from 1.
    pub variant: u8,
    /// The accent of its English, as a BCP 47 tag.
    pub accent: &'static str,
    /// The pitch of the voice, from 0 to 99, where 50 is the synthesiser's own.
    pub pitch: u8,
    /// Words a minute at ordinary speed.
    pub words_per_minute: u32,
    /// The ground tone of the synthetic voice in hertz, where no synthesiser is installed.
    pub ground_hz: f64,
}

/// A voice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Voice {
    /// The provider's ID.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Labels that the provider gives it: gender, accent, age, description, use case.
    pub labels: [(&'static str, &'static str); 5],
    /// How it sounds.
    pub timbre: Timbre,
}

const fn male(
    variant: u8,
    accent: &'static str,
    pitch: u8,
    words_per_minute: u32,
    ground_hz: f64,
) -> Timbre {
    Timbre {
        female: false,
        variant,
        accent,
        pitch,
        words_per_minute,
        ground_hz,
    }
}

const fn female(
    variant: u8,
    accent: &'static str,
    pitch: u8,
    words_per_minute: u32,
    ground_hz: f64,
) -> Timbre {
    Timbre {
        female: true,
        variant,
        accent,
        pitch,
        words_per_minute,
        ground_hz,
    }
}

const fn labels(
    gender: &'static str,
    accent: &'static str,
    age: &'static str,
    description: &'static str,
    use_case: &'static str,
) -> [(&'static str, &'static str); 5] {
    [
        ("accent", accent),
        ("age", age),
        ("description", description),
        ("gender", gender),
        ("use_case", use_case),
    ]
}

/// All voices, in the order in which they are listed. IDs and names are public: the provider's
/// documentation lists them as default voices.
pub const ALL: &[Voice] = &[
    Voice {
        id: "JBFqnCBsd6RMkjVDRZzb",
        name: "George",
        labels: labels("male", "british", "middle_aged", "warm", "narration"),
        timbre: male(3, "en-gb", 38, 158, 108.0),
    },
    Voice {
        id: "21m00Tcm4TlvDq8ikWAM",
        name: "Rachel",
        labels: labels("female", "american", "young", "calm", "narration"),
        timbre: female(2, "en-us", 52, 162, 196.0),
    },
    Voice {
        id: "Xb7hH8MSUJpSbSDYk0k2",
        name: "Alice",
        labels: labels("female", "british", "middle_aged", "confident", "news"),
        timbre: female(3, "en-gb", 50, 166, 188.0),
    },
    Voice {
        id: "9BWtsMINqrJLrRacOk9x",
        name: "Aria",
        labels: labels(
            "female",
            "american",
            "middle_aged",
            "expressive",
            "social_media",
        ),
        timbre: female(1, "en-us", 56, 170, 205.0),
    },
    Voice {
        id: "pqHfZKP75CvOlQylNhV4",
        name: "Bill",
        labels: labels("male", "american", "old", "trustworthy", "narration"),
        timbre: male(7, "en-us", 28, 150, 92.0),
    },
    Voice {
        id: "nPczCjzI2devNBz1zQrb",
        name: "Brian",
        labels: labels("male", "american", "middle_aged", "deep", "narration"),
        timbre: male(1, "en-us", 30, 156, 96.0),
    },
    Voice {
        id: "N2lVS1w4EtoT3dr4eOWO",
        name: "Callum",
        labels: labels(
            "male",
            "transatlantic",
            "middle_aged",
            "intense",
            "characters",
        ),
        timbre: male(2, "en-us", 36, 164, 112.0),
    },
    Voice {
        id: "IKne3meq5aSn9XLyUdCD",
        name: "Charlie",
        labels: labels(
            "male",
            "australian",
            "middle_aged",
            "natural",
            "conversational",
        ),
        timbre: male(4, "en-gb", 45, 168, 120.0),
    },
    Voice {
        id: "onwK4e9ZLuTAKqWW03F9",
        name: "Daniel",
        labels: labels("male", "british", "middle_aged", "authoritative", "news"),
        timbre: male(5, "en-gb", 35, 162, 104.0),
    },
    Voice {
        id: "cjVigY5qzO86Huf0OWal",
        name: "Eric",
        labels: labels(
            "male",
            "american",
            "middle_aged",
            "friendly",
            "conversational",
        ),
        timbre: male(6, "en-us", 42, 166, 116.0),
    },
    Voice {
        id: "cgSgspJ2msm6clMCkdW9",
        name: "Jessica",
        labels: labels(
            "female",
            "american",
            "young",
            "expressive",
            "conversational",
        ),
        timbre: female(4, "en-us", 60, 172, 214.0),
    },
    Voice {
        id: "FGY2WhTYpPnrIDTdsKH5",
        name: "Laura",
        labels: labels("female", "american", "young", "upbeat", "social_media"),
        timbre: female(5, "en-us", 58, 174, 208.0),
    },
    Voice {
        id: "TX3LPaxmHKxFdv7VOQHJ",
        name: "Liam",
        labels: labels("male", "american", "young", "articulate", "narration"),
        timbre: male(8, "en-us", 48, 170, 126.0),
    },
];

/// The voice of an ID.
#[must_use]
pub fn find(id: &str) -> Option<&'static Voice> {
    ALL.iter().find(|voice| voice.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_voice_has_an_id_and_a_sound_of_its_own() {
        for (at, voice) in ALL.iter().enumerate() {
            assert_eq!(voice.id.len(), 20, "{}", voice.name);
            for other in &ALL[at + 1..] {
                assert_ne!(voice.id, other.id);
                assert_ne!(
                    voice.timbre, other.timbre,
                    "{} and {}",
                    voice.name, other.name
                );
            }
        }
    }
}
