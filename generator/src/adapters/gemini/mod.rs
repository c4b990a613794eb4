//! Google's Gemini API (`generateContent`), one request for each call.

mod answer;
mod client;
mod draft;
mod error;
mod finish;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod models;
mod request;
mod usage;

pub use answer::{ImageFormat, Picture, TextAnswer};
pub use client::{Gemini, GeminiSettings};
pub use draft::{DraftError, read_draft};
pub use finish::FinishReason;
pub use request::{ImageRequest, ImageSize, TextRequest, Thinking};

/// The API's address, by Google's own client libraries.
pub const GEMINI_BASE_URL: &str = "https://generativelanguage.googleapis.com";
/// The API version: the one that also offers preview models and the `…-latest` names.
pub const GEMINI_API_VERSION: &str = "v1beta";
