//! How a still picture moves while it is shown: the Ken Burns effect.

use super::{AspectRatio, Canvas, Geometry};

const PPM: i64 = 1_000_000;

/// How fast a picture moves: 1.2 % of the frame a second, in parts per million a
/// millisecond. Slower looks like an accident, faster competes with the voice.
const SPEED_PPM_PER_MS: u64 = 12;

/// Least and most that a picture moves, in parts per million of the frame.
const TRAVEL_PPM_MIN: u64 = 40_000;
const TRAVEL_PPM_MAX: u64 = 160_000;

/// A picture of another shape than the frame is panned across, this much faster,
/// from this surplus on.
const SURPLUS_SPEED_PPM_PER_MS: u64 = 25;
const SURPLUS_PPM_MIN: i64 = 150_000;

/// What part of a canvas is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct View {
    /// Enlargement in parts per million; 1,000,000 shows as much as fits the frame.
    pub zoom_ppm: i64,
    /// Where along the free width it lies: 0 leftmost, 1,000,000 rightmost.
    pub x_ppm: i64,
    /// Where along the free height it lies: 0 topmost, 1,000,000 lowest.
    pub y_ppm: i64,
}

/// A part of a canvas, in millionths of its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rectangle {
    /// Distance of its left edge from the canvas's.
    pub left_upx: i64,
    /// Distance of its upper edge from the canvas's.
    pub top_upx: i64,
    /// Its width.
    pub width_upx: i64,
    /// Its height.
    pub height_upx: i64,
}

impl View {
    /// The rectangle it shows, in the frame's shape and wholly inside the canvas.
    #[must_use]
    pub fn rectangle(&self, canvas: Canvas, geometry: &Geometry) -> Rectangle {
        let (canvas_width, canvas_height) = (
            i64::from(canvas.width_px) * PPM,
            i64::from(canvas.height_px) * PPM,
        );
        let (frame_width, frame_height) = (
            i64::from(geometry.width_px()),
            i64::from(geometry.height_px()),
        );
        let widest = canvas_width.min(canvas_height / frame_height * frame_width);
        let width_upx = widest / self.zoom_ppm.max(PPM) * PPM
            + widest % self.zoom_ppm.max(PPM) * PPM / self.zoom_ppm.max(PPM);
        let height_upx = (width_upx / frame_width * frame_height).min(canvas_height);
        let share = |free: i64, ppm: i64| free / PPM * ppm.clamp(0, PPM);
        Rectangle {
            left_upx: share(canvas_width - width_upx, self.x_ppm),
            top_upx: share(canvas_height - height_upx, self.y_ppm),
            width_upx,
            height_upx,
        }
    }
}

/// A steady move from one view to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Motion {
    /// What the scene's first frame shows.
    pub from: View,
    /// What its last frame shows.
    pub to: View,
}

/// The kinds of move, before their extent is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    ZoomIn { x_ppm: i64, y_ppm: i64 },
    ZoomOut { x_ppm: i64, y_ppm: i64 },
    PanRight,
    PanLeft,
    PanUp,
    PanDown,
}

/// No two neighbours are alike, and a zoom in is answered by a zoom out, so that a
/// video does not feel as if it were falling forwards.
const WIDE: [Style; 6] = [
    Style::ZoomIn {
        x_ppm: 500_000,
        y_ppm: 450_000,
    },
    Style::PanRight,
    Style::ZoomOut {
        x_ppm: 500_000,
        y_ppm: 500_000,
    },
    Style::PanLeft,
    Style::ZoomIn {
        x_ppm: 300_000,
        y_ppm: 350_000,
    },
    Style::ZoomOut {
        x_ppm: 700_000,
        y_ppm: 400_000,
    },
];

/// On an upright frame there is more to see up and down.
const TALL: [Style; 6] = [
    Style::ZoomIn {
        x_ppm: 500_000,
        y_ppm: 400_000,
    },
    Style::PanUp,
    Style::ZoomOut {
        x_ppm: 500_000,
        y_ppm: 450_000,
    },
    Style::PanDown,
    Style::ZoomIn {
        x_ppm: 350_000,
        y_ppm: 300_000,
    },
    Style::ZoomOut {
        x_ppm: 650_000,
        y_ppm: 400_000,
    },
];

