//! What was spent in the last minute, from the totals as they were seen.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use reelmeter_rating::Money;

/// The stretch of time that is looked at.
pub const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Totals that are kept at most; ten a second for a minute.
const SEEN_MAX: usize = 600;

/// The totals of the last minute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spending {
    /// The total before the oldest one in the window, then each change.
    seen: VecDeque<(Timestamp, Money)>,
    /// Since when totals were seen without a gap.
    since: Option<Timestamp>,
}

impl Spending {
    /// Notes a total. A smaller one than before (a reset, a cheaper rate) starts the watch again.
    pub fn note(&mut self, total: Money, now: Timestamp) {
        match self.seen.back() {
            Some((_, last)) if *last == total => return,
            Some((time, last)) if total < *last || now < *time => self.seen.clear(),
            _ => {}
        }
        if self.seen.is_empty() {
            self.since = Some(now);
        }
        self.seen.push_back((now, total));
        // One total from before the window stays: it is what the window starts from.
        while self
            .seen
            .get(1)
            .is_some_and(|(time, _)| now.duration_since(*time) > WINDOW)
            || self.seen.len() > SEEN_MAX
        {
            self.seen.pop_front();
        }
    }

    /// Forgets everything: another session, or figures that were missed.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What was spent in the last minute. `None` until a whole minute was watched: half a minute's figure would read
    /// as less than it is.
    #[must_use]
    pub fn last_minute(&self, now: Timestamp) -> Option<Money> {
        if now.duration_since(self.since?) < WINDOW {
            return None;
        }
        let (_, newest) = self.seen.back()?;
        newest.checked_sub(self.total_at(now - WINDOW)?)
    }

    /// What was spent in each of so many equal parts of the last minute, oldest first. `None` as above.
    #[must_use]
    pub fn parts(&self, now: Timestamp, count: u32) -> Option<Vec<Money>> {
        self.last_minute(now)?;
        let step = WINDOW.checked_div(i32::try_from(count).ok()?)?;
        let mut totals = Vec::new();
        for part in (0..=i32::try_from(count).ok()?).rev() {
            totals.push(self.total_at(now - step.checked_mul(part)?)?);
        }
        totals
            .windows(2)
            .map(|pair| pair[1].checked_sub(pair[0]))
            .collect()
    }

    fn total_at(&self, time: Timestamp) -> Option<Money> {
        self.seen
            .iter()
            .rev()
            .find(|(seen, _)| *seen <= time)
            .or(self.seen.front())
            .map(|(_, total)| *total)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_minute_is_said_only_once_a_minute_was_watched() {
        let mut spending = Spending::default();
        spending.note(money("0"), at(0));
        spending.note(money("0.5"), at(30));
        assert_eq!(spending.last_minute(at(59)), None);
        assert_eq!(spending.last_minute(at(60)), Some(money("0.5")));
        assert_eq!(spending.last_minute(at(90)), Some(money("0")));
        spending.note(money("0.75"), at(100));
        assert_eq!(spending.last_minute(at(100)), Some(money("0.25")));
    }

    #[test]
    fn a_reset_is_no_negative_spending() {
        let mut spending = Spending::default();
        spending.note(money("3"), at(0));
        spending.note(money("0"), at(70));
        assert_eq!(spending.last_minute(at(80)), None);
        spending.note(money("0.1"), at(100));
        assert_eq!(spending.last_minute(at(130)), Some(money("0.1")));
    }

    #[test]
    fn parts_add_up_to_the_whole_minute() {
        let mut spending = Spending::default();
        for second in 0..200 {
            spending.note(
                money("0.001").checked_mul(second).unwrap(),
                at(second as i64),
            );
        }
        let parts = spending.parts(at(199), 12).unwrap();
        assert_eq!(parts.len(), 12);
        assert_eq!(Money::checked_sum(parts), spending.last_minute(at(199)));
        assert_eq!(spending.last_minute(at(199)), Some(money("0.06")));
    }
}
