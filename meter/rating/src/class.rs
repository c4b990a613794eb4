//! Rating classes: everything about a quantity that can change its price or its mark, and
//! nothing else.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::metric::{self, Side};
use crate::name::Name;
use crate::period::{Boundaries, Period};
use crate::usage::{Basis, Variant};

/// The context tier of a request: the highest known threshold that its input tokens, of all input
/// metrics together, are strictly above. 200,001 tokens are above 200,000; 200,000 are not.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ContextTier(u64);

impl ContextTier {
    /// The thresholds by which events are sorted: those that the genai-prices 0.2.3 and LiteLLM
    /// 1.109.1 price lists use. The list is fixed so that sums kept by class can be re-priced; a
    /// rate with another threshold is refused.
    pub const THRESHOLDS: [u64; 10] = [
        32_000, 100_000, 128_000, 199_999, 200_000, 256_000, 272_000, 512_000, 524_288, 1_000_000,
    ];

    /// A request that is above no threshold.
    pub const BASE: Self = Self(0);

    /// The tier of a request with so many input tokens.
    #[must_use]
    pub fn of(input_tokens: u64) -> Self {
        let exceeded = Self::THRESHOLDS.partition_point(|threshold| *threshold < input_tokens);
        Self(
            exceeded
                .checked_sub(1)
                .and_then(|last| Self::THRESHOLDS.get(last))
                .copied()
                .unwrap_or(0),
        )
    }

    /// The tier above a threshold, as a store kept it; `None` if there is no such tier.
    #[must_use]
    pub fn from_above(threshold: u64) -> Option<Self> {
        (threshold == 0 || Self::THRESHOLDS.contains(&threshold)).then_some(Self(threshold))
    }

    /// The threshold that was exceeded; 0 for none.
    #[must_use]
    pub const fn above(self) -> u64 {
        self.0
    }

    pub(crate) fn known() -> String {
        Self::THRESHOLDS
            .map(|threshold| threshold.to_string())
            .join(", ")
    }
}

/// One quantity of an event, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityView<'a> {
    /// What was counted.
    pub metric: &'a str,
    /// How much of it; never negative.
    pub value: i64,
    /// How it is known.
    pub basis: Basis,
}

/// What pricing needs to know of an event, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Usage<'a> {
    /// The service that was called.
    pub service: &'a str,
    /// The key of the breakdown: a model, or a voice ID.
    pub model: &'a str,
    /// What sets the price where that differs; empty where it does not.
    pub rate_model: &'a str,
    /// How the call was processed.
    pub variant: Variant,
    /// The instant by which it is rated, see [`crate::usage::rating_time`].
    pub time: Timestamp,
    /// Whether the event's own time was not believed.
    pub clock: bool,
    /// The disjoint quantities.
    pub quantities: &'a [QuantityView<'a>],
}

/// Why an event cannot be classified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassifyError {
    /// A quantity is below zero.
    #[error(
        "quantity {value} of {metric} is negative; record a correction with replaces_event_id instead"
    )]
    Negative {
        /// The metric.
        metric: String,
        /// Its value.
        value: i64,
    },
}

/// What all quantities of one event share. It allocates nothing, so that a store with interned
/// names can build its own keys from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTraits {
    /// The context tier of the whole request.
    pub tier: ContextTier,
    /// The rate period of the event's time.
    pub period: Period,
    /// Whether pictures were recorded both as image tokens and as images.
    pub pictures_twice: bool,
}

impl EventTraits {
    /// The traits of an event.
    ///
    /// # Errors
    /// [`ClassifyError::Negative`] for a quantity below zero.
    pub fn of(usage: &Usage<'_>, boundaries: &Boundaries) -> Result<Self, ClassifyError> {
        let mut input_tokens = 0_u64;
        let (mut image_tokens, mut images) = (false, false);
        for quantity in usage.quantities {
            let value = u64::try_from(quantity.value).map_err(|_| ClassifyError::Negative {
                metric: quantity.metric.to_owned(),
                value: quantity.value,
            })?;
            if metric::side(quantity.metric) == Side::Input {
                // Beyond the highest threshold more makes no difference.
                input_tokens = input_tokens.saturating_add(value);
            }
            image_tokens |= quantity.metric == metric::IMAGE_OUTPUT_TOKENS && value > 0;
            images |= quantity.metric == metric::IMAGES && value > 0;
        }
        Ok(Self {
            tier: ContextTier::of(input_tokens),
            period: boundaries.period_of(usage.time),
            pictures_twice: image_tokens && images,
        })
    }

