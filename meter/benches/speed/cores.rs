//! How far two processors are from each other: what the meter's threads and its callers hand over must cross that way, and
//! on a virtual machine it changes while nothing of ours does.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// How often a line of memory goes there and back to be measured: some tens of milliseconds on two free processors.
const ROUND_TRIPS: u32 = 50_000;

/// Whoever has looked so often in vain lets others run: where the other thread waits for this processor it would otherwise be
/// milliseconds for each trip.
const LOOKS_MAX: u32 = 10_000;

/// A line of its own: processors hand over 64 bytes at a time, and some fetch two together.
#[repr(align(128))]
struct Line(AtomicU32);

/// Round trips of a line of memory between two processors, in nanoseconds, one for each time that it was measured.
#[derive(Clone, Debug, Default)]
pub struct Distances(Vec<f64>);

impl Distances {
    /// Measures it. Nothing else should run meanwhile.
    pub fn measure(&mut self) {
        if std::thread::available_parallelism().is_ok_and(|processors| processors.get() > 1) {
            self.0.push(round_trip());
        }
    }

    /// As a part of a sentence, or nothing where there is one processor.
    pub fn said(&self) -> String {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(0.0, f64::max);
        if self.0.is_empty() {
            String::new()
        } else {
            format!(
                "; a line of memory went from one processor to the other and back in {least:.0} to {most:.0} ns"
            )
        }
    }
}

/// Two threads that both spin run on two processors.
fn round_trip() -> f64 {
    let line = Line(AtomicU32::new(0));
    let wait_for = |value| {
        let mut looks = 0;
        while line.0.load(Ordering::Acquire) != value {
            looks += 1;
            if looks % LOOKS_MAX == 0 {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..ROUND_TRIPS {
                wait_for(2 * turn + 1);
                line.0.store(2 * turn + 2, Ordering::Release);
            }
        });
        // The first trip waits for the thread to begin.
        line.0.store(1, Ordering::Release);
        wait_for(2);
        let began = Instant::now();
        for turn in 1..ROUND_TRIPS {
            line.0.store(2 * turn + 1, Ordering::Release);
            wait_for(2 * turn + 2);
        }
        began.elapsed().as_secs_f64() * 1e9 / f64::from(ROUND_TRIPS - 1)
    })
}
