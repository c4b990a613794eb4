//! Rewording: the same facts in the same order, in other words.

use serde_json::Value;

use crate::domain::seed::Seed;
use crate::domain::{script_names, words};

/// Rewords one narration, the `turn`-th of several. The result always differs from it, and is the
/// same every time.
#[must_use]
pub fn reword(narration: &str, turn: usize, seed: Seed) -> String {
    let mut rng = seed.and(narration).rng();
    // Neighbours are led into by other words.
    let lead = LEADS[(seed.value() as usize % LEADS.len() + turn) % LEADS.len()];
    let mut told: Vec<String> = words::sentences(narration)
        .iter()
        .map(|sentence| swapped(sentence))
        .collect();
    if told.is_empty() {
        return narration.to_owned();
    }
    // One sentence in the middle is led into; the first sentence only if nothing else has changed.
    if told.len() > 1 {
        let at = 1 + rng.below(told.len() - 1);
        if !begins_with_lead(&told[at]) {
            told[at] = format!("{lead} {}", words::lowered(&told[at]));
        }
    }
    let reworded = told.join(" ");
    if reworded == narration.trim() {
        return format!("{lead} {}", words::lowered(&reworded));
    }
    reworded
}

/// Rewords a whole text, paragraph by paragraph.
#[must_use]
pub fn reword_text(text: &str, seed: Seed) -> String {
    text.split("\n\n")
        .enumerate()
        .map(|(turn, paragraph)| reword(paragraph, turn, seed))
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// The narrations that a prompt brings along to be reworded: the strings of the JSON in it that
/// are called narration or text (or stand alone in a list), else its numbered lines, else its
/// longest paragraph.
#[must_use]
pub fn narrations_in(prompt: &str) -> Vec<String> {
    if let Some(json) = json_in(prompt) {
        let mut found = Vec::new();
        collect(&json, None, &mut found);
        if !found.is_empty() {
            return found;
        }
    }
    let numbered: Vec<String> = prompt.lines().filter_map(numbered_line).collect();
    if !numbered.is_empty() {
        return numbered;
    }
    prompt
        .split("\n\n")
        .map(|part| {
            part.split_once(":\n")
                .map_or(part, |(_, after)| after)
                .trim()
        })
        .max_by_key(|part| part.chars().count())
        .filter(|part| !part.is_empty())
        .map(|part| vec![part.to_owned()])
        .unwrap_or_default()
}

/// The first JSON array or object that a text holds.
fn json_in(text: &str) -> Option<Value> {
    text.char_indices()
        .filter(|(_, c)| matches!(c, '[' | '{'))
        .find_map(|(at, _)| {
            let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
            values
                .next()
                .and_then(Result::ok)
                .filter(|value| match value {
                    Value::Array(items) => !items.is_empty(),
                    Value::Object(fields) => !fields.is_empty(),
                    _ => false,
                })
        })
}

fn collect(value: &Value, name: Option<&str>, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let spoken = name.is_none_or(script_names::is_narration);
            if spoken && text.contains(' ') {
                found.push(text.clone());
            }
        }
        Value::Array(items) => {
            // A list under a name that is not a narration ("image_prompts") is not spoken.
            let inner = name.filter(|name| !script_names::is_narration(name));
            items.iter().for_each(|item| collect(item, inner, found));
        }
        Value::Object(fields) => {
            for (key, inner) in fields {
                collect(inner, Some(key), found);
            }
        }
        _ => {}
    }
}

fn numbered_line(line: &str) -> Option<String> {
    let line = line.trim();
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = if rest.len() < line.len() {
        rest.strip_prefix(['.', ')', ':'])?
    } else {
        return None;
    };
    let rest = rest.trim();
    rest.contains(' ').then(|| rest.to_owned())
}

fn begins_with_lead(sentence: &str) -> bool {
    sentence.contains(", ")
        && LEADS
            .iter()
            .any(|lead| sentence.starts_with(lead.split(' ').next().unwrap_or_default()))
}

/// Words that lead into a sentence without changing what it says.
const LEADS: &[&str] = &[
    "In other words,",
    "Put simply,",
    "Seen this way,",
    "As it turns out,",
    "To put it plainly,",
    "In short,",
];

/// Swaps words and turns of phrase for others of the same meaning.
fn swapped(sentence: &str) -> String {
    let mut text = sentence.to_owned();
    for (from, to) in SWAPS {
        text = replace_words(&text, from, to);
    }
    text
}

