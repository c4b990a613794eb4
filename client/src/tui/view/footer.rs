//! The last line: the keys.

use ratatui::text::{Line, Span};

use super::parts::{fit, span};
use crate::tui::model::{Model, Overlay};
use crate::tui::theme::{Role, Theme};

/// The keys that mean something now; the last ones give way where there is no room.
#[must_use]
pub fn line(model: &Model, theme: &Theme, columns: usize) -> Line<'static> {
    let keys: &[(&str, &str)] = match (&model.overlay, &model.finale) {
        (Some(Overlay::Leave), _) => &[("f", "finish plainly"), ("c", "cancel"), ("Esc", "back")],
        (Some(_), _) => &[
            ("Esc", "back"),
            (theme.signs.up_down, "scroll"),
            ("q", "leave"),
        ],
        (None, Some(finale)) => {
            let hint = super::finale::hint(model, finale);
            return Line::from(fit(vec![span(theme, Role::Muted, hint)], columns));
        }
        (None, None) => &[
            ("q", "leave"),
            ("?", "help"),
            ("Tab", "panel"),
            (theme.signs.up_down, "select"),
            ("Enter", "explain"),
            ("p", "prices"),
            ("l", "log"),
        ],
    };
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for (key, meaning) in keys {
        let wide = crate::printable::width(key) + 1 + meaning.len() + 2;
        if used + wide > columns + 2 {
            break;
        }
        used += wide;
        spans.push(span(theme, Role::Key, (*key).to_owned()));
        spans.push(span(theme, Role::Muted, format!(" {meaning}  ")));
    }
    Line::from(spans)
}
