//! What planned calls would cost, by the prices in force.

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as wire;
use reelmeter_rating::RateTable;
use reelmeter_recorder::prices;

use super::words;
use crate::domain::estimate::PlannedCall;

/// The prices, as they are named.
pub(crate) fn reference(table: &RateTable, now: Timestamp) -> wire::PriceBookReference {
    prices::reference(table, now)
}

/// One line for each quantity of each kind of call, all calls of the kind together.
pub(crate) fn lines(
    calls: &[PlannedCall],
    table: &RateTable,
    now: Timestamp,
) -> Result<Vec<wire::CostLine>, String> {
    let lines = prices::lines(&events(calls), table, now).map_err(|error| error.to_string())?;
    Ok(lines)
}

/// What everything with a price would cost.
pub(crate) fn total(
    calls: &[PlannedCall],
    table: &RateTable,
    now: Timestamp,
) -> Result<wire::Money, String> {
    prices::total(&events(calls), table, now)
}

/// The calls one by one: a context tier looks at a single call.
fn events(calls: &[PlannedCall]) -> Vec<wire::UsageEvent> {
    let of_call = |call: &PlannedCall| {
        let event = wire::UsageEvent {
            service: call.provider.as_str().to_owned(),
            model: call.model.clone(),
            rate_model: call.rate_model.clone(),
            quantities: words::quantities(&call.usage),
            ..wire::UsageEvent::default()
        };
        std::iter::repeat_n(event, usize::try_from(call.times).unwrap_or_default())
    };
    calls.iter().flat_map(of_call).collect()
}
