//! Figures as people read them. Everything here takes exact values and only words them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use reelmeter_rating::money::thousands;
use reelmeter_rating::{Money, metric};

use crate::facts::{MetricTotal, PricingState, Summary};

/// A count with thousands separators: `1,000,000`.
#[must_use]
pub fn count(number: i64) -> String {
    let digits = thousands(u128::from(number.unsigned_abs()));
    if number < 0 {
        format!("-{digits}")
    } else {
        digits
    }
}

/// A metric's name as a heading: `Input Tokens` for `input_tokens`.
#[must_use]
pub fn metric_title(name: &str) -> String {
    let mut title = String::with_capacity(name.len());
    for word in name.split(['_', ' ']).filter(|word| !word.is_empty()) {
        if !title.is_empty() {
            title.push(' ');
        }
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            title.extend(first.to_uppercase());
            title.push_str(letters.as_str());
        }
    }
    title
}

/// A quantity with its unit: `5,000 characters`, `1 image`.
#[must_use]
pub fn quantity(name: &str, value: i64) -> String {
    format!(
        "{} {}",
        count(value),
        metric::words(name, i128::from(value))
    )
}

/// The headline: the total, and what it leaves out, so that no unknown price passes for nothing.
///
/// `$1.27 + 2 images unpriced`; with more than two kinds, `$1.27 + 2 images, 50 seconds and 3 more unpriced`.
#[must_use]
pub fn headline(summary: &Summary) -> String {
    match unpriced(summary) {
        Some(rest) => format!("{} + {rest}", summary.total_cost.screen()),
        None => summary.total_cost.screen(),
    }
}

/// What has no price, in words: `2 images unpriced`. `None`: everything has one.
#[must_use]
pub fn unpriced(summary: &Summary) -> Option<String> {
    const NAMED_MAX: usize = 2;
    let mut by_metric: Vec<(&str, i64)> = Vec::new();
    for part in &summary.unpriced {
        match by_metric
            .iter_mut()
            .find(|(name, _)| *name == part.metric.shown())
        {
            Some((_, value)) => *value = value.saturating_add(part.quantity),
            None => by_metric.push((part.metric.shown(), part.quantity)),
        }
    }
    if by_metric.is_empty() {
        return None;
    }
    let named: Vec<String> = by_metric
        .iter()
        .take(NAMED_MAX)
        .map(|(name, value)| quantity(name, *value))
        .collect();
    let more = by_metric.len().saturating_sub(NAMED_MAX);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Some(format!("{}{rest} unpriced", named.join(", ")))
}

/// What a metric costs, in a word or an amount: `$0.50`, `subscription`, `free`, `unpriced`, `included`.
#[must_use]
pub fn metric_cost(total: &MetricTotal) -> String {
    match (total.state, &total.cost) {
        (PricingState::Rated, Some(cost)) => cost.screen(),
        (state, _) => state.word().to_owned(),
    }
}

/// What a group of metrics costs: its amount, else the one word that fits, with `+ unpriced` where a part has no price.
#[must_use]
pub fn group_cost(cost: Option<&Money>, metrics: &[MetricTotal]) -> String {
    let unpriced = metrics
        .iter()
        .any(|metric| metric.state == PricingState::Unpriced);
    let all_free = !metrics.is_empty()
        && metrics
            .iter()
            .all(|metric| metric.state == PricingState::Free);
    let subscription = metrics
        .iter()
        .any(|metric| metric.state == PricingState::Subscription);
    match (cost, unpriced) {
        _ if all_free => "free".to_owned(),
        (Some(cost), true) => format!("{} + unpriced", cost.screen()),
        (Some(cost), false) => cost.screen(),
        (None, true) => "unpriced".to_owned(),
        (None, false) if subscription => "subscription".to_owned(),
        (None, false) => "-".to_owned(),
    }
}

/// An exact amount with at least two decimals, never rounded: for rates, where every digit counts. `$0.50`, `$0.0375`.
#[must_use]
pub fn exact(amount: &Money) -> String {
    let text = amount.to_string();
    let (sign, text) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), thousands);
    format!("{sign}${whole}.{decimals:0<2}")
}

/// A length of time: `0:42`, `12:03`, `1:02:03`. Never negative.
#[must_use]
pub fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// The time of day: `14:03:12`.
#[must_use]
pub fn clock(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned_datetime(zone.clone())
        .strftime("%H:%M:%S")
        .to_string()
}

/// Day and time: `2026-11-23 14:03:12`.
#[must_use]
pub fn date_time(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// The day: `1 Dec 2026`.
#[must_use]
pub fn day(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned_datetime(zone.clone())
        .strftime("%-d %b %Y")
        .to_string()
}

/// A size: `812 bytes`, `4.2 MB` (a megabyte has 1,000,000 bytes).
#[must_use]
pub fn size(bytes: i64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    let value = bytes.max(0).unsigned_abs();
    for (unit, step) in UNITS {
        if value >= step {
            return format!("{}.{} {unit}", value / step, value % step / (step / 10));
        }
    }
    format!("{value} bytes")
}

/// How old a price book is: `today`, `1 day old`, `63 days old`.
#[must_use]
pub fn age(days: i64) -> String {
    match days {
        i64::MIN..=0 => "collected today".to_owned(),
        1 => "1 day old".to_owned(),
        days => format!("{} days old", count(days)),
    }
}

/// `singular` for one, `plural` otherwise, with the number before it.
#[must_use]
pub fn counted(number: i64, singular: &str, plural: &str) -> String {
    format!(
        "{} {}",
        count(number),
        if number == 1 { singular } else { plural }
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn counts_of_any_size_read_in_thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(count(i64::MAX), "9,223,372,036,854,775,807");
        assert_eq!(count(i64::MIN), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn metrics_read_as_the_documents_write_them() {
        assert_eq!(metric_title("input_tokens"), "Input Tokens");
        assert_eq!(metric_title("characters"), "Characters");
        assert_eq!(metric_title("gpu__seconds "), "Gpu Seconds");
        assert_eq!(quantity("characters", 5_000), "5,000 characters");
        assert_eq!(quantity("images", 1), "1 image");
    }

    #[test]
    fn a_rate_keeps_every_digit() {
        for (amount, shown) in [
            ("0.5", "$0.50"),
            ("0.0375", "$0.0375"),
            ("1234", "$1,234.00"),
            ("0.0000003", "$0.0000003"),
            ("-2", "-$2.00"),
        ] {
            assert_eq!(exact(&amount.parse().unwrap()), shown);
        }
    }

    #[test]
    fn lengths_of_time_and_sizes_are_short() {
        assert_eq!(
            [duration(-5), duration(42), duration(723), duration(3723)],
            ["0:00", "0:42", "12:03", "1:02:03"]
        );
        assert_eq!(
            [size(812), size(4_250_000), size(1_000), size(-1)],
            ["812 bytes", "4.2 MB", "1.0 kB", "0 bytes"]
        );
        assert_eq!(
            [age(0), age(1), age(63)],
            ["collected today", "1 day old", "63 days old"]
        );
    }
}
