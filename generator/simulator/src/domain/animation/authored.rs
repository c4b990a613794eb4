//! Drawings made by hand for scenes of the knowledge base.

use super::drawing::{Drawing, Kind};

/// Title, heading, kind, labels, caption.
type Entry = (
    &'static str,
    &'static str,
    Kind,
    &'static [&'static str],
    &'static str,
);

const DRAWINGS: &[Entry] = &[
    (
        "How a Heat Pump Works",
        "Warmth from cold air",
        Kind::Chain,
        &["Cold air", "Heat pump", "Warm house"],
        "heat is carried, not made",
    ),
    (
        "How a Heat Pump Works",
        "Cold air is still warm",
        Kind::Bars,
        &[
            "Absolute zero = 0",
            "Air at −10 °C = 263",
            "Living room = 294",
        ],
        "warmth counted from the true cold, in kelvin",
    ),
    (
        "How a Heat Pump Works",
        "The liquid that boils in winter",
        Kind::Compare,
        &["Outside air", "−10 °C", "Refrigerant", "boils at −25 °C"],
        "the air is warm enough to boil it",
    ),
    (
        "How a Heat Pump Works",
        "Squeeze it",
        Kind::Graph,
        &["Pressure", "Temperature"],
        "the harder it is pressed, the hotter it gets",
    ),
    (
        "How a Heat Pump Works",
        "And let go",
        Kind::Chain,
        &[
            "Hot vapour",
            "Heating water",
            "Liquid",
            "Valve",
            "Cold again",
        ],
        "the vapour hands its heat over",
    ),
    (
        "How a Heat Pump Works",
        "Three for one",
        Kind::Bars,
        &[
            "Electricity = 1",
            "From the air = 2.5",
            "Heat indoors = 3.5",
        ],
        "one part bought, the rest comes free",
    ),
    (
        "How a Heat Pump Works",
        "A common mistake",
        Kind::Hub,
        &[
            "Heat pumps",
            "Norway",
            "Sweden",
            "Finland",
            "Large radiators",
        ],
        "cold countries have the most",
    ),
    (
        "How a Heat Pump Works",
        "What to remember",
        Kind::Cycle,
        &["Evaporate", "Squeeze", "Release", "Relax"],
        "the refrigerant goes round and round",
    ),
];

/// The drawing of a scene, if it was made by hand.
pub(super) fn find(title: &str, heading: &str) -> Option<Drawing> {
    let (_, _, kind, labels, caption) = DRAWINGS
        .iter()
        .find(|(of, about, ..)| *of == title && *about == heading)?;
    Some(Drawing {
        kind: *kind,
        heading: heading.to_owned(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        caption: (*caption).to_owned(),
    })
}
