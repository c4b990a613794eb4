//! How long to wait before the next try.

use std::time::Duration;

/// The first wait: a service that was just restarted is back within this.
pub const FIRST: Duration = Duration::from_millis(250);
/// The longest wait: nobody looks at a dead screen for longer without wondering.
pub const LONGEST: Duration = Duration::from_secs(5);
/// By how much a wait may be shortened, in percent, so that a thousand watchers do not come back in the same instant.
const JITTER_PERCENT: u32 = 20;

/// The waits of one connection: 0.25 s, 0.5 s, 1 s, 2 s, 4 s, 5 s, 5 s …, each up to a fifth shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure. `random` is any number, evenly spread.
    #[must_use]
    pub fn next(&mut self, random: u32) -> Duration {
        // 2^5 × 250 ms is beyond the longest wait already.
        let doubled = FIRST.saturating_mul(1 << self.failures.min(5)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let shortened = random % (JITTER_PERCENT + 1);
        doubled.saturating_mul(100 - shortened) / 100
    }

    /// How many failures there were since the connection last worked.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The connection works: the next failure starts from the beginning.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_seconds_and_start_again_after_a_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..7).map(|_| backoff.next(0).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.next(0), FIRST);
    }

    #[test]
    fn jitter_only_shortens_and_by_a_fifth_at_most() {
        for random in 0..1000 {
            let wait = Backoff { failures: 9 }.next(random);
            assert!(
                (Duration::from_secs(4)..=LONGEST).contains(&wait),
                "{wait:?}"
            );
        }
    }

    #[test]
    fn a_connection_that_never_comes_back_is_tried_for_ever() {
        assert_eq!(Backoff { failures: u32::MAX }.next(0), LONGEST);
    }
}
