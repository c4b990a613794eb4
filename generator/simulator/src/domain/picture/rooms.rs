//! Rooms behind a thing: a window over a table, shelves of books, a drawing on the wall.

use super::canvas::{Canvas, clear};
use super::color::{BLACK, DAWN, DAY, WHITE, rgb};
use super::{terrain, things};
use crate::domain::seed::Rng;

/// A table before a window that looks over hills.
pub(super) fn window(c: &mut Canvas, rng: &mut Rng) {
    let wall = [rgb(0xe9d3b4), rgb(0xcfdcd8), rgb(0xe6cdc4)][rng.below(3)];
    let p = if rng.one_in(2) { DAWN } else { DAY };
    terrain::sky(c, &p, c.h * 0.5);
    terrain::sun(c, &p, c.w * 0.36, c.h * 0.3, c.u * 4.0);
    terrain::clouds(c, rng, &p, c.h * 0.5, 3);
    terrain::hills(
        c,
        rng,
        c.h * 0.5,
        c.h * 0.1,
        true,
        p.far.mix(p.sky[2], 0.3),
        p.far,
    );
    terrain::hills(
        c,
        rng,
        c.h * 0.58,
        c.h * 0.07,
        false,
        p.leaf.light(0.15),
        p.leaf,
    );
    // The wall leaves a window open.
    let (left, right, top, bottom) = (c.w * 0.16, c.w * 0.84, c.h * 0.1, c.h * 0.66);
    let shade = c.across(&[
        (0.0, wall.dark(0.25), 1.0),
        (0.4, wall, 1.0),
        (1.0, wall.dark(0.3), 1.0),
    ]);
    let (w, h) = (c.w, c.h);
    c.path(&format!("M0 0L{w:.1} 0L{w:.1} {h:.1}L0 {h:.1}ZM{left:.1} {top:.1}L{left:.1} {bottom:.1}L{right:.1} {bottom:.1}L{right:.1} {top:.1}Z"), shade);
    let frame = rgb(0xfaf4ea);
    let wide = c.u * 1.6;
    for x in [left, (left + right) / 2.0, right] {
        c.rect(
            x - wide / 2.0,
            top,
            wide,
            bottom - top,
            0.0,
            frame.dark(0.05),
        );
    }
    for y in [top, (top + bottom) / 2.0, bottom] {
        c.rect(
            left - wide / 2.0,
            y - wide / 2.0,
            right - left + wide,
            wide,
            0.0,
            frame,
        );
    }
    for (x, lean) in [(left - c.u * 3.0, 1.0), (right + c.u * 3.0, -1.0)] {
        let cloth = c.across(&[
            (0.0, rgb(0xc9695a), 0.95),
            (0.5, rgb(0xe08f78), 0.95),
            (1.0, rgb(0xb05548), 0.95),
        ]);
        c.path(
            &format!(
                "M{:.1} {:.1}L{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}L{:.1} {:.1}Z",
                x - lean * c.u * 8.0,
                top - c.u * 4.0,
                x + lean * c.u * 12.0,
                top - c.u * 4.0,
                x + lean * c.u * 10.0,
                c.h * 0.45,
                x + lean * c.u * 2.0,
                bottom + c.u * 2.0,
                x - lean * c.u * 8.0,
                bottom + c.u * 2.0
            ),
            cloth,
        );
    }
    table(c, rng);
}

fn table(c: &mut Canvas, rng: &mut Rng) {
    let wood = rgb(0x8f5f3c);
    let top = c.h * 0.74;
    let fill = c.down(&[
        (0.0, wood.light(0.3), 1.0),
        (0.15, wood.light(0.08), 1.0),
        (1.0, wood.dark(0.45), 1.0),
    ]);
    c.rect(0.0, top, c.w, c.h - top, 0.0, fill);
    for _ in 0..22 {
        let (x, y) = (rng.range(-0.1, 1.0) * c.w, rng.range(0.76, 1.0) * c.h);
        let long = c.u * rng.range(14.0, 50.0);
        c.stroke(
            &format!(
                "M{x:.1} {y:.1}Q{:.1} {:.1} {:.1} {y:.1}",
                x + long / 2.0,
                y + c.u * rng.range(-0.8, 0.8),
                x + long
            ),
            c.u * 0.18,
            clear(wood.dark(0.6), 0.35),
        );
    }
}

