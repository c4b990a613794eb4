//! Reading events straight from the wire. The generated code asks for memory ten times an event and then again for what
//! the meter keeps; here the fields of an event are looked at where they lie, and what it shares with an event before it
//! is found and not made again.
//!
//! Only events that are like another one are read this way. Any other is read by the generated code, which knows all of
//! the contract; so the two cannot come to differ.

use std::hash::{BuildHasher, Hasher};
use std::num::NonZeroUsize;
use std::rc::Rc;

use lru::LruCache;
use prost::encoding::{WireType, decode_key, decode_varint};
use prost::{DecodeError, Message};
use reelmeter_proto::meter::v1 as wire;

use super::from_wire;
use crate::domain::alike::{Alike, Own};
use crate::domain::event::{Event, SentTime};
use crate::domain::problem::Problem;
use crate::domain::validate;

/// Events that others are compared with, for each thread that reads. Each takes half a kilobyte, five at most.
const KNOWN_MAX: NonZeroUsize = NonZeroUsize::new(512).unwrap();
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

/// The next field's text. `None` where there was one before: the last one counts, but the generated code refuses an event
/// in which any of them is no text.
fn text<'a>(before: &[u8], rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    before.is_empty().then(|| piece(rest)).flatten()
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
            fields.take(tag, kind, rest)?;
        }
        Some(fields)
    }

    /// Takes the field that comes next, whose key was read.
    fn take(&mut self, tag: u32, kind: WireType, rest: &mut &'a [u8]) -> Option<()> {
        match (tag, kind) {
            (1, WireType::LengthDelimited) => self.event_id = text(self.event_id, rest)?,
            (2, WireType::LengthDelimited) => self.session_id = text(self.session_id, rest)?,
            (3, WireType::LengthDelimited) => self.service = text(self.service, rest)?,
            (4, WireType::LengthDelimited) => self.model = text(self.model, rest)?,
            (5, WireType::LengthDelimited) => self.rate_model = text(self.rate_model, rest)?,
            (6, WireType::LengthDelimited) => {
                self.model_display_name = text(self.model_display_name, rest)?
            }
            (7, WireType::LengthDelimited) => self.add_quantity(piece(rest)?)?,
            (8, WireType::LengthDelimited) if self.occur_time.is_none() => {
                self.occur_time = Some(time(piece(rest)?)?);
            }
            (9, WireType::LengthDelimited) => self.stage = text(self.stage, rest)?,
            (10, WireType::Varint) => self.scene = small(rest)?,
            (11, WireType::Varint) => self.attempt = small(rest)?,
            (12, WireType::Varint) => self.outcome = small(rest)?,
            (14, WireType::LengthDelimited) => {
                self.reservation_id = text(self.reservation_id, rest)?
            }
            (15, WireType::Varint) => self.variant = small(rest)?,
            (17, WireType::Varint) => self.simulated = decode_varint(rest).ok()? != 0,
            _ => return None,
        }
        Some(())
    }

    fn add_quantity(&mut self, mut rest: &'a [u8]) -> Option<()> {
        let rest = &mut rest;
        let (mut metric, mut value, mut basis): (&[u8], i64, i32) = (&[], 0, 0);
        while !rest.is_empty() {
            match decode_key(rest).ok()? {
                (1, WireType::LengthDelimited) => metric = text(metric, rest)?,
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

    /// The texts that it may share with others: those that every event has, and its metrics.
    fn shared_texts(&self) -> impl Iterator<Item = &'a [u8]> {
        let texts = [
            self.session_id,
            self.service,
            self.model,
            self.rate_model,
            self.model_display_name,
            self.stage,
            self.reservation_id,
        ];
        let metrics = self.metrics.into_iter().take(self.quantities);
        texts.into_iter().chain(metrics.map(|(metric, _)| metric))
    }

    /// What it shares with others like it, as a number.
    fn shared_hash(&self, seed: &foldhash::fast::RandomState) -> u64 {
        let mut hasher = seed.build_hasher();
        for text in self.shared_texts() {
            hasher.write_usize(text.len());
            hasher.write(text);
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

/// How the bytes of an event lie that was written field by field in the order of their numbers, as nearly all are. Of one
/// that lies the same, long pieces are compared at once.
#[derive(Debug)]
struct Layout {
    /// The fields between the id and the first quantity.
    head: Vec<u8>,
    /// Of each quantity, what stands before its value and after it.
    around: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The key of a field whose number and type fit into one byte.
const fn key(tag: u8, kind: WireType) -> u8 {
    tag << 3 | kind as u8
}

const ID: u8 = key(1, WireType::LengthDelimited);
const QUANTITY: u8 = key(7, WireType::LengthDelimited);
const VALUE: u8 = key(2, WireType::Varint);
const BASIS: u8 = key(3, WireType::Varint);

/// What stands behind this key, if it comes next.
fn behind<'a>(rest: &mut &'a [u8], key: u8) -> Option<&'a [u8]> {
    let (first, after) = rest.split_first()?;
    if *first != key {
        return None;
    }
    *rest = after;
    piece(rest)
}

impl Layout {
    /// `None`: it lies in another way, or has a field twice, of which the last one counts.
    fn of(event: &[u8]) -> Option<Self> {
        let layout = Self::up_to_the_quantities(event)?;
        // Nothing behind the quantities is of those in front.
        layout.rest_of(event)?;
        Some(layout)
    }

    fn up_to_the_quantities(mut rest: &[u8]) -> Option<Self> {
        let rest = &mut rest;
        behind(rest, ID)?;
        let head = *rest;
        while let [first, ..] = rest
            && (key(2, WireType::LengthDelimited)..=key(6, WireType::LengthDelimited))
                .contains(first)
            && first & 7 == WireType::LengthDelimited as u8
        {
            behind(rest, *first)?;
        }
        let head = head.get(..head.len() - rest.len())?.to_vec();
        let mut around = Vec::new();
        while rest.first() == Some(&QUANTITY) {
            let quantity = behind(rest, QUANTITY)?;
            let mut inner = quantity;
            let inner = &mut inner;
            behind(inner, key(1, WireType::LengthDelimited))?;
            let before = quantity.get(..quantity.len() - inner.len())?.to_vec();
            let [VALUE, value @ ..] = *inner else {
                return None;
            };
            *inner = value;
            decode_varint(inner).ok()?;
            let after = inner.to_vec();
            if let [first, basis @ ..] = *inner {
                *inner = basis;
                let is_basis = *first == BASIS && decode_varint(inner).is_ok();
                if !is_basis || !inner.is_empty() {
                    return None;
                }
            }
            around.push((before, after));
        }
        Some(Self { head, around })
    }

    /// The fields that an event which lies the same has for its own, and those behind its quantities; its other fields
    /// are left empty. `None`: it lies in another way, or has other words.
    fn rest_of<'a>(&self, mut rest: &'a [u8]) -> Option<Fields<'a>> {
        let rest = &mut rest;
        let mut fields = Fields {
            event_id: behind(rest, ID)?,
            ..Fields::default()
        };
        *rest = rest.strip_prefix(self.head.as_slice())?;
        for (place, (before, after)) in self.around.iter().enumerate() {
            let mut quantity = behind(rest, QUANTITY)?.strip_prefix(before.as_slice())?;
            let [VALUE, value @ ..] = quantity else {
                return None;
            };
            quantity = value;
            *fields.values.get_mut(place)? = decode_varint(&mut quantity).ok()? as i64;
            if quantity != after {
                return None;
            }
        }
        fields.quantities = self.around.len();
        while !rest.is_empty() {
            let (tag, kind) = decode_key(rest).ok()?;
            // Any field in front of these would take the place of one that was compared, or add to them.
            if tag <= 7 {
                return None;
            }
            fields.take(tag, kind, rest)?;
        }
        Some(fields)
    }
}

/// An event that others are like, with its words as the wire has them.
#[derive(Debug)]
struct Known {
    alike: Alike,
    /// `None`: it was written in another order.
    layout: Option<Layout>,
    outcome: i32,
    variant: i32,
    simulated: bool,
    bases: Vec<i32>,
    /// Its shared texts one after the other: they are compared with every event, and lie together for that.
    texts: Vec<u8>,
    lengths: Vec<usize>,
}

impl Known {
    fn new(alike: Alike, event: &[u8], fields: &Fields<'_>) -> Self {
        Self {
            alike,
            layout: Layout::of(event),
            outcome: fields.outcome,
            variant: fields.variant,
            simulated: fields.simulated,
            bases: fields.metrics().iter().map(|(_, basis)| *basis).collect(),
            texts: fields.shared_texts().flatten().copied().collect(),
            lengths: fields.shared_texts().map(<[u8]>::len).collect(),
        }
    }

    /// What an event has for its own that shares everything else with this one and lies the same. `None`: it is to be
    /// looked at field by field.
    fn own_of<'a>(&self, event: &'a [u8]) -> Option<Fields<'a>> {
        let fields = self.layout.as_ref()?.rest_of(event)?;
        let sent = self.alike.sent();
        let alike = fields.stage == sent.stage.as_bytes()
            && fields.reservation_id == sent.reservation_id.as_bytes()
            && self.outcome == fields.outcome
            && self.variant == fields.variant
            && self.simulated == fields.simulated;
        alike.then_some(fields)
    }

    /// Whether an event shares with this one everything that is not its own.
    fn is_like(&self, fields: &Fields<'_>) -> bool {
        let bases = fields.metrics().iter().map(|(_, basis)| basis);
        self.outcome == fields.outcome
            && self.variant == fields.variant
            && self.simulated == fields.simulated
            && self.bases.len() == fields.quantities
            && self.bases.iter().eq(bases)
            && self.has_texts_of(fields)
    }

    fn has_texts_of(&self, fields: &Fields<'_>) -> bool {
        let mut rest = self.texts.as_slice();
        for (text, length) in fields.shared_texts().zip(&self.lengths) {
            if text.len() != *length {
                return false;
            }
            match rest.strip_prefix(text) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        true
    }
}

