//! Reads `usageMetadata`, whatever stands in it.

use serde_json::Value;

use crate::adapters::http::{json, read_count, shown};
use crate::domain::usage::{Anomaly, COUNT_MAX, Count, GeminiCounts, Modalities};

/// The counts of an answer; `None` when it has no usage at all, not even an odd one.
///
/// Nothing in here fails: a count that cannot be read is noted and left to the domain
/// to estimate.
pub(super) fn read(answer: &Value) -> Option<GeminiCounts> {
    let usage = json::field(answer, "usageMetadata", "usage_metadata")?;
    let mut counts = GeminiCounts::default();
    let Value::Object(_) = usage else {
        counts.oddities.push(Anomaly::Unreadable {
            field: "usageMetadata",
            found: shown(usage),
        });
        return Some(counts);
    };
    let mut reader = Reader {
        usage,
        oddities: Vec::new(),
    };
    counts.prompt = reader.count("promptTokenCount", "prompt_token_count");
    counts.cached = reader.count("cachedContentTokenCount", "cached_content_token_count");
    counts.candidates = reader.count("candidatesTokenCount", "candidates_token_count");
    counts.thoughts = reader.count("thoughtsTokenCount", "thoughts_token_count");
    counts.tool_use = reader.count("toolUsePromptTokenCount", "tool_use_prompt_token_count");
    counts.total = reader.count("totalTokenCount", "total_token_count");
    counts.prompt_details = reader.details("promptTokensDetails", "prompt_tokens_details");
    counts.cache_details = reader.details("cacheTokensDetails", "cache_tokens_details");
    counts.candidates_details =
        reader.details("candidatesTokensDetails", "candidates_tokens_details");
    counts.oddities = reader.oddities;
    Some(counts)
}

struct Reader<'a> {
    usage: &'a Value,
    oddities: Vec<Anomaly>,
}

impl Reader<'_> {
    fn count(&mut self, camel: &'static str, snake: &str) -> Count {
        match json::field(self.usage, camel, snake) {
            None => Count::Absent,
            Some(value) => {
                let (count, oddity) = read_count(value, camel);
                self.oddities.extend(oddity);
                count
            }
        }
    }

    fn details(&mut self, camel: &'static str, snake: &str) -> Modalities {
        let mut split = Modalities::default();
        for item in json::list(self.usage, camel, snake) {
            let Some(value) = json::field(item, "tokenCount", "token_count") else {
                continue;
            };
            let (count, oddity) = read_count(value, camel);
            self.oddities.extend(oddity);
            let tokens = count.or_zero();
            let modality = json::text(item, "modality", "modality").unwrap_or_default();
            let place = match modality.to_ascii_uppercase().as_str() {
                "IMAGE" => &mut split.image,
                "AUDIO" => &mut split.audio,
                _ => &mut split.other,
            };
            *place = place.saturating_add(tokens).min(COUNT_MAX);
        }
        split
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_spellings_of_a_field_are_read() {
        let answer = json!({"usage_metadata": {"prompt_token_count": 3}});
        assert_eq!(read(&answer).map(|c| c.prompt), Some(Count::Known(3)));
        assert_eq!(read(&json!({"usageMetadata": null})), None);
        assert_eq!(read(&json!({})), None);
    }

    #[test]
    fn usage_of_another_shape_is_noted_and_fails_nothing() {
        for usage in [json!("12"), json!([]), json!(7)] {
            let counts = read(&json!({"usageMetadata": usage}));
            assert!(counts.is_some_and(|c| c.oddities.len() == 1));
        }
    }
}
