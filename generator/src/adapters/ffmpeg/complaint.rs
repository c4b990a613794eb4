//! What a program wrote to its error output, bounded, and the sentence in it.

use std::process::ExitStatus;

use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is kept: the beginning, where the cause usually is, and the end.
const HEAD_BYTES_MAX: usize = 16 * 1_024;
const TAIL_BYTES_MAX: usize = 16 * 1_024;

/// Longest reason that is passed on, in characters.
const REASON_CHARACTERS_MAX: usize = 240;

/// Lines that say that something failed, and not what.
const EMPTY_PHRASES: [&str; 9] = [
    "Conversion failed",
    "Error while decoding stream",
    "Error while processing the decoded data",
    "Error initializing output stream",
    "Error reinitializing filters",
    "Failed to inject frame",
    "Error opening filters",
    "Error submitting packet to decoder",
    "Error marking filters as finished",
];

/// The error output of one run.
#[derive(Debug, Default, Clone)]
pub(super) struct Complaint {
    text: String,
}

impl Complaint {
    /// Reads all of it and keeps its beginning and its end.
    pub(super) async fn read(mut stderr: impl AsyncRead + Unpin) -> Self {
        let mut head = Vec::new();
        let mut tail = Vec::new();
        let mut chunk = [0_u8; 4_096];
        // A broken pipe shows in the exit status.
        while let Ok(count @ 1..) = stderr.read(&mut chunk).await {
            let mut read = chunk.get(..count).unwrap_or_default();
            let room = HEAD_BYTES_MAX - head.len();
            let (first, rest) = read.split_at(room.min(read.len()));
            head.extend_from_slice(first);
            read = rest;
            tail.extend_from_slice(read);
            if tail.len() > TAIL_BYTES_MAX * 2 {
                tail.drain(..tail.len() - TAIL_BYTES_MAX);
            }
        }
        head.extend_from_slice(&tail);
        Self {
            text: String::from_utf8_lossy(&head).into_owned(),
        }
    }

    #[cfg(test)]
    fn from_text(text: &str) -> Self {
        Self { text: text.into() }
    }

    /// All that was kept.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a disk or a quota is full.
    pub(super) fn is_disk_full(&self) -> bool {
        ["No space left on device", "Disk quota exceeded"]
            .iter()
            .any(|phrase| self.text.contains(phrase))
    }

    /// Its most telling line, made fit for a sentence.
    pub(super) fn sentence(&self, status: ExitStatus) -> String {
        let lines: Vec<Line> = self.text.lines().map(Line::read).collect();
        let tells = |line: &&Line| {
            !line.text.is_empty() && !EMPTY_PHRASES.iter().any(|p| line.text.starts_with(p))
        };
        let telling = lines
            .iter()
            .filter(|line| line.is_error)
            .find(tells)
            .or_else(|| lines.iter().find(tells))
            .or_else(|| lines.iter().rfind(|line| !line.text.is_empty()));
        match (telling, status.code()) {
            (Some(line), _) => format!("ffmpeg said \"{}\"", line.text),
            (None, Some(code)) => format!("ffmpeg ended with code {code} and said nothing"),
            (None, None) => "ffmpeg ended without a word".to_owned(),
        }
    }
}

/// A line such as `[png @ 0x55d02a98a3c0] [error] chunk too big`.
struct Line {
    is_error: bool,
    text: String,
}

impl Line {
    /// Reads a line without what it starts with, control characters and excess.
    fn read(line: &str) -> Self {
        let mut rest = line.trim();
        let mut is_error = false;
        while let Some((tag, after)) = rest
            .strip_prefix('[')
            .and_then(|inside| inside.split_once(']'))
        {
            if matches!(tag, "error" | "fatal" | "panic") {
                is_error = true;
            } else if !tag.contains(" @ 0x") && !matches!(tag, "warning" | "info") {
                break;
            }
            rest = after.trim_start();
        }
        let line: String = rest.chars().filter(|c| !c.is_control()).collect();
        let mut text: String = line.chars().take(REASON_CHARACTERS_MAX).collect();
        if text.len() < line.len() {
            text.push('…');
        }
        Self { is_error, text }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn code(code: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8)
    }

    #[test]
    fn the_cause_is_told_and_not_the_echo_of_it() {
        let complaint = Complaint::from_text(
            "[info] Input #0, png_pipe\n[Parsed_ass_0 @ 0x1] [warning] fontselect: none\n\
             [png @ 0x55d02a98a3c0] [error] chunk too big\n\
             [error] Error while decoding stream #0:0: Invalid data\n\
             [fatal] Conversion failed!\n",
        );
        assert_eq!(complaint.sentence(code(1)), "ffmpeg said \"chunk too big\"");
    }

    #[test]
    fn what_is_said_without_a_level_is_told_too() {
        let complaint = Complaint::from_text("ffmpeg: cannot open libx264.so.164\n");
        let sentence = complaint.sentence(code(127));
        assert_eq!(
            sentence,
            "ffmpeg said \"ffmpeg: cannot open libx264.so.164\""
        );
    }

    #[test]
    fn an_escape_sequence_in_a_complaint_does_nothing_to_a_terminal() {
        let complaint = Complaint::from_text("\u{1b}[31mred\u{7}\n");
        assert_eq!(complaint.sentence(code(1)), "ffmpeg said \"[31mred\"");
    }

    #[test]
    fn silence_is_a_sentence_too() {
        let silent = Complaint::default();
        assert!(silent.sentence(code(3)).contains("code 3"));
    }

    #[tokio::test]
    async fn a_flood_is_kept_in_bounds_with_its_beginning_and_its_end() {
        let mut flood = b"the cause\n".to_vec();
        flood.extend(b"noise\n".repeat(200_000));
        flood.extend(b"No space left on device\n");
        let complaint = Complaint::read(flood.as_slice()).await;
        assert!(complaint.text().starts_with("the cause"));
        assert!(complaint.is_disk_full());
        assert!(complaint.text().len() <= HEAD_BYTES_MAX + 2 * TAIL_BYTES_MAX);
    }
}
