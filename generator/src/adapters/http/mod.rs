//! How the generator speaks HTTP to providers: with a limit on every wait and every
//! body, with keys that no log can show, and one request for each call.

mod base_url;
mod clean;
mod client;
mod count;
mod failure;
#[cfg(any(test, fuzzing))]
pub(in crate::adapters) mod fuzzing;
mod headers;
pub(in crate::adapters) mod json;
mod pacer;
mod served;
mod settings;

pub use base_url::{BaseUrl, BaseUrlError, Origin};
pub use client::{Http, HttpError};
pub use pacer::TokioPacer;
pub use settings::{CallLimits, HttpSettings};

pub(in crate::adapters) use base_url::is_plain_name;
pub(in crate::adapters) use clean::Redactor;
#[cfg(test)]
pub(in crate::adapters) use client::Head;
pub(in crate::adapters) use client::{Broken, Reply, Request};
pub(in crate::adapters) use count::{read_count, shown};
pub(in crate::adapters) use failure::{failed_before_answer, for_status, is_billed_unknown};
pub(in crate::adapters) use headers::{advice, key_header, text_header};
