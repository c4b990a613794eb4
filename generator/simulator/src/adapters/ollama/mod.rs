//! The Ollama API.

mod answer;
mod errors;
mod info;
mod request;
mod routes;

pub use routes::router;
