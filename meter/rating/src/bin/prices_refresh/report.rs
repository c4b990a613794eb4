//! What a refresh tells: changes, disagreements, and what was left out.

use std::collections::BTreeMap;
use std::fmt::Write;

use reelmeter_rating::{PriceBook, Rate};

use crate::book::Built;

/// The report over a book and the text that it replaces.
pub fn text(before: &str, built: &Built) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}: {} rates of {} models",
        built.book,
        built.book.rates().len(),
        models(&built.book)
    );
    changes(before, &built.book, &mut text);
    let _ = writeln!(
        text,
        "\n{} models are in neither list any more; their last prices stay:",
        built.gone.len()
    );
    for model in &built.gone {
        let _ = writeln!(text, "  {model}");
    }
    let _ = writeln!(
        text,
        "\n{} prices on which LiteLLM disagrees; genai-prices' are taken:",
        built.disagreements.len()
    );
    for disagreement in &built.disagreements {
        let _ = writeln!(
            text,
            "  {}: {}, not {}",
            disagreement.what, disagreement.taken, disagreement.other
        );
    }
    let _ = writeln!(
        text,
        "\n{} prices left out, which read unpriced:",
        built.left_out.len()
    );
    for left in &built.left_out {
        let _ = writeln!(
            text,
            "  {}/{} {} {}: {}",
            left.service, left.model, left.field, left.amount, left.reason
        );
    }
    text
}

fn changes(before: &str, after: &PriceBook, text: &mut String) {
    let old = match PriceBook::from_toml("the book before", before) {
        Ok(book) => prices(&book),
        Err(error) => {
            let _ = writeln!(
                text,
                "there was no readable book before, so everything is new\n  {error}"
            );
            return;
        }
    };
    let new = prices(after);
    let mut lines = Vec::new();
    for (subject, price) in &new {
        match old.get(subject) {
            None => lines.push(format!("+ {subject}: {price}")),
            Some(was) if was != price => lines.push(format!("~ {subject}: {was} -> {price}")),
            Some(_) => {}
        }
    }
    lines.extend(
        old.iter()
            .filter(|(subject, _)| !new.contains_key(*subject))
            .map(|(subject, was)| format!("- {subject}: {was}")),
    );
    let _ = writeln!(text, "{} prices changed:", lines.len());
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

fn prices(book: &PriceBook) -> BTreeMap<String, String> {
    let subject = |rate: &Rate| match rate.start {
        Some(start) => format!("{rate}, from {start}"),
        None => rate.to_string(),
    };
    let price = |rate: &Rate| match rate.end {
        Some(end) => format!("{} per {} until {end}", rate.amount, rate.unit_size),
        None => format!("{} per {}", rate.amount, rate.unit_size),
    };
    book.rates()
        .iter()
        .map(|rate| (subject(rate), price(rate)))
        .collect()
}

fn models(book: &PriceBook) -> usize {
    let models: std::collections::BTreeSet<_> = book
        .rates()
        .iter()
        .map(|rate| (&rate.service, &rate.model))
        .collect();
    models.len()
}
