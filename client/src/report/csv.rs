//! CSV for spreadsheets (RFC 4180): one row a cost line, amounts exact. A cell that a spreadsheet would run as a formula
//! is made text.

use jiff::Timestamp;

use crate::facts::{CostLine, MetricTotal, ModelTotal, Summary};

const HEADINGS: [&str; 30] = [
    "session_id",
    "session_title",
    "simulated",
    "settled",
    "service",
    "model",
    "display_name",
    "rate_model",
    "metric",
    "quantity",
    "basis",
    "state",
    "cost_usd",
    "rate_usd",
    "rate_unit_size",
    "rate_variant",
    "rate_start_time",
    "rate_source",
    "rate_source_date",
    "rate_origin",
    "rated_as",
    "service_default",
    "price_book",
    "model_retired",
    "clock_ahead",
    "provider_billed",
    "provider_billed_unit",
    "provider_billed_differs",
    "price_book_as_of",
    "price_book_stale",
];

/// The report.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut text = HEADINGS.join(",");
    text.push_str("\r\n");
    for model in &summary.models {
        for metric in &model.metrics {
            if metric.lines.is_empty() {
                row(&mut text, summary, model, metric, None);
            }
            for line in &metric.lines {
                row(&mut text, summary, model, metric, Some(line));
            }
        }
    }
    text
}

fn row(
    text: &mut String,
    summary: &Summary,
    model: &ModelTotal,
    metric: &MetricTotal,
    line: Option<&CostLine>,
) {
    let rate = line.and_then(|line| line.rate.as_ref());
    let book = summary.price_book.as_ref();
    let billed = line.and_then(|line| line.provider_billed.first());
    let of_rate = |words: fn(&crate::facts::Rate) -> String| rate.map(words).unwrap_or_default();
    let of_line = |words: fn(&CostLine) -> String| line.map(words).unwrap_or_default();
    let cost = line.map_or(metric.cost, |line| line.cost);
    let cells: [String; 30] = [
        cell(summary.session.id.raw()),
        cell(summary.session.title.raw()),
        (summary.simulated || summary.session.simulated).to_string(),
        summary.settled.to_string(),
        cell(model.service.raw()),
        cell(model.model.raw()),
        cell(model.display_name.raw()),
        of_line(|line| cell(line.rate_model.raw())),
        cell(metric.metric.raw()),
        line.map_or(metric.quantity, |line| line.quantity)
            .to_string(),
        of_line(|line| line.basis.word().to_owned()),
        line.map_or(metric.state, |line| line.state)
            .word()
            .to_owned(),
        cost.map(|cost| cost.to_string()).unwrap_or_default(),
        of_rate(|rate| rate.amount.to_string()),
        of_rate(|rate| rate.unit_size.to_string()),
        of_line(|line| line.variant.word().to_owned()),
        of_rate(|rate| {
            rate.start_time
                .map(|time: Timestamp| time.to_string())
                .unwrap_or_default()
        }),
        of_rate(|rate| cell(rate.source.raw())),
        of_rate(|rate| cell(rate.source_date.raw())),
        of_rate(|rate| rate.origin.word().to_owned()),
        of_line(|line| cell(line.rated_as.raw())),
        of_line(|line| line.service_default.to_string()),
        of_line(|line| cell(line.price_book.raw())),
        of_line(|line| line.model_retired.to_string()),
        of_line(|line| line.clock_ahead.to_string()),
        billed
            .map(|billed| cell(billed.value.raw()))
            .unwrap_or_default(),
        billed
            .map(|billed| cell(billed.unit.raw()))
            .unwrap_or_default(),
        of_line(|line| line.provider_billed_differs.to_string()),
        book.map(|book| cell(book.as_of_date.raw()))
            .unwrap_or_default(),
        book.map(|book| book.stale.to_string()).unwrap_or_default(),
    ];
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}

/// A cell of text from elsewhere: invisible characters are replaced, and it is never a formula.
#[must_use]
pub fn cell(text: &str) -> String {
    let shown = crate::printable::Text::new(text, crate::printable::Cap::Path);
    reelmeter_service::csv::shown_cell(text, shown.shown())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            " =HYPERLINK(\"http://x\")",
            "\u{1b}=1",
            "|cmd",
            "＝1",
        ] {
            assert!(
                cell(formula).starts_with("\"'"),
                "{formula:?} became {}",
                cell(formula)
            );
        }
    }

    #[test]
    fn commas_and_quotes_stay_inside_their_cell() {
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(cell("gemini-2.5-flash"), "gemini-2.5-flash");
        assert_eq!(cell("a\nb"), "a b");
    }
}
