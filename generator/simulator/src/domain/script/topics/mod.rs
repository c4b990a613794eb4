//! The knowledge base: subjects that people ask about, with facts that are true.

mod earth;
mod everyday;
mod life;
mod sky;
mod space;
mod technology;

use super::Topic;
use crate::domain::words;

const SHELVES: &[&[Topic]] = &[
    earth::TOPICS,
    space::TOPICS,
    life::TOPICS,
    technology::TOPICS,
    everyday::TOPICS,
    sky::TOPICS,
];

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

#[cfg(test)]
mod tests {
    use super::*;

    fn title(subject: &str) -> Option<&'static str> {
        find(subject).map(|topic| topic.title)
    }

    #[test]
    fn popular_questions_find_their_topic() {
        for (subject, word) in [
            ("Why do volcanoes erupt?", "Volcanoes"),
            ("How do tides work?", "Tides"),
            ("how heat pumps work", "Heat Pump"),
            ("What is inside a black hole?", "Black Holes"),
            ("photosynthesis", "Photosynthesis"),
            ("How is coffee made?", "Coffee"),
            ("Why are there rainbows", "Rainbows"),
            ("How does the internet work?", "Internet"),
            ("Why is the sky blue?", "Sky"),
            ("How do bees make honey?", "Bees"),
            ("What causes earthquakes", "Shakes"),
            ("Why do we dream?", "Sleep"),
            ("How do airplanes fly?", "Airplanes"),
            ("How do vaccines work", "Defend"),
            ("Why do cats purr?", "Cats"),
            ("What is DNA?", "Code"),
            ("How do solar panels work?", "Sunlight"),
            ("Why does bread rise?", "Bread"),
        ] {
            let title = title(subject);
            assert!(
                title.is_some_and(|title| title.contains(word)),
                "{subject}: {title:?}"
            );
        }
    }

    #[test]
    fn a_subject_that_is_not_there_is_not_forced_into_a_topic() {
        for subject in [
            "The history of chess",
            "Why do people collect stamps?",
            "How to tie a bow tie",
            "Accordions",
        ] {
            assert_eq!(title(subject), None, "{subject}");
        }
    }

    #[test]
    fn every_topic_is_whole() {
        for topic in SHELVES.iter().copied().flatten() {
            assert!((7..=8).contains(&topic.facts.len()), "{}", topic.title);
            for fact in topic.facts {
                let sentences = words::sentences(fact.narration).len();
                assert!(
                    (2..=3).contains(&sentences),
                    "{}: {}",
                    topic.title,
                    fact.narration
                );
                let length = fact.narration.split_whitespace().count();
                assert!(
                    (20..=70).contains(&length),
                    "{}: {length} words: {}",
                    topic.title,
                    fact.narration
                );
                assert!(
                    fact.image_prompt.split_whitespace().count() >= 3,
                    "{}",
                    fact.image_prompt
                );
            }
        }
    }
}
