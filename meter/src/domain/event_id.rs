//! Event ids as the meter keeps them: UUIDs in sixteen bytes, any other id as its text.

use std::hash::{Hash, Hasher};

use uuid::Uuid;

/// An event id. A UUID needs no memory of its own: ids are handed from thread to thread by the hundred thousand a second.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventId {
    /// A UUID that was written in lower case with hyphens, so that its text can be given back exactly.
    Uuid([u8; 16]),
    /// Any other id.
    Text(Box<str>),
}

impl EventId {
    /// The id of this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        // Only digits that are written as they would be given back.
        let lower = |text: &[u8]| !text.iter().any(u8::is_ascii_uppercase);
        if text.len() == uuid::fmt::Hyphenated::LENGTH
            && lower(text.as_bytes())
            && let Ok(uuid) = Uuid::try_parse(text)
        {
            return Self::Uuid(uuid.into_bytes());
        }
        Self::Text(Box::from(text))
    }

    /// Its text, exactly as it was sent.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Uuid(bytes) => Uuid::from_bytes(*bytes).hyphenated().to_string(),
            Self::Text(text) => text.to_string(),
        }
    }
}

/// Two words instead of sixteen bytes with their length: ids are hashed several times an event.
impl Hash for EventId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Uuid(bytes) => {
                let (words, _) = bytes.as_chunks::<8>();
                words
                    .iter()
                    .for_each(|word| state.write_u64(u64::from_ne_bytes(*word)));
            }
            Self::Text(text) => text.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_was_sent() {
        for text in [
            "0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e3f",
            "0199C3F2-7D4A-7C11-8A3E-5B0F6C1D2E3F",
            "0199c3f27d4a7c118a3e5b0f6c1d2e3f",
            "{0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e3f}",
            "a",
            "run 7/scene 3",
        ] {
            assert_eq!(EventId::of(text).to_text(), text);
        }
        assert!(matches!(
            EventId::of("0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e3f"),
            EventId::Uuid(_)
        ));
        assert!(matches!(
            EventId::of("0199C3F2-7D4A-7C11-8A3E-5B0F6C1D2E3F"),
            EventId::Text(_)
        ));
    }
}
