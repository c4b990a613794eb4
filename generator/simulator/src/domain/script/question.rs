//! Turning a subject into phrases that fit into a sentence.

use super::verbs;
use crate::domain::words;

/// A subject in the forms that a template needs.
pub(super) struct Phrases {
    /// A clause that asks: "why cats purr", "how a sewing machine works", "what lies behind the history of chess".
    pub(super) clause: String,
    /// The question itself: "why do cats purr?".
    pub(super) question: String,
    /// The main thing with its article, if it had one: "cats", "a sewing machine", "the history of chess".
    pub(super) thing: String,
    /// Something else that was named, if anything was: "walnut wood".
    pub(super) other: Option<String>,
    /// A title: "Why Do Cats Purr?".
    pub(super) title: String,
}

impl Phrases {
    /// The phrases of a subject.
    pub(super) fn of(subject: &str) -> Self {
        let bare = without_command(subject.trim().trim_end_matches(['?', '.', '!', ',', ' ']));
        let asked = Asked::of(&bare);
        let thing = asked.thing();
        let clause = asked.clause(&thing);
        // A question that was asked as one is repeated; any other is asked by its clause.
        let question = if asked.helper.is_some() {
            words::lowered(&bare)
        } else {
            clause.clone()
        };
        let mark = if subject.trim_end().ends_with('?') {
            "?"
        } else {
            ""
        };
        Self {
            title: format!("{}{mark}", title_of(&bare)),
            clause,
            question: format!("{question}?"),
            other: other_than(&thing, &bare),
            thing,
        }
    }
}

/// A subject without the order that it stands in, as in "Explain how paper is made in four scenes".
pub(super) fn without_command(subject: &str) -> String {
    const ORDERS: &[&str] = &[
        "please",
        "explain",
        "describe",
        "tell",
        "show",
        "write",
        "make",
        "create",
        "produce",
        "give",
        "me",
        "us",
        "people",
        "a",
        "an",
        "the",
        "short",
        "video",
        "film",
        "script",
        "clip",
        "story",
        "about",
        "on",
        "of",
        "explaining",
        "to",
        "children",
        "kids",
        "beginners",
        "introduction",
    ];
    let all: Vec<&str> = subject.split_whitespace().collect();
    let plain = |word: &str| word.trim_matches([':', ',', '"']).to_lowercase();
    let mut from = 0;
    if all.first().is_some_and(|first| {
        matches!(
            plain(first).as_str(),
            "please"
                | "explain"
                | "describe"
                | "tell"
                | "show"
                | "write"
                | "make"
                | "create"
                | "produce"
                | "give"
        )
    }) {
        from = all
            .iter()
            .position(|word| !ORDERS.contains(&plain(word).as_str()))
            .unwrap_or(0);
        // "Describe the moon": the article belongs to the thing.
        if from > 0 && matches!(plain(all[from - 1]).as_str(), "the" | "a" | "an") {
            from -= 1;
        }
    }
    let mut to = all.len();
    // "… in four scenes", "… for children".
    if to >= from + 4
        && plain(all[to - 3]) == "in"
        && matches!(
            plain(all[to - 1]).as_str(),
            "scenes" | "parts" | "minutes" | "seconds" | "steps"
        )
    {
        to -= 3;
    }
    if to >= from + 3
        && plain(all[to - 2]) == "for"
        && matches!(
            plain(all[to - 1]).as_str(),
            "children" | "kids" | "beginners" | "everyone" | "dummies"
        )
    {
        to -= 2;
    }
    all[from..to]
        .join(" ")
        .trim_end_matches([',', ' '])
        .to_owned()
}

/// A subject taken apart.
struct Asked<'a> {
    /// "why", "how", "what" …, if it is a question.
    word: Option<String>,
    /// "do", "does", "is" …, if it has one after the question word.
    helper: Option<String>,
    /// The rest.
    rest: Vec<&'a str>,
    whole: &'a str,
}

impl<'a> Asked<'a> {
    fn of(whole: &'a str) -> Self {
        let parts: Vec<&str> = whole.split_whitespace().collect();
        let lower = |at: usize| {
            parts
                .get(at)
                .map(|part| part.to_lowercase())
                .unwrap_or_default()
        };
        let is_question = matches!(
            lower(0).as_str(),
            "why" | "how" | "what" | "when" | "where" | "who" | "which"
        );
        let has_helper = is_question
            && matches!(
                lower(1).as_str(),
                "do" | "does"
                    | "did"
                    | "is"
                    | "are"
                    | "was"
                    | "were"
                    | "can"
                    | "could"
                    | "will"
                    | "would"
                    | "should"
                    | "has"
                    | "have"
            );
        let from = usize::from(is_question) + usize::from(has_helper);
        if is_question && parts.len() > from {
            Self {
                word: Some(lower(0)),
                helper: has_helper.then(|| lower(1)),
                rest: parts[from..].to_vec(),
                whole,
            }
        } else {
            Self {
                word: None,
                helper: None,
                rest: parts,
                whole,
            }
        }
    }

