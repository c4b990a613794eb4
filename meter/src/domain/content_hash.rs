//! Whether two events say the same: a fingerprint of everything a caller sent, before any default is filled in.

use reelmeter_rating::{Basis, Outcome, Variant};
use siphasher::sip::SipHasher13;

use super::alike::Own;
use super::event::{Sent, SentEvent};

/// The fingerprint of an event's content, in two steps: of what it may share with others, and of that together with what
/// is its own. Labels count in the order of their keys, quantities in the order in which they were sent. The id is no
/// part of it: only events of one id are ever compared. 64 bits of SipHash-1-3 without a key: it only ever tells apart events
/// of one id and one tenant, which differ by mistake and not by design.
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
    of_own(of_shared(event), &own, &mut Vec::new())
}

/// The fingerprint of what an event may share with others. Fields at their default leave no trace, so that an event keeps
/// its fingerprint when the contract grows.
#[must_use]
pub fn of_shared(event: &SentEvent) -> u64 {
    let mut bytes = Vec::new();
    let mut content = Content(&mut bytes);
    content.text(2, &event.session_id);
    content.text(3, &event.service);
    content.text(4, &event.model);
    content.text(5, &event.rate_model);
    content.text(6, &event.model_display_name);
    for quantity in &event.quantities {
        content.tag(7);
        content.text(8, &quantity.metric);
        content.number(10, sent(quantity.basis, basis_number));
        if let Some(billed) = &quantity.provider_billed {
            content.tag(11);
            content.text(12, &billed.value);
            content.text(13, &billed.unit);
            content.text(14, &billed.expected_value);
        }
    }
    content.text(18, &event.stage);
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
    fingerprint(&bytes)
}

/// The fingerprint of an event that shares what [`of_shared`] was made from and has this for its own. `scratch` is
/// overwritten.
#[must_use]
pub fn of_own(shared: u64, own: &Own<'_>, scratch: &mut Vec<u8>) -> i64 {
    scratch.clear();
    scratch.extend_from_slice(&shared.to_le_bytes());
    // How many there are is told by what is shared.
    for value in own.values {
        scratch.extend_from_slice(&value.to_le_bytes());
    }
    let (seconds, nanoseconds) = own
        .occur_time
        .map_or((0, 0), |time| (time.seconds, time.nanoseconds));
    scratch.push(own.occur_time.is_some().into());
    scratch.extend_from_slice(&seconds.to_le_bytes());
    scratch.extend_from_slice(&nanoseconds.to_le_bytes());
    scratch.extend_from_slice(&own.scene.to_le_bytes());
    scratch.extend_from_slice(&own.attempt.to_le_bytes());
    fingerprint(scratch).cast_signed()
}

fn fingerprint(bytes: &[u8]) -> u64 {
    SipHasher13::new().hash(bytes)
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
