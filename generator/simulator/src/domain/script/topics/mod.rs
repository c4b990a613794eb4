//! The knowledge base: subjects that people ask about, with facts that are true.

mod earth;

use super::Topic;
use crate::domain::words;

const SHELVES: &[&[Topic]] = &[earth::TOPICS];

/// The topic that a subject is about, if the knowledge base has it.
pub(super) fn find(subject: &str) -> Option<&'static Topic> {
    let words = words::words(subject);
    let mut best: Option<(usize, &'static Topic)> = None;
    for topic in SHELVES.iter().copied().flatten() {
        let named = topic
            .names
            .iter()
            .filter(|name| names_it(name, &words))
            .count();
        if named == 0 {
            continue;
        }
        let hinted = topic
            .hints
            .iter()
            .filter(|hint| names_it(hint, &words))
            .count();
        let score = named * 2 + hinted;
        // The first of equals stays: the shelves stand in order of preference.
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, topic));
        }
    }
    best.map(|(_, topic)| topic)
}

/// Whether a name of one or more words stands in a text: each word of it in order, also in the plural.
fn names_it(name: &str, words: &[String]) -> bool {
    let parts: Vec<&str> = name.split(' ').collect();
    words.windows(parts.len()).any(|window| {
        window.iter().zip(&parts).all(|(word, part)| {
            word == part
                || word.strip_suffix("es") == Some(*part)
                || word.strip_suffix('s') == Some(*part)
        })
    })
}
