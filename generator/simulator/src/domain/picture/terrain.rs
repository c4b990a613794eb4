//! Sky, land, water: what most pictures stand on.

use super::canvas::{Canvas, clear, ridge, smooth, straight};
use super::color::{BLACK, Color, Palette, WHITE};
use crate::domain::seed::Rng;

/// The sky, down to below the horizon.
pub(super) fn sky(c: &mut Canvas, p: &Palette, horizon: f64) {
    let [top, high, low, edge] = p.sky;
    let fill = c.down(&[
        (0.0, top, 1.0),
        (0.45, high, 1.0),
        (0.82, low, 1.0),
        (1.0, edge, 1.0),
    ]);
    c.rect(0.0, 0.0, c.w, horizon + c.h * 0.12, 0.0, fill);
    c.rect(0.0, horizon + c.h * 0.1, c.w, c.h, 0.0, edge);
}

/// Stars down to a height, more of them above.
pub(super) fn stars(c: &mut Canvas, rng: &mut Rng, down_to: f64, count: usize) {
    for _ in 0..count {
        let (x, y) = (rng.range(0.0, c.w), down_to * rng.unit().powf(1.4));
        let size = c.u * rng.range(0.06, 0.2) * if rng.one_in(12) { 2.0 } else { 1.0 };
        c.circle(x, y, size, clear(WHITE, rng.range(0.35, 1.0)));
    }
}

/// The sun with its glow.
pub(super) fn sun(c: &mut Canvas, p: &Palette, x: f64, y: f64, r: f64) {
    c.glow(x, y, r * 7.0, p.light, 0.55);
    c.glow(x, y, r * 2.6, WHITE, 0.7);
    c.circle(x, y, r, p.light.light(0.5));
}

/// The moon, with its seas.
pub(super) fn moon(c: &mut Canvas, x: f64, y: f64, r: f64) {
    let pale = super::color::rgb(0xf4efdc);
    c.glow(x, y, r * 4.0, pale, 0.4);
    let ball = c.round(
        0.4,
        0.35,
        0.75,
        &[
            (0.0, pale.light(0.4), 1.0),
            (0.7, pale, 1.0),
            (1.0, pale.dark(0.25), 1.0),
        ],
    );
    c.circle(x, y, r, ball);
    for (dx, dy, size) in [
        (-0.35, -0.2, 0.22),
        (0.15, -0.4, 0.14),
        (0.3, 0.1, 0.2),
        (-0.1, 0.4, 0.16),
        (-0.5, 0.25, 0.1),
        (0.5, -0.2, 0.08),
    ] {
        c.circle(
            x + dx * r,
            y + dy * r,
            size * r,
            clear(pale.dark(0.3), 0.35),
        );
    }
}

/// One cloud: a flat base and round tops.
pub(super) fn cloud(c: &mut Canvas, rng: &mut Rng, p: &Palette, x: f64, y: f64, size: f64) {
    let shade = p.cloud.mix(p.sky[1], 0.45);
    for (color, shift, opacity) in [(shade, size * 0.07, 0.55), (p.cloud, 0.0, 0.9)] {
        let mut puffs = rng.clone();
        let fill = c.down(&[
            (0.0, color.light(0.35), opacity),
            (1.0, color, opacity * 0.5),
        ]);
        for (part, lift, r) in [
            (-0.62, 0.05, 0.2),
            (-0.28, 0.22, 0.33),
            (0.12, 0.34, 0.4),
            (0.5, 0.16, 0.28),
            (0.78, 0.03, 0.17),
        ] {
            let r = size * r * puffs.range(0.85, 1.15);
            c.circle(
                x + part * size * puffs.range(0.92, 1.08),
                y - lift * size + shift,
                r,
                fill.clone(),
            );
        }
        c.rect(
            x - size * 0.95,
            y - size * 0.02 + shift,
            size * 1.9,
            size * 0.2,
            size * 0.1,
            clear(color.light(0.15), opacity),
        );
    }
    rng.next_u64();
}

/// Some clouds across the sky.
pub(super) fn clouds(c: &mut Canvas, rng: &mut Rng, p: &Palette, horizon: f64, count: usize) {
    for n in 0..count {
        let x = c.w * ((n as f64 + rng.range(0.2, 0.8)) / count as f64);
        let y = horizon * rng.range(0.16, 0.62);
        let size = c.u * rng.range(7.0, 13.0) * (1.15 - 0.6 * y / horizon);
        let opacity = if p.dark { 0.45 } else { 0.85 };
        c.faint(opacity, |c| cloud(c, rng, p, x, y, size));
    }
}

