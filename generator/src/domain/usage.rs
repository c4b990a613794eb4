//! What one provider call used: disjoint quantities, each with where it came from.
//!
//! The quantities of one call never overlap. `input_tokens` is the plain part of the
//! prompt, without what was cached, heard, seen or returned by a tool; `output_tokens`
//! is the answer without thinking and without image tokens. So a meter may price every
//! quantity on its own and add, and nothing is charged twice.

mod anomaly;
mod credits;
mod estimate;
mod gemini;
mod local;
mod speech;

use std::fmt;

pub use anomaly::Anomaly;
pub use credits::{Credits, CreditsError, Multiplier};
pub use estimate::{estimate_image_input_tokens, estimate_text_tokens};
pub use gemini::{Count, GeminiCounts, Modalities, Seen, gemini};
pub use local::{LocalCounts, local};
pub use reelmeter_rating::{Basis, Variant};
pub use speech::{count_characters, speech};

/// The largest count that is believed, in tokens, characters or images: 10¹².
///
/// No call comes near it (the largest context windows hold 10⁷ tokens), and a million
/// such counts still add up inside the meter's 64 bits.
pub const COUNT_MAX: u64 = 1_000_000_000_000;

/// A company's service, or a program on this machine, that a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// Google's Gemini API.
    Gemini,
    /// ElevenLabs' speech API.
    ElevenLabs,
    /// A local Ollama server.
    Ollama,
}

impl Provider {
    /// The service's name in the metering contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gemini => "gemini",
            Self::ElevenLabs => "elevenlabs",
            Self::Ollama => "ollama",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Prompt tokens that are none of the other input metrics.
    InputTokens,
    /// Prompt tokens that the provider read from its cache.
    CachedInputTokens,
    /// Prompt tokens of sound, not cached.
    AudioInputTokens,
    /// Prompt tokens of pictures, not cached.
    ImageInputTokens,
    /// Tokens that server-side tools fed back into the prompt.
    ToolUseInputTokens,
    /// Answer tokens that are neither thinking nor image.
    OutputTokens,
    /// Tokens that the model spent on thinking.
    ThinkingTokens,
    /// Answer tokens that are a picture.
    ImageOutputTokens,
    /// Pictures made.
    Images,
    /// Characters of text sent to be spoken.
    Characters,
}

impl Metric {
    /// Every metric, in the order in which quantities are listed.
    pub const ALL: [Self; 10] = [
        Self::InputTokens,
        Self::CachedInputTokens,
        Self::AudioInputTokens,
        Self::ImageInputTokens,
        Self::ToolUseInputTokens,
        Self::OutputTokens,
        Self::ThinkingTokens,
        Self::ImageOutputTokens,
        Self::Images,
        Self::Characters,
    ];

    /// The metric's name in the metering contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InputTokens => "input_tokens",
            Self::CachedInputTokens => "cached_input_tokens",
            Self::AudioInputTokens => "audio_input_tokens",
            Self::ImageInputTokens => "image_input_tokens",
            Self::ToolUseInputTokens => "tool_use_input_tokens",
            Self::OutputTokens => "output_tokens",
            Self::ThinkingTokens => "thinking_tokens",
            Self::ImageOutputTokens => "image_output_tokens",
            Self::Images => "images",
            Self::Characters => "characters",
        }
    }

    /// Whether a screen adds it to "Input".
    #[must_use]
    pub const fn is_input_tokens(self) -> bool {
        matches!(
            self,
            Self::InputTokens
                | Self::CachedInputTokens
                | Self::AudioInputTokens
                | Self::ImageInputTokens
                | Self::ToolUseInputTokens
        )
    }

    /// Whether a screen adds it to "Output".
    #[must_use]
    pub const fn is_output_tokens(self) -> bool {
        matches!(
            self,
            Self::OutputTokens | Self::ThinkingTokens | Self::ImageOutputTokens
        )
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The variant that a provider's own word for a service tier names, in any letter case;
/// `None` for a word that is not known here.
#[must_use]
pub fn variant_from_word(word: &str) -> Option<Variant> {
    let word = word.trim().to_ascii_lowercase();
    match word.as_str() {
        "default" | "on_demand" => Some(Variant::Standard),
        word => word.parse().ok(),
    }
}

/// What the provider says that it billed for a quantity, beside what was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderBilled {
    /// The provider's figure.
    pub value: Credits,
    /// The unit of the figure: `credits`.
    pub unit: &'static str,
    /// What the provider's published multiplier gives for the same text, when it is
    /// known.
    pub expected: Option<Credits>,
}

