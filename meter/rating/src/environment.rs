//! Overrides in an environment variable, `METER_RATES`.
//!
//! Entries are separated by semicolons or line breaks. Each is
//!
//! ```text
//! SERVICE/MODEL/METRIC = AMOUNT/UNITS [batch|flex|priority] [above N] [from WHEN] [until WHEN]
//! ```
//!
//! with `*` for every model of a service, amounts in US dollars, and days or RFC 3339 times:
//!
//! ```text
//! gemini/gemini-2.5-flash/input_tokens=0.30/1000000
//! elevenlabs/*/characters=0.0001/1 from 2026-12-01
//! gemini/gemini-2.5-pro/output_tokens=7.5/1_000_000 batch above 200000
//! ```
//!
//! A model may hold slashes: the service ends at the first, the metric begins after the last.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::name::Name;
use crate::overrides::{Overrides, repeated};
use crate::rate::{Rate, RateSpec, Source};
use crate::usage::Variant;
use crate::utc;

/// The variable that this syntax is read from.
pub const VARIABLE: &str = "METER_RATES";

/// A mistake in the variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: entry {entry} `{text}`: {reason}")]
pub struct EnvironmentError {
    /// The variable.
    pub variable: String,
    /// Which entry, from 1.
    pub entry: usize,
    /// The entry, escaped.
    pub text: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// Reads the value of a variable. An empty one sets nothing.
pub(crate) fn parse(variable: &str, value: &str) -> Result<Overrides, EnvironmentError> {
    let source = Source::named(&format!("environment variable {variable}"));
    let entries: Vec<&str> = value
        .split([';', '\n'])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .collect();
    let mistake = |place: usize, reason: String| EnvironmentError {
        variable: variable.to_owned(),
        entry: place + 1,
        text: entries
            .get(place)
            .map(|entry| entry.escape_debug().take(200).collect())
            .unwrap_or_default(),
        reason,
    };
    let mut rates = Vec::with_capacity(entries.len());
    for (place, entry) in entries.iter().enumerate() {
        let rate = parse_entry(entry, &source).map_err(|reason| mistake(place, reason))?;
        rates.push(Arc::new(rate));
    }
    if let Some((place, rate)) = repeated(&rates) {
        return Err(mistake(
            place,
            format!("a second rate for {rate} from the same start; keep one, or give one a date"),
        ));
    }
    Ok(rates.iter().map(|rate| Rate::clone(rate)).collect())
}

fn parse_entry(entry: &str, source: &Arc<Source>) -> Result<Rate, String> {
    let shape = "write it as SERVICE/MODEL/METRIC=AMOUNT/UNITS, with * for every model";
    let (subject, terms) = entry.split_once('=').ok_or(shape)?;
    let (service, rest) = subject.trim().split_once('/').ok_or(shape)?;
    let (model, metric) = rest.rsplit_once('/').ok_or(shape)?;
    let mut words = terms.split_whitespace();
    let (amount, units) = words
        .next()
        .and_then(|price| price.split_once('/'))
        .ok_or(shape)?;
    let amount = amount
        .parse()
        .map_err(|error| format!("amount {amount}: {error}"))?;
    let unit_size =
        whole(units).ok_or_else(|| format!("units {units} is not a whole number from 1 up"))?;
    let model = (model != "*").then_some(model);
    let mut spec = RateSpec::new(
        service,
        model,
        metric,
        amount,
        unit_size,
        Arc::clone(source),
    );
    spec.metric = Name::from(metric);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| format!("`{word}` needs a value after it"))
        };
        match word {
            "above" => {
                let text = value()?;
                let threshold =
                    whole(text).ok_or_else(|| format!("above {text} is not a whole number"))?;
                spec.above_input_tokens = Some(threshold);
            }
            "from" => spec.start = Some(instant(value()?)?),
            "until" => spec.end = Some(instant(value()?)?),
            _ => {
                spec.variant = word.parse::<Variant>().map_err(|_| {
                    format!("`{word}` is not understood; after the price come batch, flex, priority, above, from or until")
                })?;
            }
        }
    }
    Rate::new(spec).map_err(|error| error.to_string())
}

fn whole(text: &str) -> Option<u64> {
    text.replace('_', "").parse().ok()
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let day = text
        .parse::<Date>()
        .ok()
        .filter(|_| text.len() == "2027-01-01".len());
    day.and_then(utc::midnight)
        .or_else(|| text.parse().ok())
        .ok_or_else(|| {
            format!("`{text}` is not a day like 2027-01-01 or a time like 2027-01-01T00:00:00Z")
        })
}
