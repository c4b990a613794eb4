//! What only the ledger can tell is wrong with an event.

use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::Boundaries;

use super::ledger::Held;
use super::row::EventRow;
use crate::domain::event::Event;
use crate::domain::problem::Problem;
use crate::domain::soundness;
use crate::domain::summary::Prices;
use crate::domain::usage::SessionUsage;

/// A quantity that costs more than can be written down exactly.
pub(super) fn too_dear(
    session: Option<&Held>,
    usage: Option<&SessionUsage>,
    event: &Event,
    current: &Prices,
    sorted_by: &Arc<Boundaries>,
    now: Timestamp,
) -> Option<Problem> {
    let ended = usage.and_then(|usage| usage.session.ended.as_ref());
    let prices = ended.map_or(current, |ended| &ended.prices);
    let boundaries = session.map_or(sorted_by, |session| &session.boundaries);
    soundness::too_dear(event, prices, boundaries, now)
}

/// What only the session can tell is wrong with an event.
pub(super) fn unsound(
    session: Option<&Held>,
    event: &Event,
    replaced: Option<&EventRow>,
) -> Option<Problem> {
    session
        .and_then(|session| soundness::mixed(session.simulated, event))
        .or_else(|| {
            let known = session.map_or(0, |session| session.quantities);
            let replaced = replaced.map_or(&[][..], |replaced| &replaced.values);
            soundness::too_much(known, event, replaced)
        })
}