/// A chain of hills or mountains from edge to edge, filled to below.
pub(super) fn hills(
    c: &mut Canvas,
    rng: &mut Rng,
    y: f64,
    height: f64,
    rugged: bool,
    color: Color,
    foot: Color,
) {
    let heights = ridge(
        rng,
        if rugged { 7 } else { 4 },
        if rugged { 0.52 } else { 0.42 },
    );
    let last = (heights.len() - 1) as f64;
    let points: Vec<(f64, f64)> = heights
        .iter()
        .enumerate()
        .map(|(at, lift)| {
            (
                c.w * (at as f64 / last * 1.04 - 0.02),
                y - height * (0.5 + lift),
            )
        })
        .collect();
    let line = if rugged {
        straight(&points)
    } else {
        smooth(&points)
    };
    let fill = c.down(&[(0.0, color, 1.0), (1.0, foot, 1.0)]);
    c.path(
        &format!(
            "{line}L{:.1} {:.1}L{:.1} {:.1}Z",
            c.w * 1.02,
            c.h * 1.02,
            -c.w * 0.02,
            c.h * 1.02
        ),
        fill,
    );
}

/// Mountains with snow, lit from one side.
pub(super) fn mountains(c: &mut Canvas, rng: &mut Rng, p: &Palette, base: f64, height: f64) {
    let count = 4 + rng.below(2);
    let mut peaks: Vec<(f64, f64, f64)> = (0..count)
        .map(|n| {
            let x = c.w * ((n as f64 + rng.range(0.25, 0.75)) / count as f64);
            (
                x,
                height * rng.range(0.55, 1.0),
                height * rng.range(0.9, 1.3),
            )
        })
        .collect();
    // The highest stand farthest away.
    peaks.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (n, (x, tall, wide)) in peaks.into_iter().enumerate() {
        let near = n as f64 / count as f64;
        let rock = p.far.mix(p.near, 0.2 + 0.45 * near);
        mountain(c, rng, p, x, base, tall, wide, rock);
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "a mountain is a place, a size and a colour"
)]
fn mountain(
    c: &mut Canvas,
    rng: &mut Rng,
    p: &Palette,
    x: f64,
    base: f64,
    tall: f64,
    wide: f64,
    rock: Color,
) {
    let jag = |rng: &mut Rng, size: f64| rng.range(-size, size);
    let flank = |rng: &mut Rng, side: f64| -> Vec<(f64, f64)> {
        (1..=6)
            .map(|n| {
                let part = f64::from(n) / 6.0;
                (
                    x + side * wide * part.powf(0.92) + jag(rng, wide * 0.03),
                    base - tall * (1.0 - part) + jag(rng, tall * 0.025),
                )
            })
            .collect()
    };
    let (left, right) = (flank(rng, -1.0), flank(rng, 1.0));
    let peak = (x, base - tall);
    let spine = [
        (x + wide * 0.06, base - tall * 0.66),
        (x - wide * 0.05, base - tall * 0.33),
        (x + wide * 0.1, base),
    ];
    let lit = c.down(&[
        (0.0, rock.mix(p.light, 0.35), 1.0),
        (1.0, rock.mix(p.sky[3], 0.35), 1.0),
    ]);
    let shaded = c.down(&[
        (0.0, rock.dark(0.22), 1.0),
        (1.0, rock.mix(p.sky[3], 0.2), 1.0),
    ]);
    let mut lit_side = vec![peak];
    lit_side.extend(&left);
    lit_side.extend(spine.iter().rev());
    c.polygon(&lit_side, lit);
    let mut dark_side = vec![peak];
    dark_side.extend(&right);
    dark_side.extend(spine.iter().rev());
    c.polygon(&dark_side, shaded);
    let snow = WHITE.mix(p.sky[2], 0.12);
    let (l, r) = (left[1], right[1]);
    let teeth = |from: (f64, f64), to: (f64, f64)| -> Vec<(f64, f64)> {
        (1..4)
            .map(|n| {
                let t = f64::from(n) / 4.0;
                (
                    from.0 + (to.0 - from.0) * t,
                    from.1 + (to.1 - from.1) * t - tall * if n % 2 == 1 { 0.06 } else { -0.03 },
                )
            })
            .collect()
    };
    let mid = (x + wide * 0.04, base - tall * 0.7);
    let mut cap = vec![peak, left[0], l];
    cap.extend(teeth(l, mid));
    cap.push(mid);
    c.polygon(&cap, snow);
    let mut cap = vec![peak, right[0], r];
    cap.extend(teeth(r, mid));
    cap.push(mid);
    c.polygon(&cap, snow.mix(rock, 0.35));
}

