//! Which program a key in the settings file belongs to.

use crate::{Program, secret};

/// Settings whose names do not start with their program's.
const GENERATOR_KEYS: [&str; 6] = [
    "meter_addr",
    "videos_dir",
    "gemini_base_url",
    "elevenlabs_base_url",
    "ollama_host",
    "simulator_addr",
];

/// The settings that a client has beside those that start with its name.
const CLIENT_KEYS: [&str; 2] = ["meter_addr", "generator_addr"];

/// Whether the key belongs to some other program than this one. A name that starts with a program's own is for
/// that program to judge, so that a new setting of one does not make the others refuse the shared file.
pub(super) fn belongs_to_another(program: Program, key: &str) -> bool {
    let others = [
        Program::Meter,
        Program::Generator,
        Program::Simulator,
        Program::Client,
    ];
    // The one-process program has the settings of all the others: what it does not know, nobody knows.
    program != Program::Reelmeter
        && others
            .into_iter()
            .any(|other| other != program && owns(other, key))
}

fn owns(program: Program, key: &str) -> bool {
    let exact: &[&str] = match program {
        Program::Generator => &GENERATOR_KEYS,
        Program::Client => &CLIENT_KEYS,
        Program::Meter | Program::Simulator | Program::Reelmeter => &[],
    };
    let prefix = key
        .strip_prefix(program.name())
        .is_some_and(|rest| rest.starts_with('_'));
    exact.contains(&key) || prefix
}

/// Whether the key is a secret's own name, as it may not stand in the file.
pub(super) fn is_secret(key: &str) -> bool {
    secret::ALL
        .iter()
        .any(|name| name.eq_ignore_ascii_case(key))
}

/// Whether the key names the file of a secret (`gemini_api_key_file`).
pub(super) fn is_secret_file(key: &str) -> bool {
    key.strip_suffix("_file").is_some_and(is_secret)
}

/// The known key that looks most like the given one, where one looks like it at all.
pub(super) fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let known = known.chain(GENERATOR_KEYS).chain(CLIENT_KEYS);
    let (distance, name) = known.map(|name| (distance(key, name), name)).min()?;
    // A third of the letters wrong is a slip; more is another word.
    (distance <= key.chars().count().div_ceil(3)).then(|| name.to_owned())
}

/// The edit distance of two words (Levenshtein), row by row.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (j, b) in right.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX);
            let cost = (diagonal + usize::from(a != *b))
                .min(above + 1)
                .min(before + 1);
            if let Some(cell) = row.get_mut(j) {
                *cell = before;
            }
            diagonal = above;
            before = cost;
        }
        if let Some(cell) = row.last_mut() {
            *cell = before;
        }
    }
    row.last().copied().unwrap_or_default()
}
