//! Beyond the sky.

use super::canvas::{Canvas, clear, ridge};
use super::color::{BLACK, Color, WHITE, rgb};
use super::terrain;
use crate::domain::seed::Rng;

/// Deep space with stars and coloured mist.
pub(super) fn backdrop(c: &mut Canvas, rng: &mut Rng) {
    let tints = [
        (rgb(0x0a0f2e), rgb(0x5a3f9e), rgb(0x1f7a9e)),
        (rgb(0x120a2a), rgb(0x9e3f7a), rgb(0x3a4fb0)),
        (rgb(0x06142a), rgb(0x1f8a8a), rgb(0x6a4fb0)),
    ];
    let (deep, one, two) = tints[rng.below(3)];
    let fill = c.line(
        0.0,
        0.0,
        1.0,
        1.0,
        &[
            (0.0, deep, 1.0),
            (0.5, deep.mix(one, 0.25), 1.0),
            (1.0, deep.dark(0.4), 1.0),
        ],
    );
    c.rect(0.0, 0.0, c.w, c.h, 0.0, fill);
    for n in 0..9 {
        let color = if n % 2 == 0 { one } else { two };
        let (x, y) = (rng.range(0.0, c.w), rng.range(0.0, c.h));
        c.glow(x, y, c.u * rng.range(30.0, 70.0), color, 0.28);
    }
    terrain::stars(c, rng, c.h * 1.3, 260);
    for _ in 0..5 {
        let (x, y) = (rng.range(0.0, c.w), rng.range(0.0, c.h));
        c.glow(x, y, c.u * 2.2, WHITE, 0.8);
        for (dx, dy) in [(1.0, 0.0), (0.0, 1.0)] {
            c.segment(
                (x - dx * c.u * 1.8, y - dy * c.u * 1.8),
                (x + dx * c.u * 1.8, y + dy * c.u * 1.8),
                c.u * 0.1,
                clear(WHITE, 0.6),
            );
        }
    }
}

/// The earth: seas, land, clouds, the thin air.
pub(super) fn earth(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    c.glow(x, y, r * 1.45, rgb(0x7fc8ff), 0.75);
    let sea = c.round(
        0.35,
        0.32,
        0.75,
        &[
            (0.0, rgb(0x6fc3ee), 1.0),
            (0.45, rgb(0x2374b5), 1.0),
            (1.0, rgb(0x0a2c63), 1.0),
        ],
    );
    c.circle(x, y, r, sea);
    c.within_circle(x, y, r, |c| {
        for (cx, cy, size, color) in [
            (-0.35, -0.3, 0.5, 0x5f9e53),
            (-0.1, 0.45, 0.36, 0x7fae5b),
            (0.55, -0.05, 0.42, 0xb59a5e),
            (0.1, -0.78, 0.34, 0x8fb274),
            (-0.85, 0.25, 0.3, 0x5f9e53),
        ] {
            land(c, rng, x + cx * r, y + cy * r, size * r, rgb(color));
        }
        c.ellipse(x, y - r * 0.98, r * 0.5, r * 0.14, clear(WHITE, 0.9));
        c.ellipse(x, y + r * 0.99, r * 0.55, r * 0.13, clear(WHITE, 0.9));
        for _ in 0..16 {
            let (cx, cy) = (x + rng.range(-1.0, 1.0) * r, y + rng.range(-0.9, 0.9) * r);
            c.turned(rng.range(-18.0, 18.0), cx, cy, |c| {
                c.ellipse(
                    cx,
                    cy,
                    r * rng.range(0.1, 0.34),
                    r * rng.range(0.015, 0.045),
                    clear(WHITE, 0.6),
                )
            });
        }
        let night = c.line(
            0.15,
            0.1,
            0.95,
            0.85,
            &[
                (0.0, BLACK, 0.0),
                (0.5, BLACK, 0.05),
                (1.0, rgb(0x020614), 0.85),
            ],
        );
        c.circle(x, y, r * 1.01, night);
    });
}

fn land(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64, color: Color) {
    let jags = ridge(rng, 4, 0.6);
    let points: Vec<(f64, f64)> = (0..16)
        .map(|n| {
            let angle = f64::from(n) / 16.0 * std::f64::consts::TAU;
            let reach = r * (0.75 + 0.35 * jags[n as usize].clamp(-1.0, 1.0));
            (x + reach * angle.cos(), y + reach * 0.8 * angle.sin())
        })
        .collect();
    let mut closed = points.clone();
    closed.push(points[0]);
    let fill = c.down(&[(0.0, color.light(0.12), 1.0), (1.0, color.dark(0.15), 1.0)]);
    c.path(&format!("{}Z", super::canvas::smooth(&closed)), fill);
}

