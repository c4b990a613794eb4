//! Living things from close up.

use super::canvas::{Canvas, clear, smooth};
use super::color::{BLACK, Color, WHITE, rgb};
use crate::domain::seed::Rng;

/// The world under a microscope: soft light and drifting specks.
pub(super) fn micro_backdrop(c: &mut Canvas, rng: &mut Rng) {
    let tints = [
        (rgb(0x0d3b4a), rgb(0x35a3a0)),
        (rgb(0x2b1b4d), rgb(0x9a5fc0)),
        (rgb(0x123a2a), rgb(0x6fbf6a)),
        (rgb(0x43183a), rgb(0xd8688f)),
    ];
    let (deep, light) = tints[rng.below(tints.len())];
    let fill = c.round(
        0.45,
        0.4,
        0.85,
        &[
            (0.0, light.light(0.25), 1.0),
            (0.4, light.mix(deep, 0.3), 1.0),
            (1.0, deep, 1.0),
        ],
    );
    c.rect(0.0, 0.0, c.w, c.h, 0.0, fill);
    for _ in 0..26 {
        let (x, y, r) = (
            rng.range(0.0, c.w),
            rng.range(0.0, c.h),
            c.u * rng.range(1.5, 9.0),
        );
        let bokeh = c.round(
            0.5,
            0.5,
            0.5,
            &[
                (0.0, light.light(0.5), 0.28),
                (0.8, light.light(0.4), 0.16),
                (1.0, WHITE, 0.0),
            ],
        );
        c.circle(x, y, r, bokeh);
    }
}

/// A cell with its nucleus and the small things in it; a plant's has a wall and green grains.
pub(super) fn cell(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64, plant: bool) {
    let body = if plant { rgb(0x8fcf6a) } else { rgb(0xf2a7b5) };
    let outline: Vec<(f64, f64)> = (0..=20)
        .map(|n| {
            let a = f64::from(n % 20) / 20.0 * std::f64::consts::TAU;
            let square = if plant {
                1.0 / (a.cos().abs().powf(5.0) + a.sin().abs().powf(5.0)).powf(0.2)
            } else {
                1.0 + 0.05 * (a * 3.0).sin()
            };
            (
                x + r * 1.2 * square * a.cos(),
                y + r * 0.86 * square * a.sin(),
            )
        })
        .collect();
    let path = format!("{}Z", smooth(&outline));
    let fill = c.round(
        0.4,
        0.35,
        0.8,
        &[
            (0.0, body.light(0.5), 0.95),
            (0.7, body, 0.9),
            (1.0, body.dark(0.2), 0.95),
        ],
    );
    c.path(&path, fill);
    c.stroke(
        &path,
        r * if plant { 0.07 } else { 0.035 },
        clear(body.dark(if plant { 0.45 } else { 0.3 }), 0.9),
    );
    if plant {
        c.ellipse(
            x + r * 0.3,
            y + r * 0.05,
            r * 0.58,
            r * 0.45,
            clear(rgb(0xbfe6f5), 0.75),
        );
    }
    for n in 0..11 {
        let a = f64::from(n) / 11.0 * std::f64::consts::TAU + rng.range(-0.15, 0.15);
        let (ox, oy) = (
            x + r * rng.range(0.78, 0.95) * a.cos(),
            y + r * rng.range(0.56, 0.66) * a.sin(),
        );
        let turn = rng.range(0.0, 180.0);
        if plant {
            let grain = c.ball(rgb(0x3f9a3d));
            c.turned(turn, ox, oy, |c| {
                c.ellipse(ox, oy, r * 0.13, r * 0.075, grain);
                for k in -1..=1 {
                    c.segment(
                        (ox + f64::from(k) * r * 0.05, oy - r * 0.045),
                        (ox + f64::from(k) * r * 0.05, oy + r * 0.045),
                        r * 0.018,
                        clear(rgb(0xc9f0a0), 0.7),
                    );
                }
            });
        } else {
            let bean = c.ball(if n % 2 == 0 {
                rgb(0xe8803f)
            } else {
                rgb(0x7f6fd0)
            });
            c.turned(turn, ox, oy, |c| {
                c.ellipse(ox, oy, r * 0.12, r * 0.06, bean);
                c.curve(
                    &[
                        (ox - r * 0.08, oy),
                        (ox - r * 0.03, oy - r * 0.03),
                        (ox + r * 0.02, oy + r * 0.03),
                        (ox + r * 0.08, oy),
                    ],
                    r * 0.014,
                    clear(WHITE, 0.7),
                );
            });
        }
    }
    let (nx, ny) = (x - r * if plant { 0.55 } else { 0.1 }, y - r * 0.05);
    let nucleus = c.ball(rgb(0x7a4fb0));
    c.circle(nx, ny, r * 0.27, nucleus);
    let spot = c.ball(rgb(0x4a2a80));
    c.circle(nx + r * 0.06, ny + r * 0.03, r * 0.11, spot);
}

