//! The table of docs/performance.md.

use std::fmt::Write as _;

/// Rows as they are measured.
#[derive(Clone, Debug, Default)]
pub struct Table(Vec<[String; 4]>);

impl Table {
    /// Adds a row: what, at least, aim, and what was measured.
    pub fn add(&mut self, what: &str, least: &str, aim: &str, measured: String) {
        eprintln!("{what}: {measured} (at least {least}, aim {aim})");
        self.0
            .push([what, least, aim, &measured].map(str::to_owned));
    }

    pub fn print(&self) {
        println!("| measured together | at least | aim | measured |\n|---|---|---|---|");
        for row in &self.0 {
            println!("| {} |", row.join(" | "));
        }
    }
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        (sorted[middle - 1] + sorted[middle]) / 2.0
    } else {
        sorted[middle]
    }
}

/// The median of the rounds' ratios, their range, and the medians of what was divided.
pub fn ratio(ours: &[f64], theirs: &[f64], unit: &str) -> String {
    let ratios: Vec<f64> = ours
        .iter()
        .zip(theirs)
        .map(|(ours, theirs)| ours / theirs)
        .collect();
    let mut text = format!("**{:.2}**", median(&ratios));
    if ratios.len() > 1 {
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        write!(text, " ({least:.2} to {most:.2})").unwrap();
    }
    write!(
        text,
        ": {} of {} {unit}",
        short(median(ours)),
        short(median(theirs))
    )
    .unwrap();
    text
}

/// A figure with three digits.
pub fn short(value: f64) -> String {
    if value >= 1e6 {
        format!("{:.2} M", value / 1e6)
    } else if value >= 1e4 {
        format!("{:.0} k", value / 1e3)
    } else if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

/// The value below which that share of the sorted values lies.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len());
    sorted[place - 1]
}
