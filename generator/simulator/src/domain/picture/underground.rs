//! The ground cut open: layers of rock, a hot chamber, a mountain above.

use super::canvas::{Canvas, clear, ridge, smooth, straight};
use super::color::{DAY, DUSK, rgb};
use super::subjects::{Motif, Reading};
use super::terrain;
use super::volcano::{self, Mood};
use crate::domain::seed::Rng;

/// Draws a section through the ground.
pub(super) fn draw(c: &mut Canvas, rng: &mut Rng, reading: &Reading) {
    let p = if rng.one_in(2) { DUSK } else { DAY };
    let surface = c.h * 0.36;
    terrain::sky(c, &p, surface);
    terrain::clouds(c, rng, &p, surface, 3);
    let x = c.w * rng.range(0.45, 0.55);
    let volcanic = reading.any(&[Motif::Volcano, Motif::Erupting, Motif::Magma]);
    let broken = !volcanic && !reading.any(&[Motif::Tree, Motif::Forest]);
    if volcanic {
        volcano::volcano(
            c,
            rng,
            &p,
            x,
            surface + c.h * 0.03,
            (c.h * 0.28).min(c.w * 0.2),
            Mood::Smoking,
            true,
        );
    }
    let layers = [
        rgb(0x6f8f4a),
        rgb(0x9a6f4a),
        rgb(0x7a5644),
        rgb(0x8f5f50),
        rgb(0x6a4450),
        rgb(0x4f3448),
        rgb(0x3a2740),
    ];
    for (n, color) in layers.into_iter().enumerate() {
        let part = n as f64 / layers.len() as f64;
        let y = surface + (c.h - surface) * if n == 0 { 0.0 } else { 0.05 + 0.9 * part };
        let lifts = ridge(rng, 4, 0.45);
        let points: Vec<(f64, f64)> = lifts
            .iter()
            .enumerate()
            .map(|(at, lift)| {
                // Along a fault one side has slipped.
                let slip = if broken && at > 8 { c.h * 0.055 } else { 0.0 };
                (c.w * (at as f64 / 16.0), y + c.h * 0.02 * lift + slip)
            })
            .collect();
        let fill = c.down(&[(0.0, color.light(0.14), 1.0), (1.0, color.dark(0.2), 1.0)]);
        let line = if broken {
            straight(&points)
        } else {
            smooth(&points)
        };
        c.path(&format!("{line}L{:.1} {:.1}L0 {:.1}Z", c.w, c.h, c.h), fill);
        c.stroke(&line, c.u * 0.3, clear(color.light(0.35), 0.5));
        for _ in 0..14 {
            let (sx, sy) = (
                rng.range(0.0, c.w),
                y + (c.h - surface) * rng.range(0.02, 0.14),
            );
            c.ellipse(
                sx,
                sy,
                c.u * rng.range(0.4, 1.8),
                c.u * rng.range(0.3, 0.8),
                clear(color.dark(0.35), 0.5),
            );
        }
    }
    if broken {
        let crack: Vec<(f64, f64)> = (0..=10)
            .map(|n| {
                let part = f64::from(n) / 10.0;
                let x = c.w * (0.53 + 0.012 * rng.range(-1.0, 1.0));
                (x, surface + (c.h - surface) * part)
            })
            .collect();
        let line = straight(&crack);
        c.glow(c.w * 0.53, c.h * 0.8, c.u * 26.0, rgb(0xffa050), 0.6);
        c.stroke(&line, c.u * 1.6, rgb(0x1d1218));
        c.stroke(&line, c.u * 0.5, clear(rgb(0xff9a4f), 0.8));
    }
    if volcanic {
        chamber(c, rng, x, surface);
    }
    if reading.any(&[Motif::Tree, Motif::Forest]) {
        let middle = c.w / 2.0;
        super::plants::tree(c, rng, middle, surface + c.h * 0.02, c.h * 0.33, p.leaf);
        for n in 0..9 {
            let lean = c.u * 7.0 * (f64::from(n) - 4.0);
            c.curve(
                &[
                    (middle, surface),
                    (middle + lean * 0.4, surface + c.h * 0.12),
                    (middle + lean, surface + c.h * rng.range(0.24, 0.42)),
                ],
                c.u * rng.range(0.5, 1.1),
                clear(rgb(0xd9b78a), 0.85),
            );
        }
    }
}

fn chamber(c: &mut Canvas, rng: &mut Rng, x: f64, surface: f64) {
    let deep = surface + (c.h - surface) * 0.66;
    let (rx, ry) = ((c.w * 0.24).min(c.h * 0.4), (c.h - surface) * 0.2);
    let top = surface - (c.h * 0.22).min(c.w * 0.15);
    for (wide, color) in [
        (4.2, rgb(0x9a2412)),
        (2.8, rgb(0xf0602a)),
        (1.3, rgb(0xffc94f)),
    ] {
        c.curve(
            &[
                (x, deep),
                (x + c.u * 2.0, deep - (deep - surface) * 0.45),
                (x - c.u, surface),
                (x, top),
            ],
            c.u * wide,
            clear(color, 0.95),
        );
    }
    c.glow(x, deep, rx * 1.9, rgb(0xff7a2a), 0.7);
    let lifts = ridge(rng, 4, 0.5);
    let points: Vec<(f64, f64)> = (0..=16)
        .map(|n| {
            let a = f64::from(n % 16) / 16.0 * std::f64::consts::TAU;
            let reach = 1.0 + 0.16 * lifts[(n % 16) as usize];
            (x + rx * reach * a.cos(), deep + ry * reach * a.sin())
        })
        .collect();
    let melt = c.round(
        0.5,
        0.55,
        0.6,
        &[
            (0.0, rgb(0xfff0a0), 1.0),
            (0.4, rgb(0xffae3a), 1.0),
            (0.8, rgb(0xe84f1f), 1.0),
            (1.0, rgb(0x9a2412), 1.0),
        ],
    );
    c.path(&format!("{}Z", smooth(&points)), melt);
    for _ in 0..34 {
        let (a, d) = (
            rng.range(0.0, std::f64::consts::TAU),
            rng.unit().sqrt() * 0.8,
        );
        let (bx, by, r) = (
            x + rx * d * a.cos(),
            deep + ry * d * a.sin(),
            c.u * rng.range(0.3, 1.3),
        );
        c.circle(bx, by, r, clear(rgb(0xfff6c8), 0.55));
    }
    for n in 0..4 {
        let side = if n % 2 == 0 { -1.0 } else { 1.0 };
        let start = x + side * rx * 0.9;
        c.curve(
            &[
                (start, deep),
                (start + side * c.u * 9.0, deep - c.u * rng.range(2.0, 12.0)),
                (
                    start + side * c.u * rng.range(14.0, 24.0),
                    deep - c.u * rng.range(6.0, 26.0),
                ),
            ],
            c.u * 0.9,
            clear(rgb(0xff7a2a), 0.85),
        );
    }
}
