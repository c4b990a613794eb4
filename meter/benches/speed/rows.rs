//! Calls one by one, and streams.

use std::path::Path;
use std::time::Duration;

use crate::Options;
use crate::cores::Distances;
use crate::events::Ids;
use crate::load::{self, CALLS_IN_FLIGHT, Until};
use crate::postgres::Postgres;
use crate::programs::Program;
use crate::table::{Table, ratio};

/// Between two turns: the meter folds what is left over when nobody comes for a second.
const BETWEEN_TURNS: Duration = Duration::from_millis(1_200);

pub async fn pause(options: &Options) {
    if !options.smoke {
        tokio::time::sleep(BETWEEN_TURNS).await;
    }
}

pub async fn unary(options: &Options, folder: &Path, table: &mut Table) {
    let empty = Program::baseline("empty", folder);
    let meter = Program::meter(&folder.join("unary.db"));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut distances = Distances::default();
    for _ in 0..options.rounds {
        distances.measure();
        theirs.push(load::calls(&empty.address, options.turn()).await);
        ours.push(load::calls(&meter.address, options.turn()).await);
        pause(options).await;
    }
    meter.stop();
    table.add(
        &format!("durable single-event `RecordUsage`, {CALLS_IN_FLIGHT} in flight, against an empty tonic handler with the same messages"),
        "0.70 of its calls a second",
        "0.85",
        ratio(&ours, &theirs, "calls a second") + &distances.said(),
    );
}

pub async fn stream(options: &Options, folder: &Path, table: &mut Table) {
    let empty = Program::baseline("empty", folder);
    let log = Program::baseline("log", folder);
    let meter = Program::meter(&folder.join("stream.db"));
    let postgres = if options.wants("postgres") {
        Postgres::start(folder).await
    } else {
        None
    };
    let until = Until::After(options.turn());
    let (mut ours, mut idle, mut appended, mut fed) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut distances = Distances::default();
    for _ in 0..options.rounds {
        distances.measure();
        idle.push(load::stream(&empty.address, Ids::TimeOrdered, until).await);
        appended.push(load::stream(&log.address, Ids::TimeOrdered, until).await);
        ours.push(load::stream(&meter.address, Ids::TimeOrdered, until).await);
        pause(options).await;
        if let Some(postgres) = &postgres {
            fed.push(postgres.feed(options.turn()).await);
        }
    }
    meter.stop();
    let unit = "events a second";
    table.add(
        "`StreamUsage`, batches of 1,000, four streams, durable and deduplicated, against a raw append-only file with fdatasync behind the same stream",
        "0.70 of its events a second",
        "0.90",
        ratio(&ours, &appended, unit),
    );
    table.add(
        "the same against the same stream with no work done",
        "0.45",
        "0.60",
        ratio(&ours, &idle, unit) + &distances.said(),
    );
    let measured = match postgres {
        Some(postgres) => {
            postgres.stop();
            ratio(&ours, &fed, unit)
        }
        None => "not measured: install postgresql-15".to_owned(),
    };
    table.add(
        "the same against PostgreSQL 15 from Debian fed directly in batches of 1,000 with ON CONFLICT and rollups, both durable",
        "2.5 times",
        "4 times",
        measured,
    );
}
