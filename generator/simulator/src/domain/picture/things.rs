//! Things that people made.

use super::canvas::{Canvas, clear};
use super::color::{BLACK, Color, WHITE, rgb};
use crate::domain::seed::Rng;

/// A calm stage for one thing: a lit wall and a floor.
pub(super) fn stage(c: &mut Canvas, rng: &mut Rng) {
    let tints = [
        (0xf6e7cf, 0xd9a878),
        (0xd9ecec, 0x7fb3b8),
        (0xe8e0f4, 0x9a8cc4),
        (0xfbe0d4, 0xd98b76),
        (0xe3efd6, 0x8fb277),
        (0xdce6f5, 0x7d99c9),
    ];
    let (light, deep) = tints[rng.below(tints.len())];
    let (light, deep) = (rgb(light), rgb(deep));
    let wall = c.round(
        0.5,
        0.4,
        0.8,
        &[
            (0.0, light.light(0.45), 1.0),
            (0.5, light, 1.0),
            (1.0, deep, 1.0),
        ],
    );
    c.rect(0.0, 0.0, c.w, c.h, 0.0, wall);
    for _ in 0..7 {
        let (x, y, r) = (
            rng.range(0.0, c.w),
            rng.range(0.0, c.h * 0.7),
            c.u * rng.range(8.0, 26.0),
        );
        c.circle(x, y, r, clear(WHITE, 0.09));
    }
    let floor = c.down(&[(0.0, deep.light(0.12), 1.0), (1.0, deep.dark(0.35), 1.0)]);
    c.path(
        &format!(
            "M0 {:.1}Q{:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}L0 {:.1}Z",
            c.h * 0.79,
            c.w / 2.0,
            c.h * 0.745,
            c.w,
            c.h * 0.79,
            c.w,
            c.h,
            c.h
        ),
        floor,
    );
}

/// A dark stage with a soft light, for things that glow.
pub(super) fn dark_stage(c: &mut Canvas, rng: &mut Rng) {
    let tints = [
        (0x2a5fa8, 0x081230),
        (0x6a3fa0, 0x140a2e),
        (0x1f7f86, 0x051f2c),
    ];
    let (light, deep) = tints[rng.below(tints.len())];
    let fill = c.round(
        0.5,
        0.45,
        0.8,
        &[
            (0.0, rgb(light), 1.0),
            (0.55, rgb(light).mix(rgb(deep), 0.65), 1.0),
            (1.0, rgb(deep), 1.0),
        ],
    );
    c.rect(0.0, 0.0, c.w, c.h, 0.0, fill);
    for _ in 0..60 {
        c.circle(
            rng.range(0.0, c.w),
            rng.range(0.0, c.h),
            c.u * rng.range(0.1, 0.45),
            clear(rgb(0xbfe0ff), rng.range(0.15, 0.6)),
        );
    }
}

/// A wheel with teeth.
pub(super) fn gear(c: &mut Canvas, x: f64, y: f64, r: f64, teeth: u32, turn: f64, color: Color) {
    let points: Vec<(f64, f64)> = (0..teeth * 4)
        .map(|n| {
            let a = (f64::from(n) + 0.5) / f64::from(teeth * 4) * std::f64::consts::TAU
                + turn.to_radians();
            let reach = if n % 4 < 2 { r } else { r * 0.84 };
            (x + reach * a.cos(), y + reach * a.sin())
        })
        .collect();
    let shifted: Vec<(f64, f64)> = points
        .iter()
        .map(|(px, py)| (px + r * 0.05, py + r * 0.07))
        .collect();
    c.polygon(&shifted, clear(BLACK, 0.22));
    let fill = c.line(
        0.0,
        0.0,
        1.0,
        1.0,
        &[
            (0.0, color.light(0.4), 1.0),
            (0.5, color, 1.0),
            (1.0, color.dark(0.35), 1.0),
        ],
    );
    c.polygon(&points, fill);
    c.ring(
        x,
        y,
        r * 0.68,
        r * 0.68,
        r * 0.04,
        clear(color.dark(0.35), 0.8),
    );
    for n in 0..5 {
        let a = f64::from(n) * 72.0_f64.to_radians() + turn.to_radians();
        c.circle(
            x + r * 0.46 * a.cos(),
            y + r * 0.46 * a.sin(),
            r * 0.12,
            color.dark(0.55),
        );
    }
    let hub = c.ball(color.light(0.15));
    c.circle(x, y, r * 0.2, hub);
    c.circle(x, y, r * 0.07, color.dark(0.6));
}

