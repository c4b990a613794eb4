//! Scripts for narrated videos: really about the prompt, and the same for the same prompt.

mod beats;
mod composer;
mod question;
mod rephrase;
mod topics;
mod translated;
mod verbs;

pub use rephrase::{narrations_in, reword, reword_text};

use super::language::{self, Language, Wanted};
use super::seed::Seed;
use super::words;

/// A script: a title and its scenes in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What a player shows above the video.
    pub title: String,
    /// At least one.
    pub scenes: Vec<Scene>,
}

/// One scene of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// A few words that name the scene.
    pub heading: String,
    /// What the narrator says: two or three sentences.
    pub narration: String,
    /// What the picture shows.
    pub image_prompt: String,
}

/// The scenes of a script whose request does not say how many.
pub const SCENES_BY_DEFAULT: usize = 5;

/// The most scenes that a script is given, whatever a request asks for.
pub const SCENES_MAX: usize = 60;

/// What is known about one subject.
struct Topic {
    /// Words that name the subject; the first few alone are enough to choose it.
    names: &'static [&'static str],
    /// Words that speak for the subject when one of its names is there too.
    hints: &'static [&'static str],
    /// The title of a script about it.
    title: &'static str,
    /// The facts, in the order in which they explain; the first one hooks, the last one sums up.
    facts: &'static [Fact],
}

/// One fact of a topic: a scene of its own.
struct Fact {
    heading: &'static str,
    narration: &'static str,
    image_prompt: &'static str,
    /// Facts of a higher rank are told first when there is no room for all.
    rank: u8,
}

/// One fact, for the tables of topics.
const fn fact(
    rank: u8,
    heading: &'static str,
    narration: &'static str,
    image_prompt: &'static str,
) -> Fact {
    Fact {
        heading,
        narration,
        image_prompt,
        rank,
    }
}

/// Writes a script about what the prompt asks, with so many scenes.
///
/// A subject from the knowledge base is told with its facts; any other in the prompt's own words,
/// along the arc of an explanation. A language without templates is answered in English, and the
/// first scene says so.
#[must_use]
pub fn compose(prompt: &str, scene_count: usize) -> Script {
    let count = scene_count.clamp(1, SCENES_MAX);
    let subject = language::without_mention(&words::subject(prompt));
    let subject = if subject.is_empty() {
        "this subject".to_owned()
    } else {
        subject
    };
    let wanted =
        language::wanted(prompt).unwrap_or_else(|| Wanted::Known(language::of_text(&subject)));
    let seed = Seed::of(&subject.to_lowercase());
    match wanted {
        Wanted::Known(Language::English) => english(&subject, count, seed),
        Wanted::Known(language) => translated::compose(language, &subject, count, seed),
        Wanted::Unknown(name) => {
            let mut script = english(&subject, count, seed);
            if let Some(first) = script.scenes.first_mut() {
                first.narration = format!(
                    "This rehearsal is spoken in English; with a real key the narrator would tell it in {name}. {}",
                    first.narration
                );
            }
            script
        }
    }
}

fn english(subject: &str, count: usize, seed: Seed) -> Script {
    match topics::find(subject) {
        Some(topic) => from_topic(topic, subject, count, seed),
        None => composer::compose(subject, count, seed),
    }
}

fn from_topic(topic: &Topic, subject: &str, count: usize, seed: Seed) -> Script {
    let mut scenes: Vec<Scene> = chosen(topic.facts, count)
        .into_iter()
        .map(Scene::from)
        .collect();
    if scenes.len() < count {
        let missing = count - scenes.len();
        let closing = scenes.len() - 1;
        scenes.splice(closing..closing, composer::asides(subject, missing, seed));
    }
    Script {
        title: topic.title.to_owned(),
        scenes,
    }
}

