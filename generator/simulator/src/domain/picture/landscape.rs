//! Landscapes: sky, horizon, middle ground, foreground, each with what the prompt names.

use super::canvas::{Canvas, clear};
use super::color::{DAWN, DAY, DUSK, NIGHT, Palette, SUNSET, WHITE, rgb};
use super::landmarks;
use super::subjects::{Hour, Motif, Reading};
use super::volcano::{self, Mood};
use super::{life, plants, seas, terrain};
use crate::domain::seed::Rng;

/// The colours of the hour that a prompt names, or of one that suits it.
pub(super) fn palette(reading: &Reading, rng: &mut Rng) -> Palette {
    let hour = reading.hour.unwrap_or_else(|| {
        if reading.any(&[Motif::Stars, Motif::Observatory]) {
            Hour::Night
        } else if reading.any(&[Motif::Moon, Motif::Lightning]) {
            Hour::Dusk
        } else if reading.any(&[
            Motif::Sun,
            Motif::Fields,
            Motif::Rainbow,
            Motif::Flower,
            Motif::Bee,
            Motif::HeatPump,
            Motif::Snow,
        ]) {
            Hour::Day
        } else {
            [Hour::Day, Hour::Dawn, Hour::Sunset, Hour::Dusk, Hour::Day][rng.below(5)]
        }
    });
    match hour {
        Hour::Dawn => DAWN,
        Hour::Day => DAY,
        Hour::Sunset => SUNSET,
        Hour::Dusk => DUSK,
        Hour::Night => NIGHT,
    }
}

/// Draws a landscape up to its foreground.
pub(super) fn draw(c: &mut Canvas, rng: &mut Rng, reading: &Reading) -> Palette {
    let p = palette(reading, rng);
    let horizon = c.h * rng.range(0.55, 0.62);
    let light_x = c.w * rng.range(0.18, 0.82);
    above(c, rng, reading, &p, horizon, light_x);
    at_horizon(c, rng, reading, &p, horizon);
    on_the_ground(c, rng, reading, &p, horizon, light_x);
    in_front(c, rng, reading, &p, horizon);
    p
}

fn above(
    c: &mut Canvas,
    rng: &mut Rng,
    reading: &Reading,
    p: &Palette,
    horizon: f64,
    light_x: f64,
) {
    terrain::sky(c, p, horizon);
    if p.dark || reading.has(Motif::Stars) {
        terrain::stars(c, rng, horizon, if *p == NIGHT { 190 } else { 70 });
    }
    if reading.has(Motif::Stars) {
        milky_way(c, rng, horizon);
    }
    if reading.has(Motif::Moon) || (*p == NIGHT && !reading.any(&[Motif::Stars, Motif::Lightning]))
    {
        let r = c.u
            * if reading.has(Motif::Moon) {
                rng.range(6.5, 9.0)
            } else {
                4.5
            };
        terrain::moon(c, light_x, horizon * rng.range(0.24, 0.42), r);
    } else if !p.dark {
        let low = *p == DAWN || *p == SUNSET;
        let y = horizon
            * if low {
                rng.range(0.72, 0.9)
            } else {
                rng.range(0.16, 0.3)
            };
        terrain::sun(c, p, light_x, y, c.u * if low { 6.0 } else { 4.2 });
    }
    if reading.has(Motif::Rainbow) {
        seas::rainbow(c, horizon);
    }
    let count = if reading.any(&[Motif::Clouds, Motif::Lightning, Motif::Rain]) {
        7
    } else {
        3 + rng.below(2)
    };
    if *p != NIGHT || reading.has(Motif::Clouds) {
        terrain::clouds(c, rng, p, horizon, count);
    }
    if reading.any(&[Motif::Lightning]) {
        storm(c, rng, horizon);
    }
}

