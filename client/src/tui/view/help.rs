//! The keys, and what the marks mean.

use ratatui::text::{Line, Span};

use super::parts::{left, span};
use crate::printable::wrap;
use crate::tui::keymap;
use crate::tui::theme::{Role, Theme};

const KEY_COLUMNS: usize = 26;

/// The lines of the overlay.
#[must_use]
pub fn lines(theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (keys, meaning) in keymap::HELP {
        row(&mut lines, theme, keys, meaning, columns);
    }
    lines.push(Line::default());
    let signs = &theme.signs;
    let marks: [(String, &str); 12] = [
        (
            "live, since".to_owned(),
            "every change is here within a second",
        ),
        (
            "behind, since".to_owned(),
            "figures are on their way, or nothing was heard for 7 s",
        ),
        (
            "disconnected, since".to_owned(),
            "the figures are from before; it comes back by itself",
        ),
        (
            "~".to_owned(),
            "estimated: the provider did not say how much it was",
        ),
        (
            "*".to_owned(),
            "worth a look: Enter tells why (override, default, rated as, ...)",
        ),
        (
            "unpriced".to_owned(),
            "no price is known, which is not the same as nothing",
        ),
        (
            "subscription".to_owned(),
            "paid by the month, so no amount of its own",
        ),
        (
            "included".to_owned(),
            "charged through another metric of the same call",
        ),
        (
            "pending".to_owned(),
            "recorded, and on its way to the meter",
        ),
        (
            "refused".to_owned(),
            "the meter did not take it; the recorder keeps it",
        ),
        (
            "unconfirmed".to_owned(),
            "nobody knows whether the call was made; not in the total",
        ),
        (
            format!(
                "{} {} {} {} {} {}",
                signs.done, signs.kept, signs.waiting, signs.failed, signs.skipped, signs.pending
            ),
            "done, kept from before, waits, failed, not needed, to come",
        ),
    ];
    for (mark, meaning) in marks {
        row(&mut lines, theme, &mark, meaning, columns);
    }
    lines
}

fn row(lines: &mut Vec<Line<'static>>, theme: &Theme, keys: &str, meaning: &str, columns: usize) {
    let narrow = columns < 60;
    let key_columns = if narrow { 0 } else { KEY_COLUMNS };
    if narrow {
        lines.push(Line::from(span(theme, Role::Key, keys.to_owned())));
    }
    let indent = if narrow { 2 } else { 0 };
    for (place, part) in wrap(meaning, columns.saturating_sub(key_columns + indent))
        .into_iter()
        .enumerate()
    {
        let key = if place == 0 && !narrow {
            left(keys, key_columns)
        } else {
            " ".repeat(key_columns + indent)
        };
        lines.push(Line::from(vec![
            span(theme, Role::Key, key),
            span(theme, Role::Text, part),
            Span::raw(""),
        ]));
    }
}
