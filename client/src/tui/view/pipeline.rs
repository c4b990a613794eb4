//! The video's stages: how far each is, its items, and how long it took.
//!
//! ```text
//! ✓ Script                         0:04
//! ◐ Narration  ━━━━━━╌╌╌ 2/3 ✓✓◐   0:08
//! ◌ Images     waits: rate limited 0:08
//! · Compile
//! ```

use ratatui::text::{Line, Span};
use reelmeter_rating::Money;

use super::parts::{bar, left, span, spans_width, spread};
use crate::facts::{Progress, Stage, StageItem, StageKind};
use crate::figure;
use crate::printable::wrap;
use crate::tui::model::Model;
use crate::tui::theme::{Role, Signs, Theme};

const NAME_COLUMNS: usize = 12;
/// From this width on the stage's cost has room too.
const COST_FROM_COLUMNS: usize = 50;
const BAR_COLUMNS: usize = 10;
/// A bar that stands beside the signs of its items is at least this long.
const BAR_COLUMNS_MIN: usize = 5;

/// The lines of the panel.
#[must_use]
pub fn lines(model: &Model, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
    let Some(video) = &model.live.video else {
        return Vec::new();
    };
    let mut lines: Vec<Line<'static>> = video
        .stages
        .iter()
        .map(|stage| stage_line(model, stage, theme, columns))
        .collect();
    if lines.is_empty() {
        lines.push(Line::from(span(theme, Role::Muted, video.state.word())));
    }
    let troubles = video
        .stages
        .iter()
        .flat_map(|stage| troubles(stage).map(move |item| (stage, item)));
    for (stage, item) in troubles {
        let text = format!(
            "{} {}: {}",
            stage.kind.title().to_lowercase(),
            item_name(item),
            item_words(item)
        );
        for line in wrap(&text, columns.saturating_sub(2)) {
            lines.push(Line::from(vec![
                Span::raw("  "),
                span(theme, Role::Warning, line),
            ]));
        }
    }
    if !video.error_message.is_empty() {
        for line in wrap(video.error_message.shown(), columns) {
            lines.push(Line::from(span(theme, Role::Bad, line)));
        }
    }
    for notice in &video.notices {
        for line in wrap(notice.shown(), columns) {
            lines.push(Line::from(span(theme, Role::Doubt, line)));
        }
    }
    lines
}

fn stage_line(model: &Model, stage: &Stage, theme: &Theme, columns: usize) -> Line<'static> {
    let (role, sign) = sign(stage.progress, model, &theme.signs);
    let name_role = if stage.progress == Progress::Pending {
        Role::Muted
    } else {
        Role::Text
    };
    let mut right = Vec::new();
    if columns >= COST_FROM_COLUMNS
        && let Some(cost) = stage_cost(model, stage)
    {
        right.push(span(theme, Role::Money, cost.screen()));
        right.push(Span::raw("  "));
    }
    if let Some(seconds) = model.live.stage_seconds(stage, model.now) {
        right.push(span(
            theme,
            Role::Muted,
            format!("{:>5}", figure::duration(seconds)),
        ));
    }
    let mut spans = vec![
        span(theme, role, format!("{sign} ")),
        span(theme, name_role, left(stage.kind.title(), NAME_COLUMNS)),
        Span::raw(" "),
    ];
    let room = columns.saturating_sub(spans_width(&spans) + spans_width(&right) + 1);
    spans.extend(middle(stage, model, theme, room));
    spread(spans, right, columns)
}

