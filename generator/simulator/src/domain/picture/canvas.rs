//! Writing SVG.

use std::fmt::Write as _;

use super::color::Color;
use crate::domain::seed::Rng;

/// A fill: a colour, or a gradient that the picture defines.
#[derive(Clone, Debug)]
pub(super) enum Fill {
    Flat(Color, f64),
    Named(usize),
}

impl From<Color> for Fill {
    fn from(color: Color) -> Self {
        Self::Flat(color, 1.0)
    }
}

/// A colour that lets something through.
pub(super) fn clear(color: Color, opacity: f64) -> Fill {
    Fill::Flat(color, opacity)
}

/// A place in a gradient: how far along, which colour, how opaque.
pub(super) type Stop = (f64, Color, f64);

/// The picture while it is being drawn.
pub(super) struct Canvas {
    /// Across, in pixels.
    pub(super) w: f64,
    /// Down, in pixels.
    pub(super) h: f64,
    /// A hundredth of the shorter side: what sizes are given in.
    pub(super) u: f64,
    definitions: String,
    body: String,
    defined: usize,
}

/// Writing into a `String` does not fail.
macro_rules! put {
    ($text:expr, $($arg:tt)*) => {{ let _ = write!($text, $($arg)*); }};
}

impl Canvas {
    pub(super) fn new(w: f64, h: f64) -> Self {
        Self {
            w,
            h,
            u: w.min(h) / 100.0,
            definitions: String::new(),
            body: String::new(),
            defined: 0,
        }
    }

