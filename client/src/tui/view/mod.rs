//! The ink: draws the model and changes nothing.

mod detail;
mod finale;
mod footer;
mod header;
mod help;
pub mod layout;
mod leave;
mod log;
mod models;
pub mod parts;
mod pipeline;
mod prices;
mod services;
mod sources;
mod totals;
mod waiting;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Widget};

use self::layout::{Layout, Size, Wishes};
use self::parts::{heading, span};
use super::model::{Model, Overlay, Panel};
use super::theme::{Role, Theme};
use crate::figure;

/// Draws the screen.
///
/// ```text
///  Reelmeter  Why Volcanoes Erupt                         ● live since 14:03:12
///  SIMULATED  A stand-in answers instead of the providers. Nothing is bought.
///
///  $0.2577 + 2 images unpriced                                             0:42
///  12,345 tokens in  4,321 out  16,666 all  6 images  17 calls
///
///  By service ─────────────────────────── Video ───────────────────────────────
///  Gemini                       $0.2577   ✓ Script                         0:04
///    Input Tokens     12,345  ($0.0062)   ◐ Images      ━━━╌╌╌ 2/3 ✓✓◐     0:08
///
///  By model ───────────────────────────────────────────────────────────────────
///  ▸ gemini-2.5-flash         12,345 in  4,321 out                      $0.0127
///
///  prices "documented" of 2026-11-20, 3 days old                every call is in
///  q leave  ? help  Tab panel  ↑↓ select  Enter explain  p prices  l log
/// ```
pub fn render(model: &Model, theme: &Theme, frame: &mut Frame<'_>) {
    draw(model, theme, frame);
    if theme.signs.cut != CUT {
        let cut = frame.buffer_mut().content.iter_mut();
        for cell in cut.filter(|cell| cell.symbol() == CUT) {
            cell.set_symbol(theme.signs.cut);
        }
    }
}

/// The sign that texts are cut with, wherever they are cut.
const CUT: &str = "…";

fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.is_empty() {
        return;
    }
    let layout = arrange(model, area);
    let buffer = frame.buffer_mut();
    one(buffer, layout.title, |columns| {
        header::title(model, theme, columns)
    });
    one(buffer, layout.banner, |columns| {
        header::banner(theme, columns)
    });
    one(buffer, layout.footer, |columns| {
        footer::line(model, theme, columns)
    });
    if layout::size(area.width, area.height) == Size::Tiny {
        one(buffer, layout.headline, |columns| {
            totals::headline(model, theme, columns)
        });
        if model.overlay == Some(Overlay::Leave) {
            let lines = leave::lines(model, theme, usize::from(layout.body.width));
            many(buffer, layout.body, &lines, 0);
        }
        return;
    }
    if let Some(content) = over(model, theme, layout.body.width) {
        return page(buffer, layout.body, &content, model, theme);
    }
    one(buffer, layout.headline, |columns| {
        totals::headline(model, theme, columns)
    });
    one(buffer, layout.quantities, |columns| {
        totals::quantities(model, theme, columns)
    });
    if let (1.., Some((panel, place))) = (layout.tabs.height, layout.panels.first()) {
        let lines = panel_lines(*panel, model, theme, place.width).len();
        let hidden = usize::from(beyond(lines, place.height));
        one(buffer, layout.tabs, |columns| {
            tabs(model, theme, columns, hidden)
        });
    }
    one(buffer, layout.sources, |columns| {
        sources::short(model, theme, columns)
    });
    for (panel, place) in &layout.panels {
        draw_panel(
            buffer,
            *panel,
            *place,
            layout.tabs.height == 0,
            model,
            theme,
        );
    }
    tail(buffer, layout.log, model, theme);
    if model.overlay == Some(Overlay::Leave) {
        question(buffer, area, model, theme);
    }
}

/// The last row that the keys can scroll to, of whatever they scroll now.
#[must_use]
pub fn scroll_max(model: &Model) -> u16 {
    let area = Rect {
        x: 0,
        y: 0,
        width: model.size.0,
        height: model.size.1,
    };
    let layout = arrange(model, area);
    // Colours change no line's number.
    let theme = Theme::PLAIN;
    if let Some(content) = over(model, &theme, layout.body.width) {
        return beyond(content.lines.len(), layout.body.height.saturating_sub(2));
    }
    let Some((panel, place)) = layout
        .panels
        .iter()
        .find(|(panel, _)| *panel == model.panel)
    else {
        return 0;
    };
    let rows = place
        .height
        .saturating_sub(u16::from(layout.tabs.height == 0));
    beyond(panel_lines(*panel, model, &theme, place.width).len(), rows)
}

