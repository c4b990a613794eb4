//! `GetReceipt` and `QueryUsage`.

use reelmeter_proto::meter::v1 as wire;
use reelmeter_rating::{Layer, Rate};

use super::{from_wire, to_wire, words};
use crate::application::ports::UsageRange;
use crate::application::reports::{ReceiptRequest, UsageQuestion};
use crate::application::{Error, Meter};
use crate::domain::problem::Problem;
use crate::domain::query::{Grouping, Question};
use crate::domain::receipt::ReceiptEntry;
use crate::domain::text;
use crate::domain::validate;

/// Groupings of one question; each kind makes sense once.
const GROUPINGS_MAX: usize = 5;

pub(super) async fn receipt(
    meter: &Meter,
    request: wire::GetReceiptRequest,
) -> Result<wire::Receipt, Error> {
    text::optional_name("price_book", &request.price_book)?;
    let mut rates = Vec::with_capacity(request.rates.len());
    let mut problems = Vec::new();
    for (place, rate) in request.rates.into_iter().enumerate() {
        match from_wire::rate(&format!("rates[{place}]"), rate) {
            Ok(rate) => rates.push(rate),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let asked = rates.clone();
    let request = ReceiptRequest {
        session_id: request.session_id,
        price_book: request.price_book,
        rates,
        substitutions: request.rate_model_substitutions,
    };
    let (usage, receipt) = meter.receipt(request).await?;
    let difference = match receipt.actual {
        Some(actual) => Some(receipt.total.checked_sub(actual).ok_or_else(|| {
            Error::Precondition(
                "the difference is beyond the largest amount, about 1.7e14 dollars".to_owned(),
            )
        })?),
        None => None,
    };
    let book = receipt.book.name.clone();
    Ok(wire::Receipt {
        session: Some(to_wire::session(&usage)),
        entries: receipt
            .entries
            .iter()
            .map(|entry| receipt_entry(entry, &book, &asked))
            .collect(),
        total_cost: Some(to_wire::money(receipt.total)),
        price_book: Some(to_wire::book_reference(&receipt.book)),
        actual_cost: receipt.actual.map(to_wire::money),
        difference: difference.map(to_wire::money),
    })
}

fn receipt_entry(entry: &ReceiptEntry, book: &str, asked: &[Rate]) -> wire::ReceiptEntry {
    let lines = entry.lines.iter().map(|line| {
        let mut shown = to_wire::cost_line(line, book);
        let from_request = line
            .line
            .applied()
            .is_some_and(|applied| applied.layer == Layer::Rpc && asked.contains(&applied.rate));
        if let (true, Some(rate)) = (from_request, &mut shown.rate) {
            rate.origin = wire::RateOrigin::Request.into();
        }
        shown
    });
    wire::ReceiptEntry {
        stage: entry.stage.to_string(),
        scene: i32::try_from(entry.scene).unwrap_or(i32::MAX),
        attempt: i32::try_from(entry.attempt).unwrap_or(i32::MAX),
        outcome: words::outcome(entry.outcome).into(),
        event_count: entry.events,
        lines: lines.collect(),
        cost: Some(to_wire::money(entry.cost)),
    }
}

pub(super) async fn query(
    meter: &Meter,
    request: wire::QueryUsageRequest,
) -> Result<wire::QueryUsageResponse, Error> {
    text::optional_name("service", &request.service)?;
    let from = from_wire::time("start_time", request.start_time)?;
    let to = from_wire::time("end_time", request.end_time)?;
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        return Err(Problem::new("end_time", "must be after start_time").into());
    }
    let asked = UsageQuestion {
        range: UsageRange {
            from,
            to,
            labels: request.labels,
            simulated: request.simulated,
        },
        question: Question {
            group_by: groupings(&request.group_by, &request.label_key)?,
            service: (!request.service.is_empty()).then_some(request.service),
        },
    };
    let (rows, total) = meter.query_usage(asked).await?;
    let row = |row: crate::domain::query::Row| wire::UsageRow {
        group_values: row.values,
        cost: Some(to_wire::money(row.entry.cost.unwrap_or_default())),
        metrics: to_wire::metrics(&row.entry, ""),
        event_count: row.entry.events,
    };
    Ok(wire::QueryUsageResponse {
        rows: rows.into_iter().map(row).collect(),
        total_cost: Some(to_wire::money(total)),
    })
}

fn groupings(sent: &[i32], label_key: &str) -> Result<Vec<Grouping>, Error> {
    if sent.len() > GROUPINGS_MAX {
        return Err(Problem::new(
            "group_by",
            format!(
                "has {} entries; at most {GROUPINGS_MAX} make sense",
                sent.len()
            ),
        )
        .into());
    }
    let mut groupings = Vec::with_capacity(sent.len());
    for (place, number) in sent.iter().enumerate() {
        let field = format!("group_by[{place}]");
        let grouping = match wire::UsageGrouping::try_from(*number) {
            Ok(wire::UsageGrouping::Day) => Grouping::Day,
            Ok(wire::UsageGrouping::Service) => Grouping::Service,
            Ok(wire::UsageGrouping::Model) => Grouping::Model,
            Ok(wire::UsageGrouping::Session) => Grouping::Session,
            Ok(wire::UsageGrouping::Label) => {
                text::name("label_key", label_key)?;
                Grouping::Label(label_key.to_owned())
            }
            Ok(wire::UsageGrouping::Unspecified) => {
                return Err(Problem::new(
                    field,
                    "must be said: DAY, SERVICE, MODEL, SESSION or LABEL",
                )
                .into());
            }
            Err(_) => return Err(validate::unknown(&field, *number).into()),
        };
        if groupings.contains(&grouping) {
            return Err(Problem::new(field, "stands twice").into());
        }
        groupings.push(grouping);
    }
    Ok(groupings)
}
