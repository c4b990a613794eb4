//! The command line.

use std::fmt::Display;
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

impl How {
    /// Runs a programme, and says its seed, how far it is and what came of it.
    fn programme<D: Display>(
        &self,
        name: &str,
        run: impl FnOnce(&Self, &dyn Fn(&D)) -> Result<D>,
    ) -> Result<()> {
        let seed = self.seed;
        say(&format!("{name}: seed {seed}"));
        let done = run(self, &|done| say(&format!("{name}: so far {done}")))?;
        say(&format!("{name}: seed {seed}: {done}"));
        Ok(())
    }
}

fn say(line: &str) {
    // Nobody who listens: the exit code says it as well.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Runs a programme.
pub fn run(cli: Cli) -> Result<()> {
    match cli {
        Cli::Kills(how) => how.programme("kills", |it, far| {
            kills::run(&it.meter, &it.folder, it.times, it.seed, far)
        }),
        Cli::Outbox(how) => how.programme("outbox", |it, far| {
            outbox::run(&it.meter, &it.folder, it.times, it.seed, far)
        }),
        Cli::Cuts(how) => how.programme("cuts", |it, far| {
            cuts::run(&it.meter, &it.folder, it.times, it.seed, far)
        }),
        Cli::Videos { how, programs } => how.programme("videos", |it, far| {
            videos::run(&it.meter, &programs, &it.folder, it.times, it.seed, far)
        }),
        Cli::OutboxChild(told) => outbox::run_child(told),
    }
}
