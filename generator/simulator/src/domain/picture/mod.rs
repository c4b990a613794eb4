//! Pictures that belong to a prompt, composed as SVG: the words of the prompt choose what is drawn
//! and when in the day, a seed from the prompt varies the rest. Nothing in a picture is written.

mod canvas;
mod color;
mod frame;
mod glowing;
mod landmarks;
mod landscape;
mod life;
mod measures;
mod plants;
mod rooms;
mod seas;
mod space;
mod subjects;
mod terrain;
mod things;
mod underground;
mod volcano;

use canvas::Canvas;
use color::rgb;
pub use frame::{Frame, Size};
use subjects::{Family, Motif, Reading};

use super::seed::{Rng, Seed};

/// Composes a picture for a prompt, as SVG.
#[must_use]
pub fn compose(prompt: &str, frame: Frame) -> String {
    let reading = Reading::of(prompt);
    let mut rng = Seed::of(&prompt.to_lowercase()).and("picture").rng();
    let mut canvas = Canvas::new(f64::from(frame.width), f64::from(frame.height));
    draw(&mut canvas, &mut rng, &reading);
    terrain::vignette(&mut canvas);
    canvas.finish()
}

fn draw(c: &mut Canvas, rng: &mut Rng, reading: &Reading) {
    let land = reading.strength(Family::Land);
    let Some((motif, family, score)) = reading.main() else {
        landscape::draw(c, rng, reading);
        return;
    };
    // A landscape that is named more strongly holds the thing; one in passing gives way to it.
    let outdoors = land > score * 0.9;
    match family {
        Family::Land => {
            landscape::draw(c, rng, reading);
        }
        Family::Space
            if outdoors
                && !reading.any(&[
                    Motif::Space,
                    Motif::BlackHole,
                    Motif::Galaxy,
                    Motif::Orbits,
                    Motif::Earth,
                ]) =>
        {
            landscape::draw(c, rng, reading);
            if motif == Motif::Rocket {
                space::rocket(c, rng, c.w * 0.56, c.h * 0.34, c.h * 0.42, 8.0);
            }
        }
        Family::Space => in_space(c, rng, reading, motif),
        Family::Underground => underground::draw(c, rng, reading),
        Family::Underwater => in_water(c, rng, motif),
        Family::Micro if outdoors && motif == Motif::Leaf => {
            landscape::draw(c, rng, reading);
        }
        Family::Micro => close_up(c, rng, reading, motif),
        Family::Glow if outdoors => {
            landscape::draw(c, rng, reading);
            above_the_land(c, rng, motif);
        }
        Family::Glow => {
            glowing::dark_stage(c, rng);
            glowing(c, rng, motif, c.w / 2.0, c.h * 0.47, c.u * 34.0);
        }
        Family::Stage if outdoors => {
            landscape::draw(c, rng, reading);
            let size = c.u * 15.0;
            let x = c.w * rng.range(0.4, 0.6);
            on_stage(c, rng, motif, x, c.h * 0.84, size);
        }
        Family::Stage => {
            match motif {
                Motif::Cup | Motif::Coins if rng.one_in(2) => rooms::cafe(c, rng),
                Motif::Cup | Motif::Scales | Motif::Coins => rooms::window(c, rng),
                Motif::Book => rooms::library(c, rng),
                Motif::Gears | Motif::Clock | Motif::Microscope | Motif::Battery => {
                    rooms::workshop(c, rng)
                }
                _ => things::stage(c, rng),
            }
            let size = c.u * 26.0;
            on_stage(c, rng, motif, c.w / 2.0, c.h * 0.78, size);
        }
    }
}