fn beyond(lines: usize, rows: u16) -> u16 {
    u16::try_from(lines)
        .unwrap_or(u16::MAX)
        .saturating_sub(rows)
}

fn arrange(model: &Model, area: Rect) -> Layout {
    let wish = |panel, columns| {
        u16::try_from(panel_lines(panel, model, &Theme::PLAIN, columns).len())
            .unwrap_or(u16::MAX - 1)
            + 1
    };
    layout::layout(model, area, |columns| Wishes {
        services: wish(Panel::Services, columns),
        models: wish(Panel::Models, columns),
        video: if model.live.video.is_some() {
            wish(Panel::Video, columns)
        } else {
            0
        },
        sources: wish(Panel::Sources, columns),
    })
}

fn panel_lines(panel: Panel, model: &Model, theme: &Theme, columns: u16) -> Vec<Line<'static>> {
    let columns = usize::from(columns);
    match panel {
        Panel::Services => services::lines(model, theme, columns),
        Panel::Models => models::lines(model, theme, columns),
        Panel::Video => pipeline::lines(model, theme, columns),
        Panel::Sources => sources::lines(model, theme, columns),
    }
}

fn draw_panel(
    buffer: &mut Buffer,
    panel: Panel,
    place: Rect,
    titled: bool,
    model: &Model,
    theme: &Theme,
) {
    if place.is_empty() {
        return;
    }
    let lines = panel_lines(panel, model, theme, place.width);
    let focused = model.panel == panel;
    let rows = place.height.saturating_sub(u16::from(titled));
    let last = beyond(lines.len(), rows);
    let first = match panel {
        // The selected row is always on the screen, whole.
        Panel::Models => {
            let per_row = models::lines_per_row(usize::from(place.width));
            let selected = u16::try_from(model.selected_place()).unwrap_or(u16::MAX);
            let end = selected.saturating_add(1).saturating_mul(per_row);
            end.saturating_sub(rows).min(last)
        }
        _ if focused => model.scroll.min(last),
        _ => 0,
    };
    let mut body = place;
    if titled {
        let hidden = lines.len().saturating_sub(usize::from(rows));
        let mut note = panel_note(panel, model);
        if hidden > 0 {
            note = format!(
                "{hidden} more{}{note}",
                if note.is_empty() { "" } else { ", " }
            );
        }
        let columns = usize::from(place.width);
        one(buffer, place, |_| {
            heading(theme, panel.title(), focused, &note, columns)
        });
        body = Rect {
            y: place.y.saturating_add(1),
            height: rows,
            ..place
        };
    }
    many(buffer, body, &lines, first);
}

/// What the heading of a panel says beside its name.
fn panel_note(panel: Panel, model: &Model) -> String {
    use crate::remote::connection::State as Link;
    match (panel, &model.live.generator) {
        (Panel::Video, Some(generator)) => match generator.state(model.now) {
            Link::Live { .. } | Link::Finished | Link::Connecting => model
                .live
                .video
                .as_ref()
                .map_or_else(String::new, |video| video.state.word().to_owned()),
            // The header has room for all of it; here the first half must do.
            link => {
                let words = link.words(|time| figure::clock(time, &model.zone));
                words.split(',').next().unwrap_or_default().to_owned()
            }
        },
        _ => String::new(),
    }
}

/// The names of the panels, the one that is shown marked, and how much of it is not on the screen.
fn tabs(model: &Model, theme: &Theme, columns: usize, hidden: usize) -> Line<'static> {
    let mut spans = Vec::new();
    for panel in model.panels() {
        let role = if panel == model.panel {
            Role::FocusedHeading
        } else {
            Role::Muted
        };
        if !spans.is_empty() {
            spans.push(span(theme, Role::Text, "  "));
        }
        spans.push(span(theme, role, panel.tab()));
    }
    let note = if hidden > 0 {
        vec![span(theme, Role::Muted, format!("+{hidden}"))]
    } else {
        Vec::new()
    };
    parts::spread(spans, note, columns)
}

