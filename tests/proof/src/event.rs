//! The events of the load: each follows from its number, so that nothing but numbers need be remembered.

use reelmeter_proto::meter::v1 as pb;

use crate::dice::mix;

/// Sessions that the events are spread over.
pub const SESSIONS: usize = 3;
/// The writer stands in the bits from here on, the event's place among those of the writer below.
const PLACE_BITS: u32 = 40;
/// Every so many events of a writer of large batches is a correction of the one before it.
const CORRECTION_EVERY: u64 = 32;

/// The number of a writer's event.
#[must_use]
pub fn number(writer: usize, place: u64) -> u64 {
    (writer as u64) << PLACE_BITS | place
}

fn writer(number: u64) -> u64 {
    number >> PLACE_BITS
}

fn place(number: u64) -> u64 {
    number & ((1 << PLACE_BITS) - 1)
}

/// How an event's session is counted in the programme.
#[must_use]
pub fn session(number: u64) -> usize {
    // A correction and what it replaces stand in one pair, and so in one session.
    usize::try_from(place(number) / 2 % SESSIONS as u64).unwrap_or(0)
}

/// The session's id.
#[must_use]
pub fn session_id(session: usize) -> String {
    format!("s{session}")
}

/// The event that this one corrects. Both are always in one batch.
#[must_use]
pub fn replaced(number: u64) -> Option<u64> {
    let corrects =
        writer(number) >= crate::load::CORRECTING_FROM && place(number) % CORRECTION_EVERY == 31;
    corrects.then(|| number - 1)
}

/// Ids of all kinds: time-ordered, random, and text that is no UUID.
#[must_use]
pub fn id(number: u64) -> String {
    match place(number) % 4 {
        0 => {
            let (high, low) = (mix(number), mix(!number));
            format!(
                "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
                high >> 32,
                high >> 16 & 0xffff,
                high & 0xfff,
                low >> 48 & 0xfff,
                low & 0xffff_ffff_ffff
            )
        }
        1 => format!("call {number}"),
        _ => format!("0199c3f2-7d4a-7c11-8a3e-{number:012x}"),
    }
}

/// Input and output tokens.
#[must_use]
pub fn tokens(number: u64) -> (i64, i64) {
    let spread = |limit: u64| i64::try_from(mix(number) % limit).unwrap_or(0);
    (1 + spread(1_000), spread(7))
}

/// The whole event, as it is sent.
#[must_use]
pub fn event(number: u64) -> pb::UsageEvent {
    let (input, output) = tokens(number);
    let quantity = |metric: &str, value| pb::Quantity {
        metric: metric.to_owned(),
        value,
        basis: pb::QuantityBasis::Reported.into(),
        provider_billed: None,
    };
    pb::UsageEvent {
        event_id: id(number),
        session_id: session_id(session(number)),
        service: "gemini".to_owned(),
        model: "gemini-2.5-flash".to_owned(),
        quantities: vec![
            quantity("input_tokens", input),
            quantity("output_tokens", output),
        ],
        stage: format!("stage {}", place(number) % 5),
        replaces_event_id: replaced(number).map(id).unwrap_or_default(),
        ..Default::default()
    }
}

/// What counts of a set of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events that count.
    pub events: i64,
    /// Their input tokens.
    pub input: i64,
    /// Their output tokens.
    pub output: i64,
}

impl Tally {
    /// Adds an event, which takes the one that it corrects away.
    pub fn add(&mut self, number: u64) {
        let (input, output) = tokens(number);
        self.events += 1;
        self.input += input;
        self.output += output;
        if let Some(replaced) = replaced(number) {
            let (input, output) = tokens(replaced);
            self.events -= 1;
            self.input -= input;
            self.output -= output;
        }
    }
}