/// Wheels that turn one another.
pub(super) fn gears(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    let metals = [rgb(0xd99a3d), rgb(0x8fa3b3), rgb(0xb86a4b), rgb(0x6f8f86)];
    let start = rng.below(4);
    for (n, (dx, dy, size, teeth)) in [
        (-0.62, 0.12, 0.78, 16),
        (0.66, -0.2, 0.56, 12),
        (0.5, 0.82, 0.42, 9),
        (-0.35, -0.92, 0.36, 8),
    ]
    .into_iter()
    .enumerate()
    {
        gear(
            c,
            x + dx * r,
            y + dy * r,
            size * r,
            teeth,
            rng.range(0.0, 40.0),
            metals[(start + n) % 4],
        );
    }
}

/// A cup of coffee with its steam.
pub(super) fn cup(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, size: f64) {
    let china = [rgb(0xf4efe6), rgb(0xcf5a49), rgb(0x3f6f8f)][rng.below(3)];
    c.ellipse(
        x,
        y + size * 0.5,
        size * 1.0,
        size * 0.15,
        clear(BLACK, 0.25),
    );
    let saucer = c.down(&[(0.0, china.light(0.35), 1.0), (1.0, china.dark(0.2), 1.0)]);
    c.ellipse(x, y + size * 0.46, size * 0.92, size * 0.15, saucer);
    c.ring(
        x + size * 0.6,
        y + size * 0.02,
        size * 0.22,
        size * 0.24,
        size * 0.09,
        china.dark(0.1),
    );
    let body = c.across(&[
        (0.0, china.light(0.3), 1.0),
        (0.55, china, 1.0),
        (1.0, china.dark(0.35), 1.0),
    ]);
    c.path(&format!("M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}Z", x - size * 0.6, y - size * 0.3, x - size * 0.6, y + size * 0.2, x - size * 0.45, y + size * 0.44, x - size * 0.25, y + size * 0.46, x + size * 0.25, y + size * 0.46, x + size * 0.45, y + size * 0.44, x + size * 0.6, y + size * 0.2, x + size * 0.6, y - size * 0.3), body);
    c.ellipse(x, y - size * 0.3, size * 0.6, size * 0.14, china.light(0.4));
    let coffee = c.round(
        0.5,
        0.5,
        0.6,
        &[(0.0, rgb(0x8a5a35), 1.0), (1.0, rgb(0x3b2013), 1.0)],
    );
    c.ellipse(x, y - size * 0.29, size * 0.54, size * 0.115, coffee);
    c.ring(
        x - size * 0.05,
        y - size * 0.29,
        size * 0.26,
        size * 0.045,
        size * 0.03,
        clear(rgb(0xe9c9a0), 0.8),
    );
    for n in 0..3 {
        let sx = x + size * (f64::from(n) - 1.0) * 0.26;
        let points: Vec<(f64, f64)> = (0..6)
            .map(|k| {
                let t = f64::from(k) / 5.0;
                (
                    sx + size * 0.1 * (t * 6.0 + f64::from(n)).sin(),
                    y - size * (0.42 + 0.75 * t),
                )
            })
            .collect();
        for (wide, opacity) in [(0.16, 0.16), (0.07, 0.32)] {
            c.curve(&points, size * wide, clear(WHITE, opacity));
        }
    }
    for _ in 0..7 {
        let (bx, by) = (
            x + rng.range(-1.7, 1.7) * size,
            y + size * rng.range(0.56, 0.78),
        );
        bean(c, bx, by, size * 0.1, rng.range(0.0, 180.0));
    }
}

fn bean(c: &mut Canvas, x: f64, y: f64, size: f64, turn: f64) {
    c.turned(turn, x, y, |c| {
        let fill = c.ball(rgb(0x6b3d22));
        c.ellipse(x, y, size, size * 0.68, fill);
        c.curve(
            &[
                (x - size * 0.85, y),
                (x - size * 0.2, y + size * 0.15),
                (x + size * 0.2, y - size * 0.15),
                (x + size * 0.85, y),
            ],
            size * 0.14,
            rgb(0x2d170c),
        );
    });
}