/// The earth cut open: crust, mantle, outer and inner core.
pub(super) fn earth_cutaway(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    earth(c, rng, x, y, r);
    let layers = [
        (1.0, rgb(0x7a5a45)),
        (0.93, rgb(0xc4512b)),
        (0.75, rgb(0xe0702d)),
        (0.54, rgb(0xf5a02f)),
        (0.3, rgb(0xffd95c)),
        (0.16, rgb(0xfff3b8)),
    ];
    for (part, color) in layers {
        let s = r * part;
        let fill = c.round(
            0.0,
            1.0,
            1.2,
            &[(0.0, color.light(0.2), 1.0), (1.0, color, 1.0)],
        );
        // A quarter of the globe, from the top to the right.
        c.path(
            &format!(
                "M{x:.1} {y:.1}L{x:.1} {:.1}A{s:.1} {s:.1} 0 0 1 {:.1} {y:.1}Z",
                y - s,
                x + s
            ),
            fill,
        );
    }
    c.glow(x, y, r * 0.5, rgb(0xfff1a0), 0.6);
}

/// A planet with bands, and rings if wanted.
pub(super) fn gas_giant(
    c: &mut Canvas,
    rng: &mut Rng,
    x: f64,
    y: f64,
    r: f64,
    color: Color,
    rings: bool,
) {
    let tilt = -18.0;
    if rings {
        c.turned(tilt, x, y, |c| {
            for n in 0..6 {
                let s = r * (1.45 + 0.13 * f64::from(n));
                c.ring(
                    x,
                    y,
                    s,
                    s * 0.28,
                    r * 0.085,
                    clear(color.light(0.45 - 0.06 * f64::from(n)), 0.75),
                );
            }
        });
    }
    c.circle(x, y, r, color);
    c.within_circle(x, y, r, |c| {
        c.turned(tilt, x, y, |c| {
            for n in 0..9 {
                let by = y - r + r * 2.0 * f64::from(n) / 9.0;
                let tone = if n % 2 == 0 {
                    color.light(rng.range(0.1, 0.35))
                } else {
                    color.dark(rng.range(0.05, 0.25))
                };
                c.ellipse(x, by, r * 1.3, r * rng.range(0.08, 0.16), clear(tone, 0.8));
            }
        });
        let shade = c.round(
            0.32,
            0.3,
            0.85,
            &[(0.0, WHITE, 0.25), (0.5, BLACK, 0.0), (1.0, BLACK, 0.75)],
        );
        c.circle(x, y, r * 1.01, shade);
    });
    if rings {
        // The near half of the rings passes in front.
        c.turned(tilt, x, y, |c| {
            for n in 0..6 {
                let s = r * (1.45 + 0.13 * f64::from(n));
                c.stroke(
                    &format!(
                        "M{:.1} {y:.1}A{s:.1} {:.1} 0 0 0 {:.1} {y:.1}",
                        x - s,
                        s * 0.28,
                        x + s
                    ),
                    r * 0.085,
                    clear(color.light(0.45 - 0.06 * f64::from(n)), 0.9),
                );
            }
        });
    }
}

/// A star from close by.
pub(super) fn star(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    c.glow(x, y, r * 3.6, rgb(0xff9a3d), 0.65);
    c.glow(x, y, r * 1.8, rgb(0xffd36b), 0.8);
    let fill = c.round(
        0.5,
        0.5,
        0.55,
        &[
            (0.0, rgb(0xfffbe0), 1.0),
            (0.6, rgb(0xffd257), 1.0),
            (1.0, rgb(0xff8a2b), 1.0),
        ],
    );
    c.circle(x, y, r, fill);
    c.within_circle(x, y, r, |c| {
        for _ in 0..50 {
            let (a, d) = (rng.range(0.0, std::f64::consts::TAU), r * rng.unit().sqrt());
            c.circle(
                x + a.cos() * d,
                y + a.sin() * d,
                r * rng.range(0.03, 0.12),
                clear(
                    if rng.one_in(2) {
                        rgb(0xfff0b0)
                    } else {
                        rgb(0xff9c36)
                    },
                    0.35,
                ),
            );
        }
    });
    for n in 0..5 {
        let a = f64::from(n) / 5.0 * std::f64::consts::TAU + rng.range(0.0, 1.0);
        let (sx, sy) = (x + a.cos() * r * 0.97, y + a.sin() * r * 0.97);
        let (ex, ey) = (
            x + (a + 0.25).cos() * r * 0.97,
            y + (a + 0.25).sin() * r * 0.97,
        );
        c.stroke(
            &format!(
                "M{sx:.1} {sy:.1}Q{:.1} {:.1} {ex:.1} {ey:.1}",
                x + (a + 0.12).cos() * r * 1.4,
                y + (a + 0.12).sin() * r * 1.4
            ),
            r * 0.035,
            clear(rgb(0xffb45c), 0.85),
        );
    }
}

