//! Volcanoes: quiet, smoking, erupting.

use super::canvas::{Canvas, clear};
use super::color::{Palette, rgb};
use crate::domain::seed::Rng;

/// How a volcano behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Quiet,
    Smoking,
    Erupting,
}

/// A volcano with its top at a height above its foot.
#[expect(
    clippy::too_many_arguments,
    reason = "a volcano is a place, a size and a mood"
)]
pub(super) fn volcano(
    c: &mut Canvas,
    rng: &mut Rng,
    p: &Palette,
    x: f64,
    foot: f64,
    tall: f64,
    mood: Mood,
    molten: bool,
) {
    let wide = tall * 1.25;
    let mouth = tall * 0.16;
    let top = foot - tall;
    let hot = rgb(0xff6a1f);
    if mood != Mood::Quiet {
        plume(c, rng, p, x, top, tall, mood);
    }
    if mood == Mood::Erupting {
        c.glow(x, top, tall * 0.95, hot, 0.75);
    }
    let rock = p.near.mix(rgb(0x5a3d3a), 0.45).mix(p.sky[3], 0.12);
    let slope = |side: f64| {
        format!(
            "M{:.1} {top:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {foot:.1}L{:.1} {foot:.1}L{x:.1} {:.1}Z",
            x + side * mouth,
            x + side * tall * 0.3,
            top + tall * 0.5,
            x + side * tall * 0.62,
            top + tall * 0.82,
            x + side * wide,
            x,
            top + tall * 0.03
        )
    };
    let lit = c.down(&[
        (0.0, rock.mix(p.light, 0.3), 1.0),
        (1.0, rock.mix(p.sky[3], 0.35), 1.0),
    ]);
    let shade = c.down(&[
        (0.0, rock.dark(0.3), 1.0),
        (1.0, rock.mix(p.sky[3], 0.15), 1.0),
    ]);
    c.path(&slope(-1.0), lit);
    c.path(&slope(1.0), shade);
    for n in 0..9 {
        let side = if n % 2 == 0 { -1.0 } else { 1.0 };
        let part = rng.range(0.1, 0.95);
        let start = (x + side * mouth * part, top + tall * 0.1);
        let end = (
            x + side * wide * part * 0.85,
            foot - tall * rng.range(0.02, 0.15),
        );
        c.stroke(
            &format!(
                "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}",
                start.0,
                start.1,
                start.0 + side * tall * 0.12 * part,
                top + tall * 0.55,
                end.0,
                end.1
            ),
            c.u * 0.5,
            clear(rock.dark(0.5), 0.35),
        );
    }
    let inside = if mood == Mood::Quiet && !molten {
        rock.dark(0.6)
    } else {
        hot
    };
    c.ellipse(x, top + tall * 0.012, mouth, tall * 0.035, rock.dark(0.65));
    c.ellipse(x, top + tall * 0.02, mouth * 0.8, tall * 0.022, inside);
    if molten || mood == Mood::Erupting {
        for (side, length) in [(-0.45, 0.75), (0.1, 0.95), (0.6, 0.6)] {
            let points: Vec<(f64, f64)> = (0..=6)
                .map(|n| {
                    let part = f64::from(n) / 6.0 * length;
                    (
                        x + side * (mouth + wide * 0.5 * part)
                            + rng.range(-1.0, 1.0) * c.u * (0.5 + part),
                        top + tall * (0.02 + part),
                    )
                })
                .collect();
            for (color, thick) in [(rgb(0xb3200f), 2.4), (hot, 1.6), (rgb(0xffd23f), 0.7)] {
                c.curve(&points, c.u * thick, clear(color, 0.92));
            }
        }
    }
    if mood == Mood::Erupting {
        fountain(c, rng, x, top, tall);
    }
}

fn fountain(c: &mut Canvas, rng: &mut Rng, x: f64, top: f64, tall: f64) {
    for n in 0..14 {
        let lean = (f64::from(n) / 13.0 - 0.5) * tall * 0.75 * rng.range(0.6, 1.1);
        let rise = tall * rng.range(0.3, 0.62);
        let color = [rgb(0xffe27a), rgb(0xff9b2f), rgb(0xff5a1f)][rng.below(3)];
        c.stroke(
            &format!(
                "M{x:.1} {top:.1}Q{:.1} {:.1} {:.1} {:.1}",
                x + lean * 0.5,
                top - rise * 1.25,
                x + lean,
                top - rise * 0.35
            ),
            c.u * rng.range(0.35, 0.9),
            clear(color, 0.9),
        );
    }
    for _ in 0..70 {
        let (a, r) = (rng.range(-2.6, -0.5), tall * rng.range(0.1, 0.72));
        let color = if rng.one_in(3) {
            rgb(0xfff1a8)
        } else {
            rgb(0xff8a2a)
        };
        c.circle(
            x + a.cos() * r * 0.75,
            top + a.sin() * r,
            c.u * rng.range(0.12, 0.5),
            clear(color, rng.range(0.5, 1.0)),
        );
    }
}

fn plume(c: &mut Canvas, rng: &mut Rng, p: &Palette, x: f64, top: f64, tall: f64, mood: Mood) {
    let erupts = mood == Mood::Erupting;
    let (count, grow) = if erupts { (46, 0.34) } else { (22, 0.17) };
    let smoke = if erupts {
        rgb(0x3b3038)
    } else {
        p.cloud.mix(rgb(0x8d8a92), 0.4)
    };
    let drift = tall * rng.range(0.15, 0.5);
    for n in 0..count {
        let part = f64::from(n) / f64::from(count);
        let r = tall * (0.05 + grow * part.powf(0.9)) * rng.range(0.75, 1.15);
        let cx = x
            + drift * part.powi(2)
            + rng.range(-1.0, 1.0) * tall * (0.03 + 0.22 * part * if erupts { 1.5 } else { 0.6 });
        let cy = top - tall * part * 0.95;
        let warm = if erupts {
            smoke.mix(rgb(0xff7a33), 0.6 * (1.0 - part).powi(3))
        } else {
            smoke
        };
        let puff = c.round(
            0.35,
            0.3,
            0.75,
            &[
                (0.0, warm.light(0.28), 0.95),
                (0.6, warm, 0.75),
                (1.0, warm.dark(0.25), 0.25),
            ],
        );
        c.circle(cx, cy, r, puff);
    }
}