/// A virus with its spikes.
pub(super) fn virus(c: &mut Canvas, x: f64, y: f64, r: f64, color: Color) {
    for n in 0..18 {
        c.turned(f64::from(n) * 20.0, x, y, |c| {
            c.segment(
                (x, y - r * 0.9),
                (x, y - r * 1.28),
                r * 0.06,
                color.dark(0.15),
            );
            c.circle(x, y - r * 1.32, r * 0.1, color.light(0.2));
        });
    }
    let ball = c.ball(color);
    c.circle(x, y, r, ball);
    for n in 0..9 {
        let a = f64::from(n) * 2.4;
        let d = r * (f64::from(n) / 9.0).sqrt() * 0.85;
        c.circle(
            x + d * a.cos(),
            y + d * a.sin(),
            r * 0.09,
            clear(color.light(0.35), 0.8),
        );
    }
}

/// The double helix.
pub(super) fn dna(c: &mut Canvas, x: f64, y: f64, long: f64, degrees: f64) {
    c.turned(degrees, x, y, |c| {
        let turns = 2.6;
        let reach = long * 0.12;
        let at = |n: u32, phase: f64| {
            let t = f64::from(n) / 60.0;
            let a = t * turns * std::f64::consts::TAU + phase;
            ((x + reach * a.sin(), y + long * (t - 0.5)), a.cos())
        };
        let pairs = [0xf2c14e, 0x58b7a8, 0xe0645c, 0x6f8fe0];
        for n in (0..=60).step_by(2) {
            let ((ax, ay), depth) = at(n, 0.0);
            let ((bx, _), _) = at(n, std::f64::consts::PI);
            let color = rgb(pairs[(n / 2) as usize % 4]);
            let shade = clear(color.mix(BLACK, if depth < 0.0 { 0.3 } else { 0.0 }), 0.95);
            c.segment((ax, ay), ((ax + bx) / 2.0, ay), long * 0.014, shade);
            c.segment(
                ((ax + bx) / 2.0, ay),
                (bx, ay),
                long * 0.014,
                clear(rgb(pairs[(n / 2 + 1) as usize % 4]), 0.95),
            );
        }
        for (phase, color) in [(0.0, rgb(0x4fa3e0)), (std::f64::consts::PI, rgb(0xe0568a))] {
            for n in 0..=60 {
                let ((px, py), depth) = at(n, phase);
                let ball = c.ball(color.mix(BLACK, 0.25 - 0.25 * depth));
                c.circle(px, py, long * (0.017 + 0.006 * depth), ball);
            }
        }
    });
}