fn milky_way(c: &mut Canvas, rng: &mut Rng, horizon: f64) {
    for n in 0..40 {
        let t = f64::from(n) / 40.0;
        let (x, y) = (
            c.w * (0.1 + 0.85 * t),
            horizon * (0.95 - 0.95 * t + 0.12 * (t * 5.0).sin()),
        );
        c.glow(x, y, c.u * rng.range(6.0, 13.0), rgb(0xbcc8ff), 0.11);
    }
    for _ in 0..220 {
        let t = rng.unit();
        let (x, y) = (
            c.w * (0.1 + 0.85 * t) + rng.range(-9.0, 9.0) * c.u,
            horizon * (0.95 - 0.95 * t + 0.12 * (t * 5.0).sin()) + rng.range(-6.0, 6.0) * c.u,
        );
        c.circle(
            x,
            y,
            c.u * rng.range(0.05, 0.14),
            clear(WHITE, rng.range(0.4, 1.0)),
        );
    }
}

fn storm(c: &mut Canvas, rng: &mut Rng, horizon: f64) {
    let dark = rgb(0x2a2f4a);
    for n in 0..14 {
        let x = c.w * f64::from(n) / 13.0;
        let y = horizon * rng.range(0.08, 0.28);
        let puff = c.round(
            0.4,
            0.3,
            0.7,
            &[
                (0.0, dark.light(0.25), 0.9),
                (0.7, dark, 0.8),
                (1.0, dark, 0.0),
            ],
        );
        c.circle(x, y, c.u * rng.range(9.0, 16.0), puff);
    }
    let first = c.w * rng.range(0.25, 0.45);
    seas::lightning(c, rng, first, horizon * 0.3, horizon * 1.02);
    let second = c.w * rng.range(0.6, 0.8);
    seas::lightning(c, rng, second, horizon * 0.26, horizon * 0.95);
}

fn at_horizon(c: &mut Canvas, rng: &mut Rng, reading: &Reading, p: &Palette, horizon: f64) {
    let wet = reading.has(Motif::Sea);
    if reading.has(Motif::Mountains) {
        terrain::mountains(c, rng, p, horizon + c.h * 0.02, c.h * 0.4);
    } else if reading.has(Motif::Desert) {
        let sand = rgb(0xe0b070).mix(p.sky[2], 0.35);
        terrain::hills(
            c,
            rng,
            horizon,
            c.h * 0.1,
            false,
            sand.light(0.15),
            sand.dark(0.1),
        );
    } else if !wet || rng.one_in(2) {
        terrain::hills(
            c,
            rng,
            horizon - c.h * 0.01,
            c.h * 0.13,
            true,
            p.far.mix(p.sky[2], 0.35),
            p.far.mix(p.sky[3], 0.6),
        );
        terrain::hills(
            c,
            rng,
            horizon + c.h * 0.02,
            c.h * 0.09,
            false,
            p.far,
            p.far.mix(p.sky[3], 0.5),
        );
    }
    if reading.any(&[Motif::City, Motif::OldTown]) && !reading.has(Motif::Volcano) {
        terrain::haze(c, p, horizon - c.h * 0.02, c.h * 0.2);
        landmarks::skyline(
            c,
            rng,
            p,
            horizon + c.h * 0.04,
            c.h * 0.42,
            reading.has(Motif::OldTown),
        );
    }
    terrain::haze(c, p, horizon, c.h * 0.14);
    if reading.any(&[Motif::Volcano, Motif::Erupting]) {
        let mood = if reading.has(Motif::Erupting) {
            Mood::Erupting
        } else if reading.has(Motif::Smoking) || rng.one_in(2) {
            Mood::Smoking
        } else {
            Mood::Quiet
        };
        let x = c.w * rng.range(0.4, 0.6);
        let tall = (c.h * 0.42).min(c.w * 0.36);
        volcano::volcano(
            c,
            rng,
            p,
            x,
            horizon + c.h * 0.05,
            tall,
            mood,
            reading.has(Motif::Erupting),
        );
        terrain::hills(
            c,
            rng,
            horizon + c.h * 0.07,
            c.h * 0.05,
            false,
            p.far.mix(p.near, 0.45),
            p.far.mix(p.near, 0.6),
        );
        terrain::haze(c, p, horizon + c.h * 0.03, c.h * 0.1);
    }
    if reading.has(Motif::Birds) || (rng.one_in(3) && !p.dark) {
        let (x, y) = (c.w * rng.range(0.2, 0.8), horizon * rng.range(0.3, 0.6));
        seas::birds(c, rng, p, x, y, c.u * 12.0);
    }
}

