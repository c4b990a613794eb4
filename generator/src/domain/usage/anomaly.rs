//! What can be odd about the usage that a provider reports.

use std::fmt;

use super::Metric;

/// Something about a call's usage that a person should be able to see.
///
/// An anomaly never fails a call: the figures are kept, and marked with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// The answer says nothing about usage; the figures are estimates.
    UsageMissing,
    /// The answer has a usage block with nothing but zeros in it.
    UsageEmpty,
    /// One count is missing, and its figure is an estimate from the text.
    CountMissing {
        /// The metric that was estimated.
        metric: Metric,
    },
    /// A count is not a whole number that can be believed; it was not used.
    Unreadable {
        /// The provider's name of the field.
        field: &'static str,
        /// What stood there, shortened.
        found: String,
    },
    /// A count stood there in an unusual form (text, a fraction) and was understood.
    OddForm {
        /// The provider's name of the field.
        field: &'static str,
        /// What stood there, shortened.
        found: String,
    },
    /// The provider's total is not the sum of its parts.
    TotalDiffers {
        /// The sum of the parts, in tokens.
        sum: u64,
        /// The provider's total, in tokens.
        total: u64,
    },
    /// A metric's figure is what the total leaves after the other counts.
    Deduced {
        /// The metric whose figure was worked out.
        metric: Metric,
        /// How many tokens.
        tokens: u64,
    },
    /// More tokens were read from the cache than the prompt has.
    CachedAbovePrompt {
        /// Tokens read from the cache.
        cached: u64,
        /// Tokens of the whole prompt.
        prompt: u64,
    },
    /// A count's split by modality adds up to more than the count.
    DetailsAboveCount {
        /// The provider's name of the count.
        field: &'static str,
        /// The sum of the split, in tokens.
        details: u64,
        /// The count, in tokens.
        count: u64,
    },
    /// The service tier is a word that is not known here.
    TierUnknown(String),
    /// The provider did not say what it billed, though it usually does.
    BilledFigureMissing,
    /// What the provider says it billed cannot be read.
    BilledFigureUnreadable(String),
}

impl Anomaly {
    /// A short, stable word for it, for labels and counters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UsageMissing => "usage_missing",
            Self::UsageEmpty => "usage_empty",
            Self::CountMissing { .. } => "count_missing",
            Self::Unreadable { .. } => "count_unreadable",
            Self::OddForm { .. } => "count_odd_form",
            Self::TotalDiffers { .. } => "total_differs",
            Self::Deduced { .. } => "count_deduced",
            Self::CachedAbovePrompt { .. } => "cached_above_prompt",
            Self::DetailsAboveCount { .. } => "details_above_count",
            Self::TierUnknown(_) => "tier_unknown",
            Self::BilledFigureMissing => "billed_figure_missing",
            Self::BilledFigureUnreadable(_) => "billed_figure_unreadable",
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UsageMissing => write!(f, "the answer reports no usage; tokens are estimated"),
            Self::UsageEmpty => write!(
                f,
                "the answer reports no token of usage; tokens are estimated"
            ),
            Self::CountMissing { metric } => {
                write!(
                    f,
                    "the answer does not report its {metric}; they are estimated"
                )
            }
            Self::Unreadable { field, found } => {
                write!(f, "{field} is not a count that can be used: {found}")
            }
            Self::OddForm { field, found } => {
                write!(f, "{field} is written unusually: {found}")
            }
            Self::TotalDiffers { sum, total } => write!(
                f,
                "the reported total of {total} tokens is not the sum of its parts, {sum}"
            ),
            Self::Deduced { metric, tokens } => write!(
                f,
                "{metric} is worked out from the reported total: {tokens}"
            ),
            Self::CachedAbovePrompt { cached, prompt } => write!(
                f,
                "{cached} cached tokens are more than the prompt's {prompt}"
            ),
            Self::DetailsAboveCount {
                field,
                details,
                count,
            } => write!(
                f,
                "the split of {field} adds up to {details}, more than its {count}"
            ),
            Self::TierUnknown(word) => write!(f, "the service tier {word:?} is not known"),
            Self::BilledFigureMissing => {
                write!(f, "the provider did not say what it billed")
            }
            Self::BilledFigureUnreadable(found) => {
                write!(f, "what the provider billed cannot be read: {found}")
            }
        }
    }
}
