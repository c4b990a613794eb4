//! JSON for programs. Amounts are exact decimal strings, times RFC 3339, counts whole numbers; keys stay what they are
//! within a `schema_version`, and new ones may come.

use jiff::Timestamp;
use reelmeter_rating::Money;
use serde::Serialize;
use serde_json::{Value, json};

use crate::facts::{
    Budget, CostLine, CostSource, EstimateCase, Limit, MetricTotal, PriceBook, PriceBookName, Rate,
    SessionRow, Summary, Tokens, Video, Voice,
};
use crate::printable::Text;

/// Raised when a key changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// The report.
#[must_use]
pub fn render(report: &Summary, video: Option<&Video>) -> String {
    pretty(&summary(report, video))
}

/// The value as indented text, in which nothing can command a terminal or hide.
#[must_use]
pub fn pretty(value: &Value) -> String {
    // A JSON value that cannot be written is one with keys that are no strings; ours are.
    let mut text = escape_invisible(&serde_json::to_string_pretty(value).unwrap_or_default());
    text.push('\n');
    text
}

/// JSON with every character that is not plainly visible written as its number. Such characters can stand inside strings
/// only, so that the value stays the same.
#[must_use]
pub fn escape_invisible(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        let visible = c.is_ascii() && c != '\u{7f}' || crate::printable::is_visible(c);
        if visible {
            escaped.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

/// A summary.
#[must_use]
pub fn summary(summary: &Summary, of: Option<&Video>) -> Value {
    let mut value = json!({
        "schema_version": SCHEMA_VERSION,
        "session": session(summary),
        "currency_code": "USD",
        "total_cost": money(summary.total_cost),
        "headline": crate::figure::headline(summary),
        "simulated": summary.simulated || summary.session.simulated,
        "ended": summary.ended,
        "settled": summary.settled,
        "revision": summary.revision,
        "price_revision": summary.price_revision,
        "event_count": summary.event_count,
        "pending_event_count": summary.pending,
        "refused_event_count": summary.refused,
        "unconfirmed_call_count": summary.unconfirmed,
        "failed_call_count": summary.failed_calls,
        "failed_cost": money(summary.failed_cost),
        "estimated_cost": money(summary.estimated_cost),
        "last_event_time": time(summary.last_event_time),
        "reset_time": time(summary.reset_time),
        "tokens": tokens(&summary.tokens),
        "by_service": summary.services.iter().map(|part| json!({
            "service": raw(&part.service),
            "billing": part.billing.words(),
            "cost": part.cost.map(money),
            "event_count": part.event_count,
            "tokens": tokens(&part.tokens),
            "metrics": part.metrics.iter().map(metric).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "by_model": summary.models.iter().map(|part| json!({
            "service": raw(&part.service),
            "model": raw(&part.model),
            "display_name": raw(&part.display_name),
            "cost": part.cost.map(money),
            "event_count": part.event_count,
            "tokens": tokens(&part.tokens),
            "metrics": part.metrics.iter().map(metric).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "by_stage": summary.stages.iter().map(|part| json!({
            "stage": raw(&part.stage),
            "cost": part.cost.map(money),
            "event_count": part.event_count,
            "metrics": part.metrics.iter().map(metric).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "unpriced": summary.unpriced.iter().map(|part| json!({
            "service": raw(&part.service),
            "rate_model": raw(&part.rate_model),
            "metric": raw(&part.metric),
            "quantity": part.quantity,
            "reason": raw(&part.reason),
        })).collect::<Vec<_>>(),
        "quotas": summary.quotas.iter().map(|quota| json!({
            "service": raw(&quota.service),
            "metric": raw(&quota.metric),
            "used_count": quota.used,
            "limit_count": quota.limit,
            "left_count": quota.left(),
            "first_used_count": quota.first_used,
            "renew_time": time(quota.renew_time),
            "observe_time": time(quota.observe_time),
            "tier": raw(&quota.tier),
        })).collect::<Vec<_>>(),
        "budget": summary.budget.as_ref().map(budget),
        "price_book": summary.price_book.as_ref().map(price_book_name),
        "recorders": summary.recorders.iter().map(|recorder| json!({
            "recorder_id": raw(&recorder.id),
            "pending_event_count": recorder.pending,
            "refused_event_count": recorder.refused,
            "unconfirmed_call_count": recorder.unconfirmed,
            "last_report_time": time(recorder.last_report_time),
            "silent": recorder.silent,
        })).collect::<Vec<_>>(),
    });
    if let (Some(of), Value::Object(object)) = (of, &mut value) {
        object.insert("video".to_owned(), video(of));
    }
    value
}

/// A video, without its figures.
#[must_use]
pub fn video(video: &Video) -> Value {
    json!({
        "video_id": raw(&video.id),
        "session_id": raw(&video.session_id),
        "prompt": raw(&video.prompt),
        "title": raw(&video.title),
        "pipeline": video.pipeline.word(),
        "state": video.state.word(),
        "simulated": video.simulated,
        "file_path": raw(&video.file_path),
        "subtitles_path": raw(&video.subtitles_path),
        "duration_ms": video.duration_ms,
        "size_bytes": video.size_bytes,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "voice_name": raw(&video.voice_name),
        "call_count": video.call_count,
        "retry_call_count": video.retry_calls,
        "retry_cost": money(video.retry_cost),
        "pending_event_count": video.pending,
        "cost_state": match video.cost_source {
            CostSource::Unknown => "unknown",
            CostSource::Pending => "pending",
            CostSource::Settled => "settled",
        },
        "error_message": raw(&video.error_message),
        "notices": video.notices.iter().map(Text::raw).collect::<Vec<_>>(),
        "create_time": time(video.create_time),
        "start_time": time(video.start_time),
        "end_time": time(video.end_time),
        "stages": video.stages.iter().map(|stage| json!({
            "stage": stage.kind.title(),
            "state": stage.progress.word(),
            "completed_item_count": stage.completed,
            "item_count": stage.total,
            "start_time": time(stage.start_time),
            "end_time": time(stage.end_time),
            "detail": raw(&stage.detail),
        })).collect::<Vec<_>>(),
    })
}

/// A line of the list of sessions.
#[must_use]
pub fn session_row(row: &SessionRow) -> Value {
    json!({
        "session_id": raw(&row.session.id),
        "title": raw(&row.session.title),
        "labels": labels(&row.session.labels),
        "state": if row.session.ended { "ended" } else { "active" },
        "simulated": row.session.simulated,
        "start_time": time(row.session.start_time),
        "end_time": time(row.session.end_time),
        "last_event_time": time(row.last_event_time),
        "event_count": row.event_count,
        "unpriced_metric_count": row.unpriced_metric_count,
        "currency_code": "USD",
        "total_cost": money(row.total_cost),
    })
}

/// A price book.
#[must_use]
pub fn price_book(book: &PriceBook) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "name": raw(&book.name),
        "as_of_date": raw(&book.as_of_date),
        "description": raw(&book.description),
        "price_revision": book.price_revision,
        "services": book.services.iter().map(|service| json!({
            "service": raw(&service.service),
            "billing": service.billing.words(),
            "default_model": raw(&service.default_model),
        })).collect::<Vec<_>>(),
        "rates": book.rates.iter().map(rate).collect::<Vec<_>>(),
    })
}

/// A voice.
#[must_use]
pub fn voice(voice: &Voice) -> Value {
    json!({
        "voice_id": raw(&voice.id),
        "name": raw(&voice.name),
        "labels": labels(&voice.labels),
        "preview_url": raw(&voice.preview_url),
        "is_default": voice.is_default,
    })
}

/// A rate.
#[must_use]
pub fn rate(rate: &Rate) -> Value {
    json!({
        "service": raw(&rate.service),
        "model": raw(&rate.model),
        "metric": raw(&rate.metric),
        "currency_code": "USD",
        "amount": money(rate.amount),
        "unit_size": rate.unit_size,
        "variant": rate.variant.word(),
        "above_input_tokens": rate.above_input_tokens,
        "start_time": time(rate.start_time),
        "end_time": time(rate.end_time),
        "source": raw(&rate.source),
        "source_date": raw(&rate.source_date),
        "origin": rate.origin.word(),
        "override": rate.origin.is_override(),
    })
}

/// A cost line.
#[must_use]
pub fn cost_line(line: &CostLine) -> Value {
    json!({
        "service": raw(&line.service),
        "model": raw(&line.model),
        "rate_model": raw(&line.rate_model),
        "metric": raw(&line.metric),
        "quantity": line.quantity,
        "basis": line.basis.word(),
        "state": line.state.word(),
        "cost": line.cost.map(money),
        "rate": line.rate.as_ref().map(rate),
        "rated_as": raw(&line.rated_as),
        "service_default": line.service_default,
        "price_book": raw(&line.price_book),
        "variant": line.variant.word(),
        "model_retired": line.model_retired,
        "clock_ahead": line.clock_ahead,
        "provider_billed": line.provider_billed.iter().map(|billed| json!({
            "value": raw(&billed.value),
            "unit": raw(&billed.unit),
            "expected_value": raw(&billed.expected),
        })).collect::<Vec<_>>(),
        "provider_billed_differs": line.provider_billed_differs,
    })
}

/// One case of an estimate.
#[must_use]
pub fn estimate_case(case: &EstimateCase) -> Value {
    json!({
        "input_token_count": case.input_tokens,
        "output_token_count": case.output_tokens,
        "character_count": case.characters,
        "image_count": case.images,
        "call_count": case.calls,
        "cost": money(case.cost),
        "lines": case.lines.iter().map(cost_line).collect::<Vec<_>>(),
    })
}

fn session(summary: &Summary) -> Value {
    let session = &summary.session;
    json!({
        "session_id": raw(&session.id),
        "title": raw(&session.title),
        "labels": labels(&session.labels),
        "state": if summary.ended || session.ended { "ended" } else { "active" },
        "start_time": time(session.start_time),
        "end_time": time(session.end_time),
    })
}

fn metric(total: &MetricTotal) -> Value {
    json!({
        "metric": raw(&total.metric),
        "quantity": total.quantity,
        "estimated_quantity": total.estimated_quantity,
        "state": total.state.word(),
        "cost": total.cost.map(money),
        "lines": total.lines.iter().map(cost_line).collect::<Vec<_>>(),
    })
}

pub(super) fn price_book_name(book: &PriceBookName) -> Value {
    json!({
        "name": raw(&book.name),
        "as_of_date": raw(&book.as_of_date),
        "age_days": book.age_days,
        "stale": book.stale,
        "override_count": book.override_count,
        "frozen": book.frozen,
    })
}

fn budget(budget: &Budget) -> Value {
    json!({
        "limit": limit(&budget.limit),
        "spent": budget.spent.as_ref().map(limit),
        "reserved": budget.reserved.as_ref().map(limit),
        "remaining": budget.remaining.as_ref().map(limit),
        "exceeded": budget.exceeded,
    })
}

fn limit(limit: &Limit) -> Value {
    match limit {
        Limit::Money(amount) => json!({ "currency_code": "USD", "amount": money(*amount) }),
        Limit::Metric {
            service,
            metric,
            value,
        } => {
            json!({ "service": raw(service), "metric": raw(metric), "value": value })
        }
    }
}

fn tokens(tokens: &Tokens) -> Value {
    json!({
        "input_token_count": tokens.input,
        "output_token_count": tokens.output,
        "total_token_count": tokens.total,
    })
}

fn labels(labels: &[(Text, Text)]) -> Value {
    labels
        .iter()
        .map(|(key, value)| (key.raw().to_owned(), Value::from(value.raw())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn money(amount: Money) -> String {
    amount.to_string()
}

fn raw(text: &Text) -> impl Serialize + '_ {
    text.raw()
}

fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_hides_in_a_string_is_written_as_its_number_and_stays_the_same_value() {
        let value = json!({ "a": "x\u{202e}y\u{9b}z\u{7f}\u{e0041}é" });
        let text = pretty(&value);
        assert!(
            text.contains(r#""x\u202ey\u009bz\u007f\udb40\udc41é""#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
