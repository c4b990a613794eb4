//! Schemas of structured answers, and instances of them.
//!
//! One reader takes both spellings in use: the OpenAPI subset of Gemini's `responseSchema`
//! (`"type": "OBJECT"`, `nullable`, `propertyOrdering`) and plain JSON Schema (`responseJsonSchema`,
//! and Ollama's `format`).

mod ordered;
mod pattern;
mod read;
mod sample;
#[cfg(test)]
mod tests;

pub use ordered::Ordered;
pub use read::read;
pub use sample::{Brief, instance};

/// The shape of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Anything goes.
    Any,
    /// Nothing but null.
    Null,
    /// True or false.
    Boolean,
    /// A whole number within bounds, a multiple of a step.
    Integer {
        /// Smallest allowed value.
        min: Option<i64>,
        /// Largest allowed value.
        max: Option<i64>,
        /// What the value is a multiple of.
        step: Option<i64>,
    },
    /// A number within bounds.
    Number {
        /// Smallest allowed value.
        min: Option<f64>,
        /// Largest allowed value.
        max: Option<f64>,
    },
    /// A text.
    Text(TextShape),
    /// One of the given values.
    OneOf(Vec<serde_json::Value>),
    /// A list.
    List(Box<ListShape>),
    /// An object, its fields in the order in which they are answered.
    Object {
        /// The fields.
        fields: Vec<Field>,
    },
    /// Any of several shapes.
    Either(Vec<Shape>),
}

/// The shape of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextShape {
    /// Such as `date-time` or `uuid`.
    pub format: Option<String>,
    /// A regular expression.
    pub pattern: Option<String>,
    /// Fewest letters.
    pub min_length: Option<usize>,
    /// Most letters.
    pub max_length: Option<usize>,
    /// What the schema says that the text is about.
    pub description: Option<String>,
}

/// The shape of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListShape {
    /// The shapes of the first items, where each has its own.
    pub first: Vec<Shape>,
    /// The shape of the other items.
    pub item: Shape,
    /// Fewest items.
    pub min: Option<usize>,
    /// Most items.
    pub max: Option<usize>,
    /// Whether no two items may be equal.
    pub unique: bool,
}

/// One field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
}

/// A schema that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// Something that is not a schema.
    #[error("{at}: a schema is an object or a boolean")]
    NotASchema {
        /// Where.
        at: String,
    },
    /// A type that does not exist.
    #[error("{at}: unknown type {name:?}")]
    UnknownType {
        /// Where.
        at: String,
        /// The type.
        name: String,
    },
    /// A reference to nothing.
    #[error("{at}: the reference {target:?} leads nowhere")]
    Dangling {
        /// Where.
        at: String,
        /// What it refers to.
        target: String,
    },
    /// A schema without end, such as an object that requires itself.
    #[error("{at}: the schema is nested deeper than {most} levels")]
    TooDeep {
        /// Where.
        at: String,
        /// The most levels.
        most: usize,
    },
}

impl Shape {
    /// The list of scenes in a script's schema, if this is one: the first list whose items are
    /// objects with a narration and an image prompt. The path leads there through field names.
    #[must_use]
    pub fn scenes(&self) -> Option<SceneList<'_>> {
        self.find_list(&mut Vec::new(), &|fields| {
            let has = |test: &dyn Fn(&str) -> bool| {
                fields
                    .iter()
                    .any(|field| is_text(&field.shape) && test(&field.name))
            };
            has(&crate::domain::script_names::is_narration)
                && has(&crate::domain::script_names::is_image_prompt)
        })
    }

    fn find_list<'a>(
        &'a self,
        path: &mut Vec<&'a str>,
        wanted: &dyn Fn(&[Field]) -> bool,
    ) -> Option<SceneList<'a>> {
        match self {
            Self::List(list) => {
                if let Self::Object { fields } = list.item.settled()
                    && wanted(fields)
                {
                    return Some(SceneList {
                        path: path.clone(),
                        min: list.min,
                        max: list.max,
                    });
                }
                list.item.find_list(path, wanted)
            }
            Self::Object { fields } => fields.iter().find_map(|field| {
                path.push(&field.name);
                let found = field.shape.find_list(path, wanted);
                path.pop();
                found
            }),
            Self::Either(shapes) => shapes
                .iter()
                .find_map(|shape| shape.find_list(path, wanted)),
            _ => None,
        }
    }

    /// The shape itself, or the first of several that is not null.
    #[must_use]
    pub fn settled(&self) -> &Shape {
        match self {
            Self::Either(shapes) => shapes
                .iter()
                .find(|shape| **shape != Self::Null)
                .map_or(self, Self::settled),
            other => other,
        }
    }
}

/// The list of scenes that a script's schema asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneList<'a> {
    /// The names of the fields that lead to it.
    pub path: Vec<&'a str>,
    /// Fewest scenes.
    pub min: Option<usize>,
    /// Most scenes.
    pub max: Option<usize>,
}

fn is_text(shape: &Shape) -> bool {
    matches!(shape.settled(), Shape::Text(_) | Shape::Any)
}
