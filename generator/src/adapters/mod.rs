//! Translations between the generator and one outside thing each.

pub mod elevenlabs;
pub mod ffmpeg;
pub mod gemini;
pub mod http;
pub mod ollama;
