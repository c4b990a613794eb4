//! The Gemini API, `/v1` and `/v1beta`.

mod answer;
mod errors;
mod fields;
mod models;
mod pictures;
mod proto;
mod request;
mod routes;
mod stream;
mod usage;
mod writing;

pub use routes::{list_models, one_model, router};
