//! The prices in force, and their changes.

use super::{Commands, PricesArgs, PricesCommand};
use crate::error::Error;
use crate::facts::{PriceBook, Rate, Variant};
use crate::figure;
use crate::remote::{RateOverride, Remote};
use crate::report;
use crate::table::{Side, Table};

pub(super) async fn run(
    commands: &Commands,
    remote: &Remote,
    args: &PricesArgs,
) -> Result<(), Error> {
    match &args.change {
        None => print(
            commands,
            &remote
                .price_book(args.book.as_deref().unwrap_or_default())
                .await?,
            args.json,
        ),
        Some(PricesCommand::Set(price)) => {
            let overrides = remote
                .set_rate(&RateOverride {
                    service: price.service.clone(),
                    model: price.model.clone(),
                    metric: price.metric.clone(),
                    amount: price.amount,
                    unit_size: price.per,
                    start_time: price.from,
                    source: price.source.clone(),
                })
                .await?;
            changed(commands, &overrides, args.json)
        }
        Some(PricesCommand::Reset(which)) => {
            let (count, overrides) = remote
                .reset_rates(&which.service, &which.model, &which.metric)
                .await?;
            if !args.json {
                let taken = figure::counted(
                    i64::from(count),
                    "price was taken back",
                    "prices were taken back",
                );
                commands.out.line(&taken)?;
            }
            changed(commands, &overrides, args.json)
        }
    }
}

fn print(commands: &Commands, book: &PriceBook, json: bool) -> Result<(), Error> {
    let out = &commands.out;
    if json {
        return Ok(out.text(&report::pretty(&report::price_book(book)))?);
    }
    out.line(&format!(
        "price book \"{}\" of {}",
        book.name, book.as_of_date
    ))?;
    if !book.description.is_empty() {
        out.lines(crate::printable::wrap(book.description.shown(), 78))?;
    }
    out.line("")?;
    out.lines(rates(&book.rates, &commands.zone).lines())?;
    let mut services = Table::new(&[
        ("Service", Side::Left),
        ("Billing", Side::Left),
        ("Default model", Side::Left),
    ]);
    for service in &book.services {
        services.row([
            service.service.shown(),
            service.billing.words(),
            service.default_model.shown(),
        ]);
    }
    if !services.is_empty() {
        out.line("")?;
        out.lines(services.lines())?;
    }
    Ok(())
}

fn changed(commands: &Commands, overrides: &[Rate], json: bool) -> Result<(), Error> {
    let out = &commands.out;
    if json {
        let values: Vec<_> = overrides.iter().map(report::rate).collect();
        return Ok(out.text(&report::pretty(&values.into()))?);
    }
    if overrides.is_empty() {
        return Ok(out.line("no prices are set by hand")?);
    }
    out.line("set by hand, in force now:")?;
    Ok(out.lines(rates(overrides, &commands.zone).lines())?)
}

/// Rates as a table, each with its exact amount.
fn rates(rates: &[Rate], zone: &jiff::tz::TimeZone) -> Table {
    let mut table = Table::new(&[
        ("Service", Side::Left),
        ("Model", Side::Left),
        ("Metric", Side::Left),
        ("Price", Side::Right),
        ("per", Side::Right),
        ("Applies", Side::Left),
        ("From", Side::Left),
    ]);
    for rate in rates {
        table.row([
            rate.service.to_string(),
            if rate.model.is_empty() {
                "(any other)".to_owned()
            } else {
                rate.model.to_string()
            },
            rate.metric.to_string(),
            figure::exact(&rate.amount),
            figure::count(rate.unit_size),
            applies(rate, zone),
            if rate.origin.is_override() {
                rate.origin.words().to_owned()
            } else {
                rate.source.to_string()
            },
        ]);
    }
    table
}

/// When a rate applies: `batch, above 200,000 input tokens, from 1 Dec 2026`. Empty: always.
#[must_use]
pub fn applies(rate: &Rate, zone: &jiff::tz::TimeZone) -> String {
    let mut parts = Vec::new();
    if rate.variant != Variant::Standard {
        parts.push(rate.variant.word().to_owned());
    }
    if rate.above_input_tokens > 0 {
        parts.push(format!(
            "above {} input tokens",
            figure::count(rate.above_input_tokens)
        ));
    }
    if let Some(time) = rate.start_time {
        parts.push(format!("from {}", figure::day(time, zone)));
    }
    if let Some(time) = rate.end_time {
        parts.push(format!("until {}", figure::day(time, zone)));
    }
    parts.join(", ")
}
