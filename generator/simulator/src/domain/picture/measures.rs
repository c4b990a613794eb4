//! Things that count and measure.

use super::canvas::{Canvas, clear};
use super::color::{BLACK, WHITE, rgb};
use crate::domain::seed::Rng;

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
