//! What a provider should have billed, beside what it says it billed.
//!
//! ElevenLabs answers with a `character-cost` header: the credits it took. Its published
//! multiplier (credits a character: 1 for its multilingual models, 0.5 for flash and turbo on the
//! API) says what that should have been. How it rounds odd counts of half credits is not
//! documented, so both neighbours are believed.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Credits for one counted unit, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Multiplier {
    thousandths: u32,
}

/// A multiplier that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a multiplier is a plain decimal with at most three places, up to 1000, like 0.5")]
pub struct MultiplierError;

impl Multiplier {
    /// The credits that a count should have been billed as: from the count rounded down to the
    /// count rounded up.
    #[must_use]
    pub fn expected(self, count: i64) -> RangeInclusive<i64> {
        let thousandths = i128::from(count) * i128::from(self.thousandths);
        let down = thousandths.div_euclid(1000);
        let up = down + i128::from(thousandths.rem_euclid(1000) != 0);
        let clamp = |credits: i128| i64::try_from(credits).unwrap_or(i64::MAX);
        clamp(down)..=clamp(up)
    }

    /// Whether a billed figure differs from what the multiplier gives for a count.
    #[must_use]
    pub fn differs(self, count: i64, billed: i64) -> bool {
        !self.expected(count).contains(&billed)
    }
}

impl FromStr for Multiplier {
    type Err = MultiplierError;

    fn from_str(text: &str) -> Result<Self, MultiplierError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || whole.len() > 4 || decimals.len() > 3 {
            return Err(MultiplierError);
        }
        let thousandths: u32 = format!("{whole}{decimals:0<3}")
            .parse()
            .map_err(|_| MultiplierError)?;
        if thousandths > 1_000_000 {
            return Err(MultiplierError);
        }
        Ok(Self { thousandths })
    }
}

impl fmt::Display for Multiplier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:03}", self.thousandths % 1000);
        let whole = self.thousandths / 1000;
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            decimals => write!(f, "{whole}.{decimals}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn half_a_credit_may_round_either_way() {
        let half: Multiplier = "0.5".parse().unwrap();
        assert_eq!(half.expected(54), 27..=27);
        assert_eq!(half.expected(55), 27..=28);
        assert!(!half.differs(55, 28));
        assert!(half.differs(54, 54), "billed at the full rate");
    }

    #[test]
    fn a_multiplier_is_read_as_written() {
        for text in ["1", "0.5", "0.125", "12"] {
            assert_eq!(text.parse::<Multiplier>().unwrap().to_string(), text);
        }
        for text in ["", "-1", "0.0005", "1e3", ".5", "1.", "99999", "1000.5"] {
            assert!(text.parse::<Multiplier>().is_err(), "{text}");
        }
    }
}
