//! A block of sorted keys: as many as fit into one page of the file, behind what they have in common.

use super::{Entry, KEY_BYTES, Key};
use crate::adapters::sqlite::error::{Result, damaged};

/// The longest block: with it a row of the database fills a page of 4,096 bytes and needs no second one.
const BLOCK_BYTES_MAX: usize = 4_056;
/// In front of the keys: the length of the common prefix, the width of the numbers, the least number.
const HEAD_BYTES: usize = 1 + 1 + 8;

/// How the numbers of a run are written: the distance from the least one, in as few bytes as the greatest takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) least: i64,
    width: usize,
}

impl Numbers {
    pub(super) fn between(least: i64, greatest: i64) -> Self {
        let distance = greatest.abs_diff(least);
        let bits = u64::BITS - distance.leading_zeros();
        Self {
            least,
            width: (bits.div_ceil(8) as usize).max(1),
        }
    }
}

fn common_prefix(a: &Key, b: &Key) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Takes the first of sorted entries, as many as fit, and says how many.
pub(super) fn encode(entries: &[Entry], numbers: Numbers, block: &mut Vec<u8>) -> usize {
    block.clear();
    let Some(first) = entries.first() else {
        return 0;
    };
    let mut prefix = KEY_BYTES;
    let mut count = 0;
    for (place, entry) in entries.iter().enumerate() {
        let shared = prefix.min(common_prefix(&first.key, &entry.key));
        let bytes = HEAD_BYTES + shared + (place + 1) * (KEY_BYTES - shared + numbers.width);
        if bytes > BLOCK_BYTES_MAX {
            break;
        }
        (prefix, count) = (shared, place + 1);
    }
    // Both are at most 20.
    block.extend([prefix as u8, numbers.width as u8]);
    block.extend(numbers.least.to_le_bytes());
    let (shared, _) = first.key.split_at(prefix);
    block.extend(shared);
    for entry in entries.iter().take(count) {
        let (_, own) = entry.key.split_at(prefix);
        block.extend(own);
        let distance = entry.n.abs_diff(numbers.least).to_le_bytes();
        block.extend(distance.iter().take(numbers.width));
    }
    count
}

/// The parts of a block.
struct Parts<'a> {
    least: i64,
    prefix: &'a [u8],
    entries: &'a [u8],
    /// Of one entry: its own part of the key, and all of it.
    own: usize,
    size: usize,
}

fn parts(block: &[u8]) -> Option<Parts<'_>> {
    let (head, rest) = block.split_at_checked(HEAD_BYTES)?;
    let (&prefix, head) = head.split_first()?;
    let (&width, least) = head.split_first()?;
    let (prefix, entries) = rest.split_at_checked(usize::from(prefix))?;
    let own = KEY_BYTES.checked_sub(prefix.len())?;
    let size = own + usize::from(width);
    (size > 0 && width <= 8 && entries.len().is_multiple_of(size)).then_some(())?;
    Some(Parts {
        least: i64::from_le_bytes(least.try_into().ok()?),
        prefix,
        entries,
        own,
        size,
    })
}

fn sound(block: &[u8]) -> Result<Parts<'_>> {
    parts(block).ok_or_else(|| damaged("a block of keys", &format!("{} bytes", block.len())))
}

fn number(least: i64, bytes: &[u8]) -> i64 {
    let mut distance = [0; 8];
    for (to, from) in distance.iter_mut().zip(bytes) {
        *to = *from;
    }
    least.wrapping_add_unsigned(u64::from_le_bytes(distance))
}

/// The number of a key, if it is in the block.
pub(super) fn find(block: &[u8], key: &Key) -> Result<Option<i64>> {
    let parts = sound(block)?;
    let (shared, own) = key.split_at(parts.prefix.len());
    if shared != parts.prefix {
        return Ok(None);
    }
    let (mut from, mut to) = (0, parts.entries.len() / parts.size);
    while from < to {
        let middle = usize::midpoint(from, to);
        let entry = parts
            .entries
            .get(middle * parts.size..(middle + 1) * parts.size)
            .unwrap_or_default();
        let (theirs, rest) = entry.split_at(parts.own);
        match theirs.cmp(own) {
            std::cmp::Ordering::Less => from = middle + 1,
            std::cmp::Ordering::Greater => to = middle,
            std::cmp::Ordering::Equal => return Ok(Some(number(parts.least, rest))),
        }
    }
    Ok(None)
}

/// All entries of a block, in their order.
pub(super) fn decode(block: &[u8]) -> Result<Vec<Entry>> {
    let parts = sound(block)?;
    let entries = parts.entries.chunks_exact(parts.size).map(|entry| {
        let (own, rest) = entry.split_at(parts.own);
        let mut key = [0; KEY_BYTES];
        for (to, from) in key.iter_mut().zip(parts.prefix.iter().chain(own)) {
            *to = *from;
        }
        Entry {
            key,
            n: number(parts.least, rest),
        }
    });
    Ok(entries.collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_key_is_found_with_its_number_and_no_other(
            keys in proptest::collection::btree_map(any::<[u8; KEY_BYTES]>(), 1_i64..20_000_000, 1..600),
            alike in 0_usize..KEY_BYTES,
            stranger in any::<[u8; KEY_BYTES]>(),
        ) {
            let mut entries: Vec<Entry> = keys.into_iter().map(|(mut key, n)| {
                key[..alike].fill(7);
                Entry { key, n }
            }).collect();
            entries.sort_unstable_by_key(|entry| entry.key);
            entries.dedup_by_key(|entry| entry.key);
            let least = entries.iter().map(|entry| entry.n).min().unwrap();
            let greatest = entries.iter().map(|entry| entry.n).max().unwrap();
            let numbers = Numbers::between(least, greatest);
            let (mut rest, mut block) = (entries.as_slice(), Vec::new());
            while !rest.is_empty() {
                let count = encode(rest, numbers, &mut block);
                prop_assert!(count > 0 && block.len() <= BLOCK_BYTES_MAX);
                let (taken, left) = rest.split_at(count);
                prop_assert_eq!(decode(&block).unwrap(), taken);
                for entry in taken {
                    prop_assert_eq!(find(&block, &entry.key).unwrap(), Some(entry.n));
                }
                for entry in left {
                    prop_assert_eq!(find(&block, &entry.key).unwrap(), None);
                }
                if taken.iter().all(|entry| entry.key != stranger) {
                    prop_assert_eq!(find(&block, &stranger).unwrap(), None);
                }
                rest = left;
            }
        }
    }
}
