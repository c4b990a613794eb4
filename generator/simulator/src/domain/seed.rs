//! Chance that repeats: the same words always give the same numbers, on every machine.

/// A starting point for chance, made from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(u64);

impl Seed {
    /// The seed of some text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(FNV_OFFSET).and(text)
    }

    /// The seed of this one's text and more of it.
    #[must_use]
    pub fn and(self, text: &str) -> Self {
        let mut hash = self.0;
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
        // The end of each part counts too, so that "ab" + "c" is not "a" + "bc".
        Self((hash ^ 0xff).wrapping_mul(FNV_PRIME))
    }

    /// The seed of this one's text and a number.
    #[must_use]
    pub fn and_number(self, number: u64) -> Self {
        Self(mix(self.0 ^ number.wrapping_mul(GOLDEN)))
    }

    /// The numbers that follow from this seed.
    #[must_use]
    pub fn rng(self) -> Rng {
        Rng { state: self.0 }
    }

    /// The seed as a number.
    #[must_use]
    pub fn value(self) -> u64 {
        mix(self.0)
    }
}

// FNV-1a, 64 bits, and the constants of SplitMix64: both are published and public domain.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Numbers that look random and repeat for the same seed.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A whole number from 0 up to, and without, `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 {
            return 0;
        }
        (self.next_u64() % end as u64) as usize
    }

    /// A number from 0 up to, and without, 1.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number from `low` up to, and without, `high`.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True once in `n` times on average.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of some items, of which there must be one.
    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// The items in another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_give_the_same_numbers_and_other_words_do_not() {
        let first: Vec<u64> = {
            let mut rng = Seed::of("tides").rng();
            (0..4).map(|_| rng.next_u64()).collect()
        };
        let mut again = Seed::of("tides").rng();
        assert!(first.iter().all(|&n| n == again.next_u64()));
        let mut other = Seed::of("tide").rng();
        assert_ne!(first[0], other.next_u64());
        assert_ne!(Seed::of("ab").and("c"), Seed::of("a").and("bc"));
    }

    #[test]
    fn numbers_stay_inside_their_range() {
        let mut rng = Seed::of("range").rng();
        for _ in 0..10_000 {
            let unit = rng.unit();
            assert!((0.0..1.0).contains(&unit));
            assert!(rng.below(7) < 7);
        }
        assert_eq!(rng.below(0), 0);
    }
}
