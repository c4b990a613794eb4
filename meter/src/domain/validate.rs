//! Which events are let in. Each rule is one line of the contract's comments, and one row of the test below it.

use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::{Name, Outcome, Variant};

use super::decimal::Decimal;
use super::event::{
    Billed, Event, Sent, SentBilled, SentEvent, SentQuantity, SentTime, Shared, Values,
};
use super::event_id::EventId;
use super::limits::{DECIMAL_BYTES_MAX, QUANTITIES_MAX, UNIT_BYTES_MAX};
use super::problem::Problem;
use super::series::Series;
use super::text;

/// The first second that a timestamp of the contract can name, 0001-01-01T00:00:00Z.
const SECONDS_MIN: i64 = -62_135_596_800;
/// The last one, 9999-12-31T23:59:59Z.
const SECONDS_MAX: i64 = 253_402_300_799;
const NANOSECONDS_PER_SECOND: i32 = 1_000_000_000;
const NANOSECONDS_PER_MICROSECOND: i32 = 1_000;

/// Checks an event and fills in what it left out.
///
/// # Errors
/// The first rule that it breaks.
pub fn event(sent: SentEvent) -> Result<Event, Problem> {
    text::name("event_id", &sent.event_id)?;
    text::name("session_id", &sent.session_id)?;
    text::name("service", &sent.service)?;
    text::name("model", &sent.model)?;
    text::optional_name("rate_model", &sent.rate_model)?;
    text::optional_name("model_display_name", &sent.model_display_name)?;
    text::optional_name("stage", &sent.stage)?;
    text::optional_name("replaces_event_id", &sent.replaces_event_id)?;
    text::optional_name("reservation_id", &sent.reservation_id)?;
    if sent.replaces_event_id == sent.event_id {
        return Err(Problem::new(
            "replaces_event_id",
            "names the event itself; give the correction an id of its own",
        ));
    }
    if sent.quantities.len() > QUANTITIES_MAX {
        let reason = format!(
            "has {} entries; at most {QUANTITIES_MAX} are kept",
            sent.quantities.len()
        );
        return Err(Problem::new("quantities", reason));
    }
    let content_hash = super::content_hash::of(&sent);
    let mut metrics = Vec::with_capacity(sent.quantities.len());
    let mut values = Values::with_capacity(sent.quantities.len());
    let mut billed = Vec::new();
    for (position, quantity) in sent.quantities.iter().enumerate() {
        let within = |problem: Problem| problem.within(&format!("quantities[{position}]"));
        let basis = check_quantity(quantity).map_err(within)?;
        if metrics
            .iter()
            .any(|(metric, _): &(Name, _)| *metric == *quantity.metric)
        {
            return Err(within(Problem::new(
                "metric",
                "stands twice in the event; add the values up",
            )));
        }
        metrics.push((Name::from(quantity.metric.as_str()), basis));
        values.push(quantity.value);
        if let Some(figure) = &quantity.provider_billed {
            billed.push(
                check_billed(position, figure)
                    .map_err(|problem| within(problem.within("provider_billed")))?,
            );
        }
    }
    let occurred = sent
        .occur_time
        .map(|sent| time("occur_time", sent))
        .transpose()?;
    let scene = u32::try_from(sent.scene)
        .map_err(|_| Problem::new("scene", "must not be negative; 0 is the whole"))?;
    let attempt = u32::try_from(sent.attempt).map_err(|_| {
        Problem::new(
            "attempt",
            "must not be negative; attempts are counted from 1",
        )
    })?;
    let outcome = word("outcome", sent.outcome, Outcome::Succeeded)?;
    let variant = word("variant", sent.variant, Variant::Standard)?;
    text::labels("labels", &sent.labels)?;
    let differs = !sent.rate_model.is_empty() && sent.rate_model != sent.model;
    let series = Series {
        service: Name::from(sent.service),
        model: Name::from(sent.model),
        rate_model: differs.then(|| Name::from(sent.rate_model)),
        model_display_name: Name::from(sent.model_display_name),
        stage: Name::from(sent.stage),
        outcome,
        variant,
        reservation_id: Name::from(sent.reservation_id),
        metrics,
    };
    Ok(Event {
        event_id: EventId::of(&sent.event_id),
        shared: Arc::new(Shared::new(
            Arc::from(sent.session_id),
            sent.simulated,
            Arc::new(series),
        )),
        values,
        billed,
        occurred,
        scene,
        attempt: attempt.max(1),
        replaces: (!sent.replaces_event_id.is_empty()).then_some(sent.replaces_event_id),
        labels: sent.labels,
        content_hash,
    })
}