impl ProviderBilled {
    /// Whether the billed figure is what the published multiplier gives, up to
    /// rounding to whole credits; `None` when nothing was published.
    #[must_use]
    pub fn agrees(&self) -> Option<bool> {
        self.expected
            .map(|expected| self.value.is_within_one_of(expected))
    }

    /// The expected figure as the contract wants it, to be compared as it is: providers
    /// bill whole credits and do not say how they round, so a figure that agrees up to
    /// rounding is the billed one.
    #[must_use]
    pub fn expected_value(&self) -> Option<Credits> {
        let expected = self.expected?;
        Some(if self.value.is_within_one_of(expected) {
            self.value
        } else {
            expected
        })
    }
}

/// One metric of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// What is counted.
    pub metric: Metric,
    /// How many; at most [`COUNT_MAX`].
    pub value: u64,
    /// Where the figure came from.
    pub basis: Basis,
    /// The provider's own bill for it, where it states one.
    pub provider_billed: Option<ProviderBilled>,
}

/// Everything that one call used, and what was odd about how the provider said it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Disjoint quantities, none of them zero, in the order of [`Metric::ALL`].
    pub quantities: Vec<Quantity>,
    /// What did not add up or had to be worked out; empty for a clean answer.
    pub anomalies: Vec<Anomaly>,
}

impl Usage {
    /// No usage at all: a call that the provider refused without charging.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            quantities: Vec::new(),
            anomalies: Vec::new(),
        }
    }

    /// Whether nothing was used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.quantities.is_empty()
    }

    /// The quantity of a metric; zero when there is none.
    #[must_use]
    pub fn value(&self, metric: Metric) -> u64 {
        self.quantities
            .iter()
            .filter(|quantity| quantity.metric == metric)
            .map(|quantity| quantity.value)
            .sum()
    }

    /// Where a metric's figure came from; `None` when the metric was not used.
    #[must_use]
    pub fn basis(&self, metric: Metric) -> Option<Basis> {
        self.quantities
            .iter()
            .find(|quantity| quantity.metric == metric)
            .map(|quantity| quantity.basis)
    }

    /// Whether any figure is an estimate.
    #[must_use]
    pub fn is_estimated(&self) -> bool {
        self.quantities
            .iter()
            .any(|quantity| quantity.basis == Basis::Estimated)
    }

    /// Adds a quantity unless it is zero, and keeps the list in the order of
    /// [`Metric::ALL`]. An implausible value is cut to [`COUNT_MAX`].
    pub(crate) fn add(&mut self, metric: Metric, value: u64, basis: Basis) {
        if value == 0 {
            return;
        }
        self.quantities.push(Quantity {
            metric,
            value: value.min(COUNT_MAX),
            basis,
            provider_billed: None,
        });
        self.quantities.sort_by_key(|quantity| quantity.metric);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn metric_names_are_those_of_the_contract_and_unlike_each_other() {
        let mut names: Vec<_> = Metric::ALL.iter().map(|metric| metric.as_str()).collect();
        assert!(
            names
                .iter()
                .all(|name| reelmeter_rating::metric::WELL_KNOWN.contains(name))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Metric::ALL.len());
    }

    #[test]
    fn a_token_metric_is_either_input_or_output() {
        for metric in Metric::ALL {
            let sides = u8::from(metric.is_input_tokens()) + u8::from(metric.is_output_tokens());
            let expected = u8::from(metric.as_str().ends_with("_tokens"));
            assert_eq!(sides, expected, "{metric}");
        }
    }

    #[test]
    fn a_service_tier_is_read_in_any_letter_case_and_an_unknown_one_is_not_guessed() {
        assert_eq!(variant_from_word("PRIORITY"), Some(Variant::Priority));
        assert_eq!(variant_from_word(" flex "), Some(Variant::Flex));
        assert_eq!(variant_from_word("standard"), Some(Variant::Standard));
        assert_eq!(variant_from_word("turbo"), None);
    }
}
