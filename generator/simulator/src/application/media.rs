//! What the simulator needs from outside to make pictures and sound.

use std::future::Future;
use std::pin::Pin;

use crate::domain::speech::{Alignment, Manner, OutputFormat, Sound};

/// A future that can be kept in a box.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a picture or a sound could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// A program is not installed.
    #[error("{program} is not on PATH, so {what} cannot be made; {instead}")]
    Missing {
        /// The program.
        program: &'static str,
        /// What it would make.
        what: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// A program failed.
    #[error("{program} failed: {reason}")]
    Failed {
        /// The program.
        program: &'static str,
        /// What it said.
        reason: String,
    },
    /// A picture could not be drawn.
    #[error("the picture could not be drawn: {0}")]
    Picture(String),
}

/// Spoken text: the sound and when each letter of it is heard.
#[derive(Clone, Debug, Default)]
pub struct Spoken {
    /// The sound.
    pub sound: Sound,
    /// The times of the letters.
    pub alignment: Alignment,
}

/// Speaks.
pub trait Speaker: Send + Sync {
    /// Speaks a text. Where no synthesiser works, in tones: there is always a sound.
    fn speak<'a>(&'a self, text: &'a str, manner: Manner) -> Pending<'a, Spoken>;
    /// What it speaks with, for the log.
    fn name(&self) -> String;
}

/// Draws.
pub trait Painter: Send + Sync {
    /// Makes a PNG file of an SVG picture.
    fn paint(&self, svg: String) -> Pending<'_, Result<Vec<u8>, MediaError>>;
}

/// Packs sound.
pub trait Encoder: Send + Sync {
    /// Packs a sound in a format that our own code does not write (MP3, Opus).
    fn encode<'a>(
        &'a self,
        sound: &'a Sound,
        format: OutputFormat,
    ) -> Pending<'a, Result<Vec<u8>, MediaError>>;
}
