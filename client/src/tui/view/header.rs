//! The first lines: what is watched, how fresh it is, and whether it is real.

use ratatui::text::{Line, Span};

use super::parts::{fit, span, spread};
use crate::figure;
use crate::remote::connection::State as Link;
use crate::tui::model::Model;
use crate::tui::theme::{Role, Theme};

/// ` Reelmeter  Why do volcanoes erupt?          ● live since 14:03:12`
#[must_use]
pub fn title(model: &Model, theme: &Theme, columns: usize) -> Line<'static> {
    let narrow = columns < 60;
    let mut left = Vec::new();
    if !narrow {
        left.push(span(theme, Role::Title, "Reelmeter"));
        left.push(Span::raw("  "));
    }
    if let Some(label) = model.live.label() {
        let role = if narrow { Role::Title } else { Role::Text };
        left.push(span(theme, role, label.shown()));
    }
    spread(
        left,
        connection(&model.live.link(model.now), model, theme, narrow),
        columns,
    )
}

/// The state of the connection to the meter, in its exact words.
fn connection(link: &Link, model: &Model, theme: &Theme, narrow: bool) -> Vec<Span<'static>> {
    let (role, sign) = match link {
        Link::Live { .. } | Link::Finished => (Role::Good, theme.signs.open),
        Link::Connecting => (Role::Warning, theme.signs.waiting),
        Link::Behind { .. } => (Role::Warning, theme.signs.waiting),
        Link::Disconnected { .. } | Link::Refused { .. } => (Role::Bad, theme.signs.closed),
    };
    let words = match link {
        Link::Disconnected { since, .. } if narrow => {
            format!("disconnected {}", figure::clock(*since, &model.zone))
        }
        Link::Behind { since, .. } if narrow => {
            format!("behind {}", figure::clock(*since, &model.zone))
        }
        link if narrow => link.word().to_owned(),
        link => link.words(|time| figure::clock(time, &model.zone)),
    };
    vec![span(theme, role, format!("{sign} {words}"))]
}

/// The banner over simulated figures, across the whole screen.
#[must_use]
pub fn banner(theme: &Theme, columns: usize) -> Line<'static> {
    const LONG: &str =
        " SIMULATED  A stand-in answers instead of the providers. Nothing is bought.";
    const SHORT: &str = " SIMULATED  Nothing is bought.";
    let text = if columns >= LONG.len() { LONG } else { SHORT };
    let style = theme.style(Role::Banner);
    let line = fit(
        vec![Span::styled(format!("{text:<columns$}"), style)],
        columns,
    );
    Line::from(line)
}