/// A brain from the side, with thoughts lighting up.
pub(super) fn brain(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, r: f64) {
    c.glow(x, y, r * 1.9, rgb(0xffb0c8), 0.45);
    let pink = rgb(0xf0a0b4);
    c.path(
        &format!(
            "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}Z",
            x + r * 0.2,
            y + r * 0.45,
            x + r * 0.2,
            y + r * 0.9,
            x + r * 0.34,
            y + r * 1.1,
            x + r * 0.52,
            y + r * 1.1,
            x + r * 0.44,
            y + r * 0.8,
            x + r * 0.5,
            y + r * 0.45
        ),
        pink.dark(0.2),
    );
    let small = c.ball(pink.dark(0.12));
    c.ellipse(x + r * 0.62, y + r * 0.52, r * 0.36, r * 0.25, small);
    let lobes = [
        (-0.55, 0.1, 0.52),
        (-0.35, -0.3, 0.5),
        (0.1, -0.45, 0.52),
        (0.5, -0.25, 0.5),
        (0.65, 0.12, 0.42),
        (0.1, 0.1, 0.62),
        (-0.25, 0.35, 0.36),
    ];
    for (dx, dy, size) in lobes {
        let ball = c.round(
            0.38,
            0.3,
            0.8,
            &[
                (0.0, pink.light(0.4), 1.0),
                (0.6, pink, 1.0),
                (1.0, pink.dark(0.22), 1.0),
            ],
        );
        c.ellipse(x + dx * r, y + dy * r, size * r, size * r * 0.86, ball);
    }
    for _ in 0..22 {
        let (sx, sy) = (x + rng.range(-0.85, 0.8) * r, y + rng.range(-0.7, 0.4) * r);
        let inside = ((sx - x) / (r * 0.95)).powi(2) + ((sy - y + r * 0.1) / (r * 0.72)).powi(2);
        if inside > 0.8 {
            continue;
        }
        let points: Vec<(f64, f64)> = (0..5)
            .map(|n| {
                (
                    sx + r * 0.1 * f64::from(n) - r * 0.2,
                    sy + r * 0.07 * if n % 2 == 0 { 1.0 } else { -1.0 }
                        + rng.range(-0.03, 0.03) * r,
                )
            })
            .collect();
        c.curve(&points, r * 0.035, clear(pink.dark(0.35), 0.6));
    }
    for _ in 0..9 {
        let (sx, sy) = (x + rng.range(-0.7, 0.7) * r, y + rng.range(-0.6, 0.35) * r);
        c.glow(sx, sy, r * 0.2, rgb(0xfff2a0), 0.85);
        c.circle(sx, sy, r * 0.03, WHITE);
    }
}

/// A heart, as it is in a body.
pub(super) fn heart(c: &mut Canvas, x: f64, y: f64, r: f64) {
    c.glow(x, y, r * 1.8, rgb(0xff7a7a), 0.45);
    for (dx, color, turn) in [(-0.1, rgb(0x4a6fc0), -14.0), (0.18, rgb(0xd8434a), 12.0)] {
        c.turned(turn, x, y, |c| {
            let tube = c.across(&[(0.0, color.light(0.3), 1.0), (1.0, color.dark(0.3), 1.0)]);
            c.rect(
                x + dx * r - r * 0.13,
                y - r * 1.15,
                r * 0.26,
                r * 0.75,
                r * 0.1,
                tube,
            );
        });
    }
    let red = rgb(0xd23b45);
    let fill = c.round(
        0.35,
        0.3,
        0.85,
        &[
            (0.0, red.light(0.4), 1.0),
            (0.55, red, 1.0),
            (1.0, red.dark(0.45), 1.0),
        ],
    );
    c.path(
        &format!(
            "M{x:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {x:.1} {:.1}Z",
            y - r * 0.5, x + r * 0.35, y - r * 0.95, x + r * 1.0, y - r * 0.6, x + r * 0.82, y, x + r * 0.68, y + r * 0.5, x + r * 0.25, y + r * 0.8, x - r * 0.05, y + r * 1.0, x - r * 0.75, y + r * 0.55, x - r * 1.15, y - r * 0.55, y - r * 0.5
        ),
        fill,
    );
    for (turn, long) in [(18.0, 0.9), (-24.0, 0.75), (50.0, 0.6)] {
        c.turned(turn, x, y, |c| {
            c.curve(
                &[
                    (x, y - r * 0.35),
                    (x + r * 0.12, y),
                    (x - r * 0.03, y + r * 0.3 * long),
                    (x + r * 0.08, y + r * 0.65 * long),
                ],
                r * 0.04,
                clear(rgb(0xffc9a8), 0.75),
            );
        });
    }
}

