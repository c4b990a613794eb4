//! What goes wrong on a day, decided by the seed before the day begins.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// The hosts that take part, beside the auditor, whose way to the meter is never cut.
pub const RECORDERS: [&str; 2] = ["recorder-1", "recorder-2"];
pub const WATCHERS: [&str; 2] = ["watcher-1", "watcher-2"];
pub const REPEATER: &str = "repeater";

/// After this long nothing new goes wrong, and everything that does not heal by itself is healed.
const FAULTS_MS: std::ops::Range<u64> = 2_000..8_000;
/// A year, in milliseconds: how far a clock is put at most.
const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1000;

/// Something that goes wrong, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The program on the host is killed, and started again.
    Kill(&'static str),
    /// Nothing passes between the host and the meter.
    Partition(&'static str),
    /// Nothing passes from the host to the meter; the other way everything does.
    NoRequests(&'static str),
    /// Nothing passes from the meter to the host; the other way everything does: requests are carried out and the
    /// answers lost.
    NoAnswers(&'static str),
    /// What is sent between the host and the meter waits, and then comes all at once.
    Hold(&'static str),
    /// What is sent between the host and the meter takes up to so long.
    Slow(&'static str, Duration),
    /// The host's clock is off by so much; it is not put right again.
    Clock(&'static str, i64),
}

/// When a fault begins and ends, after the day's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub from: Duration,
    pub until: Duration,
    pub fault: Fault,
}

/// The faults of a seed's day, in the order in which they begin.
pub fn plan(seed: u64) -> Vec<Planned> {
    let mut rng = StdRng::seed_from_u64(seed ^ 0xfa17);
    // Each day has its own mix: some know a single kind of fault, some all of them, a few none.
    let kinds: Vec<u8> = (0..8).filter(|_| rng.random_bool(0.6)).collect();
    let pause_ms = rng.random_range(200..1500);
    let end_ms = rng.random_range(FAULTS_MS);
    let mut planned = Vec::new();
    let mut now_ms = 0;
    let Some(_) = kinds.first() else {
        return planned;
    };
    loop {
        now_ms += rng.random_range(pause_ms / 4..pause_ms * 2);
        if now_ms >= end_ms {
            return planned;
        }
        let callers = [
            RECORDERS[0],
            RECORDERS[1],
            WATCHERS[0],
            WATCHERS[1],
            REPEATER,
        ];
        let caller = *callers.choose(&mut rng).unwrap();
        let killed = *[
            super::network::METER,
            RECORDERS[0],
            super::network::METER,
            RECORDERS[1],
        ]
        .choose(&mut rng)
        .unwrap();
        let fault = match kinds.choose(&mut rng).unwrap() {
            0 | 7 => Fault::Kill(killed),
            1 => Fault::Partition(caller),
            2 => Fault::NoRequests(caller),
            3 => Fault::NoAnswers(caller),
            4 => Fault::Hold(caller),
            5 => Fault::Slow(caller, Duration::from_millis(rng.random_range(100..1500))),
            _ => {
                let far = [1_000, 60_000, 24 * 3_600_000, YEAR_MS];
                let far = *far.choose(&mut rng).unwrap();
                Fault::Clock(killed, rng.random_range(-far..far))
            }
        };
        let lasts_ms = rng.random_range(20..3_000);
        planned.push(Planned {
            from: Duration::from_millis(now_ms),
            until: Duration::from_millis((now_ms + lasts_ms).min(end_ms)),
            fault,
        });
    }
}
