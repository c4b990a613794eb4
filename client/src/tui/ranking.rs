//! An order of rows that a person can read: it changes at most every five seconds.

use jiff::{SignedDuration, Timestamp};

/// How long rows stay in their places at least.
pub const STAY: SignedDuration = SignedDuration::from_secs(5);

/// The order in which rows are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking<K> {
    shown: Vec<K>,
    changed_at: Option<Timestamp>,
}

impl<K> Default for Ranking<K> {
    fn default() -> Self {
        Self {
            shown: Vec::new(),
            changed_at: None,
        }
    }
}

impl<K: Clone + PartialEq> Ranking<K> {
    /// The rows in the order in which they are shown.
    #[must_use]
    pub fn shown(&self) -> &[K] {
        &self.shown
    }

    /// Takes in the order that the figures ask for. New rows come last and old ones go at once; the rest change places
    /// if they have stood for five seconds.
    pub fn follow(&mut self, wanted: &[K], now: Timestamp) {
        self.shown.retain(|row| wanted.contains(row));
        for row in wanted {
            if !self.shown.contains(row) {
                self.shown.push(row.clone());
            }
        }
        if self.shown == wanted {
            return;
        }
        let stood = self
            .changed_at
            .map_or(STAY, |changed| now.duration_since(changed));
        // A clock that was set back must not hold the rows for hours.
        if stood >= STAY || stood < SignedDuration::ZERO {
            self.shown = wanted.to_vec();
            self.changed_at = Some(now);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn rows_change_places_at_most_every_five_seconds() {
        let mut ranking = Ranking::default();
        ranking.follow(&["a", "b"], at(0));
        assert_eq!(ranking.shown(), ["a", "b"]);
        ranking.follow(&["b", "a"], at(1));
        assert_eq!(ranking.shown(), ["b", "a"], "nothing was reordered before");
        ranking.follow(&["a", "b"], at(3));
        assert_eq!(ranking.shown(), ["b", "a"]);
        ranking.follow(&["a", "b"], at(6));
        assert_eq!(ranking.shown(), ["a", "b"]);
    }

    #[test]
    fn a_new_row_is_shown_at_once_and_last() {
        let mut ranking = Ranking::default();
        ranking.follow(&["b", "a"], at(0));
        ranking.follow(&["a", "b"], at(10));
        ranking.follow(&["c", "a", "b"], at(11));
        assert_eq!(ranking.shown(), ["a", "b", "c"]);
        ranking.follow(&["c", "b"], at(12));
        assert_eq!(ranking.shown(), ["b", "c"]);
        ranking.follow(&["c", "b"], at(15));
        assert_eq!(ranking.shown(), ["c", "b"]);
    }
}