fn on_the_ground(
    c: &mut Canvas,
    rng: &mut Rng,
    reading: &Reading,
    p: &Palette,
    horizon: f64,
    light_x: f64,
) {
    if reading.has(Motif::Sea) {
        terrain::water(c, rng, p, horizon, Some(light_x));
        let side = if light_x > c.w / 2.0 { 0.24 } else { 0.76 };
        if reading.has(Motif::Lighthouse) {
            landmarks::lighthouse(c, p, c.w * side, horizon + c.h * 0.06, c.h * 0.38);
        }
        if reading.has(Motif::Boat) || (rng.one_in(2) && !reading.has(Motif::Lighthouse)) {
            seas::boat(
                c,
                p,
                c.w * (1.0 - side) + c.u * rng.range(-8.0, 8.0),
                horizon + c.h * 0.12,
                c.u * 13.0,
            );
            seas::boat(
                c,
                p,
                c.w * rng.range(0.3, 0.7),
                horizon + c.h * 0.025,
                c.u * 4.5,
            );
        }
        return;
    }
    if reading.has(Motif::Lake)
        || (!reading.any(&[
            Motif::Fields,
            Motif::City,
            Motif::Desert,
            Motif::House,
            Motif::Path,
            Motif::Flower,
        ]) && rng.one_in(3))
    {
        lake(c, rng, p, horizon, light_x);
    } else if reading.has(Motif::Desert) {
        for n in 0..3 {
            let sand = rgb(0xd99a55).mix(p.near, 0.1 * f64::from(n));
            terrain::hills(
                c,
                rng,
                horizon + c.h * (0.09 + 0.12 * f64::from(n)),
                c.h * 0.09,
                false,
                sand.light(0.16),
                sand.dark(0.22),
            );
        }
        return;
    } else if reading.has(Motif::Fields) || reading.has(Motif::Path) {
        terrain::fields(c, rng, p, horizon + c.h * 0.05);
    }
    if reading.has(Motif::Lighthouse) {
        landmarks::lighthouse(c, p, c.w * 0.72, horizon + c.h * 0.08, c.h * 0.38);
    }
    if reading.has(Motif::Bridge) {
        lake(c, rng, p, horizon, light_x);
        landmarks::bridge(c, p, horizon + c.h * 0.09, c.h * 0.3);
    }
    if reading.any(&[Motif::Forest]) || rng.one_in(4) {
        plants::wood(c, rng, p, horizon + c.h * 0.1, c.h * 0.13, 0.3);
    }
}

fn lake(c: &mut Canvas, rng: &mut Rng, p: &Palette, horizon: f64, light_x: f64) {
    let top = horizon + c.h * 0.045;
    terrain::water(c, rng, p, top, Some(light_x));
    plants::wood(c, rng, p, top + c.h * 0.005, c.h * 0.055, 0.25);
}