/// Checks a quantity's name, value and basis; gives the basis.
///
/// # Errors
/// The rule that it breaks.
pub fn check_quantity(quantity: &SentQuantity) -> Result<reelmeter_rating::Basis, Problem> {
    text::name("metric", &quantity.metric)?;
    if quantity.value < 0 {
        return Err(Problem::new(
            "value",
            "must not be negative; correct an earlier event with replaces_event_id",
        ));
    }
    match quantity.basis {
        Sent::Known(basis) => Ok(basis),
        Sent::Unspecified => Err(Problem::new(
            "basis",
            "must be said: REPORTED, COUNTED or ESTIMATED",
        )),
        Sent::Unknown(number) => Err(unknown("basis", number)),
    }
}

fn check_billed(position: usize, sent: &SentBilled) -> Result<Billed, Problem> {
    let value = decimal("value", &sent.value)?;
    if sent.unit.is_empty() || sent.unit.len() > UNIT_BYTES_MAX {
        return Err(Problem::new(
            "unit",
            format!("must be 1 to {UNIT_BYTES_MAX} bytes long, for example credits"),
        ));
    }
    text::optional_name("unit", &sent.unit)?;
    let expected = match sent.expected_value.as_str() {
        "" => None,
        text => Some(decimal("expected_value", text)?),
    };
    Ok(Billed {
        position,
        value,
        unit: Name::from(sent.unit.as_str()),
        expected,
    })
}

/// Reads an exact decimal of a request that must not be negative.
///
/// # Errors
/// The rule that it breaks.
pub fn decimal(field: &str, text: &str) -> Result<Decimal, Problem> {
    if text.len() > DECIMAL_BYTES_MAX {
        return Err(Problem::new(
            field,
            format!(
                "is {} bytes long; at most {DECIMAL_BYTES_MAX} are read",
                text.len()
            ),
        ));
    }
    // The contract writes decimals without exponent; a program that sends one probably printed a float.
    if text.contains(['e', 'E']) {
        return Err(Problem::new(
            field,
            "has an exponent; write the decimal out, like 0.0000003",
        ));
    }
    let value: Decimal = text
        .parse()
        .map_err(|error| Problem::new(field, format!("{error}")))?;
    if value.is_negative() {
        return Err(Problem::new(field, "must not be negative"));
    }
    Ok(value)
}

/// Reads a time of the wire, to the microsecond: what lies below is cut off.
///
/// # Errors
/// It is not a time between the years 1 and 9999.
pub fn time(field: &str, sent: SentTime) -> Result<Timestamp, Problem> {
    let within = (SECONDS_MIN..=SECONDS_MAX).contains(&sent.seconds)
        && (0..NANOSECONDS_PER_SECOND).contains(&sent.nanoseconds);
    // What is no time is not computed with: overflow checks are on in release builds too.
    within
        .then(|| sent.nanoseconds - sent.nanoseconds % NANOSECONDS_PER_MICROSECOND)
        .and_then(|whole_microseconds| Timestamp::new(sent.seconds, whole_microseconds).ok())
        .ok_or_else(|| Problem::new(field, "is not a time between the years 1 and 9999"))
}

/// Reads a word of a closed list.
///
/// # Errors
/// This meter does not know it.
pub fn word<T>(field: &str, sent: Sent<T>, default: T) -> Result<T, Problem> {
    match sent {
        Sent::Known(word) => Ok(word),
        Sent::Unspecified => Ok(default),
        Sent::Unknown(number) => Err(unknown(field, number)),
    }
}

/// The problem of a word that this meter does not know.
#[must_use]
pub fn unknown(field: &str, number: i32) -> Problem {
    Problem::new(
        field,
        format!("the value {number} is not known to this meter; use one of the contract's"),
    )
}

#[cfg(test)]
mod tests;
