//! Things that stand in a landscape.

use super::canvas::{Canvas, clear, smooth};
use super::color::{BLACK, Color, Palette, WHITE, rgb};
use crate::domain::seed::Rng;

/// A house with a lit window; a heat pump beside it if wanted.
pub(super) fn house(c: &mut Canvas, p: &Palette, x: f64, y: f64, size: f64, heat_pump: bool) {
    let wall = rgb(0xf3e3cf).mix(p.sky[2], if p.dark { 0.5 } else { 0.12 });
    let roof = rgb(0xa8443a).mix(p.near, if p.dark { 0.5 } else { 0.1 });
    let (w, h) = (size * 0.8, size * 0.55);
    c.ellipse(x, y, size * 0.75, size * 0.05, clear(BLACK, 0.25));
    let fill = c.across(&[
        (0.0, wall.light(0.2), 1.0),
        (0.7, wall, 1.0),
        (1.0, wall.dark(0.2), 1.0),
    ]);
    c.rect(x - w / 2.0, y - h, w, h, 0.0, fill);
    let tiles = c.down(&[(0.0, roof.light(0.18), 1.0), (1.0, roof.dark(0.25), 1.0)]);
    c.polygon(
        &[
            (x - w * 0.6, y - h),
            (x - w * 0.32, y - h - size * 0.36),
            (x + w * 0.32, y - h - size * 0.36),
            (x + w * 0.6, y - h),
        ],
        tiles,
    );
    c.rect(
        x + w * 0.14,
        y - h - size * 0.46,
        size * 0.08,
        size * 0.16,
        0.0,
        roof.dark(0.4),
    );
    let glass = if p.dark { p.accent } else { rgb(0xbfe3f2) };
    for (dx, dy) in [(-0.3, 0.72), (0.3, 0.72)] {
        if p.dark {
            c.glow(
                x + dx * w,
                y - dy * h + h * 0.12,
                size * 0.25,
                p.accent,
                0.6,
            );
        }
        c.rect(
            x + dx * w - w * 0.1,
            y - dy * h,
            w * 0.2,
            h * 0.34,
            c.u * 0.3,
            rgb(0xffffff).mix(wall, 0.4),
        );
        c.rect(
            x + dx * w - w * 0.085,
            y - dy * h + h * 0.025,
            w * 0.17,
            h * 0.29,
            c.u * 0.2,
            glass,
        );
        c.segment(
            (x + dx * w, y - dy * h),
            (x + dx * w, y - dy * h + h * 0.34),
            c.u * 0.25,
            wall.light(0.4),
        );
    }
    c.rect(
        x - w * 0.08,
        y - h * 0.6,
        w * 0.17,
        h * 0.6,
        c.u * 0.3,
        rgb(0x6b4a35).mix(p.near, 0.2),
    );
    c.circle(x + w * 0.06, y - h * 0.28, c.u * 0.3, p.accent);
    if heat_pump {
        unit(c, x + w * 0.78, y, size * 0.34);
    }
}

/// The outdoor unit of a heat pump, with its fan and the warm and cool air around it.
pub(super) fn unit(c: &mut Canvas, x: f64, y: f64, size: f64) {
    let metal = rgb(0xe9edf0);
    c.ellipse(x, y, size * 0.62, size * 0.06, clear(BLACK, 0.25));
    let fill = c.down(&[(0.0, metal.light(0.4), 1.0), (1.0, metal.dark(0.18), 1.0)]);
    c.rect(
        x - size * 0.55,
        y - size * 0.78,
        size * 1.1,
        size * 0.75,
        size * 0.05,
        fill,
    );
    let (fx, fy, r) = (x - size * 0.12, y - size * 0.41, size * 0.29);
    c.circle(fx, fy, r, rgb(0x39434b));
    for n in 0..5 {
        c.turned(f64::from(n) * 72.0, fx, fy, |c| {
            c.path(
                &format!(
                    "M{fx:.1} {fy:.1}Q{:.1} {:.1} {:.1} {:.1}Q{:.1} {:.1} {fx:.1} {fy:.1}Z",
                    fx + r * 0.2,
                    fy - r * 0.7,
                    fx + r * 0.62,
                    fy - r * 0.72,
                    fx + r * 0.45,
                    fy - r * 0.2
                ),
                rgb(0x8fa3b0),
            );
        });
    }
    for k in 1..4 {
        c.ring(
            fx,
            fy,
            r * f64::from(k) / 3.0,
            r * f64::from(k) / 3.0,
            size * 0.012,
            clear(WHITE, 0.5),
        );
    }
    for n in 0..5 {
        let ly = y - size * (0.62 - 0.1 * f64::from(n));
        c.segment(
            (x + size * 0.28, ly),
            (x + size * 0.46, ly),
            size * 0.025,
            metal.dark(0.35),
        );
    }
    for n in 0..3 {
        let ay = y - size * (0.25 + 0.2 * f64::from(n));
        let points = [
            (x + size * 0.7, ay),
            (x + size * 0.95, ay - size * 0.07),
            (x + size * 1.2, ay + size * 0.05),
            (x + size * 1.45, ay - size * 0.03),
        ];
        c.curve(&points, size * 0.04, clear(rgb(0x66c2f0), 0.8));
    }
}

