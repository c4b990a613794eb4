//! The meter's answers in the words of the wire.

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as wire;
use reelmeter_rating::{Money, Rate, RateTable};

use super::from_wire::CURRENCY;
use super::words::{basis, billing, layer, outcome, pricing_state, variant};
use crate::application::ports::{LedgerEvent, MovedOut};
use crate::domain::budget::{BudgetStatus, Cap, ReservationState, ReservationStatus};
use crate::domain::quota::Quota;
use crate::domain::summary::{
    BookReference, Entry, Line, MetricEntry, Prices, Summary, Tokens, build,
};
use crate::domain::usage::{BilledSum, SessionUsage};

pub(super) fn time(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
    .normalised()
}

/// The wire counts nanoseconds upwards from the second, also before 1970.
trait Normalised {
    fn normalised(self) -> Self;
}

impl Normalised for prost_types::Timestamp {
    fn normalised(mut self) -> Self {
        if self.nanos < 0 {
            self.seconds -= 1;
            self.nanos += 1_000_000_000;
        }
        self
    }
}

pub(super) fn money(money: Money) -> wire::Money {
    wire::Money {
        currency_code: CURRENCY.to_owned(),
        amount: money.to_string(),
    }
}

/// A sum as the wire has it. The ledger lets in no more than fits; what does not fit all the same stays at the limit.
pub(super) fn count(count: i128) -> i64 {
    i64::try_from(count).unwrap_or(if count < 0 { i64::MIN } else { i64::MAX })
}

