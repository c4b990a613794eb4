//! What lives and moves on the water, under it and over it.

use super::canvas::{Canvas, clear};
use super::color::{BLACK, Color, Palette, WHITE, rgb};
use crate::domain::seed::Rng;

/// A sailing boat.
pub(super) fn boat(c: &mut Canvas, p: &Palette, x: f64, y: f64, size: f64) {
    c.ellipse(
        x,
        y + size * 0.16,
        size * 0.6,
        size * 0.05,
        clear(BLACK, 0.25),
    );
    let hull = rgb(0x8a4a33).mix(p.near, 0.25);
    let fill = c.down(&[(0.0, hull.light(0.2), 1.0), (1.0, hull.dark(0.35), 1.0)]);
    c.path(
        &format!(
            "M{:.1} {:.1}Q{x:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}Q{x:.1} {:.1} {:.1} {:.1}Z",
            x - size * 0.55,
            y - size * 0.04,
            y + size * 0.03,
            x + size * 0.58,
            y - size * 0.08,
            x + size * 0.38,
            y + size * 0.16,
            y + size * 0.2,
            x - size * 0.36,
            y + size * 0.16
        ),
        fill,
    );
    c.segment(
        (x - size * 0.02, y),
        (x - size * 0.02, y - size * 1.05),
        size * 0.035,
        rgb(0x4b3528),
    );
    let sail = WHITE.mix(p.sky[2], 0.15);
    let cloth = c.across(&[(0.0, sail, 1.0), (1.0, sail.dark(0.18), 1.0)]);
    c.path(
        &format!(
            "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}Z",
            x + size * 0.02,
            y - size * 1.02,
            x + size * 0.5,
            y - size * 0.5,
            x + size * 0.52,
            y - size * 0.12,
            x + size * 0.02,
            y - size * 0.1
        ),
        cloth.clone(),
    );
    c.path(
        &format!(
            "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}Z",
            x - size * 0.06,
            y - size * 0.95,
            x - size * 0.38,
            y - size * 0.5,
            x - size * 0.42,
            y - size * 0.14,
            x - size * 0.06,
            y - size * 0.12
        ),
        cloth,
    );
}

/// Birds far away.
pub(super) fn birds(c: &mut Canvas, rng: &mut Rng, p: &Palette, x: f64, y: f64, spread: f64) {
    for _ in 0..7 {
        let (bx, by, size) = (
            x + rng.range(-1.0, 1.0) * spread,
            y + rng.range(-0.5, 0.5) * spread,
            c.u * rng.range(0.9, 2.0),
        );
        c.stroke(
            &format!(
                "M{:.1} {by:.1}Q{:.1} {:.1} {bx:.1} {by:.1}Q{:.1} {:.1} {:.1} {by:.1}",
                bx - size,
                bx - size * 0.5,
                by - size * 0.7,
                bx + size * 0.5,
                by - size * 0.7,
                bx + size
            ),
            c.u * 0.3,
            clear(p.near, 0.8),
        );
    }
}

/// A fish.
pub(super) fn fish(c: &mut Canvas, x: f64, y: f64, size: f64, color: Color, left: bool) {
    let d = if left { -1.0 } else { 1.0 };
    c.path(
        &format!(
            "M{:.1} {y:.1}L{:.1} {:.1}Q{:.1} {y:.1} {:.1} {:.1}Z",
            x - d * size * 0.75,
            x - d * size * 1.25,
            y - size * 0.4,
            x - d * size * 1.05,
            x - d * size * 1.25,
            y + size * 0.4
        ),
        color.dark(0.15),
    );
    c.path(
        &format!(
            "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}Z",
            x - d * size * 0.2,
            y - size * 0.38,
            x - d * size * 0.25,
            y - size * 0.75,
            x + d * size * 0.3,
            y - size * 0.35
        ),
        color.dark(0.2),
    );
    let fill = c.down(&[
        (0.0, color.light(0.15), 1.0),
        (0.55, color, 1.0),
        (1.0, color.light(0.55), 1.0),
    ]);
    c.ellipse(x, y, size, size * 0.46, fill);
    for n in 0..3 {
        let sx = x + d * size * (0.25 - 0.33 * f64::from(n));
        c.stroke(
            &format!(
                "M{sx:.1} {:.1}Q{:.1} {y:.1} {sx:.1} {:.1}",
                y - size * 0.33,
                sx - d * size * 0.12,
                y + size * 0.33
            ),
            size * 0.07,
            clear(WHITE, 0.5),
        );
    }
    c.circle(x + d * size * 0.62, y - size * 0.08, size * 0.1, WHITE);
    c.circle(x + d * size * 0.65, y - size * 0.08, size * 0.055, BLACK);
}

/// A whale.
pub(super) fn whale(c: &mut Canvas, x: f64, y: f64, size: f64) {
    let skin = rgb(0x3f5f83);
    let fill = c.down(&[
        (0.0, skin.dark(0.2), 1.0),
        (0.55, skin, 1.0),
        (1.0, skin.light(0.5), 1.0),
    ]);
    c.path(
        &format!(
            "M{:.1} {y:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {y:.1}Z",
            x + size, x + size * 0.95, y - size * 0.5, x - size * 0.2, y - size * 0.5, x - size * 0.85, y - size * 0.12, x - size * 1.25, y - size * 0.38, x - size * 1.12, y - size * 0.1, x - size * 1.02, y, x - size * 1.15, y + size * 0.1, x - size * 1.28, y + size * 0.24, x - size * 0.3, y + size * 0.35, x + size * 0.8, y + size * 0.4, x + size
        ),
        fill,
    );
    c.circle(x + size * 0.66, y - size * 0.02, size * 0.035, BLACK);
    c.path(
        &format!(
            "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}Z",
            x + size * 0.3,
            y + size * 0.18,
            x + size * 0.05,
            y + size * 0.55,
            x,
            y + size * 0.2
        ),
        skin.dark(0.25),
    );
}

