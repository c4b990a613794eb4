//! Pieces that every part of the screen is made of: lines that fit, amounts on the right, bars.

use ratatui::text::{Line, Span};

use crate::printable::{shorten_end, width};
use crate::tui::theme::{Role, Theme};

/// A span in a role.
#[must_use]
pub fn span(theme: &Theme, role: Role, text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), theme.style(role))
}

/// The width of spans together.
#[must_use]
pub fn spans_width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| width(&span.content)).sum()
}

/// Spans cut to so many columns, with `…` where something is lost.
#[must_use]
pub fn fit(spans: Vec<Span<'static>>, columns: usize) -> Vec<Span<'static>> {
    if spans_width(&spans) <= columns {
        return spans;
    }
    let mut left = columns;
    let mut fitted = Vec::new();
    let count = spans.len();
    for (place, span) in spans.into_iter().enumerate() {
        let wide = width(&span.content);
        // The sign for "cut" needs a column of its own, unless this is the last of all.
        let fits = if place + 1 == count {
            wide <= left
        } else {
            wide < left
        };
        if fits {
            left -= wide;
            fitted.push(span);
            continue;
        }
        let text = shorten_end(&format!("{}…", span.content), left);
        fitted.push(Span::styled(text, span.style));
        break;
    }
    fitted
}

/// A line with something on the left and something on the right. What is on the right is an amount or a state and is
/// kept whole as long as it fits; the left gives way.
#[must_use]
pub fn spread(
    left: Vec<Span<'static>>,
    right: Vec<Span<'static>>,
    columns: usize,
) -> Line<'static> {
    let right = fit(right, columns);
    let right_width = spans_width(&right);
    let gap = usize::from(right_width > 0);
    let room = columns.saturating_sub(right_width + gap);
    let mut spans = fit(left, room);
    let pad = columns.saturating_sub(spans_width(&spans) + right_width);
    if pad > 0 && right_width > 0 {
        spans.push(Span::raw(" ".repeat(pad)));
    }
    spans.extend(right);
    Line::from(spans)
}

/// As many whole parts as fit: half a number is another number.
#[must_use]
pub fn joined(parts: &[String], between: &str, columns: usize) -> String {
    let mut text = String::new();
    for part in parts {
        let gap = if text.is_empty() { "" } else { between };
        if width(&text) + width(gap) + width(part) > columns {
            break;
        }
        text.push_str(gap);
        text.push_str(part);
    }
    text
}

/// Text on the right of so many columns.
#[must_use]
pub fn right(text: &str, columns: usize) -> String {
    let text = shorten_end(text, columns);
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(&text))))
}

/// Text on the left of so many columns.
#[must_use]
pub fn left(text: &str, columns: usize) -> String {
    let text = shorten_end(text, columns);
    let pad = " ".repeat(columns.saturating_sub(width(&text)));
    format!("{text}{pad}")
}

/// A heading with a line behind it: ` By model ────────── 2 more `.
#[must_use]
pub fn heading(
    theme: &Theme,
    title: &str,
    focused: bool,
    note: &str,
    columns: usize,
) -> Line<'static> {
    let role = if focused {
        Role::FocusedHeading
    } else {
        Role::Heading
    };
    let note = if note.is_empty() {
        String::new()
    } else {
        format!(" {note}")
    };
    let mut spans = fit(
        vec![span(theme, role, title.to_owned()), Span::raw(" ")],
        columns,
    );
    let rest = columns.saturating_sub(spans_width(&spans));
    let note = shorten_end(&note, rest);
    let rule = rest.saturating_sub(width(&note));
    spans.push(span(theme, Role::Rule, theme.signs.rule.repeat(rule)));
    spans.push(span(theme, Role::Muted, note));
    Line::from(spans)
}

/// A bar of so many columns.
#[must_use]
pub fn bar(theme: &Theme, permille: i32, columns: usize) -> Vec<Span<'static>> {
    let permille = usize::try_from(permille.clamp(0, 1000)).unwrap_or(0);
    // Full only when it is: 99.9 % must not look done.
    let done = permille * columns / 1000;
    vec![
        span(theme, Role::Good, theme.signs.bar_done.repeat(done)),
        span(
            theme,
            Role::Muted,
            theme.signs.bar_open.repeat(columns - done),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &Line<'_>) -> String {
        line.spans
            .iter()
            .map(|span| span.content.as_ref())
            .collect()
    }

    fn spans(parts: &[&str]) -> Vec<Span<'static>> {
        parts
            .iter()
            .map(|part| Span::raw((*part).to_owned()))
            .collect()
    }

    #[test]
    fn an_amount_stays_whole_and_the_name_gives_way() {
        assert_eq!(
            text(&spread(spans(&["gemini-2.5-flash"]), spans(&["$0.50"]), 14)),
            "gemini-… $0.50"
        );
        assert_eq!(
            text(&spread(spans(&["gem"]), spans(&["$0.50"]), 14)),
            "gem      $0.50"
        );
    }

    #[test]
    fn an_amount_that_does_not_fit_is_seen_to_be_cut() {
        assert_eq!(
            text(&spread(spans(&["x"]), spans(&["$1,234.56"]), 5)),
            "$1,2…"
        );
        assert_eq!(text(&spread(spans(&["x"]), spans(&["$1,234.56"]), 0)), "");
    }

    #[test]
    fn spans_are_cut_where_the_room_ends() {
        assert_eq!(text(&Line::from(fit(spans(&["abc", "def"]), 5))), "abcd…");
        assert_eq!(text(&Line::from(fit(spans(&["abc", "def"]), 6))), "abcdef");
        assert_eq!(text(&Line::from(fit(spans(&["abc", "def"]), 3))), "ab…");
    }

    #[test]
    fn a_bar_is_full_only_when_all_is_done() {
        let cells = |permille| bar(&Theme::PLAIN, permille, 10)[0].content.chars().count();
        assert_eq!(
            [
                cells(0),
                cells(500),
                cells(999),
                cells(1000),
                cells(5000),
                cells(-1)
            ],
            [0, 5, 9, 10, 10, 0]
        );
    }
}