/// The facts that fit into so many scenes, in their own order: the hook and the summing up, and
/// between them those of the highest rank.
fn chosen(facts: &'static [Fact], count: usize) -> Vec<&'static Fact> {
    let last = facts.len().saturating_sub(1);
    let mut order: Vec<usize> = (0..facts.len()).collect();
    order.sort_by_key(|&at| (at != 0, at != last, std::cmp::Reverse(facts[at].rank), at));
    let mut kept: Vec<usize> = order.into_iter().take(count).collect();
    kept.sort_unstable();
    kept.into_iter().map(|at| &facts[at]).collect()
}

impl From<&Fact> for Scene {
    fn from(fact: &Fact) -> Self {
        Self {
            heading: fact.heading.to_owned(),
            narration: fact.narration.to_owned(),
            image_prompt: fact.image_prompt.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(prompt: &str, count: usize) -> Script {
        let script = compose(prompt, count);
        assert_eq!(script.scenes.len(), count.clamp(1, SCENES_MAX), "{prompt}");
        for scene in &script.scenes {
            let sentences = words::sentences(&scene.narration).len();
            assert!(
                (2..=4).contains(&sentences),
                "{prompt}: {}",
                scene.narration
            );
            assert!(!scene.image_prompt.is_empty() && !scene.heading.is_empty());
            assert!(
                !scene.narration.contains(['{', '}', '*']),
                "{}",
                scene.narration
            );
        }
        script
    }

    #[test]
    fn a_known_subject_is_told_with_its_facts() {
        let script = about("Why do volcanoes erupt?", 5);
        let told = script
            .scenes
            .iter()
            .map(|s| s.narration.to_lowercase())
            .collect::<String>();
        assert!(told.contains("magma") && told.contains("gas"), "{told}");
        assert!(
            script
                .scenes
                .iter()
                .any(|s| s.image_prompt.contains("volcano"))
        );
    }

    #[test]
    fn an_unknown_subject_is_told_in_the_words_of_the_prompt() {
        let script = about("Why do accordion makers love walnut wood?", 6);
        let told = script
            .scenes
            .iter()
            .map(|s| s.narration.to_lowercase())
            .collect::<String>();
        assert!(
            told.contains("accordion") && told.contains("walnut"),
            "{told}"
        );
    }

    #[test]
    fn an_explanation_goes_from_what_it_is_to_what_to_remember() {
        let headings: Vec<String> = compose("How does a sewing machine work?", 9)
            .scenes
            .into_iter()
            .map(|scene| scene.heading)
            .collect();
        let expected = [
            "The question",
            "What it is",
            "Where it begins",
            "Step by step",
            "What keeps it going",
            "An example",
            "A common mistake",
            "Why it matters",
            "What to remember",
        ];
        assert_eq!(headings, expected);
    }

    #[test]
    fn every_number_of_scenes_is_met_and_no_scene_is_told_twice() {
        for prompt in ["How do tides work?", "The secret life of paper clips"] {
            for count in [1, 2, 3, 7, 12, 25, 60, 1_000] {
                let script = about(prompt, count);
                let mut told: Vec<&str> =
                    script.scenes.iter().map(|s| s.narration.as_str()).collect();
                told.sort_unstable();
                let all = told.len();
                told.dedup();
                assert_eq!(told.len(), all, "{prompt} in {count} scenes repeats itself");
            }
        }
    }

    #[test]
    fn the_same_prompt_gives_the_same_script_and_another_one_does_not() {
        assert_eq!(
            compose("Why do cats purr?", 5),
            compose("Why do cats purr?", 5)
        );
        assert_ne!(
            compose("Why do cats purr?", 5),
            compose("Why do dogs bark?", 5)
        );
    }

    #[test]
    fn other_languages_are_spoken_or_politely_declined() {
        let german = about("Write a script about lighthouses in German", 4);
        assert_eq!(
            language::of_text(&german.scenes[1].narration),
            Language::German
        );
        let japanese = about("Write a script about lighthouses in Japanese", 4);
        assert!(japanese.scenes[0].narration.contains("Japanese"));
        assert!(!japanese.scenes[1].narration.contains("Japanese"));
    }

    #[test]
    fn an_empty_prompt_still_gives_a_script() {
        about("", 3);
        about("????", 3);
    }
}