fn small(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn session(usage: &SessionUsage) -> wire::Session {
    let session = &usage.session;
    let state = if session.ended.is_some() {
        wire::SessionState::Ended
    } else {
        wire::SessionState::Active
    };
    wire::Session {
        session_id: session.session_id.to_string(),
        title: session.title.to_string(),
        labels: (*session.labels).clone(),
        simulated: session.simulated,
        state: state.into(),
        start_time: Some(time(session.started)),
        end_time: session.ended.as_ref().map(|ended| time(ended.at)),
        revision: usage.revision,
    }
}

/// A session's summary as it is now.
pub(super) fn summary(usage: &SessionUsage, prices: &Prices, now: Timestamp) -> wire::Summary {
    let Summary {
        total,
        services,
        models,
        stages,
        unpriced,
        budget,
        reservations: _,
        book,
        price_revision,
        tokens: all_tokens,
        events,
        unconfirmed_events,
        estimated_cost,
        failed_cost,
        failed_events,
        rated: _,
    } = build(usage, prices, now);
    let book_name = book.name.clone();
    let unconfirmed = usage.recorders.values().map(|backlog| backlog.unconfirmed);
    wire::Summary {
        session: Some(session(usage)),
        total_cost: Some(money(total)),
        by_service: services
            .into_iter()
            .map(|service| wire::ServiceSummary {
                service: service.service.to_string(),
                billing_mode: billing(service.billing).into(),
                cost: service.entry.cost.map(money),
                metrics: metrics(&service.entry, &book_name),
                tokens: Some(tokens(service.entry.tokens)),
                event_count: service.entry.events,
            })
            .collect(),
        by_model: models
            .into_iter()
            .map(|model| wire::ModelSummary {
                service: model.service.to_string(),
                model: model.model.to_string(),
                display_name: model.display_name.to_string(),
                cost: model.entry.cost.map(money),
                metrics: metrics(&model.entry, &book_name),
                tokens: Some(tokens(model.entry.tokens)),
                event_count: model.entry.events,
            })
            .collect(),
        by_stage: stages
            .into_iter()
            .map(|stage| wire::StageSummary {
                stage: stage.stage.to_string(),
                cost: stage.entry.cost.map(money),
                event_count: stage.entry.events,
                metrics: metrics(&stage.entry, &book_name),
            })
            .collect(),
        unpriced: unpriced
            .into_iter()
            .map(|unpriced| wire::UnpricedQuantity {
                service: unpriced.service.to_string(),
                rate_model: unpriced.rate_model.to_string(),
                metric: unpriced.metric.to_string(),
                quantity: count(unpriced.quantity),
                reason: unpriced.reason,
            })
            .collect(),
        quotas: usage.quotas.iter().map(quota).collect(),
        budget: budget.as_ref().map(budget_status),
        price_book: Some(book_reference(&book)),
        event_count: events,
        revision: usage.revision,
        price_revision,
        last_event_time: usage.last_event.map(time),
        reset_time: usage.reset.map(time),
        pending_event_count: usage.pending(),
        refused_event_count: usage
            .recorders
            .values()
            .fold(0, |sum, backlog| sum.saturating_add(backlog.refused)),
        unconfirmed_call_count: unconfirmed.fold(unconfirmed_events, i64::saturating_add),
        simulated: usage.session.simulated,
        ended: usage.session.ended.is_some(),
        settled: usage.is_settled(),
        recorders: usage
            .recorders
            .iter()
            .map(|(id, backlog)| wire::RecorderStatus {
                recorder_id: id.to_string(),
                pending_event_count: backlog.pending,
                refused_event_count: backlog.refused,
                unconfirmed_call_count: backlog.unconfirmed,
                last_report_time: Some(time(backlog.reported)),
                silent: backlog.is_silent(now),
            })
            .collect(),
        tokens: Some(tokens(all_tokens)),
        estimated_cost: Some(money(estimated_cost)),
        failed_cost: Some(money(failed_cost)),
        failed_call_count: failed_events,
    }
}

/// A session with its headline figures.
pub(super) fn overview(
    usage: &SessionUsage,
    prices: &Prices,
    now: Timestamp,
) -> wire::SessionOverview {
    let summary = build(usage, prices, now);
    wire::SessionOverview {
        session: Some(session(usage)),
        total_cost: Some(money(summary.total)),
        unpriced_metric_count: small(summary.unpriced.len()),
        event_count: summary.events,
        last_event_time: usage.last_event.map(time),
    }
}

pub(super) fn metrics(entry: &Entry, book: &str) -> Vec<wire::MetricSummary> {
    let metric = |metric: &MetricEntry| wire::MetricSummary {
        metric: metric.metric.to_string(),
        quantity: count(metric.quantity),
        state: pricing_state(metric.state).into(),
        cost: metric.cost.map(money),
        estimated_quantity: count(metric.estimated_quantity),
        lines: metric
            .lines
            .iter()
            .map(|line| cost_line(line, book))
            .collect(),
    };
    entry.metrics.iter().map(metric).collect()
}

pub(super) fn cost_line(line: &Line, book: &str) -> wire::CostLine {
    let class = &line.line.class;
    let applied = line.line.applied();
    wire::CostLine {
        service: class.service.to_string(),
        model: class.model.to_string(),
        rate_model: class.priced_as().to_string(),
        metric: class.metric.to_string(),
        quantity: count(line.line.quantity),
        basis: basis(class.basis).into(),
        state: pricing_state(line.line.state()).into(),
        cost: line.line.cost.map(money),
        rate: applied.map(|applied| rate(&applied.rate, layer(applied.layer))),
        rated_as: applied
            .and_then(|applied| applied.rated_as.as_ref())
            .map(ToString::to_string)
            .unwrap_or_default(),
        service_default: applied.is_some_and(|applied| applied.service_default.is_some()),
        price_book: book.to_owned(),
        variant: variant(class.variant).into(),
        model_retired: line.line.resolution.marks.retired_on.is_some(),
        clock_ahead: class.clock,
        provider_billed: line.billed.iter().map(billed).collect(),
        provider_billed_differs: line.billed.iter().any(|billed| billed.events_differing > 0),
    }
}

fn billed(billed: &BilledSum) -> wire::ProviderBilled {
    wire::ProviderBilled {
        value: billed.value.to_string(),
        unit: billed.unit.to_string(),
        // Only where it is known of every event: a sum of some would look like a difference.
        expected_value: if billed.events_expected == billed.events {
            billed.expected.to_string()
        } else {
            String::new()
        },
    }
}

/// A rate with the layer that it comes from.
pub(super) fn rate(rate: &Rate, origin: wire::RateOrigin) -> wire::Rate {
    let source = match (rate.source.title.as_str(), rate.source.url.as_str()) {
        (title, "") => title.to_owned(),
        ("", url) => url.to_owned(),
        (title, url) => format!("{title}, {url}"),
    };
    wire::Rate {
        service: rate.service.to_string(),
        model: rate.model.as_deref().unwrap_or_default().to_owned(),
        metric: rate.metric.to_string(),
        amount: Some(money(rate.amount)),
        unit_size: i64::try_from(rate.unit_size).unwrap_or(i64::MAX),
        variant: variant(rate.variant).into(),
        above_input_tokens: rate
            .above_input_tokens
            .and_then(|above| i64::try_from(above).ok())
            .unwrap_or(0),
        start_time: rate.start.map(time),
        end_time: rate.end.map(time),
        source,
        source_date: rate
            .source
            .date
            .map(|date| date.to_string())
            .unwrap_or_default(),
        origin: origin.into(),
    }
}

/// A table as a price book with its overrides; `as_of` leaves out what does not apply then.
pub(super) fn price_book(
    table: &RateTable,
    revision: i64,
    as_of: Option<Timestamp>,
) -> wire::PriceBook {
    let spec = table.book().spec();
    wire::PriceBook {
        name: spec.name.clone(),
        as_of_date: spec.as_of.to_string(),
        description: spec.title.clone(),
        rates: table
            .rates()
            .filter(|(_, rate)| as_of.is_none_or(|instant| rate.is_in_force(instant)))
            .map(|(from, one)| rate(one, layer(from)))
            .collect(),
        services: spec
            .services
            .iter()
            .map(|(service, known)| wire::ServicePricing {
                service: service.to_string(),
                billing_mode: billing(Some(known.billing)).into(),
                default_model: known
                    .default_model
                    .as_deref()
                    .unwrap_or_default()
                    .to_owned(),
            })
            .collect(),
        models: spec
            .models
            .iter()
            .map(|model| wire::ModelPricing {
                service: model.service.to_string(),
                model: model.model.to_string(),
                shutdown_time: model
                    .shut_down
                    .and_then(|day| jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok())
                    .map(time),
            })
            .collect(),
        price_revision: revision,
    }
}

pub(super) fn book_reference(book: &BookReference) -> wire::PriceBookReference {
    wire::PriceBookReference {
        name: book.name.clone(),
        as_of_date: book.as_of.to_string(),
        age_days: book.age_days,
        stale: book.stale,
        override_count: small(book.overrides),
        frozen: book.frozen,
    }
}

fn quota(quota: &Quota) -> wire::Quota {
    wire::Quota {
        service: quota.service.clone(),
        metric: quota.metric.clone(),
        used_count: quota.used,
        limit_count: quota.limit,
        renew_time: quota.renews.map(time),
        observe_time: Some(time(quota.observed)),
        first_used_count: quota.first_used,
        tier: quota.tier.clone(),
    }
}

pub(super) fn cap(cap: &Cap) -> wire::Budget {
    let limit = match cap {
        Cap::Money(amount) => wire::budget::Limit::Money(money(*amount)),
        Cap::Metric {
            service,
            metric,
            value,
        } => wire::budget::Limit::MetricAmount(wire::MetricAmount {
            service: service.to_string(),
            metric: metric.to_string(),
            value: *value,
        }),
    };
    wire::Budget { limit: Some(limit) }
}

pub(super) fn budget_status(status: &BudgetStatus) -> wire::BudgetStatus {
    wire::BudgetStatus {
        budget: Some(cap(&status.cap)),
        spent: Some(cap(&status.spent)),
        reserved: Some(cap(&status.reserved)),
        remaining: Some(cap(&status.remaining)),
        exceeded: status.exceeded,
    }
}

pub(super) fn reservation(
    session_id: &str,
    status: &ReservationStatus,
    now: Timestamp,
) -> wire::Reservation {
    let state = match status.reservation.state(now) {
        ReservationState::Open => wire::ReservationState::Open,
        ReservationState::Expired => wire::ReservationState::Expired,
        ReservationState::Released => wire::ReservationState::Released,
    };
    wire::Reservation {
        reservation_id: status.reservation.reservation_id.to_string(),
        session_id: session_id.to_owned(),
        amount: Some(cap(&status.reservation.amount)),
        drawn: Some(cap(&status.drawn)),
        expire_time: Some(time(status.reservation.expires)),
        state: state.into(),
    }
}

fn tokens(tokens: Tokens) -> wire::TokenTotals {
    wire::TokenTotals {
        input_token_count: count(tokens.input),
        output_token_count: count(tokens.output),
        total_token_count: count(tokens.input + tokens.output),
    }
}

/// Events that were moved out into files; `None` if there are none.
pub(super) fn moved_out(moved: MovedOut) -> Option<wire::MovedOutEvents> {
    (moved.events > 0).then(|| wire::MovedOutEvents {
        event_count: moved.events,
        last_record_time: moved.last_recorded.map(time),
    })
}

pub(super) fn ledger_event(found: LedgerEvent) -> wire::RecordedEvent {
    let LedgerEvent {
        sequence,
        event,
        recorded,
        replaced,
        before_reset,
        clock_ahead,
    } = found;
    let series = &event.shared.series;
    let quantity = |(position, value): (usize, i64)| {
        let (metric, basis_of) = series.metrics.get(position)?;
        Some(wire::Quantity {
            metric: metric.to_string(),
            value,
            basis: basis(*basis_of).into(),
            provider_billed: event
                .billed
                .iter()
                .find(|billed| billed.position == position)
                .map(|billed| wire::ProviderBilled {
                    value: billed.value.to_string(),
                    unit: billed.unit.to_string(),
                    expected_value: billed
                        .expected
                        .map(|expected| expected.to_string())
                        .unwrap_or_default(),
                }),
        })
    };
    let sent = wire::UsageEvent {
        event_id: event.event_id.to_text(),
        session_id: event.shared.session_id.to_string(),
        service: series.service.to_string(),
        model: series.model.to_string(),
        rate_model: series
            .rate_model
            .as_ref()
            .unwrap_or(&series.model)
            .to_string(),
        model_display_name: series.model_display_name.to_string(),
        quantities: event
            .values
            .iter()
            .copied()
            .enumerate()
            .filter_map(quantity)
            .collect(),
        occur_time: Some(time(event.occurred.unwrap_or(recorded))),
        stage: series.stage.to_string(),
        scene: i32::try_from(event.scene).unwrap_or(i32::MAX),
        attempt: i32::try_from(event.attempt).unwrap_or(i32::MAX),
        outcome: outcome(series.outcome).into(),
        replaces_event_id: event.replaces.clone().unwrap_or_default(),
        reservation_id: series.reservation_id.to_string(),
        variant: variant(series.variant).into(),
        labels: event.labels.clone(),
        simulated: event.shared.simulated,
    };
    wire::RecordedEvent {
        event: Some(sent),
        sequence_number: sequence,
        record_time: Some(time(recorded)),
        replaced,
        before_reset,
        clock_ahead,
    }
}
