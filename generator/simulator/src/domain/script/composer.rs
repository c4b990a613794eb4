//! Scripts about subjects that the knowledge base does not have, along the arc of an explanation.

use super::beats::{ASIDES, Beat, CLOSING, MIDDLE, OPENING};
use super::question::Phrases;
use super::{Scene, Script};
use crate::domain::seed::{Rng, Seed};
use crate::domain::words;

/// Writes a script: a hook, what it is, how it works, an example, a mistake, what to take away.
pub(super) fn compose(subject: &str, count: usize, seed: Seed) -> Script {
    let phrases = Phrases::of(subject);
    let mut rng = seed.and("composer").rng();
    let mut scenes = vec![scene(&OPENING, &phrases, &mut rng, 0)];
    let middle_count = count.saturating_sub(2);
    let mut middle: Vec<&Beat> = MIDDLE.iter().collect();
    // With few scenes, the beats that carry the explanation come first; their order stays.
    middle.sort_by_key(|beat| std::cmp::Reverse(beat.rank));
    middle.truncate(middle_count);
    middle.sort_by_key(|beat| MIDDLE.iter().position(|known| std::ptr::eq(known, *beat)));
    scenes.extend(middle.iter().map(|beat| scene(beat, &phrases, &mut rng, 0)));
    if scenes.len() + 1 < count {
        let missing = count - scenes.len() - 1;
        scenes.extend(asides_of(&phrases, missing, seed));
    }
    if count > 1 {
        scenes.push(scene(&CLOSING, &phrases, &mut rng, 0));
    }
    Script {
        title: phrases.title,
        scenes,
    }
}

/// Scenes that fit into any explanation, for a script that is longer than the facts.
pub(super) fn asides(subject: &str, count: usize, seed: Seed) -> Vec<Scene> {
    asides_of(&Phrases::of(subject), count, seed)
}

fn asides_of(phrases: &Phrases, count: usize, seed: Seed) -> Vec<Scene> {
    let mut rng = seed.and("asides").rng();
    let mut order: Vec<(usize, &Beat)> = (0..VARIANTS_MAX)
        .flat_map(|variant| {
            ASIDES
                .iter()
                .filter(move |beat| variant < beat.tellings.len())
                .map(move |beat| (variant, beat))
        })
        .collect();
    let shift = rng.below(ASIDES.len());
    if shift < order.len() {
        order[..ASIDES.len()].rotate_left(shift);
    }
    (0..count)
        .map(|at| {
            let (variant, beat) = order[at % order.len()];
            let mut scene = told(beat, variant, phrases);
            let round = at / order.len();
            if round > 0 {
                // More scenes were asked for than there are tellings: say which look this is.
                scene.narration = format!(
                    "Let us look once more, for the {} time. {}",
                    ordinal(round + 1),
                    scene.narration
                );
            }
            scene
        })
        .collect()
}

/// The most tellings that a beat has.
const VARIANTS_MAX: usize = 4;

fn ordinal(number: usize) -> String {
    match number {
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        _ => format!("{number}th"),
    }
}

fn scene(beat: &Beat, phrases: &Phrases, rng: &mut Rng, shift: usize) -> Scene {
    told(
        beat,
        (rng.below(beat.tellings.len()) + shift) % beat.tellings.len(),
        phrases,
    )
}

fn told(beat: &Beat, variant: usize, phrases: &Phrases) -> Scene {
    let (narration, image_prompt) = beat.tellings[variant];
    Scene {
        heading: beat.heading.to_owned(),
        narration: filled(narration, phrases),
        image_prompt: filled(image_prompt, phrases),
    }
}

/// A template with its places filled: `{clause}`, `{question}`, `{thing}` and `{other}`, `{Thing}` with a capital.
/// Sentences about another thing are left out where there is none.
fn filled(template: &str, phrases: &Phrases) -> String {
    let text = match &phrases.other {
        Some(other) => template.replace("{other}", other),
        None => {
            let kept: Vec<String> = words::sentences(template)
                .into_iter()
                .filter(|sentence| !sentence.contains("{other}"))
                .collect();
            kept.join(" ")
        }
    };
    text.replace("{clause}", &phrases.clause)
        .replace("{question}", &phrases.question)
        .replace("{thing}", &phrases.thing)
        .replace("{Thing}", &words::capitalised(&phrases.thing))
}