/// An open book, with light rising from it.
pub(super) fn book(c: &mut Canvas, x: f64, y: f64, size: f64) {
    c.ellipse(
        x,
        y + size * 0.36,
        size * 1.15,
        size * 0.1,
        clear(BLACK, 0.28),
    );
    c.glow(x, y - size * 0.15, size * 1.3, rgb(0xffe9a8), 0.6);
    let cover = rgb(0x8f3f3a);
    c.path(
        &format!(
            "M{:.1} {:.1}L{x:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}L{x:.1} {:.1}L{:.1} {:.1}Z",
            x - size * 1.08,
            y - size * 0.16,
            y + size * 0.1,
            x + size * 1.08,
            y - size * 0.16,
            x + size * 1.08,
            y + size * 0.3,
            y + size * 0.42,
            x - size * 1.08,
            y + size * 0.3
        ),
        cover,
    );
    for side in [-1.0, 1.0] {
        let page = c.across(&if side < 0.0 {
            [
                (0.0, rgb(0xfffaf0), 1.0),
                (0.8, rgb(0xf3e6cf), 1.0),
                (1.0, rgb(0xcdb893), 1.0),
            ]
        } else {
            [
                (0.0, rgb(0xcdb893), 1.0),
                (0.2, rgb(0xf3e6cf), 1.0),
                (1.0, rgb(0xfffaf0), 1.0),
            ]
        });
        c.path(&format!("M{x:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {x:.1} {:.1}Z", y + size * 0.05, x + side * size * 0.2, y - size * 0.22, x + side * size * 0.7, y - size * 0.3, x + side * size, y - size * 0.2, x + side * size, y + size * 0.24, x + side * size * 0.7, y + size * 0.13, x + side * size * 0.2, y + size * 0.2, y + size * 0.36), page);
        for n in 0..5 {
            let ly = y - size * (0.12 - 0.07 * f64::from(n));
            c.stroke(
                &format!(
                    "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {ly:.1}",
                    x + side * size * 0.16,
                    ly + size * 0.07,
                    x + side * size * 0.5,
                    ly - size * 0.05,
                    x + side * size * 0.88
                ),
                size * 0.018,
                clear(rgb(0x9a8a70), 0.55),
            );
        }
    }
    for n in 0..14 {
        let a = f64::from(n) * 2.4;
        let d = size * (0.2 + 0.07 * f64::from(n));
        c.circle(
            x + d * a.cos() * 0.8,
            y - size * 0.25 - d * (0.35 + 0.65 * a.sin().abs()),
            size * (0.012 + 0.012 * f64::from(n % 3)),
            clear(rgb(0xfff3c0), 0.9),
        );
    }
}

/// A clock without figures.
pub(super) fn clock(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    c.circle(x + r * 0.06, y + r * 0.09, r, clear(BLACK, 0.22));
    let rim = c.line(
        0.0,
        0.0,
        1.0,
        1.0,
        &[(0.0, rgb(0xf0cf86), 1.0), (1.0, rgb(0x8f6425), 1.0)],
    );
    c.circle(x, y, r, rim);
    let face = c.round(
        0.4,
        0.35,
        0.8,
        &[(0.0, WHITE, 1.0), (1.0, rgb(0xe9e2d2), 1.0)],
    );
    c.circle(x, y, r * 0.88, face);
    for n in 0..12 {
        c.turned(f64::from(n) * 30.0, x, y, |c| {
            let long = if n % 3 == 0 { 0.13 } else { 0.07 };
            c.segment(
                (x, y - r * 0.8),
                (x, y - r * (0.8 - long)),
                r * 0.035,
                rgb(0x3a3f4f),
            );
        });
    }
    let hour = rng.range(0.0, 360.0);
    c.turned(hour, x, y, |c| {
        c.segment(
            (x, y + r * 0.08),
            (x, y - r * 0.45),
            r * 0.06,
            rgb(0x2b2f3d),
        )
    });
    c.turned((hour * 12.0) % 360.0, x, y, |c| {
        c.segment((x, y + r * 0.1), (x, y - r * 0.7), r * 0.04, rgb(0x2b2f3d))
    });
    c.turned(rng.range(0.0, 360.0), x, y, |c| {
        c.segment(
            (x, y + r * 0.15),
            (x, y - r * 0.74),
            r * 0.015,
            rgb(0xd04a3f),
        )
    });
    c.circle(x, y, r * 0.055, rgb(0xd04a3f));
}

