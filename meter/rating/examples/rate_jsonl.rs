//! Rates usages from standard input, one JSON object a line, and prints one answer a line: so that
//! another program, in another language, can check every cost against its own arithmetic.
//!
//! ```text
//! $ echo '{"service":"gemini","model":"gemini-2.5-pro","quantities":{"input_tokens":200001}}' |
//!     cargo run -q -p reelmeter-rating --example rate_jsonl -- list
//! {"total":"0.5000025","unpriced":[],"lines":[{"metric":"input_tokens","quantity":200001,…}]}
//! ```
//!
//! The argument is `documented`, `list` (as is no argument), or a price file. A usage may also have
//! `rate_model`, `variant` and `time`. What cannot be rated is answered by `{"error": …}`.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::process::ExitCode;

use jiff::Timestamp;
use reelmeter_rating::{
    Basis, Breakdown, Money, PriceBook, QuantityView, RateTable, Usage, Variant, classify,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    service: String,
    model: String,
    #[serde(default)]
    rate_model: String,
    #[serde(default)]
    variant: Variant,
    #[serde(default = "Timestamp::now")]
    time: Timestamp,
    quantities: BTreeMap<String, i64>,
}

#[derive(Serialize)]
struct Answer {
    total: Money,
    unpriced: Vec<String>,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    metric: String,
    quantity: i64,
    state: reelmeter_rating::PricingState,
    cost: Option<Money>,
    amount: Option<Money>,
    unit_size: Option<u64>,
    rated_as: Option<String>,
    service_default: Option<String>,
    source: Option<String>,
}

#[derive(Serialize)]
struct Refused {
    error: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error leaves only the exit code to tell.
            let _ = writeln!(std::io::stderr(), "rate_jsonl: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let book = std::env::args().nth(1).unwrap_or_else(|| "list".to_owned());
    let book = match PriceBook::built_in(&book)? {
        Some(book) => book,
        None => PriceBook::from_toml(&book, &std::fs::read_to_string(&book)?)?,
    };
    let table = RateTable::of_book(book);
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        match answer(&table, &line?) {
            Ok(answer) => serde_json::to_writer(&mut output, &answer)?,
            Err(error) => serde_json::to_writer(
                &mut output,
                &Refused {
                    error: error.to_string(),
                },
            )?,
        }
        output.write_all(b"\n")?;
    }
    Ok(output.flush()?)
}

fn answer(table: &RateTable, line: &str) -> Result<Answer, Box<dyn std::error::Error>> {
    let asked: Asked = serde_json::from_str(line)?;
    let quantities: Vec<_> = asked
        .quantities
        .iter()
        .map(|(metric, value)| QuantityView {
            metric,
            value: *value,
            basis: Basis::Reported,
        })
        .collect();
    let usage = Usage {
        service: &asked.service,
        model: &asked.model,
        rate_model: &asked.rate_model,
        variant: asked.variant,
        time: asked.time,
        clock: false,
        quantities: &quantities,
    };
    let mut lines = Vec::new();
    let mut rated = Vec::new();
    for (class, quantity) in classify(&usage, table.boundaries())? {
        let line = table.rate(&class, i128::from(quantity), Timestamp::now())?;
        let applied = line.applied();
        lines.push(Line {
            metric: class.metric.to_string(),
            quantity,
            state: line.state(),
            cost: line.cost,
            amount: applied.map(|applied| applied.rate.amount),
            unit_size: applied.map(|applied| applied.rate.unit_size),
            rated_as: applied
                .and_then(|applied| applied.rated_as.as_ref())
                .map(ToString::to_string),
            service_default: applied
                .and_then(|applied| applied.service_default.as_ref())
                .map(ToString::to_string),
            source: applied.map(|applied| applied.rate.source.title.clone()),
        });
        rated.push(line);
    }
    let breakdown = Breakdown::of(rated)?;
    let unpriced = breakdown
        .unpriced
        .iter()
        .map(|unpriced| unpriced.metric.to_string())
        .collect();
    Ok(Answer {
        total: breakdown.total,
        unpriced,
        lines,
    })
}