/// One great thing in space, and what else the prompt names, smaller.
fn in_space(c: &mut Canvas, rng: &mut Rng, reading: &Reading, motif: Motif) {
    space::backdrop(c, rng);
    // "Space" names no thing, and the earth is mostly what a thing is seen beside: whatever else is
    // named there is the thing, else something is found.
    let motif = if matches!(motif, Motif::Space | Motif::Earth) {
        const THINGS: &[Motif] = &[
            Motif::Cutaway,
            Motif::BlackHole,
            Motif::Galaxy,
            Motif::GasGiant,
            Motif::Star,
            Motif::Rocket,
            Motif::Satellite,
        ];
        let named = THINGS.iter().copied().find(|thing| reading.has(*thing));
        named.unwrap_or_else(|| match motif {
            Motif::Earth => motif,
            _ if reading.has(Motif::Earth) => Motif::Earth,
            _ if reading.has(Motif::Orbits) => Motif::Orbits,
            _ => [Motif::Galaxy, Motif::GasGiant, Motif::Star][rng.below(3)],
        })
    } else {
        motif
    };
    let (x, y) = (c.w * rng.range(0.44, 0.56), c.h * rng.range(0.42, 0.5));
    let r = c.u * 27.0;
    match motif {
        Motif::BlackHole => space::black_hole(c, rng, x, y, c.u * 16.0),
        Motif::Galaxy => space::galaxy(c, rng, x, y, c.u * 52.0),
        Motif::GasGiant => {
            let color = [rgb(0xd9b27c), rgb(0x8fb8d8), rgb(0xc98f6a)][rng.below(3)];
            let rings = !rng.one_in(3);
            space::gas_giant(c, rng, x, y, c.u * 21.0, color, rings);
        }
        Motif::Cutaway => space::earth_cutaway(c, rng, x, y, c.u * 34.0),
        Motif::Star => space::star(c, rng, x, y, c.u * 22.0),
        Motif::Orbits => {
            space::star(c, rng, x, y, c.u * 9.0);
            space::orbits(c, rng, x, y, c.w.min(c.h * 1.6) * 0.46, 6);
        }
        Motif::Rocket => {
            space::earth(c, rng, c.w * 0.5, c.h * 1.28, c.h * 0.55);
            space::rocket(c, rng, c.w * 0.52, c.h * 0.36, c.h * 0.44, 14.0);
        }
        Motif::Satellite => {
            space::earth(c, rng, c.w * 0.5, c.h * 1.3, c.h * 0.62);
            space::satellite(c, c.w * 0.54, c.h * 0.34, c.u * 16.0);
        }
        Motif::Earth if reading.has(Motif::Cutaway) => {
            space::earth_cutaway(c, rng, x, y, c.u * 34.0)
        }
        _ => {
            if reading.has(Motif::Sun) {
                space::star(c, rng, c.w * 0.08, c.h * 0.22, c.u * 10.0);
            }
            space::earth(c, rng, x, y, r);
            if reading.has(Motif::Sea) {
                // The sea bulges towards the moon and away from it.
                let bulge = clear_blue(c);
                c.ellipse(x, y, r * 1.32, r * 1.04, bulge);
            }
        }
    }
    if reading.has(Motif::Moon) && motif != Motif::Orbits {
        terrain::moon(c, c.w * 0.87, c.h * 0.27, c.u * 6.5);
    }
    if motif == Motif::BlackHole && reading.any(&[Motif::Earth, Motif::GasGiant]) {
        space::gas_giant(
            c,
            rng,
            c.w * 0.14,
            c.h * 0.78,
            c.u * 5.0,
            rgb(0x7fb0d8),
            false,
        );
    }
}

fn clear_blue(c: &mut Canvas) -> canvas::Fill {
    c.round(
        0.5,
        0.5,
        0.5,
        &[
            (0.0, rgb(0x6fc8ff), 0.0),
            (0.7, rgb(0x6fc8ff), 0.12),
            (0.95, rgb(0x9fdcff), 0.5),
            (1.0, rgb(0xbfe8ff), 0.15),
        ],
    )
}

fn in_water(c: &mut Canvas, rng: &mut Rng, motif: Motif) {
    seas::underwater(c, rng);
    let colors = [rgb(0xf2953c), rgb(0xf2d04f), rgb(0xe0568a), rgb(0x6fd0c0)];
    if motif == Motif::Whale {
        seas::whale(c, c.w * 0.52, c.h * 0.42, c.u * 32.0);
    }
    let count = if motif == Motif::Whale { 6 } else { 12 };
    for n in 0..count {
        let size = c.u
            * rng.range(1.6, 4.5)
            * if n == 0 && motif == Motif::Fish {
                3.2
            } else {
                1.0
            };
        let (x, y) = if n == 0 {
            (c.w * 0.5, c.h * 0.45)
        } else {
            (rng.range(0.05, 0.95) * c.w, rng.range(0.15, 0.8) * c.h)
        };
        if n == 0 && motif == Motif::Whale {
            continue;
        }
        seas::fish(c, x, y, size, colors[rng.below(4)], rng.one_in(2));
    }
}

