//! Events that differ from one before them only in what is an event's own: its id, its quantities, its time, its place.
//! Nearly all are: what they share is checked once.

use std::cell::RefCell;
use std::sync::Arc;

use super::content_hash;
use super::event::{Event, SentEvent, SentTime, Shared, Values};
use super::event_id::EventId;
use super::problem::Problem;
use super::{text, validate};

/// What is an event's own.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// The idempotency key.
    pub event_id: &'a str,
    /// How much of each metric, in the order of the quantities.
    pub values: &'a [i64],
    /// When the call ended, as sent.
    pub occur_time: Option<SentTime>,
    /// The scene, as sent.
    pub scene: i32,
    /// The attempt, as sent.
    pub attempt: i32,
}

/// An event that others are like.
#[derive(Clone, Debug)]
pub struct Alike {
    sent: SentEvent,
    event: Event,
    /// Of what others may share.
    shared_hash: u64,
    lent: RefCell<Lent>,
}

/// What events share, as the next one gets it. To count who holds it is to write: if it were one for all events, the thread
/// that reads them and the one that records them would take it from each other at each. After some events others get a copy.
#[derive(Clone, Debug)]
struct Lent {
    shared: Arc<Shared>,
    times: u32,
}

/// So many events share one copy.
const LENT_MAX: u32 = 256;

impl Alike {
    /// Checks an event and keeps what others may share with it.
    ///
    /// # Errors
    /// The first rule that it breaks; see [`validate::event`].
    pub fn new(sent: SentEvent) -> Result<Self, Problem> {
        let event = validate::event(sent.clone())?;
        let shared_hash = content_hash::of_shared(&sent);
        let lent = RefCell::new(Lent {
            shared: Arc::clone(&event.shared),
            times: 0,
        });
        Ok(Self {
            sent,
            event,
            shared_hash,
            lent,
        })
    }

    fn lend(&self) -> Arc<Shared> {
        let mut lent = self.lent.borrow_mut();
        if lent.times == LENT_MAX {
            *lent = Lent {
                shared: Arc::new(Shared::clone(&self.event.shared)),
                times: 0,
            };
        }
        lent.times += 1;
        Arc::clone(&lent.shared)
    }

    /// The event that this was made from, as it was sent.
    #[must_use]
    pub fn sent(&self) -> &SentEvent {
        &self.sent
    }

    /// The event that this was made from.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The event that has this for its own and shares the rest. `None`: what is its own breaks a rule, or cannot be told
    /// this way; [`validate::event`] says which.
    #[must_use]
    pub fn with(&self, own: Own<'_>, scratch: &mut Vec<u8>) -> Option<Event> {
        text::name("event_id", own.event_id).ok()?;
        if own.values.len() != self.event.values.len() || own.values.iter().any(|value| *value < 0)
        {
            return None;
        }
        let occurred = match own.occur_time {
            Some(time) => Some(validate::time("occur_time", time).ok()?),
            None => None,
        };
        Some(Event {
            event_id: EventId::of(own.event_id),
            shared: self.lend(),
            values: Values::from_slice(own.values),
            billed: Vec::new(),
            occurred,
            scene: u32::try_from(own.scene).ok()?,
            attempt: u32::try_from(own.attempt).ok()?.max(1),
            replaces: None,
            labels: Default::default(),
            content_hash: content_hash::of_own(self.shared_hash, &own, scratch),
        })
    }
}
