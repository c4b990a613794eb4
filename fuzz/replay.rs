//! Gives a fuzz target every input of its corpus, and damaged copies of each: what ordinary tests do with what the fuzzer
//! has found. Each crate's tests take this file in by its path.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

/// Damaged copies of each input, where `FUZZ_DAMAGED_COPIES` does not say otherwise.
pub const COPIES_DEFAULT: u64 = 200;

/// Numbers that look random and are the same on every machine (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

fn damaged(random: &mut Random, input: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(4) {
        let place = random.below(bytes.len() + 1);
        match random.below(5) {
            0 if place < bytes.len() => bytes[place] ^= 1 << random.below(8),
            1 => bytes.insert(place, b"0123456789.-\"=[]{}\n\0\xff"[random.below(21)]),
            2 if place < bytes.len() => drop(bytes.remove(place)),
            3 => {
                let end = place + random.below(bytes.len() - place + 1);
                let piece: Vec<u8> = bytes[place..end].to_vec();
                let at = random.below(bytes.len() + 1);
                bytes.splice(at..at, piece);
            }
            _ => bytes.truncate(place),
        }
    }
    bytes
}

/// Replays the target's corpus, with so many damaged copies of each input.
pub fn replay(target: &str, copies: u64, mut try_it: impl FnMut(&[u8])) {
    // Cargo runs a crate's tests in the crate's own folder, wherever that is below the workspace's.
    let here = std::env::current_dir().unwrap();
    let folder = here
        .ancestors()
        .map(|folder| folder.join(Path::new("fuzz/corpus")).join(target))
        .find(|folder| folder.is_dir())
        .unwrap();
    let copies = std::env::var("FUZZ_DAMAGED_COPIES").map_or(copies, |text| text.parse().unwrap());
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{target} has a corpus");
    let mut random = Random(1);
    for file in files {
        let input = fs::read(&file).unwrap();
        try_it(&input);
        for _ in 0..copies {
            try_it(&damaged(&mut random, &input));
        }
    }
}
