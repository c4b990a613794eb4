//! A usage event: as a caller sent it, and as it is once it is known to be sound.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::{Basis, Name, Outcome, Variant};
use smallvec::SmallVec;

use super::decimal::Decimal;
use super::event_id::EventId;
use super::series::Series;

/// A word of a closed list as a caller sent it: callers may be newer than this meter, or say nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sent<T> {
    /// Not said.
    #[default]
    Unspecified,
    /// A word that this meter knows.
    Known(T),
    /// A number that it does not.
    Unknown(i32),
}

/// A point in time as the wire has it: seconds since 1970 and nanoseconds within the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentTime {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanoseconds: i32,
}

/// A provider's billed figure as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentBilled {
    /// The billed amount, a decimal.
    pub value: String,
    /// Its unit.
    pub unit: String,
    /// What the published multiplier gives, a decimal; empty for unknown.
    pub expected_value: String,
}

/// A quantity as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentQuantity {
    /// What is counted.
    pub metric: String,
    /// How much of it.
    pub value: i64,
    /// Where the figure comes from.
    pub basis: Sent<Basis>,
    /// What the provider says that it billed.
    pub provider_billed: Option<SentBilled>,
}

/// An event as a caller sent it: nothing is checked, nothing is filled in. See the contract's `UsageEvent`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the contract documents each field under the same name"
)]
pub struct SentEvent {
    pub event_id: String,
    pub session_id: String,
    pub service: String,
    pub model: String,
    pub rate_model: String,
    pub model_display_name: String,
    pub quantities: Vec<SentQuantity>,
    pub occur_time: Option<SentTime>,
    pub stage: String,
    pub scene: i32,
    pub attempt: i32,
    pub outcome: Sent<Outcome>,
    pub replaces_event_id: String,
    pub reservation_id: String,
    pub variant: Sent<Variant>,
    pub labels: BTreeMap<String, String>,
    pub simulated: bool,
}

/// A provider's billed figure of one quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Billed {
    /// The place of the quantity in the event.
    pub position: usize,
    /// The billed amount.
    pub value: Decimal,
    /// Its unit.
    pub unit: Name,
    /// What the published multiplier gives. `None`: unknown.
    pub expected: Option<Decimal>,
}

/// How much of each metric. Nearly every event has few: they need no memory of their own.
pub type Values = SmallVec<[i64; 4]>;

/// What many events of a session have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The session that they belong to.
    pub session_id: Arc<str>,
    /// Whether a stand-in answered.
    pub simulated: bool,
    /// What was called, and for what.
    pub series: Arc<Series>,
    /// The fingerprint of the series, see [`Series::fingerprint`].
    pub series_fingerprint: u128,
}

impl Shared {
    /// With the series' fingerprint.
    #[must_use]
    pub fn new(session_id: Arc<str>, simulated: bool, series: Arc<Series>) -> Self {
        Self {
            session_id,
            simulated,
            series_fingerprint: series.fingerprint(),
            series,
        }
    }
}

/// A sound event: what it shares with others, and what is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The idempotency key.
    pub event_id: EventId,
    /// What it shares with others.
    pub shared: Arc<Shared>,
    /// How much of each metric of the series, in the series' order.
    pub values: Values,
    /// What the provider says that it billed.
    pub billed: Vec<Billed>,
    /// When the call ended, to the microsecond. `None`: when the meter received it.
    pub occurred: Option<Timestamp>,
    /// The scene, counted from 1; 0 for the whole.
    pub scene: u32,
    /// The attempt, counted from 1.
    pub attempt: u32,
    /// The id of the event that this one corrects.
    pub replaces: Option<String>,
    /// The recorder's marks.
    pub labels: BTreeMap<String, String>,
    /// The fingerprint of the content as it was sent, before any default.
    pub content_hash: i64,
}