    /// How many words the subject of the sentence has: up to its verb.
    fn subject_length(&self) -> usize {
        let article = self.rest.first().is_some_and(|word| is_article(word));
        let least = if article { 2 } else { 1 };
        let count = self.rest.len();
        if self.word.is_none()
            || (self.word.as_deref() == Some("what")
                && matches!(self.helper.as_deref(), Some("is" | "are")))
        {
            // A bare noun, with what belongs to it.
            return count.min(if count <= NOUN_WORDS_MAX {
                count
            } else {
                least
            });
        }
        let verb = (least..count).find(|at| verbs::is_verb(self.rest[*at]));
        let of_being = matches!(self.helper.as_deref(), Some("is" | "are" | "was" | "were"));
        verb.unwrap_or(if of_being {
            least
        } else {
            count.saturating_sub(1).max(least)
        })
        .min(count)
    }

    fn thing(&self) -> String {
        let length = self.subject_length();
        let taken = if length == 0 {
            self.whole.to_owned()
        } else {
            self.rest[..length].join(" ")
        };
        if is_initialism(&taken) {
            taken
        } else {
            words::lowered(&taken)
        }
    }

    fn clause(&self, thing: &str) -> String {
        let Some(word) = &self.word else {
            return format!("what lies behind {thing}");
        };
        let (subject, tail) = self.rest.split_at(self.subject_length());
        let subject = subject.join(" ");
        let tail_text = tail.join(" ");
        let parts = match self.helper.as_deref() {
            None | Some("do") => vec![word.clone(), subject, tail_text],
            Some("does") => match tail.split_first() {
                Some((verb, more)) => {
                    vec![word.clone(), subject, third_person(verb), more.join(" ")]
                }
                None => vec![word.clone(), subject],
            },
            Some(helper) => vec![word.clone(), subject, helper.to_owned(), tail_text],
        };
        parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// A noun with more words than this is cut down to its head.
const NOUN_WORDS_MAX: usize = 6;

fn is_article(word: &str) -> bool {
    const BEFORE_A_NOUN: &[&str] = &[
        "the", "a", "an", "my", "our", "your", "their", "this", "that", "these", "those", "some",
        "all", "most", "his", "her", "its", "so", "many",
    ];
    BEFORE_A_NOUN.contains(&word.to_lowercase().as_str())
}

fn is_initialism(text: &str) -> bool {
    text.split_whitespace()
        .next()
        .is_some_and(|word| word.chars().filter(|letter| letter.is_uppercase()).count() > 1)
}

/// The next thing that was named: up to two keywords in a row that are not the first thing and no verbs.
fn other_than(thing: &str, subject: &str) -> Option<String> {
    let taken = words::words(thing);
    let keys = words::keywords(subject);
    let free =
        |word: &String| keys.contains(word) && !taken.contains(word) && !verbs::is_verb(word);
    let all = words::words(subject);
    let start = all.iter().position(free)?;
    let run: Vec<&str> = all[start..]
        .iter()
        .take_while(|word| free(word))
        .take(2)
        .map(String::as_str)
        .collect();
    Some(run.join(" "))
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
    fn a_subject_becomes_a_clause_that_asks_and_a_thing() {
        for (subject, clause, thing, other) in [
            ("Why do cats purr?", "why cats purr", "cats", None),
            (
                "Why is the sky blue?",
                "why the sky is blue",
                "the sky",
                Some("blue"),
            ),
            (
                "How does a sewing machine work?",
                "how a sewing machine works",
                "a sewing machine",
                None,
            ),
            ("What is inflation?", "what inflation is", "inflation", None),
            (
                "What is a blockchain?",
                "what a blockchain is",
                "a blockchain",
                None,
            ),
            (
                "The history of chess",
                "what lies behind the history of chess",
                "the history of chess",
                None,
            ),
            (
                "how heat pumps work",
                "how heat pumps work",
                "heat pumps",
                None,
            ),
            (
                "Why do accordion makers love walnut wood?",
                "why accordion makers love walnut wood",
                "accordion makers",
                Some("walnut wood"),
            ),
            (
                "Explain how paper is made",
                "how paper is made",
                "paper",
                None,
            ),
            (
                "Describe the moon in 4 scenes",
                "what lies behind the moon",
                "the moon",
                None,
            ),
            (
                "How do magnets attract iron?",
                "how magnets attract iron",
                "magnets",
                Some("iron"),
            ),
            ("NASA", "what lies behind NASA", "NASA", None),
        ] {
            let phrases = Phrases::of(subject);
            assert_eq!(phrases.clause, clause);
            assert_eq!(phrases.thing, thing, "{subject}");
            assert_eq!(phrases.other.as_deref(), other, "{subject}");
        }
    }

    #[test]
    fn a_title_keeps_its_small_words_small_and_its_mark() {
        assert_eq!(
            Phrases::of("the history of chess").title,
            "The History of Chess"
        );
        assert_eq!(Phrases::of("Why do cats purr?").title, "Why Do Cats Purr?");
    }
}
