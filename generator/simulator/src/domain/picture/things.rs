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
