//! The model: what one meter shows says what more of them would do.
//!
//! A meter writes one transaction at a time, so that N meters have N of them on their way; beyond that they wait for the same
//! processors. With a cycle of `1 / X(1)` seconds an event at one meter, of which `D` seconds are a processor's, and `C`
//! processors, this is a closed queueing network of N customers: a queue with the demand `D / C`, and a delay of the rest of
//! the cycle, which does not queue (Seidmann's approximation of several servers). Mean value analysis solves it: exact at one
//! meter, and `C / D` at many. A session that everybody writes to has its transactions in line, so that it counts as one
//! customer however many meters there are.
//!
//! Nothing is fitted to the rows that it predicts. `C` is what the busiest row got of the machine.

use crate::callers::Load;
use crate::table::{median, short};
use crate::usage::Used;

/// What one turn showed.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Events a second.
    pub rate: f64,
    /// Deliveries that were refused and repeated.
    pub refused: u64,
    /// Microseconds of a processor an event.
    pub meters_us: f64,
    pub database_us: f64,
    pub callers_us: f64,
}

impl Measured {
    pub fn new(events: u64, refused: u64, used: &Used) -> Self {
        let events = events as f64;
        let us = |seconds: f64| seconds * 1e6 / events.max(1.0);
        Self {
            rate: events / used.seconds,
            refused,
            meters_us: us(used.meters),
            database_us: us(used.database),
            callers_us: us(used.callers),
        }
    }

    fn all_us(&self) -> f64 {
        self.meters_us + self.database_us + self.callers_us
    }

    /// Processors that all of it used, on average.
    pub fn cores_used(&self) -> f64 {
        self.rate * self.all_us() / 1e6
    }
}

/// A load at so many meters.
#[derive(Clone, Debug)]
pub struct Row {
    pub load: Load,
    pub meters: usize,
    pub turns: Vec<Measured>,
}

impl Row {
    pub fn new(load: Load, meters: usize) -> Self {
        Self {
            load,
            meters,
            turns: Vec::new(),
        }
    }

    fn middle(&self, of: impl Fn(&Measured) -> f64) -> f64 {
        median(&self.turns.iter().map(of).collect::<Vec<_>>())
    }

    /// What the row of one meter says of this one, in events a second.
    fn predicted(&self, one: &Self, cores: f64) -> f64 {
        let customers = match self.load {
            Load::Hot => 1,
            Load::Batches | Load::Streams | Load::Alone => self.meters,
        };
        let queue = one.middle(Measured::all_us) / cores;
        let delay = (1e6 / one.middle(|turn| turn.rate) - queue).max(0.0);
        // Events a microsecond, and how many wait where they queue.
        let (mut rate, mut waiting) = (0.0, 0.0);
        for customers in 1..=customers {
            let response = queue * (1.0 + waiting);
            rate = customers as f64 / (response + delay);
            waiting = rate * response;
        }
        rate * 1e6
    }
}

/// Prints the table: what was measured, and what the model says.
pub fn print(rows: &[Row]) {
    let used = |row: &Row| row.middle(Measured::cores_used);
    let cores = rows.iter().map(used).fold(0.0, f64::max);
    println!(
        "| load | meters | events a second | the model says | µs an event: meters + database + callers | processors |\n\
         |---|---|---|---|---|---|"
    );
    for row in rows {
        let rates: Vec<f64> = row.turns.iter().map(|turn| turn.rate).collect();
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rates.iter().copied().fold(0.0, f64::max);
        let one = rows
            .iter()
            .find(|other| other.load == row.load && other.meters == 1);
        let predicted = match one {
            Some(_) if row.meters == 1 => "from here".to_owned(),
            Some(one) => short(row.predicted(one, cores)),
            None => "needs a row of one meter".to_owned(),
        };
        println!(
            "| {} | {} | **{}** ({} to {}) | {predicted} | {:.1} + {:.1} + {:.1} | {:.2} |",
            row.load,
            row.meters,
            short(median(&rates)),
            short(least),
            short(most),
            row.middle(|turn| turn.meters_us),
            row.middle(|turn| turn.database_us),
            row.middle(|turn| turn.callers_us),
            used(row),
        );
    }
    let refused: u64 = rows
        .iter()
        .flat_map(|row| &row.turns)
        .map(|turn| turn.refused)
        .sum();
    println!(
        "\nThe model takes {cores:.2} processors. {refused} deliveries were told to come again."
    );
}
