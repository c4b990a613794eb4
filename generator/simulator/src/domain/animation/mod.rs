//! Animations: what an outline wants to be drawn, the Manim code that draws it, and the ways in which such code fails.
//!
//! A drawing is described in words in the outline and read back from the request for its code, so that nothing has to be
//! remembered between the two. The same prompt always gives the same drawings, and the same failures.

mod authored;
mod code;
mod drawing;
mod faults;
mod request;

pub use code::python;
pub use drawing::{Drawing, Kind};
pub use faults::{Spoilt, planned, spoil};
pub use request::{Asked, CodeRequest, is_code_request};

use super::script::Scene;
use super::seed::Seed;

/// The drawing of a scene of a script: one of the authored ones, or one made of the scene's own words.
#[must_use]
pub fn drawing(title: &str, scene: &Scene, place: usize) -> Drawing {
    authored::find(title, &scene.heading)
        .unwrap_or_else(|| Drawing::of_words(&scene.heading, &scene.narration, place))
}

/// Answers a request for the code of a section: one Python file in a code block, as models answer.
#[must_use]
pub fn answer(request: &CodeRequest, always_bad: bool) -> String {
    let seed = Seed::of(&request.topic.to_lowercase()).and_number(request.number);
    let fault = match &request.asked {
        _ if always_bad => Some(Spoilt::Name),
        Asked::First => planned(&request.topic, request.number),
        // A mended line may hide the next mistake, as it does with real models.
        Asked::Correction(error)
            if error.contains(faults::WRONG_NAME) && seed.value().is_multiple_of(3) =>
        {
            Some(Spoilt::Method)
        }
        Asked::Correction(_) | Asked::Fix(_) | Asked::Last => None,
    };
    let clean = python(&request.drawing, request.seconds);
    let code = fault.map_or_else(|| clean.clone(), |fault| spoil(&clean, fault));
    format!("```python\n{code}```\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::compose;

    fn drawings(prompt: &str, count: usize) -> Vec<Drawing> {
        let script = compose(prompt, count);
        let scenes = script.scenes.iter().enumerate();
        scenes
            .map(|(place, scene)| drawing(&script.title, scene, place))
            .collect()
    }

    #[test]
    fn a_drawing_is_about_its_scene_and_survives_the_way_through_the_outline() {
        for prompt in [
            "How does a heat pump work?",
            "Why do volcanoes erupt?",
            "Why do accordion makers love walnut?",
        ] {
            for drawing in drawings(prompt, 7) {
                assert!((2..=6).contains(&drawing.labels.len()), "{drawing:?}");
                assert_eq!(
                    Drawing::read(&drawing.describe()),
                    Some(drawing.clone()),
                    "{}",
                    drawing.describe()
                );
            }
        }
    }

    #[test]
    fn the_heat_pump_is_drawn_in_several_ways() {
        let kinds: std::collections::BTreeSet<_> = drawings("How does a heat pump work?", 5)
            .into_iter()
            .map(|drawing| drawing.kind.name())
            .collect();
        assert!(kinds.len() >= 4, "{kinds:?}");
    }

    #[test]
    fn at_least_two_of_five_sections_fail_at_first_whatever_the_topic() {
        for topic in [
            "How does a heat pump work?",
            "Tides",
            "x",
            "Why do cats purr?",
        ] {
            let failing = (1..=5)
                .filter(|number| planned(topic, *number).is_some())
                .count();
            assert!(failing >= 2, "{topic}");
        }
    }

    #[test]
    fn code_is_the_same_for_the_same_request_and_right_after_the_correction() {
        let drawing = drawings("How does a heat pump work?", 5).remove(1);
        let request = |asked| CodeRequest {
            asked,
            topic: "How does a heat pump work?".to_owned(),
            number: 2,
            seconds: 9,
            drawing: drawing.clone(),
        };
        let first = answer(&request(Asked::First), false);
        assert_eq!(first, answer(&request(Asked::First), false));
        let mended = answer(&request(Asked::Fix("cut off".to_owned())), false);
        assert_ne!(first, mended);
        assert_eq!(mended, format!("```python\n{}```\n", python(&drawing, 9)));
    }
}
