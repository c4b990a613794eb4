//! Reading a schema.

use serde_json::{Map, Value};

use super::{Error, Field, ListShape, Shape, TextShape};

/// A schema nested deeper than this is refused. Optional parts that refer to themselves are cut
/// before, at [`SELF_REFERENCES_MAX`].
const DEPTH_MAX: usize = 64;

/// How often a reference may lead into itself before its optional parts are left out.
const SELF_REFERENCES_MAX: usize = 2;

/// Reads a schema.
///
/// # Errors
///
/// If it is not a schema: a wrong type, a reference that leads nowhere, or no end to it.
pub fn read(schema: &Value) -> Result<Shape, Error> {
    Reader {
        root: schema,
        open: Vec::new(),
    }
    .shape(schema, "schema", 0)
}

struct Reader<'a> {
    root: &'a Value,
    /// The references that are being followed.
    open: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn shape(&mut self, schema: &'a Value, at: &str, depth: usize) -> Result<Shape, Error> {
        if depth > DEPTH_MAX {
            return Err(Error::TooDeep {
                at: at.to_owned(),
                most: DEPTH_MAX,
            });
        }
        let schema = match schema {
            Value::Bool(_) => return Ok(Shape::Any),
            Value::Object(schema) => schema,
            _ => return Err(Error::NotASchema { at: at.to_owned() }),
        };
        if let Some(Value::String(target)) = get(schema, &["$ref", "ref"]) {
            return self.referred(target, at, depth);
        }
        let shape = self.bare(schema, at, depth)?;
        let nullable = get(schema, &["nullable"])
            .and_then(Value::as_bool)
            .unwrap_or(false);
        Ok(if nullable && shape != Shape::Null {
            Shape::Either(vec![shape, Shape::Null])
        } else {
            shape
        })
    }

    fn referred(&mut self, target: &'a str, at: &str, depth: usize) -> Result<Shape, Error> {
        let dangling = || Error::Dangling {
            at: at.to_owned(),
            target: target.to_owned(),
        };
        let pointer = target.strip_prefix('#').ok_or_else(dangling)?;
        let found = if pointer.is_empty() {
            Some(self.root)
        } else {
            self.root.pointer(pointer)
        };
        let found = found.ok_or_else(dangling)?;
        if self.open.iter().filter(|open| **open == target).count() >= SELF_REFERENCES_MAX {
            return Err(Error::TooDeep {
                at: at.to_owned(),
                most: SELF_REFERENCES_MAX,
            });
        }
        self.open.push(target);
        let shape = self.shape(found, at, depth + 1);
        self.open.pop();
        shape
    }

    fn bare(
        &mut self,
        schema: &'a Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<Shape, Error> {
        if let Some(value) = schema.get("const") {
            return Ok(Shape::OneOf(vec![value.clone()]));
        }
        if let Some(Value::Array(values)) = schema.get("enum")
            && !values.is_empty()
        {
            return Ok(Shape::OneOf(values.clone()));
        }
        for key in ["anyOf", "any_of", "oneOf", "one_of"] {
            if let Some(Value::Array(options)) = schema.get(key) {
                return self.either(options, &format!("{at}.{key}"), depth);
            }
        }
        if let Some(Value::Array(parts)) = get(schema, &["allOf", "all_of"]) {
            return self.merged(schema, parts, at, depth);
        }
        match schema.get("type") {
            Some(Value::String(name)) => self.typed(name, schema, at, depth),
            Some(Value::Array(names)) => {
                let mut shapes = Vec::new();
                for name in names.iter().filter_map(Value::as_str) {
                    shapes.push(self.typed(name, schema, at, depth)?);
                }
                // Null is a way out, not the first choice.
                shapes.sort_by_key(|shape| *shape == Shape::Null);
                Ok(if shapes.len() == 1 {
                    shapes.remove(0)
                } else {
                    Shape::Either(shapes)
                })
            }
            _ if schema.contains_key("properties") => self.typed("object", schema, at, depth),
            _ if schema.contains_key("items") => self.typed("array", schema, at, depth),
            _ => Ok(Shape::Any),
        }
    }

    fn typed(
        &mut self,
        name: &str,
        schema: &'a Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<Shape, Error> {
        match name.to_ascii_lowercase().as_str() {
            "object" => self.object(schema, at, depth),
            "array" => self.list(schema, at, depth),
            "string" => Ok(Shape::Text(text(schema))),
            "integer" => Ok(integer(schema)),
            "number" => Ok(number(schema)),
            "boolean" => Ok(Shape::Boolean),
            "null" => Ok(Shape::Null),
            "type_unspecified" => Ok(Shape::Any),
            _ => Err(Error::UnknownType {
                at: at.to_owned(),
                name: name.to_owned(),
            }),
        }
    }

    fn either(&mut self, options: &'a [Value], at: &str, depth: usize) -> Result<Shape, Error> {
        let mut shapes = Vec::new();
        let mut too_deep = None;
        for (index, option) in options.iter().enumerate() {
            match self.shape(option, &format!("{at}[{index}]"), depth + 1) {
                Ok(shape) => shapes.push(shape),
                // One way out of a schema that contains itself is enough.
                Err(error @ Error::TooDeep { .. }) => too_deep = Some(error),
                Err(error) => return Err(error),
            }
        }
        match (shapes.len(), too_deep) {
            (0, Some(error)) => Err(error),
            (0, None) => Ok(Shape::Any),
            (1, _) => Ok(shapes.remove(0)),
            _ => {
                shapes.sort_by_key(|shape| *shape == Shape::Null);
                Ok(Shape::Either(shapes))
            }
        }
    }

    /// `allOf`: the fields of all parts together; for anything but objects, the first part.
    fn merged(
        &mut self,
        schema: &'a Map<String, Value>,
        parts: &'a [Value],
        at: &str,
        depth: usize,
    ) -> Result<Shape, Error> {
        let mut all = Vec::new();
        let mut other = None;
        if schema.contains_key("properties")
            && let Shape::Object { fields } = self.object(schema, at, depth)?
        {
            all.extend(fields);
        }
        for (index, part) in parts.iter().enumerate() {
            match self.shape(part, &format!("{at}.allOf[{index}]"), depth + 1)? {
                Shape::Object { fields } => {
                    for field in fields {
                        match all
                            .iter_mut()
                            .find(|known: &&mut Field| known.name == field.name)
                        {
                            Some(known) => known.required |= field.required,
                            None => all.push(field),
                        }
                    }
                }
                Shape::Any => {}
                shape => other = other.or(Some(shape)),
            }
        }
        Ok(other
            .filter(|_| all.is_empty())
            .unwrap_or(Shape::Object { fields: all }))
    }

    fn object(
        &mut self,
        schema: &'a Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<Shape, Error> {
        let required: Vec<&str> = names(schema.get("required"));
        let order: Vec<&str> = names(get(schema, &["propertyOrdering", "property_ordering"]));
        let Some(Value::Object(properties)) = schema.get("properties") else {
            return Ok(Shape::Object { fields: Vec::new() });
        };
        let mut fields = Vec::new();
        for (name, property) in properties {
            let required = required.contains(&name.as_str());
            match self.shape(property, &format!("{at}.{name}"), depth + 1) {
                Ok(shape) => fields.push(Field {
                    name: name.clone(),
                    shape,
                    required,
                }),
                // An optional field that contains its own object ends the nesting by its absence.
                Err(Error::TooDeep { .. }) if !required => {}
                Err(error) => return Err(error),
            }
        }
        let place = |name: &str| {
            let in_order = order.iter().position(|wanted| *wanted == name);
            let in_required = required.iter().position(|wanted| *wanted == name);
            (
                in_order.unwrap_or(usize::MAX),
                in_required.unwrap_or(usize::MAX),
            )
        };
        fields.sort_by_key(|field| place(&field.name));
        Ok(Shape::Object { fields })
    }

    fn list(
        &mut self,
        schema: &'a Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<Shape, Error> {
        let min = get(schema, &["minItems", "min_items"]).and_then(whole);
        let max = get(schema, &["maxItems", "max_items"]).and_then(whole);
        let mut first = Vec::new();
        if let Some(Value::Array(items)) = get(schema, &["prefixItems", "prefix_items"]) {
            for (index, item) in items.iter().enumerate() {
                first.push(self.shape(item, &format!("{at}.prefixItems[{index}]"), depth + 1)?);
            }
        }
        let item = match schema.get("items") {
            Some(item) => match self.shape(item, &format!("{at}.items"), depth + 1) {
                Ok(shape) => shape,
                // A list that may be empty ends the nesting by being so.
                Err(Error::TooDeep { .. }) if min.unwrap_or(0) == 0 => {
                    let empty = ListShape {
                        first,
                        item: Shape::Any,
                        min: None,
                        max: Some(0),
                        unique: false,
                    };
                    return Ok(Shape::List(Box::new(empty)));
                }
                Err(error) => return Err(error),
            },
            None => Shape::Any,
        };
        let unique = get(schema, &["uniqueItems", "unique_items"])
            .and_then(Value::as_bool)
            .unwrap_or(false);
        Ok(Shape::List(Box::new(ListShape {
            first,
            item,
            min,
            max,
            unique,
        })))
    }
}

