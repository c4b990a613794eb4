//! Writing price files: one line a rate, in one way, so that equal books are equal texts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use jiff::Timestamp;

use crate::money::thousands;
use crate::name::Name;
use crate::price_book::{BookSpec, Model};
use crate::rate::{Rate, Source};
use crate::usage::Variant;
use crate::utc;

/// A price book as text: its head, its models and rates one a line, then sources and services.
pub(crate) fn book(spec: &BookSpec) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "name = {}", quoted(&spec.name));
    let _ = writeln!(text, "title = {}", quoted(&spec.title));
    let _ = writeln!(text, "as_of = {}", spec.as_of);
    let _ = writeln!(text, "currency = \"USD\"");
    list(&mut text, "models", spec.models.iter().map(model_fields));
    list(
        &mut text,
        "rates",
        spec.rates
            .iter()
            .map(|rate| rate_fields(rate, &rate.source.id)),
    );
    sources(&mut text, spec.sources.iter());
    for (name, service) in &spec.services {
        let _ = writeln!(text, "\n[services.{}]", quoted(name));
        let _ = writeln!(text, "display_name = {}", quoted(&service.display_name));
        let _ = writeln!(text, "billing = {}", quoted(service.billing.as_str()));
        if let Some(model) = &service.default_model {
            let _ = writeln!(text, "default_model = {}", quoted(model));
        }
    }
    text
}

/// Overrides as text.
pub(crate) fn overrides(rates: &[Arc<Rate>]) -> String {
    let mut text = String::new();
    let used: BTreeSet<_> = rates.iter().map(|rate| &rate.source).collect();
    // Overrides of several origins may call different sources by one key: each gets its own.
    let mut keyed: BTreeMap<&Arc<Source>, Arc<Source>> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for source in used {
        let mut id = source.id.clone();
        let mut number = 2;
        while !taken.insert(id.clone()) {
            id = Name::from(format!("{} ({number})", source.id));
            number += 1;
        }
        let source_as_keyed = Arc::new(Source {
            id,
            ..Source::clone(source)
        });
        keyed.insert(source, source_as_keyed);
    }
    let id_of = |rate: &Rate| {
        keyed
            .get(&rate.source)
            .map_or(&rate.source.id, |source| &source.id)
            .clone()
    };
    list(
        &mut text,
        "rates",
        rates.iter().map(|rate| rate_fields(rate, &id_of(rate))),
    );
    sources(&mut text, keyed.values());
    text
}

/// One fact a line: a changed price is a changed line.
fn list(
    text: &mut String,
    key: &str,
    entries: impl ExactSizeIterator<Item = Vec<(&'static str, String)>>,
) {
    if entries.len() == 0 {
        return;
    }
    let _ = writeln!(text, "\n{key} = [");
    for fields in entries {
        let fields: Vec<_> = fields
            .iter()
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        let _ = writeln!(text, "  {{ {} }},", fields.join(", "));
    }
    text.push_str("]\n");
}

fn sources<'a>(text: &mut String, sources: impl Iterator<Item = &'a Arc<Source>>) {
    for source in sources {
        let _ = writeln!(text, "\n[sources.{}]", quoted(&source.id));
        let _ = writeln!(text, "title = {}", quoted(&source.title));
        if !source.url.is_empty() {
            let _ = writeln!(text, "url = {}", quoted(&source.url));
        }
        if let Some(date) = source.date {
            let _ = writeln!(text, "date = {date}");
        }
    }
}

fn model_fields(model: &Model) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("service", quoted(&model.service)),
        ("model", quoted(&model.model)),
    ];
    if let Some(date) = model.shut_down {
        fields.push(("shut_down", date.to_string()));
    }
    if let Some(multiplier) = model.credits_per_character {
        fields.push(("credits_per_character", quoted(&multiplier.to_string())));
    }
    if !model.note.is_empty() {
        fields.push(("note", quoted(&model.note)));
    }
    fields
}

/// The fields of a rate in the order in which a price file gives them, values as TOML.
fn rate_fields(rate: &Rate, source: &str) -> Vec<(&'static str, String)> {
    let mut fields = vec![("service", quoted(&rate.service))];
    if let Some(model) = &rate.model {
        fields.push(("model", quoted(model)));
    }
    fields.push(("metric", quoted(&rate.metric)));
    if rate.variant != Variant::Standard {
        fields.push(("variant", quoted(rate.variant.as_str())));
    }
    if let Some(threshold) = rate.above_input_tokens {
        fields.push(("above_input_tokens", grouped(threshold)));
    }
    fields.push(("amount", quoted(&rate.amount.to_string())));
    fields.push(("per", grouped(rate.unit_size)));
    if let Some(start) = rate.start {
        fields.push(("from", instant(start)));
    }
    if let Some(end) = rate.end {
        fields.push(("until", instant(end)));
    }
    fields.push(("source", quoted(source)));
    if !rate.note.is_empty() {
        fields.push(("note", quoted(&rate.note)));
    }
    fields
}

/// A whole number with underscores between its thousands, as TOML allows.
fn grouped(number: u64) -> String {
    thousands(u128::from(number)).replace(',', "_")
}

/// A midnight in UTC is written as its day.
fn instant(instant: Timestamp) -> String {
    let day = utc::day(instant);
    if utc::midnight(day) == Some(instant) {
        day.to_string()
    } else {
        instant.to_string()
    }
}

/// A TOML basic string. Everything that is not plain is escaped.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}