/// A lighthouse on its rock, with its beam.
pub(super) fn lighthouse(c: &mut Canvas, p: &Palette, x: f64, y: f64, tall: f64) {
    let top = y - tall;
    if p.dark {
        let beam = c.across(&[(0.0, p.accent, 0.75), (1.0, p.accent, 0.0)]);
        c.polygon(
            &[
                (x, top + tall * 0.08),
                (x + tall * 2.2, top - tall * 0.35),
                (x + tall * 2.2, top + tall * 0.35),
            ],
            beam,
        );
    }
    let rock = p.near.light(0.08);
    c.path(
        &format!(
            "M{:.1} {:.1}Q{:.1} {:.1} {x:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}Z",
            x - tall * 0.55,
            y + tall * 0.14,
            x - tall * 0.35,
            y - tall * 0.06,
            y - tall * 0.03,
            x + tall * 0.4,
            y - tall * 0.05,
            x + tall * 0.6,
            y + tall * 0.14
        ),
        rock,
    );
    let width = |part: f64| tall * (0.12 - 0.045 * part);
    for n in 0..5 {
        let (a, b) = (f64::from(n) / 5.0 * 0.82, f64::from(n + 1) / 5.0 * 0.82);
        let color = if n % 2 == 0 {
            rgb(0xf5efe6)
        } else {
            rgb(0xc8423b)
        }
        .mix(p.sky[1], if p.dark { 0.35 } else { 0.0 });
        let fill = c.across(&[
            (0.0, color.light(0.1), 1.0),
            (0.6, color, 1.0),
            (1.0, color.dark(0.35), 1.0),
        ]);
        c.polygon(
            &[
                (x - width(a), y - tall * a),
                (x + width(a), y - tall * a),
                (x + width(b), y - tall * b),
                (x - width(b), y - tall * b),
            ],
            fill,
        );
    }
    c.rect(
        x - tall * 0.11,
        y - tall * 0.85,
        tall * 0.22,
        tall * 0.035,
        0.0,
        p.near,
    );
    c.rect(
        x - tall * 0.06,
        y - tall * 0.94,
        tall * 0.12,
        tall * 0.1,
        0.0,
        p.accent.light(0.4),
    );
    c.polygon(
        &[
            (x - tall * 0.09, y - tall * 0.94),
            (x, top - tall * 0.04),
            (x + tall * 0.09, y - tall * 0.94),
        ],
        rgb(0x9d2f2c),
    );
    c.glow(x, y - tall * 0.89, tall * 0.28, p.accent, 0.8);
}

/// A town: houses and towers along a line, with windows.
pub(super) fn skyline(c: &mut Canvas, rng: &mut Rng, p: &Palette, y: f64, tall: f64, old: bool) {
    for layer in 0..2_u8 {
        let near = f64::from(layer);
        // By day near things are green, which houses are not.
        let stone = if p.dark {
            p.near
        } else {
            p.near.mix(rgb(0x8a7f86), 0.75)
        };
        let color = p.far.mix(stone, 0.25 + 0.55 * near);
        let mut x = -c.u * 2.0;
        while x < c.w {
            let w = c.u * rng.range(4.0, 9.0) * if old { 0.8 } else { 1.0 };
            let middle = 1.0 - ((x + w / 2.0) / c.w - 0.5).abs();
            let h = tall
                * rng.range(0.3, 0.8)
                * middle
                * if old { 0.6 } else { 1.0 }
                * (1.0 - 0.25 * near);
            let fill = c.down(&[
                (0.0, color.light(0.06), 1.0),
                (1.0, color.mix(p.sky[3], 0.18), 1.0),
            ]);
            c.rect(x, y - h, w * 0.94, h + c.h * 0.2, 0.0, fill);
            if old {
                c.polygon(
                    &[
                        (x - w * 0.05, y - h),
                        (x + w * 0.47, y - h - w * 0.6),
                        (x + w, y - h),
                    ],
                    rgb(0x9c4a3c).mix(color, 0.45),
                );
            } else if rng.one_in(4) {
                c.segment(
                    (x + w * 0.47, y - h),
                    (x + w * 0.47, y - h - c.u * 4.0),
                    c.u * 0.3,
                    color,
                );
            }
            windows(c, rng, p, x, y - h, w * 0.94, h);
            x += w;
        }
    }
    // The ground that the town stands on: without it the streets would show as stripes.
    let ground = p.near.mix(p.far, 0.3);
    super::terrain::hills(c, rng, y, c.h * 0.012, false, ground, ground.dark(0.25));
}

