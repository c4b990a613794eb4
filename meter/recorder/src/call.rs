//! What is said about a call before and after it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use prost_types::Timestamp;
use reelmeter_proto::meter::v1::{CallOutcome, Quantity, RateVariant, UsageEvent};

use crate::lease::Permit;

/// What is known of a provider call before it is made.
#[derive(Debug, Default, PartialEq)]
pub struct Intent {
    /// The session that pays for it.
    pub session_id: String,
    /// Who is called: `gemini`.
    pub service: String,
    /// The key of the breakdown by model: a model's name, or a voice ID.
    pub model: String,
    /// What sets the price where that is not `model`; empty otherwise.
    pub rate_model: String,
    /// A name to show beside `model`; may be empty.
    pub model_display_name: String,
    /// The stage: `script`.
    pub stage: String,
    /// The scene, counted from 1; 0 for the whole.
    pub scene: i32,
    /// Which try of the same call this is, counted from 1.
    pub attempt: i32,
    /// Whether a stand-in answers instead of the provider.
    pub simulated: bool,
    /// The recorder's own marks.
    pub labels: BTreeMap<String, String>,
    /// What the call may draw on a reservation; `None` without one.
    pub permit: Option<Permit>,
}

impl Intent {
    /// The event as it stands before anything is known of its outcome.
    pub(crate) fn event(&self, event_id: String, now: SystemTime) -> UsageEvent {
        UsageEvent {
            event_id,
            session_id: self.session_id.clone(),
            service: self.service.clone(),
            model: self.model.clone(),
            rate_model: self.rate_model.clone(),
            model_display_name: self.model_display_name.clone(),
            quantities: Vec::new(),
            occur_time: Some(Timestamp::from(now)),
            stage: self.stage.clone(),
            scene: self.scene,
            attempt: self.attempt.max(1),
            outcome: CallOutcome::Unspecified.into(),
            replaces_event_id: String::new(),
            reservation_id: self
                .permit
                .as_ref()
                .map(Permit::reservation_id)
                .unwrap_or_default(),
            variant: RateVariant::Standard.into(),
            labels: self.labels.clone(),
            simulated: self.simulated,
        }
    }
}

/// What a call used, and how it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    /// How it ended.
    pub outcome: CallOutcome,
    /// What it used: disjoint, each with its basis. Empty for a call that used nothing.
    pub quantities: Vec<Quantity>,
    /// How the provider served it.
    pub variant: RateVariant,
    /// What sets the price, where the answer says it better than the intent did.
    pub rate_model: Option<String>,
    /// Marks to add to those of the intent.
    pub labels: BTreeMap<String, String>,
    /// Set where the answer shows that a stand-in gave it, or that none did.
    pub simulated: Option<bool>,
}

impl Used {
    /// A call that ended so and used this.
    #[must_use]
    pub fn new(outcome: CallOutcome, quantities: Vec<Quantity>) -> Self {
        Self {
            outcome,
            quantities,
            variant: RateVariant::Standard,
            rate_model: None,
            labels: BTreeMap::new(),
            simulated: None,
        }
    }

    /// Completes the event of the intent.
    pub(crate) fn complete(self, event: &mut UsageEvent, now: SystemTime) {
        event.outcome = self.outcome.into();
        event.quantities = self.quantities;
        event.variant = self.variant.into();
        event.occur_time = Some(Timestamp::from(now));
        if let Some(rate_model) = self.rate_model {
            event.rate_model = rate_model;
        }
        if let Some(simulated) = self.simulated {
            event.simulated = simulated;
        }
        event.labels.extend(self.labels);
    }
}
