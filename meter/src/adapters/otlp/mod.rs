//! The way in for tools that do not know the meter: the OTLP/gRPC trace service, reading the OpenTelemetry GenAI
//! attributes of spans. `docs/opentelemetry.md` says which.

mod attributes;
mod service;
mod span;

pub use service::TraceApi;
