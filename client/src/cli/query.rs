//! What was used in a time, and what it cost: "what did this month cost, by label?"

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

use super::args::QueryArgs;
use super::{Commands, find};
use crate::error::Error;
use crate::facts::UsageRow;
use crate::figure;
use crate::remote::{Grouping, Question, Remote};
use crate::report;
use crate::table::{Side, Table};

pub(super) async fn run(
    commands: &Commands,
    remote: &Remote,
    args: &QueryArgs,
) -> Result<(), Error> {
    let now = Timestamp::now();
    let (from, to) = match &args.month {
        Some(month) => month_of(month, now)?,
        None => (args.from.map(|time| time.0), args.to.map(|time| time.0)),
    };
    let question = Question {
        from,
        to,
        group_by: args.group_by.clone(),
        label_key: args.label_key.clone().unwrap_or_default(),
        labels: args.labels.iter().cloned().collect(),
        service: args.service.clone().unwrap_or_default(),
        simulated: args.simulated,
    };
    let (rows, total) = remote.query_usage(&question).await?;
    let headings: Vec<String> = question
        .group_by
        .iter()
        .map(|grouping| match grouping {
            Grouping::Day => "Day".to_owned(),
            Grouping::Service => "Service".to_owned(),
            Grouping::Model => "Model".to_owned(),
            Grouping::Session => "Session".to_owned(),
            Grouping::Label => question.label_key.clone(),
        })
        .collect();
    if args.json {
        let value = json!({
            "start_time": from.map(|time| time.to_string()),
            "end_time": to.map(|time| time.to_string()),
            "simulated": question.simulated,
            "group_by": headings,
            "currency_code": "USD",
            "total_cost": total.to_string(),
            "rows": rows.iter().map(|row| json!({
                "group_values": row.values.iter().map(|value| value.raw()).collect::<Vec<_>>(),
                "cost": row.cost.to_string(),
                "event_count": row.event_count,
                "metrics": row.metrics.iter().map(|metric| json!({
                    "metric": metric.metric.raw(),
                    "quantity": metric.quantity,
                    "state": metric.state.word(),
                    "cost": metric.cost.map(|cost| cost.to_string()),
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        });
        return Ok(commands.out.text(&report::pretty(&value))?);
    }
    if rows.is_empty() {
        let kind = if question.simulated {
            "simulated"
        } else {
            "real"
        };
        let other = if question.simulated {
            ""
        } else {
            "; --simulated counts those"
        };
        return Ok(commands
            .out
            .line(&format!("no {kind} calls in that time{other}"))?);
    }
    let mut columns: Vec<(&str, Side)> = headings
        .iter()
        .map(|heading| (heading.as_str(), Side::Left))
        .collect();
    columns.extend([
        ("Calls", Side::Right),
        ("Cost", Side::Right),
        ("Quantities", Side::Left),
    ]);
    let mut table = Table::new(&columns);
    for row in &rows {
        let mut cells: Vec<String> = row
            .values
            .iter()
            .map(|value| {
                if value.is_empty() {
                    "(none)".to_owned()
                } else {
                    value.to_string()
                }
            })
            .collect();
        cells.extend([
            figure::count(row.event_count),
            figure::group_cost(Some(&row.cost), &row.metrics),
            quantities(row),
        ]);
        table.row(cells);
    }
    commands.out.lines(table.lines())?;
    let simulated = if question.simulated {
        ", SIMULATED"
    } else {
        ""
    };
    commands
        .out
        .line(&format!("Total cost  {}{simulated}", total.screen()))?;
    Ok(())
}

fn quantities(row: &UsageRow) -> String {
    let words: Vec<String> = row
        .metrics
        .iter()
        .map(|metric| figure::quantity(metric.metric.shown(), metric.quantity))
        .collect();
    words.join(", ")
}

/// The first instant of a month and of the next, UTC: `2026-11`, or `this`, or `last`.
fn month_of(month: &str, now: Timestamp) -> Result<(Option<Timestamp>, Option<Timestamp>), Error> {
    let wrong = || {
        Error::Usage(format!(
            "--month {month}: write it as 2026-11, or this, or last"
        ))
    };
    let today = now.to_zoned_datetime(TimeZone::UTC).date();
    let first = match month {
        "this" => today.first_of_month(),
        "last" => today
            .first_of_month()
            .yesterday()
            .map_err(|_| wrong())?
            .first_of_month(),
        text => format!("{text}-01").parse::<Date>().map_err(|_| wrong())?,
    };
    let next = first.last_of_month().tomorrow().map_err(|_| wrong())?;
    let begins = |date: Date| {
        date.to_zoned_datetime(TimeZone::UTC)
            .map(|time| time.timestamp())
    };
    Ok((
        Some(begins(first).map_err(|_| wrong())?),
        Some(begins(next).map_err(|_| wrong())?),
    ))
}

/// Exports the ledger's events.
pub(super) async fn export(
    commands: &Commands,
    remote: &Remote,
    args: &super::args::ExportArgs,
) -> Result<(), Error> {
    use std::io::Write;
    let session = match &args.session {
        Some(wanted) => find::session(remote, wanted).await?,
        None => String::new(),
    };
    let csv = args.csv
        || args
            .output
            .as_deref()
            .is_some_and(|path| path.extension().is_some_and(|ending| ending == "csv"));
    let (from, to) = (args.from.map(|time| time.0), args.to.map(|time| time.0));
    let mut stream = remote.export(&session, from, to, csv).await?;
    // A file that is not whole yet has another name.
    let mut file = match &args.output {
        Some(path) => {
            let part = path.with_added_extension("part");
            let failed = |source| Error::File {
                path: part.clone(),
                source,
            };
            Some((std::fs::File::create(&part).map_err(failed)?, part))
        }
        None => None,
    };
    let mut moved = 0;
    loop {
        let message = match stream.message().await {
            Ok(Some(message)) => message,
            Ok(None) => break,
            Err(status) => return Err(remote.broken(&status).into()),
        };
        moved += message.moved_out.map_or(0, |moved| moved.event_count);
        match &mut file {
            Some((file, part)) => file
                .write_all(&message.data)
                .map_err(|source| Error::File {
                    path: part.clone(),
                    source,
                })?,
            None => commands.out.bytes(&message.data)?,
        }
    }
    if let (Some((file, part)), Some(path)) = (file, &args.output) {
        let failed = |source| Error::File {
            path: path.clone(),
            source,
        };
        file.sync_all().map_err(failed)?;
        std::fs::rename(&part, path).map_err(failed)?;
        commands.out.line(&format!("saved to {}", path.display()))?;
    }
    if moved > 0 {
        commands.notes.line(&format!(
            "warning: this export is not whole: {} older events were moved out of the ledger into files beside the \
             meter, and are not in it",
            figure::count(moved)
        ))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_from_its_first_instant_to_that_of_the_next() {
        let now: Timestamp = "2026-01-31T23:59:59Z".parse().unwrap();
        let of = |month| {
            let (from, to) = month_of(month, now).unwrap();
            (from.unwrap().to_string(), to.unwrap().to_string())
        };
        let time = |text: &str| text.to_owned();
        assert_eq!(
            of("this"),
            (time("2026-01-01T00:00:00Z"), time("2026-02-01T00:00:00Z"))
        );
        assert_eq!(
            of("last"),
            (time("2025-12-01T00:00:00Z"), time("2026-01-01T00:00:00Z"))
        );
        assert_eq!(
            of("2028-02"),
            (time("2028-02-01T00:00:00Z"), time("2028-03-01T00:00:00Z"))
        );
        assert!(month_of("February", now).is_err());
    }
}
