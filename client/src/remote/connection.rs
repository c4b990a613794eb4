//! The state of one watched stream, in exact words.
//!
//! ```text
//!              heard               heard
//! connecting ─────────▶ live ◀───────────────┐
//!     ▲                  │ silent for 7 s, or │
//!     │                  ▼ figures on the way │
//!     │                behind ────────────────┘
//!     │ retry            │ lost
//!     └── disconnected ◀─┘           refused, finished: no further try
//! ```
//!
//! Time comes in with each event and each question, so every word of it can be tested without waiting.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::printable::Text;

/// A live stream says something at least every 5 seconds; two seconds are for the way.
pub const SILENT_AFTER: SignedDuration = SignedDuration::from_secs(7);
/// Events are on their way all the time while calls complete; only what stays is worth a word.
pub const PENDING_AFTER: SignedDuration = SignedDuration::from_secs(3);

/// What happens to a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A try to open it begins.
    Opening,
    /// The service has taken it, or sent a message.
    Heard,
    /// It broke, or could not be opened; the next try is at that time.
    Lost {
        /// What happened.
        reason: Text,
        /// When the next try begins.
        retry_at: Timestamp,
    },
    /// The service will not serve it; there is no further try.
    Refused {
        /// Why.
        reason: Text,
    },
    /// It ended as it should.
    Finished,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Connecting,
    Open,
    Lost { reason: Text, retry_at: Timestamp },
    Refused { reason: Text },
    Finished,
}

/// Where a watched stream stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    phase: Phase,
    /// Since when the figures are what they are: when it opened, or when it was lost.
    since: Timestamp,
    last_message: Option<Timestamp>,
    pending: i64,
    pending_since: Option<Timestamp>,
}

/// The state as the screen words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The first try is under way.
    Connecting,
    /// The figures are the newest that there are, since then.
    Live {
        /// Since when.
        since: Timestamp,
    },
    /// The stream is open and the figures are not the newest.
    Behind {
        /// Since when.
        since: Timestamp,
        /// Why.
        why: Behind,
    },
    /// There is no stream; the figures are from before.
    Disconnected {
        /// Since when.
        since: Timestamp,
        /// What happened.
        reason: Text,
        /// Seconds until the next try; `None`: it is under way.
        retry_in_seconds: Option<i64>,
    },
    /// The service will not serve the stream.
    Refused {
        /// Why.
        reason: Text,
    },
    /// The stream ended as it should: the figures are final.
    Finished,
}

/// Why figures are not the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// Nothing was heard.
    Silent,
    /// So many events are on their way.
    Pending(i64),
}

impl Connection {
    /// A stream that is about to be opened.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            phase: Phase::Connecting,
            since: now,
            last_message: None,
            pending: 0,
            pending_since: None,
        }
    }

    /// Notes what happened.
    pub fn on(&mut self, event: Event, now: Timestamp) {
        match event {
            // Between two tries the words stay "disconnected since …".
            Event::Opening => {
                if let Phase::Lost { retry_at, .. } = &mut self.phase {
                    *retry_at = now;
                }
            }
            Event::Heard => {
                if self.phase != Phase::Open {
                    self.phase = Phase::Open;
                    self.since = now;
                } else if self
                    .last_message
                    .is_some_and(|last| now.duration_since(last) > SILENT_AFTER)
                {
                    self.since = now;
                }
                self.last_message = Some(now);
            }
            Event::Lost { reason, retry_at } => {
                if !matches!(self.phase, Phase::Lost { .. }) {
                    // What was heard last is as old as the last message, not as its loss.
                    self.since = self.last_message.unwrap_or(self.since);
                }
                self.phase = Phase::Lost { reason, retry_at };
            }
            Event::Refused { reason } => {
                self.phase = Phase::Refused { reason };
                self.since = now;
            }
            Event::Finished => {
                self.phase = Phase::Finished;
                self.since = now;
            }
        }
    }

    /// Notes how many events are on their way.
    pub fn set_pending(&mut self, pending: i64, now: Timestamp) {
        self.pending = pending;
        self.pending_since = if pending > 0 {
            self.pending_since.or(Some(now))
        } else {
            None
        };
    }

    /// The state at that time.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        match &self.phase {
            Phase::Connecting => State::Connecting,
            Phase::Open => self.open_state(now),
            Phase::Lost { reason, retry_at } => {
                let left = retry_at.duration_since(now);
                State::Disconnected {
                    since: self.since,
                    reason: reason.clone(),
                    // Rounded up: "in 0 s" would be a wait that nobody sees end.
                    retry_in_seconds: (left > SignedDuration::ZERO)
                        .then(|| left.as_secs() + i64::from(left.subsec_nanos() > 0)),
                }
            }
            Phase::Refused { reason } => State::Refused {
                reason: reason.clone(),
            },
            Phase::Finished => State::Finished,
        }
    }

    /// Whether the stream is lost and tried again.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(self.phase, Phase::Lost { .. })
    }

    /// Whether the stream ended for good.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Refused { .. } | Phase::Finished)
    }

    fn open_state(&self, now: Timestamp) -> State {
        let heard = self.last_message.unwrap_or(self.since);
        if now.duration_since(heard) > SILENT_AFTER {
            return State::Behind {
                since: heard,
                why: Behind::Silent,
            };
        }
        match self.pending_since {
            Some(since) if now.duration_since(since) > PENDING_AFTER => State::Behind {
                since,
                why: Behind::Pending(self.pending),
            },
            _ => State::Live { since: self.since },
        }
    }
}

