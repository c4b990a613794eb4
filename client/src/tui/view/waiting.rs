//! What the screen says while there is no session to show.

use ratatui::text::{Line, Span};

use super::parts::{left, span};
use crate::live::Subject;
use crate::printable::wrap;
use crate::remote::connection::State as Link;
use crate::tui::model::Model;
use crate::tui::theme::{Role, Theme};

/// Whether the meter is there and has nothing to show.
#[must_use]
pub fn applies(model: &Model) -> bool {
    let heard = matches!(
        model.live.link(model.now),
        Link::Live { .. } | Link::Behind { .. }
    );
    heard && model.live.subject == Subject::Newest && model.live.figures().is_none()
}

/// The lines of the page.
#[must_use]
pub fn lines(_model: &Model, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    const COMMANDS: [(&str, &str); 3] = [
        (
            "client generate \"...\"",
            "makes a video and shows its cost",
        ),
        ("client sessions", "lists what was metered before"),
        ("client watch SESSION", "shows one of them"),
    ];
    const COMMAND_COLUMNS: usize = 24;
    let mut lines = vec![Line::default()];
    let text =
        "No session is running. The next one is shown as soon as a tool records its first usage.";
    for line in wrap(text, columns.min(72)) {
        lines.push(Line::from(span(theme, Role::Text, line)));
    }
    lines.push(Line::default());
    for (command, meaning) in COMMANDS {
        if columns < 60 {
            lines.push(Line::from(span(theme, Role::Key, command)));
            lines.push(Line::from(vec![
                Span::raw("  "),
                span(theme, Role::Muted, meaning),
            ]));
        } else {
            lines.push(Line::from(vec![
                span(theme, Role::Key, left(command, COMMAND_COLUMNS)),
                span(theme, Role::Muted, meaning),
            ]));
        }
    }
    lines
}
