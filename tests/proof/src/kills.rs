//! SIGKILL at random moments, under load and while the meter starts.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::dice::Dice;
use crate::known::Known;
use crate::load::{self, Load};
use crate::program::Program;
use crate::settle::settle;
use crate::{Failure, Result, file};

/// Kills over one ledger: enough for it to be folded many times, and small enough to be compared event by event.
const CYCLES_PER_LEDGER: u64 = 50;
/// How long the load runs before a kill, at most.
const LOAD_MS_MAX: u64 = 250;
/// One cycle in so many has a second kill, while the meter starts.
const KILL_WHILE_STARTING_EVERY: u64 = 6;
/// How long a meter that is killed while it starts has had, at most; it starts in about half of that.
const STARTING_MS_MAX: u64 = 40;
/// How often the programme says how far it is.
const TELL_EVERY: u64 = 500;

/// What a programme did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// How often the meter was cut off under load.
    pub cycles: u64,
    /// How often it was killed while it started.
    pub while_starting: u64,
    /// Events that were acknowledged to a caller.
    pub acknowledged: u64,
    /// Events without an answer that were sent again.
    pub sent_again: u64,
}

impl Done {
    /// Adds what was known of a ledger that is done with.
    pub fn add(&mut self, known: &Known) {
        self.acknowledged += known.acknowledged;
        self.sent_again += known.sent_again;
    }
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} cycles ({} more while starting), {} events acknowledged, {} without an answer and sent again: 0 lost, 0 twice",
            self.cycles, self.while_starting, self.acknowledged, self.sent_again
        )
    }
}

/// Kills the meter so often.
///
/// # Errors
/// A promise is broken, or it could not be tried.
pub fn run(
    binary: &Path,
    folder: &Path,
    cycles: u64,
    seed: u64,
    mut tell: impl FnMut(&Done),
) -> Result<Done> {
    let runtime = Runtime::new().map_err(Failure::setup("threads"))?;
    let mut dice = Dice::new(seed);
    let mut done = Done::default();
    while done.cycles < cycles {
        let here = tempfile::tempdir_in(folder).map_err(Failure::setup("a folder"))?;
        let program = Program {
            binary: binary.to_owned(),
            database: here.path().join("meter.db"),
        };
        let known = Arc::new(Mutex::new(Known::default()));
        for _ in 0..CYCLES_PER_LEDGER.min(cycles - done.cycles) {
            if dice.below(KILL_WHILE_STARTING_EVERY) == 0 {
                let starting = program.spawn()?;
                std::thread::sleep(Duration::from_millis(dice.below(STARTING_MS_MAX)));
                starting.kill()?;
                done.while_starting += 1;
            }
            let meter = program.start()?;
            runtime.block_on(settle(&meter.address, &known))?;
            let load = runtime.block_on(Load::start(&meter.address, &known, load::LARGE))?;
            std::thread::sleep(Duration::from_millis(dice.below(LOAD_MS_MAX)));
            load.about_to_cut();
            meter.kill()?;
            runtime.block_on(load.ended())?;
            done.cycles += 1;
            if done.cycles.is_multiple_of(TELL_EVERY) {
                tell(&done);
            }
        }
        let meter = program.start()?;
        runtime.block_on(settle(&meter.address, &known))?;
        meter.stop()?;
        program.verify()?;
        let known = load::lock(&known);
        file::compare(&program.database, &known)?;
        done.add(&known);
    }
    if done.acknowledged < 5 * cycles {
        return Err(Failure::Setup(format!(
            "only {} events were acknowledged in {cycles} cycles: that is no load",
            done.acknowledged
        )));
    }
    Ok(done)
}
