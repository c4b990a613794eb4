//! Reading events straight from the wire. The generated code asks for memory ten times an event and then again for what
//! the meter keeps; here the fields of an event are looked at where they lie, and what it shares with an event before it
//! is found and not made again.
//!
//! Only events that are like another one are read this way. Any other is read by the generated code, which knows all of
//! the contract; so the two cannot come to differ.

use std::hash::{BuildHasher, Hasher};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use prost::encoding::{WireType, decode_key, decode_varint};
use prost::{DecodeError, Message};
use reelmeter_proto::meter::v1 as wire;

use super::from_wire;
use crate::domain::alike::{Alike, Own};
use crate::domain::event::{Event, SentTime};
use crate::domain::problem::Problem;
use crate::domain::validate;

/// Events that others are compared with. Each takes half a kilobyte, five at most.
const KNOWN_MAX: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();
/// Events with more quantities are read by the generated code.
const QUANTITIES_MAX: usize = 8;

/// An event's fields where they lie in a message; what was not sent is empty.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    event_id: &'a [u8],
    session_id: &'a [u8],
    service: &'a [u8],
    model: &'a [u8],
    rate_model: &'a [u8],
    model_display_name: &'a [u8],
    stage: &'a [u8],
    reservation_id: &'a [u8],
    outcome: i32,
    variant: i32,
    simulated: bool,
    scene: i32,
    attempt: i32,
    occur_time: Option<SentTime>,
    quantities: usize,
    metrics: [(&'a [u8], i32); QUANTITIES_MAX],
    values: [i64; QUANTITIES_MAX],
}

/// The next field's bytes.
fn piece<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
    let (piece, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(piece)
}

/// A number as the contract's 32-bit fields have it: what does not fit is cut off.
fn small(rest: &mut &[u8]) -> Option<i32> {
    Some(decode_varint(rest).ok()? as i32)
}

impl<'a> Fields<'a> {
    /// Looks at an event. `None`: it has something that only the generated code reads, or is damaged.
    fn of(mut rest: &'a [u8]) -> Option<Self> {
        let rest = &mut rest;
        let mut fields = Self::default();
        while !rest.is_empty() {
            let (tag, kind) = decode_key(rest).ok()?;
            match (tag, kind) {
                (1, WireType::LengthDelimited) => fields.event_id = piece(rest)?,
                (2, WireType::LengthDelimited) => fields.session_id = piece(rest)?,
                (3, WireType::LengthDelimited) => fields.service = piece(rest)?,
                (4, WireType::LengthDelimited) => fields.model = piece(rest)?,
                (5, WireType::LengthDelimited) => fields.rate_model = piece(rest)?,
                (6, WireType::LengthDelimited) => fields.model_display_name = piece(rest)?,
                (7, WireType::LengthDelimited) => fields.add_quantity(piece(rest)?)?,
                (8, WireType::LengthDelimited) if fields.occur_time.is_none() => {
                    fields.occur_time = Some(time(piece(rest)?)?);
                }
                (9, WireType::LengthDelimited) => fields.stage = piece(rest)?,
                (10, WireType::Varint) => fields.scene = small(rest)?,
                (11, WireType::Varint) => fields.attempt = small(rest)?,
                (12, WireType::Varint) => fields.outcome = small(rest)?,
                (14, WireType::LengthDelimited) => fields.reservation_id = piece(rest)?,
                (15, WireType::Varint) => fields.variant = small(rest)?,
                (17, WireType::Varint) => fields.simulated = decode_varint(rest).ok()? != 0,
                _ => return None,
            }
        }
        Some(fields)
    }

    fn add_quantity(&mut self, mut rest: &'a [u8]) -> Option<()> {
        let rest = &mut rest;
        let (mut metric, mut value, mut basis): (&[u8], i64, i32) = (&[], 0, 0);
        while !rest.is_empty() {
            match decode_key(rest).ok()? {
                (1, WireType::LengthDelimited) => metric = piece(rest)?,
                (2, WireType::Varint) => value = decode_varint(rest).ok()? as i64,
                (3, WireType::Varint) => basis = small(rest)?,
                _ => return None,
            }
        }
        *self.metrics.get_mut(self.quantities)? = (metric, basis);
        *self.values.get_mut(self.quantities)? = value;
        self.quantities += 1;
        Some(())
    }

    fn metrics(&self) -> &[(&'a [u8], i32)] {
        self.metrics.get(..self.quantities).unwrap_or_default()
    }

    /// What it shares with others like it, as a number.
    fn shared_hash(&self, seed: &foldhash::fast::RandomState) -> u64 {
        let mut hasher = seed.build_hasher();
        let mut text = |text: &[u8]| {
            hasher.write_usize(text.len());
            hasher.write(text);
        };
        text(self.session_id);
        text(self.service);
        text(self.model);
        text(self.rate_model);
        text(self.model_display_name);
        text(self.stage);
        text(self.reservation_id);
        for (metric, _) in self.metrics() {
            text(metric);
        }
        for (_, basis) in self.metrics() {
            hasher.write_i32(*basis);
        }
        hasher.write_i32(self.outcome);
        hasher.write_i32(self.variant);
        hasher.write_u8(self.simulated.into());
        hasher.finish()
    }

    fn own(&self) -> Option<Own<'_>> {
        Some(Own {
            event_id: std::str::from_utf8(self.event_id).ok()?,
            values: self.values.get(..self.quantities)?,
            occur_time: self.occur_time,
            scene: self.scene,
            attempt: self.attempt,
        })
    }
}

fn time(mut rest: &[u8]) -> Option<SentTime> {
    let rest = &mut rest;
    let (mut seconds, mut nanoseconds) = (0, 0);
    while !rest.is_empty() {
        match decode_key(rest).ok()? {
            (1, WireType::Varint) => seconds = decode_varint(rest).ok()? as i64,
            (2, WireType::Varint) => nanoseconds = small(rest)?,
            _ => return None,
        }
    }
    Some(SentTime {
        seconds,
        nanoseconds,
    })
}

/// An event that others are like, with its words as the wire has them.
#[derive(Debug)]
struct Known {
    alike: Alike,
    outcome: i32,
    variant: i32,
    bases: Vec<i32>,
}

impl Known {
    /// Whether an event shares with this one everything that is not its own.
    fn is_like(&self, fields: &Fields<'_>) -> bool {
        let sent = self.alike.sent();
        let quantities = sent.quantities.iter().zip(&self.bases);
        sent.session_id.as_bytes() == fields.session_id
            && sent.service.as_bytes() == fields.service
            && sent.model.as_bytes() == fields.model
            && sent.rate_model.as_bytes() == fields.rate_model
            && sent.model_display_name.as_bytes() == fields.model_display_name
            && sent.stage.as_bytes() == fields.stage
            && sent.reservation_id.as_bytes() == fields.reservation_id
            && sent.simulated == fields.simulated
            && self.outcome == fields.outcome
            && self.variant == fields.variant
            && sent.quantities.len() == fields.quantities
            && quantities
                .zip(fields.metrics())
                .all(|((quantity, basis), (metric, sent_basis))| {
                    quantity.metric.as_bytes() == *metric && basis == sent_basis
                })
    }
}

/// Events that others are like, for all calls and streams of a service.
#[derive(Debug)]
pub(super) struct KnownEvents {
    known: Mutex<LruCache<u64, Arc<Known>>>,
    seed: foldhash::fast::RandomState,
}

impl Default for KnownEvents {
    fn default() -> Self {
        Self {
            known: Mutex::new(LruCache::new(KNOWN_MAX)),
            seed: foldhash::fast::RandomState::default(),
        }
    }
}

impl KnownEvents {
    fn get(&self, hash: u64) -> Option<Arc<Known>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&hash).cloned()
    }

    fn put(&self, hash: u64, event: &Arc<Known>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.put(hash, Arc::clone(event));
    }
}

