//! What recorders say they still hold, and when that is no longer to be believed.

use jiff::{SignedDuration, Timestamp};

/// A recorder that held something and was not heard of for this long is shown as silent. Recorders report every ten
/// seconds while they hold something: two reports may get lost.
pub const SILENT_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// What one recorder holds of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Events that are still on their way.
    pub pending: i64,
    /// Events that the meter refused and the recorder keeps.
    pub refused: i64,
    /// Calls of which the recorder does not know what they used.
    pub unconfirmed: i64,
    /// When it said so, by the meter's clock.
    pub reported: Timestamp,
}

impl Backlog {
    /// Whether it holds anything.
    #[must_use]
    pub fn holds_something(&self) -> bool {
        self.pending > 0 || self.refused > 0 || self.unconfirmed > 0
    }

    /// Whether it has gone silent while it held something.
    #[must_use]
    pub fn is_silent(&self, now: Timestamp) -> bool {
        self.holds_something() && now.duration_since(self.reported) >= SILENT_AFTER
    }

    /// When it will count as silent if nothing is heard; `None` if it holds nothing.
    #[must_use]
    pub fn silent_from(&self) -> Option<Timestamp> {
        self.holds_something().then(|| {
            self.reported
                .saturating_add(SILENT_AFTER)
                .unwrap_or(Timestamp::MAX)
        })
    }
}
