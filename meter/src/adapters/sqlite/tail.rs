//! The events behind the watermark: what the ledger has and the rollups have not. Bounded, and rebuilt at start.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::domain::event_id::EventId;
use crate::domain::usage::Sum;

pub(super) use crate::domain::rollup::{Delta, FineKey, Newest, Times};

/// What a session has gained behind the watermark.
#[derive(Clone, Debug, Default)]
pub(super) struct SessionTail {
    pub(super) sums: HashMap<FineKey, Sum>,
    /// Transactions that recorded events: each is one revision.
    pub(super) transactions: i64,
    pub(super) first_event: Option<i64>,
    pub(super) last_event: Option<i64>,
    pub(super) newest: Newest,
    pub(super) first_rated: Option<Timestamp>,
    pub(super) last_rated: Option<Timestamp>,
    /// When it was last changed.
    pub(super) touched: Option<Timestamp>,
}

impl SessionTail {
    pub(super) fn add(&mut self, delta: &Delta) {
        let sum = self.sums.entry(delta.key).or_default();
        sum.add(&delta.sum, delta.sign);
    }

    /// Adds a sum of events of one class.
    pub(super) fn add_sum(&mut self, key: FineKey, sum: &Sum) {
        self.sums.entry(key).or_default().add(sum, 1);
    }

    /// Adds what was gained later.
    pub(super) fn merge(&mut self, later: Self) {
        for (key, sum) in &later.sums {
            self.sums.entry(*key).or_default().add(sum, 1);
        }
        self.transactions += later.transactions;
        self.first_event = [self.first_event, later.first_event]
            .into_iter()
            .flatten()
            .min();
        self.last_event = self.last_event.max(later.last_event);
        self.first_rated = [self.first_rated, later.first_rated]
            .into_iter()
            .flatten()
            .min();
        self.last_rated = self.last_rated.max(later.last_rated);
        self.touched = self.touched.max(later.touched);
        match later.newest {
            Newest::AtLeast(newest) => newest
                .into_iter()
                .for_each(|newest| self.newest.note(newest)),
            exactly @ Newest::Exactly(_) => self.newest = exactly,
        }
    }

    /// Notes an event that was recorded.
    pub(super) fn note(&mut self, n: i64, times: Times) {
        self.first_event = Some(self.first_event.map_or(n, |first| first.min(n)));
        self.last_event = Some(self.last_event.map_or(n, |last| last.max(n)));
        self.newest.note(times.occurred);
        self.first_rated = Some(
            self.first_rated
                .map_or(times.rated, |first| first.min(times.rated)),
        );
        self.last_rated = self.last_rated.max(Some(times.rated));
    }
}

/// An id behind the watermark.
#[derive(Clone, Copy, Debug)]
pub(super) struct TailKey {
    pub(super) n: i64,
    pub(super) hash: i64,
}

/// Ids by the tenant's number and the event's id. Hashed with a seed of its own in each process, and faster than with
/// the standard library's hasher: ids are looked up several times an event.
pub(super) type Keys = HashMap<(i64, EventId), TailKey, foldhash::quality::RandomState>;

/// Everything behind the watermark.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// By the session's number.
    pub(super) sessions: HashMap<i64, SessionTail>,
    pub(super) keys: Keys,
}

impl Tail {
    pub(super) fn events(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.sessions.is_empty()
    }
}
