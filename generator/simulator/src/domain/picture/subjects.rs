//! What a prompt wants to see: its words, matched with what can be drawn.

use crate::domain::words;

/// What can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motif {
    Volcano,
    Erupting,
    Smoking,
    Mountains,
    Sea,
    Lake,
    Forest,
    Tree,
    City,
    OldTown,
    House,
    HeatPump,
    Lighthouse,
    Boat,
    Turbine,
    Bridge,
    Path,
    Person,
    Observatory,
    Fields,
    Birds,
    Rainbow,
    Rain,
    Snow,
    Lightning,
    Clouds,
    Sun,
    Moon,
    Stars,
    Desert,
    Flower,
    Bee,
    Cat,
    BlackHole,
    Galaxy,
    GasGiant,
    Earth,
    Cutaway,
    Star,
    Orbits,
    Rocket,
    Satellite,
    Space,
    Underground,
    Magma,
    Fish,
    Whale,
    Coral,
    Cell,
    PlantCell,
    Virus,
    Dna,
    Leaf,
    Molecules,
    Micro,
    Brain,
    Atom,
    Chip,
    Network,
    Bulb,
    Prism,
    Magnet,
    Sound,
    Gears,
    Cup,
    Book,
    Clock,
    Chart,
    Coins,
    Scales,
    Battery,
    Microscope,
    Heart,
}

/// Where a motif is at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Land,
    Space,
    Underground,
    Underwater,
    Micro,
    /// Things that glow in the dark.
    Glow,
    /// Things on a calm stage.
    Stage,
}

use Family as F;
use Motif as M;

