//! The question before leaving a video that is being made.

use ratatui::text::{Line, Span};

use super::parts::span;
use crate::printable::wrap;
use crate::tui::model::Model;
use crate::tui::theme::{Role, Theme};

/// The lines of the question.
#[must_use]
pub fn lines(model: &Model, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    let mut lines = vec![
        Line::from(span(theme, Role::Title, "A video is being made.")),
        Line::default(),
    ];
    let mut choices = vec![
        ("f", "finish it without the screen"),
        (
            "c",
            "cancel it; what was bought is kept, and it can be resumed",
        ),
    ];
    if model.runs_without_us {
        choices.push(("d", "leave; the generator goes on with it"));
    }
    choices.push(("Esc", "back"));
    for (key, meaning) in choices {
        for (place, part) in wrap(meaning, columns.saturating_sub(5))
            .into_iter()
            .enumerate()
        {
            let key = if place == 0 {
                format!("{key:<5}")
            } else {
                "     ".to_owned()
            };
            lines.push(Line::from(vec![
                span(theme, Role::Key, key),
                span(theme, Role::Text, part),
                Span::raw(""),
            ]));
        }
    }
    lines
}
