//! Gemini's `usageMetadata`, turned into disjoint quantities.
//!
//! What the fields mean (google-genai 3.4.0, `types.py`): `promptTokenCount` is the
//! whole prompt and includes what was read from a cache; `thoughtsTokenCount` is not in
//! `candidatesTokenCount`; `toolUsePromptTokenCount` is not in `promptTokenCount`;
//! `totalTokenCount` is prompt + candidates + tool use + thoughts. A field that is zero
//! is left out. The lists that split a count by modality need not add up to it.

use super::{Anomaly, Basis, COUNT_MAX, Metric, Usage};

/// A count as it stood in the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// Not there, or null: the provider leaves zeros out.
    #[default]
    Absent,
    /// A whole number, zero or more.
    Known(u64),
    /// Something stood there that is no count; the reader has noted what.
    Unreadable,
}

impl Count {
    /// The count, with zero for one that is absent or unreadable.
    #[must_use]
    pub const fn or_zero(self) -> u64 {
        match self {
            Self::Known(value) => value,
            Self::Absent | Self::Unreadable => 0,
        }
    }
}

/// A count's split by what the tokens stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modalities {
    /// Tokens of pictures.
    pub image: u64,
    /// Tokens of sound.
    pub audio: u64,
    /// Tokens of text, documents, film and of modalities not known here: priced alike.
    pub other: u64,
}

impl Modalities {
    /// All tokens of the split.
    #[must_use]
    pub const fn sum(&self) -> u64 {
        self.image
            .saturating_add(self.audio)
            .saturating_add(self.other)
    }
}

/// `usageMetadata`, field by field, before anything is subtracted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GeminiCounts {
    /// `promptTokenCount`.
    pub prompt: Count,
    /// `cachedContentTokenCount`.
    pub cached: Count,
    /// `candidatesTokenCount`.
    pub candidates: Count,
    /// `thoughtsTokenCount`.
    pub thoughts: Count,
    /// `toolUsePromptTokenCount`.
    pub tool_use: Count,
    /// `totalTokenCount`.
    pub total: Count,
    /// `promptTokensDetails`.
    pub prompt_details: Modalities,
    /// `cacheTokensDetails`.
    pub cache_details: Modalities,
    /// `candidatesTokensDetails`.
    pub candidates_details: Modalities,
    /// What the reader found odd while reading.
    pub oddities: Vec<Anomaly>,
}

impl GeminiCounts {
    /// Whether no count says anything.
    fn is_empty(&self) -> bool {
        self.sum() == 0
            && self.total.or_zero() == 0
            && self.cached.or_zero() == 0
            && self.prompt_details.sum() == 0
            && self.cache_details.sum() == 0
            && self.candidates_details.sum() == 0
    }

    /// Prompt + candidates + tool use + thoughts: what the total should be.
    fn sum(&self) -> u64 {
        [self.prompt, self.candidates, self.tool_use, self.thoughts]
            .iter()
            .fold(0, |sum: u64, count| sum.saturating_add(count.or_zero()))
    }
}

/// What we saw of a call ourselves, for whatever the provider leaves unsaid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Our estimate of the tokens that were sent.
    pub sent_tokens: u64,
    /// Our estimate of the tokens of text that came back.
    pub received_tokens: u64,
    /// Pictures that came back.
    pub images: u64,
}

/// The disjoint quantities of one call.
///
/// - Cached, audio, image and tool-use input and image output are taken out of the
///   counts that include them, never below zero.
/// - Where the cache's split is not given, the cached tokens are taken to be text
///   first: sound is dearer, so the cost is not understated.
/// - A count that is missing while the total leaves room for it is worked out from the
///   total; without a total, from the text. Both are [`Basis::Estimated`].
/// - Pictures are counted by us. Their tokens are never invented.
/// - Counts that contradict each other are kept, and marked.
#[must_use]
pub fn gemini(counts: Option<&GeminiCounts>, seen: Seen) -> Usage {
    let mut usage = Usage::none();
    match counts {
        None => {
            usage.anomalies.push(Anomaly::UsageMissing);
            estimate_all(seen, &mut usage);
        }
        Some(counts) if counts.is_empty() => {
            usage.anomalies.extend(counts.oddities.iter().cloned());
            usage.anomalies.push(Anomaly::UsageEmpty);
            estimate_all(seen, &mut usage);
        }
        Some(counts) => {
            usage.anomalies.extend(counts.oddities.iter().cloned());
            let filled = fill_gaps(counts, seen, &mut usage);
            split_input(&filled, &mut usage);
            split_output(&filled, &mut usage);
        }
    }
    usage.add(Metric::Images, seen.images, Basis::Counted);
    usage
}

fn estimate_all(seen: Seen, usage: &mut Usage) {
    usage.add(Metric::InputTokens, seen.sent_tokens, Basis::Estimated);
    usage.add(Metric::OutputTokens, seen.received_tokens, Basis::Estimated);
}

/// Counts after the gaps were filled, each with where it came from.
struct Filled<'a> {
    counts: &'a GeminiCounts,
    prompt: (u64, Basis),
    candidates: (u64, Basis),
    thoughts: (u64, Basis),
}