    /// The finished picture.
    pub(super) fn finish(self) -> String {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}"><defs>{}</defs>{}</svg>"#,
            self.definitions,
            self.body,
            w = self.w,
            h = self.h
        )
    }

    fn stops(&mut self, stops: &[Stop]) {
        for (at, color, opacity) in stops {
            put!(
                self.definitions,
                r#"<stop offset="{at:.3}" stop-color="{color}" stop-opacity="{opacity:.3}"/>"#
            );
        }
    }

    /// A gradient from above to below, over whatever it fills.
    pub(super) fn down(&mut self, stops: &[Stop]) -> Fill {
        self.line(0.0, 0.0, 0.0, 1.0, stops)
    }

    /// A gradient from left to right.
    pub(super) fn across(&mut self, stops: &[Stop]) -> Fill {
        self.line(0.0, 0.0, 1.0, 0.0, stops)
    }

    /// A gradient along a line, in parts of what it fills.
    pub(super) fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, stops: &[Stop]) -> Fill {
        self.defined += 1;
        let id = self.defined;
        put!(
            self.definitions,
            r#"<linearGradient id="g{id}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}">"#
        );
        self.stops(stops);
        self.definitions.push_str("</linearGradient>");
        Fill::Named(id)
    }

    /// A gradient from a point outwards, in parts of what it fills.
    pub(super) fn round(&mut self, cx: f64, cy: f64, r: f64, stops: &[Stop]) -> Fill {
        self.defined += 1;
        let id = self.defined;
        put!(
            self.definitions,
            r#"<radialGradient id="g{id}" cx="{cx}" cy="{cy}" r="{r}">"#
        );
        self.stops(stops);
        self.definitions.push_str("</radialGradient>");
        Fill::Named(id)
    }

    /// A ball lit from above left.
    pub(super) fn ball(&mut self, color: Color) -> Fill {
        self.round(
            0.35,
            0.3,
            0.8,
            &[
                (0.0, color.light(0.45), 1.0),
                (0.5, color, 1.0),
                (1.0, color.dark(0.5), 1.0),
            ],
        )
    }

    /// A glow around a point.
    pub(super) fn glow(&mut self, cx: f64, cy: f64, r: f64, color: Color, strength: f64) {
        let fill = self.round(
            0.5,
            0.5,
            0.5,
            &[
                (0.0, color, strength),
                (0.35, color, strength * 0.45),
                (1.0, color, 0.0),
            ],
        );
        self.circle(cx, cy, r, fill);
    }

    fn fill(fill: &Fill) -> String {
        match fill {
            Fill::Flat(color, opacity) if *opacity >= 1.0 => format!(r#"fill="{color}""#),
            Fill::Flat(color, opacity) => format!(r#"fill="{color}" fill-opacity="{opacity:.3}""#),
            Fill::Named(id) => format!(r#"fill="url(#g{id})""#),
        }
    }

    fn ink(fill: &Fill, width: f64) -> String {
        let ink = match fill {
            Fill::Flat(color, opacity) => {
                format!(r#"stroke="{color}" stroke-opacity="{opacity:.3}""#)
            }
            Fill::Named(id) => format!(r#"stroke="url(#g{id})""#),
        };
        format!(
            r#"fill="none" {ink} stroke-width="{width:.2}" stroke-linecap="round" stroke-linejoin="round""#
        )
    }

    pub(super) fn rect(
        &mut self,
        x: f64,
        y: f64,
        w: f64,
        h: f64,
        corner: f64,
        fill: impl Into<Fill>,
    ) {
        put!(
            self.body,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" rx="{corner:.1}" {}/>"#,
            Self::fill(&fill.into())
        );
    }

    pub(super) fn circle(&mut self, cx: f64, cy: f64, r: f64, fill: impl Into<Fill>) {
        put!(
            self.body,
            r#"<circle cx="{cx:.1}" cy="{cy:.1}" r="{r:.1}" {}/>"#,
            Self::fill(&fill.into())
        );
    }

    pub(super) fn ellipse(&mut self, cx: f64, cy: f64, rx: f64, ry: f64, fill: impl Into<Fill>) {
        put!(
            self.body,
            r#"<ellipse cx="{cx:.1}" cy="{cy:.1}" rx="{rx:.1}" ry="{ry:.1}" {}/>"#,
            Self::fill(&fill.into())
        );
    }

    pub(super) fn ring(
        &mut self,
        cx: f64,
        cy: f64,
        rx: f64,
        ry: f64,
        width: f64,
        ink: impl Into<Fill>,
    ) {
        put!(
            self.body,
            r#"<ellipse cx="{cx:.1}" cy="{cy:.1}" rx="{rx:.1}" ry="{ry:.1}" {}/>"#,
            Self::ink(&ink.into(), width)
        );
    }

    /// A closed shape through points.
    pub(super) fn polygon(&mut self, points: &[(f64, f64)], fill: impl Into<Fill>) {
        let path = straight(points);
        self.path(&format!("{path}Z"), fill);
    }

    /// A filled path in SVG's own words.
    pub(super) fn path(&mut self, d: &str, fill: impl Into<Fill>) {
        put!(self.body, r#"<path d="{d}" {}/>"#, Self::fill(&fill.into()));
    }

    /// A drawn path in SVG's own words.
    pub(super) fn stroke(&mut self, d: &str, width: f64, ink: impl Into<Fill>) {
        put!(
            self.body,
            r#"<path d="{d}" {}/>"#,
            Self::ink(&ink.into(), width)
        );
    }

    /// A straight line.
    pub(super) fn segment(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        width: f64,
        ink: impl Into<Fill>,
    ) {
        self.stroke(&straight(&[from, to]), width, ink);
    }

    /// A soft curve through points.
    pub(super) fn curve(&mut self, points: &[(f64, f64)], width: f64, ink: impl Into<Fill>) {
        let path = smooth(points);
        self.stroke(&path, width, ink);
    }

    /// Everything that `draw` draws, turned by degrees around a point.
    pub(super) fn turned(&mut self, degrees: f64, cx: f64, cy: f64, draw: impl FnOnce(&mut Self)) {
        put!(
            self.body,
            r#"<g transform="rotate({degrees:.2} {cx:.1} {cy:.1})">"#
        );
        draw(self);
        self.body.push_str("</g>");
    }

    /// Everything that `draw` draws, let through only in part.
    pub(super) fn faint(&mut self, opacity: f64, draw: impl FnOnce(&mut Self)) {
        put!(self.body, r#"<g opacity="{opacity:.3}">"#);
        draw(self);
        self.body.push_str("</g>");
    }

    /// Everything that `draw` draws, inside a circle only.
    pub(super) fn within_circle(&mut self, cx: f64, cy: f64, r: f64, draw: impl FnOnce(&mut Self)) {
        self.defined += 1;
        let id = self.defined;
        put!(
            self.definitions,
            r#"<clipPath id="g{id}"><circle cx="{cx:.1}" cy="{cy:.1}" r="{r:.1}"/></clipPath>"#
        );
        put!(self.body, r#"<g clip-path="url(#g{id})">"#);
        draw(self);
        self.body.push_str("</g>");
    }
}

/// A path of straight lines through points.
pub(super) fn straight(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        put!(d, "{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
    }
    d
}

/// A path of soft curves through points: each point's neighbours give its direction.
pub(super) fn smooth(points: &[(f64, f64)]) -> String {
    let Some(first) = points.first() else {
        return String::new();
    };
    let mut d = String::new();
    put!(d, "M{:.1} {:.1}", first.0, first.1);
    let at = |i: isize| points[usize::try_from(i).unwrap_or(0).min(points.len() - 1)];
    for i in 0..points.len().saturating_sub(1) as isize {
        let (p0, p1, p2, p3) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        let c1 = (p1.0 + (p2.0 - p0.0) / 6.0, p1.1 + (p2.1 - p0.1) / 6.0);
        let c2 = (p2.0 - (p3.0 - p1.0) / 6.0, p2.1 - (p3.1 - p1.1) / 6.0);
        put!(
            d,
            "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            c1.0,
            c1.1,
            c2.0,
            c2.1,
            p2.0,
            p2.1
        );
    }
    d
}

/// Heights along a ridge: midpoints are moved again and again, each time by less.
pub(super) fn ridge(rng: &mut Rng, steps: u32, roughness: f64) -> Vec<f64> {
    let count = 1_usize << steps;
    let mut heights = vec![0.0; count + 1];
    heights[0] = rng.range(-0.5, 0.5);
    heights[count] = rng.range(-0.5, 0.5);
    let (mut stride, mut reach) = (count, 1.0);
    while stride > 1 {
        let half = stride / 2;
        for at in (half..count).step_by(stride) {
            heights[at] =
                (heights[at - half] + heights[at + half]) / 2.0 + rng.range(-reach, reach) * 0.5;
        }
        stride = half;
        reach *= roughness;
    }
    heights
}