/// The words for each motif, separated by commas.
const WORDS: &[(Motif, Family, &str)] = &[
    (
        M::Volcano,
        F::Land,
        "volcano, volcanic, volcanoes, crater, vesuvius",
    ),
    (
        M::Erupting,
        F::Land,
        "erupting, eruption, erupt, lava, glowing lava",
    ),
    (M::Smoking, F::Land, "smoke, plume, smoking"),
    (
        M::Mountains,
        F::Land,
        "mountain, peak, summit, alps, himalaya, cliff, glacier, everest",
    ),
    (
        M::Sea,
        F::Land,
        "sea, ocean, beach, coast, shore, bay, harbor, harbour, tide, tidal, wave, island, pacific, atlantic",
    ),
    (
        M::Lake,
        F::Land,
        "lake, river, stream, pond, waterfall, canal, reservoir, flood",
    ),
    (
        M::Forest,
        F::Land,
        "forest, wood, jungle, pine, taiga, rainforest",
    ),
    (M::Tree, F::Land, "tree, oak, orchard, apple"),
    (
        M::City,
        F::Land,
        "city, street, skyline, building, skyscraper, urban, downtown, traffic, office",
    ),
    (
        M::OldTown,
        F::Land,
        "ancient, castle, medieval, roman, village, temple, town, pyramid, palace",
    ),
    (
        M::House,
        F::Land,
        "house, home, cottage, roof, radiator, household",
    ),
    (
        M::HeatPump,
        F::Land,
        "heat pump, outdoor unit, air conditioner, compressor, refrigerant",
    ),
    (M::Lighthouse, F::Land, "lighthouse"),
    (
        M::Boat,
        F::Land,
        "boat, ship, sail, sailing, sailor, vessel, fisherman, fishing",
    ),
    (
        M::Turbine,
        F::Land,
        "turbine, windmill, wind power, wind farm",
    ),
    (M::Bridge, F::Land, "bridge"),
    (
        M::Path,
        F::Land,
        "path, road, trail, fork, journey, doorway, highway",
    ),
    (
        M::Person,
        F::Land,
        "traveller, traveler, person, people, man, woman, child, children, farmer, hiker, explorer, girl, boy",
    ),
    (
        M::Observatory,
        F::Land,
        "observatory, telescope, astronomer",
    ),
    (
        M::Fields,
        F::Land,
        "field, farm, crop, wheat, plain, farmland, harvest, valley",
    ),
    (
        M::Birds,
        F::Land,
        "bird, gull, geese, swallow, migration, crane",
    ),
    (M::Rainbow, F::Land, "rainbow"),
    (M::Rain, F::Land, "rain, rainy, raindrop, shower, downpour"),
    (M::Snow, F::Land, "snow, snowy, winter, snowflake, blizzard"),
    (
        M::Lightning,
        F::Land,
        "lightning, thunder, thunderstorm, storm",
    ),
    (
        M::Clouds,
        F::Land,
        "cloud, cloudy, overcast, fog, foggy, mist",
    ),
    (M::Sun, F::Land, "sun, sunlight, sunny, solar panel"),
    (M::Moon, F::Land, "moon, moonlight, lunar, crescent"),
    (M::Stars, F::Land, "stars, starry, milky way, constellation"),
    (M::Desert, F::Land, "desert, sand, dune, sahara"),
    (
        M::Flower,
        F::Land,
        "flower, blossom, meadow, garden, pollen, petal, rose",
    ),
    (M::Bee, F::Land, "bee, honey, hive, honeybee"),
    (M::Cat, F::Land, "cat, kitten, purr"),
    (
        M::BlackHole,
        F::Space,
        "black hole, event horizon, accretion",
    ),
    (
        M::Galaxy,
        F::Space,
        "galaxy, galaxies, nebula, universe, cosmos, big bang",
    ),
    (
        M::GasGiant,
        F::Space,
        "saturn, jupiter, gas giant, uranus, neptune, planets",
    ),
    (
        M::Earth,
        F::Space,
        "planet earth, globe, planet, earth from space, our planet",
    ),
    (
        M::Cutaway,
        F::Space,
        "cutaway globe, earth's core, core and mantle, inner core, layers of the earth",
    ),
    (
        M::Star,
        F::Space,
        "surface of the sun, star in space, supernova, fusion, sun in space, burning star, solar flare",
    ),
    (
        M::Orbits,
        F::Space,
        "orbit, solar system, glowing orbits, gravity",
    ),
    (M::Rocket, F::Space, "rocket, spaceship, spacecraft, launch"),
    (M::Satellite, F::Space, "satellite, gps, space station"),
    (
        M::Space,
        F::Space,
        "in space, outer space, deep space, astronaut, spacetime",
    ),
    (
        M::Magma,
        F::Underground,
        "magma, magma chamber, geothermal, molten rock",
    ),
    (
        M::Underground,
        F::Underground,
        "underground, crust, rock layers, layered rock, tectonic, fault line, cave, fossil, soil, roots, earthquake",
    ),
    (
        M::Fish,
        F::Underwater,
        "fish, shark, salmon, underwater, aquarium",
    ),
    (M::Whale, F::Underwater, "whale, dolphin"),
    (
        M::Coral,
        F::Underwater,
        "coral, reef, seabed, sea floor, submarine",
    ),
    (
        M::Cell,
        F::Micro,
        "cell, nucleus of a cell, mitochondria, blood cell, neuron",
    ),
    (
        M::PlantCell,
        F::Micro,
        "plant cell, chloroplast, chlorophyll",
    ),
    (
        M::Virus,
        F::Micro,
        "virus, germ, bacteria, bacterium, immune, vaccine, antibody, yeast, microbe",
    ),
    (
        M::Dna,
        F::Micro,
        "dna, gene, genes, helix, genetic, genome, chromosome",
    ),
    (M::Leaf, F::Micro, "leaf, leaves, photosynthesis, dew"),
    (
        M::Molecules,
        F::Micro,
        "molecule, particle, chemical, chemistry, oxygen, carbon dioxide, compound, gas bubbles, caffeine, enzyme",
    ),
    (
        M::Micro,
        F::Micro,
        "microscopic, under the microscope, cellular",
    ),
    (
        M::Brain,
        F::Glow,
        "brain, mind, memory, neural, dream, sleep, thought",
    ),
    (
        M::Atom,
        F::Glow,
        "atom, electron, nucleus, quantum, nuclear, proton",
    ),
    (
        M::Chip,
        F::Glow,
        "chip, computer, processor, circuit, microchip, software, robot, artificial intelligence, transistor, code",
    ),
    (
        M::Network,
        F::Glow,
        "network, internet, connection, data, server, web, router, cable, blockchain, glowing connections, cloud computing",
    ),
    (
        M::Bulb,
        F::Glow,
        "bulb, light bulb, lamp, idea, electric light, electricity, invention",
    ),
    (
        M::Prism,
        F::Glow,
        "prism, spectrum, crystal, refraction, wavelength, colours of light, lens",
    ),
    (M::Magnet, F::Glow, "magnet, magnetic, magnetism, compass"),
    (
        M::Sound,
        F::Glow,
        "glowing waves, coloured waves, waves of light, radio waves, waves spreading, sound, music, melody, guitar, song, orchestra, sound waves, noise, voice, instrument, radio",
    ),
    (
        M::Gears,
        F::Stage,
        "gear, machine, engine, mechanism, motor, interlocking, clockwork, wheel, factory, pieces, machinery",
    ),
    (
        M::Cup,
        F::Stage,
        "coffee, cup, tea, mug, espresso, kitchen, drink",
    ),
    (
        M::Book,
        F::Stage,
        "book, library, page, novel, diary, history book, writing, pages",
    ),
    (
        M::Clock,
        F::Stage,
        "clock, watch, sundial, time, hourglass, pendulum",
    ),
    (
        M::Chart,
        F::Stage,
        "chart, graph, economy, statistics, market, growth, stock, curve, percentage",
    ),
    (
        M::Coins,
        F::Stage,
        "coin, money, bank, inflation, gold, currency, price, tax, credit, banknote",
    ),
    (
        M::Scales,
        F::Stage,
        "balance, scale, scales, justice, law, weighing",
    ),
    (
        M::Battery,
        F::Stage,
        "battery, lithium, charge, accumulator, batteries",
    ),
    (
        M::Microscope,
        F::Stage,
        "microscope, laboratory, experiment, scientist's desk, research",
    ),
    (
        M::Heart,
        F::Stage,
        "heart, blood, pulse, artery, circulation",
    ),
];

