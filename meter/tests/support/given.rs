//! What a test is given: prices, sessions and backlogs.

use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_meter::application::ports::ReportedBacklog;
use reelmeter_meter::domain::session::NewSession;
use reelmeter_rating::rate::Source;
use reelmeter_rating::{PriceBook, Rate, RateSpec, RateTable};

use super::money;

/// A rate for a model of gemini, of a million tokens.
pub fn rate(model: &str, metric: &str, amount: &str, start: Option<Timestamp>) -> Rate {
    let spec = RateSpec {
        start,
        ..RateSpec::new(
            "gemini",
            Some(model),
            metric,
            money(amount),
            1_000_000,
            Source::named("a test"),
        )
    };
    Rate::new(spec).unwrap()
}

/// The table that stores are opened with where a test does not care.
pub fn documented() -> RateTable {
    RateTable::of_book(PriceBook::documented().unwrap())
}

pub fn new_session(session_id: &str) -> NewSession {
    NewSession {
        session_id: Arc::from(session_id),
        title: String::new(),
        labels: std::collections::BTreeMap::new(),
        simulated: false,
        budget: None,
    }
}

pub fn backlog(session_id: &str, pending: i64) -> ReportedBacklog {
    ReportedBacklog {
        session_id: Arc::from(session_id),
        pending,
        refused: 0,
        unconfirmed: 0,
    }
}
