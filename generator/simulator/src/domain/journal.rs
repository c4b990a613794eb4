//! The simulator's own count of what it was asked and what it would have billed.

use std::collections::{BTreeMap, VecDeque};

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// Google's Gemini API.
    Gemini,
    /// ElevenLabs.
    ElevenLabs,
    /// Ollama.
    Ollama,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gemini, Self::ElevenLabs, Self::Ollama];

    /// Its name in rules and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gemini => "gemini",
            Self::ElevenLabs => "elevenlabs",
            Self::Ollama => "ollama",
        }
    }

    /// The provider of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == name)
    }
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// A script: structured output with scenes.
    Script,
    /// Narrations to be reworded.
    Rephrase,
    /// Animation code for a section.
    Code,
    /// Animation code that failed, to be corrected.
    Correction,
    /// Animation code whose picture has a fault, to be mended.
    VisualFix,
    /// Any other text.
    Text,
    /// A picture.
    Image,
    /// Tokens to be counted.
    CountTokens,
    /// Text to be spoken.
    Narration,
    /// The list of voices, or one of them.
    Voices,
    /// The subscription.
    Subscription,
    /// The user.
    User,
    /// The list of models, or one of them.
    Models,
    /// Ollama's completion of a prompt.
    Generate,
    /// Ollama's answer in a conversation.
    Chat,
    /// Ollama's list of models, its version, one model.
    Info,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Script,
        Self::Rephrase,
        Self::Code,
        Self::Correction,
        Self::VisualFix,
        Self::Text,
        Self::Image,
        Self::CountTokens,
        Self::Narration,
        Self::Voices,
        Self::Subscription,
        Self::User,
        Self::Models,
        Self::Generate,
        Self::Chat,
        Self::Info,
    ];

    /// Its name in rules and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Rephrase => "rephrase",
            Self::Code => "code",
            Self::Correction => "correction",
            Self::VisualFix => "visual_fix",
            Self::Text => "text",
            Self::Image => "image",
            Self::CountTokens => "count_tokens",
            Self::Narration => "narration",
            Self::Voices => "voices",
            Self::Subscription => "subscription",
            Self::User => "user",
            Self::Models => "models",
            Self::Generate => "generate",
            Self::Chat => "chat",
            Self::Info => "info",
        }
    }

    /// The operation of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
    }

    /// The providers that have it.
    #[must_use]
    pub fn providers(self) -> &'static [Provider] {
        match self {
            Self::Script
            | Self::Rephrase
            | Self::Code
            | Self::Correction
            | Self::VisualFix
            | Self::Text
            | Self::Image
            | Self::CountTokens => &[Provider::Gemini],
            Self::Narration | Self::Voices | Self::Subscription | Self::User => {
                &[Provider::ElevenLabs]
            }
            Self::Models => &[Provider::Gemini, Provider::ElevenLabs],
            Self::Generate | Self::Chat | Self::Info => &[Provider::Ollama],
        }
    }
}

/// What a call would have been billed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Billed {
    /// The whole prompt in tokens, with what came from a cache and from tools.
    pub input_tokens: u64,
    /// The part of the prompt that came from a cache.
    pub cached_tokens: u64,
    /// The answer in tokens, with pictures, without thinking.
    pub output_tokens: u64,
    /// Thinking in tokens.
    pub thinking_tokens: u64,
    /// The part of the answer that is pictures.
    pub image_tokens: u64,
    /// Pictures.
    pub images: u64,
    /// Characters to be spoken.
    pub characters: u64,
    /// Credits for them.
    pub credits: u64,
}

impl Billed {
    /// Adds another bill to this one.
    pub fn add(&mut self, other: &Self) {
        self.input_tokens += other.input_tokens;
        self.cached_tokens += other.cached_tokens;
        self.output_tokens += other.output_tokens;
        self.thinking_tokens += other.thinking_tokens;
        self.image_tokens += other.image_tokens;
        self.images += other.images;
        self.characters += other.characters;
        self.credits += other.credits;
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1, in the order of arrival.
    pub number: u64,
    /// The ID that the answer carries.
    pub id: String,
    /// Who was asked.
    pub provider: Provider,
    /// What for.
    pub operation: Operation,
    /// Which model or voice.
    pub model: String,
    /// `in_flight`, `ok`, `refused`, `abandoned`, or the name of the fault that it met.
    pub outcome: String,
    /// The HTTP status of the answer; 0 until there is one.
    pub status: u16,
    /// Bytes of the body of the request.
    pub request_bytes: u64,
    /// Bytes of the body of the answer.
    pub response_bytes: u64,
    /// What it would have been billed.
    pub billed: Billed,
}

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// Who was asked.
    pub provider: Provider,
    /// What for.
    pub operation: Operation,
    /// Which model or voice.
    pub model: String,
    /// How it ended.
    pub outcome: String,
}

