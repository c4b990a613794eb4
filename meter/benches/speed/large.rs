//! What becomes of it with twenty million events in the ledger.

use std::path::Path;
use std::time::Instant;

use reelmeter_proto::meter::v1 as pb;

use crate::Options;
use crate::events::Ids;
use crate::load::{self, Until, connect};
use crate::programs::{Program, file_bytes};
use crate::rows::pause;
use crate::table::{Table, median, ratio, short};

/// Events of one turn of inserting: few beside the small ledger.
const TURN_EVENTS: u64 = 200_000;
/// Events of the ledger that a summary's time is compared with.
const FEW: u64 = 4_000;
/// Summaries of one turn.
const SUMMARIES: u32 = 2_000;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

fn turn_events(options: &Options) -> u64 {
    TURN_EVENTS.min(options.small / 5)
}

/// Fills two ledgers and inserts into both by turns: events a second, into the large one and into the small one.
async fn insert(
    options: &Options,
    large: &Program,
    small: &Program,
    ids: Ids,
) -> (Vec<f64>, Vec<f64>) {
    let began = Instant::now();
    load::stream(&small.address, ids, Until::Events(options.small)).await;
    let rate = load::stream(&large.address, ids, Until::Events(options.large)).await;
    eprintln!(
        "{} events, {ids:?} ids, at {} a second",
        options.large,
        short(rate)
    );
    eprintln!("filled in {:.0} s", began.elapsed().as_secs_f64());
    let (mut into_large, mut into_small) = (Vec::new(), Vec::new());
    let until = Until::Events(turn_events(options));
    for _ in 0..options.rounds {
        pause(options).await;
        into_small.push(load::stream(&small.address, ids, until).await);
        into_large.push(load::stream(&large.address, ids, until).await);
    }
    (into_large, into_small)
}

pub async fn time_ordered(options: &Options, folder: &Path, table: &mut Table) {
    let (large_file, small_file, few_file) = (
        folder.join("large.db"),
        folder.join("small.db"),
        folder.join("few.db"),
    );
    let large = Program::meter(&large_file);
    let small = Program::meter(&small_file);
    let (into_large, into_small) = insert(options, &large, &small, Ids::TimeOrdered).await;
    small.stop();
    table.add(
        &format!(
            "insert rate at {} events against the rate at {}, time-ordered ids",
            words(options.large),
            words(options.small)
        ),
        "0.85",
        "0.95",
        ratio(&into_large, &into_small, "events a second"),
    );
    let resident = large.resident_bytes();

    let few = Program::meter(&few_file);
    load::stream(&few.address, Ids::TimeOrdered, Until::Events(FEW)).await;
    let (mut of_large, mut of_few) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        pause(options).await;
        of_few.push(summary_us(options, &few).await);
        of_large.push(summary_us(options, &large).await);
    }
    few.stop();
    let count = options.large + options.rounds as u64 * turn_events(options);
    // Ended as by a crash: the next start reads the tail.
    load::stream(&large.address, Ids::TimeOrdered, Until::Events(40_000)).await;
    let count = count + 40_000;
    drop(large);
    let after_kill = Program::meter(&large_file);
    let killed = after_kill.started_in;
    after_kill.stop();
    let bytes = file_bytes(&large_file);
    let mut starts = Vec::new();
    for _ in 0..options.rounds {
        let again = Program::meter(&large_file);
        starts.push(again.started_in.as_secs_f64());
        again.stop();
    }
    table.add(
        "bytes in the file an event (UUID ids, three quantities)",
        "under 130",
        "under 90",
        format!("**{:.1}**", bytes as f64 / count as f64),
    );
    table.add(
        &format!(
            "`GetSummary` at {} events against at 1,000 a session",
            words(options.large)
        ),
        "1.2 times the time",
        "1.0",
        ratio(&of_large, &of_few, "µs"),
    );
    table.add(
        &format!("memory of the meter at {} events", words(options.large)),
        "under 100 MiB resident",
        "50 MiB",
        format!("**{:.0} MiB**", resident as f64 / MEBIBYTE),
    );
    table.add(
        &format!("start with {} events in the file", words(options.large)),
        "under 1 s",
        "0.2 s",
        format!(
            "**{:.3} s**; {:.3} s after SIGKILL under load",
            median(&starts),
            killed.as_secs_f64()
        ),
    );
    std::fs::remove_file(large_file).unwrap();
}

pub async fn random(options: &Options, folder: &Path, table: &mut Table) {
    let large_file = folder.join("large-random.db");
    let large = Program::meter(&large_file);
    let small = Program::meter(&folder.join("small-random.db"));
    let (into_large, into_small) = insert(options, &large, &small, Ids::Random).await;
    let resident = large.resident_bytes();
    small.stop();
    large.stop();
    let again = Program::meter(&large_file);
    let started = again.started_in.as_secs_f64();
    again.stop();
    let count = options.large + options.rounds as u64 * turn_events(options);
    let bytes = file_bytes(&large_file) as f64 / count as f64;
    table.add(
        "the same insert rates with random ids",
        "0.2",
        "0.5",
        format!(
            "{}; {bytes:.1} bytes an event, {:.0} MiB resident, start in {started:.3} s",
            ratio(&into_large, &into_small, "events a second"),
            resident as f64 / MEBIBYTE
        ),
    );
    std::fs::remove_file(large_file).unwrap();
}

/// How long a summary takes to come, in microseconds.
async fn summary_us(options: &Options, meter: &Program) -> f64 {
    let mut client = connect(&meter.address).await;
    let count = if options.smoke { 20 } else { SUMMARIES };
    let mut times = Vec::new();
    for _ in 0..count {
        let began = Instant::now();
        let request = pb::GetSummaryRequest {
            session_id: "stream-0".to_owned(),
        };
        client.get_summary(request).await.unwrap();
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    median(&times)
}

fn words(events: u64) -> String {
    if events.is_multiple_of(1_000_000) {
        format!("{} million", events / 1_000_000)
    } else {
        events.to_string()
    }
}
