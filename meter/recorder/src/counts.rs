//! How many calls and words of a session are where.

use reelmeter_proto::meter::v1::SessionBacklog;

/// Where a session's calls stand, as far as the recorder knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// Calls that were begun and have not come back.
    pub open_calls: i64,
    /// Events that are on their way to the meter.
    pub pending_events: i64,
    /// Of these, those of which nobody knows what the call used.
    pub pending_unconfirmed_calls: i64,
    /// Events that the meter has.
    pub acknowledged_events: i64,
    /// Events that the meter refused and that are kept here.
    pub refused_events: i64,
    /// Calls of which nobody knows what they used, whether the meter has them or not.
    pub unconfirmed_calls: i64,
    /// Words about the session (its start, its end, a quota) that are on their way.
    pub pending_commands: i64,
    /// Such words that the meter refused.
    pub refused_commands: i64,
    /// Whether the meter has the session's end.
    pub end_acknowledged: bool,
}

impl SessionCounts {
    /// All calls that were begun, those of former runs included.
    #[must_use]
    pub fn calls(&self) -> i64 {
        self.open_calls + self.pending_events + self.acknowledged_events + self.refused_events
    }

    /// Whether the meter has everything that was said so far.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.open_calls == 0 && self.pending_events == 0 && self.pending_commands == 0
    }

    /// Whether the meter has everything, the session's end included.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_delivered() && self.end_acknowledged
    }

    pub(crate) fn add(&mut self, kind: &str, state: &str, doubtful: bool, count: i64) {
        let event = kind == "event";
        let place = match (event, state) {
            (true, "intended") => &mut self.open_calls,
            (true, "used" | "unconfirmed") => &mut self.pending_events,
            (true, "acknowledged") => &mut self.acknowledged_events,
            (true, "refused") => &mut self.refused_events,
            (false, "asked") => &mut self.pending_commands,
            (false, "refused") => &mut self.refused_commands,
            _ => {
                self.end_acknowledged |= kind == "end" && count > 0;
                return;
            }
        };
        *place += count;
        if event && doubtful {
            self.unconfirmed_calls += count;
            if state == "unconfirmed" {
                self.pending_unconfirmed_calls += count;
            }
        }
    }

    pub(crate) fn backlog(&self, session_id: &str) -> SessionBacklog {
        SessionBacklog {
            session_id: session_id.to_owned(),
            pending_event_count: self.pending_events,
            refused_event_count: self.refused_events,
            unconfirmed_call_count: self.pending_unconfirmed_calls,
        }
    }
}
