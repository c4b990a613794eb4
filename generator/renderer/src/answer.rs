//! What came out of the sandbox: a stranger's word, read with care.

use serde::Deserialize;

use crate::failure::{Fault, Problem, RunLimit};
use crate::scene::Scene;

/// Longest first line that is read, in bytes.
pub(crate) const LINE_BYTES_MAX: usize = 16 * 1_024;
/// Longest message that is passed on, in characters.
const MESSAGE_CHARACTERS_MAX: usize = 300;

/// The first line that the program in the sandbox writes.
#[derive(Debug, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Answer {
    /// What holds in there.
    Probed(Facts),
    /// Nothing is wrong with the scene.
    Passed,
    /// The picture follows.
    Made {
        /// Its size in bytes, as announced.
        size: u64,
    },
    /// Something is wrong with the scene.
    Failed {
        /// The kind, in a word.
        fault: String,
        /// The line, counted from 1.
        line: Option<u32>,
        /// What happened.
        message: String,
    },
}

/// What holds in the sandbox.
#[derive(Debug, Deserialize)]
pub(crate) struct Facts {
    pub uid: u32,
    pub environment: Vec<String>,
    pub limit_as: i64,
    pub limit_cpu: i64,
    pub limit_fsize: i64,
    pub limit_nofile: i64,
    pub limit_nproc: i64,
    pub limit_core: i64,
    pub fork_refused: bool,
    pub socket_refused: bool,
    pub outside_refused: bool,
    pub secrets_refused: bool,
    pub manim: String,
    pub typst: String,
}

/// The first line and what follows it.
pub(crate) fn read(output: &[u8]) -> Option<(Answer, usize)> {
    let head = output.get(..output.len().min(LINE_BYTES_MAX))?;
    let end = head.iter().position(|byte| *byte == b'\n')?;
    let answer = serde_json::from_slice(output.get(..end)?).ok()?;
    Some((answer, end + 1))
}

/// The problem that an answer speaks of.
pub(crate) fn problem(scene: &Scene, fault: &str, line: Option<u32>, message: &str) -> Problem {
    Problem {
        fault: match fault {
            "syntax" => Fault::Syntax,
            "forbidden" => Fault::Forbidden,
            "no_picture" => Fault::NoPicture,
            "memory" => Fault::Limit(RunLimit::Memory),
            "disk" => Fault::Limit(RunLimit::Disk),
            "processes" => Fault::Limit(RunLimit::Processes),
            _ => Fault::Raised,
        },
        message: one_line(message),
        line: line.and_then(|number| scene.line(number)),
    }
}

/// The text in one printable line of sensible length.
pub(crate) fn one_line(text: &str) -> String {
    let printable: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        // Marks that turn the direction of text, or have no width: a terminal would show something else.
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'))
        .collect();
    let words: Vec<&str> = printable.split_whitespace().collect();
    words
        .join(" ")
        .chars()
        .take(MESSAGE_CHARACTERS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_scene_cannot_move_a_terminal_s_cursor() {
        assert_eq!(
            one_line("NameError:\u{1b}[2J\r\n\u{202e}UPP\u{200b} is\t\tnot"),
            "NameError: [2J UPP is not"
        );
        assert_eq!(one_line(&"x".repeat(10_000)).len(), MESSAGE_CHARACTERS_MAX);
    }

    #[test]
    fn an_answer_without_an_end_of_line_is_none() {
        assert!(read(b"{\"outcome\":\"passed\"}").is_none());
        assert!(read(&vec![b'x'; LINE_BYTES_MAX + 1]).is_none());
        assert!(matches!(
            read(b"{\"outcome\":\"passed\"}\n"),
            Some((Answer::Passed, 21))
        ));
        assert!(read(b"{\"outcome\":\"owned\"}\n").is_none());
    }
}
