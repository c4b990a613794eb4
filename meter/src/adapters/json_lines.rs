//! An event of the ledger as one line of JSON: in exports, and in the files that old events are moved out to.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::application::ports::LedgerEvent;

/// Adds the line of an event.
pub(super) fn push(lines: &mut String, found: &LedgerEvent) {
    // Writing into a string does not fail.
    let _ = writeln!(lines, "{}", object(found));
}

/// An event as a JSON object.
pub(super) fn object(found: &LedgerEvent) -> Value {
    let event = &found.event;
    let series = &event.shared.series;
    let quantities: Vec<_> = series
        .metrics
        .iter()
        .zip(&event.values)
        .enumerate()
        .map(|(position, ((metric, basis), value))| {
            let mut quantity =
                json!({ "metric": &**metric, "value": value, "basis": basis.as_str() });
            if let Some(billed) = event
                .billed
                .iter()
                .find(|billed| billed.position == position)
            {
                quantity["provider_billed"] = json!({
                    "value": billed.value.to_string(),
                    "unit": &*billed.unit,
                    "expected_value": billed.expected.map(|expected| expected.to_string()),
                });
            }
            quantity
        })
        .collect();
    json!({
        "sequence_number": found.sequence,
        "event_id": event.event_id.to_text(),
        "session_id": &*event.shared.session_id,
        "service": &*series.service,
        "model": &*series.model,
        "rate_model": &**series.rate_model.as_ref().unwrap_or(&series.model),
        "model_display_name": &*series.model_display_name,
        "quantities": quantities,
        "occur_time": event.occurred.unwrap_or(found.recorded).to_string(),
        "record_time": found.recorded.to_string(),
        "stage": &*series.stage,
        "scene": event.scene,
        "attempt": event.attempt,
        "outcome": series.outcome.as_str(),
        "variant": series.variant.as_str(),
        "replaces_event_id": event.replaces.as_deref().unwrap_or_default(),
        "reservation_id": &*series.reservation_id,
        "labels": event.labels,
        "simulated": event.shared.simulated,
        "replaced": found.replaced,
        "before_reset": found.before_reset,
        "clock_ahead": found.clock_ahead,
    })
}
