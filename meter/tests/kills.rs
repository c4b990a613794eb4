//! Protects "acknowledged is durable" and "counted once" across SIGKILL: the real binary, killed at random moments under
//! load, again and again over one ledger. A short run of what `proof kills` does at length.
//!
//! A SIGKILL does not cut the power: it says nothing about what the disk has synced. `proof cuts` does that.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use reelmeter_proof::dice::Dice;
use reelmeter_proof::kills;

/// The long programme has ten thousand; this many show a mistake that any kill shows.
const CYCLES: u64 = 20;

#[test]
fn nothing_acknowledged_is_lost_and_nothing_counted_twice_however_often_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let seed = Dice::any_seed();
    let meter = Path::new(env!("CARGO_BIN_EXE_meter"));
    let done = kills::run(meter, folder.path(), CYCLES, seed, |_| ());
    assert!(done.is_ok(), "seed {seed}: {done:?}");
}
