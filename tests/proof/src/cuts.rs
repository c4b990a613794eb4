//! Power cuts at random moments under load: what SIGKILL cannot show, since the kernel outlives it.
//!
//! The control is the planted bug `synchronous-normal`: a meter that does not sync each commit must lose something here.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::dice::Dice;
use crate::guest::Machine;
use crate::kills::Done;
use crate::known::Known;
use crate::load::{self, Load};
use crate::program::Program;
use crate::settle::settle;
use crate::{Failure, Result, file};

/// Cuts of one disk.
const CUTS_PER_DISK: u64 = 50;
/// Events that must have been acknowledged before a cut: a slow machine has to get going first.
const ACKNOWLEDGED_MIN: usize = 20;
/// How long the load runs after that. The guest's kernel writes out by itself what is five seconds old or more: a cut
/// after that would spare a meter that does not sync.
const LOAD_MS_MAX: u64 = 3_000;

/// Cuts the power so often.
///
/// # Errors
/// A promise is broken, or it could not be tried.
pub fn run(
    meter: &Path,
    folder: &Path,
    cuts: u64,
    seed: u64,
    mut tell: impl FnMut(&Done),
) -> Result<Done> {
    let runtime = Runtime::new().map_err(Failure::setup("threads"))?;
    let mut dice = Dice::new(seed);
    let mut done = Done::default();
    let here = tempfile::tempdir_in(folder).map_err(Failure::setup("a folder"))?;
    let machine = Machine::new(meter, here.path())?;
    while done.cycles < cuts {
        machine.new_disk()?;
        let known = Arc::new(Mutex::new(Known::default()));
        let mut before = done;
        for _ in 0..CUTS_PER_DISK.min(cuts - done.cycles) {
            let guest = machine.start()?;
            runtime.block_on(settle(&guest.address, &known))?;
            let load = runtime.block_on(Load::start(&guest.address, &known, load::SMALL))?;
            runtime.block_on(load.acknowledged(&known, ACKNOWLEDGED_MIN));
            let length = dice.below(LOAD_MS_MAX);
            std::thread::sleep(Duration::from_millis(length));
            load.about_to_cut();
            guest.cut()?;
            runtime.block_on(load.ended())?;
            done.cycles += 1;
            before.cycles = done.cycles;
            let mut so_far = before;
            so_far.add(&load::lock(&known));
            tell(&so_far);
        }
        // Once more, so that what nobody knows is settled; and the disk is read from outside after a last cut.
        let guest = machine.start()?;
        runtime.block_on(settle(&guest.address, &known))?;
        guest.cut()?;
        let program = Program {
            binary: meter.to_owned(),
            database: machine.take_ledger(here.path())?,
        };
        program.verify()?;
        let known = load::lock(&known);
        file::compare(&program.database, &known)?;
        done.add(&known);
    }
    if done.acknowledged < cuts {
        return Err(Failure::Setup(format!(
            "only {} events were acknowledged in {cuts} cuts: that is no load",
            done.acknowledged
        )));
    }
    Ok(done)
}
