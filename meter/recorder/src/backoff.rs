//! How long to wait before the meter is tried again.

use std::time::Duration;

/// The first wait: a meter that restarts is back within moments.
const FIRST: Duration = Duration::from_millis(100);
/// The longest wait: the screen promises a change within five seconds.
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that double from a tenth of a second to five seconds. Half of each is chance, so that many recorders do not
/// come back to a restarted meter at the same moment.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait, given a random byte.
    pub(crate) fn next(&mut self, chance: u8) -> Duration {
        let ceiling = FIRST
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        ceiling / 2 + ceiling * u32::from(chance) / (2 * 255)
    }

    /// After a success the next wait is the first one again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_five_seconds_and_are_never_longer() {
        let mut backoff = Backoff::default();
        let longest: Vec<u128> = (0..8).map(|_| backoff.next(255).as_millis()).collect();
        assert_eq!(longest, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn half_of_a_wait_is_chance() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next(0), Duration::from_millis(50));
        backoff.reset();
        assert_eq!(backoff.next(255), Duration::from_millis(100));
    }
}
