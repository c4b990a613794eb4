//! Finds a script in the text that a model wrote.
//!
//! Models that were asked for JSON alone put it into code fences, write a sentence
//! before it, wrap it in another object or spell a field otherwise. What is meant is
//! taken; whether it is enough, the domain decides.

use serde_json::Value;

use crate::domain::script::{Draft, DraftScene};

/// The most scenes that are read from a draft: more is no script.
const SCENES_MAX: usize = 200;

/// Why a text holds no script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// There is no JSON in it, or it ends in the middle.
    #[error("the answer is not whole json; try again, or raise the output token limit")]
    NotJson,
    /// There is JSON in it, and no list of scenes.
    #[error("the answer has no list of scenes; try again, or choose another model")]
    NoScenes,
}

const SCENES: &[&str] = &["scenes", "sections", "segments", "narrations"];
const TITLE: &[&str] = &["title", "video_title", "videoTitle"];
const STYLE: &[&str] = &["visual_style", "visualStyle", "style"];
const NARRATION: &[&str] = &[
    "narration",
    "narration_text",
    "voiceover",
    "voice_over",
    "text",
];
const IMAGE_PROMPT: &[&str] = &[
    "image_prompt",
    "imagePrompt",
    "image_description",
    "visual",
    "animation",
    "image",
];

/// Reads a draft from a model's text.
///
/// # Errors
///
/// [`DraftError`] when there is none in it. The call was paid for all the same.
pub fn read_draft(text: &str) -> Result<Draft, DraftError> {
    let value = json_in(text).ok_or(DraftError::NotJson)?;
    let script = find_script(&value, 0).ok_or(DraftError::NoScenes)?;
    let scenes = match script {
        Value::Array(scenes) => scenes.as_slice(),
        script => pick(script, SCENES)
            .and_then(Value::as_array)
            .map_or(&[] as &[Value], Vec::as_slice),
    };
    Ok(Draft {
        title: text_of(script, TITLE),
        visual_style: text_of(script, STYLE),
        scenes: scenes.iter().take(SCENES_MAX).map(read_scene).collect(),
    })
}

fn read_scene(scene: &Value) -> DraftScene {
    match scene {
        // A list of narrations alone, as a rephrasing model may answer.
        Value::String(narration) => DraftScene {
            narration: Some(narration.clone()),
            image_prompt: None,
        },
        scene => DraftScene {
            narration: text_of(scene, NARRATION),
            image_prompt: text_of(scene, IMAGE_PROMPT),
        },
    }
}

/// The whole text as JSON, or the first JSON object or list in it.
fn json_in(text: &str) -> Option<Value> {
    if let Ok(value) = serde_json::from_str::<Value>(text.trim()) {
        return Some(value);
    }
    // Only the first few openings are tried: each costs a reading of the rest.
    const OPENINGS_MAX: usize = 16;
    text.char_indices()
        .filter(|(_, c)| matches!(c, '{' | '['))
        .take(OPENINGS_MAX)
        .find_map(|(at, _)| {
            serde_json::Deserializer::from_str(text.get(at..)?)
                .into_iter::<Value>()
                .next()?
                .ok()
                // "[1]" in a sentence before the script is JSON too.
                .filter(|value| find_script(value, 0).is_some())
        })
}

/// The object that has the scenes, or the list of them, at most two wrappers deep.
fn find_script(value: &Value, depth: usize) -> Option<&Value> {
    const WRAPPERS_MAX: usize = 2;
    match value {
        Value::Array(items) => {
            let scenes = items
                .iter()
                .any(|item| item.is_string() || pick(item, NARRATION).is_some());
            scenes.then_some(value)
        }
        Value::Object(fields) => {
            if pick(value, SCENES).is_some_and(Value::is_array) {
                return Some(value);
            }
            if depth >= WRAPPERS_MAX {
                return None;
            }
            fields
                .values()
                .filter(|inner| inner.is_object())
                .find_map(|inner| find_script(inner, depth + 1))
        }
        _ => None,
    }
}

fn pick<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| value.get(name))
}

fn text_of(value: &Value, names: &[&str]) -> Option<String> {
    names
        .iter()
        .filter_map(|name| value.get(name))
        .find_map(|found| match found {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const PLAIN: &str = r#"{"title":"Tides","visual_style":"blue","scenes":[{"narration":"The sea rises.","image_prompt":"A harbour."}]}"#;

    #[test]
    fn a_script_is_found_in_whatever_stands_around_it() {
        let expected = read_draft(PLAIN).unwrap();
        assert_eq!(expected.title.as_deref(), Some("Tides"));
        for text in [
            format!("```json\n{PLAIN}\n```"),
            format!("Here is your script [as asked]:\n\n{PLAIN}\n\nEnjoy {{it}}!"),
            format!("{{\"script\": {PLAIN}}}"),
            format!("\u{feff}{PLAIN}"),
        ] {
            assert_eq!(read_draft(&text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn other_spellings_are_understood() {
        let draft = read_draft(
            r#"{"videoTitle": "Tides", "sections": [{"voiceover": "The sea rises.", "imagePrompt": "A harbour.", "text": 3}]}"#,
        )
        .unwrap();
        assert_eq!(draft.title.as_deref(), Some("Tides"));
        assert_eq!(draft.scenes[0].narration.as_deref(), Some("The sea rises."));
        assert_eq!(draft.scenes[0].image_prompt.as_deref(), Some("A harbour."));
    }

    #[test]
    fn a_bare_list_is_a_list_of_scenes() {
        let draft = read_draft(r#"["The sea rises.", "It falls."]"#).unwrap();
        assert_eq!(draft.scenes.len(), 2);
        assert_eq!(draft.scenes[1].narration.as_deref(), Some("It falls."));
        let draft = read_draft(r#"[{"narration": "The sea rises."}, {"other": 1}]"#).unwrap();
        assert_eq!(draft.scenes[1], DraftScene::default());
    }

    #[test]
    fn a_cut_answer_is_refused() {
        for text in [
            "",
            "I cannot do that.",
            "{",
            &PLAIN[..PLAIN.len() - 2],
            "```json\n{\"title\"",
        ] {
            assert_eq!(read_draft(text), Err(DraftError::NotJson), "{text}");
        }
        for text in ["{}", "[]", "7", r#"{"title": "Tides"}"#, r#"{"scenes": 3}"#] {
            assert_eq!(read_draft(text), Err(DraftError::NoScenes), "{text}");
        }
    }

    #[test]
    fn an_endless_list_is_cut_and_deep_nesting_is_refused() {
        let many = format!("[{}]", vec!["\"x\""; 5_000].join(","));
        assert_eq!(read_draft(&many).unwrap().scenes.len(), SCENES_MAX);
        let deep = "[".repeat(100_000);
        assert_eq!(read_draft(&deep), Err(DraftError::NotJson));
    }
}