/// A black hole: the dark, the ring of bent light, the disc of hot gas.
pub(super) fn black_hole(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    c.glow(x, y, r * 4.2, rgb(0xff8a3d), 0.5);
    let band = |c: &mut Canvas, rng: &mut Rng, front: bool| {
        for n in 0..34 {
            let part = f64::from(n) / 34.0;
            let s = r * (1.35 + 1.75 * part);
            let color = rgb(0xfff3cf).mix(rgb(0xd0441c), part.powf(0.75));
            let ink = clear(color, (0.75 - 0.6 * part) * rng.range(0.55, 1.0));
            let sweep = u8::from(!front);
            c.stroke(
                &format!(
                    "M{:.1} {y:.1}A{s:.1} {:.1} 0 0 {sweep} {:.1} {y:.1}",
                    x - s,
                    s * 0.2,
                    x + s
                ),
                r * 0.075,
                ink,
            );
        }
    };
    c.turned(-14.0, x, y, |c| {
        band(c, rng, false);
        for n in 0..14 {
            let part = f64::from(n) / 14.0;
            let s = r * (1.08 + 0.42 * part);
            c.ring(
                x,
                y,
                s,
                s * 0.98,
                r * 0.05,
                clear(rgb(0xffe7b0).mix(rgb(0xe0602a), part), 0.85 - 0.6 * part),
            );
        }
        c.circle(x, y, r * 1.05, rgb(0x020106));
        c.ring(x, y, r * 1.06, r * 1.06, r * 0.03, rgb(0xfff4d8));
        band(c, rng, true);
    });
}

/// A spiral galaxy.
pub(super) fn galaxy(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    c.turned(-24.0, x, y, |c| {
        c.glow(x, y, r * 0.8, rgb(0xb9a0ff), 0.4);
        for _ in 0..900 {
            let arm = if rng.one_in(2) {
                0.0
            } else {
                std::f64::consts::PI
            };
            let part = rng.unit().powf(0.7);
            let angle = arm + part * 5.2 + rng.range(-0.35, 0.35) * (1.2 - part);
            let reach = r * part * rng.range(0.92, 1.08);
            let color = rgb(0xfff0c9)
                .mix(rgb(0x7fa8ff), part)
                .mix(rgb(0xff8fb0), if rng.one_in(9) { 0.7 } else { 0.0 });
            c.circle(
                x + reach * angle.cos(),
                y + reach * angle.sin() * 0.42,
                c.u * rng.range(0.08, 0.42),
                clear(color, rng.range(0.35, 0.95)),
            );
        }
        let core = c.round(
            0.5,
            0.5,
            0.5,
            &[
                (0.0, rgb(0xfffbe8), 1.0),
                (0.4, rgb(0xffdf9e), 0.8),
                (1.0, rgb(0xffc070), 0.0),
            ],
        );
        c.ellipse(x, y, r * 0.36, r * 0.19, core);
    });
}

/// Orbits around a point, with small worlds on them.
pub(super) fn orbits(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64, count: u32) {
    let worlds = [
        0xb0a59a, 0xe3b36b, 0x4f9be0, 0xd0623d, 0xd9b38c, 0xe8d29a, 0x9fd8e0, 0x4f6fd8,
    ];
    for n in 0..count {
        let s = r * (0.34 + 0.66 * f64::from(n + 1) / f64::from(count));
        c.ring(x, y, s, s * 0.36, c.u * 0.16, clear(rgb(0xbcd0ff), 0.4));
        let angle = rng.range(0.0, std::f64::consts::TAU);
        let size = c.u * rng.range(1.0, 2.6);
        let ball = c.ball(rgb(worlds[n as usize % worlds.len()]));
        c.circle(x + s * angle.cos(), y + s * 0.36 * angle.sin(), size, ball);
    }
}

