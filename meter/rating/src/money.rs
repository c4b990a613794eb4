//! Exact money: whole numbers of 10⁻²⁴ US dollars, checked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact amount of US dollars, a whole number of 10⁻²⁴ dollars.
///
/// From [`Money::MIN`] to [`Money::MAX`], about ±1.7·10¹⁴ dollars. Arithmetic is checked:
/// nothing wraps, nothing is rounded. Only [`Money::screen`] rounds, for a person to read.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i128);

/// Why an amount was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is not a decimal number.
    #[error("not a decimal number; write it like 0.30 or 3e-7")]
    NotADecimal,
    /// There is a digit below 10⁻²⁴ dollars.
    #[error("more than 24 decimal places do not fit; nothing is rounded here")]
    TooFine,
    /// The amount is beyond [`Money::MAX`] or [`Money::MIN`].
    #[error("beyond the largest amount, about 1.7e14 dollars")]
    Overflow,
}

/// Decimal places that are kept.
const SCALE: u32 = 24;
const UNITS_PER_DOLLAR: i128 = 10_i128.pow(SCALE);
/// A screen shows four decimals at the most.
const SCREEN_DECIMALS: u32 = 4;
const UNITS_PER_SCREEN_STEP: u128 = 10_u128.pow(SCALE - SCREEN_DECIMALS);
const SCREEN_STEPS_PER_DOLLAR: u128 = 10_u128.pow(SCREEN_DECIMALS);
/// Longer texts are not amounts; the limit keeps hostile input cheap.
const MAX_TEXT_BYTES: usize = 128;

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The largest amount: 170,141,183,460,469.231731687303715884105727 dollars, 1.7·10¹⁴.
    pub const MAX: Self = Self(i128::MAX);
    /// The smallest amount, about -1.7·10¹⁴ dollars.
    pub const MIN: Self = Self(i128::MIN);

    /// An amount from its whole number of 10⁻²⁴ dollars.
    #[must_use]
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// The whole number of 10⁻²⁴ dollars.
    #[must_use]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Whole dollars. `i64` always fits in range or is refused.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] beyond 1.7·10¹⁴ dollars.
    pub fn from_dollars(dollars: i64) -> Result<Self, MoneyError> {
        i128::from(dollars)
            .checked_mul(UNITS_PER_DOLLAR)
            .map(Self)
            .ok_or(MoneyError::Overflow)
    }

    /// Whether this is exactly nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether this is below nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, or `None` beyond the largest amount.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// The difference, or `None` beyond the largest amount.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// The product with a whole number, or `None` beyond the largest amount.
    #[must_use]
    pub const fn checked_mul(self, count: i128) -> Option<Self> {
        match self.0.checked_mul(count) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// The amount divided by a whole number, or `None` when that is not exact in 10⁻²⁴ dollars
    /// or the divisor is zero.
    #[must_use]
    pub const fn checked_div_exact(self, divisor: i128) -> Option<Self> {
        match self.0.checked_rem(divisor) {
            Some(0) => match self.0.checked_div(divisor) {
                Some(units) => Some(Self(units)),
                None => None,
            },
            _ => None,
        }
    }

    /// The sum of amounts, or `None` beyond the largest amount.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// The amount for a person to read: two to four decimals, rounded half to even from the exact
    /// figure, with thousands separators. An amount that is not zero never reads as zero.
    ///
    /// `$0.50`, `$0.775`, `$1,234.5678`, `-$2.00`, `<$0.0001`, `>-$0.0001`.
    #[must_use]
    pub fn screen(self) -> String {
        let units = self.0.unsigned_abs();
        let whole_steps = units / UNITS_PER_SCREEN_STEP;
        let rest = units % UNITS_PER_SCREEN_STEP;
        let half = UNITS_PER_SCREEN_STEP / 2;
        let rounds_up = rest > half || (rest == half && whole_steps % 2 == 1);
        let steps = whole_steps + u128::from(rounds_up);
        if steps == 0 && units != 0 {
            return if self.is_negative() {
                ">-$0.0001"
            } else {
                "<$0.0001"
            }
            .to_owned();
        }
        let sign = if self.is_negative() { "-" } else { "" };
        let dollars = thousands(steps / SCREEN_STEPS_PER_DOLLAR);
        let decimals = format!("{:04}", steps % SCREEN_STEPS_PER_DOLLAR);
        let kept = decimals.trim_end_matches('0').len().max(2);
        format!("{sign}${dollars}.{}", &decimals[..kept])
    }
}

