//! The mistakes that models make in such code, put in where they really make them.

use crate::domain::seed::Seed;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoilt {
    /// A name that does not exist.
    Name,
    /// A method that does not exist.
    Method,
    /// A formula in LaTeX, which is not installed.
    Latex,
    /// A loop that never ends.
    Loop,
    /// A title that is placed beyond the frame's edge: it runs, and only a look at the picture shows it.
    OutOfFrame,
}

/// The name that [`Spoilt::Name`] writes for `DOWN`.
pub(super) const WRONG_NAME: &str = "DWN";

/// The order in which sections that fail take their mistakes.
const TURNS: [Spoilt; 4] = [
    Spoilt::Name,
    Spoilt::OutOfFrame,
    Spoilt::Latex,
    Spoilt::Loop,
];

/// The mistake in a section's first code: every second and every fifth section has one.
#[must_use]
pub fn planned(topic: &str, number: u64) -> Option<Spoilt> {
    if !number.is_multiple_of(2) && !number.is_multiple_of(5) {
        return None;
    }
    // Which of the sections that fail this is, from 0.
    let earlier = (1..number)
        .filter(|it| it.is_multiple_of(2) || it.is_multiple_of(5))
        .count();
    // A topic begins with one of the first two: the mistake that only a look finds is among the first.
    let start = Seed::of(&topic.to_lowercase()).and("mistakes").value() % 2;
    let turn = usize::try_from(start).unwrap_or_default() + earlier;
    TURNS.get(turn % TURNS.len()).copied()
}

/// The code with the mistake in it.
#[must_use]
pub fn spoil(code: &str, fault: Spoilt) -> String {
    match fault {
        Spoilt::Name => code.replacen("shift=DOWN", &format!("shift={WRONG_NAME}"), 1),
        Spoilt::Method => code.replacen("title.to_edge(UP", "title.to_border(UP", 1),
        Spoilt::Latex => code.replacen(
            "caption = Text(",
            "caption = MathTex(r\"\\Delta Q = \\dot m \\, c \\, \\Delta T\") if self else Text(",
            1,
        ),
        Spoilt::Loop => code.replacen(
            "        self.wait(1)\n",
            "        rest = 1.0\n        while rest > 0:\n            rest = rest / 2 + 0.1\n        self.wait(1)\n",
            1,
        ),
        Spoilt::OutOfFrame => code.replacen(
            "title.to_edge(UP, buff=0.5)",
            "title.to_edge(UP, buff=0.5).to_edge(RIGHT, buff=-0.7)",
            1,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::animation::{Drawing, python};

    #[test]
    fn every_mistake_changes_the_code_of_every_kind_of_drawing() {
        for kind in [
            "Cycle",
            "Chain of steps",
            "Bar chart",
            "Graph",
            "Cross-section",
            "Comparison",
            "Map of ideas",
        ] {
            let text = format!(
                "{kind} “A heading”: One = 1 | Two = 2 | Three = 3 | Four = 4. Motion: it moves."
            );
            let clean = Drawing::read(&text)
                .map(|drawing| python(&drawing, 8))
                .unwrap_or_default();
            for fault in TURNS.into_iter().chain([Spoilt::Method]) {
                assert_ne!(spoil(&clean, fault), clean, "{kind} {fault:?}");
            }
        }
    }
}