/// Counts of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Calls.
    pub requests: u64,
    /// What they would have been billed.
    pub billed: Billed,
}

/// The count of all calls, and the newest of them.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    last_number: u64,
    entries: VecDeque<Entry>,
    counts: BTreeMap<Class, Count>,
}

/// Older calls than this many are only counted, no longer listed.
pub const ENTRIES_MAX: usize = 10_000;

/// Names of models come over the wire: beyond this many classes, new ones are counted as `other`.
const CLASSES_MAX: usize = 2_000;

impl Journal {
    /// Notes that a call has arrived, and gives its number.
    pub fn begin(
        &mut self,
        id: String,
        provider: Provider,
        operation: Operation,
        model: &str,
        request_bytes: u64,
    ) -> u64 {
        self.last_number += 1;
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            number: self.last_number,
            id,
            provider,
            operation,
            model: model.chars().take(MODEL_LETTERS_MAX).collect(),
            outcome: IN_FLIGHT.to_owned(),
            status: 0,
            request_bytes,
            response_bytes: 0,
            billed: Billed::default(),
        });
        self.last_number
    }

    /// Notes how a call ended. A call that is already noted as ended keeps its first outcome.
    pub fn end(
        &mut self,
        number: u64,
        outcome: &str,
        status: u16,
        response_bytes: u64,
        billed: Billed,
    ) {
        let Some(entry) = self
            .entries
            .iter_mut()
            .rev()
            .find(|entry| entry.number == number && entry.outcome == IN_FLIGHT)
        else {
            return;
        };
        entry.outcome = outcome.to_owned();
        entry.status = status;
        entry.response_bytes = response_bytes;
        entry.billed = billed;
        let mut class = Class {
            provider: entry.provider,
            operation: entry.operation,
            model: entry.model.clone(),
            outcome: outcome.to_owned(),
        };
        if self.counts.len() >= CLASSES_MAX && !self.counts.contains_key(&class) {
            class.model = "other".to_owned();
        }
        let count = self.counts.entry(class).or_default();
        count.requests += 1;
        count.billed.add(&billed);
    }

    /// How many calls have arrived.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.last_number
    }

    /// The calls that are not ended yet.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.entries
            .iter()
            .filter(|entry| entry.outcome == IN_FLIGHT)
            .count()
    }

    /// The counts of ended calls.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<Class, Count> {
        &self.counts
    }

    /// The calls after a number, oldest first, at most so many of the newest.
    #[must_use]
    pub fn after(&self, number: u64, most: usize) -> Vec<Entry> {
        let mut found: Vec<Entry> = self
            .entries
            .iter()
            .rev()
            .take_while(|entry| entry.number > number)
            .take(most)
            .cloned()
            .collect();
        found.reverse();
        found
    }
}

/// The outcome of a call that is still being answered.
pub const IN_FLIGHT: &str = "in_flight";

/// A longer name of a model is cut in the journal.
const MODEL_LETTERS_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_outcome_and_a_bill_is_added_up() {
        let mut journal = Journal::default();
        for outcome in ["ok", "ok", "status429"] {
            let number = journal.begin("id".into(), Provider::Gemini, Operation::Image, "m", 10);
            assert_eq!(journal.in_flight(), 1);
            journal.end(
                number,
                outcome,
                200,
                20,
                Billed {
                    images: u64::from(outcome == "ok"),
                    ..Billed::default()
                },
            );
            journal.end(number, "abandoned", 0, 0, Billed::default());
        }
        assert_eq!((journal.total(), journal.in_flight()), (3, 0));
        let requests: Vec<(String, u64, u64)> = journal
            .counts()
            .iter()
            .map(|(class, count)| (class.outcome.clone(), count.requests, count.billed.images))
            .collect();
        assert_eq!(
            requests,
            [("ok".to_owned(), 2, 2), ("status429".to_owned(), 1, 0)]
        );
    }

    #[test]
    fn the_journal_forgets_entries_but_not_counts() {
        let mut journal = Journal::default();
        for _ in 0..ENTRIES_MAX + 5 {
            let number = journal.begin(String::new(), Provider::Ollama, Operation::Chat, "m", 0);
            journal.end(number, "ok", 200, 0, Billed::default());
        }
        assert_eq!(journal.after(0, usize::MAX).len(), ENTRIES_MAX);
        assert_eq!(
            journal
                .counts()
                .values()
                .map(|count| count.requests)
                .sum::<u64>(),
            ENTRIES_MAX as u64 + 5
        );
        assert_eq!(
            journal
                .after(ENTRIES_MAX as u64, usize::MAX)
                .first()
                .map(|entry| entry.number),
            Some(ENTRIES_MAX as u64 + 1)
        );
    }
}
