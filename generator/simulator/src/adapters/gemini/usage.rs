//! `usageMetadata`, as the real API writes it: zeros are left out, thinking stands beside the answer.

use serde_json::{Map, Value, json};

use crate::domain::faults::{Fault, Kind};
use crate::domain::journal::Billed;

/// The counts of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// The prompt's text.
    pub(super) prompt_text: u64,
    /// The prompt's pictures.
    pub(super) prompt_images: u64,
    /// The part of the prompt that came from the cache.
    pub(super) cached: u64,
    /// Results of tools, fed back as input.
    pub(super) tool_use: u64,
    /// The answer's words.
    pub(super) text: u64,
    /// The answer's pictures.
    pub(super) images: u64,
    /// Thinking.
    pub(super) thoughts: u64,
    /// How many pictures.
    pub(super) picture_count: u64,
}

impl Counts {
    fn prompt(&self) -> u64 {
        self.prompt_text + self.prompt_images
    }

    fn candidates(&self) -> u64 {
        self.text + self.images
    }

    fn total(&self) -> u64 {
        self.prompt() + self.candidates() + self.tool_use + self.thoughts
    }

    /// What the call is billed.
    pub(super) fn billed(&self) -> Billed {
        Billed {
            input_tokens: self.prompt() + self.tool_use,
            cached_tokens: self.cached,
            output_tokens: self.candidates(),
            thinking_tokens: self.thoughts,
            image_tokens: self.images,
            images: self.picture_count,
            characters: 0,
            credits: 0,
        }
    }

    /// The counts with what a fault adds to them.
    pub(super) fn with_fault(mut self, fault: Fault) -> Self {
        match fault.kind {
            Kind::Cached => self.cached = self.prompt_text * 9 / 10,
            Kind::ToolUse => self.tool_use = fault.amount_or(500.0) as u64,
            Kind::Thoughts => self.thoughts = fault.amount_or(2_000.0) as u64,
            _ => {}
        }
        self
    }

    /// The JSON of the counts, or nothing where a fault leaves it out.
    pub(super) fn json(&self, fault: Fault) -> Option<Value> {
        let mut usage = Map::new();
        let mut put = |name: &str, count: u64| {
            if count > 0 {
                usage.insert(name.to_owned(), json!(count));
            }
        };
        put("promptTokenCount", self.prompt());
        put("cachedContentTokenCount", self.cached);
        put("candidatesTokenCount", self.candidates());
        put("toolUsePromptTokenCount", self.tool_use);
        put("thoughtsTokenCount", self.thoughts);
        put("totalTokenCount", self.total());
        let mut details = |name: &str, text: u64, image: u64| {
            let list: Vec<Value> = [("TEXT", text), ("IMAGE", image)]
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(modality, count)| json!({"modality": modality, "tokenCount": count}))
                .collect();
            if !list.is_empty() {
                usage.insert(name.to_owned(), Value::Array(list));
            }
        };
        details("promptTokensDetails", self.prompt_text, self.prompt_images);
        details("cacheTokensDetails", self.cached, 0);
        details("toolUsePromptTokensDetails", self.tool_use, 0);
        if self.images > 0 {
            // A text answer has no details of its candidates; one with pictures names only those.
            let images = if fault.kind == Kind::DetailsMismatch {
                self.images - self.images / 7
            } else {
                self.images
            };
            details("candidatesTokensDetails", 0, images);
        } else if fault.kind == Kind::DetailsMismatch {
            details(
                "promptTokensDetails",
                self.prompt_text + 17,
                self.prompt_images,
            );
        }
        match fault.kind {
            Kind::NoUsage => return None,
            Kind::EmptyUsage => usage.clear(),
            Kind::NullUsage => usage
                .values_mut()
                .filter(|value| value.is_u64())
                .for_each(|value| *value = Value::Null),
            Kind::StringUsage => usage
                .values_mut()
                .filter(|value| value.is_u64())
                .for_each(|value| *value = Value::String(value.to_string())),
            Kind::NegativeUsage => {
                usage.insert("candidatesTokenCount".to_owned(), json!(-1));
            }
            Kind::TotalMismatch => {
                usage.insert("totalTokenCount".to_owned(), json!(self.total() + 1_000));
            }
            _ => {}
        }
        Some(Value::Object(usage))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const COUNTS: Counts = Counts {
        prompt_text: 100,
        prompt_images: 0,
        cached: 0,
        tool_use: 0,
        text: 40,
        images: 1_290,
        thoughts: 60,
        picture_count: 1,
    };

    #[test]
    fn the_total_is_the_sum_of_its_parts_and_zeros_are_left_out() {
        let usage = COUNTS.json(Fault::of(Kind::Ok)).unwrap();
        assert_eq!(usage["totalTokenCount"], 100 + 1_330 + 60);
        assert!(
            usage.get("cachedContentTokenCount").is_none()
                && usage.get("toolUsePromptTokenCount").is_none()
        );
        assert_eq!(
            usage["candidatesTokensDetails"],
            json!([{"modality": "IMAGE", "tokenCount": 1_290}])
        );
    }

    #[test]
    fn each_fault_of_the_counts_does_what_it_says() {
        let with = |kind: Kind| COUNTS.with_fault(Fault::of(kind)).json(Fault::of(kind));
        assert!(with(Kind::NoUsage).is_none());
        assert_eq!(with(Kind::EmptyUsage).unwrap(), json!({}));
        assert!(with(Kind::NullUsage).unwrap()["totalTokenCount"].is_null());
        assert_eq!(with(Kind::StringUsage).unwrap()["promptTokenCount"], "100");
        assert_eq!(with(Kind::Cached).unwrap()["cachedContentTokenCount"], 90);
        assert_eq!(with(Kind::ToolUse).unwrap()["toolUsePromptTokenCount"], 500);
        assert_eq!(with(Kind::ToolUse).unwrap()["totalTokenCount"], 1_490 + 500);
        assert_ne!(
            with(Kind::DetailsMismatch).unwrap()["candidatesTokensDetails"][0]["tokenCount"],
            1_290
        );
        assert_eq!(with(Kind::TotalMismatch).unwrap()["totalTokenCount"], 2_490);
        assert_eq!(
            with(Kind::NegativeUsage).unwrap()["candidatesTokenCount"],
            -1
        );
        assert_eq!(with(Kind::Thoughts).unwrap()["thoughtsTokenCount"], 2_000);
    }
}
