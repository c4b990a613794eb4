//! Translations between the generator and one outside thing each.

pub mod editor;
pub mod elevenlabs;
pub mod ffmpeg;
mod files;
pub mod gemini;
pub mod grpc;
pub mod http;
pub mod jobs;
pub mod looker;
pub mod manim;
pub mod meter;
pub mod ollama;
pub mod pen;
pub mod prometheus;
pub mod speaker;
