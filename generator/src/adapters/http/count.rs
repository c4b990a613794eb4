//! Reads a count from JSON, whatever stands there.

use serde_json::Value;

use crate::domain::usage::{Anomaly, Count};

/// The longest piece of a strange value that is kept, in characters.
const FOUND_CHARS_MAX: usize = 40;

/// One count: a whole number in any form that can mean only one thing.
pub(in crate::adapters) fn read_count(
    value: &Value,
    field: &'static str,
) -> (Count, Option<Anomaly>) {
    let unreadable = || {
        let found = shown(value);
        (
            Count::Unreadable,
            Some(Anomaly::Unreadable { field, found }),
        )
    };
    let odd = |count: u64| {
        let found = shown(value);
        match Count::from(count) {
            Count::Known(count) => (Count::Known(count), Some(Anomaly::OddForm { field, found })),
            _ => unreadable(),
        }
    };
    match value {
        Value::Null => (Count::Absent, None),
        Value::Number(number) => match number.as_u64() {
            Some(count) => match Count::from(count) {
                Count::Unreadable => unreadable(),
                count => (count, None),
            },
            None => whole_part(&number.to_string()).map_or_else(unreadable, odd),
        },
        // Protobuf's JSON form writes 64-bit numbers as texts.
        Value::String(text) => whole_part(text.trim()).map_or_else(unreadable, odd),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => unreadable(),
    }
}

/// A plain decimal, a fraction rounded up: a part of a token is billed as one.
fn whole_part(text: &str) -> Option<u64> {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(places) {
        return None;
    }
    let fraction = places.bytes().any(|digit| digit != b'0');
    whole.parse::<u64>().ok()?.checked_add(u64::from(fraction))
}

/// A value as it stood there, shortened.
pub(in crate::adapters) fn shown(value: &Value) -> String {
    value
        .to_string()
        .chars()
        .filter(|c| !c.is_control())
        .take(FOUND_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_count_is_read_in_every_form_that_means_one_number() {
        for (value, expected) in [
            (json!(12), Count::Known(12)),
            (json!(0), Count::Known(0)),
            (json!("12"), Count::Known(12)),
            (json!(" 12 "), Count::Known(12)),
            (json!(12.0), Count::Known(12)),
            (json!(12.2), Count::Known(13)),
            (json!("12.5"), Count::Known(13)),
            (json!(null), Count::Absent),
            (json!(-1), Count::Unreadable),
            (json!("-1"), Count::Unreadable),
            (json!("many"), Count::Unreadable),
            (json!(""), Count::Unreadable),
            (json!(true), Count::Unreadable),
            (json!([1]), Count::Unreadable),
            (json!({"n": 1}), Count::Unreadable),
            (json!(1e300), Count::Unreadable),
            (json!(18_446_744_073_709_551_615_u64), Count::Unreadable),
        ] {
            let (count, oddity) = read_count(&value, "promptTokenCount");
            assert_eq!(count, expected, "{value}");
            let plain =
                matches!(expected, Count::Absent) || value.is_u64() && count != Count::Unreadable;
            assert_eq!(oddity.is_none(), plain, "{value}");
        }
    }
}