/// Between the name and the time: a bar where there is something to count, words otherwise.
fn middle(stage: &Stage, model: &Model, theme: &Theme, room: usize) -> Vec<Span<'static>> {
    let words = |role| vec![span(theme, role, stage.detail.shown())];
    match stage.progress {
        Progress::Pending => return Vec::new(),
        Progress::Failed => return words(Role::Bad),
        Progress::Waiting => {
            let detail = if stage.detail.is_empty() {
                "waits".to_owned()
            } else {
                format!("waits: {}", stage.detail)
            };
            return vec![span(theme, Role::Warning, detail)];
        }
        Progress::Skipped => return vec![span(theme, Role::Muted, "not needed")],
        Progress::Running | Progress::Done => {}
    }
    let counted = stage.total > 1;
    let moving = stage.progress == Progress::Running && stage.permille > 0;
    if !counted && !moving {
        return words(Role::Muted);
    }
    let count = if counted {
        format!(" {}/{}", stage.completed, stage.total)
    } else {
        format!(" {} %", stage.permille / 10)
    };
    let permille = if counted && stage.permille == 0 {
        i32::try_from(i64::from(stage.completed) * 1000 / i64::from(stage.total)).unwrap_or(0)
    } else {
        stage.permille
    };
    let mut spans = Vec::new();
    let items: Vec<Span<'static>> = stage
        .items
        .iter()
        .map(|item| {
            let (role, sign) = if item.kept && item.progress == Progress::Done {
                (Role::Muted, theme.signs.kept)
            } else {
                sign(item.progress, model, &theme.signs)
            };
            span(theme, role, sign)
        })
        .collect();
    // Each item has a sign where there is room for all; otherwise the bar says enough.
    let bar_room = room.saturating_sub(count.len());
    let beside = bar_room.saturating_sub(items.len() + 1);
    if counted && !items.is_empty() && beside >= BAR_COLUMNS_MIN {
        spans.extend(bar(theme, permille, BAR_COLUMNS.min(beside)));
        spans.push(span(theme, Role::Text, count));
        spans.push(Span::raw(" "));
        spans.extend(items);
    } else {
        spans.extend(bar(theme, permille, BAR_COLUMNS.min(bar_room)));
        spans.push(span(theme, Role::Text, count));
    }
    spans
}

fn sign(progress: Progress, model: &Model, signs: &Signs) -> (Role, &'static str) {
    match progress {
        Progress::Pending => (Role::Muted, signs.pending),
        Progress::Running => {
            // Four steps a second, by the time that the model was told.
            let heard = model.live.generator_is_heard(model.now);
            let step = if heard {
                model.now.as_millisecond().rem_euclid(1000) / 250
            } else {
                0
            };
            (
                Role::Key,
                signs.spinner[usize::try_from(step).unwrap_or(0) % signs.spinner.len()],
            )
        }
        Progress::Waiting => (Role::Warning, signs.waiting),
        Progress::Done => (Role::Good, signs.done),
        Progress::Failed => (Role::Bad, signs.failed),
        Progress::Skipped => (Role::Muted, signs.skipped),
    }
}

/// What the meter counted for the stage.
fn stage_cost(model: &Model, stage: &Stage) -> Option<Money> {
    let figures = model.live.figures()?;
    let costs = figures
        .stages
        .iter()
        .filter(|part| stage.kind.metered_as().contains(&part.stage.raw()))
        .filter_map(|part| part.cost);
    let mut sum = None;
    for cost in costs {
        sum = Some(sum.unwrap_or(Money::ZERO).checked_add(cost)?);
    }
    sum
}

/// Items that a person should know of: failed, waiting, at a later attempt, or a section that is worked on.
fn troubles(stage: &Stage) -> impl Iterator<Item = &StageItem> {
    let sections = matches!(stage.kind, StageKind::Render | StageKind::Check);
    stage.items.iter().filter(move |item| {
        let says = item.attempt > 1 || (sections && !item.detail.is_empty());
        matches!(item.progress, Progress::Failed | Progress::Waiting)
            || (says && item.progress == Progress::Running)
    })
}

fn item_name(item: &StageItem) -> String {
    match (item.scene, item.number) {
        (0, _) => "all".to_owned(),
        (scene, 0 | 1) => format!("scene {scene}"),
        (scene, number) => format!("scene {scene}, {number}"),
    }
}

fn item_words(item: &StageItem) -> String {
    let attempt = if item.attempt > 1 {
        format!(", attempt {}", item.attempt)
    } else {
        String::new()
    };
    let detail = if item.detail.is_empty() {
        String::new()
    } else {
        format!(", {}", item.detail)
    };
    format!("{}{attempt}{detail}", item.progress.word())
}
