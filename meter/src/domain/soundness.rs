//! What only its session can tell is wrong with an event.

use jiff::Timestamp;
use reelmeter_rating::Boundaries;
use reelmeter_rating::usage::rating_time;

use super::event::Event;
use super::limits::SESSION_QUANTITY_MAX;
use super::problem::Problem;
use super::summary::Prices;
use super::usage::ClassKey;

/// An id that was used before, by another event.
#[must_use]
pub fn conflict() -> Problem {
    Problem::new(
        "event_id",
        "another event of this id was recorded before and stays; correct it by an event of its own id with replaces_event_id",
    )
}

/// A quantity that costs more than can be written down exactly, by the prices of its session. Later prices may still make
/// it so: then it is shown as unpriced, and says why.
#[must_use]
pub fn too_dear(
    event: &Event,
    prices: &Prices,
    boundaries: &Boundaries,
    now: Timestamp,
) -> Option<Problem> {
    if prices.is_safe(&event.values) {
        return None;
    }
    let (rated, clock_ahead) = rating_time(event.occurred.unwrap_or(now), now);
    let key = ClassKey::of(
        0,
        &event.shared.series,
        &event.values,
        rated,
        clock_ahead,
        boundaries,
    )
    .ok()?;
    let (position, reason) = prices.beyond(&key, &event.shared.series, &event.values, now)?;
    Some(Problem::new(
        format!("quantities[{position}].value"),
        reason,
    ))
}

/// An event whose calls are simulated where its session's are real, or the other way round.
#[must_use]
pub fn mixed(session_simulated: bool, event: &Event) -> Option<Problem> {
    if session_simulated == event.shared.simulated {
        return None;
    }
    let (is, event_is) = if session_simulated {
        ("simulated", "real")
    } else {
        ("real", "simulated")
    };
    Some(Problem::new(
        "simulated",
        format!(
            "the session's calls are {is} and this one is {event_is}; record it in a session of its own"
        ),
    ))
}

/// An event with which its session's quantities, all together and without those that it replaces, were more than can be
/// counted.
#[must_use]
pub fn too_much(known: i128, event: &Event, replaced: &[i64]) -> Option<Problem> {
    let sum = |values: &[i64]| values.iter().map(|value| i128::from(*value)).sum::<i128>();
    let total = known + sum(&event.values) - sum(replaced);
    (total > i128::from(SESSION_QUANTITY_MAX)).then(|| {
        Problem::new(
            "quantities",
            format!(
                "with this event the session's quantities add up to {total}; at most {SESSION_QUANTITY_MAX} can be counted"
            ),
        )
    })
}
