//! Which language a request wants, and which the simulator can give it.

/// A language that the simulator has templates and a voice for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, the one with facts of its own.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
}

/// The language that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// One that the simulator writes.
    Known(Language),
    /// One that it does not, by its English name.
    Unknown(String),
}

const NAMES: &[(&str, &[&str], Option<Language>)] = &[
    ("English", &["english", "en"], Some(Language::English)),
    (
        "German",
        &["german", "deutsch", "de"],
        Some(Language::German),
    ),
    (
        "French",
        &["french", "français", "fr"],
        Some(Language::French),
    ),
    (
        "Spanish",
        &["spanish", "español", "es"],
        Some(Language::Spanish),
    ),
    ("Italian", &["italian", "italiano", "it"], None),
    ("Portuguese", &["portuguese", "português", "pt"], None),
    ("Dutch", &["dutch", "nederlands", "nl"], None),
    ("Polish", &["polish", "polski", "pl"], None),
    ("Swedish", &["swedish", "svenska", "sv"], None),
    ("Danish", &["danish", "dansk", "da"], None),
    ("Norwegian", &["norwegian", "norsk", "no", "nb"], None),
    ("Finnish", &["finnish", "suomi", "fi"], None),
    ("Czech", &["czech", "čeština", "cs"], None),
    ("Turkish", &["turkish", "türkçe", "tr"], None),
    ("Greek", &["greek", "el"], None),
    ("Russian", &["russian", "русский", "ru"], None),
    ("Ukrainian", &["ukrainian", "українська", "uk"], None),
    ("Arabic", &["arabic", "العربية", "ar"], None),
    ("Hebrew", &["hebrew", "he"], None),
    ("Hindi", &["hindi", "हिन्दी", "hi"], None),
    ("Japanese", &["japanese", "日本語", "ja"], None),
    ("Korean", &["korean", "한국어", "ko"], None),
    ("Chinese", &["chinese", "mandarin", "中文", "zh"], None),
    ("Vietnamese", &["vietnamese", "vi"], None),
    ("Indonesian", &["indonesian", "id"], None),
    ("Thai", &["thai", "th"], None),
];

/// A label may stand so many words before the language that it announces.
const LABEL_WORDS: usize = 5;

/// The language that a prompt asks for, if it names one: "in German", "Language: de-DE",
/// "narration must be French".
#[must_use]
pub fn wanted(prompt: &str) -> Option<Wanted> {
    let words: Vec<String> = prompt
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let before = at.checked_sub(1).map(|i| words[i].as_str()).unwrap_or_default();
        let two_before = at.checked_sub(2).map(|i| words[i].as_str()).unwrap_or_default();
        let labelled = matches!(before, "language" | "lang" | "locale")
            // "Language of title and narration: German"
            || (words[at.saturating_sub(LABEL_WORDS)..at].iter().any(|word| word == "language") && matches!(before, "narration" | "title" | "text" | "script" | "video" | "voice")) || (matches!(before, "is" | "code" | "be") && matches!(two_before, "language" | "lang"));
        let told = matches!(before, "in" | "into" | "be" | "to") || matches!(before, "plain" | "simple" | "clear" | "spoken" | "good");
        let (name, _, language) = NAMES.iter().find(|(_, names, _)| {
            names.iter().any(|n| *n == word) && (labelled || (told && word.chars().count() > 2))
        })?;
        Some(language.map_or_else(|| Wanted::Unknown((*name).to_owned()), Wanted::Known))
    })
}

/// A subject without the language that stands at its end, as in "lighthouses in German".
#[must_use]
pub fn without_mention(subject: &str) -> String {
    let bare = subject.trim_end_matches(['?', '.', '!', ' ']);
    let mark = &subject[bare.len()..];
    let named = bare.rsplit_once(" in ").filter(|(_, last)| {
        let last = last.to_lowercase();
        last.chars().count() > 2
            && NAMES
                .iter()
                .any(|(_, names, _)| names.contains(&last.as_str()))
    });
    named.map_or_else(
        || subject.to_owned(),
        |(rest, _)| format!("{}{mark}", rest.trim_end_matches([',', ' '])),
    )
}

/// The language of an ISO 639-1 code with or without a region, such as `de` or `pt-BR`.
#[must_use]
pub fn of_code(code: &str) -> Option<Language> {
    match code
        .split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "en" => Some(Language::English),
        "de" => Some(Language::German),
        "fr" => Some(Language::French),
        "es" => Some(Language::Spanish),
        _ => None,
    }
}

/// The language that a text seems to be written in, told by its commonest small words.
#[must_use]
pub fn of_text(text: &str) -> Language {
    const SMALL: &[(Language, &[&str])] = &[
        (
            Language::English,
            &[
                "the", "and", "of", "is", "to", "in", "it", "that", "a", "are",
            ],
        ),
        (
            Language::German,
            &[
                "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "mit", "zu", "es", "wie",
            ],
        ),
        (
            Language::French,
            &[
                "le", "la", "les", "et", "est", "une", "des", "que", "dans", "pas", "il", "du",
            ],
        ),
        (
            Language::Spanish,
            &[
                "el", "los", "las", "y", "es", "una", "que", "en", "no", "por", "del", "con",
            ],
        ),
    ];
    let words = super::words::words(text);
    let mut best = (0, Language::English);
    for (language, small) in SMALL {
        let hits = words
            .iter()
            .filter(|word| small.contains(&word.as_str()))
            .count();
        if hits > best.0 {
            best = (hits, *language);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_language_is_found_and_an_ordinary_word_is_not_taken_for_one() {
        assert_eq!(
            wanted("Write it in German, please"),
            Some(Wanted::Known(Language::German))
        );
        assert_eq!(
            wanted("Language: fr-FR"),
            Some(Wanted::Known(Language::French))
        );
        assert_eq!(
            wanted("Language of title and narration: Portuguese (pt-BR)."),
            Some(Wanted::Unknown("Portuguese".into()))
        );
        assert_eq!(
            wanted("Language of title and narration: the language in which the topic is written."),
            None
        );
        assert_eq!(
            wanted("Narration language: es"),
            Some(Wanted::Known(Language::Spanish))
        );
        assert_eq!(
            wanted("Write it in Japanese"),
            Some(Wanted::Unknown("Japanese".into()))
        );
        assert_eq!(
            wanted("Why did German cars become popular? Put it in it."),
            None
        );
        assert_eq!(wanted("What is in the sea?"), None);
    }

    #[test]
    fn a_subject_loses_the_language_at_its_end_only() {
        assert_eq!(without_mention("lighthouses in German"), "lighthouses");
        assert_eq!(
            without_mention("How do tides work in French?"),
            "How do tides work?"
        );
        assert_eq!(without_mention("wine in France"), "wine in France");
    }

    #[test]
    fn a_text_is_told_by_its_small_words() {
        assert_eq!(
            of_text("Die Erde ist rund und der Mond ist klein."),
            Language::German
        );
        assert_eq!(
            of_text("La mer est bleue et les marées montent."),
            Language::French
        );
        assert_eq!(
            of_text("El mar es azul y las mareas suben."),
            Language::Spanish
        );
        assert_eq!(of_text("The sea is blue."), Language::English);
    }
}
