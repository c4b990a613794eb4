//! Protects the rooms: reads the sources and fails on a line that lives in the wrong one.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Words that belong to the outside: a clock, a disk, a network, a process, a wire format.
const OUTSIDE_NAMES: &[&str] = &[
    "tokio",
    "tonic",
    "prost",
    "reqwest",
    "rusqlite",
    "axum",
    "hyper",
    "ratatui",
    "crossterm",
    "reelmeter_proto",
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::thread",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "println!",
];

/// The longest a source file may be before it must hold two subjects.
const LINES_PER_FILE_MAX: usize = 600;
/// `main.rs` chooses adapters and nothing else.
const LINES_PER_MAIN_MAX: usize = 80;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if !["target", "data", "videos", ".git"].contains(&name.to_string_lossy().as_ref()) {
                sources_below(&path, found);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    sources_below(root(), &mut found);
    assert!(found.len() > 50, "the walk found the workspace");
    found
}

/// The lines of a file that are code: no comments, and nothing from the first test module on.
fn code_lines(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .map(|(number, line)| (number + 1, line.to_owned()))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .collect()
}

/// Whether a line names something outside: `tonic`, but not `tectonic`.
fn names(line: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line
            .get(start + name.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[test]
fn a_word_that_only_ends_like_a_name_is_none() {
    assert!(names("use tonic::Status;", "tonic"));
    assert!(!names("tectonic plates", "tonic"));
}

fn is_inside(path: &Path, room: &str) -> bool {
    path.strip_prefix(root())
        .unwrap()
        .components()
        .any(|part| part.as_os_str() == room)
}

#[test]
fn the_domain_knows_no_clock_no_disk_and_no_network() {
    let mut found = Vec::new();
    let mut read = 0;
    for path in all_sources() {
        let pure = is_inside(&path, "domain") || path.starts_with(root().join("meter/rating/src"));
        if !pure || is_inside(&path, "bin") || is_inside(&path, "tests") {
            continue;
        }
        read += 1;
        for (number, line) in code_lines(&path) {
            for name in OUTSIDE_NAMES {
                if names(&line, name) {
                    found.push(format!("{}:{number}: {name}", path.display()));
                }
            }
        }
    }
    assert!(read > 10, "the domains were read, {read} files");
    assert!(
        found.is_empty(),
        "outside names in a domain:\n{}",
        found.join("\n")
    );
}

#[test]
fn money_never_meets_a_float() {
    let mut found = Vec::new();
    for path in all_sources() {
        let about_money = path.starts_with(root().join("meter/rating/src"))
            || (path.starts_with(root().join("meter/src"))
                && ["domain", "application", "sqlite"]
                    .iter()
                    .any(|room| is_inside(&path, room)));
        if !about_money {
            continue;
        }
        for (number, line) in code_lines(&path) {
            let words: Vec<&str> = line
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .collect();
            if words.contains(&"f64") || words.contains(&"f32") {
                found.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "floats near money:\n{}", found.join("\n"));
}

#[test]
fn nobody_but_rating_multiplies_a_rate() {
    // A second price calculation is a second price.
    let mut found = Vec::new();
    for path in all_sources() {
        if path.starts_with(root().join("meter/rating")) || is_inside(&path, "tests") {
            continue;
        }
        for (number, line) in code_lines(&path) {
            if line.contains("unit_size") && (line.contains(" * ") || line.contains(" / ")) {
                found.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(
        found.is_empty(),
        "prices calculated elsewhere:\n{}",
        found.join("\n")
    );
}

#[test]
fn every_file_has_one_subject() {
    let mut found = Vec::new();
    for path in all_sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        let is_main =
            path.file_name().is_some_and(|name| name == "main.rs") && is_inside(&path, "src");
        let lines_max = if is_main {
            LINES_PER_MAIN_MAX
        } else {
            LINES_PER_FILE_MAX
        };
        if lines > lines_max {
            found.push(format!(
                "{}: {lines} lines, at most {lines_max}",
                path.display()
            ));
        }
    }
    assert!(
        found.is_empty(),
        "files that hold more than one subject:\n{}",
        found.join("\n")
    );
}
