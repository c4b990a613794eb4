//! What only the ledger can tell is wrong with an event.

use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::Boundaries;
use reelmeter_rating::usage::rating_time;

use super::ledger::Held;
use super::row::EventRow;
use crate::domain::event::Event;
use crate::domain::limits::SESSION_QUANTITY_MAX;
use crate::domain::problem::Problem;
use crate::domain::summary::Prices;
use crate::domain::usage::ClassKey;

/// A quantity that costs more than can be written down exactly. Later prices may still make it so: then it is shown as
/// unpriced, and says why.
pub(super) fn too_dear(
    session: Option<&Held>,
    event: &Event,
    current: &Prices,
    sorted_by: &Arc<Boundaries>,
    now: Timestamp,
) -> Option<Problem> {
    let usage = session
        .and_then(|session| session.live.as_ref())
        .map(|live| live.usage());
    let ended = usage
        .as_ref()
        .and_then(|usage| usage.session.ended.as_ref());
    let prices = ended.map_or(current, |ended| &ended.prices);
    if prices.is_safe(&event.values) {
        return None;
    }
    let (rated, clock_ahead) = rating_time(event.occurred.unwrap_or(now), now);
    let boundaries = session.map_or(sorted_by, |session| &session.boundaries);
    let key = ClassKey::of(
        0,
        &event.series,
        &event.values,
        rated,
        clock_ahead,
        boundaries,
    )
    .ok()?;
    let (position, reason) = prices.beyond(&key, &event.series, &event.values, now)?;
    Some(Problem::new(
        format!("quantities[{position}].value"),
        reason,
    ))
}

/// What only the session can tell is wrong with an event.
pub(super) fn unsound(
    session: Option<&Held>,
    event: &Event,
    replaced: Option<&EventRow>,
) -> Option<Problem> {
    if let Some(session) = session
        && session.simulated != event.simulated
    {
        let (is, event_is) = if session.simulated {
            ("simulated", "real")
        } else {
            ("real", "simulated")
        };
        return Some(Problem::new(
            "simulated",
            format!(
                "the session's calls are {is} and this one is {event_is}; record it in a session of its own"
            ),
        ));
    }
    let sum = |values: &[i64]| values.iter().map(|value| i128::from(*value)).sum::<i128>();
    let known = session.map_or(0, |session| session.quantities);
    let total = known + sum(&event.values) - replaced.map_or(0, |replaced| sum(&replaced.values));
    if total > i128::from(SESSION_QUANTITY_MAX) {
        return Some(Problem::new(
            "quantities",
            format!(
                "with this event the session's quantities add up to {total}; at most {SESSION_QUANTITY_MAX} can be counted"
            ),
        ));
    }
    None
}
