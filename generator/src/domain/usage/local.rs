//! A local model's own counts.

use super::{Anomaly, Basis, Count, Metric, Usage};

/// Ollama's counts of one answer (`prompt_eval_count`, `eval_count`).
///
/// The server leaves zeros out (`omitempty` in its `api/types.go`): a prompt that it
/// had wholly in its cache has no `prompt_eval_count`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalCounts {
    /// `prompt_eval_count`.
    pub prompt: Count,
    /// `eval_count`.
    pub output: Count,
    /// What the reader found odd while reading.
    pub oddities: Vec<Anomaly>,
}

/// The quantities of one call to a local model.
///
/// Without any count, both sides are estimated from what was sent and received. With
/// only the prompt's count missing, the prompt was in the cache and cost no evaluation;
/// with only the answer's missing although text came back, the text is estimated.
#[must_use]
pub fn local(counts: &LocalCounts, sent_tokens: u64, received_tokens: u64) -> Usage {
    let mut usage = Usage::none();
    usage.anomalies.extend(counts.oddities.iter().cloned());
    let prompt = counts.prompt.or_zero();
    let output = counts.output.or_zero();
    if prompt == 0 && output == 0 {
        usage.anomalies.push(Anomaly::UsageMissing);
        usage.add(Metric::InputTokens, sent_tokens, Basis::Estimated);
        usage.add(Metric::OutputTokens, received_tokens, Basis::Estimated);
        return usage;
    }
    if prompt == 0 && counts.prompt == Count::Unreadable {
        usage.add(Metric::InputTokens, sent_tokens, Basis::Estimated);
    }
    usage.add(Metric::InputTokens, prompt, Basis::Reported);
    if output == 0 {
        usage.add(Metric::OutputTokens, received_tokens, Basis::Estimated);
    }
    usage.add(Metric::OutputTokens, output, Basis::Reported);
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(prompt: Count, output: Count) -> LocalCounts {
        LocalCounts {
            prompt,
            output,
            oddities: Vec::new(),
        }
    }

    #[test]
    fn reported_counts_are_used_as_they_are() {
        let usage = local(&counts(Count::Known(750), Count::Known(12)), 9, 9);
        assert_eq!(usage.value(Metric::InputTokens), 750);
        assert_eq!(usage.value(Metric::OutputTokens), 12);
        assert!(!usage.is_estimated() && usage.anomalies.is_empty());
    }

    #[test]
    fn a_wholly_cached_prompt_is_not_estimated_back_into_existence() {
        let usage = local(&counts(Count::Absent, Count::Known(12)), 750, 12);
        assert_eq!(usage.value(Metric::InputTokens), 0);
        assert!(!usage.is_estimated());
    }

    #[test]
    fn an_answer_without_any_count_is_estimated_and_marked() {
        let usage = local(&counts(Count::Absent, Count::Absent), 30, 5);
        assert_eq!(usage.value(Metric::InputTokens), 30);
        assert_eq!(usage.value(Metric::OutputTokens), 5);
        assert_eq!(usage.basis(Metric::InputTokens), Some(Basis::Estimated));
        assert_eq!(usage.anomalies, [Anomaly::UsageMissing]);
    }

    #[test]
    fn a_text_without_its_count_is_estimated() {
        let usage = local(&counts(Count::Known(10), Count::Unreadable), 9, 5);
        assert_eq!(usage.basis(Metric::InputTokens), Some(Basis::Reported));
        assert_eq!(usage.basis(Metric::OutputTokens), Some(Basis::Estimated));
    }
}