/// Replaces whole words, in the text's own capitals at the start.
fn replace_words(text: &str, from: &str, to: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while !rest.is_empty() {
        let matches = !before.is_alphanumeric()
            && rest
                .get(..from.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(from))
            && rest[from.len()..]
                .chars()
                .next()
                .is_none_or(|next| !next.is_alphanumeric() && next != '\'' && next != '-')
            && before != '-';
        if matches {
            let capital = rest.starts_with(|c: char| c.is_uppercase());
            result.push_str(&if capital {
                words::capitalised(to)
            } else {
                to.to_owned()
            });
            before = from.chars().last().unwrap_or(' ');
            rest = &rest[from.len()..];
        } else if let Some(letter) = rest.chars().next() {
            result.push(letter);
            before = letter;
            rest = &rest[letter.len_utf8()..];
        }
    }
    result
}

/// Phrases and others of the same meaning. None of the right side stands on the left, so that no
/// word is swapped twice.
const SWAPS: &[(&str, &str)] = &[
    ("because", "since"),
    ("for example", "to take one case"),
    ("that is why", "this explains why"),
    ("which is why", "and this explains why"),
    ("many people", "plenty of people"),
    ("most people", "nearly everyone"),
    ("people", "folk"),
    ("often", "frequently"),
    ("almost", "nearly"),
    ("very", "remarkably"),
    ("quickly", "in no time"),
    ("slowly", "little by little"),
    ("begins", "starts"),
    ("began", "started"),
    ("begin", "start"),
    ("is made of", "consists of"),
    ("are made of", "consist of"),
    ("large", "big"),
    ("huge", "enormous"),
    ("tiny", "minute"),
    ("small", "little"),
    ("easy", "simple"),
    ("look at", "consider"),
    ("needs", "requires"),
    ("shows", "reveals"),
    ("several", "a number of"),
    ("countless", "innumerable"),
    ("everywhere", "all around"),
    ("in fact", "indeed"),
    ("however", "still"),
    ("but", "yet"),
    ("whole", "entire"),
    ("turns into", "becomes"),
    ("turn into", "become"),
    ("called", "known as"),
    ("happens", "takes place"),
    ("happen", "take place"),
    ("remember", "keep in mind"),
    ("imagine", "picture"),
    ("today", "these days"),
    ("travels", "moves"),
    ("travel", "move"),
    ("answer", "reply"),
    ("story", "tale"),
    ("until", "up to the moment when"),
    ("carries", "bears"),
    ("strong", "powerful"),
    ("rises", "climbs"),
    ("fades", "dwindles"),
    ("pulls on", "tugs at"),
    ("nearer", "closer"),
    ("great", "vast"),
    ("reaches", "arrives at"),
    ("strongly", "powerfully"),
    ("harder", "with more force"),
    ("finds", "discovers"),
    ("gives", "provides"),
    ("falls", "drops"),
    ("sends", "dispatches"),
    ("does not", "doesn't"),
    ("do not", "don't"),
    ("is not", "isn't"),
    ("are not", "aren't"),
    ("cannot", "can't"),
    ("what happens", "what goes on"),
    ("thousands of", "many thousand"),
    ("stronger", "more powerful"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reworded_text_differs_keeps_its_numbers_and_is_the_same_each_time() {
        let seed = Seed::of("rephrase");
        for text in [
            "Tides rise twice a day. The moon is 384,400 km away, and people often forget it.",
            "Ok.",
            "Bees dance.",
        ] {
            let new = reword(text, 0, seed);
            assert_ne!(new, text);
            assert_eq!(new, reword(text, 0, seed));
        }
        assert!(
            reword("The moon is 384,400 km away. It often hides.", 0, seed).contains("384,400 km")
        );
    }

    #[test]
    fn narrations_are_found_in_json_in_lists_and_in_plain_text() {
        let json = r#"Reword these: {"scenes":[{"narration":"The sea rises.","image_prompt":"a sea at dawn"},{"narration":"The sea falls."}]}"#;
        assert_eq!(narrations_in(json), ["The sea rises.", "The sea falls."]);
        assert_eq!(
            narrations_in(r#"["One two.", "Three four."]"#),
            ["One two.", "Three four."]
        );
        assert_eq!(
            narrations_in("Rephrase:\n1. The sea rises.\n2. The sea falls."),
            ["The sea rises.", "The sea falls."]
        );
        assert_eq!(
            narrations_in("Rephrase this:\nThe sea rises and falls."),
            ["The sea rises and falls."]
        );
    }

    #[test]
    fn whole_words_are_swapped_and_parts_of_words_are_not() {
        assert_eq!(replace_words("But butter", "but", "yet"), "Yet butter");
    }
}