fn in_front(c: &mut Canvas, rng: &mut Rng, reading: &Reading, p: &Palette, horizon: f64) {
    if reading.has(Motif::Sea) {
        terrain::waves(c, rng, p, c.h * 0.78);
        return weather(c, rng, reading);
    }
    if reading.has(Motif::Turbine) {
        for (x, tall) in [(0.22, 0.3), (0.42, 0.2), (0.74, 0.36)] {
            landmarks::turbine(c, rng, p, c.w * x, horizon + c.h * 0.14, c.h * tall);
        }
    }
    let top = c.h * 0.78;
    if !reading.has(Motif::Desert) {
        // Snow lies on the ground as well.
        let ground = if reading.has(Motif::Snow) {
            Palette {
                leaf: rgb(0xeef4fa).mix(p.sky[1], 0.12),
                near: rgb(0xb9cbe0),
                ..*p
            }
        } else {
            *p
        };
        terrain::meadow(c, rng, &ground, top);
    }
    if reading.has(Motif::Path) {
        landmarks::path(
            c,
            p,
            top - c.h * 0.02,
            rgb(0xe0c296).mix(p.near, if p.dark { 0.45 } else { 0.1 }),
        );
    }
    let middle = c.h * 0.82;
    if reading.any(&[Motif::House, Motif::HeatPump]) {
        landmarks::house(
            c,
            p,
            c.w * 0.44,
            middle,
            (c.w * 0.36).min(c.h * 0.5),
            reading.has(Motif::HeatPump),
        );
    }
    if reading.has(Motif::Observatory) {
        landmarks::observatory(
            c,
            p,
            c.w * rng.range(0.5, 0.7),
            middle,
            (c.w * 0.26).min(c.h * 0.4),
        );
    }
    if reading.has(Motif::Tree)
        || (reading.has(Motif::Fields) && !reading.has(Motif::House))
        || (reading.is_empty() && rng.one_in(2))
    {
        let x = c.w
            * if reading.any(&[Motif::House, Motif::HeatPump]) {
                0.86
            } else {
                rng.range(0.24, 0.76)
            };
        let tall = c.h * rng.range(0.34, 0.42);
        plants::tree(
            c,
            rng,
            x,
            middle + c.h * 0.02,
            tall,
            p.leaf.mix(p.near, if p.dark { 0.4 } else { 0.05 }),
        );
    }
    if reading.has(Motif::Forest) {
        plants::framing_pines(c, rng, p);
    }
    if reading.has(Motif::Flower) || (reading.has(Motif::Bee)) {
        flowers(c, rng, p);
    }
    if reading.has(Motif::Bee) {
        let (x, y) = (c.w * 0.56, c.h * 0.42);
        life::bee(c, x, y, c.u * 11.0);
        life::bee(c, c.w * 0.24, c.h * 0.26, c.u * 4.5);
        life::bee(c, c.w * 0.8, c.h * 0.22, c.u * 3.4);
    }
    if reading.has(Motif::Cat) {
        let color = [rgb(0xd9924f), rgb(0x6f6a70), rgb(0xe8dcc8)][rng.below(3)];
        life::cat(
            c,
            c.w * 0.5,
            c.h * 0.92,
            c.h.min(c.w)
                * if reading.any(&[Motif::House, Motif::City]) {
                    0.27
                } else {
                    0.44
                },
            color,
        );
    }
    if reading.has(Motif::Person) {
        let coat = [rgb(0xd8563f), rgb(0x3f7fc0), rgb(0xe0a83c)][rng.below(3)];
        landmarks::person(
            c,
            c.w * rng.range(0.42, 0.5),
            c.h * 0.93,
            c.h.min(c.w) * 0.24,
            coat,
        );
    }
    weather(c, rng, reading);
}

fn flowers(c: &mut Canvas, rng: &mut Rng, p: &Palette) {
    let colors = [
        rgb(0xe85f7f),
        rgb(0xf2a23c),
        rgb(0x8f6fe0),
        rgb(0xf5e36b),
        rgb(0xffffff),
    ];
    let mut places: Vec<(f64, f64)> = (0..20)
        .map(|n| {
            (
                c.w * (f64::from(n) + rng.range(0.1, 0.9)) / 20.0,
                c.h * rng.range(0.68, 0.9),
            )
        })
        .collect();
    places.sort_by(|a, b| a.1.total_cmp(&b.1));
    for (x, y) in places {
        let size = c.u * (1.6 + 4.2 * (y / c.h - 0.66) * 3.0);
        plants::flower(c, x, y, size, colors[rng.below(5)], p.leaf.dark(0.2));
    }
}

fn weather(c: &mut Canvas, rng: &mut Rng, reading: &Reading) {
    if reading.has(Motif::Snow) {
        seas::rain(c, rng, true);
    } else if reading.any(&[Motif::Rain, Motif::Lightning]) {
        seas::rain(c, rng, false);
    }
}
