//! What an operator watches: plain numbers, for whatever shows them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::Error;
use super::meter::Meter;
use super::ports::{Recorded, UsageRange};
use super::reports::UsageQuestion;
use crate::domain::budget::BudgetStatus;
use crate::domain::query::{Grouping, Question, Row};
use crate::domain::summary::{BookReference, book_reference, build};

/// Told of what happens, as it happens. Must return at once.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// A group of requests was committed, or failed, after so long.
    fn committed(&self, requests: usize, took: Duration);

    /// These became of the events of a batch.
    fn recorded(&self, outcomes: &[Recorded]);
}

/// What holds at this moment.
#[derive(Clone, Debug, Default)]
pub struct Gauges {
    /// Streams that watch a session.
    pub watchers: usize,
    /// Sessions that are held in memory, and how many of them have not ended.
    pub sessions_held: usize,
    /// Those of them that have not ended.
    pub sessions_active: usize,
    /// Events that wait for the ledger.
    pub events_waiting: usize,
    /// The tenants of the sessions that are held.
    pub tenants: BTreeSet<Arc<str>>,
    /// Budgets of running sessions, with their tenant.
    pub budgets: Vec<(Arc<str>, BudgetStatus)>,
}

impl Meter {
    /// What holds at this moment.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let now = self.now();
        let mut gauges = Gauges {
            events_waiting: self.parts.writer.events_waiting(),
            ..Gauges::default()
        };
        for live in self.parts.library.live().all() {
            let usage = live.usage();
            let tenant = &live.key().tenant;
            gauges.watchers += live.watchers();
            gauges.sessions_held += 1;
            gauges.tenants.insert(Arc::clone(tenant));
            if usage.session.ended.is_some() {
                continue;
            }
            gauges.sessions_active += 1;
            if usage.budget.is_some() {
                let prices = self.parts.library.prices(tenant);
                let status = build(&usage, &prices, now).budget;
                gauges
                    .budgets
                    .extend(status.map(|status| (Arc::clone(tenant), status)));
            }
        }
        gauges
    }

    /// The price book in force.
    #[must_use]
    pub fn book_in_force(&self) -> BookReference {
        book_reference(&self.prices(), self.now(), false)
    }

    /// What was used since the month began (UTC), by service and model; simulated calls apart.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn month(&self, simulated: bool) -> Result<Vec<Row>, Error> {
        let range = UsageRange {
            from: beginning_of_month(self.now()),
            simulated,
            ..UsageRange::default()
        };
        let question = Question {
            group_by: vec![Grouping::Service, Grouping::Model],
            service: None,
        };
        Ok(self.query_usage(UsageQuestion { range, question }).await?.0)
    }
}

fn beginning_of_month(now: Timestamp) -> Option<Timestamp> {
    let first = Offset::UTC.to_datetime(now).date().first_of_month();
    Offset::UTC.to_timestamp(first.at(0, 0, 0, 0)).ok()
}
