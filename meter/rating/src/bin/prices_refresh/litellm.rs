//! What LiteLLM knows: flex and priority rates, prices by image, by character and by second.
//!
//! Its file is JSON with numbers, which are read as the texts they are: an amount of money is
//! never a float, not even on its way in.

use std::collections::BTreeMap;

use jiff::civil::Date;
use reelmeter_rating::usage::Variant;
use reelmeter_rating::{Money, metric};
use serde_json::value::RawValue;

use crate::listing::{Dated, Finding, LeftOut, Listing};

/// The price fields that a metric of ours counts, in dollars a unit, with the unit size to show
/// them by.
const METRICS: [(&str, &str, u64); 11] = [
    ("input_cost_per_token", metric::INPUT_TOKENS, 1_000_000),
    (
        "cache_read_input_token_cost",
        metric::CACHED_INPUT_TOKENS,
        1_000_000,
    ),
    (
        "cache_creation_input_token_cost",
        metric::CACHE_WRITE_INPUT_TOKENS,
        1_000_000,
    ),
    (
        "input_cost_per_audio_token",
        metric::AUDIO_INPUT_TOKENS,
        1_000_000,
    ),
    (
        "input_cost_per_image_token",
        metric::IMAGE_INPUT_TOKENS,
        1_000_000,
    ),
    (
        "input_cost_per_video_token",
        metric::VIDEO_INPUT_TOKENS,
        1_000_000,
    ),
    ("output_cost_per_token", metric::OUTPUT_TOKENS, 1_000_000),
    (
        "output_cost_per_reasoning_token",
        metric::THINKING_TOKENS,
        1_000_000,
    ),
    (
        "output_cost_per_image_token",
        metric::IMAGE_OUTPUT_TOKENS,
        1_000_000,
    ),
    (
        "output_cost_per_audio_token",
        metric::AUDIO_OUTPUT_TOKENS,
        1_000_000,
    ),
    ("output_cost_per_image", metric::IMAGES, 1),
];

type Entry<'a> = BTreeMap<String, &'a RawValue>;

/// Reads the models whose key starts with a prefix (`gemini/`) into a listing.
///
/// # Errors
/// What in the file is not as expected.
pub fn read(text: &str, prefix: &str, service: &str) -> Result<Listing, String> {
    let entries: BTreeMap<String, &RawValue> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut listing = Listing::default();
    for (key, raw) in entries {
        let Some(model) = key.strip_prefix(prefix) else {
            continue;
        };
        let entry: Entry<'_> =
            serde_json::from_str(raw.get()).map_err(|error| format!("{key}: {error}"))?;
        read_model(model, &entry, service, &mut listing)
            .map_err(|error| format!("{key}: {error}"))?;
    }
    Ok(listing)
}

/// The characters' price that a service publishes, by model: a subscription's is for information.
///
/// # Errors
/// What in the file is not as expected.
pub fn character_prices(text: &str, prefix: &str) -> Result<BTreeMap<String, Money>, String> {
    let entries: BTreeMap<String, &RawValue> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut prices = BTreeMap::new();
    for (key, raw) in entries {
        let Some(model) = key.strip_prefix(prefix) else {
            continue;
        };
        let entry: Entry<'_> =
            serde_json::from_str(raw.get()).map_err(|error| format!("{key}: {error}"))?;
        if let Some(price) = entry.get("input_cost_per_character") {
            let price = price
                .get()
                .parse()
                .map_err(|error| format!("{key}: {error}"))?;
            prices.insert(model.to_owned(), price);
        }
    }
    Ok(prices)
}

