//! Whether two events say the same: a fingerprint of everything a caller sent, before any default is filled in.

use reelmeter_rating::{Basis, Outcome, Variant};

use super::alike::Own;
use super::event::{Sent, SentEvent};

/// The fingerprint of an event's content. Labels count in the order of their keys, quantities in the order in which
/// they were sent. Fields at their default leave no trace, so that an event keeps its fingerprint when the contract
/// grows. 64 bits: it only ever tells apart events of one id, which differ by mistake and not by design.
#[must_use]
pub fn of(event: &SentEvent) -> i64 {
    let values: Vec<i64> = event
        .quantities
        .iter()
        .map(|quantity| quantity.value)
        .collect();
    let own = Own {
        event_id: &event.event_id,
        values: &values,
        occur_time: event.occur_time,
        scene: event.scene,
        attempt: event.attempt,
    };
    of_alike(event, own, &mut Vec::new())
}

/// The same of an event that shares everything with this one but what is its own. `scratch` is overwritten.
#[must_use]
pub fn of_alike(event: &SentEvent, own: Own<'_>, scratch: &mut Vec<u8>) -> i64 {
    scratch.clear();
    let mut content = Content(scratch);
    content.text(1, own.event_id);
    content.text(2, &event.session_id);
    content.text(3, &event.service);
    content.text(4, &event.model);
    content.text(5, &event.rate_model);
    content.text(6, &event.model_display_name);
    for (quantity, value) in event.quantities.iter().zip(own.values) {
        content.tag(7);
        content.text(8, &quantity.metric);
        content.number(9, *value);
        content.number(10, sent(quantity.basis, basis_number));
        if let Some(billed) = &quantity.provider_billed {
            content.tag(11);
            content.text(12, &billed.value);
            content.text(13, &billed.unit);
            content.text(14, &billed.expected_value);
        }
    }
    if let Some(time) = &own.occur_time {
        content.tag(15);
        content.number(16, time.seconds);
        content.number(17, i64::from(time.nanoseconds));
    }
    content.text(18, &event.stage);
    content.number(19, i64::from(own.scene));
    content.number(20, i64::from(own.attempt));
    content.number(21, sent(event.outcome, outcome_number));
    content.text(22, &event.replaces_event_id);
    content.text(23, &event.reservation_id);
    content.number(24, sent(event.variant, variant_number));
    for (key, value) in &event.labels {
        content.tag(25);
        content.text(26, key);
        content.text(27, value);
    }
    content.number(28, i64::from(event.simulated));
    let hash = blake3::hash(scratch);
    let (bytes, _) = hash.as_bytes().as_chunks::<8>();
    bytes.first().map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

/// Tagged fields, each with its length: no two contents give the same bytes.
struct Content<'a>(&'a mut Vec<u8>);

impl Content<'_> {
    fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    fn text(&mut self, tag: u8, text: &str) {
        if !text.is_empty() {
            self.tag(tag);
            self.0.extend_from_slice(&(text.len() as u64).to_le_bytes());
            self.0.extend_from_slice(text.as_bytes());
        }
    }

    fn number(&mut self, tag: u8, number: i64) {
        if number != 0 {
            self.tag(tag);
            self.0.extend_from_slice(&number.to_le_bytes());
        }
    }
}

fn sent<T>(word: Sent<T>, number: fn(T) -> i64) -> i64 {
    match word {
        Sent::Unspecified => 0,
        Sent::Known(word) => number(word),
        Sent::Unknown(unknown) => i64::from(unknown),
    }
}

// Written out: a word added to one of the lists must not renumber the others, whose events are in the ledger.

fn basis_number(basis: Basis) -> i64 {
    match basis {
        Basis::Reported => 1,
        Basis::Counted => 2,
        Basis::Estimated => 3,
    }
}

fn outcome_number(outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Succeeded => 1,
        Outcome::Failed => 2,
        Outcome::Discarded => 3,
        Outcome::Unconfirmed => 4,
    }
}

fn variant_number(variant: Variant) -> i64 {
    match variant {
        Variant::Standard => 1,
        Variant::Batch => 2,
        Variant::Flex => 3,
        Variant::Priority => 4,
    }
}
