//! Where new identifiers come from.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// A source of identifiers that are never given twice.
pub trait Ids: Debug + Send + Sync + 'static {
    /// A new identifier: a UUID in lower-case hyphenated text, 36 characters.
    fn next_id(&self) -> String;
}

/// Version 7 UUIDs (RFC 9562): ordered by the millisecond they were made in, so that keys which
/// arrive together lie together in the store. Unique even where the clock is wrong: 74 bits are random.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidIds;

impl Ids for UuidIds {
    fn next_id(&self) -> String {
        Uuid::now_v7().to_string()
    }
}

/// Identifiers counted up from one under a number of one's own, for tests and simulations that
/// must be the same on every run.
#[derive(Debug, Default)]
pub struct CountedIds {
    series: u64,
    last: AtomicU64,
}

impl CountedIds {
    /// Identifiers of the given series; two series never meet.
    #[must_use]
    pub fn new(series: u64) -> Self {
        Self {
            series,
            last: AtomicU64::new(0),
        }
    }
}

impl Ids for CountedIds {
    fn next_id(&self) -> String {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        Uuid::from_u64_pair(self.series, number).to_string()
    }
}

impl<I: Ids + ?Sized> Ids for Arc<I> {
    fn next_id(&self) -> String {
        (**self).next_id()
    }
}
