//! The ElevenLabs API.

mod account;
mod errors;
mod models;
mod routes;
mod speech;
mod voices;

pub use models::list as list_models;
pub use routes::router;