/// Gives the tokens that only the total knows of to the count that must be the missing
/// one, and estimates what is missing without a total.
fn fill_gaps<'a>(counts: &'a GeminiCounts, seen: Seen, usage: &mut Usage) -> Filled<'a> {
    let mut prompt = (counts.prompt.or_zero(), Basis::Reported);
    let mut candidates = (counts.candidates.or_zero(), Basis::Reported);
    let mut thoughts = (counts.thoughts.or_zero(), Basis::Reported);
    // Split lists alone still say something about an absent count.
    if candidates.0 == 0 && counts.candidates_details.sum() > 0 {
        candidates.0 = counts.candidates_details.sum();
    }
    if prompt.0 == 0 && counts.prompt_details.sum() > 0 {
        prompt.0 = counts.prompt_details.sum();
    }

    let sum = prompt
        .0
        .saturating_add(candidates.0)
        .saturating_add(thoughts.0)
        .saturating_add(counts.tool_use.or_zero());
    let total = counts.total.or_zero();
    let unexplained = total.saturating_sub(sum);
    // A prompt or a text that we saw ourselves cannot have been free of tokens.
    let prompt_is_missing = prompt.0 == 0;
    let candidates_are_missing = candidates.0 == 0 && seen.received_tokens > 0;
    let thoughts_are_missing = thoughts.0 == 0;

    if unexplained > 0 && prompt_is_missing && candidates_are_missing {
        // Two gaps: the total is shared out in the proportion of our own estimates.
        let ours = seen.sent_tokens.saturating_add(seen.received_tokens).max(1);
        let share = u128::from(unexplained) * u128::from(seen.sent_tokens) / u128::from(ours);
        let share = u64::try_from(share).unwrap_or(unexplained).min(unexplained);
        prompt = (share, Basis::Estimated);
        candidates = (unexplained - share, Basis::Estimated);
        deduced(Metric::InputTokens, share, usage);
        deduced(Metric::OutputTokens, unexplained - share, usage);
    } else if unexplained > 0 && prompt_is_missing {
        prompt = (unexplained, Basis::Estimated);
        deduced(Metric::InputTokens, unexplained, usage);
    } else if unexplained > 0 && candidates_are_missing {
        candidates = (unexplained, Basis::Estimated);
        deduced(Metric::OutputTokens, unexplained, usage);
    } else if unexplained > 0 && thoughts_are_missing {
        // Public bug reports show totals above prompt + answer where thinking is
        // billed and not listed (langchain-ai/langchainjs#11423: 41 + 5 of 389).
        thoughts = (unexplained, Basis::Estimated);
        deduced(Metric::ThinkingTokens, unexplained, usage);
        usage.anomalies.push(Anomaly::TotalDiffers { sum, total });
    } else if total != sum && total > 0 {
        usage.anomalies.push(Anomaly::TotalDiffers { sum, total });
    }

    // Also without a total, what was seen must not read as nothing.
    if prompt.0 == 0 && seen.sent_tokens > 0 {
        prompt = (seen.sent_tokens, Basis::Estimated);
        let metric = Metric::InputTokens;
        usage.anomalies.push(Anomaly::CountMissing { metric });
    }
    if candidates.0 == 0 && seen.received_tokens > 0 {
        candidates = (seen.received_tokens, Basis::Estimated);
        let metric = Metric::OutputTokens;
        usage.anomalies.push(Anomaly::CountMissing { metric });
    }
    Filled {
        counts,
        prompt,
        candidates,
        thoughts,
    }
}

fn deduced(metric: Metric, tokens: u64, usage: &mut Usage) {
    usage.anomalies.push(Anomaly::Deduced { metric, tokens });
}

fn split_input(filled: &Filled<'_>, usage: &mut Usage) {
    let counts = filled.counts;
    let (prompt, basis) = filled.prompt;
    let cached = counts.cached.or_zero();
    if cached > prompt {
        usage
            .anomalies
            .push(Anomaly::CachedAbovePrompt { cached, prompt });
    }
    let details = counts.prompt_details.sum();
    if details > prompt {
        usage.anomalies.push(Anomaly::DetailsAboveCount {
            field: "promptTokenCount",
            details,
            count: prompt,
        });
    }
    // Of two counts that contradict each other the larger is kept: cost is not
    // understated. Cached tokens without a split are text first: whatever sound and
    // pictures are left cannot be more than what is left of the prompt.
    let mut left = prompt.max(details).saturating_sub(cached);
    let mut take = |wanted: u64| {
        let taken = wanted.min(left);
        left -= taken;
        taken
    };
    let audio = take(
        counts
            .prompt_details
            .audio
            .saturating_sub(counts.cache_details.audio),
    );
    let image = take(
        counts
            .prompt_details
            .image
            .saturating_sub(counts.cache_details.image),
    );
    usage.add(Metric::InputTokens, left, basis);
    usage.add(Metric::CachedInputTokens, cached, Basis::Reported);
    usage.add(Metric::AudioInputTokens, audio, Basis::Reported);
    usage.add(Metric::ImageInputTokens, image, Basis::Reported);
    usage.add(
        Metric::ToolUseInputTokens,
        counts.tool_use.or_zero(),
        Basis::Reported,
    );
}

fn split_output(filled: &Filled<'_>, usage: &mut Usage) {
    let (candidates, basis) = filled.candidates;
    let details = filled.counts.candidates_details;
    if details.sum() > candidates {
        usage.anomalies.push(Anomaly::DetailsAboveCount {
            field: "candidatesTokenCount",
            details: details.sum(),
            count: candidates,
        });
    }
    // A picture's tokens are the dearest by far: they are kept as reported even when
    // the count beside them is smaller.
    let candidates = candidates.max(details.sum());
    usage.add(
        Metric::OutputTokens,
        candidates.saturating_sub(details.image),
        basis,
    );
    usage.add(Metric::ImageOutputTokens, details.image, Basis::Reported);
    let (thoughts, basis) = filled.thoughts;
    usage.add(Metric::ThinkingTokens, thoughts, basis);
}

/// A count as a whole number that can be believed.
impl From<u64> for Count {
    fn from(value: u64) -> Self {
        if value > COUNT_MAX {
            Self::Unreadable
        } else {
            Self::Known(value)
        }
    }
}
