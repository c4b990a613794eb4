//! Reading JSON that may be anything.

use serde_json::Value;

/// A field of an object; null counts as absent. The second spelling is the one that
/// protobuf's JSON form also allows.
pub(in crate::adapters) fn field<'a>(
    value: &'a Value,
    camel: &str,
    snake: &str,
) -> Option<&'a Value> {
    [camel, snake]
        .iter()
        .find_map(|name| value.get(name))
        .filter(|found| !found.is_null())
}

/// A field that is a text and not empty.
pub(in crate::adapters) fn text<'a>(value: &'a Value, camel: &str, snake: &str) -> Option<&'a str> {
    field(value, camel, snake)?
        .as_str()
        .filter(|text| !text.is_empty())
}

/// A field that is a list; anything else is an empty one.
pub(in crate::adapters) fn list<'a>(value: &'a Value, camel: &str, snake: &str) -> &'a [Value] {
    field(value, camel, snake)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A body as JSON; a list around a single object is taken off, as Google's streaming
/// front end and some proxies put one around.
pub(in crate::adapters) fn body(bytes: &[u8]) -> Option<Value> {
    match serde_json::from_slice(bytes).ok()? {
        Value::Array(mut items) if items.len() == 1 => items.pop(),
        value => Some(value),
    }
}