fn read_model(
    model: &str,
    entry: &Entry<'_>,
    service: &str,
    listing: &mut Listing,
) -> Result<(), String> {
    let text = |key: &str| {
        entry
            .get(key)
            .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
    };
    let mode = text("mode").unwrap_or_default();
    let mut found = crate::listing::ModelListing::default();
    for (field, raw) in entry {
        let is_number = raw
            .get()
            .starts_with(|c: char| c.is_ascii_digit() || c == '-');
        if !field.contains("_cost") || !is_number {
            continue;
        }
        let mut leave_out = |reason| {
            listing.left_out.insert(LeftOut {
                service: service.to_owned(),
                model: model.to_owned(),
                field: field.clone(),
                amount: raw.get().to_owned(),
                reason,
            });
        };
        let per_unit: Money = match raw.get().parse() {
            Ok(per_unit) => per_unit,
            Err(_) => {
                leave_out("it does not end within 24 decimal places");
                continue;
            }
        };
        if per_unit.is_zero() {
            leave_out("zero, which in this list often means unknown");
            continue;
        }
        let (name, above, variant) = field_parts(field);
        let wanted = match METRICS.iter().find(|(known, ..)| *known == name) {
            Some((_, metric::IMAGES, _)) if mode != "image_generation" => {
                Err("no metric counts it")
            }
            Some((_, metric, per)) => Ok((*metric, *per)),
            None if name.starts_with("output_cost_per_second") && mode == "video_generation" => {
                // Generated video is sold by the second, at some models by resolution as well.
                let by_resolution = entry
                    .keys()
                    .any(|key| key.starts_with("output_cost_per_second_"));
                if by_resolution {
                    Err("it depends on the resolution, which no metric tells")
                } else {
                    Ok((metric::VIDEO_SECONDS, 1))
                }
            }
            None if name.contains("per_second") => {
                Err("a price per hour or minute does not end per second")
            }
            None => Err("no metric counts it"),
        };
        let (metric, per) = match wanted {
            Ok(wanted) => wanted,
            Err(reason) => {
                leave_out(reason);
                continue;
            }
        };
        let amount = per_unit
            .checked_mul(i128::from(per))
            .ok_or("the amount is too large")?;
        found.findings.push(Finding {
            metric: metric.to_owned(),
            variant,
            above,
            amount,
            per,
            when: Dated::default(),
        });
    }
    found.shut_down = text("deprecation_date").and_then(|date| date.parse::<Date>().ok());
    listing
        .models
        .insert((service.to_owned(), model.to_owned()), found);
    Ok(())
}

/// `input_cost_per_token_above_200k_tokens_priority` in its parts.
fn field_parts(field: &str) -> (&str, Option<u64>, Variant) {
    let variants = [
        ("_batches", Variant::Batch),
        ("_flex", Variant::Flex),
        ("_priority", Variant::Priority),
    ];
    let (rest, variant) = variants
        .into_iter()
        .find_map(|(suffix, variant)| field.strip_suffix(suffix).map(|rest| (rest, variant)))
        .unwrap_or((field, Variant::Standard));
    let tier = rest.strip_suffix("k_tokens").and_then(|rest| {
        let (name, thousands) = rest.rsplit_once("_above_")?;
        Some((name, thousands.parse::<u64>().ok()?.checked_mul(1000)?))
    });
    match tier {
        Some((name, above)) => (name, Some(above), variant),
        None => (rest, None, variant),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_metric_a_tier_and_a_variant() {
        assert_eq!(
            field_parts("cache_read_input_token_cost_above_200k_tokens_priority"),
            (
                "cache_read_input_token_cost",
                Some(200_000),
                Variant::Priority
            )
        );
        assert_eq!(
            field_parts("output_cost_per_token"),
            ("output_cost_per_token", None, Variant::Standard)
        );
    }

    #[test]
    fn prices_are_taken_as_written_and_the_rest_is_listed() {
        let text = r#"{"gemini/m": {"mode": "chat", "input_cost_per_token": 3e-07, "output_cost_per_token": 0,
            "input_cost_per_second": 8.33333333333e-05, "output_cost_per_image": 0.04, "deprecation_date": "2027-03-15",
            "search_context_cost_per_query": {"low": 0.035}}, "vertex/m": {"input_cost_per_token": 1}}"#;
        let listing = read(text, "gemini/", "gemini").unwrap();
        let model = &listing.models[&("gemini".to_owned(), "m".to_owned())];
        assert_eq!(model.findings.len(), 1);
        assert_eq!(model.findings[0].amount.to_string(), "0.3");
        assert_eq!(model.shut_down.unwrap().to_string(), "2027-03-15");
        let left: Vec<_> = listing
            .left_out
            .iter()
            .map(|left| (left.field.as_str(), left.reason))
            .collect();
        assert_eq!(
            left,
            [
                (
                    "input_cost_per_second",
                    "a price per hour or minute does not end per second"
                ),
                ("output_cost_per_image", "no metric counts it"),
                (
                    "output_cost_per_token",
                    "zero, which in this list often means unknown"
                ),
            ]
        );
    }
}
