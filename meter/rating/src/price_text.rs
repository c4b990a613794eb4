//! Writing price files: one line a rate, in one way, so that equal books are equal texts.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use jiff::Timestamp;

use crate::price_book::BookSpec;
use crate::rate::{Rate, Source};
use crate::usage::Variant;
use crate::utc;

/// A price book as text.
pub(crate) fn book(spec: &BookSpec) -> String {
    let mut text = String::new();
    line(&mut text, &[("name", quoted(&spec.name))]);
    line(&mut text, &[("title", quoted(&spec.title))]);
    line(&mut text, &[("as_of", spec.as_of.to_string())]);
    line(&mut text, &[("currency", quoted("USD"))]);
    sources(&mut text, spec.sources.iter());
    for (name, service) in &spec.services {
        let _ = write!(text, "\n[services.{}]\n", quoted(name));
        line(
            &mut text,
            &[("display_name", quoted(&service.display_name))],
        );
        line(&mut text, &[("billing", quoted(service.billing.as_str()))]);
        if let Some(model) = &service.default_model {
            line(&mut text, &[("default_model", quoted(model))]);
        }
    }
    for model in &spec.models {
        text.push_str("\n[[models]]\n");
        line(&mut text, &[("service", quoted(&model.service))]);
        line(&mut text, &[("model", quoted(&model.model))]);
        if let Some(date) = model.shut_down {
            line(&mut text, &[("shut_down", date.to_string())]);
        }
        if let Some(multiplier) = model.credits_per_character {
            line(
                &mut text,
                &[("credits_per_character", quoted(&multiplier.to_string()))],
            );
        }
        if !model.note.is_empty() {
            line(&mut text, &[("note", quoted(&model.note))]);
        }
    }
    rates(&mut text, &spec.rates);
    text
}

/// Overrides as text.
pub(crate) fn overrides(list: &[Arc<Rate>]) -> String {
    let mut text = String::new();
    let used: BTreeSet<_> = list.iter().map(|rate| &rate.source).collect();
    sources(&mut text, used.into_iter());
    rates(&mut text, list);
    text
}

fn sources<'a>(text: &mut String, sources: impl Iterator<Item = &'a Arc<Source>>) {
    for source in sources {
        let _ = write!(text, "\n[sources.{}]\n", quoted(&source.id));
        line(text, &[("title", quoted(&source.title))]);
        if !source.url.is_empty() {
            line(text, &[("url", quoted(&source.url))]);
        }
        if let Some(date) = source.date {
            line(text, &[("date", date.to_string())]);
        }
    }
}

fn rates(text: &mut String, rates: &[Arc<Rate>]) {
    for rate in rates {
        text.push_str("\n[[rates]]\n");
        for (key, value) in rate_fields(rate) {
            line(text, &[(key, value)]);
        }
    }
}

/// The fields of a rate in the order in which a price file gives them, values as TOML.
#[must_use]
pub(crate) fn rate_fields(rate: &Rate) -> Vec<(&'static str, String)> {
    let mut fields = vec![("service", quoted(&rate.service))];
    if let Some(model) = &rate.model {
        fields.push(("model", quoted(model)));
    }
    fields.push(("metric", quoted(&rate.metric)));
    if rate.variant != Variant::Standard {
        fields.push(("variant", quoted(rate.variant.as_str())));
    }
    if let Some(threshold) = rate.above_input_tokens {
        fields.push(("above_input_tokens", threshold.to_string()));
    }
    fields.push(("amount", quoted(&rate.amount.to_string())));
    fields.push(("per", rate.unit_size.to_string()));
    if let Some(start) = rate.start {
        fields.push(("from", instant(start)));
    }
    if let Some(end) = rate.end {
        fields.push(("until", instant(end)));
    }
    fields.push(("source", quoted(&rate.source.id)));
    if !rate.note.is_empty() {
        fields.push(("note", quoted(&rate.note)));
    }
    fields
}

fn line(text: &mut String, fields: &[(&str, String)]) {
    for (key, value) in fields {
        let _ = writeln!(text, "{key} = {value}");
    }
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