    /// Whether a quantity of this event belongs to pictures that were recorded twice.
    #[must_use]
    pub fn is_half_of_pictures(&self, metric: &str) -> bool {
        self.pictures_twice && matches!(metric, metric::IMAGE_OUTPUT_TOKENS | metric::IMAGES)
    }
}

/// A rating class. Quantities of one class may be added up and rated together: the sum costs
/// exactly what the parts cost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UsageClass {
    /// The service.
    pub service: Name,
    /// The key of the breakdown: a model, or a voice ID.
    pub model: Name,
    /// What sets the price where that differs from `model`.
    pub rate_model: Option<Name>,
    /// What was counted.
    pub metric: Name,
    /// The context tier of the requests.
    pub tier: ContextTier,
    /// How the calls were processed.
    pub variant: Variant,
    /// The rate period of the events.
    pub period: Period,
    /// How the quantity is known.
    pub basis: Basis,
    /// Whether this is one of two records of the same pictures: image tokens beside images. Such
    /// a pair is charged once.
    pub pictures_twice: bool,
    /// Whether the events' own time was not believed.
    pub clock: bool,
}

impl UsageClass {
    /// A reported, undated standard class, for estimates and tests; set the other fields as needed.
    #[must_use]
    pub fn new(service: &str, model: &str, metric: &str) -> Self {
        Self {
            service: Name::from(service),
            model: Name::from(model),
            rate_model: None,
            metric: Name::from(metric),
            tier: ContextTier::BASE,
            variant: Variant::Standard,
            period: Period::FIRST,
            basis: Basis::Reported,
            pictures_twice: false,
            clock: false,
        }
    }

    /// The name that rates are looked up by.
    #[must_use]
    pub fn priced_as(&self) -> &Name {
        self.rate_model.as_ref().unwrap_or(&self.model)
    }
}

impl fmt::Display for UsageClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.service, self.model, self.metric)
    }
}

/// Splits an event into its rating classes, one for each quantity, in the event's order.
///
/// # Errors
/// [`ClassifyError::Negative`] for a quantity below zero.
pub fn classify(
    usage: &Usage<'_>,
    boundaries: &Boundaries,
) -> Result<Vec<(UsageClass, i64)>, ClassifyError> {
    let traits = EventTraits::of(usage, boundaries)?;
    let service = Name::from(usage.service);
    let model = Name::from(usage.model);
    let differs = !usage.rate_model.is_empty() && usage.rate_model != usage.model;
    let rate_model = differs.then(|| Name::from(usage.rate_model));
    let class = |quantity: &QuantityView<'_>| UsageClass {
        service: service.clone(),
        model: model.clone(),
        rate_model: rate_model.clone(),
        metric: Name::from(quantity.metric),
        tier: traits.tier,
        variant: usage.variant,
        period: traits.period,
        basis: quantity.basis,
        pictures_twice: traits.is_half_of_pictures(quantity.metric),
        clock: usage.clock,
    };
    Ok(usage
        .quantities
        .iter()
        .map(|quantity| (class(quantity), quantity.value))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_begins_strictly_above_its_threshold() {
        assert_eq!(ContextTier::of(0), ContextTier::BASE);
        assert_eq!(ContextTier::of(32_000).above(), 0);
        assert_eq!(ContextTier::of(199_999).above(), 128_000);
        assert_eq!(ContextTier::of(200_000).above(), 199_999);
        assert_eq!(ContextTier::of(200_001).above(), 200_000);
        assert_eq!(ContextTier::of(u64::MAX).above(), 1_000_000);
    }

    #[test]
    fn a_kept_tier_is_read_back_and_an_unknown_one_is_not() {
        assert_eq!(ContextTier::from_above(0), Some(ContextTier::BASE));
        assert_eq!(
            ContextTier::from_above(200_000),
            Some(ContextTier::of(200_001))
        );
        assert_eq!(ContextTier::from_above(200_001), None);
    }
}
