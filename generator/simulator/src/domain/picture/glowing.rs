//! Things that glow in the dark.

use super::canvas::{Canvas, clear};
use super::color::{WHITE, rgb};
use crate::domain::seed::Rng;

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
