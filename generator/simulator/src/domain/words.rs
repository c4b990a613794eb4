//! Reading what a prompt asks for: its subject, its words, its numbers.

/// Words that say nothing about a subject.
const FILLER: &[&str] = &[
    "a",
    "about",
    "above",
    "after",
    "all",
    "also",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "but",
    "by",
    "can",
    "could",
    "did",
    "do",
    "does",
    "doing",
    "each",
    "every",
    "explain",
    "explained",
    "for",
    "from",
    "get",
    "give",
    "had",
    "has",
    "have",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "just",
    "like",
    "made",
    "make",
    "makes",
    "making",
    "me",
    "more",
    "most",
    "my",
    "no",
    "not",
    "of",
    "on",
    "one",
    "or",
    "our",
    "out",
    "over",
    "please",
    "really",
    "scene",
    "scenes",
    "script",
    "short",
    "should",
    "show",
    "so",
    "some",
    "such",
    "tell",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "to",
    "up",
    "us",
    "used",
    "using",
    "very",
    "video",
    "was",
    "way",
    "we",
    "were",
    "what",
    "when",
    "where",
    "which",
    "while",
    "who",
    "why",
    "will",
    "with",
    "work",
    "working",
    "works",
    "would",
    "write",
    "you",
    "your",
];