/// A whole number with commas between its thousands: `1,000,000`.
#[must_use]
pub fn thousands(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The shortest exact decimal: `0.775`, `0`, `-12`, `0.0000003`. The API and files carry this.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.unsigned_abs();
        let dollars = units / UNITS_PER_DOLLAR.unsigned_abs();
        let rest = units % UNITS_PER_DOLLAR.unsigned_abs();
        let text = if rest == 0 {
            dollars.to_string()
        } else {
            let decimals = format!("{rest:024}");
            format!("{dollars}.{}", decimals.trim_end_matches('0'))
        };
        f.pad_integral(!self.is_negative(), "", &text)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({self})")
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads a plain decimal, with an exponent if need be. Every digit must fit: `0.1` and `1e-1`
    /// are the same amount, `1e-25` is refused.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(MoneyError::NotADecimal);
        }
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, decimals) = match mantissa.split_once('.') {
            // "1." is not how anybody writes an amount: more likely a slip.
            Some((_, "")) => return Err(MoneyError::NotADecimal),
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        if whole.is_empty()
            || !whole
                .bytes()
                .chain(decimals.bytes())
                .all(|b| b.is_ascii_digit())
        {
            return Err(MoneyError::NotADecimal);
        }
        let digits: String = whole.chars().chain(decimals.chars()).collect();
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return Ok(Self::ZERO);
        }
        let trimmed = significant.trim_end_matches('0');
        // The last kept digit stands for 10^power dollars. Lengths are at most MAX_TEXT_BYTES.
        let trailing_zeros = (significant.len() - trimmed.len()) as i64;
        let power = exponent + trailing_zeros - decimals.len() as i64;
        let shift = power + i64::from(SCALE);
        if shift < 0 {
            return Err(MoneyError::TooFine);
        }
        let digits: i128 = trimmed.parse().map_err(|_| MoneyError::Overflow)?;
        let factor = u32::try_from(shift)
            .ok()
            .and_then(|shift| 10_i128.checked_pow(shift))
            .ok_or(MoneyError::Overflow)?;
        let units = digits.checked_mul(factor).ok_or(MoneyError::Overflow)?;
        Ok(Self(if negative { -units } else { units }))
    }
}

fn parse_exponent(text: &str) -> Result<i64, MoneyError> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(MoneyError::NotADecimal);
    }
    text.parse().map_err(|_| MoneyError::NotADecimal)
}

/// As the exact decimal string, since numbers of most formats are floats.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn the_shortest_exact_decimal_is_shown() {
        for text in [
            "0",
            "0.775",
            "-12",
            "0.0000003",
            "1000000",
            "0.000000000000000000000001",
        ] {
            assert_eq!(money(text).to_string(), text);
        }
        assert_eq!(money("0.50").to_string(), "0.5");
        assert_eq!(money("+3e-7").to_string(), "0.0000003");
        assert_eq!(money("1.5E3").to_string(), "1500");
        assert_eq!(money("-0.0").to_string(), "0");
        assert_eq!(money("0e999999"), Money::ZERO);
        assert_eq!(
            Money::MAX.to_string(),
            "170141183460469.231731687303715884105727"
        );
        assert_eq!(money(&Money::MAX.to_string()), Money::MAX);
    }

    #[test]
    fn a_digit_that_does_not_fit_is_refused() {
        for text in [
            "1e-25",
            "0.0000000000000000000000001",
            "1.0000000000000000000000001",
        ] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError::TooFine), "{text}");
        }
        // Zeros beyond the last digit are no digits.
        assert_eq!(money("0.10000000000000000000000000000").to_string(), "0.1");
        for text in [
            "1e15",
            "170141183460470",
            "1e999999",
            "99999999999999999999999999999999999999999",
        ] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError::Overflow), "{text}");
        }
        for text in [
            "", "-", ".", ".5", "1.", "1,5", "0x1", " 1", "1 ", "1e", "1e+", "1_000", "NaN", "inf",
            "--1", "١",
        ] {
            assert_eq!(
                text.parse::<Money>(),
                Err(MoneyError::NotADecimal),
                "{text}"
            );
        }
    }

    #[test]
    fn a_screen_reads_two_to_four_decimals() {
        for (exact, screen) in [
            ("0", "$0.00"),
            ("0.5", "$0.50"),
            ("0.775", "$0.775"),
            ("1.27", "$1.27"),
            ("0.0387", "$0.0387"),
            ("0.00005", "<$0.0001"),
            ("0.000050000000000000000001", "$0.0001"),
            ("0.00015", "$0.0002"),
            ("0.00025", "$0.0002"),
            ("1e-24", "<$0.0001"),
            ("-1e-24", ">-$0.0001"),
            ("-2", "-$2.00"),
            ("1234.56785", "$1,234.5678"),
            ("999999.99995", "$1,000,000.00"),
            ("1000000", "$1,000,000.00"),
        ] {
            assert_eq!(money(exact).screen(), screen, "{exact}");
        }
        assert_eq!(Money::MIN.screen(), "-$170,141,183,460,469.2317");
    }

    #[test]
    fn division_is_exact_or_refused() {
        assert_eq!(
            money("0.30").checked_div_exact(1_000_000),
            Some(money("3e-7"))
        );
        assert_eq!(money("1").checked_div_exact(3), None);
        assert_eq!(money("1").checked_div_exact(0), None);
        assert_eq!(Money::MIN.checked_div_exact(-1), None);
    }

    #[test]
    fn money_travels_as_a_string() {
        let json = serde_json::to_string(&money("0.775")).unwrap();
        assert_eq!(json, "\"0.775\"");
        assert_eq!(
            serde_json::from_str::<Money>(&json).unwrap(),
            money("0.775")
        );
        assert!(
            serde_json::from_str::<Money>("0.775").is_err(),
            "a float is not exact"
        );
    }
}
