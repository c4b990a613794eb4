//! What a provider says about when to come back.

use std::time::Duration;

/// The longest wait that is believed, in seconds: a month. A larger figure is a slip
/// or an absolute time in disguise, and means "much too long" either way.
const ADVISED_WAIT_S_MAX: u64 = 31 * 24 * 3600;

/// A provider's advice on a failed call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// Not before this long from now. The longest of all that the answer says
    /// (`Retry-After`, `RetryInfo`, the message's "Please retry in 48.8s").
    pub wait: Option<Duration>,
}

impl Advice {
    /// Nothing was advised.
    pub const NONE: Self = Self { wait: None };

    /// Advice to wait this long.
    #[must_use]
    pub const fn after(wait: Duration) -> Self {
        Self { wait: Some(wait) }
    }

    /// Both pieces of advice obeyed: the longer wait.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            wait: self.wait.max(other.wait),
        }
    }
}

/// `Retry-After` in either of its forms (RFC 9110, 10.2.3): seconds, or a date.
///
/// A date is compared with `now_unix_s`, best taken from the answer's own `Date`
/// header, so that a wrong clock here does not matter. A date in the past means now.
/// `None` for what is neither.
#[must_use]
pub fn parse_retry_after(value: &str, now_unix_s: i64) -> Option<Duration> {
    let value = value.trim();
    // Not in the RFC, but seen: fractions of a second.
    if let Some(wait) = seconds(value) {
        return Some(wait);
    }
    let then = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(value)
        .ok()?
        .as_second();
    let wait_s = u64::try_from(then.saturating_sub(now_unix_s)).unwrap_or(0);
    Some(Duration::from_secs(wait_s.min(ADVISED_WAIT_S_MAX)))
}

/// A duration in protobuf's JSON form, as in `google.rpc.RetryInfo`: `48s`, `0.5s`.
#[must_use]
pub fn parse_retry_delay(value: &str) -> Option<Duration> {
    seconds(value.trim().strip_suffix('s')?)
}

/// The wait in a message such as "Please retry in 48.805646254s." (also `ms`, `m`
/// and `h` parts, as in `1h2m3.5s`, which Gemini's messages use for longer waits).
#[must_use]
pub fn parse_retry_message(message: &str) -> Option<Duration> {
    const MARK: &str = "retry in ";
    let start = message.to_ascii_lowercase().find(MARK)? + MARK.len();
    // The lowered copy has the same byte positions: only ASCII letters changed.
    let mut rest = message.get(start..)?;
    let mut wait = Duration::ZERO;
    let mut parts = 0;
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let Some(value) = seconds(number.trim_end_matches('.')) else {
            break;
        };
        let (factor, tail) = if let Some(tail) = tail.strip_prefix("ms") {
            (Unit::Millisecond, tail)
        } else if let Some(tail) = tail.strip_prefix('h') {
            (Unit::Hour, tail)
        } else if let Some(tail) = tail.strip_prefix('m') {
            (Unit::Minute, tail)
        } else if let Some(tail) = tail.strip_prefix('s') {
            (Unit::Second, tail)
        } else {
            break;
        };
        wait = wait.saturating_add(factor.scale(value));
        parts += 1;
        rest = tail;
    }
    (parts > 0).then(|| wait.min(Duration::from_secs(ADVISED_WAIT_S_MAX)))
}

enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
}

impl Unit {
    fn scale(&self, value: Duration) -> Duration {
        match self {
            Self::Millisecond => value / 1_000,
            Self::Second => value,
            Self::Minute => value.saturating_mul(60),
            Self::Hour => value.saturating_mul(3_600),
        }
    }
}

/// Decimal seconds, without sign or exponent, exact to the nanosecond and rounded up
/// beyond it.
fn seconds(text: &str) -> Option<Duration> {
    const NANO_PLACES: usize = 9;
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(places) {
        return None;
    }
    let whole_s = whole
        .parse::<u64>()
        .unwrap_or(u64::MAX)
        .min(ADVISED_WAIT_S_MAX);
    let kept = places.get(..NANO_PLACES.min(places.len()))?;
    let nanos = format!("{kept:0<NANO_PLACES$}").parse::<u32>().ok()?;
    let cut_short = places
        .get(kept.len()..)
        .is_some_and(|rest| rest.bytes().any(|byte| byte != b'0'));
    let wait = Duration::new(whole_s, nanos);
    Some(if cut_short {
        wait.saturating_add(Duration::from_nanos(1))
    } else {
        wait
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, RFC 9110's own example.
    const THEN_UNIX_S: i64 = 784_111_777;

    #[test]
    fn retry_after_is_read_as_seconds() {
        assert_eq!(parse_retry_after("120", 0), Some(Duration::from_secs(120)));
        assert_eq!(parse_retry_after(" 0 ", 0), Some(Duration::ZERO));
        assert_eq!(
            parse_retry_after("1.5", 0),
            Some(Duration::from_millis(1_500))
        );
    }

    #[test]
    fn retry_after_is_read_as_a_date_against_the_answers_own_clock() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(
            parse_retry_after(date, THEN_UNIX_S - 30),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            parse_retry_after(date, THEN_UNIX_S + 30),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn what_is_no_retry_after_is_no_advice() {
        for value in ["", "soon", "-1", "1e9", "1,5", "."] {
            assert_eq!(parse_retry_after(value, 0), None, "{value:?}");
        }
    }

    #[test]
    fn an_absurd_wait_is_cut_and_does_not_overflow() {
        let month = Duration::from_secs(ADVISED_WAIT_S_MAX);
        assert_eq!(
            parse_retry_after("99999999999999999999999999", 0),
            Some(month)
        );
        assert_eq!(
            parse_retry_message("retry in 99999999999999999999h"),
            Some(month)
        );
    }

    #[test]
    fn retry_info_is_read() {
        assert_eq!(parse_retry_delay("48s"), Some(Duration::from_secs(48)));
        assert_eq!(
            parse_retry_delay("0.250s"),
            Some(Duration::from_millis(250))
        );
        assert_eq!(parse_retry_delay("48"), None);
        assert_eq!(parse_retry_delay("s"), None);
    }

    #[test]
    fn the_wait_hidden_in_a_message_is_read() {
        let message = "Quota exceeded … limit: 50\nPlease retry in 48.805646254s.";
        assert_eq!(
            parse_retry_message(message),
            Some(Duration::new(48, 805_646_254))
        );
        assert_eq!(
            parse_retry_message("Please retry in 1h2m3.5s."),
            Some(Duration::from_millis(3_723_500))
        );
        assert_eq!(
            parse_retry_message("please retry in 950.5ms"),
            Some(Duration::from_micros(950_500))
        );
        assert_eq!(parse_retry_message("Please retry in a moment."), None);
        assert_eq!(parse_retry_message("Please retry."), None);
    }

    #[test]
    fn of_two_pieces_of_advice_the_longer_wait_wins() {
        let short = Advice::after(Duration::from_secs(1));
        let long = Advice::after(Duration::from_secs(9));
        assert_eq!(short.and(long), long);
        assert_eq!(Advice::NONE.and(short), short);
    }
}