/// The sea from below: light from above, plants on the ground, bubbles.
pub(super) fn underwater(c: &mut Canvas, rng: &mut Rng) {
    let fill = c.down(&[
        (0.0, rgb(0x8fe0e8), 1.0),
        (0.3, rgb(0x2f9fc0), 1.0),
        (0.7, rgb(0x14598a), 1.0),
        (1.0, rgb(0x0a2c57), 1.0),
    ]);
    c.rect(0.0, 0.0, c.w, c.h, 0.0, fill);
    for n in 0..7 {
        let x = c.w * (f64::from(n) / 6.0 * 1.1 - 0.05);
        let ray = c.down(&[(0.0, WHITE, 0.3), (1.0, WHITE, 0.0)]);
        c.polygon(
            &[
                (x, -c.u),
                (x + c.u * 5.0, -c.u),
                (x + c.u * rng.range(10.0, 24.0), c.h * 0.9),
                (x - c.u * rng.range(2.0, 8.0), c.h * 0.9),
            ],
            ray,
        );
    }
    let sand = rgb(0xc9b58a).mix(rgb(0x14598a), 0.45);
    super::terrain::hills(
        c,
        rng,
        c.h * 0.88,
        c.h * 0.06,
        false,
        sand.light(0.12),
        sand.dark(0.4),
    );
    for n in 0..16 {
        let x = c.w * (f64::from(n) + rng.range(0.0, 0.8)) / 16.0;
        let color = [rgb(0x2f8f6b), rgb(0xd96a7b), rgb(0xe59a52), rgb(0x7a5fb0)][rng.below(4)]
            .mix(rgb(0x14598a), 0.2);
        let tall = c.u * rng.range(6.0, 20.0);
        for k in 0..3 {
            let lean = c.u * (f64::from(k) - 1.0) * 2.2;
            c.stroke(
                &format!(
                    "M{x:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
                    c.h * 0.95,
                    x - lean,
                    c.h * 0.95 - tall * 0.4,
                    x + lean * 1.5,
                    c.h * 0.95 - tall * 0.7,
                    x + lean,
                    c.h * 0.95 - tall
                ),
                c.u * 0.9,
                color.light(0.06 * f64::from(k)),
            );
        }
    }
    for _ in 0..26 {
        let (x, y, r) = (
            rng.range(0.0, c.w),
            rng.range(0.05, 0.9) * c.h,
            c.u * rng.range(0.3, 1.3),
        );
        c.ring(x, y, r, r, c.u * 0.15, clear(WHITE, 0.55));
        c.circle(x - r * 0.3, y - r * 0.3, r * 0.2, clear(WHITE, 0.7));
    }
}

/// Rain or snow in front of everything.
pub(super) fn rain(c: &mut Canvas, rng: &mut Rng, snow: bool) {
    for _ in 0..if snow { 160 } else { 130 } {
        let (x, y) = (rng.range(0.0, c.w), rng.range(0.0, c.h));
        if snow {
            c.circle(
                x,
                y,
                c.u * rng.range(0.2, 0.7),
                clear(WHITE, rng.range(0.4, 0.95)),
            );
        } else {
            let long = c.u * rng.range(2.0, 4.5);
            c.segment(
                (x, y),
                (x - long * 0.25, y + long),
                c.u * 0.2,
                clear(rgb(0xd7ebff), 0.45),
            );
        }
    }
}

/// A rainbow across the sky.
pub(super) fn rainbow(c: &mut Canvas, horizon: f64) {
    let bands = [
        0xe8484f, 0xf28c3a, 0xf7d64a, 0x59b864, 0x4a90d9, 0x5a55b8, 0x8d4fb0,
    ];
    let r = (c.w * 0.42).min(horizon * 0.98);
    let wide = r * 0.032;
    for (n, hex) in bands.iter().enumerate() {
        let r = r - wide * n as f64;
        c.ring(
            c.w * 0.52,
            horizon + c.h * 0.04,
            r,
            r,
            wide * 1.15,
            clear(rgb(*hex), 0.62),
        );
    }
}

/// Lightning from a cloud to the ground.
pub(super) fn lightning(c: &mut Canvas, rng: &mut Rng, x: f64, top: f64, bottom: f64) {
    let mut points = vec![(x, top)];
    for n in 1..=8 {
        points.push((
            x + rng.range(-1.0, 1.0) * c.u * 5.0,
            top + (bottom - top) * f64::from(n) / 8.0,
        ));
    }
    let line = super::canvas::straight(&points);
    for (wide, opacity) in [(3.2, 0.18), (1.6, 0.4), (0.6, 1.0)] {
        c.stroke(&line, c.u * wide, clear(rgb(0xfdf6d0), opacity));
    }
    let branch = [
        points[3],
        (points[3].0 + c.u * 8.0, points[3].1 + c.u * 7.0),
        (points[3].0 + c.u * 11.0, points[3].1 + c.u * 15.0),
    ];
    c.stroke(
        &super::canvas::straight(&branch),
        c.u * 0.4,
        clear(rgb(0xfdf6d0), 0.85),
    );
}
