//! Rate periods: the stretches of time within which no price changes.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A stretch of time within which no rate starts or ends, named by the instant it began at.
///
/// Named by its start and not by a number, so that a stored period keeps its meaning when a later
/// price change adds another boundary.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Period(Option<Timestamp>);

impl Period {
    /// The period before the first boundary, and the only one where no price is dated.
    pub const FIRST: Self = Self(None);

    /// The period that began at an instant.
    #[must_use]
    pub const fn starting(start: Timestamp) -> Self {
        Self(Some(start))
    }

    /// When the period began; `None` for the first.
    #[must_use]
    pub const fn start(self) -> Option<Timestamp> {
        self.0
    }

    /// An instant inside the period, by which its rates are looked up.
    #[must_use]
    pub fn instant(self) -> Timestamp {
        self.0.unwrap_or(Timestamp::MIN)
    }
}

/// The start as RFC 3339, or `-` for the first period.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(start) => start.fmt(f),
            None => f.write_str("-"),
        }
    }
}

/// The instants at which any rate of a table starts or ends, in order.
///
/// A rollup by rating class is re-priced for free as long as its periods are at least as fine as
/// the new table's. When [`Boundaries::added_since`] names an instant that lies before events
/// already counted, those events have to be classified again from the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boundaries(Vec<Timestamp>);

impl Boundaries {
    /// Boundaries from instants in any order, with repeats.
    #[must_use]
    pub fn new(instants: impl IntoIterator<Item = Timestamp>) -> Self {
        let mut instants: Vec<_> = instants.into_iter().collect();
        instants.sort_unstable();
        instants.dedup();
        Self(instants)
    }

    /// The instants, in order.
    #[must_use]
    pub fn instants(&self) -> &[Timestamp] {
        &self.0
    }

    /// The period that an instant falls into. A boundary belongs to the period it starts.
    #[must_use]
    pub fn period_of(&self, instant: Timestamp) -> Period {
        match self.0.partition_point(|boundary| *boundary <= instant) {
            0 => Period::FIRST,
            begun => Period(self.0.get(begun - 1).copied()),
        }
    }

    /// The boundaries of this table that an earlier one did not have.
    pub fn added_since<'a>(&'a self, earlier: &'a Self) -> impl Iterator<Item = Timestamp> + 'a {
        self.0
            .iter()
            .copied()
            .filter(|instant| earlier.0.binary_search(instant).is_err())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_boundary_belongs_to_the_period_it_starts() {
        let boundaries = Boundaries::new([at(20), at(10), at(20)]);
        assert_eq!(boundaries.instants(), [at(10), at(20)]);
        assert_eq!(boundaries.period_of(at(9)), Period::FIRST);
        assert_eq!(boundaries.period_of(at(10)), Period::starting(at(10)));
        assert_eq!(boundaries.period_of(at(19)), Period::starting(at(10)));
        assert_eq!(boundaries.period_of(at(1_000)), Period::starting(at(20)));
    }

    #[test]
    fn a_new_boundary_is_named() {
        let earlier = Boundaries::new([at(10)]);
        let later = Boundaries::new([at(10), at(15)]);
        assert_eq!(later.added_since(&earlier).collect::<Vec<_>>(), [at(15)]);
    }
}