/// Events that others are like. Each thread that reads has its own: they are looked at for every event, and what
/// processors share they have to fetch from each other.
#[derive(Debug)]
pub(super) struct KnownEvents {
    known: LruCache<u64, Rc<Known>>,
    /// What the last event was like. Neighbours are nearly always alike, and so are calls.
    last: Option<Rc<Known>>,
    scratch: Vec<u8>,
    seed: foldhash::fast::RandomState,
}

impl Default for KnownEvents {
    fn default() -> Self {
        Self {
            known: LruCache::new(KNOWN_MAX),
            last: None,
            scratch: Vec::new(),
            seed: foldhash::fast::RandomState::default(),
        }
    }
}

impl KnownEvents {
    /// Reads an event; within, the rule that it breaks.
    ///
    /// # Errors
    /// It is no event.
    pub(super) fn read(&mut self, event: &[u8]) -> Result<Result<Event, Problem>, DecodeError> {
        let quickly = self.last.as_ref().and_then(|known| {
            let fields = known.own_of(event)?;
            known.alike.with(fields.own()?, &mut self.scratch)
        });
        if let Some(event) = quickly {
            return Ok(Ok(event));
        }
        let Some(fields) = Fields::of(event) else {
            return one_by_one(event);
        };
        let is_known = self
            .last
            .as_ref()
            .is_some_and(|known| known.is_like(&fields));
        if !is_known {
            let hash = fields.shared_hash(&self.seed);
            let known = self.known.get(&hash).filter(|known| known.is_like(&fields));
            self.last = match known {
                Some(known) => Some(Rc::clone(known)),
                None => match first_of_its_kind(event, &fields)? {
                    Ok(known) => {
                        let known = Rc::new(known);
                        self.known.put(hash, Rc::clone(&known));
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
    Ok(Alike::new(sent).map(|alike| Known::new(alike, event, fields)))
}