fn windows(c: &mut Canvas, rng: &mut Rng, p: &Palette, x: f64, y: f64, w: f64, h: f64) {
    let step = c.u * 1.5;
    let (columns, rows) = (
        ((w - step * 0.5) / step) as u32,
        ((h - step * 0.5) / (step * 1.25)) as u32,
    );
    for row in 0..rows.min(18) {
        for column in 0..columns {
            if rng.one_in(if p.dark { 2 } else { 3 }) {
                let (color, opacity) = if p.dark {
                    (p.accent, rng.range(0.5, 1.0))
                } else {
                    (p.light, rng.range(0.25, 0.6))
                };
                c.rect(
                    x + step * (0.5 + f64::from(column)),
                    y + step * (0.6 + 1.25 * f64::from(row)),
                    step * 0.5,
                    step * 0.65,
                    0.0,
                    clear(color, opacity),
                );
            }
        }
    }
}

/// A wind turbine.
pub(super) fn turbine(c: &mut Canvas, rng: &mut Rng, p: &Palette, x: f64, y: f64, tall: f64) {
    let color = WHITE.mix(p.sky[2], 0.2);
    c.polygon(
        &[
            (x - tall * 0.022, y),
            (x + tall * 0.022, y),
            (x + tall * 0.01, y - tall),
            (x - tall * 0.01, y - tall),
        ],
        color.dark(0.08),
    );
    let start = rng.range(0.0, 120.0);
    for n in 0..3 {
        c.turned(start + 120.0 * f64::from(n), x, y - tall, |c| {
            c.path(
                &format!(
                    "M{:.1} {:.1}Q{:.1} {:.1} {x:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}Z",
                    x - tall * 0.01,
                    y - tall,
                    x - tall * 0.05,
                    y - tall * 1.2,
                    y - tall * 1.62,
                    x + tall * 0.01,
                    y - tall * 1.2,
                    x + tall * 0.012,
                    y - tall
                ),
                color,
            );
        });
    }
    c.circle(x, y - tall, tall * 0.03, color.dark(0.15));
}

/// A winding path towards the horizon.
pub(super) fn path(c: &mut Canvas, p: &Palette, horizon: f64, color: Color) {
    let at = |part: f64, side: f64| {
        let wide = c.w * (0.006 + 0.13 * part.powf(1.8));
        let x = c.w * (0.5 + 0.13 * (part * 5.5).sin() * (1.0 - part * 0.3));
        (x + side * wide, horizon + (c.h * 1.02 - horizon) * part)
    };
    let mut left: Vec<(f64, f64)> = (0..=12).map(|n| at(f64::from(n) / 12.0, -1.0)).collect();
    let right: Vec<(f64, f64)> = (0..=12)
        .rev()
        .map(|n| at(f64::from(n) / 12.0, 1.0))
        .collect();
    let line = smooth(&left);
    left.clear();
    let back = smooth(&right).replacen('M', "L", 1);
    let fill = c.down(&[(0.0, color.mix(p.sky[3], 0.6), 1.0), (1.0, color, 1.0)]);
    c.path(&format!("{line}{back}Z"), fill);
}

