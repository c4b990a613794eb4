//! The command line.

use std::io::Write;
use std::path::PathBuf;

use clap::Parser;
use reelmeter_proof::dice::Dice;
use reelmeter_proof::{Result, cuts, kills, outbox, videos};

/// Breaks off the meter again and again and compares what is left with what was acknowledged.
#[derive(Debug, Parser)]
pub enum Cli {
    /// SIGKILL to the meter at random moments under load.
    Kills(How),
    /// SIGKILL to a recorder between its paid calls, with a meter that comes and goes.
    Outbox(How),
    /// Power cuts at random moments under load, of a machine in qemu.
    Cuts(How),
    /// SIGKILL to the generator at random moments while it makes videos.
    Videos {
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        programs: videos::Programs,
    },
    /// The recorder that is killed.
    #[command(hide = true)]
    OutboxChild(outbox::Child),
}

#[derive(Debug, clap::Args)]
pub struct How {
    /// How often.
    #[arg(long)]
    times: u64,
    /// The meter's program.
    #[arg(long, default_value = "target/release/meter")]
    meter: PathBuf,
    /// What decides the moments; drawn if it is not given.
    #[arg(long, default_value_t = Dice::any_seed())]
    seed: u64,
    /// Where ledgers and disks lie while they are needed: on a real disk.
    #[arg(long, default_value = "target")]
    folder: PathBuf,
}

fn say(line: &str) {
    // Nobody who listens: the exit code says it as well.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Runs a programme.
pub fn run(cli: Cli) -> Result<()> {
    match cli {
        Cli::Kills(how) => {
            let How {
                times,
                meter,
                seed,
                folder,
            } = how;
            say(&format!("kills: seed {seed}"));
            let far = |done: &kills::Done| say(&format!("kills: so far {done}"));
            let done = kills::run(&meter, &folder, times, seed, far)?;
            say(&format!("kills: seed {seed}: {done}"));
        }
        Cli::Outbox(how) => {
            let How {
                times,
                meter,
                seed,
                folder,
            } = how;
            say(&format!("outbox: seed {seed}"));
            let far = |done: &outbox::Done| say(&format!("outbox: so far {done}"));
            let done = outbox::run(&meter, &folder, times, seed, far)?;
            say(&format!("outbox: seed {seed}: {done}"));
        }
        Cli::Cuts(how) => {
            let How {
                times,
                meter,
                seed,
                folder,
            } = how;
            say(&format!("cuts: seed {seed}"));
            let far = |done: &kills::Done| say(&format!("cuts: so far {done}"));
            let done = cuts::run(&meter, &folder, times, seed, far)?;
            say(&format!("cuts: seed {seed}: {done}"));
        }
        Cli::Videos { how, programs } => {
            let How {
                times,
                meter,
                seed,
                folder,
            } = how;
            say(&format!("videos: seed {seed}"));
            let far = |done: &videos::Done| say(&format!("videos: so far {done}"));
            let done = videos::run(&meter, &programs, &folder, times, seed, far)?;
            say(&format!("videos: seed {seed}: {done}"));
        }
        Cli::OutboxChild(told) => outbox::run_child(told)?,
    }
    Ok(())
}
