//! What 1, 2 and 4 meters record over one PostgreSQL, and what a simple model says they would: the table of
//! `docs/scale.md`.
//!
//! ```text
//! cargo bench -p reelmeter-meter --bench scale                    about seven minutes
//! cargo bench -p reelmeter-meter --bench scale -- --loads alone,hot --seconds 2
//! cargo bench -p reelmeter-meter --bench scale -- --smoke         does everything, measures nothing: seconds
//! ```
//!
//! A PostgreSQL of its own and the real meters, each in a process of its own, beside this program, which plays the callers:
//! all on one machine. Each turn has new meters over a new database; what is compared takes turns in each of the rounds, so
//! that other work on the machine falls on all of it. Nothing here is a test: no figure fails a build.

#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people who measure; it fails by panicking, speaks on the terminal, and needs not all of what it shares"
)]

mod callers;
#[path = "../speed/events.rs"]
mod events;
#[path = "../speed/load.rs"]
mod load;
mod meters;
mod model;
#[path = "../../tests/support/postgres.rs"]
mod postgres;
#[path = "../speed/table.rs"]
mod table;
mod usage;

use std::time::Duration;

use callers::Load;
use clap::Parser;
use meters::Meters;
use model::{Measured, Row};

/// As in the meter: what plays the callers must not be slower than they are.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures meters over one PostgreSQL and prints the table of docs/scale.md.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// How many meters.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 4])]
    meters: Vec<usize>,
    /// Which loads; all if not given.
    #[arg(long, value_delimiter = ',')]
    loads: Vec<Load>,
    /// Rounds in which everything that is compared takes a turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long one turn is measured.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// How long it runs before.
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// Does everything once with little, to see that this program still works.
    #[arg(long)]
    smoke: bool,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let mut options = Options::parse();
    if options.smoke {
        (options.rounds, options.seconds, options.warm_up) = (1, 0.3, 0.1);
    }
    if options.loads.is_empty() {
        options.loads = Load::ALL.to_vec();
    }
    let server = postgres::Server::start(true);
    let mut rows: Vec<Row> = Vec::new();
    for load in &options.loads {
        rows.extend(options.meters.iter().map(|count| Row::new(*load, *count)));
    }
    for round in 0..options.rounds {
        for row in &mut rows {
            let measured = turn(&server, row.load, row.meters, &options).await;
            eprintln!(
                "round {}, {} at {}: {:.0} events a second, {:.2} processors, {} refused",
                round + 1,
                row.load,
                row.meters,
                measured.rate,
                measured.cores_used(),
                measured.refused
            );
            row.turns.push(measured);
        }
    }
    model::print(&rows);
}

/// One turn: new meters over a new database, and the load on them.
async fn turn(server: &postgres::Server, load: Load, meters: usize, options: &Options) -> Measured {
    let database = server.database();
    let meters = Meters::start(&server.url(&database), meters).await;
    let callers = load.begin(&meters.addresses()).await;
    tokio::time::sleep(Duration::from_secs_f64(options.warm_up)).await;
    let postmaster = server.process();
    let before = usage::Snapshot::take(&meters.processes(), postmaster);
    let counted = callers.counted();
    tokio::time::sleep(Duration::from_secs_f64(options.seconds)).await;
    let events = callers.counted() - counted;
    let used = usage::Snapshot::take(&meters.processes(), postmaster).since(&before);
    let refused = callers.end().await;
    meters.stop();
    server.ask("postgres", &format!("DROP DATABASE {database}"));
    Measured::new(events, refused, &used)
}
