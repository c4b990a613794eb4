//! Receipts, and what a session would have cost by other prices.

use std::collections::BTreeMap;

use reelmeter_rating::{Overrides, metric};

use super::args::{ReceiptArgs, WhatIfArgs};
use super::{Commands, find};
use crate::error::Error;
use crate::facts::Summary;
use crate::remote::{Remote, WhatIf};
use crate::report::{self, Format, Supposed};

/// Prints or saves a receipt. Without a form it is lines for a terminal, unless it is saved.
pub(super) async fn run(
    commands: &Commands,
    remote: &Remote,
    args: &ReceiptArgs,
) -> Result<(), Error> {
    let session = find::session(remote, &args.session).await?;
    let (what_if, supposed) = what_if(remote, &session, &args.what_if).await?;
    let receipt = remote.receipt(&session, &what_if).await?;
    let format = args.format.or(args.output.as_deref().map(Format::of));
    match (format, &args.output) {
        (Some(format), Some(path)) => {
            report::save_text(&report::render_receipt(&receipt, &supposed, format), path)?;
            commands.out.line(&format!(
                "receipt of session {} saved to {}",
                receipt.session.id,
                path.display()
            ))?;
        }
        (Some(format), None) => commands
            .out
            .text(&report::render_receipt(&receipt, &supposed, format))?,
        (None, _) => commands
            .out
            .lines(report::receipt_lines(&receipt, &supposed))?,
    }
    Ok(())
}

/// The request for other prices, and what it means in words.
async fn what_if(
    remote: &Remote,
    session: &str,
    args: &WhatIfArgs,
) -> Result<(WhatIf, Supposed), Error> {
    let mut supposed = Supposed::default();
    let rates = Overrides::from_environment("--rate", &args.rates.join(";"))
        .map_err(|error| Error::Usage(error.to_string()))?;
    for rate in rates.rates() {
        supposed.notes.push(format!(
            "{}/{}/{} at {} USD for {}",
            rate.service,
            rate.model.as_deref().unwrap_or("*"),
            rate.metric,
            rate.amount,
            rate.unit_size
        ));
    }
    if let Some(book) = &args.price_book {
        supposed.notes.push(format!("the prices of book {book}"));
    }
    let substitutions = substitutions(remote, session, args, &mut supposed).await?;
    let what_if = WhatIf {
        price_book: args.price_book.clone().unwrap_or_default(),
        rates: rates
            .rates()
            .iter()
            .map(|rate| reelmeter_rating::Rate::clone(rate))
            .collect(),
        substitutions,
    };
    Ok((what_if, supposed))
}

/// Which models are priced as which others. A model alone stands for all models of its service that can be replaced by
/// it: one that made pictures or speech is not, unless the other has a price for those.
async fn substitutions(
    remote: &Remote,
    session: &str,
    args: &WhatIfArgs,
    supposed: &mut Supposed,
) -> Result<BTreeMap<String, String>, Error> {
    let mut all = BTreeMap::new();
    for wanted in &args.models {
        if let Some((from, to)) = wanted.split_once('=') {
            if from.is_empty() || to.is_empty() {
                return Err(Error::Usage(format!(
                    "--as {wanted}: write MODEL, or MODEL=OTHER for one of them"
                )));
            }
            all.insert(from.to_owned(), to.to_owned());
            continue;
        }
        let book = remote
            .price_book(args.price_book.as_deref().unwrap_or_default())
            .await?;
        let rated = |service: &str, metric: Option<&str>| {
            book.rates.iter().any(|rate| {
                rate.model.raw() == wanted
                    && rate.service.raw() == service
                    && metric.is_none_or(|metric| rate.metric.raw() == metric)
            })
        };
        let summary = remote.summary(session).await?;
        let before = all.len();
        for (service, model, metrics) in models(&summary) {
            if !rated(&service, None) || model == *wanted {
                continue;
            }
            let lacks = metrics.iter().find(|name| {
                metric::side(name) == metric::Side::Other && !rated(&service, Some(name))
            });
            match lacks {
                Some(name) => supposed.notes.push(format!(
                    "{model} stays itself: {wanted} has no price for {name}"
                )),
                None => {
                    all.insert(model, wanted.clone());
                }
            }
        }
        if all.len() == before {
            return Err(Error::Usage(format!(
                "--as {wanted}: no call of the session could have been made by it at a price that the book {} knows; \
                 `client prices` lists them, MODEL={wanted} names a model of the session",
                book.name
            )));
        }
    }
    for (from, to) in &all {
        supposed.notes.push(format!("{from} as {to}"));
    }
    Ok(all)
}

/// What sets the prices of a session: service, model, and the metrics that it was used for.
fn models(summary: &Summary) -> Vec<(String, String, Vec<String>)> {
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for part in &summary.models {
        for metric in &part.metrics {
            for line in &metric.lines {
                let key = (
                    line.service.raw().to_owned(),
                    line.rate_model.raw().to_owned(),
                );
                let metrics = found.entry(key).or_default();
                let name = line.metric.raw().to_owned();
                if !metrics.contains(&name) {
                    metrics.push(name);
                }
            }
        }
    }
    found
        .into_iter()
        .map(|((service, model), metrics)| (service, model, metrics))
        .collect()
}