/// A light bulb.
pub(super) fn bulb(c: &mut Canvas, x: f64, y: f64, r: f64) {
    c.glow(x, y, r * 2.8, rgb(0xffe08a), 0.75);
    let metal = c.across(&[
        (0.0, rgb(0xd9dde3), 1.0),
        (0.5, rgb(0x9aa3ad), 1.0),
        (1.0, rgb(0x5f6770), 1.0),
    ]);
    c.rect(
        x - r * 0.36,
        y + r * 0.95,
        r * 0.72,
        r * 0.5,
        r * 0.1,
        metal,
    );
    for n in 0..3 {
        c.segment(
            (x - r * 0.36, y + r * (1.05 + 0.14 * f64::from(n))),
            (x + r * 0.36, y + r * (1.1 + 0.14 * f64::from(n))),
            r * 0.04,
            rgb(0x5f6770),
        );
    }
    let glass = c.round(
        0.42,
        0.4,
        0.65,
        &[
            (0.0, rgb(0xfffbe6), 1.0),
            (0.55, rgb(0xffe38f), 0.95),
            (1.0, rgb(0xf5b53a), 0.8),
        ],
    );
    c.path(&format!("M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {x:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}Z", x - r * 0.36, y + r * 0.98, x - r * 0.42, y + r * 0.5, x - r * 1.0, y + r * 0.42, y - r * 1.0, x + r * 1.0, y + r * 0.42, x + r * 0.42, y + r * 0.5, x + r * 0.36, y + r * 0.98), glass.clone());
    c.circle(x, y - r * 0.05, r * 0.93, glass);
    c.curve(
        &[
            (x - r * 0.2, y + r * 0.9),
            (x - r * 0.22, y + r * 0.2),
            (x - r * 0.08, y - r * 0.1),
            (x, y + r * 0.12),
            (x + r * 0.08, y - r * 0.1),
            (x + r * 0.22, y + r * 0.2),
            (x + r * 0.2, y + r * 0.9),
        ],
        r * 0.05,
        rgb(0xe87a1f),
    );
    c.ellipse(
        x - r * 0.4,
        y - r * 0.42,
        r * 0.14,
        r * 0.26,
        clear(WHITE, 0.7),
    );
}

/// An atom: a nucleus and what circles around it.
pub(super) fn atom(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    c.glow(x, y, r * 1.3, rgb(0x7fd0ff), 0.4);
    for n in 0..3 {
        c.turned(f64::from(n) * 60.0 + 15.0, x, y, |c| {
            c.ring(x, y, r, r * 0.36, r * 0.022, clear(rgb(0xa8dcff), 0.85));
            let a = rng.range(0.0, std::f64::consts::TAU);
            let (ex, ey) = (x + r * a.cos(), y + r * 0.36 * a.sin());
            c.glow(ex, ey, r * 0.17, rgb(0x9fe0ff), 0.9);
            let ball = c.ball(rgb(0x3fa0f0));
            c.circle(ex, ey, r * 0.065, ball);
        });
    }
    for n in 0..13 {
        let a = f64::from(n) * 2.4;
        let d = r * 0.2 * (f64::from(n) / 13.0).sqrt();
        let ball = c.ball(if n % 2 == 0 {
            rgb(0xf0604f)
        } else {
            rgb(0xf2c04f)
        });
        c.circle(x + d * a.cos(), y + d * a.sin(), r * 0.085, ball);
    }
}

/// Molecules: balls on sticks.
pub(super) fn molecules(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    let kinds = [
        rgb(0xe0524a),
        rgb(0x4f8fe0),
        rgb(0x5a6270),
        rgb(0xf2f2f2),
        rgb(0x58b368),
    ];
    for _ in 0..7 {
        let (mx, my) = (x + rng.range(-1.6, 1.6) * r, y + rng.range(-0.95, 0.95) * r);
        let size = r * rng.range(0.13, 0.24);
        let turn = rng.range(0.0, 360.0);
        let core = kinds[rng.below(5)];
        let other = kinds[rng.below(5)];
        c.turned(turn, mx, my, |c| {
            for side in [-1.0, 1.0] {
                let (ox, oy) = (mx + side * size * 1.35, my + size * 0.85);
                c.segment((mx, my), (ox, oy), size * 0.24, rgb(0xd6dbe2));
                let ball = c.ball(other);
                c.circle(ox, oy, size * 0.58, ball);
            }
            let ball = c.ball(core);
            c.circle(mx, my, size, ball);
        });
    }
}