/// The time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hour {
    Dawn,
    Day,
    Sunset,
    Dusk,
    Night,
}

const HOURS: &[(Hour, &[&str])] = &[
    (Hour::Dawn, &["dawn", "sunrise", "morning", "daybreak"]),
    (
        Hour::Day,
        &[
            "noon",
            "midday",
            "daylight",
            "bright",
            "sunny",
            "daytime",
            "afternoon",
            "clear",
        ],
    ),
    (
        Hour::Sunset,
        &["sunset", "golden", "orange", "evening", "autumn", "warm"],
    ),
    (
        Hour::Dusk,
        &["dusk", "twilight", "foggy", "storm", "dramatic"],
    ),
    (
        Hour::Night,
        &[
            "night",
            "midnight",
            "starry",
            "moonlight",
            "moonlit",
            "dark",
        ],
    ),
];

/// What a prompt was found to want.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    hits: Vec<(Motif, Family, f64)>,
    pub(super) hour: Option<Hour>,
}

impl Reading {
    /// Reads a prompt. What comes first weighs most; what is said not to be there is passed over.
    pub(super) fn of(prompt: &str) -> Self {
        let mut reading = Self::default();
        let mut place = 0.0;
        for sentence in words::sentences(prompt) {
            let all = words::words(&sentence);
            let end = all
                .iter()
                .position(|word| {
                    matches!(
                        word.as_str(),
                        "no" | "without" | "avoid" | "not" | "nothing" | "never"
                    )
                })
                .unwrap_or(all.len());
            let seen = &all[..end];
            for at in 0..seen.len() {
                let weight = 1.0 + 2.0 * f64::exp(-(place + at as f64) / 7.0);
                reading.note(&seen[at..], weight);
            }
            place += all.len() as f64;
        }
        reading
    }

