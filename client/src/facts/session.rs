//! Sessions.

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::Money;

use super::{FactError, money_or_zero, time};
use crate::printable::Text;

/// What is metered as one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    /// Its key.
    pub id: Text,
    /// Its title. May be empty.
    pub title: Text,
    /// The caller's marks, sorted by key.
    pub labels: Vec<(Text, Text)>,
    /// True if a stand-in answers instead of the providers.
    pub simulated: bool,
    /// True once it has ended.
    pub ended: bool,
    /// When it was started.
    pub start_time: Option<Timestamp>,
    /// When it was ended.
    pub end_time: Option<Timestamp>,
    /// One more with each change.
    pub revision: i64,
}

impl Session {
    /// Reads a session.
    #[must_use]
    pub fn read(session: &pb::Session) -> Self {
        let mut labels: Vec<_> = session
            .labels
            .iter()
            .map(|(key, value)| (Text::name(key), Text::line(value)))
            .collect();
        labels.sort();
        Self {
            id: Text::name(&session.session_id),
            title: Text::line(&session.title),
            labels,
            simulated: session.simulated,
            ended: session.state() == pb::SessionState::Ended,
            start_time: time(session.start_time.as_ref()),
            end_time: time(session.end_time.as_ref()),
            revision: session.revision,
        }
    }

    /// Its title, or its id where it has none.
    #[must_use]
    pub fn label(&self) -> &Text {
        if self.title.shown().trim().is_empty() {
            &self.id
        } else {
            &self.title
        }
    }
}

/// A line of the list of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The session.
    pub session: Session,
    /// What everything with a price costs.
    pub total_cost: Money,
    /// How many metrics have no price.
    pub unpriced_metric_count: i64,
    /// How many events count.
    pub event_count: i64,
    /// When the newest of them was.
    pub last_event_time: Option<Timestamp>,
}

impl SessionRow {
    /// Reads a line.
    ///
    /// # Errors
    /// A missing session, an amount that is none.
    pub fn read(row: &pb::SessionOverview) -> Result<Self, FactError> {
        Ok(Self {
            session: row
                .session
                .as_ref()
                .map(Session::read)
                .ok_or(FactError::Missing { field: "session" })?,
            total_cost: money_or_zero(row.total_cost.as_ref(), "the total of a session")?,
            unpriced_metric_count: row.unpriced_metric_count,
            event_count: row.event_count,
            last_event_time: time(row.last_event_time.as_ref()),
        })
    }
}