/// A chip on its board, with light running along the lines.
pub(super) fn chip(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, size: f64) {
    for n in 0..44 {
        let side = n % 4;
        let at = size * rng.range(-0.85, 0.85);
        let (start, step): ((f64, f64), (f64, f64)) = match side {
            0 => ((x + at, y - size), (0.0, -1.0)),
            1 => ((x + at, y + size), (0.0, 1.0)),
            2 => ((x - size, y + at), (-1.0, 0.0)),
            _ => ((x + size, y + at), (1.0, 0.0)),
        };
        let (first, sideways) = (c.u * rng.range(4.0, 14.0), c.u * rng.range(-12.0, 12.0));
        let knee = (start.0 + step.0 * first, start.1 + step.1 * first);
        let bend = (
            knee.0
                + if step.0 == 0.0 {
                    sideways
                } else {
                    step.0 * sideways.abs()
                },
            knee.1
                + if step.1 == 0.0 {
                    sideways
                } else {
                    step.1 * sideways.abs()
                },
        );
        let end = (bend.0 + step.0 * c.u * 30.0, bend.1 + step.1 * c.u * 30.0);
        let color = [rgb(0x4fe0c8), rgb(0x6fb8ff), rgb(0xb98cff)][rng.below(3)];
        c.stroke(
            &super::canvas::straight(&[start, knee, bend, end]),
            c.u * 0.42,
            clear(color, 0.6),
        );
        c.glow(bend.0, bend.1, c.u * 2.2, color, 0.8);
        c.circle(bend.0, bend.1, c.u * 0.55, color.light(0.5));
    }
    c.glow(x, y, size * 2.0, rgb(0x7fd8ff), 0.4);
    let body = c.line(
        0.0,
        0.0,
        1.0,
        1.0,
        &[(0.0, rgb(0x3b4560), 1.0), (1.0, rgb(0x141a2b), 1.0)],
    );
    c.rect(
        x - size,
        y - size,
        size * 2.0,
        size * 2.0,
        size * 0.12,
        body,
    );
    let core = c.line(
        0.0,
        0.0,
        1.0,
        1.0,
        &[
            (0.0, rgb(0x8fe8ff), 1.0),
            (0.5, rgb(0x4f8fe8), 1.0),
            (1.0, rgb(0x6a4fd0), 1.0),
        ],
    );
    c.rect(
        x - size * 0.55,
        y - size * 0.55,
        size * 1.1,
        size * 1.1,
        size * 0.08,
        core,
    );
    for n in 1..5 {
        let part = size * (f64::from(n) * 0.22 - 0.55);
        c.segment(
            (x - size * 0.5, y + part),
            (x + size * 0.5, y + part),
            size * 0.012,
            clear(WHITE, 0.35),
        );
        c.segment(
            (x + part, y - size * 0.5),
            (x + part, y + size * 0.5),
            size * 0.012,
            clear(WHITE, 0.35),
        );
    }
}

/// Points and the lines between them.
pub(super) fn network(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    let nodes: Vec<(f64, f64, f64)> = (0..30)
        .map(|n| {
            let a = f64::from(n) * 2.399_963;
            let d = r * (f64::from(n) / 30.0).sqrt();
            (
                x + d * a.cos() * 1.55 + rng.range(-0.07, 0.07) * r,
                y + d * a.sin() * 0.9 + rng.range(-0.07, 0.07) * r,
                r * rng.range(0.025, 0.065),
            )
        })
        .collect();
    for (n, a) in nodes.iter().enumerate() {
        for b in &nodes[n + 1..] {
            let far = ((a.0 - b.0).powi(2) + (a.1 - b.1).powi(2)).sqrt();
            if far < r * 0.5 {
                c.segment(
                    (a.0, a.1),
                    (b.0, b.1),
                    c.u * 0.22,
                    clear(rgb(0x9fd8ff), 0.75 * (1.0 - far / (r * 0.55))),
                );
            }
        }
    }
    let colors = [rgb(0x6fd0ff), rgb(0xffc46b), rgb(0xff8fa8), rgb(0x9fe8b0)];
    for (nx, ny, size) in nodes {
        let color = colors[rng.below(4)];
        c.glow(nx, ny, size * 3.4, color, 0.7);
        let ball = c.ball(color);
        c.circle(nx, ny, size, ball);
    }
}