/// A person seen from behind, small before something great.
pub(super) fn person(c: &mut Canvas, x: f64, y: f64, tall: f64, coat: Color) {
    let dark = rgb(0x1c2233);
    c.ellipse(x, y, tall * 0.22, tall * 0.035, clear(BLACK, 0.3));
    for side in [-1.0, 1.0] {
        c.segment(
            (x + side * tall * 0.05, y - tall * 0.36),
            (x + side * tall * 0.075, y - tall * 0.02),
            tall * 0.085,
            dark,
        );
        c.segment(
            (x + side * tall * 0.11, y - tall * 0.72),
            (x + side * tall * 0.16, y - tall * 0.42),
            tall * 0.065,
            coat.dark(0.2),
        );
    }
    let body = c.down(&[(0.0, coat.light(0.15), 1.0), (1.0, coat.dark(0.25), 1.0)]);
    c.path(
        &format!(
            "M{:.1} {:.1}Q{x:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z",
            x - tall * 0.13,
            y - tall * 0.74,
            y - tall * 0.86,
            x + tall * 0.13,
            y - tall * 0.74,
            x + tall * 0.12,
            y - tall * 0.32,
            x - tall * 0.12,
            y - tall * 0.32
        ),
        body,
    );
    c.rect(
        x - tall * 0.09,
        y - tall * 0.74,
        tall * 0.18,
        tall * 0.25,
        tall * 0.04,
        coat.mix(dark, 0.55),
    );
    c.circle(x, y - tall * 0.9, tall * 0.095, rgb(0xd9a27c));
    c.path(
        &format!(
            "M{:.1} {:.1}A{r:.1} {r:.1} 0 0 1 {:.1} {:.1}Z",
            x - tall * 0.1,
            y - tall * 0.88,
            x + tall * 0.1,
            y - tall * 0.88,
            r = tall * 0.1
        ),
        dark,
    );
}

/// A dome with a telescope looking out.
pub(super) fn observatory(c: &mut Canvas, p: &Palette, x: f64, y: f64, size: f64) {
    let wall = rgb(0xdfe3ea).mix(p.sky[1], if p.dark { 0.5 } else { 0.1 });
    c.segment(
        (x + size * 0.05, y - size * 0.62),
        (x + size * 0.42, y - size * 1.0),
        size * 0.12,
        wall.dark(0.45),
    );
    let fill = c.across(&[(0.0, wall.light(0.2), 1.0), (1.0, wall.dark(0.35), 1.0)]);
    c.rect(
        x - size * 0.42,
        y - size * 0.42,
        size * 0.84,
        size * 0.44,
        0.0,
        fill.clone(),
    );
    c.path(
        &format!(
            "M{:.1} {:.1}A{r:.1} {r:.1} 0 0 1 {:.1} {:.1}Z",
            x - size * 0.46,
            y - size * 0.42,
            x + size * 0.46,
            y - size * 0.42,
            r = size * 0.46
        ),
        fill,
    );
    c.path(
        &format!(
            "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}Z",
            x + size * 0.02,
            y - size * 0.42,
            x + size * 0.05,
            y - size * 0.8,
            x + size * 0.2,
            y - size * 0.84,
            x + size * 0.3,
            y - size * 0.78,
            x + size * 0.18,
            y - size * 0.7,
            x + size * 0.16,
            y - size * 0.42
        ),
        wall.dark(0.6),
    );
    c.rect(
        x - size * 0.08,
        y - size * 0.26,
        size * 0.16,
        size * 0.28,
        0.0,
        p.accent.mix(p.near, 0.3),
    );
}

/// A bridge over water or a valley.
pub(super) fn bridge(c: &mut Canvas, p: &Palette, y: f64, tall: f64) {
    let color = rgb(0xb5483d).mix(p.near, if p.dark { 0.5 } else { 0.15 });
    for x in [0.27, 0.73] {
        c.rect(
            c.w * x - c.u * 1.2,
            y - tall,
            c.u * 2.4,
            tall + c.h * 0.12,
            0.0,
            color,
        );
        c.rect(
            c.w * x - c.u * 2.0,
            y - tall * 0.98,
            c.u * 4.0,
            c.u * 1.2,
            0.0,
            color.dark(0.2),
        );
    }
    let cable = |t: f64| {
        let x = c.w * t;
        let lift = if t < 0.27 {
            1.0 - (0.27 - t) / 0.27
        } else if t > 0.73 {
            1.0 - (t - 0.73) / 0.27
        } else {
            ((t - 0.5) / 0.23).powi(2)
        };
        (x, y - c.u * 2.0 - (tall - c.u * 3.0) * lift)
    };
    let points: Vec<(f64, f64)> = (0..=40).map(|n| cable(f64::from(n) / 40.0)).collect();
    for point in points.iter().skip(1).step_by(1) {
        c.segment(
            *point,
            (point.0, y),
            c.u * 0.14,
            clear(color.dark(0.1), 0.8),
        );
    }
    c.curve(&points, c.u * 0.6, color);
    c.rect(0.0, y - c.u * 0.6, c.w, c.u * 1.8, 0.0, color.dark(0.25));
}
