//! What is written in answer to a request: a script, a rewording, an instance of a schema, or prose.

use serde_json::json;

use super::request::Request;
use crate::domain::animation::{self, Asked, CodeRequest, is_code_request};
use crate::domain::faults::Kind;
use crate::domain::journal::Operation;
use crate::domain::schema::{Brief, Shape, instance};
use crate::domain::script::{self, SCENES_BY_DEFAULT, Script};
use crate::domain::seed::Seed;
use crate::domain::words;

/// What a text request is for.
pub(super) fn operation(request: &Request) -> Operation {
    if request
        .shape
        .as_ref()
        .is_some_and(|shape| shape.scenes().is_some())
    {
        Operation::Script
    } else if request.shape.is_none() && is_code_request(&request.system, &request.prompt) {
        match CodeRequest::read(&request.prompt).asked {
            Asked::First | Asked::Last => Operation::Code,
            Asked::Correction(_) => Operation::Correction,
            Asked::Fix(_) => Operation::VisualFix,
        }
    } else if asks_for_rewording(request) {
        Operation::Rephrase
    } else {
        Operation::Text
    }
}

/// Writes the text of the answer; other variants say the same with another seed.
pub(super) fn write(request: &Request, variant: u64, fault: Kind) -> String {
    let operation = operation(request);
    if matches!(
        operation,
        Operation::Code | Operation::Correction | Operation::VisualFix
    ) {
        let asked = CodeRequest::read(&request.prompt);
        return animation::answer(&asked, fault == Kind::BadCode);
    }
    let seed = Seed::of(&request.prompt).and_number(variant);
    let rewords = operation == Operation::Rephrase;
    let narrations = if rewords {
        script::narrations_in(&request.prompt)
    } else {
        Vec::new()
    };
    let reworded: Vec<String> = narrations
        .iter()
        .enumerate()
        .map(|(turn, text)| script::reword(text, turn, seed))
        .collect();
    let count = scene_count(request);
    let mut told = script::compose(&request.prompt, count);
    if wants_drawings(request) {
        let title = told.title.clone();
        for (place, scene) in told.scenes.iter_mut().enumerate() {
            scene.image_prompt = animation::drawing(&title, scene, place).describe();
        }
    }
    let told = within_words(told, &request.prompt);
    match &request.shape {
        Some(shape) => {
            let mut brief = Brief::about(&told);
            brief
                .known
                .push(("visual_style".to_owned(), json!(VISUAL_STYLE)));
            brief.known.push(("style".to_owned(), json!(VISUAL_STYLE)));
            brief.known.push(("language".to_owned(), json!("en")));
            brief.narrations = reworded;
            if let Some(scenes) = shape.scenes() {
                brief.script = Some((
                    told,
                    scenes.path.iter().map(|name| (*name).to_owned()).collect(),
                ));
            }
            instance(shape, &brief, seed).to_string()
        }
        None if request.json => {
            let scenes: Vec<_> = told.scenes.iter().map(|scene| json!({"narration": scene.narration, "image_prompt": scene.image_prompt})).collect();
            if rewords {
                json!({"narrations": reworded}).to_string()
            } else {
                json!({"title": told.title, "scenes": scenes}).to_string()
            }
        }
        None if rewords => reworded.join("\n\n"),
        None => prose(&told),
    }
}

/// Whether the scenes are to be drawn by a program.
fn wants_drawings(request: &Request) -> bool {
    words::words(&request.prompt)
        .iter()
        .any(|word| matches!(word.as_str(), "animated" | "animation" | "manim"))
}

/// The style that all pictures of the simulator share.
const VISUAL_STYLE: &str =
    "Flat layered illustration with soft gradients, rich colours and gentle depth.";

