//! Readable subtitles from the times at which characters are spoken.
//!
//! A narration becomes words with times ([`Alignment`], or an estimate where the
//! provider gave none), words become cues that a person can read, and cues become
//! a `.srt` beside the video and an `.ass` that is burnt into it.

mod alignment;
mod ass;
mod cues;
mod estimate;
mod lines;
mod srt;
mod timing;
mod words;

pub use alignment::{Alignment, AlignmentError};
pub use ass::{FONT_FAMILY_DEFAULT, to_ass};
pub use lines::LineLimits;
pub use srt::to_srt;

use words::Word;

/// Where the times of a scene's subtitles come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimingSource {
    /// From the provider's alignment of characters.
    Aligned,
    /// Spread over the narration by the length of the words, because there was no
    /// alignment or it did not fit the text or the sound.
    Estimated,
}

/// What is said in one scene, and when.
#[derive(Debug, Clone, Copy)]
pub struct Speech<'a> {
    /// The text that was spoken.
    pub text: &'a str,
    /// When its characters are spoken, if known.
    pub alignment: Option<&'a Alignment>,
    /// When the narration starts, in milliseconds from the start of the video.
    pub start_ms: u64,
    /// How long the narration is, in milliseconds.
    pub audio_duration_ms: u64,
    /// Until when this scene's subtitles may stay: the start of the next narration,
    /// or the end of the video.
    pub window_end_ms: u64,
}

/// One subtitle on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// When it appears, in milliseconds from the start of the video.
    pub start_ms: u64,
    /// When it is gone.
    pub end_ms: u64,
    /// Its lines, one or two.
    pub lines: Vec<String>,
}

/// The subtitles of a whole video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The cues in order; none overlaps the next.
    pub cues: Vec<Cue>,
    /// For each scene, where its times come from.
    pub timing: Vec<TimingSource>,
}

impl Track {
    /// Composes the subtitles of scenes that follow each other.
    ///
    /// A scene's cues stay inside its window; a scene without words has none.
    #[must_use]
    pub fn compose(scenes: &[Speech<'_>], limits: LineLimits) -> Self {
        let mut cues = Vec::new();
        let mut timing = Vec::with_capacity(scenes.len());
        for speech in scenes {
            let (words, source) = timed_words(speech, limits);
            cues.extend(timing::place(&words, speech, limits));
            timing.push(source);
        }
        Self { cues, timing }
    }
}

impl Track {
    /// The cues that stand at some time from `start_ms` to `end_ms`, with times from
    /// `start_ms`; what is outside is cut off.
    #[must_use]
    pub fn between(&self, start_ms: u64, end_ms: u64) -> Vec<Cue> {
        self.cues
            .iter()
            .filter(|cue| cue.start_ms < end_ms && cue.end_ms > start_ms)
            .map(|cue| Cue {
                start_ms: cue.start_ms.saturating_sub(start_ms),
                end_ms: cue.end_ms.min(end_ms) - start_ms,
                lines: cue.lines.clone(),
            })
            .collect()
    }
}

/// The words of a scene with times from the start of its narration.
fn timed_words(speech: &Speech<'_>, limits: LineLimits) -> (Vec<Word>, TimingSource) {
    let aligned = speech
        .alignment
        .and_then(|alignment| alignment.words(speech, limits));
    match aligned {
        Some(words) => (words, TimingSource::Aligned),
        None => (
            estimate::words(speech.text, speech.audio_duration_ms, limits),
            TimingSource::Estimated,
        ),
    }
}

#[cfg(test)]
mod tests;
