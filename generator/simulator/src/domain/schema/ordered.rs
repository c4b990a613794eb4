//! JSON values whose objects keep the order of their fields, as a schema's `propertyOrdering` asks.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// A JSON value with ordered fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Ordered {
    /// A value without fields to order.
    Plain(Value),
    /// A list.
    List(Vec<Ordered>),
    /// Fields in order.
    Fields(Vec<(String, Ordered)>),
}

impl Ordered {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Plain(Value::String(text.into()))
    }
}

impl<T: Into<Value>> From<T> for Ordered {
    fn from(value: T) -> Self {
        Self::Plain(value.into())
    }
}

impl Serialize for Ordered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => value.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Fields(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl std::fmt::Display for Ordered {
    /// As JSON text. The names are texts and the numbers finite, so nothing can go wrong.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| std::fmt::Error)?;
        f.write_str(&text)
    }
}