fn get<'a>(schema: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| schema.get(*name))
}

fn names(value: Option<&Value>) -> Vec<&str> {
    value
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// A whole number, also when it is written as text, as proto-JSON writes 64-bit numbers.
fn whole(value: &Value) -> Option<usize> {
    value
        .as_u64()
        .or_else(|| value.as_str()?.parse().ok())
        .and_then(|n| usize::try_from(n).ok())
}

fn text(schema: &Map<String, Value>) -> TextShape {
    let string = |name: &str| schema.get(name).and_then(Value::as_str).map(str::to_owned);
    TextShape {
        format: string("format"),
        pattern: string("pattern"),
        min_length: get(schema, &["minLength", "min_length"]).and_then(whole),
        max_length: get(schema, &["maxLength", "max_length"]).and_then(whole),
        description: string("description"),
    }
}

fn integer(schema: &Map<String, Value>) -> Shape {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let low = [
        bound("minimum").map(f64::ceil),
        bound("exclusiveMinimum").map(|n| n.floor() + 1.0),
    ]
    .into_iter()
    .flatten()
    .reduce(f64::max);
    let high = [
        bound("maximum").map(f64::floor),
        bound("exclusiveMaximum").map(|n| n.ceil() - 1.0),
    ]
    .into_iter()
    .flatten()
    .reduce(f64::min);
    let step = schema
        .get("multipleOf")
        .and_then(Value::as_i64)
        .filter(|step| *step > 0);
    Shape::Integer {
        min: low.map(|n| n as i64),
        max: high.map(|n| n as i64),
        step,
    }
}

fn number(schema: &Map<String, Value>) -> Shape {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let low = [
        bound("minimum"),
        bound("exclusiveMinimum").map(|n| n + n.abs().max(1.0) * 1e-6),
    ]
    .into_iter()
    .flatten()
    .reduce(f64::max);
    let high = [
        bound("maximum"),
        bound("exclusiveMaximum").map(|n| n - n.abs().max(1.0) * 1e-6),
    ]
    .into_iter()
    .flatten()
    .reduce(f64::min);
    Shape::Number {
        min: low,
        max: high,
    }
}
