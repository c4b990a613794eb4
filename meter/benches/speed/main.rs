//! How fast the meter is, against the limits of what it stands on: every row of `docs/performance.md`, measured side by
//! side in one run and printed as the table of that file.
//!
//! ```text
//! cargo bench -p reelmeter-meter --bench speed                    all rows: about a quarter of an hour
//! cargo bench -p reelmeter-meter --bench speed -- --rows unary,stream --seconds 2
//! cargo bench -p reelmeter-meter --bench speed -- --smoke         does everything, measures nothing: seconds
//! ```
//!
//! The meter is the real binary in a process of its own, and so is what it is compared with. What is compared takes turns
//! in each of the rounds, so that other work on the machine falls on all of them; a ratio is the median of the rounds'
//! ratios. Nothing here is a test: no figure fails a build.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people who measure; it fails by panicking and speaks on the terminal"
)]

mod baseline;
mod cores;
mod events;
mod large;
mod load;
mod postgres;
mod programs;
mod rows;
mod table;
mod watchers;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// As in the meter: what is compared must not differ by its allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the meter and prints the table of docs/performance.md.
#[derive(Clone, Debug, Parser)]
pub struct Options {
    /// Which rows: unary, stream, postgres, large, random, watchers; all if not given.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// Rounds in which everything that is compared takes a turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long one turn takes.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Events in the large ledger.
    #[arg(long, default_value_t = 20_000_000)]
    large: u64,
    /// Events in the ledger that it is compared with.
    #[arg(long, default_value_t = 1_000_000)]
    small: u64,
    /// Does everything once with little, to see that this program still works.
    #[arg(long)]
    smoke: bool,
    /// Where the ledgers are kept while they are measured, about 6 GB; a folder on a real disk.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    folder: PathBuf,
    /// Runs as what the meter is compared with: `empty` or `log`.
    #[arg(long, hide = true)]
    serve: Option<String>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn wants(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|wanted| wanted == row)
    }

    fn turn(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

#[tokio::main]
async fn main() {
    let mut options = Options::parse();
    if let Some(what) = &options.serve {
        return baseline::serve(what, &options.folder).await;
    }
    if options.smoke {
        options.rounds = 1;
        options.seconds = 0.2;
        options.large = 60_000;
        options.small = 30_000;
    }
    let folder = tempfile::tempdir_in(&options.folder).expect("a folder for the ledgers");
    let mut table = table::Table::default();
    if options.wants("unary") {
        rows::unary(&options, folder.path(), &mut table).await;
    }
    if options.wants("stream") {
        rows::stream(&options, folder.path(), &mut table).await;
    }
    if options.wants("large") {
        large::time_ordered(&options, folder.path(), &mut table).await;
    }
    if options.wants("random") {
        large::random(&options, folder.path(), &mut table).await;
    }
    if options.wants("watchers") {
        watchers::measure(&options, folder.path(), &mut table).await;
    }
    table.print();
}