/// Something that takes the place of the panels.
struct Page {
    title: &'static str,
    lines: Vec<Line<'static>>,
}

fn over(model: &Model, theme: &Theme, columns: u16) -> Option<Page> {
    let columns = usize::from(columns);
    let page = |title, lines| Some(Page { title, lines });
    match &model.overlay {
        Some(Overlay::Help) => page("Help", help::lines(theme, columns)),
        Some(Overlay::Log) => page("Log", log::lines(model, theme, columns)),
        Some(Overlay::Prices) => page("Prices", prices::lines(model, theme, columns)),
        Some(Overlay::Detail(key)) => {
            let lines = match model.model(key) {
                Some(part) => detail::lines(model, part, theme, columns),
                None => vec![Line::from(span(
                    theme,
                    Role::Muted,
                    "this model is not among the figures any more",
                ))],
            };
            page("How it adds up", lines)
        }
        Some(Overlay::Leave) => None,
        None if waiting::applies(model) => page("Waiting", waiting::lines(model, theme, columns)),
        None => model
            .finale
            .as_ref()
            .and_then(|_| page("Final figures", finale::lines(model, theme, columns))),
    }
}

fn page(buffer: &mut Buffer, place: Rect, page: &Page, model: &Model, theme: &Theme) {
    let rows = place.height.saturating_sub(2);
    let last = beyond(page.lines.len(), rows);
    let first = model.scroll.min(last);
    let below = last.saturating_sub(first);
    let note = if below > 0 {
        format!("{below} more")
    } else {
        String::new()
    };
    one(buffer, place, |columns| {
        heading(theme, page.title, true, &note, columns)
    });
    let body = Rect {
        y: place.y.saturating_add(1),
        height: place.height.saturating_sub(1),
        ..place
    };
    many(
        buffer,
        Rect {
            height: rows.min(body.height),
            ..body
        },
        &page.lines,
        first,
    );
}

/// The newest log lines, where there is room for them.
fn tail(buffer: &mut Buffer, place: Rect, model: &Model, theme: &Theme) {
    if place.height < 3 {
        return;
    }
    one(buffer, place, |columns| {
        heading(theme, "Log", false, "", columns)
    });
    let body = Rect {
        y: place.y.saturating_add(1),
        height: place.height - 1,
        ..place
    };
    let lines = log::lines(model, theme, usize::from(body.width));
    many(buffer, body, &lines, beyond(lines.len(), body.height));
}

/// The question in the middle of the screen.
fn question(buffer: &mut Buffer, area: Rect, model: &Model, theme: &Theme) {
    const COLUMNS: u16 = 52;
    let width = COLUMNS.min(area.width.saturating_sub(2));
    let inner_width = width.saturating_sub(4);
    let lines = leave::lines(model, theme, usize::from(inner_width));
    let height = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2)
        .min(area.height);
    let place = Rect {
        x: area.x + (area.width.saturating_sub(width)) / 2,
        y: area.y + (area.height.saturating_sub(height)) / 2,
        width,
        height,
    };
    Clear.render(place, buffer);
    let block = Block::bordered()
        .border_set(theme.signs.border)
        .border_style(theme.style(Role::Key));
    block.render(place.intersection(buffer.area), buffer);
    let body = Rect {
        x: place.x.saturating_add(2),
        y: place.y.saturating_add(1),
        width: inner_width,
        height: place.height.saturating_sub(2),
    };
    many(buffer, body, &lines, 0);
}

/// One line in the first row of a place.
fn one(buffer: &mut Buffer, place: Rect, line: impl FnOnce(usize) -> Line<'static>) {
    let place = place.intersection(buffer.area);
    if !place.is_empty() {
        buffer.set_line(
            place.x,
            place.y,
            &line(usize::from(place.width)),
            place.width,
        );
    }
}

/// Lines from that one on, as many as there are rows.
fn many(buffer: &mut Buffer, place: Rect, lines: &[Line<'static>], first: u16) {
    let place = place.intersection(buffer.area);
    for (row, line) in (place.y..place.bottom()).zip(lines.iter().skip(usize::from(first))) {
        buffer.set_line(place.x, row, line, place.width);
    }
}