/// A chart without figures: columns that grow, and a line above them.
pub(super) fn chart(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, w: f64, h: f64) {
    let count = 7;
    let colors = [
        rgb(0x3f8fc0),
        rgb(0x57b894),
        rgb(0xf2b04a),
        rgb(0xe0705a),
        rgb(0x8a6fc0),
    ];
    let mut line = Vec::new();
    for n in 0..=4 {
        let gy = y - h * f64::from(n) / 4.0;
        c.segment(
            (x - w / 2.0, gy),
            (x + w / 2.0, gy),
            c.u * 0.15,
            clear(WHITE, 0.4),
        );
    }
    for n in 0..count {
        let part = (f64::from(n) + 1.0) / f64::from(count);
        let tall = h * (0.18 + 0.68 * part.powf(1.3)) * rng.range(0.85, 1.1);
        let bx = x - w / 2.0 + w * (f64::from(n) + 0.5) / f64::from(count);
        let color = colors[n as usize % colors.len()];
        let fill = c.across(&[
            (0.0, color.light(0.3), 1.0),
            (0.6, color, 1.0),
            (1.0, color.dark(0.3), 1.0),
        ]);
        c.rect(bx - w * 0.048, y - tall, w * 0.096, tall, c.u * 0.6, fill);
        line.push((bx, y - tall - h * 0.08));
    }
    c.curve(&line, c.u * 0.7, rgb(0xfff5dc));
    for (px, py) in line {
        c.circle(px, py, c.u * 1.1, rgb(0xd8463f));
        c.circle(px, py, c.u * 0.5, WHITE);
    }
}

/// A balance.
pub(super) fn scales(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, size: f64) {
    let brass = rgb(0xd8a548);
    let tilt = rng.range(-9.0, 9.0);
    let metal = c.across(&[(0.0, brass.light(0.4), 1.0), (1.0, brass.dark(0.4), 1.0)]);
    c.ellipse(
        x,
        y + size * 0.02,
        size * 0.5,
        size * 0.05,
        clear(BLACK, 0.25),
    );
    c.path(
        &format!(
            "M{:.1} {y:.1}Q{x:.1} {:.1} {:.1} {y:.1}Z",
            x - size * 0.38,
            y - size * 0.2,
            x + size * 0.38
        ),
        metal.clone(),
    );
    c.rect(
        x - size * 0.035,
        y - size * 1.15,
        size * 0.07,
        size * 1.1,
        size * 0.02,
        metal,
    );
    let (sin, cos) = tilt.to_radians().sin_cos();
    let (lx, ly) = (x - size * 0.75 * cos, y - size * 1.12 - size * 0.75 * sin);
    let (rx, ry) = (x + size * 0.75 * cos, y - size * 1.12 + size * 0.75 * sin);
    c.segment((lx, ly), (rx, ry), size * 0.05, brass);
    for (px, py, color) in [(lx, ly, rgb(0x4f8fc0)), (rx, ry, rgb(0xd9694f))] {
        for side in [-1.0, 1.0] {
            c.segment(
                (px, py),
                (px + side * size * 0.28, py + size * 0.5),
                size * 0.012,
                brass.dark(0.3),
            );
        }
        for (dx, r) in [(-0.1, 0.13), (0.1, 0.11), (0.0, 0.14)] {
            let ball = c.ball(color);
            c.circle(px + dx * size, py + size * (0.5 - r * 0.75), r * size, ball);
        }
        let pan = c.down(&[(0.0, brass.light(0.3), 1.0), (1.0, brass.dark(0.35), 1.0)]);
        c.path(
            &format!(
                "M{:.1} {:.1}Q{px:.1} {:.1} {:.1} {:.1}Z",
                px - size * 0.34,
                py + size * 0.5,
                py + size * 0.75,
                px + size * 0.34,
                py + size * 0.5
            ),
            pan,
        );
    }
    let knob = c.ball(brass.light(0.2));
    c.circle(x, y - size * 1.17, size * 0.07, knob);
}

/// Light through a prism.
pub(super) fn prism(c: &mut Canvas, x: f64, y: f64, size: f64) {
    c.segment(
        (0.0, y + size * 0.35),
        (x - size * 0.28, y + size * 0.02),
        size * 0.05,
        clear(WHITE, 0.9),
    );
    let bands = [
        0xe8484f, 0xf28c3a, 0xf7d64a, 0x59b864, 0x4a90d9, 0x5a55b8, 0x8d4fb0,
    ];
    for (n, hex) in bands.iter().enumerate() {
        let n = n as f64;
        let (a, b) = (
            y - size * 0.06 + size * 0.03 * n,
            y - size * 0.35 + size * 0.2 * n,
        );
        c.polygon(
            &[
                (x + size * 0.2, a),
                (c.w + 5.0, b),
                (c.w + 5.0, b + size * 0.2),
                (x + size * 0.2, a + size * 0.03),
            ],
            clear(rgb(*hex), 0.85),
        );
    }
    let glass = c.line(
        0.0,
        0.0,
        1.0,
        1.0,
        &[
            (0.0, WHITE, 0.75),
            (0.5, rgb(0xbfe3ff), 0.4),
            (1.0, rgb(0x7fa8d8), 0.65),
        ],
    );
    c.polygon(
        &[
            (x, y - size * 0.62),
            (x + size * 0.62, y + size * 0.45),
            (x - size * 0.62, y + size * 0.45),
        ],
        glass,
    );
    c.stroke(
        &format!(
            "M{x:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z",
            y - size * 0.62,
            x + size * 0.62,
            y + size * 0.45,
            x - size * 0.62,
            y + size * 0.45
        ),
        size * 0.015,
        clear(WHITE, 0.9),
    );
}

