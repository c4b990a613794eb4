//! Reading JSON as the real server does, which is proto-JSON: camelCase and snake_case are one,
//! a field that the message does not have is refused by name, and so is a value of the wrong kind.

use serde_json::{Map, Value};

/// What a field holds.
pub(super) enum Kind {
    /// A text.
    Text,
    /// Bytes as base64.
    Bytes,
    /// A whole number, also as text.
    Whole,
    /// A number, also as text.
    Real,
    /// True or false.
    Flag,
    /// One of some names.
    Names(&'static str, &'static [&'static str]),
    /// A message.
    Message(&'static Message),
    /// A list.
    List(&'static Kind),
    /// A map from texts.
    Map(&'static Kind),
    /// Any JSON.
    Any,
}

/// A message: its fields by their camelCase names.
pub(super) struct Message {
    pub(super) fields: &'static [(&'static str, Kind)],
}

/// What is wrong: where, and a sentence.
pub(super) type Violation = (String, String);

/// The message with all its fields in camelCase, or everything that is wrong with it.
pub(super) fn read(value: &Value, message: &'static Message) -> Result<Value, Vec<Violation>> {
    let mut violations = Vec::new();
    let read = in_message(value, message, "", &mut violations);
    if violations.is_empty() {
        Ok(read)
    } else {
        Err(violations)
    }
}

/// More mistakes than this are not listed.
const VIOLATIONS_MAX: usize = 20;

fn in_message(
    value: &Value,
    message: &'static Message,
    at: &str,
    wrong: &mut Vec<Violation>,
) -> Value {
    let Value::Object(given) = value else {
        wrong_value(at, "Message", value, wrong);
        return Value::Null;
    };
    let mut read = Map::new();
    for (name, inner) in given {
        if wrong.len() >= VIOLATIONS_MAX {
            break;
        }
        let camel = camel_case(name);
        let Some((known, kind)) = message
            .fields
            .iter()
            .find(|(known, _)| *known == camel || *known == name)
        else {
            let place = if at.is_empty() {
                String::new()
            } else {
                format!(" at '{at}'")
            };
            wrong.push((at.to_owned(), format!("Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field.")));
            continue;
        };
        // In proto-JSON a null is an absent field.
        if inner.is_null() {
            continue;
        }
        let here = if at.is_empty() {
            snake_case(known)
        } else {
            format!("{at}.{}", snake_case(known))
        };
        read.insert((*known).to_owned(), in_field(inner, kind, &here, wrong));
    }
    Value::Object(read)
}

fn in_field(value: &Value, kind: &'static Kind, at: &str, wrong: &mut Vec<Violation>) -> Value {
    let fits = match kind {
        Kind::Any => true,
        Kind::Text => value.is_string(),
        Kind::Bytes => value.as_str().is_some_and(is_base64),
        Kind::Flag => value.is_boolean(),
        Kind::Whole => whole(value).is_some(),
        Kind::Real => {
            value.is_number()
                || value
                    .as_str()
                    .is_some_and(|text| text.parse::<f64>().is_ok())
        }
        Kind::Names(_, names) => {
            value.as_str().is_some_and(|name| names.contains(&name)) || value.is_u64()
        }
        Kind::Message(message) => return in_message(value, message, at, wrong),
        Kind::List(item) => return in_list(value, item, at, wrong),
        Kind::Map(item) => return in_map(value, item, at, wrong),
    };
    if !fits {
        wrong_value(at, type_name(kind), value, wrong);
    }
    match kind {
        Kind::Whole => whole(value).map_or(Value::Null, Value::from),
        Kind::Real => value
            .as_str()
            .and_then(|text| text.parse::<f64>().ok())
            .map_or_else(|| value.clone(), Value::from),
        _ => value.clone(),
    }
}

fn in_list(value: &Value, item: &'static Kind, at: &str, wrong: &mut Vec<Violation>) -> Value {
    match value {
        Value::Array(items) => Value::Array(
            items
                .iter()
                .enumerate()
                .map(|(n, inner)| in_field(inner, item, &format!("{at}[{n}]"), wrong))
                .collect(),
        ),
        // The real server takes a single message where a list of them is expected.
        Value::Object(_) if matches!(item, Kind::Message(_)) => {
            Value::Array(vec![in_field(value, item, at, wrong)])
        }
        _ => {
            wrong.push((at.to_owned(), format!("Invalid JSON payload received. Unknown name \"{}\": Proto field is not repeating, cannot start list.", at.rsplit('.').next().unwrap_or(at))));
            Value::Null
        }
    }
}

fn in_map(value: &Value, item: &'static Kind, at: &str, wrong: &mut Vec<Violation>) -> Value {
    let Value::Object(entries) = value else {
        wrong_value(at, "Map", value, wrong);
        return Value::Null;
    };
    Value::Object(
        entries
            .iter()
            .map(|(key, inner)| {
                (
                    key.clone(),
                    in_field(inner, item, &format!("{at}[{key}]"), wrong),
                )
            })
            .collect(),
    )
}

fn wrong_value(at: &str, type_name: &str, value: &Value, wrong: &mut Vec<Violation>) {
    let shown = value.to_string().chars().take(200).collect::<String>();
    wrong.push((
        at.to_owned(),
        format!("Invalid value at '{at}' ({type_name}), {shown}"),
    ));
}

fn type_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text => "TYPE_STRING",
        Kind::Bytes => "TYPE_BYTES",
        Kind::Whole => "TYPE_INT32",
        Kind::Real => "TYPE_FLOAT",
        Kind::Flag => "TYPE_BOOL",
        Kind::Names(name, _) => name,
        Kind::Message(_) | Kind::List(_) | Kind::Map(_) | Kind::Any => "Message",
    }
}

/// A whole number: `5`, `5.0` and `"5"` are one.
fn whole(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| {
            value
                .as_f64()
                .filter(|n| n.fract() == 0.0 && n.abs() < 9e15)
                .map(|n| n as i64)
        })
        .or_else(|| value.as_str()?.parse().ok())
}

