//! What is tried with any bytes at all as an answer: by the fuzzer (`fuzz/`), and by the test below with what it has found.

use super::answer::{self, Asked};
use super::{error, models, read_draft};
use crate::adapters::http::Redactor;
use crate::adapters::http::fuzzing::{check, key, reply};
use crate::domain::retry::{Attempt, Outcome};
use crate::domain::script::{Brief, accept};

const SCENES: usize = 3;

/// An answer to a call for a text, for a picture, for the models: it is read or refused, and its usage can be believed.
pub fn any_answer(bytes: &[u8]) {
    let redactor = Redactor::new(&key());
    let asked = Asked {
        model: "gemini-2.5-flash",
        sent_tokens: 12,
        redactor: &redactor,
    };
    let answered = reply(bytes);
    let _ = models::read(&answered.body);
    if answered.head.status != 200 {
        let served = answered.served();
        let failure = error::read(asked.model, &answered, &redactor, 1_795_392_000);
        check(&Attempt::<()>::refused(failure, served));
        return;
    }
    let picture = answer::picture(reply(bytes), &asked);
    check(&picture);
    if let Outcome::Succeeded(picture) = picture.outcome {
        assert!(!picture.bytes.is_empty());
    }
    let text = answer::text(answered, &asked);
    check(&text);
    if let Outcome::Succeeded(answer) = text.outcome {
        assert!(!answer.text.trim().is_empty());
        script(&answer.text);
    }
}

/// What a model wrote as a script: within its limits, or refused.
fn script(text: &str) {
    let brief = Brief::new("tides", SCENES);
    let Some(Ok(accepted)) = read_draft(text).ok().map(|draft| accept(draft, &brief)) else {
        return;
    };
    let script = accepted.script;
    assert!(!script.title.is_empty() && !script.scenes.is_empty());
    assert!(script.scenes.len() <= SCENES);
    for scene in &script.scenes {
        assert!(scene.narration.chars().any(char::is_alphanumeric));
        assert!(scene.narration.chars().count() <= brief.limits.narration_chars_max);
        assert!(!scene.narration.chars().any(char::is_control));
        assert!(!scene.image_prompt.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::http::fuzzing::replay::{COPIES_DEFAULT, replay};

    #[test]
    fn what_the_fuzzer_found_is_read_or_refused() {
        replay("gemini_answer", COPIES_DEFAULT, super::any_answer);
    }
}
