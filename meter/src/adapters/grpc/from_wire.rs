//! Requests of the wire in the meter's own words. What breaks a rule is found here only where the words differ; the
//! rules themselves are the domain's.

use jiff::{SignedDuration, Timestamp};
use reelmeter_proto::meter::v1 as wire;
use reelmeter_rating::rate::Source;
use reelmeter_rating::{Basis, Money, Name, Outcome, Rate, RateSpec, Variant};

use crate::application::Error;
use crate::application::ports::EventFilter;
use crate::application::record_usage::SentBacklog;
use crate::domain::budget::Cap;
use crate::domain::event::{Sent, SentBilled, SentEvent, SentQuantity, SentTime};
use crate::domain::problem::Problem;
use crate::domain::quota::Quota;
use crate::domain::{text, validate};

/// The only currency of version 1.
pub(super) const CURRENCY: &str = "USD";
/// Where a rate comes from that names no source.
const RPC_SOURCE: &str = "set at run time";

pub(super) fn event(event: wire::UsageEvent) -> SentEvent {
    SentEvent {
        event_id: event.event_id,
        session_id: event.session_id,
        service: event.service,
        model: event.model,
        rate_model: event.rate_model,
        model_display_name: event.model_display_name,
        quantities: event.quantities.into_iter().map(quantity).collect(),
        occur_time: event.occur_time.map(sent_time),
        stage: event.stage,
        scene: event.scene,
        attempt: event.attempt,
        outcome: outcome(event.outcome),
        replaces_event_id: event.replaces_event_id,
        reservation_id: event.reservation_id,
        variant: variant(event.variant),
        labels: event.labels,
        simulated: event.simulated,
    }
}

pub(super) fn quantity(quantity: wire::Quantity) -> SentQuantity {
    SentQuantity {
        metric: quantity.metric,
        value: quantity.value,
        basis: basis(quantity.basis),
        provider_billed: quantity.provider_billed.map(|billed| SentBilled {
            value: billed.value,
            unit: billed.unit,
            expected_value: billed.expected_value,
        }),
    }
}

fn sent_time(time: prost_types::Timestamp) -> SentTime {
    SentTime {
        seconds: time.seconds,
        nanoseconds: time.nanos,
    }
}

pub(super) fn basis(number: i32) -> Sent<Basis> {
    use wire::QuantityBasis as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Sent::Unspecified,
        Ok(Wire::Reported) => Sent::Known(Basis::Reported),
        Ok(Wire::Counted) => Sent::Known(Basis::Counted),
        Ok(Wire::Estimated) => Sent::Known(Basis::Estimated),
        Err(_) => Sent::Unknown(number),
    }
}

pub(super) fn outcome(number: i32) -> Sent<Outcome> {
    use wire::CallOutcome as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Sent::Unspecified,
        Ok(Wire::Succeeded) => Sent::Known(Outcome::Succeeded),
        Ok(Wire::Failed) => Sent::Known(Outcome::Failed),
        Ok(Wire::Discarded) => Sent::Known(Outcome::Discarded),
        Ok(Wire::Unconfirmed) => Sent::Known(Outcome::Unconfirmed),
        Err(_) => Sent::Unknown(number),
    }
}

pub(super) fn variant(number: i32) -> Sent<Variant> {
    use wire::RateVariant as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Sent::Unspecified,
        Ok(Wire::Standard) => Sent::Known(Variant::Standard),
        Ok(Wire::Batch) => Sent::Known(Variant::Batch),
        Ok(Wire::Flex) => Sent::Known(Variant::Flex),
        Ok(Wire::Priority) => Sent::Known(Variant::Priority),
        Err(_) => Sent::Unknown(number),
    }
}