/// A bee.
pub(super) fn bee(c: &mut Canvas, x: f64, y: f64, size: f64) {
    for (turn, long) in [(-38.0, 1.0), (-70.0, 0.8)] {
        c.turned(turn, x, y - size * 0.2, |c| {
            c.ellipse(
                x + size * 0.45,
                y - size * 0.3,
                size * 0.6 * long,
                size * 0.24,
                clear(rgb(0xe6f4ff), 0.75),
            )
        });
    }
    let gold = rgb(0xf2b52c);
    let fill = c.ball(gold);
    c.ellipse(x, y, size * 0.75, size * 0.45, fill);
    for dx in [-0.4, -0.05, 0.3] {
        let tall = size * 0.4 * (1.0_f64 - (dx / 0.8_f64).powi(2)).sqrt();
        c.ellipse(x + dx * size, y, size * 0.085, tall, rgb(0x2b2118));
    }
    let head = c.ball(rgb(0x3a2c20));
    c.circle(x - size * 0.85, y - size * 0.05, size * 0.27, head);
    c.circle(x - size * 0.95, y - size * 0.1, size * 0.07, WHITE);
    for side in [0.0, 0.18] {
        c.curve(
            &[
                (x - size * (0.85 + side), y - size * 0.28),
                (x - size * (1.0 + side), y - size * 0.55),
                (x - size * (1.15 + side), y - size * 0.6),
            ],
            size * 0.045,
            rgb(0x2b2118),
        );
    }
}

/// A cat from the side, sitting.
pub(super) fn cat(c: &mut Canvas, x: f64, y: f64, size: f64, color: Color) {
    c.ellipse(x, y, size * 0.5, size * 0.05, clear(BLACK, 0.25));
    c.curve(
        &[
            (x + size * 0.3, y - size * 0.08),
            (x + size * 0.62, y - size * 0.12),
            (x + size * 0.66, y - size * 0.4),
            (x + size * 0.52, y - size * 0.52),
        ],
        size * 0.1,
        color.dark(0.15),
    );
    let fill = c.round(
        0.4,
        0.3,
        0.85,
        &[
            (0.0, color.light(0.25), 1.0),
            (0.6, color, 1.0),
            (1.0, color.dark(0.3), 1.0),
        ],
    );
    c.path(&format!("M{:.1} {y:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {y:.1}Z", x - size * 0.32, x - size * 0.36, y - size * 0.4, x - size * 0.3, y - size * 0.75, x - size * 0.05, y - size * 0.75, x + size * 0.3, y - size * 0.75, x + size * 0.45, y - size * 0.3, x + size * 0.38), fill.clone());
    for (dx, turn) in [(-0.24, -14.0), (0.06, 14.0)] {
        c.turned(turn, x + dx * size, y - size * 0.95, |c| {
            c.polygon(
                &[
                    (x + (dx - 0.11) * size, y - size * 0.93),
                    (x + dx * size, y - size * 1.2),
                    (x + (dx + 0.11) * size, y - size * 0.93),
                ],
                color,
            )
        });
    }
    c.ellipse(
        x - size * 0.09,
        y - size * 0.86,
        size * 0.28,
        size * 0.23,
        fill,
    );
    for dx in [-0.19, 0.01] {
        c.ellipse(
            x + dx * size,
            y - size * 0.88,
            size * 0.05,
            size * 0.06,
            rgb(0xbfe36a),
        );
        c.ellipse(
            x + dx * size,
            y - size * 0.88,
            size * 0.016,
            size * 0.05,
            BLACK,
        );
    }
    c.polygon(
        &[
            (x - size * 0.12, y - size * 0.8),
            (x - size * 0.06, y - size * 0.8),
            (x - size * 0.09, y - size * 0.765),
        ],
        rgb(0xe8899a),
    );
    for side in [-1.0, 1.0] {
        for k in 0..3 {
            c.segment(
                (x - size * 0.09 + side * size * 0.1, y - size * 0.78),
                (
                    x - size * 0.09 + side * size * 0.38,
                    y - size * (0.84 - 0.06 * f64::from(k)),
                ),
                size * 0.008,
                clear(WHITE, 0.8),
            );
        }
    }
    for dx in [-0.18, 0.05] {
        c.ellipse(
            x + dx * size,
            y - size * 0.03,
            size * 0.11,
            size * 0.06,
            color.light(0.35),
        );
    }
}