fn prose(script: &Script) -> String {
    script
        .scenes
        .iter()
        .map(|scene| scene.narration.as_str())
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// Whether the request brings text along that is to be said in other words.
fn asks_for_rewording(request: &Request) -> bool {
    const WORDS: &[&str] = &[
        "rephrase",
        "rephrased",
        "rephrasing",
        "reword",
        "rewrite",
        "rewritten",
        "paraphrase",
        "polish",
        "smoothen",
    ];
    let first_words: Vec<String> = words::words(&request.prompt).into_iter().take(60).collect();
    let asks = |list: &[String]| list.iter().any(|word| WORDS.contains(&word.as_str()));
    asks(&first_words) || asks(&words::words(&request.system))
}

/// How many scenes: what the prompt says, within what the schema allows.
fn scene_count(request: &Request) -> usize {
    let nouns = [
        "scene", "scenes", "part", "parts", "section", "sections", "chapter", "chapters", "slides",
        "images",
    ];
    let asked = words::asked_count(&request.prompt, &nouns)
        .or_else(|| words::asked_count(&request.system, &nouns));
    let limits = request
        .shape
        .as_ref()
        .and_then(Shape::scenes)
        .map(|scenes| (scenes.min, scenes.max));
    let (min, max) = limits.unwrap_or((None, None));
    let natural = asked.unwrap_or(match (min, max) {
        (Some(min), Some(max)) if min == max => min,
        _ => SCENES_BY_DEFAULT,
    });
    natural.max(min.unwrap_or(1)).min(max.unwrap_or(usize::MAX))
}

/// The script with narrations as short as the prompt asks: whole sentences, as many as fit.
fn within_words(mut script: Script, prompt: &str) -> Script {
    let Some(most) = words_asked(prompt) else {
        return script;
    };
    for scene in &mut script.scenes {
        let mut kept = String::new();
        let mut count = 0;
        for sentence in words::sentences(&scene.narration) {
            count += sentence.split_whitespace().count();
            if !kept.is_empty() && count > most {
                break;
            }
            if !kept.is_empty() {
                kept.push(' ');
            }
            kept.push_str(&sentence);
        }
        scene.narration = kept;
    }
    script
}

/// The most words of a narration: what the prompt calls the most, else half as many again as it
/// says that there should be about.
fn words_asked(prompt: &str) -> Option<usize> {
    let all = words::words(prompt);
    let before = |at: usize, back: usize| {
        at.checked_sub(back)
            .map(|i| all[i].as_str())
            .unwrap_or_default()
    };
    let figures: Vec<(usize, bool)> = all
        .iter()
        .enumerate()
        .filter(|(_, word)| matches!(word.as_str(), "words" | "word"))
        .filter_map(|(at, _)| {
            let figure = before(at, 1).parse::<usize>().ok().filter(|n| *n > 0)?;
            let cue = [before(at, 2), before(at, 3)];
            let is_most = cue
                .iter()
                .any(|cue| matches!(*cue, "than" | "most" | "maximum" | "max" | "to" | "under"));
            Some((figure, is_most))
        })
        .collect();
    let most = figures
        .iter()
        .find(|(_, is_most)| *is_most)
        .map(|(figure, _)| *figure);
    most.or_else(|| figures.first().map(|(figure, _)| figure + figure / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_narration_is_read_from_the_prompt() {
        assert_eq!(
            words_asked("About 20 words in each scene. Never more than 30 words."),
            Some(30)
        );
        assert_eq!(words_asked("About 20 words each"), Some(30));
        assert_eq!(words_asked("Tell it in your own words"), None);
    }

    #[test]
    fn narrations_are_cut_at_whole_sentences() {
        let script = within_words(
            script::compose("Why do volcanoes erupt?", 4),
            "at most 25 words",
        );
        for scene in &script.scenes {
            assert!(scene.narration.ends_with(['.', '?', '!']));
            let all = scene.narration.split_whitespace().count();
            assert!(
                all <= 25 || words::sentences(&scene.narration).len() == 1,
                "{}",
                scene.narration
            );
        }
    }
}
