//! Protects the promises on bad days: the real meter on a real SQLite file and real recorders with real outboxes, in one
//! thread and in simulated time, on a network that fails as a seed says. What comes out is compared with a plain map.
//!
//! - Every call that a recorder began is in the ledger once, with the quantities that it said, or as *unconfirmed*.
//! - What was acknowledged once is never recorded again, and never lost.
//! - Every outbox empties in bounded simulated time after the last fault.
//! - Watchers end at the ledger's figures; no stream ever goes backwards; models add up to services add up to the total
//!   in every summary that anybody ever saw.
//!
//! `METER_SIMULATION_SEEDS` says how many seeds are tried (one after the other from `METER_SIMULATION_FIRST_SEED`, which
//! is 1), on `METER_SIMULATION_THREADS` threads (1). A seed that fails prints its number and the command that tries it
//! again.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says where it stands"
)]

#[path = "simulation/check.rs"]
mod check;
#[path = "simulation/day.rs"]
mod day;
#[path = "simulation/faults.rs"]
mod faults;
#[path = "simulation/hosts.rs"]
mod hosts;
#[path = "simulation/model.rs"]
mod model;
#[path = "simulation/network.rs"]
mod network;
#[path = "simulation/world.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use day::Outcome;

/// Seeds of a plain `cargo test`.
const SEEDS_DEFAULT: u64 = 40;
/// How often a long run says where it stands.
const TELL_EVERY: Duration = Duration::from_secs(60);

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text:?} is not a number")),
        Err(_) => default,
    }
}

/// One seed; what failed, in words.
fn attempt(seed: u64) -> Result<Outcome, String> {
    match catch_unwind(AssertUnwindSafe(|| day::live(seed))) {
        Ok(outcome) => outcome,
        Err(panic) => {
            let words = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            Err(words.unwrap_or("it panicked").to_owned())
        }
    }
}

#[test]
fn on_the_worst_of_days_every_call_is_counted_once_and_every_screen_shows_it() {
    let first = setting("METER_SIMULATION_FIRST_SEED", 1);
    let seeds = setting("METER_SIMULATION_SEEDS", SEEDS_DEFAULT);
    let threads = setting("METER_SIMULATION_THREADS", 1);
    let next = AtomicU64::new(first);
    let started = Instant::now();
    let work = || -> Result<Outcome, String> {
        let mut sum = Outcome::default();
        let mut told = Instant::now();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + seeds {
                return Ok(sum);
            }
            match attempt(seed) {
                Ok(outcome) => sum.add(&outcome),
                Err(reason) => {
                    next.store(first + seeds, Ordering::Relaxed);
                    return Err(format!(
                        "seed {seed}: {reason}\ntry it again with\n  METER_SIMULATION_FIRST_SEED={seed} \
                         METER_SIMULATION_SEEDS=1 cargo test --release --test simulation"
                    ));
                }
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                eprintln!(
                    "simulation: at seed {seed} after {} s",
                    started.elapsed().as_secs()
                );
            }
        }
    };
    let mut sum = Outcome::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join().unwrap() {
                Ok(outcome) => sum.add(&outcome),
                Err(reason) => panic!("{reason}"),
            }
        }
    });
    let seconds = started.elapsed().as_secs_f64();
    eprintln!(
        "simulation: seeds {first} to {}, {sum}, {seconds:.1} s, {:.0} seeds a second",
        first + seeds - 1,
        seeds as f64 / seconds
    );
}

/// A seed repeats what is planned, not every moment: hashes and ids that the libraries draw decide who goes first.
#[test]
fn a_seed_tried_twice_plans_the_same_faults_at_the_same_times() {
    for seed in 1..=3 {
        let (once, again) = (attempt(seed).unwrap(), attempt(seed).unwrap());
        assert_eq!(once.planned, again.planned, "seed {seed}");
    }
}