/// Reads events one after the other. Neighbours are nearly always alike.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    shared: &'a KnownEvents,
    last: Option<Arc<Known>>,
    scratch: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(shared: &'a KnownEvents) -> Self {
        Self {
            shared,
            last: None,
            scratch: Vec::with_capacity(512),
        }
    }

    /// Reads an event; within, the rule that it breaks.
    ///
    /// # Errors
    /// It is no event.
    pub(super) fn read(&mut self, event: &[u8]) -> Result<Result<Event, Problem>, DecodeError> {
        let Some(fields) = Fields::of(event) else {
            return one_by_one(event);
        };
        let is_known = self
            .last
            .as_ref()
            .is_some_and(|known| known.is_like(&fields));
        if !is_known {
            let hash = fields.shared_hash(&self.shared.seed);
            self.last = match self.shared.get(hash).filter(|known| known.is_like(&fields)) {
                Some(known) => Some(known),
                None => match first_of_its_kind(event, &fields)? {
                    Ok(known) => {
                        let known = Arc::new(known);
                        self.shared.put(hash, &known);
                        let event = known.alike.event().clone();
                        self.last = Some(known);
                        return Ok(Ok(event));
                    }
                    Err(problem) => return Ok(Err(problem)),
                },
            };
        }
        let made = self
            .last
            .as_ref()
            .zip(fields.own())
            .and_then(|(known, own)| known.alike.with(own, &mut self.scratch));
        match made {
            Some(event) => Ok(Ok(event)),
            None => one_by_one(event),
        }
    }
}

/// Reads an event as the contract has it.
fn one_by_one(event: &[u8]) -> Result<Result<Event, Problem>, DecodeError> {
    Ok(validate::event(from_wire::event(wire::UsageEvent::decode(
        event,
    )?)))
}

fn first_of_its_kind(
    event: &[u8],
    fields: &Fields<'_>,
) -> Result<Result<Known, Problem>, DecodeError> {
    let sent = from_wire::event(wire::UsageEvent::decode(event)?);
    Ok(Alike::new(sent).map(|alike| Known {
        alike,
        outcome: fields.outcome,
        variant: fields.variant,
        bases: fields.metrics().iter().map(|(_, basis)| *basis).collect(),
    }))
}
