//! A filter in front of a run of keys: it says at once of nearly every new key that it is not there.
//!
//! A blocked Bloom filter: all bits of a key lie in one line of the processor's cache.

use super::Key;
use crate::adapters::sqlite::error::{Result, damaged};

/// Bits for each key. With the bits below one new key in about seventy is looked up for nothing.
const BITS_PER_KEY: usize = 10;
/// How many of them a key sets.
const BITS_SET: u32 = 6;
/// Words of a line: 64 bytes.
const LINE_WORDS: usize = 8;
/// Bits of a place in a line.
const PLACE_BITS: u32 = 9;

/// A filter.
#[derive(Debug)]
pub(super) struct Filter(Vec<[u64; LINE_WORDS]>);

/// Mixes a key into a number. Kept in files through the filters: it never changes.
fn mixed(key: &Key) -> u64 {
    let (tenant, id) = key.split_at(4);
    let (high, low) = id.split_at(8);
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0_u64, |word, byte| (word << 8) | u64::from(*byte))
    };
    let mix = |word: u64| {
        let word = (word ^ (word >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let word = (word ^ (word >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        word ^ (word >> 32)
    };
    mix(mix(word(high) ^ word(tenant).rotate_left(48)) ^ word(low))
}

impl Filter {
    pub(super) fn for_keys(count: usize) -> Self {
        let lines = (count * BITS_PER_KEY).div_ceil(LINE_WORDS * 64).max(1);
        Self(vec![[0; LINE_WORDS]; lines])
    }

    /// The line of a key, and the bits that it sets in each of the line's words.
    fn place(&self, key: &Key) -> (usize, [u64; LINE_WORDS]) {
        let hash = mixed(key);
        // The upper half chooses the line, evenly for any number of lines.
        let line = ((hash >> 32) * self.0.len() as u64) >> 32;
        let mut bits = [0; LINE_WORDS];
        let mut rest = mixed_again(hash);
        for _ in 0..BITS_SET {
            let place = rest & ((1 << PLACE_BITS) - 1);
            if let Some(word) = bits.get_mut((place >> 6) as usize) {
                *word |= 1 << (place & 63);
            }
            rest >>= PLACE_BITS;
        }
        (line as usize, bits)
    }

    pub(super) fn add(&mut self, key: &Key) {
        let (line, bits) = self.place(key);
        if let Some(line) = self.0.get_mut(line) {
            for (word, bits) in line.iter_mut().zip(bits) {
                *word |= bits;
            }
        }
    }

    /// False: the key was never added.
    pub(super) fn may_hold(&self, key: &Key) -> bool {
        let (line, bits) = self.place(key);
        self.0.get(line).is_none_or(|line| {
            line.iter()
                .zip(bits)
                .all(|(word, bits)| word & bits == bits)
        })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0
            .iter()
            .flatten()
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (lines, rest) = bytes.as_chunks::<{ LINE_WORDS * 8 }>();
        if lines.is_empty() || !rest.is_empty() {
            return Err(damaged(
                "a filter of keys",
                &format!("{} bytes", bytes.len()),
            ));
        }
        let line = |line: &[u8; LINE_WORDS * 8]| {
            let mut words = [0; LINE_WORDS];
            for (word, bytes) in words.iter_mut().zip(line.as_chunks::<8>().0) {
                *word = u64::from_le_bytes(*bytes);
            }
            words
        };
        Ok(Self(lines.iter().map(line).collect()))
    }
}

/// Other bits of the same number, for the places within the line.
fn mixed_again(hash: u64) -> u64 {
    let hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn key(number: u64) -> Key {
        let mut key = [0; super::super::KEY_BYTES];
        let hash = blake3::hash(&number.to_le_bytes());
        key[4..].copy_from_slice(&hash.as_bytes()[..16]);
        key
    }

    #[test]
    fn what_was_added_is_held_and_nearly_nothing_else_is() {
        let mut filter = Filter::for_keys(20_000);
        (0..20_000).for_each(|number| filter.add(&key(number)));
        let filter = Filter::from_bytes(&filter.to_bytes()).unwrap();
        assert!((0..20_000).all(|number| filter.may_hold(&key(number))));
        let wrong = (20_000..120_000)
            .filter(|number| filter.may_hold(&key(*number)))
            .count();
        assert!(wrong < 3_000, "{wrong} of 100,000 strangers");
    }
}
