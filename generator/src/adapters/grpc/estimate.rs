//! Estimates in the contract's words, by the prices in force.

use jiff::Timestamp;
use reelmeter_proto::generator::v1 as wire;
use reelmeter_proto::meter::v1 as meter;
use reelmeter_rating::RateTable;

use crate::adapters::meter::planned;
use crate::application::Sizing;
use crate::domain::estimate::PlannedCall;
use crate::domain::usage::Metric;

pub(super) fn estimate(
    sizing: &Sizing,
    table: &RateTable,
    now: Timestamp,
) -> Result<wire::Estimate, String> {
    Ok(wire::Estimate {
        likely: Some(case(&sizing.likely, table, now)?),
        lowest: Some(case(&sizing.lowest, table, now)?),
        highest: Some(case(&sizing.highest, table, now)?),
        price_book: Some(planned::reference(table, now)),
        basis: sizing.basis.clone(),
        simulated: sizing.simulated,
    })
}

fn case(
    calls: &[PlannedCall],
    table: &RateTable,
    now: Timestamp,
) -> Result<wire::EstimateCase, String> {
    let sum = |wanted: &dyn Fn(Metric) -> bool| {
        let of_call = |call: &PlannedCall| {
            let quantities = call.usage.quantities.iter();
            let one: u64 = quantities
                .filter(|it| wanted(it.metric))
                .map(|it| it.value)
                .sum();
            one.saturating_mul(u64::from(call.times))
        };
        i64::try_from(calls.iter().map(of_call).sum::<u64>()).unwrap_or(i64::MAX)
    };
    let lines: Vec<meter::CostLine> = planned::lines(calls, table, now)?;
    Ok(wire::EstimateCase {
        input_token_count: sum(&Metric::is_input_tokens),
        output_token_count: sum(&Metric::is_output_tokens),
        character_count: sum(&|metric| metric == Metric::Characters),
        image_count: sum(&|metric| metric == Metric::Images),
        call_count: calls.iter().map(|call| i64::from(call.times)).sum(),
        cost: Some(planned::total(calls, table, now)?),
        lines,
    })
}
