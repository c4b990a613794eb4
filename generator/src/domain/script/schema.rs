//! The shape of an answer, independent of how a provider writes schemas.

/// The shape that a model's structured answer must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    /// A text.
    Text {
        /// What stands in it, for the model to read.
        description: String,
    },
    /// A list.
    List {
        /// What is listed.
        items: Box<Schema>,
        /// Exactly so many items.
        count: usize,
    },
    /// Fields, all of them required, in the order in which they should be written.
    Fields(Vec<(&'static str, Schema)>),
}

impl Schema {
    /// A text with a description.
    #[must_use]
    pub fn text(description: impl Into<String>) -> Self {
        Self::Text {
            description: description.into(),
        }
    }

    /// A list of so many items.
    #[must_use]
    pub fn list(items: Self, count: usize) -> Self {
        Self::List {
            items: Box::new(items),
            count,
        }
    }
}
