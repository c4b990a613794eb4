//! Turning a subject into phrases that fit into a sentence.

use crate::domain::words;

/// A subject in the forms that a template needs.
pub(super) struct Phrases {
    /// The subject as a clause or a noun, without a closing mark: "why cats purr", "the history of chess".
    pub(super) clause: String,
    /// The main thing: "cats".
    pub(super) thing: String,
    /// The thing or deed that stands beside it: "purr"; the main thing again if there is nothing else.
    pub(super) other: String,
    /// A title: "Why Do Cats Purr?".
    pub(super) title: String,
}

impl Phrases {
    /// The phrases of a subject.
    pub(super) fn of(subject: &str) -> Self {
        let bare = subject
            .trim()
            .trim_end_matches(['?', '.', '!', ' '])
            .to_owned();
        let clause = indirect(&bare).unwrap_or_else(|| words::lowered(&bare));
        let keys = words::keywords(&bare);
        let thing = noun_phrase(&bare, &keys).unwrap_or_else(|| clause.clone());
        let other = keys
            .iter()
            .find(|key| !thing.contains(key.as_str()))
            .cloned()
            .unwrap_or_else(|| thing.clone());
        Self {
            title: title_of(subject),
            clause,
            thing,
            other,
        }
    }
}

/// The first run of keywords that stand next to each other, at most three: "heat pumps".
fn noun_phrase(text: &str, keys: &[String]) -> Option<String> {
    let all = words::words(text);
    let is_key = |word: &String| keys.contains(word);
    let start = all.iter().position(is_key)?;
    let run: Vec<&str> = all[start..]
        .iter()
        .take_while(|word| is_key(word))
        .map(String::as_str)
        .collect();
    // A question's last word is mostly its verb: "cats purr" is about cats.
    let asks = matches!(
        all.first().map(String::as_str),
        Some("why" | "how" | "what" | "when" | "where" | "can" | "do" | "does")
    );
    let verb_last = asks
        && run.len() > 1
        && start + run.len() == all.len()
        && matches!(
            all.get(1).map(String::as_str),
            Some("do" | "does" | "did" | "can")
        )
        || asks
            && run.len() > 1
            && all[0] != "what"
            && matches!(
                all.get(1).map(String::as_str),
                Some("is" | "are" | "was" | "were")
            );
    let kept = if verb_last { run.len() - 1 } else { run.len() }.min(3);
    Some(run[..kept].join(" "))
}

/// A question as the clause that stands after "this is": "Why is the sky blue" becomes "why the sky is blue".
fn indirect(question: &str) -> Option<String> {
    let parts: Vec<&str> = question.split_whitespace().collect();
    let (asks, helper, rest) = match parts.as_slice() {
        [asks, helper, rest @ ..] if !rest.is_empty() => {
            (asks.to_lowercase(), helper.to_lowercase(), rest)
        }
        _ => return None,
    };
    if !matches!(
        asks.as_str(),
        "why" | "how" | "what" | "when" | "where" | "who"
    ) {
        return None;
    }
    match helper.as_str() {
        "do" => Some(format!("{asks} {}", rest.join(" "))),
        "does" => {
            let subject_end = subject_length(rest);
            let (subject, deed) = rest.split_at(subject_end);
            let (verb, tail) = deed.split_first()?;
            Some(
                [asks, subject.join(" "), third_person(verb), tail.join(" ")]
                    .into_iter()
                    .filter(|s| !s.is_empty())
                    .collect::<Vec<_>>()
                    .join(" "),
            )
        }
        "is" | "are" | "was" | "were" | "can" | "did" | "will" | "would" | "should" => {
            let subject_end = if asks == "what" && matches!(helper.as_str(), "is" | "are") {
                rest.len()
            } else {
                subject_length(rest)
            };
            let (subject, tail) = rest.split_at(subject_end);
            Some(
                [asks, subject.join(" "), helper, tail.join(" ")]
                    .into_iter()
                    .filter(|s| !s.is_empty())
                    .collect::<Vec<_>>()
                    .join(" "),
            )
        }
        _ => None,
    }
}

/// How many words the subject of a question has: an article or the like and the word after it,
/// with a following "of …" left for the rest.
fn subject_length(rest: &[&str]) -> usize {
    const BEFORE_A_NOUN: &[&str] = &[
        "the", "a", "an", "my", "our", "your", "their", "this", "that", "these", "those", "some",
        "all", "most", "his", "her", "its",
    ];
    let first_is_article = rest
        .first()
        .is_some_and(|word| BEFORE_A_NOUN.contains(&word.to_lowercase().as_str()));
    let mut length = if first_is_article { 2 } else { 1 };
    // "does a heat pump work": the last word is the verb, all before it is the subject.
    if rest.len() > length && rest.len() <= length + 2 && first_is_article {
        length = length.max(rest.len() - 1);
    }
    length.min(rest.len())
}

fn third_person(verb: &str) -> String {
    if verb.ends_with(['s', 'x', 'z', 'o']) || verb.ends_with("ch") || verb.ends_with("sh") {
        return format!("{verb}es");
    }
    match verb.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{verb}s"),
    }
}

fn title_of(subject: &str) -> String {
    const SMALL: &[&str] = &[
        "a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to",
        "with",
    ];
    let titled: Vec<String> = subject
        .split_whitespace()
        .enumerate()
        .map(|(at, word)| {
            if at > 0 && SMALL.contains(&word.to_lowercase().as_str()) {
                word.to_owned()
            } else {
                words::capitalised(word)
            }
        })
        .collect();
    titled.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_becomes_a_clause() {
        for (question, clause, thing) in [
            ("Why do cats purr?", "why cats purr", "cats"),
            ("Why is the sky blue?", "why the sky is blue", "sky"),
            (
                "How does a sewing machine work?",
                "how a sewing machine works",
                "sewing machine",
            ),
            ("What is inflation?", "what inflation is", "inflation"),
            ("The history of chess", "the history of chess", "history"),
            ("how heat pumps work", "how heat pumps work", "heat pumps"),
        ] {
            let phrases = Phrases::of(question);
            assert_eq!(phrases.clause, clause);
            assert_eq!(phrases.thing, thing, "{question}");
        }
    }

    #[test]
    fn a_title_keeps_its_small_words_small() {
        assert_eq!(
            Phrases::of("the history of chess").title,
            "The History of Chess"
        );
    }
}
