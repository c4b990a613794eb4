//! One call, from its arrival to the last byte of its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::world::World;
use crate::domain::faults::{Fault, Kind};
use crate::domain::journal::{Billed, Operation};
use crate::domain::seed::Seed;

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum Body {
    /// All at once.
    Whole(Bytes),
    /// Piece by piece, each after a while.
    Pieces(Vec<Bytes>, Duration),
}

impl Body {
    /// Bytes in all.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::Pieces(pieces, _) => pieces.iter().map(Bytes::len).sum(),
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An answer: what the provider's adapter makes of a call.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
    /// What the call is billed.
    pub billed: Billed,
}

impl Answer {
    /// A JSON answer that is billed nothing.
    #[must_use]
    pub fn json(status: u16, value: &impl serde::Serialize) -> Self {
        // Only a map with keys that are not text fails to serialise, and no answer has one.
        let body = serde_json::to_vec(value).unwrap_or_default();
        Self {
            status,
            media_type: "application/json",
            headers: Vec::new(),
            body: Body::Whole(Bytes::from(body)),
            billed: Billed::default(),
        }
    }

    /// The answer with a bill.
    #[must_use]
    pub fn billed(mut self, billed: Billed) -> Self {
        self.billed = billed;
        self
    }

    /// The answer with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Something to be done when a call has ended.
type Farewell = Box<dyn FnOnce(&World) + Send + Sync>;

/// A call that is being answered. When it is dropped before it has ended, its caller is gone: it
/// is noted as abandoned.
pub struct Call {
    world: Arc<World>,
    number: u64,
    id: String,
    operation: Operation,
    fault: Fault,
    arrived: Instant,
    ended: bool,
    on_end: Vec<Farewell>,
}

impl Call {
    pub(super) fn new(
        world: Arc<World>,
        number: u64,
        id: String,
        operation: Operation,
        fault: Fault,
    ) -> Self {
        Self {
            world,
            number,
            id,
            operation,
            fault,
            arrived: Instant::now(),
            ended: false,
            on_end: Vec::new(),
        }
    }

    /// What goes wrong with it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// Whether this goes wrong with it.
    #[must_use]
    pub fn meets(&self, kind: Kind) -> bool {
        self.fault.kind == kind
    }

    /// The ID that the answer carries.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is answered.
    #[must_use]
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Something to be done when the call has ended, however it ends.
    pub fn when_ended(&mut self, then: impl FnOnce(&World) + Send + Sync + 'static) {
        self.on_end.push(Box::new(then));
    }

    /// Waits until the answer is due, and longer if a fault says so. Ends early when the simulator
    /// shuts down.
    pub async fn wait(&self, seed: Seed) {
        let usual = self.world.settings.latency.of(self.operation, seed);
        let extra = match self.fault.kind {
            Kind::Hang => Duration::from_secs_f64(self.fault.amount_or(3_600.0)),
            Kind::Slow => Duration::from_secs_f64(self.fault.amount_or(3.0)),
            _ => Duration::ZERO,
        };
        let due = self.arrived + usual + extra;
        tokio::select! {
            () = tokio::time::sleep_until(due) => {}
            () = self.world.shutdown.cancelled() => {}
        }
    }

    /// Notes how the call ended: under the name of its fault, as `ok`, or as `refused`.
    pub fn end(mut self, status: u16, response_bytes: usize, billed: Billed) {
        let outcome = match self.fault.kind {
            Kind::Ok if status < 400 => "ok",
            Kind::Ok => "refused",
            kind => kind.name(),
        };
        self.note(outcome, status, response_bytes, billed);
    }

    fn note(&mut self, outcome: &str, status: u16, response_bytes: usize, billed: Billed) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.world
            .journal()
            .end(self.number, outcome, status, response_bytes as u64, billed);
        for then in self.on_end.drain(..) {
            then(&self.world);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.note("abandoned", 0, 0, Billed::default());
    }
}
