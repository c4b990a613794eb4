//! `ExportEvents`: the ledger as JSON Lines or CSV, page by page through a stream.

use std::fmt::Write;

use futures::{Stream, stream};
use reelmeter_proto::meter::v1 as wire;
use reelmeter_service::CancellationToken;
use serde_json::json;
use tonic::Status;

use super::from_wire;
use super::status::status;
use crate::application::ports::{EventFilter, LedgerEvent};
use crate::application::{Error, Meter};
use crate::domain::problem::Problem;
use crate::domain::validate;

/// Events of one message; some two hundred kilobytes at most of ordinary ones.
const EVENTS_PER_MESSAGE: usize = 500;
/// The first line of a CSV export.
const CSV_HEADING: &str = "sequence_number,event_id,session_id,service,model,rate_model,model_display_name,stage,scene,attempt,\
outcome,variant,metric,quantity,basis,provider_billed,provider_billed_unit,provider_billed_expected,occur_time,record_time,\
replaces_event_id,reservation_id,replaced,before_reset,clock_ahead,simulated,labels\r\n";

#[derive(Clone, Copy)]
enum Format {
    JsonLines,
    Csv,
}

/// What is left to export.
struct Export {
    meter: Meter,
    filter: EventFilter,
    format: Format,
    shutdown: CancellationToken,
    /// Where the next page begins; `None` when there is none.
    after: Option<i64>,
    first: bool,
}

/// The export as a stream of whole lines.
pub(super) fn data(
    meter: Meter,
    request: wire::ExportEventsRequest,
    shutdown: CancellationToken,
) -> Result<impl Stream<Item = Result<wire::ExportEventsResponse, Status>> + Send, Error> {
    let format = match wire::ExportFormat::try_from(request.format) {
        Ok(wire::ExportFormat::JsonLines) => Format::JsonLines,
        Ok(wire::ExportFormat::Csv) => Format::Csv,
        Ok(wire::ExportFormat::Unspecified) => {
            return Err(Problem::new("format", "must be said: JSON_LINES or CSV").into());
        }
        Err(_) => return Err(validate::unknown("format", request.format).into()),
    };
    let filter = from_wire::event_filter(request.filter)?;
    let export = Export {
        meter,
        filter,
        format,
        shutdown,
        after: Some(0),
        first: true,
    };
    Ok(stream::unfold(export, |mut export| async move {
        let next = export.next().await.transpose()?;
        if next.is_err() {
            export.after = None;
            export.first = false;
        }
        let message = next
            .map(|data| wire::ExportEventsResponse { data })
            .map_err(status);
        Some((message, export))
    }))
}

impl Export {
    /// The next lines; `None` when there are none left.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut data = String::new();
        if std::mem::replace(&mut self.first, false) && matches!(self.format, Format::Csv) {
            data.push_str(CSV_HEADING);
        }
        while let Some(after) = self.after {
            if self.shutdown.is_cancelled() {
                return Err(Error::Stopping);
            }
            let page = self
                .meter
                .events(self.filter.clone(), after, EVENTS_PER_MESSAGE)
                .await?;
            self.after = page.next;
            for event in &page.items {
                match self.format {
                    Format::JsonLines => json_line(&mut data, event),
                    Format::Csv => csv_lines(&mut data, event),
                }
            }
            // A page of events that do not fit the filter is no message.
            if !data.is_empty() {
                break;
            }
        }
        Ok((!data.is_empty()).then(|| data.into_bytes()))
    }
}

fn json_line(data: &mut String, found: &LedgerEvent) {
    let event = &found.event;
    let series = &event.series;
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
    let line = json!({
        "sequence_number": found.sequence,
        "event_id": event.event_id,
        "session_id": &*event.session_id,
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
        "simulated": event.simulated,
        "replaced": found.replaced,
        "before_reset": found.before_reset,
        "clock_ahead": found.clock_ahead,
    });
    // Writing into a string does not fail.
    let _ = writeln!(data, "{line}");
}

/// One line a quantity; an event without any has one line all the same.
fn csv_lines(data: &mut String, found: &LedgerEvent) {
    let event = &found.event;
    let series = &event.series;
    for position in 0..event.values.len().max(1) {
        let (metric, basis) = match series.metrics.get(position) {
            Some((metric, basis)) => (&**metric, basis.as_str()),
            None => ("", ""),
        };
        let value = event
            .values
            .get(position)
            .map(ToString::to_string)
            .unwrap_or_default();
        let billed = event
            .billed
            .iter()
            .find(|billed| billed.position == position);
        let (billed_value, unit, expected) = match billed {
            Some(billed) => (
                billed.value.to_string(),
                &*billed.unit,
                billed
                    .expected
                    .map(|expected| expected.to_string())
                    .unwrap_or_default(),
            ),
            None => (String::new(), "", String::new()),
        };
        let labels = if event.labels.is_empty() {
            String::new()
        } else {
            json!(event.labels).to_string()
        };
        let cells = [
            found.sequence.to_string(),
            text_cell(&event.event_id),
            text_cell(&event.session_id),
            text_cell(&series.service),
            text_cell(&series.model),
            text_cell(series.rate_model.as_ref().unwrap_or(&series.model)),
            text_cell(&series.model_display_name),
            text_cell(&series.stage),
            event.scene.to_string(),
            event.attempt.to_string(),
            series.outcome.to_string(),
            series.variant.to_string(),
            text_cell(metric),
            value,
            basis.to_owned(),
            billed_value,
            text_cell(unit),
            expected,
            event.occurred.unwrap_or(found.recorded).to_string(),
            found.recorded.to_string(),
            text_cell(event.replaces.as_deref().unwrap_or_default()),
            text_cell(&series.reservation_id),
            found.replaced.to_string(),
            found.before_reset.to_string(),
            found.clock_ahead.to_string(),
            event.simulated.to_string(),
            text_cell(&labels),
        ];
        data.push_str(&cells.join(","));
        data.push_str("\r\n");
    }
}

/// A text as a cell: quoted where it must be (RFC 4180), and never one that a spreadsheet would run as a formula.
fn text_cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(text_cell("=1+1"), "'=1+1");
        assert_eq!(text_cell("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(text_cell("-2,\"x\""), "\"'-2,\"\"x\"\"\"");
        assert_eq!(text_cell("plain text"), "plain text");
    }
}
