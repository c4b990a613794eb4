//! Builds `meter/prices/list.toml` from the data of the genai-prices and LiteLLM packages:
//!
//! ```text
//! pip install --no-deps --target target/prices genai-prices==0.2.3 litellm==1.110.2
//! cargo run -p reelmeter-rating --bin prices-refresh -- --packages target/prices
//! ```
//!
//! It prints what changed, on what the two disagree, and what was left out and why. The packages
//! are only read, never run, and not kept in the repository.

mod book;
mod genai;
mod gone;
mod listing;
mod litellm;
mod merge;
mod python;
mod report;
mod run;

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let result = run::run(std::env::args().skip(1));
    let (text, code) = match result {
        Ok(report) => (report, ExitCode::SUCCESS),
        Err(error) => (format!("prices-refresh: {error}\n"), ExitCode::FAILURE),
    };
    let written = if code == ExitCode::SUCCESS {
        std::io::stdout().write_all(text.as_bytes())
    } else {
        std::io::stderr().write_all(text.as_bytes())
    };
    // A closed pipe is no reason to fail.
    written.map_or(ExitCode::FAILURE, |()| code)
}
