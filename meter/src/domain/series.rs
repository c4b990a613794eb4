//! What many events share, kept once: who was called, by what, for what, how it ended, and which metrics were counted.

use reelmeter_rating::{Basis, EventTraits, Name, Outcome, QuantityView, Variant};

/// Everything of an event that repeats from call to call of a session. It decides, with the event's own traits, how a
/// quantity is rated and where a summary shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Who was called.
    pub service: Name,
    /// The key of the breakdown by model.
    pub model: Name,
    /// What sets the price where that is not `model`.
    pub rate_model: Option<Name>,
    /// A name to show beside the model; empty for none.
    pub model_display_name: Name,
    /// The pipeline's stage; empty for none.
    pub stage: Name,
    /// How the calls ended.
    pub outcome: Outcome,
    /// The provider's price variant.
    pub variant: Variant,
    /// The reservation that the calls were paid from; empty for none.
    pub reservation_id: Name,
    /// What was counted and where the figures come from, in the order in which it was sent.
    pub metrics: Vec<(Name, Basis)>,
}

impl Series {
    /// A number that tells series apart: equal series have equal ones, and others by all odds of 128 bits do not.
    #[must_use]
    pub fn fingerprint(&self) -> u128 {
        let mut hasher = blake3::Hasher::new();
        let mut text = |text: &str| {
            // The length keeps `ab`,`c` and `a`,`bc` apart.
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        text(&self.service);
        text(&self.model);
        text(self.rate_model.as_deref().unwrap_or_default());
        text(&self.model_display_name);
        text(&self.stage);
        text(&self.reservation_id);
        text(self.outcome.as_str());
        text(self.variant.as_str());
        for (metric, basis) in &self.metrics {
            text(metric);
            text(basis.as_str());
        }
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        u128::from_le_bytes(bytes)
    }

    /// Whether the quantities of its events are priced and counted by metric. Nobody knows what an unconfirmed call used.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        self.outcome != Outcome::Unconfirmed
    }

    /// Whether its calls failed, or gave a result that was thrown away.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed | Outcome::Discarded)
    }

    /// The quantities of an event of this series, as pricing sees them.
    pub fn quantities<'a>(&'a self, values: &'a [i64]) -> impl Iterator<Item = QuantityView<'a>> {
        self.metrics
            .iter()
            .zip(values)
            .map(|((metric, basis), value)| QuantityView {
                metric,
                value: *value,
                basis: *basis,
            })
    }

    /// Whether the metric at a place belongs to pictures that were recorded both as tokens and as images.
    #[must_use]
    pub fn is_half_of_pictures(&self, position: usize, traits: &EventTraits) -> bool {
        self.metrics
            .get(position)
            .is_some_and(|(metric, _)| traits.is_half_of_pictures(metric))
    }
}