/// A magnet and its field.
pub(super) fn magnet(c: &mut Canvas, x: f64, y: f64, size: f64) {
    for n in 1..7 {
        let s = size * (0.3 + 0.2 * f64::from(n));
        for side in [-1.0, 1.0] {
            c.stroke(
                &format!(
                    "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
                    x - size * 0.5,
                    y,
                    x - size * 0.6,
                    y + side * s,
                    x + size * 0.6,
                    y + side * s,
                    x + size * 0.5,
                    y
                ),
                size * 0.014,
                clear(rgb(0x9fd0ff), 0.75 - 0.08 * f64::from(n)),
            );
        }
    }
    for (left, color) in [(x - size * 0.62, rgb(0xd8433d)), (x, rgb(0x3f6fc0))] {
        let fill = c.down(&[
            (0.0, color.light(0.35), 1.0),
            (0.5, color, 1.0),
            (1.0, color.dark(0.35), 1.0),
        ]);
        c.rect(
            left,
            y - size * 0.17,
            size * 0.62,
            size * 0.34,
            size * 0.03,
            fill,
        );
    }
}

/// A battery with its charge.
pub(super) fn battery(c: &mut Canvas, x: f64, y: f64, size: f64) {
    c.ellipse(
        x,
        y + size * 1.03,
        size * 0.55,
        size * 0.07,
        clear(BLACK, 0.3),
    );
    let metal = c.across(&[
        (0.0, rgb(0xe9edf2), 1.0),
        (0.5, rgb(0xb5bdc8), 1.0),
        (1.0, rgb(0x6c7684), 1.0),
    ]);
    c.rect(
        x - size * 0.16,
        y - size * 1.14,
        size * 0.32,
        size * 0.2,
        size * 0.05,
        metal.clone(),
    );
    c.rect(
        x - size * 0.5,
        y - size,
        size,
        size * 2.0,
        size * 0.12,
        metal,
    );
    c.rect(
        x - size * 0.4,
        y - size * 0.88,
        size * 0.8,
        size * 1.76,
        size * 0.06,
        rgb(0x1c2636),
    );
    for n in 0..4 {
        let color = rgb(0x58d08a).mix(rgb(0xf2c14e), f64::from(n) * 0.12);
        let fill = c.across(&[
            (0.0, color.light(0.4), 1.0),
            (0.6, color, 1.0),
            (1.0, color.dark(0.35), 1.0),
        ]);
        c.rect(
            x - size * 0.34,
            y + size * (0.46 - 0.43 * f64::from(n)),
            size * 0.68,
            size * 0.36,
            size * 0.04,
            fill,
        );
    }
    c.polygon(
        &[
            (x + size * 0.08, y - size * 0.5),
            (x - size * 0.24, y + size * 0.08),
            (x - size * 0.02, y + size * 0.08),
            (x - size * 0.1, y + size * 0.52),
            (x + size * 0.24, y - size * 0.1),
            (x + size * 0.02, y - size * 0.1),
        ],
        rgb(0xfff6d0),
    );
}

