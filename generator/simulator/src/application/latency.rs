//! How long answers take: like the real thing, but shorter, and the same for the same request.

use std::time::Duration;

use crate::domain::journal::Operation;
use crate::domain::seed::Seed;

/// A scale for all waiting, where 0 is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency(f64);

impl Latency {
    /// No waiting.
    pub const NONE: Self = Self(0.0);

    /// A scale from 0 to 100.
    #[must_use]
    pub fn new(scale: f64) -> Option<Self> {
        (0.0..=100.0).contains(&scale).then_some(Self(scale))
    }

    /// How long a call takes from its arrival to its answer.
    #[must_use]
    pub fn of(self, operation: Operation, seed: Seed) -> Duration {
        let (low, high) = match operation {
            Operation::Script => (1.2, 1.8),
            Operation::Rephrase => (0.8, 1.3),
            Operation::Code | Operation::Correction | Operation::VisualFix => (1.2, 2.2),
            Operation::Text | Operation::Generate | Operation::Chat => (0.5, 1.0),
            Operation::Image => (1.5, 2.5),
            Operation::Narration => (0.8, 1.2),
            _ => (0.02, 0.06),
        };
        self.scaled(seed.and("latency").rng().range(low, high))
    }

    /// So many seconds, scaled.
    #[must_use]
    pub fn scaled(self, seconds: f64) -> Duration {
        Duration::from_secs_f64((seconds * self.0).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_takes_a_second_or_two_always_as_long_and_nothing_at_scale_zero() {
        let seed = Seed::of("volcano");
        let one = Latency::new(1.0).map(|latency| latency.of(Operation::Script, seed));
        assert_eq!(
            one,
            Latency::new(1.0).map(|latency| latency.of(Operation::Script, seed))
        );
        assert!(one.is_some_and(|d| (1.2..1.8).contains(&d.as_secs_f64())));
        assert_eq!(Latency::NONE.of(Operation::Script, seed), Duration::ZERO);
        assert!(Latency::new(-1.0).is_none() && Latency::new(f64::NAN).is_none());
    }
}
