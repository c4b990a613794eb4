//! ElevenLabs' speech API, one request for each call.

mod account;
mod client;
mod error;
mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod speech;

pub use account::{SpeechModel, Voice};
pub use client::{ElevenLabs, ElevenLabsSettings};
pub use format::{AudioFormat, AudioFormatError};
pub use speech::{Narration, SpeechRequest};

/// The API's address, by the vendor's own client libraries.
pub const ELEVENLABS_BASE_URL: &str = "https://api.elevenlabs.io";