/// A microscope.
pub(super) fn microscope(c: &mut Canvas, x: f64, y: f64, size: f64) {
    let body = rgb(0x3c4a63);
    c.ellipse(x, y, size * 0.62, size * 0.07, clear(BLACK, 0.28));
    let fill = c.across(&[(0.0, body.light(0.3), 1.0), (1.0, body.dark(0.35), 1.0)]);
    c.rect(
        x - size * 0.5,
        y - size * 0.12,
        size,
        size * 0.12,
        size * 0.05,
        fill.clone(),
    );
    c.stroke(
        &format!(
            "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            x + size * 0.28,
            y - size * 0.1,
            x + size * 0.62,
            y - size * 0.5,
            x + size * 0.5,
            y - size * 0.95,
            x + size * 0.1,
            y - size * 1.05
        ),
        size * 0.15,
        body,
    );
    c.rect(
        x - size * 0.45,
        y - size * 0.42,
        size * 0.62,
        size * 0.07,
        size * 0.02,
        body.dark(0.3),
    );
    c.glow(
        x - size * 0.18,
        y - size * 0.42,
        size * 0.28,
        rgb(0xffefb0),
        0.9,
    );
    c.turned(-16.0, x, y - size * 0.8, |c| {
        let tube = c.across(&[
            (0.0, rgb(0xf2f4f7), 1.0),
            (0.5, rgb(0xc4ccd6), 1.0),
            (1.0, rgb(0x7c8796), 1.0),
        ]);
        c.rect(
            x - size * 0.16,
            y - size * 1.25,
            size * 0.26,
            size * 0.62,
            size * 0.04,
            tube.clone(),
        );
        c.rect(
            x - size * 0.1,
            y - size * 0.66,
            size * 0.14,
            size * 0.2,
            size * 0.02,
            tube,
        );
        c.rect(
            x - size * 0.19,
            y - size * 1.36,
            size * 0.32,
            size * 0.14,
            size * 0.04,
            body.dark(0.3),
        );
    });
    let knob = c.ball(rgb(0xd8a548));
    c.circle(x + size * 0.44, y - size * 0.55, size * 0.1, knob);
}

/// Sound as waves of light.
pub(super) fn sound(c: &mut Canvas, rng: &mut Rng, y: f64, tall: f64) {
    let colors = [rgb(0x6fd0ff), rgb(0xff8fa8), rgb(0xffc46b), rgb(0x9fe8b0)];
    for (n, color) in colors.into_iter().enumerate() {
        let phase = rng.range(0.0, 6.0);
        let pitch = rng.range(7.0, 16.0);
        let points: Vec<(f64, f64)> = (0..=80)
            .map(|k| {
                let t = f64::from(k) / 80.0;
                let swell = (t * std::f64::consts::PI).sin().powi(2);
                (
                    t * c.w,
                    y + tall * swell * (0.9 - 0.16 * n as f64) * (phase + t * pitch * 2.0).sin(),
                )
            })
            .collect();
        for (wide, opacity) in [(2.6, 0.14), (1.2, 0.3), (0.45, 0.95)] {
            c.curve(&points, c.u * wide, clear(color, opacity));
        }
    }
    for n in 0..46 {
        let t = (f64::from(n) + 0.5) / 46.0;
        let h = tall * 0.6 * (t * std::f64::consts::PI).sin() * rng.range(0.2, 1.0);
        c.rect(
            t * c.w - c.u * 0.3,
            c.h * 0.86 - h,
            c.u * 0.6,
            h,
            c.u * 0.3,
            clear(WHITE, 0.35),
        );
    }
}

/// Coins in stacks.
pub(super) fn coins(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, size: f64) {
    let gold = rgb(0xeab43c);
    for n in 0..5 {
        let sx = x + size * (f64::from(n) - 2.0) * 0.62;
        let count = 2 + n * 2 + rng.below(2) as i32;
        c.ellipse(
            sx,
            y + size * 0.03,
            size * 0.34,
            size * 0.08,
            clear(BLACK, 0.25),
        );
        for k in 0..count {
            let cy = y - size * 0.09 * f64::from(k);
            let edge = c.across(&[
                (0.0, gold.light(0.3), 1.0),
                (0.5, gold.dark(0.1), 1.0),
                (1.0, gold.dark(0.45), 1.0),
            ]);
            c.path(
                &format!(
                    "M{:.1} {:.1}A{rx:.1} {ry:.1} 0 0 0 {:.1} {:.1}L{:.1} {cy:.1}L{:.1} {cy:.1}Z",
                    sx - size * 0.28,
                    cy - size * 0.08,
                    sx + size * 0.28,
                    cy - size * 0.08,
                    sx + size * 0.28,
                    sx - size * 0.28,
                    rx = size * 0.28,
                    ry = size * 0.08
                ),
                edge.clone(),
            );
            c.ellipse(sx, cy, size * 0.28, size * 0.08, edge);
            let face = c.round(
                0.4,
                0.35,
                0.8,
                &[(0.0, gold.light(0.6), 1.0), (1.0, gold, 1.0)],
            );
            c.ellipse(sx, cy - size * 0.08, size * 0.28, size * 0.08, face);
            c.ring(
                sx,
                cy - size * 0.08,
                size * 0.2,
                size * 0.055,
                size * 0.015,
                gold.dark(0.2),
            );
        }
    }
}