/// A time, where one was sent.
pub(super) fn time(
    field: &str,
    sent: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, Problem> {
    sent.map(|sent| validate::time(field, sent_time(sent)))
        .transpose()
}

/// A duration, where one was sent.
pub(super) fn duration(
    field: &str,
    sent: Option<prost_types::Duration>,
) -> Result<Option<SignedDuration>, Problem> {
    sent.map(|sent| {
        let sound = (-999_999_999..=999_999_999).contains(&sent.nanos)
            && (sent.seconds == 0 || sent.nanos == 0 || (sent.seconds < 0) == (sent.nanos < 0));
        if !sound {
            return Err(Problem::new(
                field,
                "is not a duration: seconds and nanos must have one sign",
            ));
        }
        Ok(SignedDuration::new(sent.seconds, sent.nanos))
    })
    .transpose()
}

pub(super) fn money(field: &str, money: Option<wire::Money>) -> Result<Money, Problem> {
    let Some(money) = money else {
        return Err(Problem::new(
            field,
            "must be there, for example currency_code USD and amount 0.30",
        ));
    };
    if money.currency_code != CURRENCY {
        return Err(Problem::new(
            format!("{field}.currency_code"),
            format!("must be {CURRENCY}, the only currency so far"),
        ));
    }
    validate::decimal(&format!("{field}.amount"), &money.amount)
}

pub(super) fn cap(field: &str, budget: Option<wire::Budget>) -> Result<Option<Cap>, Problem> {
    let Some(budget) = budget else {
        return Ok(None);
    };
    match budget.limit {
        Some(wire::budget::Limit::Money(amount)) => Ok(Some(Cap::Money(money(
            &format!("{field}.money"),
            Some(amount),
        )?))),
        Some(wire::budget::Limit::MetricAmount(amount)) => Ok(Some(Cap::Metric {
            service: Name::from(amount.service),
            metric: Name::from(amount.metric),
            value: amount.value,
        })),
        None => Err(Problem::new(
            field,
            "must hold money or a metric_amount; leave it out for none",
        )),
    }
}

pub(super) fn backlog(backlog: wire::SessionBacklog) -> SentBacklog {
    SentBacklog {
        session_id: backlog.session_id,
        pending: backlog.pending_event_count,
        refused: backlog.refused_event_count,
        unconfirmed: backlog.unconfirmed_call_count,
    }
}

pub(super) fn quota(quota: wire::Quota, now: Timestamp) -> Result<Quota, Problem> {
    Ok(Quota {
        service: quota.service,
        metric: quota.metric,
        used: quota.used_count,
        limit: quota.limit_count,
        renews: time("quota.renew_time", quota.renew_time)?,
        observed: time("quota.observe_time", quota.observe_time)?.unwrap_or(now),
        first_used: quota.used_count,
        tier: quota.tier,
    })
}

/// An override as a caller sets it.
pub(super) fn rate(field: &str, rate: wire::Rate) -> Result<Rate, Problem> {
    let within = |name: &str| format!("{field}.{name}");
    text::name(&within("service"), &rate.service)?;
    text::optional_name(&within("model"), &rate.model)?;
    text::name(&within("metric"), &rate.metric)?;
    text::title(&within("source"), &rate.source)?;
    let unit_size = u64::try_from(rate.unit_size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| {
            Problem::new(
                within("unit_size"),
                "must be 1 or more, for example 1000000",
            )
        })?;
    let above = u64::try_from(rate.above_input_tokens).map_err(|_| {
        Problem::new(
            within("above_input_tokens"),
            "must not be negative; 0 is for every call",
        )
    })?;
    let date = match rate.source_date.as_str() {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| Problem::new(within("source_date"), "must be a day as YYYY-MM-DD"))?,
        ),
    };
    let title = if rate.source.is_empty() {
        RPC_SOURCE
    } else {
        &rate.source
    };
    let source = Source {
        date,
        ..Source::clone(&Source::named(title))
    };
    let spec = RateSpec {
        service: Name::from(rate.service),
        model: (!rate.model.is_empty()).then(|| Name::from(rate.model)),
        metric: Name::from(rate.metric),
        variant: validate::word(&within("variant"), variant(rate.variant), Variant::Standard)?,
        above_input_tokens: (above > 0).then_some(above),
        amount: money(&within("amount"), rate.amount)?,
        unit_size,
        start: time(&within("start_time"), rate.start_time)?,
        end: time(&within("end_time"), rate.end_time)?,
        source: std::sync::Arc::new(source),
        note: String::new(),
    };
    Rate::new(spec).map_err(|error| Problem::new(field, error.to_string()))
}

pub(super) fn event_filter(filter: Option<wire::EventFilter>) -> Result<EventFilter, Error> {
    let Some(filter) = filter else {
        return Ok(EventFilter::default());
    };
    let named = |field: &str, value: String| -> Result<Option<String>, Problem> {
        text::optional_name(&format!("filter.{field}"), &value)?;
        Ok((!value.is_empty()).then_some(value))
    };
    Ok(EventFilter {
        session_id: named("session_id", filter.session_id)?,
        service: named("service", filter.service)?,
        model: named("model", filter.model)?,
        stage: named("stage", filter.stage)?,
        outcome: match outcome(filter.outcome) {
            Sent::Unspecified => None,
            Sent::Known(outcome) => Some(outcome),
            Sent::Unknown(number) => return Err(validate::unknown("filter.outcome", number).into()),
        },
        occurred_min: time("filter.occur_time_min", filter.occur_time_min)?,
        occurred_max: time("filter.occur_time_max", filter.occur_time_max)?,
    })
}

/// How many to give: 0 is read as the default, more than the most as the most.
pub(super) fn page_size(sent: i32, default: usize, most: usize) -> Result<usize, Error> {
    match usize::try_from(sent) {
        Ok(0) => Ok(default),
        Ok(size) => Ok(size.min(most)),
        Err(_) => {
            Err(Problem::new("page_size", "must not be negative; 0 gives the default").into())
        }
    }
}
