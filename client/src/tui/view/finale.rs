//! The final figures, when there is nothing more to come.

use ratatui::text::Line;

use super::parts::span;
use crate::breakdown;
use crate::printable::shorten_end;
use crate::tui::model::{FINALE_SECONDS, Finale, Model};
use crate::tui::theme::{Role, Theme};

/// The lines: the breakdown, which is printed after the screen is left as well.
#[must_use]
pub fn lines(model: &Model, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    let video = model.live.video.as_deref();
    let Some(figures) = model.live.figures() else {
        let rows = video.map(breakdown::video_lines).unwrap_or_default();
        let mut lines: Vec<Line<'static>> = breakdown::labelled(&rows)
            .into_iter()
            .map(Line::from)
            .collect();
        lines.extend(
            model
                .live
                .log
                .iter()
                .map(|entry| Line::from(span(theme, Role::Bad, entry.text.shown()))),
        );
        return lines;
    };
    breakdown::screen_lines(figures, video, &model.zone)
        .into_iter()
        .map(|text| {
            let role = match text.split(' ').next() {
                Some("Total") => Role::Total,
                Some("Note") => Role::Doubt,
                Some("By") => Role::Heading,
                Some("Video") => Role::Title,
                _ => Role::Text,
            };
            Line::from(span(theme, role, shorten_end(&text, columns)))
        })
        .collect()
}

/// What the footer says: how long the figures stay.
#[must_use]
pub fn hint(model: &Model, finale: &Finale) -> String {
    if finale.stays {
        return "Enter or q leaves".to_owned();
    }
    let passed = model.now.duration_since(finale.since).as_secs();
    format!(
        "leaving in {} s; Enter leaves now, any other key stays",
        (FINALE_SECONDS - passed).clamp(0, FINALE_SECONDS)
    )
}