/// The words of a text in lower case, in order; an apostrophe inside a word is kept out of it.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        .map(|word| word.trim_matches(['\'', '’']).to_lowercase())
        .map(|word| {
            word.strip_suffix("'s")
                .or_else(|| word.strip_suffix("’s"))
                .map_or(word.clone(), str::to_owned)
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// The words of a text that say what it is about, each once, in order.
#[must_use]
pub fn keywords(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in words(text) {
        if word.chars().count() > 1 && !FILLER.contains(&word.as_str()) && !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

/// The sentences of a text, each with its closing mark.
#[must_use]
pub fn sentences(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        current.push(letter);
        let ends = match letter {
            '.' | '!' | '?' | '…' => letters
                .peek()
                .is_none_or(|next| next.is_whitespace() || *next == '"'),
            '。' | '！' | '？' => true,
            '\n' => true,
            _ => false,
        };
        if ends {
            while letters
                .peek()
                .is_some_and(|next| *next == '"' || *next == '”')
            {
                current.extend(letters.next());
            }
            push_trimmed(&mut found, &mut current);
        }
    }
    push_trimmed(&mut found, &mut current);
    found
}

fn push_trimmed(found: &mut Vec<String>, current: &mut String) {
    let trimmed = current.trim();
    if !trimmed.is_empty() {
        found.push(trimmed.to_owned());
    }
    current.clear();
}

/// The text with its first letter in upper case.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The text with its first letter in lower case, unless the word looks like a name or an initialism.
#[must_use]
pub fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let rest = letters.as_str();
    let first_word = text.split_whitespace().next().unwrap_or_default();
    if first_word.chars().filter(|c| c.is_uppercase()).count() > 1 || first_word == "I" {
        return text.to_owned();
    }
    first.to_lowercase().chain(rest.chars()).collect()
}

/// A whole number written as digits or as an English word up to thirty.
#[must_use]
pub fn number(word: &str) -> Option<usize> {
    const SMALL: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    if let Ok(number) = word.parse::<usize>() {
        return Some(number);
    }
    match word {
        "thirty" => Some(30),
        "couple" => Some(2),
        "dozen" => Some(12),
        _ => SMALL.iter().position(|small| *small == word),
    }
}

/// How many of a thing a text asks for: the number before the first of the given nouns, as in
/// "a 6-scene script", "exactly five scenes" or "scenes: 4".
#[must_use]
pub fn asked_count(text: &str, nouns: &[&str]) -> Option<usize> {
    let words = words(text);
    let near = |at: usize| -> Option<usize> {
        // "six short scenes": the number may stand up to two words before.
        (1..=3)
            .filter_map(|back| at.checked_sub(back))
            .find_map(|i| number(&words[i]).filter(|&n| n > 0 && (n > 1 || i + 1 == at)))
    };
    let positions = || {
        words
            .iter()
            .enumerate()
            .filter(|(_, word)| nouns.contains(&word.as_str()))
            .map(|(at, _)| at)
    };
    positions().find_map(near).or_else(|| {
        positions().find_map(|at| {
            words
                .get(at + 1)
                .filter(|w| w.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|w| number(w))
                .filter(|&n| n > 0)
        })
    })
}

/// The subject of a prompt: what stands in a `<topic>` or similar tag, after `Topic:`, in
/// quotation marks, as a question, or after "about"; else its first sentence.
#[must_use]
pub fn subject(prompt: &str) -> String {
    let found = tagged(prompt)
        .or_else(|| labelled(prompt))
        .or_else(|| quoted(prompt))
        .or_else(|| question(prompt))
        .or_else(|| after_about(prompt))
        .or_else(|| sentences(prompt).into_iter().next())
        .unwrap_or_default();
    let clean: String = found
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean = clean.trim_matches(['"', '“', '”', '\'', '`', ' ', ':']);
    clip_words(clean, SUBJECT_LETTERS_MAX).to_owned()
}

/// A subject longer than this is cut at a word: it is repeated in every scene.
const SUBJECT_LETTERS_MAX: usize = 120;

/// Labels that name the subject of a request, in tags or before a colon.
const LABELS: &[&str] = &[
    "topic", "subject", "prompt", "question", "idea", "request", "theme", "brief", "title",
];

fn tagged(prompt: &str) -> Option<String> {
    let lower = prompt.to_ascii_lowercase();
    LABELS.iter().find_map(|label| {
        let open = format!("<{label}>");
        let start = lower.find(&open)? + open.len();
        let end = start + lower[start..].find(&format!("</{label}>"))?;
        some_text(&prompt[start..end])
    })
}

fn labelled(prompt: &str) -> Option<String> {
    let lines: Vec<&str> = prompt.lines().collect();
    LABELS.iter().find_map(|label| {
        lines.iter().enumerate().find_map(|(at, line)| {
            let line = line.trim().trim_start_matches(['#', '*', '-', ' ']);
            let (head, tail) = line.split_once(':')?;
            let head = head.trim_matches(['*', ' ']).to_ascii_lowercase();
            let named = head == *label || head.ends_with(&format!(" {label}"));
            if !named || head.split_whitespace().count() > 4 {
                return None;
            }
            some_text(tail.trim_matches(['*', ' ']))
                .or_else(|| lines[at + 1..].iter().find_map(|next| some_text(next)))
        })
    })
}

fn quoted(prompt: &str) -> Option<String> {
    [('"', '"'), ('“', '”'), ('«', '»'), ('„', '“')]
        .iter()
        .find_map(|&(open, close)| {
            let start = prompt.find(open)? + open.len_utf8();
            let end = start + prompt[start..].find(close)?;
            some_text(&prompt[start..end])
                .filter(|text| text.contains(' ') || text.chars().count() > 7)
        })
}

fn question(prompt: &str) -> Option<String> {
    sentences(prompt)
        .into_iter()
        .find(|sentence| sentence.ends_with('?'))
        .map(|sentence| {
            // "Make a film: why is the sky blue?" asks what stands after the colon.
            sentence
                .rsplit_once(": ")
                .map_or(sentence.clone(), |(_, tail)| tail.to_owned())
        })
}

fn after_about(prompt: &str) -> Option<String> {
    let lower = prompt.to_lowercase();
    // Lower-casing may change lengths in a few scripts; the cut is then not at a letter.
    let at = lower
        .find(" about ")
        .filter(|_| lower.len() == prompt.len())?
        + " about ".len();
    let rest = prompt.get(at..)?;
    let end = rest.find(['.', '\n', ';', ',', '!']).unwrap_or(rest.len());
    some_text(&rest[..end])
}

fn some_text(text: &str) -> Option<String> {
    let text = text.trim();
    text.chars()
        .any(char::is_alphanumeric)
        .then(|| text.to_owned())
}

fn clip_words(text: &str, most: usize) -> &str {
    if text.chars().count() <= most {
        return text;
    }
    let end = text
        .char_indices()
        .take(most + 1)
        .filter(|(_, c)| c.is_whitespace())
        .last()
        .map(|(at, _)| at);
    let end = end
        .or_else(|| text.char_indices().nth(most).map(|(at, _)| at))
        .unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_is_found_wherever_a_prompt_puts_it() {
        for (prompt, expected) in [
            ("Why do volcanoes erupt?", "Why do volcanoes erupt?"),
            ("Write a 6-scene script about tides.", "tides"),
            (
                "You write scripts. Write one.\nTopic: how heat pumps work\nScenes: 4",
                "how heat pumps work",
            ),
            (
                "Write a script for <topic>black holes</topic> in three scenes.",
                "black holes",
            ),
            (
                "Make a video explaining \"the water cycle\" to children",
                "the water cycle",
            ),
            ("Make a film: why is the sky blue?", "why is the sky blue?"),
            ("Volcanoes", "Volcanoes"),
        ] {
            assert_eq!(subject(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn a_huge_subject_is_cut_at_a_word() {
        let subject = subject(&"tide ".repeat(1_000));
        assert!(subject.chars().count() <= SUBJECT_LETTERS_MAX);
        assert!(subject.ends_with("tide"));
    }

    #[test]
    fn the_number_of_scenes_is_read_from_words_and_digits() {
        let scenes = ["scene", "scenes"];
        for (text, expected) in [
            ("Write a 6-scene script", Some(6)),
            ("exactly five scenes please", Some(5)),
            ("with three short scenes", Some(3)),
            ("Scenes: 4", Some(4)),
            ("Write scenes", None),
            ("Each of the scenes", None),
            ("Write 3 scenes, each scene with two sentences", Some(3)),
        ] {
            assert_eq!(asked_count(text, &scenes), expected, "{text}");
        }
    }

    #[test]
    fn sentences_keep_their_marks_and_decimals_stay_whole() {
        assert_eq!(
            sentences("It is 3.5 km deep. Really? Yes!"),
            ["It is 3.5 km deep.", "Really?", "Yes!"]
        );
    }

    #[test]
    fn keywords_leave_the_filler_out() {
        assert_eq!(
            keywords("Why do the volcanoes of Iceland erupt?"),
            ["volcanoes", "iceland", "erupt"]
        );
    }
}