/// A rocket on its way up.
pub(super) fn rocket(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, tall: f64, degrees: f64) {
    c.turned(degrees, x, y, |c| {
        for n in 0..16 {
            let part = f64::from(n) / 16.0;
            let color = rgb(0xfff3b8).mix(rgb(0xff6a2a), part.min(0.7) / 0.7).mix(rgb(0xb8b4c0), (part - 0.6).max(0.0) * 2.0);
            c.circle(x + rng.range(-1.0, 1.0) * tall * 0.1 * part, y + tall * (0.42 + 0.75 * part), tall * (0.07 + 0.1 * part), clear(color, 0.85 - 0.6 * part));
        }
        let red = rgb(0xd8463f);
        for side in [-1.0, 1.0] {
            c.path(&format!("M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}Z", x + side * tall * 0.12, y + tall * 0.08, x + side * tall * 0.3, y + tall * 0.2, x + side * tall * 0.26, y + tall * 0.46, x + side * tall * 0.1, y + tall * 0.34), red.dark(0.15));
        }
        let hull = c.across(&[(0.0, WHITE, 1.0), (0.6, rgb(0xdfe4ec), 1.0), (1.0, rgb(0x9aa4b5), 1.0)]);
        c.path(&format!("M{x:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {x:.1} {:.1}Z", y - tall * 0.5, x + tall * 0.22, y - tall * 0.25, x + tall * 0.17, y + tall * 0.2, x + tall * 0.1, y + tall * 0.4, x - tall * 0.1, y + tall * 0.4, x - tall * 0.17, y + tall * 0.2, x - tall * 0.22, y - tall * 0.25, y - tall * 0.5), hull);
        c.path(&format!("M{x:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}Q{x:.1} {:.1} {:.1} {:.1}Q{:.1} {:.1} {x:.1} {:.1}Z", y - tall * 0.5, x + tall * 0.1, y - tall * 0.39, x + tall * 0.125, y - tall * 0.27, y - tall * 0.22, x - tall * 0.125, y - tall * 0.27, x - tall * 0.1, y - tall * 0.39, y - tall * 0.5), red);
        c.circle(x, y - tall * 0.08, tall * 0.075, rgb(0x3a4a66));
        let glass = c.ball(rgb(0x6fc6ee));
        c.circle(x, y - tall * 0.08, tall * 0.055, glass);
    });
}

/// A satellite with its wings.
pub(super) fn satellite(c: &mut Canvas, x: f64, y: f64, size: f64) {
    c.turned(-22.0, x, y, |c| {
        for side in [-1.0, 1.0] {
            c.segment(
                (x, y),
                (x + side * size * 0.5, y),
                size * 0.05,
                rgb(0xb7bec9),
            );
            let left = if side < 0.0 {
                x - size * 1.35
            } else {
                x + size * 0.35
            };
            let panel = c.line(
                0.0,
                0.0,
                1.0,
                1.0,
                &[(0.0, rgb(0x3a63b8), 1.0), (1.0, rgb(0x16295c), 1.0)],
            );
            c.rect(left, y - size * 0.22, size, size * 0.44, size * 0.02, panel);
            for n in 1..6 {
                let px = left + size * f64::from(n) / 6.0;
                c.segment(
                    (px, y - size * 0.22),
                    (px, y + size * 0.22),
                    size * 0.015,
                    clear(WHITE, 0.35),
                );
            }
            c.segment(
                (left, y),
                (left + size, y),
                size * 0.015,
                clear(WHITE, 0.35),
            );
        }
        let body = c.across(&[(0.0, rgb(0xf0d9a0), 1.0), (1.0, rgb(0xb08a4a), 1.0)]);
        c.rect(
            x - size * 0.24,
            y - size * 0.32,
            size * 0.48,
            size * 0.64,
            size * 0.04,
            body,
        );
        c.path(
            &format!(
                "M{:.1} {:.1}Q{x:.1} {:.1} {:.1} {:.1}Z",
                x - size * 0.26,
                y - size * 0.5,
                y - size * 0.2,
                x + size * 0.26,
                y - size * 0.5
            ),
            rgb(0xe8edf4),
        );
        c.segment(
            (x, y - size * 0.42),
            (x, y - size * 0.7),
            size * 0.03,
            rgb(0xe8edf4),
        );
    });
}
