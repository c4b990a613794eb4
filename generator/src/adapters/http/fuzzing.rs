//! What the providers' fuzz targets share: an answer made of any bytes, and what is true of every attempt.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use reelmeter_service::Secret;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::client::{Head, Reply};
use super::{BaseUrl, Http, HttpSettings, Origin};
use crate::domain::retry::{Attempt, Outcome};
use crate::domain::usage::COUNT_MAX;

/// The key that no failure may show. Inputs echo it.
const CANARY: &str = "canary-3f9a77";

/// The key as the clients take it.
pub(in crate::adapters) fn key() -> Secret {
    Secret::new(CANARY)
}

/// A client that is never asked to send anything, and an address that is nowhere.
pub(in crate::adapters) fn nowhere() -> Option<(Http, BaseUrl)> {
    let http = Http::new(&HttpSettings::default()).ok()?;
    let base_url = BaseUrl::parse("http://127.0.0.1:9", Origin::Default).ok()?;
    Some((http, base_url))
}

/// An answer: a status, headers a line each, an empty line, the body. Bytes without an empty line are a body with
/// status 200.
pub(in crate::adapters) fn reply(bytes: &[u8]) -> Reply {
    let mut head = Head {
        status: 200,
        headers: HeaderMap::new(),
    };
    let end = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (lines, body) = end.map_or((&[][..], bytes), |end| (&bytes[..end], &bytes[end + 2..]));
    for line in lines.split(|byte| *byte == b'\n') {
        let status = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.parse::<u16>().ok());
        if let Some(status) = status.filter(|status| (200..600).contains(status)) {
            head.status = status;
            continue;
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().map(HeaderName::from_bytes);
        let value = parts.next().map(HeaderValue::from_bytes);
        if let (Some(Ok(name)), Some(Ok(value))) = (name, value) {
            head.headers.append(name, value);
        }
    }
    Reply {
        head,
        body: Bytes::copy_from_slice(body),
        took: Duration::from_millis(1),
    }
}

/// What is true of every attempt, whatever was answered: quantities can be believed and stand once, a refusal is free
/// or says what it used, and the key is nowhere in what is kept of a failure.
pub(in crate::adapters) fn check<T: Debug>(attempt: &Attempt<T>) {
    let mut metrics = BTreeSet::new();
    for quantity in &attempt.usage.quantities {
        assert!(
            quantity.value > 0 && quantity.value <= COUNT_MAX,
            "{quantity:?} of {attempt:?}"
        );
        assert!(
            metrics.insert(format!("{:?}", quantity.metric)),
            "a metric stands twice: {attempt:?}"
        );
    }
    if let Outcome::Unconfirmed(_) = &attempt.outcome {
        assert!(attempt.usage.quantities.is_empty(), "guessed: {attempt:?}");
    }
    let mut kept = format!("{:?}", attempt.served);
    if let Some(failure) = attempt.failure() {
        kept.push_str(&format!("{failure} {failure:?}"));
    }
    assert!(!kept.contains(CANARY), "the key is shown: {kept}");
}

/// The corpora, for the tests of all providers.
#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
pub(in crate::adapters) mod replay;
