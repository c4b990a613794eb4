//! A receipt by stage, scene and attempt, for people and for programs; under other prices with the difference.

use serde_json::{Value, json};

use super::Format;
use super::csv::cell;
use super::json::{SCHEMA_VERSION, cost_line, pretty, price_book_name};
use super::page::{Page, PageTable};
use super::summary_page::{book_words, line_cells, marks};
use crate::breakdown;
use crate::facts::{Outcome, PricingState, Receipt, ReceiptEntry};
use crate::figure;
use crate::table::Side::{Left, Right};
use crate::table::Table;

/// What a what-if report is about, in sentences.
#[derive(Debug, Clone, Default)]
pub struct Supposed {
    /// A sentence each: what is priced otherwise, and what is not.
    pub notes: Vec<String>,
}

/// The receipt in a form for files.
#[must_use]
pub fn render_receipt(receipt: &Receipt, supposed: &Supposed, format: Format) -> String {
    match format {
        Format::Json => pretty(&json(receipt, supposed)),
        Format::Csv => csv(receipt),
        Format::Markdown => page(receipt, supposed).markdown(),
        Format::Html => page(receipt, supposed).html(),
    }
}

/// The receipt as lines for a terminal.
#[must_use]
pub fn receipt_lines(receipt: &Receipt, supposed: &Supposed) -> Vec<String> {
    let mut lines = vec![format!(
        "Session     {}{}",
        receipt.session.id,
        if receipt.session.simulated {
            ", SIMULATED"
        } else {
            ""
        }
    )];
    lines.extend(facts(receipt, supposed));
    let mut table = Table::new(&[
        ("Stage", Left),
        ("Scene", Right),
        ("Attempt", Right),
        ("Outcome", Left),
        ("Calls", Right),
        ("Cost", Right),
        ("Of it", Left),
    ]);
    for entry in &receipt.entries {
        table.row([
            stage(entry),
            number(entry.scene),
            entry.attempt.to_string(),
            outcome(entry),
            figure::count(entry.event_count),
            cost(entry),
            quantities(entry),
        ]);
    }
    if !table.is_empty() {
        lines.push(String::new());
        lines.extend(table.lines());
    }
    let marked: Vec<String> = receipt
        .entries
        .iter()
        .flat_map(|entry| &entry.lines)
        .flat_map(|line| {
            let named = format!("{} {}", line.model, line.metric);
            marks(line)
                .into_iter()
                .map(move |mark| format!("* {named}: {mark}"))
        })
        .collect();
    let mut said = std::collections::BTreeSet::new();
    let marked = marked.into_iter().filter(|mark| said.insert(mark.clone()));
    let mut marked = marked.peekable();
    if marked.peek().is_some() {
        lines.push(String::new());
        lines.extend(marked);
    }
    lines
}

fn facts(receipt: &Receipt, supposed: &Supposed) -> Vec<String> {
    let mut facts = Vec::new();
    match (&receipt.actual_cost, &receipt.difference) {
        (Some(actual), Some(difference)) => {
            facts.push(format!("Would cost  {}", headline(receipt)));
            facts.push(format!("Costs       {} by its own prices", actual.screen()));
            let more = if difference.to_string().starts_with('-') {
                ""
            } else {
                "+"
            };
            facts.push(format!("Difference  {more}{}", difference.screen()));
            facts.push("What-if     nothing of this is recorded".to_owned());
        }
        _ => facts.push(format!("Total cost  {}", headline(receipt))),
    }
    facts.extend(
        supposed
            .notes
            .iter()
            .map(|note| format!("Supposed    {note}")),
    );
    facts.extend(
        receipt
            .price_book
            .as_ref()
            .map(|book| book_words(book).replacen("Price book", "Prices     ", 1)),
    );
    facts
}

/// The total, and how much has no price.
fn headline(receipt: &Receipt) -> String {
    let mut unpriced: Vec<(String, i64)> = Vec::new();
    let lines = receipt.entries.iter().flat_map(|entry| &entry.lines);
    for line in lines.filter(|line| line.state == PricingState::Unpriced) {
        let name = line.metric.shown();
        match unpriced.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = value.saturating_add(line.quantity),
            None => unpriced.push((name.to_owned(), line.quantity)),
        }
    }
    let total = receipt.total_cost.screen();
    if unpriced.is_empty() {
        return total;
    }
    let words: Vec<String> = unpriced
        .iter()
        .map(|(name, value)| figure::quantity(name, *value))
        .collect();
    format!("{total} + {} unpriced", words.join(", "))
}

fn stage(entry: &ReceiptEntry) -> String {
    if entry.stage.is_empty() {
        "(none)".to_owned()
    } else {
        entry.stage.to_string()
    }
}

fn number(scene: i32) -> String {
    if scene == 0 {
        String::new()
    } else {
        scene.to_string()
    }
}

fn outcome(entry: &ReceiptEntry) -> String {
    let retry = if entry.attempt > 1 { "retry, " } else { "" };
    format!("{retry}{}", entry.outcome.word())
}