    fn note(&mut self, words: &[String], weight: f64) {
        for (motif, family, names) in WORDS {
            if let Some(length) = names
                .split(", ")
                .filter_map(|name| starts_with(words, name))
                .max()
            {
                // A name of two words says more than one of one.
                let weight = weight * if length > 1 { 1.8 } else { 1.0 };
                match self.hits.iter_mut().find(|(known, ..)| known == motif) {
                    Some((_, _, score)) => *score += weight * 0.5,
                    None => self.hits.push((*motif, *family, weight)),
                }
            }
        }
        if self.hour.is_none() {
            self.hour = HOURS
                .iter()
                .find(|(_, names)| names.iter().any(|name| starts_with(words, name).is_some()))
                .map(|(hour, _)| *hour);
        }
    }

    /// Whether a motif is wanted.
    pub(super) fn has(&self, motif: Motif) -> bool {
        self.hits.iter().any(|(known, ..)| *known == motif)
    }

    /// Whether one of some motifs is wanted.
    pub(super) fn any(&self, motifs: &[Motif]) -> bool {
        motifs.iter().any(|motif| self.has(*motif))
    }

    /// How strongly a family is wanted.
    pub(super) fn strength(&self, family: Family) -> f64 {
        self.hits
            .iter()
            .filter(|(_, known, _)| *known == family)
            .map(|(.., score)| score)
            .sum()
    }

    /// The motif that is wanted most outside the landscape.
    pub(super) fn main(&self) -> Option<(Motif, Family, f64)> {
        self.hits
            .iter()
            .filter(|(_, family, _)| *family != Family::Land)
            .copied()
            .reduce(|best, next| if next.2 > best.2 { next } else { best })
    }

    /// Whether nothing that can be drawn was named.
    pub(super) fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }
}

/// How many words of the name stand at the beginning, if all of them do; the last may be a plural.
fn starts_with(words: &[String], name: &str) -> Option<usize> {
    let parts: Vec<&str> = name.split(' ').collect();
    let fits = words.len() >= parts.len()
        && parts.iter().enumerate().all(|(at, part)| {
            let word = words[at].as_str();
            word == *part
                || word == part.trim_end_matches("'s")
                || (at + 1 == parts.len()
                    && (word.strip_suffix('s') == Some(*part)
                        || word.strip_suffix("es") == Some(*part)))
        });
    fits.then_some(parts.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_named_is_the_main_one() {
        let main = |prompt: &str| Reading::of(prompt).main().map(|(motif, ..)| motif);
        assert_eq!(
            main("A black hole bending light, a small planet nearby"),
            Some(Motif::BlackHole)
        );
        assert_eq!(
            main("A cup of coffee beside an open book"),
            Some(Motif::Cup)
        );
        assert_eq!(main("A green valley"), None);
        assert_eq!(
            main("Cross-section of the earth's crust with a magma chamber"),
            Some(Motif::Magma)
        );
        assert_eq!(
            main("Glowing waves of light in the dark"),
            Some(Motif::Sound)
        );
        assert_eq!(
            main("Planet earth and the moon in space"),
            Some(Motif::Earth)
        );
    }

    #[test]
    fn what_must_not_be_there_is_not_drawn() {
        let reading = Reading::of(
            "A calm lake at dawn. No boats, no people. Nothing in it is written: no pages.",
        );
        assert!(
            reading.has(Motif::Lake)
                && !reading.has(Motif::Boat)
                && !reading.has(Motif::Person)
                && !reading.has(Motif::Book)
        );
        assert_eq!(reading.hour, Some(Hour::Dawn));
    }
}
