//! The code in a model's answer.

use super::SCENE_CLASS;

/// The longest code that is taken, in bytes: some 2,500 lines, ten times what a section needs.
const CODE_BYTES_MAX: usize = 100_000;

/// Why an answer holds no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCode {
    /// There is no scene in it.
    #[error("the answer has no `class {SCENE_CLASS}(Scene)`; try again, or choose another model")]
    NoScene,
    /// It is too long.
    #[error(
        "the answer's code is longer than {CODE_BYTES_MAX} bytes; try again, or choose another model"
    )]
    TooLong,
}

/// Takes the Python code out of an answer: the first fenced block that holds the scene, or the whole answer where
/// nothing is fenced.
///
/// # Errors
/// [`NoCode`]. The call was paid for all the same.
pub fn code_in(answer: &str) -> Result<String, NoCode> {
    let code = blocks(answer)
        .into_iter()
        .find(|block| has_scene(block))
        .or_else(|| (!answer.contains("```") && has_scene(answer)).then_some(answer))
        .ok_or(NoCode::NoScene)?;
    if code.len() > CODE_BYTES_MAX {
        return Err(NoCode::TooLong);
    }
    // A terminal must not be spoken to by what a model wrote, and Python has no use for controls.
    let plain = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let mut code: String = code.trim().chars().filter(plain).collect();
    code.push('\n');
    Ok(code)
}

/// What stands between fences. A fence that was never closed ends with the answer.
fn blocks(answer: &str) -> Vec<&str> {
    let mut parts = answer.split("```");
    let mut blocks = Vec::new();
    // Every second part is inside; its first line names the language.
    while let (Some(_), Some(inside)) = (parts.next(), parts.next()) {
        let (language, rest) = inside.split_once('\n').unwrap_or(("", inside));
        let named = language.trim().chars().all(char::is_alphanumeric);
        blocks.push(if named { rest } else { inside });
    }
    blocks
}

fn has_scene(code: &str) -> bool {
    code.lines().any(|line| {
        let rest = line
            .strip_prefix("class ")
            .and_then(|rest| rest.trim_start().strip_prefix(SCENE_CLASS));
        rest.is_some_and(|rest| rest.trim_start().starts_with('('))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const CODE: &str = "from manim import *\n\nclass Section(Scene):\n    def construct(self):\n        self.wait()\n";

    #[test]
    fn code_is_taken_with_and_without_fences_and_from_among_words() {
        for answer in [
            CODE.to_owned(),
            format!("```python\n{CODE}```"),
            format!("Here it is:\n```py\n{CODE}\n```\nEnjoy! Run it with ```manim```."),
            format!("```bash\npip install manim\n```\nand\n```\n{CODE}```"),
            format!("```python\n{CODE}"),
        ] {
            assert_eq!(code_in(&answer).unwrap(), CODE, "{answer}");
        }
    }

    #[test]
    fn an_answer_without_the_scene_is_no_code() {
        for answer in [
            "",
            "I cannot do that.",
            "```python\nprint('hi')\n```",
            "class Sections(Scene):",
        ] {
            assert_eq!(code_in(answer), Err(NoCode::NoScene), "{answer}");
        }
        let long = format!("{CODE}{}", "#".repeat(CODE_BYTES_MAX));
        assert_eq!(code_in(&long), Err(NoCode::TooLong));
    }

    #[test]
    fn what_a_terminal_would_obey_is_left_out() {
        let code = code_in(&format!("{CODE}# \u{1b}[31m\u{7}\r")).unwrap();
        assert!(!code.contains(['\u{1b}', '\u{7}', '\r']));
    }
}
