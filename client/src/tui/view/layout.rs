//! Where everything stands, by the terminal's size.
//!
//! ```text
//! 80x24                                    120x40
//! title            connection              title                        connection
//! SIMULATED                                SIMULATED
//! total               elapsed              total                           elapsed
//! quantities      last minute              quantities                  last minute
//! By service      Video                    By service       Video
//!                                          By model         Sources
//! By model                                                  Log
//! sources in one line                      keys
//! keys
//!
//! 40x12: the total, one panel at a time under their names, the sources, the keys
//! less: the total alone
//! ```

use ratatui::layout::Rect;

use crate::tui::model::{Model, Panel};

/// How much fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// The total alone.
    Tiny,
    /// One panel at a time.
    Small,
    /// Services and video beside each other, models below.
    Medium,
    /// Two columns with everything.
    Large,
}

/// The size class of a terminal.
#[must_use]
pub fn size(columns: u16, rows: u16) -> Size {
    match (columns, rows) {
        (..24, _) | (_, ..7) => Size::Tiny,
        (..72, _) | (_, ..18) => Size::Small,
        (110.., 30..) => Size::Large,
        _ => Size::Medium,
    }
}

/// The parts of the screen. A part without rows is not drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// The first line.
    pub title: Rect,
    /// The banner over simulated figures.
    pub banner: Rect,
    /// The total.
    pub headline: Rect,
    /// The quantities.
    pub quantities: Rect,
    /// The names of the panels, where one is shown at a time.
    pub tabs: Rect,
    /// The panels, with their headings if `tabs` has no rows.
    pub panels: Vec<(Panel, Rect)>,
    /// The newest log lines.
    pub log: Rect,
    /// The sources in one line.
    pub sources: Rect,
    /// The keys.
    pub footer: Rect,
    /// All rows between the banner or title and the footer, for what lies over the panels.
    pub body: Rect,
}

/// How many lines each panel would like to have, with its heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    /// By service.
    pub services: u16,
    /// By model.
    pub models: u16,
    /// The video.
    pub video: u16,
    /// The sources.
    pub sources: u16,
}

/// Where everything stands on an area, given what the panels would like.
#[must_use]
pub fn layout(model: &Model, area: Rect, wishes: impl Fn(u16) -> Wishes) -> Layout {
    let mut layout = Layout::default();
    let size = size(area.width, area.height);
    let margin = u16::from(size != Size::Tiny);
    let inner = Rect {
        x: area.x.saturating_add(margin),
        width: area.width.saturating_sub(2 * margin),
        ..area
    };
    let mut top = inner;
    layout.title = take_top(&mut top, u16::from(size != Size::Tiny));
    if model.live.is_simulated() {
        // The banner goes from edge to edge.
        let row = take_top(&mut top, 1);
        layout.banner = Rect {
            x: area.x,
            width: area.width,
            ..row
        };
    }
    if size == Size::Tiny {
        layout.headline = take_top(&mut top, 1);
        layout.title = take_top(&mut top, 1);
        layout.body = top;
        return layout;
    }
    layout.footer = take_bottom(&mut top, 1);
    layout.body = top;
    if area.height >= 20 {
        take_top(&mut top, 1);
    }
    layout.headline = take_top(&mut top, 1);
    layout.quantities = take_top(&mut top, 1);
    if area.height >= 16 {
        take_top(&mut top, 1);
    }
    match size {
        Size::Tiny => {}
        Size::Small => {
            layout.tabs = take_top(&mut top, 1);
            layout.sources = take_bottom(&mut top, 1);
            layout.panels.push((model.panel, top));
        }
        Size::Medium => {
            // Without a video, the panel in its place tells it all.
            if model.live.video.is_some() {
                layout.sources = take_bottom(&mut top, 1);
            }
            medium(&mut layout, top, &wishes);
        }
        Size::Large => large(&mut layout, model, top, &wishes),
    }
    layout
}

fn medium(layout: &mut Layout, area: Rect, wishes: &impl Fn(u16) -> Wishes) {
    let (left, right) = columns(area);
    let wishes = wishes(left.width);
    // Without a video its place tells where the figures come from.
    let second = if wishes.video > 0 {
        (Panel::Video, wishes.video)
    } else {
        (Panel::Sources, wishes.sources)
    };
    let gap = 1;
    let available = area.height.saturating_sub(gap);
    let top_wish = wishes.services.max(second.1);
    // Each half keeps at least a heading and three rows; what one does not need is the other's.
    let least = 4.min(available / 2);
    let models = wishes
        .models
        .min(available.saturating_sub(top_wish).max(least));
    let top = available.saturating_sub(models).min(top_wish.max(least));
    let models = available.saturating_sub(top);
    layout.panels.push((
        Panel::Services,
        Rect {
            height: top,
            ..left
        },
    ));
    layout.panels.push((
        second.0,
        Rect {
            height: top,
            ..right
        },
    ));
    let y = area.y.saturating_add(top + gap);
    layout.panels.push((
        Panel::Models,
        Rect {
            y,
            height: models,
            ..area
        },
    ));
}

fn large(layout: &mut Layout, model: &Model, area: Rect, wishes: &impl Fn(u16) -> Wishes) {
    let (left, right) = columns(area);
    let wishes = wishes(left.width);
    let models = wishes.models.max(4).min(left.height / 2);
    let services = wishes.services.min(left.height.saturating_sub(models + 1));
    layout.panels.push((
        Panel::Services,
        Rect {
            height: services,
            ..left
        },
    ));
    let y = left.y.saturating_add(services + 1);
    let height = left.height.saturating_sub(services + 1);
    layout
        .panels
        .push((Panel::Models, Rect { y, height, ..left }));
    let mut rest = right;
    if model.live.video.is_some() {
        let video = take_top(&mut rest, wishes.video.min(right.height / 2));
        layout.panels.push((Panel::Video, video));
        take_top(&mut rest, 1);
    }
    let sources = take_top(&mut rest, wishes.sources.min(right.height / 2));
    layout.panels.push((Panel::Sources, sources));
    take_top(&mut rest, 1);
    layout.log = rest;
}

fn columns(area: Rect) -> (Rect, Rect) {
    const GAP: u16 = 2;
    let left = area.width.saturating_sub(GAP) / 2;
    let right = area.width.saturating_sub(GAP + left);
    (
        Rect {
            width: left,
            ..area
        },
        Rect {
            x: area.x.saturating_add(left + GAP),
            width: right,
            ..area
        },
    )
}

fn take_top(area: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    let taken = Rect {
        height: rows,
        ..*area
    };
    area.y = area.y.saturating_add(rows);
    area.height -= rows;
    taken
}

fn take_bottom(area: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    area.height -= rows;
    Rect {
        y: area.y.saturating_add(area.height),
        height: rows,
        ..*area
    }
}
