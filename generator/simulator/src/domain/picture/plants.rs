//! Trees, flowers, leaves.

use super::canvas::{Canvas, clear};
use super::color::{Color, Palette, WHITE, rgb};
use crate::domain::seed::Rng;

/// A conifer that stands at a point.
pub(super) fn pine(c: &mut Canvas, x: f64, y: f64, tall: f64, color: Color) {
    c.rect(
        x - tall * 0.03,
        y - tall * 0.15,
        tall * 0.06,
        tall * 0.17,
        0.0,
        color.dark(0.5),
    );
    for n in 0..4 {
        let part = f64::from(n) / 4.0;
        let wide = tall * (0.27 - 0.05 * f64::from(n));
        let bottom = y - tall * (0.1 + 0.62 * part);
        let top = bottom - tall * 0.36;
        let fill = c.across(&[
            (0.0, color.light(0.14), 1.0),
            (0.55, color, 1.0),
            (1.0, color.dark(0.3), 1.0),
        ]);
        c.path(
            &format!(
                "M{x:.1} {top:.1}L{:.1} {bottom:.1}Q{x:.1} {:.1} {:.1} {bottom:.1}Z",
                x + wide,
                bottom + tall * 0.05,
                x - wide
            ),
            fill,
        );
    }
}

/// A broad-leaved tree.
pub(super) fn tree(c: &mut Canvas, rng: &mut Rng, x: f64, y: f64, tall: f64, color: Color) {
    let trunk = rgb(0x5b4033).mix(color, 0.25);
    let fill = c.across(&[(0.0, trunk.light(0.15), 1.0), (1.0, trunk.dark(0.4), 1.0)]);
    c.path(
        &format!(
            "M{:.1} {y:.1}Q{:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}Q{:.1} {:.1} {:.1} {y:.1}Z",
            x - tall * 0.07,
            x - tall * 0.02,
            y - tall * 0.2,
            x - tall * 0.03,
            y - tall * 0.5,
            x + tall * 0.03,
            y - tall * 0.5,
            x + tall * 0.02,
            y - tall * 0.2,
            x + tall * 0.07
        ),
        fill,
    );
    for (dx, dy, r) in [
        (0.0, 0.62, 0.3),
        (-0.22, 0.52, 0.2),
        (0.23, 0.54, 0.21),
        (-0.12, 0.78, 0.2),
        (0.14, 0.8, 0.18),
        (0.0, 0.48, 0.22),
    ] {
        let tone = color.mix(
            if rng.one_in(2) {
                WHITE
            } else {
                color.dark(0.5)
            },
            rng.range(0.0, 0.14),
        );
        let leaf = c.round(
            0.35,
            0.3,
            0.8,
            &[
                (0.0, tone.light(0.28), 1.0),
                (0.6, tone, 1.0),
                (1.0, tone.dark(0.35), 1.0),
            ],
        );
        c.circle(
            x + dx * tall,
            y - dy * tall,
            r * tall * rng.range(0.9, 1.1),
            leaf,
        );
    }
}

/// A wood along a line, near trees in front.
pub(super) fn wood(c: &mut Canvas, rng: &mut Rng, p: &Palette, y: f64, tall: f64, near: f64) {
    let count = (c.w / (tall * 0.22)).ceil() as usize;
    let color = p.leaf.mix(p.sky[3], 0.5 * (1.0 - near)).dark(0.25 * near);
    for n in 0..=count {
        let x = c.w * n as f64 / count as f64 + rng.range(-0.1, 0.1) * tall;
        pine(
            c,
            x,
            y + rng.range(-0.05, 0.12) * tall,
            tall * rng.range(0.65, 1.15),
            color.dark(rng.range(0.0, 0.12)),
        );
    }
}

/// Dark trees that frame the picture at its edges.
pub(super) fn framing_pines(c: &mut Canvas, rng: &mut Rng, p: &Palette) {
    let color = p.near.mix(p.leaf, 0.35).dark(0.2);
    for side in [0.0, 1.0] {
        for n in 0..3_u8 {
            let x = c.w * (side + (1.0 - 2.0 * side) * (f64::from(n) * 0.055 - 0.01))
                + rng.range(-1.0, 1.0) * c.u;
            pine(
                c,
                x,
                c.h * 1.03,
                c.h * rng.range(0.34, 0.5) * (1.0 - 0.22 * f64::from(n)),
                color,
            );
        }
    }
}

/// A flower on its stem.
pub(super) fn flower(c: &mut Canvas, x: f64, y: f64, size: f64, color: Color, leaf: Color) {
    c.stroke(
        &format!(
            "M{x:.1} {:.1}Q{:.1} {:.1} {x:.1} {y:.1}",
            y + size * 3.0,
            x + size * 0.4,
            y + size * 1.6
        ),
        size * 0.16,
        leaf,
    );
    for n in 0..7 {
        c.turned(f64::from(n) * 360.0 / 7.0, x, y, |c| {
            let fill = c.down(&[(0.0, color.light(0.35), 1.0), (1.0, color, 1.0)]);
            c.ellipse(x, y - size * 0.62, size * 0.3, size * 0.55, fill);
        });
    }
    let heart = c.ball(rgb(0xf5b921));
    c.circle(x, y, size * 0.34, heart);
}

/// A great leaf with its veins, seen from close up.
pub(super) fn great_leaf(c: &mut Canvas, x: f64, y: f64, size: f64, degrees: f64, color: Color) {
    c.turned(degrees, x, y, |c| {
        let outline = format!(
            "M{:.1} {y:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {y:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {y:.1}Z",
            x - size, x - size * 0.5, y - size * 0.75, x + size * 0.5, y - size * 0.6, x + size, x + size * 0.5, y + size * 0.6, x - size * 0.5, y + size * 0.75, x - size
        );
        let fill = c.down(&[(0.0, color.light(0.35), 1.0), (0.5, color, 1.0), (1.0, color.dark(0.35), 1.0)]);
        c.path(&outline, fill);
        let vein = clear(color.light(0.55), 0.75);
        c.stroke(&format!("M{:.1} {y:.1}Q{x:.1} {:.1} {:.1} {y:.1}", x - size * 1.25, y - size * 0.05, x + size * 0.98), size * 0.03, vein.clone());
        for n in 1..8 {
            let at = x - size + size * 2.0 * f64::from(n) / 8.6;
            let reach = size * 0.42 * (1.0 - ((at - x) / size).powi(2)).max(0.05);
            for side in [-1.0, 1.0] {
                c.stroke(&format!("M{at:.1} {y:.1}Q{:.1} {:.1} {:.1} {:.1}", at + reach * 0.5, y + side * reach * 0.35, at + reach * 0.95, y + side * reach), size * 0.014, vein.clone());
            }
        }
    });
}
