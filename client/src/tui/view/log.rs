//! The log: what the generator wrote, and what this client noticed itself.

use ratatui::text::{Line, Span};

use super::parts::span;
use crate::facts::Level;
use crate::figure;
use crate::printable::wrap;
use crate::tui::model::Model;
use crate::tui::theme::{Role, Theme};

/// The lines, oldest first.
#[must_use]
pub fn lines(model: &Model, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    const TIME_COLUMNS: usize = 9;
    let mut lines = Vec::new();
    for entry in &model.live.log {
        let clock = entry
            .time
            .map_or_else(String::new, |time| figure::clock(time, &model.zone));
        let (role, word) = match entry.level {
            Level::Info => (Role::Text, ""),
            Level::Warning => (Role::Warning, "warning: "),
            Level::Error => (Role::Bad, "error: "),
        };
        let text = format!("{word}{}", entry.text);
        for (place, part) in wrap(&text, columns.saturating_sub(TIME_COLUMNS))
            .into_iter()
            .enumerate()
        {
            let clock = if place == 0 { clock.as_str() } else { "" };
            lines.push(Line::from(vec![
                span(theme, Role::Muted, format!("{clock:<TIME_COLUMNS$}")),
                span(theme, role, part),
                Span::raw(""),
            ]));
        }
    }
    if lines.is_empty() {
        lines.push(Line::from(span(
            theme,
            Role::Muted,
            "nothing was logged yet",
        )));
    }
    lines
}
