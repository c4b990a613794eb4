//! The prices in force.

use ratatui::text::Line;

use super::parts::span;
use crate::figure;
use crate::printable::wrap;
use crate::table::{Side, Table};
use crate::tui::model::{Model, Prices};
use crate::tui::theme::{Role, Theme};

/// The lines of the overlay.
#[must_use]
pub fn lines(model: &Model, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    let book = match &model.prices {
        Prices::Unasked | Prices::Loading => {
            return vec![Line::from(span(
                theme,
                Role::Muted,
                "asking the meter for its prices",
            ))];
        }
        Prices::Failed(reason) => {
            let lines = wrap(reason.shown(), columns).into_iter();
            return lines
                .map(|line| Line::from(span(theme, Role::Bad, line)))
                .collect();
        }
        Prices::Known(book) => book,
    };
    let mut lines = vec![Line::from(span(
        theme,
        Role::Title,
        format!("\"{}\" of {}", book.name, book.as_of_date),
    ))];
    for line in wrap(book.description.shown(), columns) {
        lines.push(Line::from(span(theme, Role::Muted, line)));
    }
    lines.push(Line::default());
    let mut table = Table::new(&[
        ("Model", Side::Left),
        ("Metric", Side::Left),
        ("Price", Side::Right),
        ("per", Side::Right),
        ("", Side::Left),
    ]);
    for rate in &book.rates {
        let name = if rate.model.is_empty() {
            format!("{} (any other)", rate.service)
        } else {
            rate.model.to_string()
        };
        let mut marks = Vec::new();
        if rate.origin.is_override() {
            marks.push("override".to_owned());
        }
        let applies = crate::cli::applies(rate, &model.zone);
        if !applies.is_empty() {
            marks.push(applies);
        }
        table.row([
            name,
            figure::metric_title(rate.metric.shown()),
            figure::exact(&rate.amount),
            figure::count(rate.unit_size),
            marks.join(", "),
        ]);
    }
    for (place, text) in table.lines().into_iter().enumerate() {
        let role = if place == 0 {
            Role::Heading
        } else {
            Role::Text
        };
        lines.push(Line::from(span(
            theme,
            role,
            crate::printable::shorten_end(&text, columns),
        )));
    }
    lines.push(Line::default());
    for service in &book.services {
        let default = if service.default_model.is_empty() {
            String::new()
        } else {
            format!(
                ", models without a rate are rated as {}",
                service.default_model
            )
        };
        let text = format!("{}: {}{default}", service.service, service.billing.words());
        for line in wrap(&text, columns) {
            lines.push(Line::from(span(theme, Role::Muted, line)));
        }
    }
    lines
}
