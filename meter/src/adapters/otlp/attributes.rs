//! A span's attributes by name: its own go before its resource's.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

/// The attributes of one span.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attributes<'a> {
    pub(super) span: &'a [KeyValue],
    pub(super) resource: &'a [KeyValue],
}

impl<'a> Attributes<'a> {
    /// The text of the first of these that the span has and that is not empty.
    pub(super) fn text(&self, names: &[&str]) -> Option<&'a str> {
        first(self.span, names, text)
    }

    /// The same; where the span has none, the resource's.
    pub(super) fn text_anywhere(&self, names: &[&str]) -> Option<&'a str> {
        self.text(names)
            .or_else(|| first(self.resource, names, text))
    }

    /// The whole number of the first of these that the span has.
    pub(super) fn number(&self, names: &[&str]) -> Option<Number> {
        first(self.span, names, number)
    }

    /// The yes or no of one that the span or its resource has.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        [self.span, self.resource]
            .into_iter()
            .find_map(|attributes| first(attributes, &[name], flag))
    }
}

/// A count as somebody wrote it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// A whole number.
    Whole(i64),
    /// Anything else.
    Unreadable,
}

fn first<'a, T>(
    attributes: &'a [KeyValue],
    names: &[&str],
    read: fn(&'a Value) -> Option<T>,
) -> Option<T> {
    names.iter().find_map(|name| {
        let found = attributes.iter().find(|attribute| attribute.key == *name)?;
        match &found.value {
            Some(AnyValue { value: Some(value) }) => read(value),
            _ => None,
        }
    })
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::StringValue(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn number(value: &Value) -> Option<Number> {
    Some(match value {
        Value::IntValue(number) => Number::Whole(*number),
        // Some exporters write whole numbers as texts, as JSON does with 64 bits.
        Value::StringValue(text) => text.parse().map_or(Number::Unreadable, Number::Whole),
        _ => Number::Unreadable,
    })
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::BoolValue(flag) => Some(*flag),
        // Resource attributes of the environment are always texts.
        Value::StringValue(text) => text.parse().ok(),
        _ => None,
    }
}