impl State {
    /// One word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live { .. } => "live",
            Self::Behind { .. } => "behind",
            Self::Disconnected { .. } => "disconnected",
            Self::Refused { .. } => "refused",
            Self::Finished => "final",
        }
    }

    /// All of it: `disconnected since 14:03:12, reconnecting in 5 s`.
    #[must_use]
    pub fn words(&self, clock: impl Fn(Timestamp) -> String) -> String {
        match self {
            Self::Connecting | Self::Finished => self.word().to_owned(),
            Self::Live { since } => format!("live since {}", clock(*since)),
            Self::Behind {
                since,
                why: Behind::Silent,
            } => format!("behind: nothing heard since {}", clock(*since)),
            Self::Behind {
                since,
                why: Behind::Pending(pending),
            } => {
                format!("behind since {}: {pending} on their way", clock(*since))
            }
            Self::Disconnected {
                since,
                retry_in_seconds: Some(seconds),
                ..
            } => {
                format!(
                    "disconnected since {}, reconnecting in {seconds} s",
                    clock(*since)
                )
            }
            Self::Disconnected {
                since,
                retry_in_seconds: None,
                ..
            } => {
                format!("disconnected since {}, reconnecting", clock(*since))
            }
            Self::Refused { reason } => format!("refused: {reason}"),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn words(connection: &Connection, now: i64) -> String {
        connection
            .state(at(now))
            .words(|time| format!("+{}", time.as_second() - 1_800_000_000))
    }

    fn lost(retry_at: i64) -> Event {
        Event::Lost {
            reason: Text::line("connection refused"),
            retry_at: at(retry_at),
        }
    }

    #[test]
    fn a_stream_is_live_only_once_the_service_has_been_heard() {
        let mut connection = Connection::new(at(0));
        connection.on(Event::Opening, at(0));
        assert_eq!(words(&connection, 0), "connecting");
        connection.on(Event::Heard, at(1));
        connection.on(Event::Heard, at(4));
        assert_eq!(words(&connection, 5), "live since +1");
    }

    #[test]
    fn a_silent_stream_is_behind_since_it_was_last_heard() {
        let mut connection = Connection::new(at(0));
        connection.on(Event::Heard, at(1));
        assert_eq!(words(&connection, 8), "live since +1");
        assert_eq!(words(&connection, 9), "behind: nothing heard since +1");
        connection.on(Event::Heard, at(12));
        assert_eq!(
            words(&connection, 12),
            "live since +12",
            "it was not live in between"
        );
    }

    #[test]
    fn events_that_stay_on_their_way_make_the_figures_behind() {
        let mut connection = Connection::new(at(0));
        connection.on(Event::Heard, at(1));
        connection.set_pending(2, at(1));
        assert_eq!(
            words(&connection, 3),
            "live since +1",
            "every call is on its way for a moment"
        );
        connection.set_pending(3, at(3));
        connection.on(Event::Heard, at(5));
        assert_eq!(words(&connection, 5), "behind since +1: 3 on their way");
        connection.set_pending(0, at(6));
        assert_eq!(words(&connection, 6), "live since +1");
    }

    #[test]
    fn a_lost_stream_says_since_when_and_when_it_is_tried_again() {
        let mut connection = Connection::new(at(0));
        connection.on(Event::Heard, at(2));
        connection.on(lost(8), at(3));
        assert_eq!(
            words(&connection, 3),
            "disconnected since +2, reconnecting in 5 s"
        );
        assert_eq!(
            words(&connection, 7),
            "disconnected since +2, reconnecting in 1 s"
        );
        connection.on(Event::Opening, at(8));
        assert_eq!(words(&connection, 8), "disconnected since +2, reconnecting");
        connection.on(lost(13), at(8));
        assert_eq!(
            words(&connection, 9),
            "disconnected since +2, reconnecting in 4 s",
            "the first loss counts"
        );
        connection.on(Event::Heard, at(13));
        assert_eq!(words(&connection, 13), "live since +13");
    }

    #[test]
    fn a_part_of_a_second_is_not_zero_seconds() {
        let mut connection = Connection::new(at(0));
        let retry_at = at(0) + SignedDuration::from_millis(250);
        connection.on(
            Event::Lost {
                reason: Text::line("x"),
                retry_at,
            },
            at(0),
        );
        assert_eq!(
            words(&connection, 0),
            "disconnected since +0, reconnecting in 1 s"
        );
    }

    #[test]
    fn an_end_stays_an_end() {
        let mut connection = Connection::new(at(0));
        connection.on(Event::Finished, at(1));
        assert!(connection.is_over());
        assert_eq!(words(&connection, 500), "final");
        connection.on(
            Event::Refused {
                reason: Text::line("no session \u{1b}[31m"),
            },
            at(2),
        );
        assert_eq!(words(&connection, 3), "refused: no session \u{fffd}[31m");
    }

    #[test]
    fn a_clock_that_jumps_back_does_no_harm() {
        let mut connection = Connection::new(at(100));
        connection.on(Event::Heard, at(100));
        assert_eq!(words(&connection, -5000), "live since +100");
    }
}
