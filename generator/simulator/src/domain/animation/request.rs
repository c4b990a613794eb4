//! What a request for animation code asks for.

use super::drawing::Drawing;
use crate::domain::script;
use crate::domain::words;

/// What is asked of the code's author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Code for a section.
    First,
    /// Code that failed, with this error.
    Correction(String),
    /// Code whose picture has this fault.
    Fix(String),
    /// Code after others have failed.
    Last,
}

/// A request for the code of one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRequest {
    /// What is asked.
    pub asked: Asked,
    /// What the video is about.
    pub topic: String,
    /// The section, from 1.
    pub number: u64,
    /// How long the animation should be, in seconds.
    pub seconds: u64,
    /// What is to be drawn.
    pub drawing: Drawing,
}

/// Whether a text asks for Manim code.
#[must_use]
pub fn is_code_request(system: &str, prompt: &str) -> bool {
    let says = |text: &str| words::words(text).iter().any(|word| word == "manim");
    says(prompt) || says(system)
}

/// The length of an animation where the request does not say.
const SECONDS_BY_DEFAULT: u64 = 8;
/// The longest that is made, in seconds.
const SECONDS_MAX: u64 = 60;

impl CodeRequest {
    /// Reads a request.
    #[must_use]
    pub fn read(prompt: &str) -> Self {
        let topic = words::subject(prompt);
        let narration = after(prompt, "What the voice says meanwhile:");
        let described = after(prompt, "What is to be seen:");
        let number = before(prompt, "Section ", " of ").and_then(|text| text.parse().ok());
        let number = number.unwrap_or(1);
        let place = usize::try_from(number).unwrap_or(1).saturating_sub(1);
        let drawing = described
            .and_then(Drawing::read)
            .unwrap_or_else(|| match narration {
                // Somebody else's outline: the words that are spoken say what to draw.
                Some(narration) => Drawing::of_words(&words::capitalised(&topic), narration, place),
                None => {
                    let told = script::compose(&topic, 1);
                    let narration = told.scenes.first().map(|scene| scene.narration.clone());
                    Drawing::of_words(&told.title, &narration.unwrap_or_default(), place)
                }
            });
        let seconds = before(prompt, "lasts about ", " seconds").and_then(|text| text.parse().ok());
        Self {
            asked: asked(prompt),
            topic,
            number,
            seconds: seconds.unwrap_or(SECONDS_BY_DEFAULT).min(SECONDS_MAX),
            drawing,
        }
    }
}

fn asked(prompt: &str) -> Asked {
    let lower = prompt.to_lowercase();
    if let Some(fault) = after(prompt, "Fault in the picture:") {
        return Asked::Fix(fault.to_owned());
    }
    if let Some(error) = after(prompt, "Error:") {
        return Asked::Correction(error.to_owned());
    }
    if lower.contains("traceback") {
        return Asked::Correction(prompt.to_owned());
    }
    if lower.contains("others have tried") || lower.contains("earlier failures") {
        return Asked::Last;
    }
    Asked::First
}

/// The rest of the first line that begins with a word. Within a line it may be anything: a `NameError:` that others met
/// is not the error that is to be corrected.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text
        .lines()
        .find_map(|line| line.strip_prefix(word))?
        .trim();
    (!rest.is_empty()).then_some(rest)
}

/// What stands between two words on one line.
fn before<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let at = text.find(start)? + start.len();
    let line = text.get(at..)?.lines().next()?;
    line.split_once(end).map(|(found, _)| found.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_ran_into_is_not_taken_for_an_error_to_correct() {
        let last = "Write the Manim animation of this section. Others have tried and failed with what is listed below.\n\n\
                    Earlier failures:\n- NameError: name 'UPP' is not defined\n";
        assert_eq!(asked(last), Asked::Last);
        let correction = "This Manim code failed.\n\nError: NameError: name 'UPP' is not defined\n";
        let error = "NameError: name 'UPP' is not defined".to_owned();
        assert_eq!(asked(correction), Asked::Correction(error));
    }
}
