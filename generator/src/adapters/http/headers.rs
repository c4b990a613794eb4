//! Headers: keys on the way out, advice and figures on the way in.

use std::time::Duration;

use reelmeter_service::Secret;
use reqwest::header::{HeaderMap, HeaderValue};

use super::client::HttpError;
use crate::domain::retry::{Advice, parse_retry_after};

/// A key as a header that neither `Debug` nor a trace of the HTTP library shows, and
/// that HTTP/2 never puts into its shared table.
pub(in crate::adapters) fn key_header(
    setting: &'static str,
    key: &Secret,
) -> Result<HeaderValue, HttpError> {
    // A value with line breaks is refused here, which also keeps one key from adding
    // headers of its own.
    let mut value = HeaderValue::from_str(key.expose()).map_err(|_| HttpError::Key { setting })?;
    if value.is_empty() {
        return Err(HttpError::Key { setting });
    }
    value.set_sensitive(true);
    Ok(value)
}

/// A header as text; `None` when it is absent or not text.
pub(in crate::adapters) fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then_some(text)
}

/// What an answer's headers say about when to come back: `Retry-After`, compared with
/// the answer's own `Date`, and `retry-after-ms` and `x-ratelimit-reset`, which the
/// providers' own clients obey too.
pub(in crate::adapters) fn advice(headers: &HeaderMap, now_unix_s: i64) -> Advice {
    let now_unix_s = text_header(headers, "date")
        .and_then(|date| {
            jiff::fmt::rfc2822::DateTimeParser::new()
                .parse_timestamp(date)
                .ok()
        })
        .map_or(now_unix_s, |date| date.as_second());
    let retry_after = Advice {
        wait: text_header(headers, "retry-after")
            .and_then(|value| parse_retry_after(value, now_unix_s)),
    };
    let retry_after_ms = Advice {
        wait: text_header(headers, "retry-after-ms")
            .and_then(|value| parse_retry_after(value, now_unix_s))
            .map(|thousandfold| thousandfold / 1_000),
    };
    let reset = Advice {
        wait: text_header(headers, "x-ratelimit-reset")
            .and_then(|value| value.parse::<i64>().ok())
            .filter(|reset_unix_s| *reset_unix_s > now_unix_s)
            .and_then(|reset_unix_s| u64::try_from(reset_unix_s - now_unix_s).ok())
            .map(Duration::from_secs),
    };
    retry_after.and(retry_after_ms).and(reset)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_key_in_a_header_is_not_shown() {
        let header = key_header("GEMINI_API_KEY", &Secret::new("canary")).unwrap();
        assert!(header.is_sensitive());
        assert!(!format!("{header:?}").contains("canary"));
        let error = key_header("GEMINI_API_KEY", &Secret::new("can\nary")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("can\n"));
        assert!(error.to_string().contains("GEMINI_API_KEY"));
    }

    #[test]
    fn a_retry_date_is_measured_by_the_answers_own_clock() {
        let advice = advice(
            &headers(&[
                ("date", "Sun, 06 Nov 1994 08:49:07 GMT"),
                ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ]),
            2_000_000_000,
        );
        assert_eq!(advice.wait, Some(Duration::from_secs(30)));
    }

    #[test]
    fn of_several_headers_the_longest_wait_is_obeyed() {
        let advice = advice(
            &headers(&[
                ("retry-after", "2"),
                ("retry-after-ms", "3500"),
                ("x-ratelimit-reset", "1009"),
            ]),
            1_000,
        );
        assert_eq!(advice.wait, Some(Duration::from_secs(9)));
    }

    #[test]
    fn no_header_is_no_advice() {
        assert_eq!(advice(&HeaderMap::new(), 0), Advice::NONE);
        let past = headers(&[("x-ratelimit-reset", "5"), ("retry-after", "soon")]);
        assert_eq!(advice(&past, 1_000), Advice::NONE);
    }
}
