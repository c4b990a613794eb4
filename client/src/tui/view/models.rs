//! By model, the selected one marked.
//!
//! ```text
//! ▸ gemini-2.5-flash-image           6 images                        $0.24
//!   gemini-2.5-flash                 12,345 in  4,321 out          $0.0127*
//!   Rachel (21m00Tcm4TlvDq8ikWAM)    1,234 characters          subscription
//! ```

use ratatui::text::{Line, Span};

use super::parts::{left, span, spans_width, spread};
use crate::breakdown::other_quantities;
use crate::facts::{ModelTotal, PricingState};
use crate::figure;
use crate::printable::{shorten_middle, width};
use crate::tui::model::{Model, key_of};
use crate::tui::theme::{Role, Theme};

/// A name is cut in its middle beyond this.
const NAME_COLUMNS_MAX: usize = 40;
/// Below this there is room for the name and the cost alone.
const USAGE_FROM_COLUMNS: usize = 56;

/// The lines of the panel, one a model.
#[must_use]
pub fn lines(model: &Model, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    let rows = model.model_rows();
    if rows.is_empty() {
        return vec![Line::from(span(
            theme,
            Role::Muted,
            "no model was called yet",
        ))];
    }
    let names = rows
        .iter()
        .map(|part| width(&part.label()))
        .max()
        .unwrap_or(0)
        .min(NAME_COLUMNS_MAX);
    rows.into_iter()
        .map(|part| row(model, part, theme, columns, names))
        .collect()
}

fn row(
    model: &Model,
    part: &ModelTotal,
    theme: &Theme,
    columns: usize,
    names: usize,
) -> Line<'static> {
    let key = key_of(part);
    let selected = model.selected.as_ref() == Some(&key);
    let fresh = model.is_fresh(&key);
    let cost = cost(part, theme, fresh);
    let marker = if selected {
        format!("{} ", theme.signs.selected)
    } else {
        "  ".to_owned()
    };
    let name_role = if selected { Role::Selected } else { Role::Text };
    let room = columns.saturating_sub(2 + spans_width(&cost) + 1);
    let usage = usage(part);
    let shows_usage = columns >= USAGE_FROM_COLUMNS;
    let name_columns = if shows_usage {
        names.min(room.saturating_sub(width(&usage) + 2).max(16))
    } else {
        room
    };
    let name = shorten_middle(&part.label(), name_columns.min(room));
    let name = if shows_usage {
        left(&name, name_columns.min(room))
    } else {
        name
    };
    let mut spans = vec![
        span(theme, if selected { Role::Key } else { Role::Text }, marker),
        span(theme, name_role, name),
    ];
    if shows_usage {
        spans.push(Span::raw("  "));
        spans.push(span(
            theme,
            if fresh { Role::Fresh } else { Role::Muted },
            usage,
        ));
    }
    spread(spans, cost, columns)
}

/// What the model was used for, in a few words.
fn usage(part: &ModelTotal) -> String {
    let mut words = Vec::new();
    if part.tokens.total > 0 {
        let estimated = part
            .metrics
            .iter()
            .any(|metric| metric.estimated_quantity > 0);
        let mark = if estimated { "~" } else { "" };
        words.push(format!("{mark}{} in", figure::count(part.tokens.input)));
        words.push(format!("{mark}{} out", figure::count(part.tokens.output)));
    }
    let other = other_quantities(part);
    if !other.is_empty() {
        words.push(other);
    }
    words.join("  ")
}

fn cost(part: &ModelTotal, theme: &Theme, fresh: bool) -> Vec<Span<'static>> {
    let unpriced = part
        .metrics
        .iter()
        .any(|metric| metric.state == PricingState::Unpriced);
    let role = match (fresh, unpriced, part.cost.is_some()) {
        (_, true, _) => Role::Doubt,
        (true, _, true) => Role::Fresh,
        (_, _, true) => Role::Money,
        _ => Role::Muted,
    };
    // A column is kept for the mark in every row, so that the amounts stand under each other.
    let mark = if part.has_marks() { "*" } else { " " };
    vec![
        span(
            theme,
            role,
            figure::group_cost(part.cost.as_ref(), &part.metrics),
        ),
        span(theme, Role::Doubt, mark),
    ]
}
