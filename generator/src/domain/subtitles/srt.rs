//! SubRip: the file beside the video that every player reads.

use std::fmt::Write as _;

use super::Cue;

/// Keeps a `<` from being read as the start of a tag.
const WORD_JOINER: char = '\u{2060}';

/// Writes cues as a `.srt` file, numbered from 1, with CRLF-free lines.
#[must_use]
pub fn to_srt(cues: &[Cue]) -> String {
    let mut file = String::new();
    for (index, cue) in cues.iter().enumerate() {
        let text: Vec<String> = cue.lines.iter().map(|line| escape(line)).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            file,
            "{}\n{} --> {}\n{}\n\n",
            index + 1,
            timestamp(cue.start_ms),
            timestamp(cue.end_ms),
            text.join("\n"),
        );
    }
    file
}

/// Text that cannot be taken for a tag or for the times of a cue.
fn escape(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.replace("-->", "→").chars().collect::<Vec<_>>();
    characters.retain(|c| !c.is_control());
    for (index, c) in characters.iter().enumerate() {
        text.push(*c);
        let opens_tag = *c == '<'
            && characters
                .get(index + 1)
                .is_some_and(|next| next.is_alphabetic() || *next == '/');
        if opens_tag {
            text.push(WORD_JOINER);
        }
    }
    text
}

fn timestamp(ms: u64) -> String {
    format!(
        "{:02}:{:02}:{:02},{:03}",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1_000 % 60,
        ms % 1_000
    )
}
