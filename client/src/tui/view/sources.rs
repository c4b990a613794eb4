//! Where the figures come from, and what keeps them from being the last word.

use ratatui::text::{Line, Span};

use super::parts::{span, spans_width, spread};
use crate::breakdown;
use crate::facts::{PriceBookName, Summary};
use crate::figure;
use crate::printable::{shorten_middle, width, wrap};
use crate::tui::model::Model;
use crate::tui::theme::{Role, Theme};

/// The lines of the panel.
#[must_use]
pub fn lines(model: &Model, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    let Some(figures) = model.live.figures() else {
        return vec![Line::from(span(theme, Role::Muted, "no figures yet"))];
    };
    let mut rows: Vec<(Role, String)> = Vec::new();
    if let Some(book) = &figures.price_book {
        rows.push(book_words(book));
    }
    let id = shorten_middle(figures.session.id.shown(), columns.saturating_sub(10));
    rows.push((Role::Muted, format!("session {id}")));
    let last = figures.last_event_time.map_or_else(String::new, |time| {
        format!(", last call at {}", figure::clock(time, &model.zone))
    });
    rows.push((Role::Muted, format!("revision {}{last}", figures.revision)));
    if let Some(reset) = figures.reset_time {
        rows.push((
            Role::Muted,
            format!(
                "counted from zero since {}",
                figure::clock(reset, &model.zone)
            ),
        ));
    }
    if let Some(budget) = &figures.budget {
        let role = if budget.exceeded {
            Role::Bad
        } else {
            Role::Text
        };
        rows.push((role, format!("budget: {}", breakdown::budget_words(budget))));
    }
    if figures.failed_calls > 0 {
        rows.push((
            Role::Doubt,
            format!(
                "{} failed or thrown away, {} of the total",
                figure::counted(figures.failed_calls, "call", "calls"),
                figures.failed_cost.screen()
            ),
        ));
    }
    let points = breakdown::open_points(figures);
    if points.is_empty() && model.live.pending() == 0 {
        rows.push((
            Role::Good,
            "every call is in, with a price and a reported or counted quantity".to_owned(),
        ));
    }
    rows.extend(points.into_iter().map(|point| (Role::Doubt, point)));
    // The generator knows of events that the meter has not heard of.
    if model.live.pending() > figures.pending {
        let text = figure::counted(model.live.pending(), "event is", "events are");
        rows.push((Role::Doubt, format!("{text} on the way from the generator")));
    }
    let mut lines = Vec::new();
    for (role, text) in rows {
        for (place, part) in wrap(&text, columns.saturating_sub(2))
            .into_iter()
            .enumerate()
        {
            let lead = if place == 0 {
                format!("{} ", theme.signs.dot)
            } else {
                "  ".to_owned()
            };
            lines.push(Line::from(vec![
                span(theme, Role::Muted, lead),
                span(theme, role, part),
            ]));
        }
    }
    lines
}

fn book_words(book: &PriceBookName) -> (Role, String) {
    let mut text = format!(
        "prices \"{}\" of {}, {}",
        book.name,
        book.as_of_date,
        figure::age(book.age_days)
    );
    if book.override_count > 0 {
        text.push_str(&format!(
            ", {}",
            figure::counted(book.override_count, "override", "overrides")
        ));
    }
    if book.frozen {
        text.push_str(", frozen");
    }
    if book.stale {
        text.push_str(", STALE");
        return (Role::Warning, text);
    }
    (Role::Text, text)
}

/// The same in one line, for screens without room for the panel: what is in doubt first.
///
/// ` prices "documented" of 2026-11-20, 3 days old · ~$0.001 estimated · 2 pending`
#[must_use]
pub fn short(model: &Model, theme: &Theme, columns: usize) -> Line<'static> {
    let Some(figures) = model.live.figures() else {
        return Line::default();
    };
    let mut doubts = doubts(model, figures);
    if doubts.is_empty() {
        doubts.push((Role::Good, "every call is in".to_owned()));
    }
    // Whole words only, the gravest first.
    let mut spans: Vec<Span<'static>> = Vec::new();
    let between = format!(" {} ", theme.signs.dot);
    for (role, text) in doubts {
        let gap = if spans.is_empty() {
            ""
        } else {
            between.as_str()
        };
        if spans_width(&spans) + width(gap) + width(&text) > columns {
            break;
        }
        spans.push(span(theme, Role::Muted, gap.to_owned()));
        spans.push(span(theme, role, text));
    }
    let Some(book) = &figures.price_book else {
        return spread(spans, Vec::new(), columns);
    };
    let (role, words) = if columns < 60 {
        let role = if book.stale {
            Role::Warning
        } else {
            Role::Muted
        };
        (role, format!("prices {}", figure::age(book.age_days)))
    } else {
        let (role, words) = book_words(book);
        (
            if role == Role::Text {
                Role::Muted
            } else {
                role
            },
            words,
        )
    };
    // What is in doubt is on the right, where it is kept whole; the price book gives way, and goes where hardly
    // anything of it is left.
    let room = columns.saturating_sub(spans_width(&spans) + 1);
    if columns < 60 && width(&words) > room {
        return spread(Vec::new(), spans, columns);
    }
    spread(vec![span(theme, role, words)], spans, columns)
}

fn doubts(model: &Model, figures: &Summary) -> Vec<(Role, String)> {
    let mut doubts = Vec::new();
    if !figures.adds_up() {
        doubts.push((Role::Bad, "DOES NOT ADD UP".to_owned()));
    }
    if figures.unconfirmed > 0 {
        doubts.push((
            Role::Bad,
            format!("{} unconfirmed", figure::count(figures.unconfirmed)),
        ));
    }
    if figures.refused > 0 {
        doubts.push((
            Role::Bad,
            format!("{} refused", figure::count(figures.refused)),
        ));
    }
    if model.live.pending() > 0 {
        doubts.push((
            Role::Doubt,
            format!("{} pending", figure::count(model.live.pending())),
        ));
    }
    if figures.recorders.iter().any(|recorder| recorder.silent) {
        doubts.push((Role::Doubt, "a recorder is silent".to_owned()));
    }
    if !figures.estimated_cost.is_zero() {
        doubts.push((
            Role::Doubt,
            format!("~{} estimated", figures.estimated_cost.screen()),
        ));
    }
    if figures.failed_calls > 0 {
        doubts.push((
            Role::Doubt,
            format!("{} failed", figure::count(figures.failed_calls)),
        ));
    }
    doubts
}
