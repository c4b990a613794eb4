//! How much a caller may ask for, and everybody together.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::DefaultClock;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Caller;

/// Calls whose answer has not begun yet, of all callers together. Streams that run do not count.
const CALLS_IN_FLIGHT_MAX: usize = 4_096;
/// Wrong tokens that one address may show in a second, and at once: a person mistypes, a program guesses.
const REFUSALS_PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
const REFUSALS_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(49);
/// How many calls go by between two rounds of forgetting callers who have been quiet.
const FORGET_EVERY_CALLS: u32 = 10_000;

type Keyed<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

/// The limits of a service.
#[derive(Debug)]
pub struct Limits {
    calls: Option<Keyed<Arc<str>>>,
    refusals: Keyed<IpAddr>,
    in_flight: Arc<Semaphore>,
    counted: AtomicU32,
}

impl Limits {
    /// Limits that let a caller make so many calls a second, and as many at once; none for 0.
    #[must_use]
    pub fn new(calls_per_second: u32) -> Self {
        let quota = NonZeroU32::new(calls_per_second).map(Quota::per_second);
        Self {
            calls: quota.map(RateLimiter::hashmap),
            refusals: RateLimiter::hashmap(
                Quota::per_second(REFUSALS_PER_SECOND).allow_burst(REFUSALS_AT_ONCE),
            ),
            in_flight: Arc::new(Semaphore::new(CALLS_IN_FLIGHT_MAX)),
            counted: AtomicU32::new(0),
        }
    }

    /// Whether the caller may make one more call now.
    #[must_use]
    pub fn admits(&self, caller: &Caller) -> bool {
        let Some(calls) = &self.calls else {
            return true;
        };
        self.forget();
        calls.check_key(&caller.name).is_ok()
    }

    /// Whether an address that was turned away is still told why, rather than to wait.
    #[must_use]
    pub fn explains(&self, address: IpAddr) -> bool {
        self.forget();
        self.refusals.check_key(&address).is_ok()
    }

    /// A place among the calls in flight, kept until the answer begins; `None` if there is none.
    #[must_use]
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.in_flight).try_acquire_owned().ok()
    }

    /// Keeps the memory bounded by those who call now.
    fn forget(&self) {
        if self
            .counted
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(FORGET_EVERY_CALLS)
        {
            self.refusals.retain_recent();
            if let Some(calls) = &self.calls {
                calls.retain_recent();
            }
        }
    }
}
