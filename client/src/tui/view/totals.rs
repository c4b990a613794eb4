//! The total, and what it is made of in one line.
//!
//! ```text
//! $0.2577 + 2 images unpriced                                       0:42 elapsed
//! 12,345 tokens in  4,321 out  1,234 characters  6 images  17 calls   ▁▂▇▁▁ $0.12/min
//! ```

use ratatui::text::{Line, Span};
use reelmeter_proto::{METRIC_CHARACTERS, METRIC_IMAGES};
use reelmeter_rating::Money;

use super::parts::{joined, span, spans_width, spread};
use crate::breakdown;
use crate::figure;
use crate::printable::width;
use crate::tui::model::Model;
use crate::tui::theme::{Role, Signs, Theme};

/// How many columns the minute's spending is drawn in.
const SPARK_COLUMNS: u32 = 12;

/// The headline: the total and what it leaves out.
#[must_use]
pub fn headline(model: &Model, theme: &Theme, columns: usize) -> Line<'static> {
    let Some(figures) = model.live.figures() else {
        return spread(
            vec![span(theme, Role::Muted, "no figures yet")],
            elapsed(model, theme, columns),
            columns,
        );
    };
    let role = if model.total_is_fresh() {
        Role::Fresh
    } else {
        Role::Total
    };
    let total = figures.total_cost.screen();
    let right = elapsed(model, theme, columns);
    let room = columns.saturating_sub(width(&total) + spans_width(&right) + 1);
    let mut left = vec![span(theme, role, total)];
    if let Some(unpriced) = figure::unpriced(figures) {
        // All of it, or that there is something: half a number is another number.
        let words = format!(" + {unpriced}");
        let words = if width(&words) <= room {
            words
        } else {
            " + unpriced".to_owned()
        };
        left.push(span(theme, Role::Doubt, words));
    }
    if model.live.figures_are_the_generators() {
        left.push(span(theme, Role::Doubt, "  the generator's own count"));
    }
    spread(left, right, columns)
}

fn elapsed(model: &Model, theme: &Theme, columns: usize) -> Vec<Span<'static>> {
    let Some(seconds) = model.live.elapsed_seconds(model.now) else {
        return Vec::new();
    };
    let word = match (&model.live.video, model.live.figures()) {
        (Some(video), _) if video.state.is_over() => video.state.word(),
        (Some(_), _) if model.cancelling => "cancelling",
        (Some(video), _) => video.state.word(),
        (None, Some(figures)) if figures.ended => "ended after",
        (None, _) => "running",
    };
    let words = if columns >= 60 {
        format!("{word} {}", figure::duration(seconds))
    } else {
        figure::duration(seconds)
    };
    vec![span(theme, Role::Muted, words)]
}

/// The quantities in one line, and what the last minute cost.
#[must_use]
pub fn quantities(model: &Model, theme: &Theme, columns: usize) -> Line<'static> {
    let Some(figures) = model.live.figures() else {
        return Line::default();
    };
    if figures.event_count == 0 {
        return Line::from(span(theme, Role::Muted, "nothing used yet"));
    }
    let narrow = columns < 60;
    let tokens_in = if narrow { "in" } else { "tokens in" };
    let mut parts = vec![
        format!("{} {tokens_in}", figure::count(figures.tokens.input)),
        format!("{} out", figure::count(figures.tokens.output)),
    ];
    for name in [METRIC_CHARACTERS, METRIC_IMAGES] {
        let quantity = figures.quantity(name);
        if quantity > 0 && narrow && name == METRIC_CHARACTERS {
            parts.push(format!("{} chars", figure::count(quantity)));
        } else if quantity > 0 {
            parts.push(figure::quantity(name, quantity));
        }
    }
    let essential = parts.join("  ");
    if !narrow {
        parts.push(figure::counted(figures.event_count, "call", "calls"));
        parts.extend(figures.budget.as_ref().map(breakdown::budget_words));
        parts.push(format!(
            "{} tokens in all",
            figure::count(figures.tokens.total)
        ));
    }
    // The last minute takes what room the quantities leave: with its picture, without, or not at all.
    let mut right = if narrow {
        Vec::new()
    } else {
        last_minute(model, theme)
    };
    while !right.is_empty() && width(&essential) + 2 + spans_width(&right) > columns {
        right.remove(0);
    }
    let gap = if right.is_empty() { 0 } else { 2 };
    let text = joined(
        &parts,
        "  ",
        columns.saturating_sub(spans_width(&right) + gap),
    );
    spread(vec![span(theme, Role::Text, text)], right, columns)
}

/// What the last minute cost, once a whole minute was watched and something was spent in it.
fn last_minute(model: &Model, theme: &Theme) -> Vec<Span<'static>> {
    let spending = &model.live.spending;
    let (Some(spent), Some(parts)) = (
        spending.last_minute(model.now),
        spending.parts(model.now, SPARK_COLUMNS),
    ) else {
        return Vec::new();
    };
    if spent.is_zero() {
        return Vec::new();
    }
    vec![
        span(theme, Role::Muted, spark(&parts, &theme.signs)),
        span(theme, Role::Muted, format!(" {}/min", spent.screen())),
    ]
}

/// Amounts as a row of levels, the largest being full height.
fn spark(parts: &[Money], signs: &Signs) -> String {
    let largest = parts
        .iter()
        .map(|part| part.units())
        .max()
        .unwrap_or(0)
        .max(1);
    let top = i128::try_from(signs.levels.len() - 1).unwrap_or(0);
    parts
        .iter()
        .map(|part| {
            let units = part.units().max(0);
            // Halves round up, so that a small amount is seen beside nothing. Dividing first keeps huge sums in range.
            let step = (largest / top).max(1);
            let level = usize::try_from((units / step).min(top)).unwrap_or(0);
            let level = if units > 0 { level.max(1) } else { 0 };
            signs.levels.get(level).copied().unwrap_or(" ")
        })
        .collect()
}
