//! A local Ollama server: models that cost nothing and answer when they can.

mod answer;
mod client;
mod host;

pub use client::{Ollama, OllamaRequest, OllamaSettings};
pub use host::ollama_base_url;
