//! Who used the processors, as the kernel counts it.

use std::fs;
use std::time::Instant;

/// The kernel's unit of processor time, the same on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// What had been used at one moment, in seconds of one processor.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot {
    at: Instant,
    meters: f64,
    database: f64,
    callers: f64,
}

/// What was used between two moments.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    pub seconds: f64,
    /// In seconds of one processor, as the rest.
    pub meters: f64,
    pub database: f64,
    pub callers: f64,
}

impl Snapshot {
    /// Of these meters, of the database with all its processes, and of this program.
    pub fn take(meters: &[u32], postmaster: u32) -> Self {
        Self {
            at: Instant::now(),
            meters: meters.iter().map(|process| own(&stat(*process))).sum(),
            database: family(postmaster),
            callers: own(&stat(std::process::id())),
        }
    }

    pub fn since(&self, before: &Self) -> Used {
        Used {
            seconds: (self.at - before.at).as_secs_f64(),
            meters: self.meters - before.meters,
            database: self.database - before.database,
            callers: self.callers - before.callers,
        }
    }
}

/// The fields of `/proc/PID/stat` after the name: the first is the state. None of one that has ended.
fn stat(process: u32) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default();
    fields.split_whitespace().map(str::to_owned).collect()
}

fn ticks(fields: &[String], places: &[usize]) -> f64 {
    places
        .iter()
        .filter_map(|place| fields.get(*place)?.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS_PER_SECOND
}

/// User and system time.
fn own(fields: &[String]) -> f64 {
    ticks(fields, &[11, 12])
}

/// The same with that of its children, those that have ended included.
fn family(parent: u32) -> f64 {
    let mut sum = ticks(&stat(parent), &[11, 12, 13, 14]);
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(process) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let fields = stat(process);
        if fields.get(1).is_some_and(|of| *of == parent.to_string()) {
            sum += own(&fields);
        }
    }
    sum
}
