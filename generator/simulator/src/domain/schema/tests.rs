#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Brief, Error, instance, read};
use crate::domain::script;
use crate::domain::seed::Seed;

fn sample(schema: &Value) -> Value {
    let shape = read(schema).unwrap_or_else(|error| panic!("{schema}: {error}"));
    let brief = Brief::about(&script::compose("Why do volcanoes erupt?", 3));
    serde_json::from_str(&instance(&shape, &brief, Seed::of("test")).to_string()).unwrap()
}

/// A checker of its own, for what the schemas here use; it shares no code with the sampler.
fn check(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}: {value} against {schema}"));
    if let Some(target) = schema["$ref"].as_str() {
        return check(
            value,
            root.pointer(target.trim_start_matches('#')).unwrap(),
            root,
        );
    }
    if value.is_null() && schema["nullable"] == true {
        return Ok(());
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(options) = schema[key].as_array() {
            return if options
                .iter()
                .any(|option| check(value, option, root).is_ok())
            {
                Ok(())
            } else {
                wrong("none of")
            };
        }
    }
    if let Some(values) = schema["enum"].as_array()
        && !values.contains(value)
    {
        return wrong("enum");
    }
    if schema
        .get("const")
        .is_some_and(|constant| constant != value)
    {
        return wrong("const");
    }
    let limit = |name: &str| {
        schema[name]
            .as_u64()
            .or_else(|| schema[name].as_str()?.parse().ok())
    };
    let kind = schema["type"].as_str().unwrap_or_default().to_lowercase();
    match kind.as_str() {
        "object" => {
            let Some(fields) = value.as_object() else {
                return wrong("object");
            };
            for name in schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                if !fields.contains_key(name) {
                    return wrong(name);
                }
            }
            for (name, field) in fields {
                check(field, &schema["properties"][name], root)?;
            }
            Ok(())
        }
        "array" => {
            let Some(items) = value.as_array() else {
                return wrong("array");
            };
            let length = items.len() as u64;
            if limit("minItems").is_some_and(|min| length < min)
                || limit("maxItems").is_some_and(|max| length > max)
            {
                return wrong("length");
            }
            items
                .iter()
                .try_for_each(|item| check(item, &schema["items"], root))
        }
        "string" => {
            let Some(text) = value.as_str() else {
                return wrong("string");
            };
            let length = text.chars().count() as u64;
            let fits = limit("minLength").is_none_or(|min| length >= min)
                && limit("maxLength").is_none_or(|max| length <= max);
            if fits { Ok(()) } else { wrong("length") }
        }
        "integer" | "number" => {
            let Some(number) = value.as_f64() else {
                return wrong("number");
            };
            let whole = kind != "integer" || value.is_i64() || value.is_u64();
            let fits = schema["minimum"].as_f64().is_none_or(|min| number >= min)
                && schema["maximum"].as_f64().is_none_or(|max| number <= max);
            if whole && fits {
                Ok(())
            } else {
                wrong("range")
            }
        }
        "boolean" if !value.is_boolean() => wrong("boolean"),
        "null" if !value.is_null() => wrong("null"),
        _ => Ok(()),
    }
}

/// Schemas of both spellings, nested up to four deep.
fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "boolean"})),
        Just(json!({"type": "NULL"})),
        Just(json!({"enum": ["red", "green", 3]})),
        Just(json!({"const": "fixed"})),
        (0_u64..40, 0_u64..40).prop_map(
            |(min, more)| json!({"type": "string", "minLength": min, "maxLength": min + more})
        ),
        (-50_i64..50, 0_i64..50).prop_map(
            |(min, more)| json!({"type": "INTEGER", "minimum": min, "maximum": min + more})
        ),
        (-50.0_f64..50.0, 0.1_f64..50.0).prop_map(
            |(min, more)| json!({"type": "number", "minimum": min, "maximum": min + more})
        ),
        Just(json!({"type": "STRING", "nullable": true})),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0_u64..4, 0_u64..4).prop_map(|(items, min, more)| json!({"type": "ARRAY", "items": items, "minItems": min.to_string(), "maxItems": min + more})),
            proptest::collection::vec((inner.clone(), any::<bool>()), 0..4).prop_map(|fields| {
                let name = |n: usize| format!("field_{n}");
                let required: Vec<String> = fields.iter().enumerate().filter(|(_, (_, required))| *required).map(|(n, _)| name(n)).collect();
                let properties: serde_json::Map<String, Value> = fields.into_iter().enumerate().map(|(n, (schema, _))| (name(n), schema)).collect();
                json!({"type": "object", "properties": properties, "required": required})
            }),
            proptest::collection::vec(inner, 1..3).prop_map(|options| json!({"anyOf": options})),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_schema_gets_a_valid_instance(schema in schemas()) {
        let value = sample(&schema);
        prop_assert_eq!(check(&value, &schema, &schema), Ok(()));
    }
}