impl Motion {
    /// The move of the picture at `index` (from 0) of a video, always the same for the
    /// same picture: it depends on the index, on how long the picture is shown, and on
    /// how its shape differs from the frame's.
    #[must_use]
    pub fn for_shot(index: usize, duration_ms: u64, geometry: &Geometry, canvas: Canvas) -> Self {
        if let Some(pan) = Self::across_surplus(index, duration_ms, geometry, canvas) {
            return pan;
        }
        let styles = match geometry.aspect_ratio() {
            AspectRatio::Landscape | AspectRatio::Square => &WIDE,
            AspectRatio::Portrait => &TALL,
        };
        let travel = to_ppm(
            duration_ms
                .saturating_mul(SPEED_PPM_PER_MS)
                .clamp(TRAVEL_PPM_MIN, TRAVEL_PPM_MAX),
        );
        styles[index % styles.len()].over(travel)
    }

    /// What the frame at `index` (from 0) of `frame_count` shows.
    #[must_use]
    pub fn rectangle_at(
        &self,
        index: u64,
        frame_count: u64,
        canvas: Canvas,
        geometry: &Geometry,
    ) -> Rectangle {
        let (from, to) = (
            self.from.rectangle(canvas, geometry),
            self.to.rectangle(canvas, geometry),
        );
        let last = i64::try_from(frame_count.saturating_sub(1).max(1)).unwrap_or(i64::MAX);
        let index = i64::try_from(index).unwrap_or(i64::MAX).min(last);
        let along = |from: i64, to: i64| {
            let way = i128::from(to - from) * i128::from(index) / i128::from(last);
            from + i64::try_from(way).unwrap_or_default()
        };
        Rectangle {
            left_upx: along(from.left_upx, to.left_upx),
            top_upx: along(from.top_upx, to.top_upx),
            width_upx: along(from.width_upx, to.width_upx),
            height_upx: along(from.height_upx, to.height_upx),
        }
    }

    /// A pan along the side on which the picture is larger than the frame, if it is.
    fn across_surplus(
        index: usize,
        duration_ms: u64,
        geometry: &Geometry,
        canvas: Canvas,
    ) -> Option<Self> {
        let whole = View {
            zoom_ppm: PPM,
            x_ppm: 0,
            y_ppm: 0,
        }
        .rectangle(canvas, geometry);
        let surplus = |side_px: u32, shown_upx: i64| {
            (i64::from(side_px) * PPM - shown_upx) / (shown_upx / PPM).max(1)
        };
        let surplus_x = surplus(canvas.width_px, whole.width_upx);
        let surplus_y = surplus(canvas.height_px, whole.height_upx);
        let surplus = surplus_x.max(surplus_y);
        if surplus < SURPLUS_PPM_MIN {
            return None;
        }
        let reach = to_ppm(duration_ms.saturating_mul(SURPLUS_SPEED_PPM_PER_MS)).min(surplus);
        // The part of the free way that is travelled, around its middle.
        let share = reach * PPM / surplus;
        let (low, high) = ((PPM - share) / 2, (PPM + share) / 2);
        let (start, end) = if index.is_multiple_of(2) {
            (low, high)
        } else {
            (high, low)
        };
        let at = |place: i64| View {
            zoom_ppm: PPM,
            x_ppm: if surplus_x >= surplus_y {
                place
            } else {
                PPM / 2
            },
            y_ppm: if surplus_x >= surplus_y {
                PPM / 2
            } else {
                place
            },
        };
        Some(Self {
            from: at(start),
            to: at(end),
        })
    }
}

impl Style {
    /// The move of this kind that travels so far.
    fn over(self, travel_ppm: i64) -> Motion {
        let near = PPM + travel_ppm;
        let view = |zoom_ppm, x_ppm, y_ppm| View {
            zoom_ppm,
            x_ppm,
            y_ppm,
        };
        match self {
            Self::ZoomIn { x_ppm, y_ppm } => Motion {
                from: view(PPM, x_ppm, y_ppm),
                to: view(near, x_ppm, y_ppm),
            },
            Self::ZoomOut { x_ppm, y_ppm } => Motion {
                from: view(near, x_ppm, y_ppm),
                to: view(PPM, x_ppm, y_ppm),
            },
            Self::PanRight => Motion {
                from: view(near, 0, PPM / 2),
                to: view(near, PPM, PPM / 2),
            },
            Self::PanLeft => Motion {
                from: view(near, PPM, PPM / 2),
                to: view(near, 0, PPM / 2),
            },
            Self::PanUp => Motion {
                from: view(near, PPM / 2, PPM),
                to: view(near, PPM / 2, 0),
            },
            Self::PanDown => Motion {
                from: view(near, PPM / 2, 0),
                to: view(near, PPM / 2, PPM),
            },
        }
    }
}

fn to_ppm(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX / PPM)
}