fn is_base64(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_' | b'='))
}

/// `thinking_budget` as `thinkingBudget`; a leading underscore stays.
fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for letter in name.chars() {
        if letter == '_' && !camel.is_empty() {
            upper = true;
        } else if upper {
            camel.extend(letter.to_uppercase());
            upper = false;
        } else {
            camel.push(letter);
        }
    }
    camel
}

/// `thinkingBudget` as `thinking_budget`: errors name fields by their proto names.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::super::fields::GENERATE;
    use super::*;

    fn wrong(value: Value) -> Vec<String> {
        read(&value, &GENERATE)
            .unwrap_err()
            .into_iter()
            .map(|(_, description)| description)
            .collect()
    }

    #[test]
    fn both_spellings_are_read_and_written_as_one() {
        let camel = json!({"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}, "responseSchema": {"type": "OBJECT", "propertyOrdering": ["a"]}}});
        let snake = json!({"generation_config": {"thinking_config": {"thinking_budget": "0"}, "response_schema": {"type": "OBJECT", "property_ordering": ["a"]}}});
        assert_eq!(
            read(&camel, &GENERATE).unwrap(),
            read(&snake, &GENERATE).unwrap()
        );
    }

    #[test]
    fn an_unknown_name_is_refused_in_the_words_of_the_real_server() {
        assert_eq!(
            wrong(json!({"generationConfig": {"foo": 1}})),
            [
                "Invalid JSON payload received. Unknown name \"foo\" at 'generation_config': Cannot find field."
            ]
        );
        assert_eq!(
            wrong(json!({"bar": 1})),
            ["Invalid JSON payload received. Unknown name \"bar\": Cannot find field."]
        );
        assert_eq!(
            wrong(json!({"contents": [{"parts": [{"txt": "hi"}]}]})),
            [
                "Invalid JSON payload received. Unknown name \"txt\" at 'contents[0].parts[0]': Cannot find field."
            ]
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused() {
        assert_eq!(
            wrong(json!({"generationConfig": {"temperature": "hot"}})),
            ["Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"hot\""]
        );
        assert_eq!(
            wrong(json!({"contents": [{"parts": [{"text": 5}]}]})),
            ["Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 5"]
        );
        assert!(
            wrong(json!({"generationConfig": {"responseModalities": ["SMELL"]}}))[0]
                .contains("SMELL")
        );
    }

    #[test]
    fn a_schema_may_contain_schemas_and_its_properties_keep_their_names() {
        let value = json!({"generationConfig": {"responseSchema": {"type": "OBJECT", "properties": {"image_prompt": {"type": "STRING", "any_of": [{"type": "NULL"}]}}}}});
        let read = read(&value, &GENERATE).unwrap();
        assert_eq!(
            read["generationConfig"]["responseSchema"]["properties"]["image_prompt"]["anyOf"][0]["type"],
            "NULL"
        );
    }
}