#[test]
fn the_checker_itself_notices_what_is_wrong() {
    for (value, schema) in [
        (json!({}), json!({"type": "object", "required": ["a"]})),
        (
            json!([1]),
            json!({"type": "array", "items": {"type": "string"}}),
        ),
        (json!("abc"), json!({"type": "string", "maxLength": 2})),
        (json!(1.5), json!({"type": "integer"})),
        (json!("blue"), json!({"enum": ["red"]})),
    ] {
        assert!(check(&value, &schema, &schema).is_err(), "{value} {schema}");
    }
}

#[test]
fn a_schema_that_contains_itself_ends() {
    let tree = json!({
        "$defs": {"node": {"type": "object", "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}, "required": ["name", "children", "next"]}},
        "$ref": "#/$defs/node",
    });
    let value = sample(&tree);
    assert_eq!(check(&value, &tree, &tree), Ok(()));
    assert!(value["name"].is_string());
    let endless = json!({"$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["next"]}}, "$ref": "#/$defs/node"});
    assert!(matches!(read(&endless), Err(Error::TooDeep { .. })));
}

#[test]
fn patterns_and_formats_are_followed() {
    for (pattern, fits) in [
        (
            r"^[A-Z]{2}-\d{3,5}$",
            (|text| text.len() >= 6 && text.as_bytes()[2] == b'-') as fn(&str) -> bool,
        ),
        (r"^(red|green)_\w+$", |text| {
            text.starts_with("red_") || text.starts_with("green_")
        }),
        (r"^#[0-9a-f]{6}$", |text| {
            text.len() == 7 && text.starts_with('#')
        }),
        (r"[^a-z]+", |text| {
            !text.is_empty() && !text.bytes().any(|b| b.is_ascii_lowercase())
        }),
    ] {
        let value = sample(&json!({"type": "string", "pattern": pattern}));
        assert!(fits(value.as_str().unwrap()), "{pattern}: {value}");
    }
    let date = sample(&json!({"type": "string", "format": "date-time"}));
    assert_eq!(date.as_str().unwrap().len(), 20);
    assert_eq!(
        sample(&json!({"type": "string", "format": "uuid"}))
            .as_str()
            .unwrap()
            .len(),
        36
    );
}

#[test]
fn fields_come_in_the_order_that_the_schema_asks_for() {
    let schema = json!({"type": "OBJECT", "properties": {"a": {"type": "STRING"}, "z": {"type": "STRING"}, "m": {"type": "STRING"}}, "propertyOrdering": ["z", "a", "m"]});
    let text = instance(
        &read(&schema).unwrap(),
        &Brief::default(),
        Seed::of("order"),
    )
    .to_string();
    let at = |name: &str| text.find(&format!("\"{name}\":")).unwrap();
    assert!(at("z") < at("a") && at("a") < at("m"), "{text}");
}

#[test]
fn scenes_are_recognised_under_other_names_too() {
    for (list, narration, image) in [
        ("scenes", "narration", "image_prompt"),
        ("slides", "voiceOver", "visualDescription"),
        ("parts", "text", "imagePrompt"),
    ] {
        let schema = json!({"type": "object", "properties": {"video": {"type": "object", "properties": {list: {"type": "array", "items": {"type": "object", "properties": {
            narration: {"type": "string"}, image: {"type": "string"}, "number": {"type": "integer"}, "duration_seconds": {"type": "number"}, "heading": {"type": "string"}
        }, "required": [narration, image]}}}}}});
        let shape = read(&schema).unwrap();
        let scenes = shape.scenes().unwrap();
        assert_eq!(scenes.path, ["video", list]);
        let told = script::compose("tides", 4);
        let brief = Brief {
            script: Some((told.clone(), vec!["video".to_owned(), list.to_owned()])),
            ..Brief::about(&told)
        };
        let value: Value =
            serde_json::from_str(&instance(&shape, &brief, Seed::of("x")).to_string()).unwrap();
        let items = value["video"][list].as_array().unwrap();
        assert_eq!(items.len(), 4);
        assert_eq!(items[2][narration], told.scenes[2].narration.as_str());
        assert_eq!(items[2][image], told.scenes[2].image_prompt.as_str());
        assert_eq!(items[2]["number"], 3);
        assert!(items[2]["duration_seconds"].as_f64().unwrap() > 5.0);
    }
    assert!(read(&json!({"type": "object", "properties": {"scenes": {"type": "array", "items": {"type": "string"}}}})).unwrap().scenes().is_none());
}

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    for (schema, part) in [
        (json!(5), "schema"),
        (
            json!({"type": "object", "properties": {"a": {"type": "strin"}}}),
            "schema.a",
        ),
        (
            json!({"type": "array", "items": {"$ref": "#/nowhere"}}),
            "schema.items",
        ),
    ] {
        let error = read(&schema).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
