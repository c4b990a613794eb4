//! What a verification of a ledger finds: whether the totals are those of the events.

use std::collections::HashMap;

use crate::domain::rollup::FineKey;
use crate::domain::usage::Sum;

/// Differences that are told in words; more are only counted by the last of them.
const DIFFERENCES_MAX: usize = 100;

/// What a verification has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Sessions that were looked at.
    pub sessions: u64,
    /// Events that count in them.
    pub events: u64,
    /// Events that lie in files, of which only the sums are here.
    pub archived: i64,
    /// Archive files that are not where they were made, so that nobody looked into them.
    pub archives_elsewhere: u64,
    /// Sessions that were passed over: some of their events were dropped, and only their sums are here.
    pub passed_over: u64,
    /// What does not agree, a sentence each.
    pub differences: Vec<String>,
}

impl Verification {
    /// Whether everything agrees.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.differences.is_empty()
    }

    /// Notes a difference.
    pub fn tell(&mut self, difference: String) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(difference);
        }
    }

    /// Compares the sums that are kept of a session with those that its events give.
    pub fn compare(
        &mut self,
        session_id: &str,
        kept: &HashMap<FineKey, Sum>,
        counted: &HashMap<FineKey, Sum>,
    ) {
        self.sessions += 1;
        let events: i64 = counted.values().map(|sum| sum.events).sum();
        self.events = self.events.saturating_add_signed(events);
        let none = Sum::default();
        for key in kept
            .keys()
            .chain(counted.keys().filter(|key| !kept.contains_key(key)))
        {
            let (kept, counted) = (
                kept.get(key).unwrap_or(&none),
                counted.get(key).unwrap_or(&none),
            );
            // The order of billed units is that of their arrival.
            let same = kept.events == counted.events
                && kept.values == counted.values
                && kept.billed.len() == counted.billed.len()
                && kept.billed.iter().all(|sum| counted.billed.contains(sum));
            if !same {
                self.tell(format!(
                    "session {session_id}, {key:?}: {kept:?} is kept and {counted:?} is in the events"
                ));
            }
        }
    }
}
