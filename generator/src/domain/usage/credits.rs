//! Exact decimals for what a provider bills in credits.

use std::fmt;
use std::str::FromStr;

/// Decimal places kept: a multiplier of six places times another of six.
const PLACES: u32 = 12;
const ONE: i128 = 10_i128.pow(PLACES);
/// The largest figure that is believed, in credits.
const CREDITS_MAX: i128 = 1_000_000_000_000;

/// Why a text is not a figure in credits or a multiplier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a decimal from 0 to 10^12 with at most {places} places")]
pub struct CreditsError {
    /// What stood there, shortened.
    found: String,
    places: u32,
}

/// An amount of a provider's credits, exact to twelve places and never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Credits(i128);

impl Credits {
    /// A whole number of credits.
    #[must_use]
    pub const fn whole(credits: u64) -> Self {
        Self(credits as i128 * ONE)
    }

    /// Whether the two differ by less than one credit: providers round to whole
    /// credits, and do not say in which direction.
    #[must_use]
    pub const fn is_within_one_of(self, other: Self) -> bool {
        (self.0 - other.0).abs() < ONE
    }

    /// The amount as a whole number, when it is one.
    #[must_use]
    pub fn as_whole(self) -> Option<u64> {
        (self.0 % ONE == 0)
            .then(|| u64::try_from(self.0 / ONE).ok())
            .flatten()
    }
}

impl FromStr for Credits {
    type Err = CreditsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self)
    }
}

impl fmt::Display for Credits {
    /// The exact decimal, without trailing zeros: `27`, `26.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(self.0, f)
    }
}

/// How many credits one character costs: the product of a model's published factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Multiplier(i128);

impl Multiplier {
    /// One credit for one character.
    pub const ONE: Self = Self(ONE);

    /// Both factors applied; `None` when the product needs more than twelve places or
    /// is beyond belief.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        let product = self.0.checked_mul(other.0)?;
        (product % ONE == 0 && product / ONE <= CREDITS_MAX * ONE).then_some(Self(product / ONE))
    }

    /// What a number of characters costs; `None` on overflow.
    #[must_use]
    pub fn credits_for(self, characters: u64) -> Option<Credits> {
        self.0.checked_mul(i128::from(characters)).map(Credits)
    }
}

impl FromStr for Multiplier {
    type Err = CreditsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self)
    }
}

impl fmt::Display for Multiplier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(self.0, f)
    }
}

fn write_decimal(value: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (whole, rest) = (value / ONE, value % ONE);
    if rest == 0 {
        return write!(f, "{whole}");
    }
    let places = format!("{rest:012}");
    write!(f, "{whole}.{}", places.trim_end_matches('0'))
}

fn parse(text: &str) -> Result<i128, CreditsError> {
    let refused = || CreditsError {
        found: text.chars().take(40).collect(),
        places: PLACES,
    };
    let trimmed = text.trim();
    let (whole, places) = trimmed.split_once('.').unwrap_or((trimmed, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && places.is_empty()) || !digits(whole) || !digits(places) {
        return Err(refused());
    }
    let places = places.trim_end_matches('0');
    if places.len() > PLACES as usize {
        return Err(refused());
    }
    let whole = match whole {
        "" => 0,
        digits => digits.parse::<i128>().map_err(|_| refused())?,
    };
    if whole > CREDITS_MAX {
        return Err(refused());
    }
    let rest = format!("{places:0<12}")
        .parse::<i128>()
        .map_err(|_| refused())?;
    Ok(whole * ONE + rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn credits(text: &str) -> Credits {
        text.parse().unwrap()
    }

    #[test]
    fn a_figure_is_read_and_written_exactly() {
        for text in ["0", "27", "26.5", "0.000000000001", "1000000000000"] {
            assert_eq!(credits(text).to_string(), text);
        }
        assert_eq!(credits("27.50").to_string(), "27.5");
        assert_eq!(credits(".5").to_string(), "0.5");
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in [
            "",
            ".",
            "-1",
            "+1",
            "1e3",
            "NaN",
            "1,5",
            "0.0000000000001",
            "99999999999999",
        ] {
            assert!(text.parse::<Credits>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn both_factors_of_a_model_are_multiplied() {
        // Public samples of the same model show the half in either place.
        for (cost, discount) in [("0.5", "1.0"), ("1.0", "0.5")] {
            let factor = cost
                .parse::<Multiplier>()
                .unwrap()
                .times(discount.parse().unwrap())
                .unwrap();
            assert_eq!(factor.credits_for(54).unwrap(), credits("27"));
            assert_eq!(factor.credits_for(53).unwrap(), credits("26.5"));
        }
    }

    #[test]
    fn rounding_to_whole_credits_is_agreement_and_a_whole_credit_off_is_not() {
        assert!(credits("27").is_within_one_of(credits("26.5")));
        assert!(credits("26").is_within_one_of(credits("26.5")));
        assert!(!credits("28").is_within_one_of(credits("27")));
    }

    #[test]
    fn only_a_whole_figure_is_a_whole_number() {
        assert_eq!(credits("27.0").as_whole(), Some(27));
        assert_eq!(credits("26.5").as_whole(), None);
    }
}
