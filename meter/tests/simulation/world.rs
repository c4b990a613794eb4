//! The simulation's clock, ids and chance: all of them from the seed.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reelmeter_service::{Clock, Ids};

/// When every simulated day begins: the day of the price book.
const BEGINS_AT_S: i64 = 1_795_392_000;

/// The simulated time, moved on by the driver with each step.
#[derive(Clone, Debug, Default)]
pub struct Time(Arc<AtomicU64>);

impl Time {
    pub fn set(&self, elapsed: Duration) {
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap();
        self.0.store(elapsed_ms, Ordering::Relaxed);
    }
}

/// One host's clock: the simulated time, and how far the host is off.
#[derive(Clone, Debug)]
pub struct HostClock {
    time: Time,
    off_ms: Arc<AtomicI64>,
}

impl HostClock {
    pub fn new(time: Time) -> Self {
        Self {
            time,
            off_ms: Arc::default(),
        }
    }

    /// Puts the host's clock forward, or back.
    pub fn jump(&self, by_ms: i64) {
        self.off_ms.store(by_ms, Ordering::Relaxed);
    }
}

impl Clock for HostClock {
    fn now(&self) -> Timestamp {
        let elapsed_ms = i64::try_from(self.time.0.load(Ordering::Relaxed)).unwrap();
        let off_ms = self.off_ms.load(Ordering::Relaxed);
        Timestamp::from_millisecond(BEGINS_AT_S * 1000 + elapsed_ms + off_ms).unwrap()
    }
}

/// Ids and chance of one host. They go on over its crashes, as random ones would.
#[derive(Debug)]
pub struct Chance(Mutex<StdRng>);

impl Chance {
    pub fn new(seed: u64, host: u64) -> Arc<Self> {
        let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ host;
        Arc::new(Self(Mutex::new(StdRng::seed_from_u64(mixed))))
    }

    pub fn draw<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.0.lock().unwrap())
    }
}

impl Ids for Chance {
    fn next_id(&self) -> String {
        let bytes: [u8; 16] = self.draw(|rng| rng.random());
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string()
    }
}

/// What a recorder takes from its host.
#[derive(Debug)]
pub struct RecorderWorld {
    pub clock: HostClock,
    pub chance: Arc<Chance>,
}

impl reelmeter_recorder::World for RecorderWorld {
    fn now(&self) -> SystemTime {
        let now_ms = u64::try_from(self.clock.now().as_millisecond()).unwrap();
        SystemTime::UNIX_EPOCH + Duration::from_millis(now_ms)
    }

    fn next_id(&self) -> String {
        // Of the recorder's own kind: the time first, so that the ledger keeps them in order. A clock that was put back
        // makes older ones.
        let ms = u64::try_from(self.clock.now().as_millisecond()).unwrap();
        let bytes: [u8; 10] = self.chance.draw(|rng| rng.random());
        uuid::Builder::from_unix_timestamp_millis(ms, &bytes)
            .into_uuid()
            .to_string()
    }

    fn chance(&self) -> u8 {
        self.chance.draw(|rng| rng.random())
    }

    fn has_threads(&self) -> bool {
        false
    }
}