/// Water from a height down to the bottom, with the light's path on it.
pub(super) fn water(c: &mut Canvas, rng: &mut Rng, p: &Palette, top: f64, light_x: Option<f64>) {
    let fill = c.down(&[
        (0.0, p.water.mix(p.sky[3], 0.6), 1.0),
        (0.25, p.water, 1.0),
        (1.0, p.water.dark(0.45), 1.0),
    ]);
    c.rect(0.0, top, c.w, c.h - top, 0.0, fill);
    let depth = c.h - top;
    for _ in 0..70 {
        let part = rng.unit().powf(1.6);
        let y = top + depth * part;
        let length = c.u * (1.5 + 16.0 * part) * rng.range(0.5, 1.4);
        let x = rng.range(-0.05, 1.0) * c.w;
        let (color, opacity) = if rng.one_in(3) {
            (p.water.dark(0.35), 0.35)
        } else {
            (p.sky[3], 0.22)
        };
        c.ellipse(
            x,
            y,
            length,
            c.u * (0.1 + 0.5 * part),
            clear(color, opacity),
        );
    }
    if let Some(x) = light_x {
        for n in 0..46 {
            let part = (f64::from(n) / 46.0).powf(1.3);
            let spread = c.u * (2.0 + 13.0 * part);
            let length = c.u * (1.2 + 6.0 * part) * rng.range(0.4, 1.0);
            c.ellipse(
                x + rng.range(-spread, spread),
                top + depth * part,
                length,
                c.u * (0.12 + 0.35 * part),
                clear(p.light, 0.6 * (1.0 - part * 0.7)),
            );
        }
    }
}

/// Long swells in front, each darker than the one behind.
pub(super) fn waves(c: &mut Canvas, rng: &mut Rng, p: &Palette, from: f64) {
    for n in 0..4 {
        let part = f64::from(n) / 4.0;
        let y = from + (c.h - from) * (0.15 + 0.8 * part);
        let swing = c.u * (1.2 + 2.4 * part);
        let shift = rng.range(0.0, std::f64::consts::TAU);
        let points: Vec<(f64, f64)> = (0..=16)
            .map(|k| {
                let x = f64::from(k) / 16.0;
                (x * c.w, y + swing * (shift + x * 14.0 / (1.0 + part)).sin())
            })
            .collect();
        let line = smooth(&points);
        let body = p.water.dark(0.08 + 0.12 * part);
        let fill = c.down(&[(0.0, body.light(0.16), 0.95), (1.0, body.dark(0.25), 0.95)]);
        c.path(&format!("{line}L{:.1} {:.1}L0 {:.1}Z", c.w, c.h, c.h), fill);
        c.stroke(&line, c.u * (0.25 + 0.25 * part), clear(WHITE, 0.35));
    }
}

/// Rolling ground in front of everything, with grass.
pub(super) fn meadow(c: &mut Canvas, rng: &mut Rng, p: &Palette, top: f64) {
    let ground = p.leaf.mix(p.near, 0.35);
    hills(
        c,
        rng,
        top + c.h * 0.02,
        c.h * 0.07,
        false,
        ground.mix(p.sky[3], 0.16),
        ground.dark(0.35),
    );
    let front = top + (c.h - top) * 0.55;
    hills(
        c,
        rng,
        front,
        c.h * 0.07,
        false,
        ground.dark(0.12),
        ground.dark(0.55),
    );
    for _ in 0..90 {
        let x = rng.range(0.0, c.w);
        let tall = c.u * rng.range(1.2, 3.6);
        let y = c.h + c.u;
        let lean = c.u * rng.range(-1.2, 1.2);
        c.stroke(
            &format!(
                "M{x:.1} {y:.1}Q{x:.1} {:.1} {:.1} {:.1}",
                y - tall,
                x + lean,
                y - tall * 1.7
            ),
            c.u * 0.28,
            clear(ground.dark(0.6), 0.85),
        );
    }
}

/// Fields in stripes between the hills.
pub(super) fn fields(c: &mut Canvas, rng: &mut Rng, p: &Palette, top: f64) {
    let crops = [
        p.leaf,
        p.accent.mix(p.leaf, 0.35),
        p.leaf.light(0.2),
        p.leaf.mix(p.near, 0.4),
    ];
    for n in 0..5_u8 {
        let y = top + (c.h - top) * f64::from(n) / 7.0;
        let color = crops[usize::from(n) % crops.len()].mix(p.sky[3], 0.3 - 0.06 * f64::from(n));
        hills(
            c,
            rng,
            y + c.h * 0.02,
            c.h * 0.045,
            false,
            color,
            color.dark(0.3),
        );
    }
}

/// Mist that lies in the valleys.
pub(super) fn haze(c: &mut Canvas, p: &Palette, y: f64, height: f64) {
    let color = p.sky[3];
    let fill = c.down(&[(0.0, color, 0.0), (0.5, color, 0.5), (1.0, color, 0.0)]);
    c.rect(0.0, y - height / 2.0, c.w, height, 0.0, fill);
}

/// The darker corners that hold a picture together.
pub(super) fn vignette(c: &mut Canvas) {
    let fill = c.round(
        0.5,
        0.45,
        0.78,
        &[(0.0, BLACK, 0.0), (0.65, BLACK, 0.0), (1.0, BLACK, 0.34)],
    );
    c.rect(0.0, 0.0, c.w, c.h, 0.0, fill);
}
