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
/// And not below this, whatever stands beside it.
const NAME_COLUMNS_MIN: usize = 16;
/// From this width on, what a model was used for stands beside its name.
const BESIDE_FROM_COLUMNS: usize = 70;
/// From this width on it stands below; narrower columns are those of small screens, whose rows are few.
const BELOW_FROM_COLUMNS: usize = 50;

/// How many lines a model takes.
#[must_use]
pub fn lines_per_row(columns: usize) -> u16 {
    if (BELOW_FROM_COLUMNS..BESIDE_FROM_COLUMNS).contains(&columns) {
        2
    } else {
        1
    }
}

/// The lines of the panel.
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
        .flat_map(|part| row(model, part, theme, columns, names))
        .collect()
}

fn row(
    model: &Model,
    part: &ModelTotal,
    theme: &Theme,
    columns: usize,
    names: usize,
) -> Vec<Line<'static>> {
    let key = key_of(part);
    let selected = model.selected.as_ref() == Some(&key);
    let fresh = model.is_fresh(&key);
    let cost = cost(part, theme, fresh);
    let (marker, marker_role, name_role) = if selected {
        (theme.signs.selected, Role::Key, Role::Selected)
    } else {
        (" ", Role::Text, Role::Text)
    };
    let usage = usage(part);
    let usage_role = if fresh { Role::Fresh } else { Role::Muted };
    let beside = columns >= BESIDE_FROM_COLUMNS;
    let room = columns.saturating_sub(2 + spans_width(&cost) + 1);
    let name_columns = if beside {
        names
            .min(room.saturating_sub(width(&usage) + 2).max(NAME_COLUMNS_MIN))
            .min(room)
    } else {
        room
    };
    let mut name = shorten_middle(&part.label(), name_columns);
    if beside {
        name = left(&name, name_columns);
    }
    let mut spans = vec![
        span(theme, marker_role, format!("{marker} ")),
        span(theme, name_role, name),
    ];
    if beside {
        spans.push(Span::raw("  "));
        spans.push(span(theme, usage_role, usage.clone()));
    }
    let mut lines = vec![spread(spans, cost, columns)];
    if lines_per_row(columns) == 2 {
        let below = vec![Span::raw("    "), span(theme, usage_role, usage)];
        lines.push(spread(below, Vec::new(), columns));
    }
    lines
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