fn close_up(c: &mut Canvas, rng: &mut Rng, reading: &Reading, motif: Motif) {
    life::micro_backdrop(c, rng);
    // "Under the microscope" says how something is seen, not what.
    let motif = if motif == Motif::Micro {
        let things = [
            Motif::Virus,
            Motif::PlantCell,
            Motif::Dna,
            Motif::Cell,
            Motif::Leaf,
        ];
        things
            .into_iter()
            .find(|thing| reading.has(*thing))
            .unwrap_or(Motif::Molecules)
    } else {
        motif
    };
    let (x, y) = (c.w / 2.0, c.h * 0.47);
    match motif {
        Motif::Cell => life::cell(c, rng, x, y, c.u * 36.0, false),
        Motif::PlantCell => {
            life::cell(c, rng, x - c.u * 70.0, y + c.u * 14.0, c.u * 32.0, true);
            life::cell(c, rng, x + c.u * 72.0, y - c.u * 10.0, c.u * 32.0, true);
            life::cell(c, rng, x, y, c.u * 34.0, true);
        }
        Motif::Virus => {
            let color = [rgb(0xe0564f), rgb(0x4fb08a), rgb(0x8f5fd0)][rng.below(3)];
            for _ in 0..5 {
                let (vx, vy, r) = (
                    rng.range(0.05, 0.95) * c.w,
                    rng.range(0.1, 0.9) * c.h,
                    c.u * rng.range(3.0, 8.0),
                );
                life::virus(c, vx, vy, r, color.mix(rgb(0x203040), 0.3));
            }
            life::virus(c, x, y, c.u * 21.0, color);
        }
        Motif::Dna => life::dna(
            c,
            x,
            y,
            c.w.max(c.h) * 0.95,
            if c.w > c.h { 68.0 } else { 22.0 },
        ),
        Motif::Leaf => {
            plants::great_leaf(c, c.w * 0.16, c.h * 0.16, c.u * 26.0, 35.0, rgb(0x4f8f4a));
            plants::great_leaf(c, c.w * 0.86, c.h * 0.84, c.u * 26.0, 200.0, rgb(0x3f7f42));
            plants::great_leaf(c, x, y, c.u * 50.0, -16.0, rgb(0x57ab4a));
            for _ in 0..9 {
                let (dx, dy, r) = (
                    x + rng.range(-26.0, 26.0) * c.u,
                    y + rng.range(-10.0, 10.0) * c.u,
                    c.u * rng.range(0.7, 2.2),
                );
                let drop = c.round(
                    0.35,
                    0.3,
                    0.75,
                    &[
                        (0.0, color::WHITE, 0.95),
                        (0.4, rgb(0xc9f0e0), 0.5),
                        (1.0, rgb(0x2f6f4a), 0.55),
                    ],
                );
                c.circle(dx, dy, r, drop);
            }
        }
        _ => glowing::molecules(c, rng, x, y, c.u * 42.0),
    }
}

fn glowing(c: &mut Canvas, rng: &mut Rng, motif: Motif, x: f64, y: f64, r: f64) {
    match motif {
        Motif::Brain => life::brain(c, rng, x, y, r * 0.95),
        Motif::Atom => glowing::atom(c, rng, x, y, r * 1.15),
        Motif::Chip => glowing::chip(c, rng, x, y, r * 0.6),
        Motif::Bulb => glowing::bulb(c, x, y - r * 0.15, r * 0.7),
        Motif::Prism => glowing::prism(c, x, y, r * 1.15),
        Motif::Magnet => glowing::magnet(c, x, y, r * 1.1),
        Motif::Sound => glowing::sound(c, rng, c.h * 0.45, c.h * 0.26),
        _ => glowing::network(c, rng, x, y, r * 1.25),
    }
}

/// Something that glows, above a landscape.
fn above_the_land(c: &mut Canvas, rng: &mut Rng, motif: Motif) {
    let (x, y) = (c.w / 2.0, c.h * 0.34);
    if motif == Motif::Prism || motif == Motif::Sound {
        glowing::sound(c, rng, c.h * 0.4, c.h * 0.12);
    } else {
        glowing(c, rng, motif, x, y, c.u * 22.0);
    }
}

/// A thing that stands on a height `floor`.
fn on_stage(c: &mut Canvas, rng: &mut Rng, motif: Motif, x: f64, floor: f64, size: f64) {
    match motif {
        Motif::Cup => things::cup(c, rng, x, floor - size * 0.5, size),
        Motif::Book => things::book(c, x, floor - size * 0.2, size * 1.15),
        Motif::Clock => measures::clock(c, rng, x, floor - size * 1.15, size * 1.15),
        Motif::Chart => measures::chart(c, rng, x, floor, (size * 4.4).min(c.w * 0.8), size * 2.1),
        Motif::Coins => measures::coins(c, rng, x, floor, size * 1.2),
        Motif::Scales => measures::scales(c, rng, x, floor, size * 1.5),
        Motif::Battery => things::battery(c, x, floor - size * 1.05, size * 1.05),
        Motif::Microscope => things::microscope(c, x, floor, size * 1.5),
        Motif::Heart => life::heart(c, x, floor - size * 1.1, size * 1.05),
        _ => things::gears(c, rng, x, floor - size * 1.1, size * 1.35),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame {
        width: 1_344,
        height: 768,
    };

    #[test]
    fn the_same_prompt_gives_the_same_picture_and_another_one_does_not() {
        assert_eq!(
            compose("A volcano at dawn", FRAME),
            compose("A volcano at dawn", FRAME)
        );
        assert_ne!(
            compose("A volcano at dawn", FRAME),
            compose("A volcano at night", FRAME)
        );
        assert_ne!(compose("xyzzy", FRAME), compose("plugh", FRAME));
    }

    #[test]
    fn nothing_is_written_in_a_picture() {
        for prompt in [
            "A book with a title",
            "A sign that says STOP",
            "A clock",
            "A chart with labels",
        ] {
            assert!(!compose(prompt, FRAME).contains("<text"), "{prompt}");
        }
    }
}
