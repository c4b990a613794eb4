//! A local Ollama server: models that cost nothing and answer when they can.

mod answer;
mod client;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod host;

pub use client::{Ollama, OllamaRequest, OllamaSettings};
pub use host::ollama_base_url;