fn cost(entry: &ReceiptEntry) -> String {
    let has = |state| entry.lines.iter().any(|line| line.state == state);
    let priced = has(PricingState::Rated) || has(PricingState::Free);
    match (priced, has(PricingState::Unpriced)) {
        (true, false) => entry.cost.screen(),
        (true, true) => format!("{} + unpriced", entry.cost.screen()),
        (false, true) => "unpriced".to_owned(),
        (false, false) if has(PricingState::Subscription) => "subscription".to_owned(),
        (false, false) if entry.outcome == Outcome::Unconfirmed => "unknown".to_owned(),
        (false, false) => "-".to_owned(),
    }
}

fn quantities(entry: &ReceiptEntry) -> String {
    let words: Vec<String> = entry
        .lines
        .iter()
        .map(|line| {
            let estimated = if line.basis == crate::facts::Basis::Estimated {
                "~"
            } else {
                ""
            };
            format!(
                "{estimated}{}",
                figure::quantity(line.metric.shown(), line.quantity)
            )
        })
        .collect();
    words.join(", ")
}

fn page(receipt: &Receipt, supposed: &Supposed) -> Page {
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for entry in &receipt.entries {
        rows.push(vec![
            stage(entry),
            number(entry.scene),
            entry.attempt.to_string(),
            outcome(entry),
            figure::count(entry.event_count),
            cost(entry),
        ]);
        for line in &entry.lines {
            let mut row = vec![
                stage(entry),
                number(entry.scene),
                entry.attempt.to_string(),
                line.model.to_string(),
            ];
            row.extend(line_cells(line));
            lines.push(row);
        }
    }
    Page {
        title: format!("Receipt: {}", receipt.session.label()),
        warning: receipt
            .session
            .simulated
            .then(|| breakdown::SIMULATED.to_owned()),
        headline: headline(receipt),
        facts: facts(receipt, supposed),
        tables: vec![
            PageTable {
                heading: "By stage, scene and attempt",
                columns: &[
                    ("Stage", Left),
                    ("Scene", Right),
                    ("Attempt", Right),
                    ("Outcome", Left),
                    ("Calls", Right),
                    ("Cost", Right),
                ],
                rows,
            },
            PageTable {
                heading: "Cost lines, exact",
                columns: &[
                    ("Stage", Left),
                    ("Scene", Right),
                    ("Attempt", Right),
                    ("Model", Left),
                    ("Metric", Left),
                    ("Quantity", Right),
                    ("Basis", Left),
                    ("Rate", Left),
                    ("Source", Left),
                    ("Cost", Right),
                    ("Marks", Left),
                ],
                rows: lines,
            },
        ],
    }
}

fn json(receipt: &Receipt, supposed: &Supposed) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "session_id": receipt.session.id.raw(),
        "title": receipt.session.title.raw(),
        "simulated": receipt.session.simulated,
        "currency_code": "USD",
        "headline": headline(receipt),
        "total_cost": receipt.total_cost.to_string(),
        "actual_cost": receipt.actual_cost.map(|cost| cost.to_string()),
        "difference": receipt.difference.map(|cost| cost.to_string()),
        "supposed": supposed.notes,
        "price_book": receipt.price_book.as_ref().map(price_book_name),
        "entries": receipt.entries.iter().map(|entry| json!({
            "stage": entry.stage.raw(),
            "scene": entry.scene,
            "attempt": entry.attempt,
            "outcome": entry.outcome.word(),
            "event_count": entry.event_count,
            "cost": entry.cost.to_string(),
            "lines": entry.lines.iter().map(cost_line).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

const HEADINGS: &str = "session_id,stage,scene,attempt,outcome,event_count,service,model,rate_model,metric,quantity,basis,\
state,cost_usd,rate_usd,rate_unit_size,rate_variant,rate_source,rate_origin,marks\r\n";

fn csv(receipt: &Receipt) -> String {
    let mut text = HEADINGS.to_owned();
    for entry in &receipt.entries {
        let head = [
            cell(receipt.session.id.raw()),
            cell(entry.stage.raw()),
            entry.scene.to_string(),
            entry.attempt.to_string(),
            entry.outcome.word().to_owned(),
            entry.event_count.to_string(),
        ]
        .join(",");
        if entry.lines.is_empty() {
            text.push_str(&format!("{head}{}\r\n", ",".repeat(14)));
        }
        for line in &entry.lines {
            let rate = line.rate.as_ref();
            let cells = [
                cell(line.service.raw()),
                cell(line.model.raw()),
                cell(line.rate_model.raw()),
                cell(line.metric.raw()),
                line.quantity.to_string(),
                line.basis.word().to_owned(),
                line.state.word().to_owned(),
                line.cost.map(|cost| cost.to_string()).unwrap_or_default(),
                rate.map(|rate| rate.amount.to_string()).unwrap_or_default(),
                rate.map(|rate| rate.unit_size.to_string())
                    .unwrap_or_default(),
                line.variant.word().to_owned(),
                rate.map(|rate| cell(rate.source.raw())).unwrap_or_default(),
                rate.map(|rate| rate.origin.word().to_owned())
                    .unwrap_or_default(),
                cell(&marks(line).join("; ")),
            ];
            text.push_str(&format!("{head},{}\r\n", cells.join(",")));
        }
    }
    text
}
