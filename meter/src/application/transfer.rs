//! A ledger on its way from one store to another: everything that it holds, with the numbers that it has.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::{Overrides, RateTable};

use super::Error;
use crate::domain::audit::AuditEntry;
use crate::domain::rollup::FineKey;
use crate::domain::usage::{SessionUsage, Sum};

/// What belongs to no session.
#[derive(Clone, Debug)]
pub struct Common {
    /// Every instant at which a rate ever started or ended, in the order in which the store learnt of it.
    pub boundaries: Vec<Timestamp>,
    /// How often the prices of all were changed.
    pub price_revision: i64,
    /// The overrides of tenants that have set some, each with its revision.
    pub overrides: Vec<(Arc<str>, Overrides, i64)>,
    /// The names of tenants, by number.
    pub tenants: Vec<(i64, String)>,
    /// The greatest number of an event.
    pub last_event: i64,
    /// The audit trail: whose entry each is, and the entry.
    pub audit: Vec<(String, AuditEntry)>,
}

/// A session with all of its sums.
#[derive(Clone, Debug)]
pub struct SessionOnItsWay {
    /// Its number.
    pub number: i64,
    /// The number of its tenant.
    pub tenant: i64,
    /// Everything that a summary is made from.
    pub usage: SessionUsage,
    /// Each sum, of all generations.
    pub fine: HashMap<FineKey, Sum>,
    /// How often it was reset: the last event before each, and when.
    pub resets: Vec<(i64, Timestamp)>,
    /// How many of the boundaries its events are sorted by.
    pub boundaries: u32,
    /// How many events were ever recorded in it.
    pub recorded: i64,
    /// When it was last changed.
    pub touched: Timestamp,
    /// Its first and last event.
    pub events: (Option<i64>, Option<i64>),
    /// The first and last time that an event of it is rated by.
    pub rated: (Option<Timestamp>, Option<Timestamp>),
}

/// An event with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the fields are those of a row of the ledger, under the same names"
)]
pub struct EventOnItsWay {
    pub n: i64,
    pub session: i64,
    pub series: i64,
    pub id: String,
    pub hash: i64,
    pub occurred: Timestamp,
    pub recorded: Timestamp,
    pub clock_ahead: bool,
    pub scene: u32,
    pub attempt: u32,
    pub values: Vec<i64>,
    pub replaces: Option<(i64, String)>,
    pub extra: Option<String>,
}

/// An id that counts as used for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOnItsWay {
    /// The number of its tenant.
    pub tenant: i64,
    /// The id.
    pub id: String,
    /// The event's number.
    pub n: i64,
    /// The fingerprint of its content.
    pub hash: i64,
}

/// A ledger that can be read whole. Nothing writes to it meanwhile.
pub trait Departure {
    /// What belongs to no session.
    ///
    /// # Errors
    /// The store cannot be read.
    fn common(&self) -> Result<Common, Error>;

    /// The numbers of all sessions.
    ///
    /// # Errors
    /// The store cannot be read.
    fn sessions(&self) -> Result<Vec<i64>, Error>;

    /// A session.
    ///
    /// # Errors
    /// The store cannot be read.
    fn session(&self, number: i64) -> Result<SessionOnItsWay, Error>;

    /// Events above a number, in their order.
    ///
    /// # Errors
    /// The store cannot be read.
    fn events(&self, after: i64, limit: usize) -> Result<Vec<EventOnItsWay>, Error>;

    /// The ids of events above a number, in their order; more than there are events, where some were moved out into files.
    ///
    /// # Errors
    /// The store cannot be read.
    fn keys(&self, after: i64, limit: usize) -> Result<Vec<KeyOnItsWay>, Error>;
}

/// The prices that a ledger departs with: a table for the book and files that the other store is opened with.
#[must_use]
pub fn prices(common: &Common, table: &RateTable) -> crate::domain::tenant_prices::TenantPrices {
    crate::domain::tenant_prices::TenantPrices::new(
        table,
        common.price_revision,
        common.overrides.iter().cloned(),
    )
}
