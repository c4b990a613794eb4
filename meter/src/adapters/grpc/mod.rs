//! The meter over gRPC: translating requests and answers, and nothing else.

mod audit_service;
mod batch;
mod export;
mod from_wire;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod meter_service;
mod page_token;
mod pricing_service;
mod quick_recording;
mod read_events;
mod reports;
pub mod server;
mod shared_summary;
mod status;
mod stream_usage;
mod to_wire;
mod watch_summary;
mod words;

pub use audit_service::AuditApi;
pub use meter_service::MeterApi;
pub use pricing_service::PricingApi;