/// Lights out of focus behind a table, as in a café in the evening.
pub(super) fn cafe(c: &mut Canvas, rng: &mut Rng) {
    let fill = c.down(&[
        (0.0, rgb(0x2b1a22), 1.0),
        (0.6, rgb(0x6f3f2f), 1.0),
        (1.0, rgb(0x8a5236), 1.0),
    ]);
    c.rect(0.0, 0.0, c.w, c.h, 0.0, fill);
    let lights = [
        rgb(0xffc46b),
        rgb(0xff8f5a),
        rgb(0xffe3a8),
        rgb(0xd86a5a),
        rgb(0x8fb0c8),
    ];
    for _ in 0..46 {
        let (x, y) = (rng.range(0.0, c.w), rng.range(0.0, 0.7) * c.h);
        let r = c.u * rng.range(2.0, 8.0);
        let color = lights[rng.below(5)];
        let spot = c.round(
            0.5,
            0.5,
            0.5,
            &[(0.0, color, 0.3), (0.85, color, 0.22), (1.0, color, 0.0)],
        );
        c.circle(x, y, r, spot);
    }
    for n in 0..4 {
        let x = c.w * (0.14 + 0.24 * f64::from(n));
        let y = c.h * rng.range(0.14, 0.24);
        c.segment((x, 0.0), (x, y), c.u * 0.3, rgb(0x1c1216));
        c.glow(x, y + c.u * 3.0, c.u * 16.0, rgb(0xffcf7a), 0.7);
        c.path(
            &format!(
                "M{:.1} {y:.1}L{:.1} {y:.1}L{:.1} {:.1}L{:.1} {:.1}Z",
                x - c.u * 1.2,
                x + c.u * 1.2,
                x + c.u * 4.0,
                y + c.u * 4.0,
                x - c.u * 4.0,
                y + c.u * 4.0
            ),
            rgb(0x2f2024),
        );
        c.ellipse(x, y + c.u * 4.0, c.u * 2.2, c.u * 0.8, rgb(0xfff0c0));
    }
    table(c, rng);
}

/// Shelves full of books behind a table.
pub(super) fn library(c: &mut Canvas, rng: &mut Rng) {
    let wood = rgb(0x5f3f2c);
    c.rect(0.0, 0.0, c.w, c.h, 0.0, wood.dark(0.55));
    let covers = [
        0x9c3f37, 0x2f5f7f, 0x3f6f4a, 0xc98f3c, 0x6a4570, 0xd9c9a8, 0x7f5a3f, 0x34505f,
    ];
    let rows = 4;
    let tall = c.h * 0.78 / f64::from(rows);
    for row in 0..rows {
        let foot = tall * f64::from(row + 1) - c.u * 1.4;
        let mut x = -c.u;
        while x < c.w {
            let wide = c.u * rng.range(1.6, 4.4);
            let high = tall * rng.range(0.6, 0.86);
            let color = rgb(covers[rng.below(covers.len())]).mix(wood, 0.2);
            let fill = c.across(&[
                (0.0, color.dark(0.25), 1.0),
                (0.4, color.light(0.12), 1.0),
                (1.0, color.dark(0.4), 1.0),
            ]);
            let gap = rng.one_in(11);
            if !gap {
                c.rect(x, foot - high, wide * 0.94, high, c.u * 0.3, fill);
                for part in [0.14, 0.8] {
                    c.rect(
                        x,
                        foot - high * part,
                        wide * 0.94,
                        c.u * 0.4,
                        0.0,
                        clear(rgb(0xf0d28a), 0.6),
                    );
                }
            }
            x += wide;
        }
        let plank = c.down(&[(0.0, wood.light(0.25), 1.0), (1.0, wood.dark(0.3), 1.0)]);
        c.rect(0.0, foot, c.w, c.u * 2.2, 0.0, plank);
    }
    let (w, h) = (c.w, c.h);
    c.rect(0.0, 0.0, w, h, 0.0, clear(BLACK, 0.25));
    c.glow(w / 2.0, h * 0.62, c.u * 75.0, rgb(0xffc46b), 0.5);
    table(c, rng);
}

/// A stage whose wall carries faint drawings of wheels and lines.
pub(super) fn workshop(c: &mut Canvas, rng: &mut Rng) {
    things::stage(c, rng);
    let ink = clear(WHITE, 0.35);
    for n in 1..14 {
        let x = c.w * f64::from(n) / 14.0;
        c.segment((x, 0.0), (x, c.h * 0.76), c.u * 0.12, clear(WHITE, 0.2));
    }
    for n in 1..8 {
        let y = c.h * 0.76 * f64::from(n) / 8.0;
        c.segment((0.0, y), (c.w, y), c.u * 0.12, clear(WHITE, 0.2));
    }
    for _ in 0..7 {
        let (x, y, r) = (
            rng.range(0.04, 0.96) * c.w,
            rng.range(0.06, 0.6) * c.h,
            c.u * rng.range(4.0, 13.0),
        );
        for part in [1.0, 0.72, 0.25] {
            c.ring(x, y, r * part, r * part, c.u * 0.25, ink.clone());
        }
        for k in 0..6 {
            c.turned(f64::from(k) * 60.0, x, y, |c| {
                c.segment(
                    (x, y - r * 0.25),
                    (x, y - r * 0.72),
                    c.u * 0.25,
                    ink.clone(),
                )
            });
        }
    }
}
