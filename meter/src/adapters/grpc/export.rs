//! `ExportEvents`: the ledger as JSON Lines or CSV, page by page through a stream.

use futures::{Stream, stream};
use reelmeter_proto::meter::v1 as wire;
use reelmeter_service::CancellationToken;
use reelmeter_service::csv::cell;
use serde_json::json;
use tonic::Status;

use super::from_wire;
use super::status::status;
use super::to_wire;
use crate::adapters::json_lines;
use crate::application::ports::{EventFilter, LedgerEvent, MovedOut};
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
        Some((next.map_err(status), export))
    }))
}

impl Export {
    /// The next message; `None` when there is nothing left.
    async fn next(&mut self) -> Result<Option<wire::ExportEventsResponse>, Error> {
        let mut data = String::new();
        let mut moved_out = MovedOut::default();
        if std::mem::replace(&mut self.first, false) {
            moved_out = self.meter.moved_out(self.filter.session_id.clone()).await?;
            if matches!(self.format, Format::Csv) {
                data.push_str(CSV_HEADING);
            }
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
                    Format::JsonLines => json_lines::push(&mut data, event),
                    Format::Csv => csv_lines(&mut data, event),
                }
            }
            // A page of events that do not fit the filter is no message.
            if !data.is_empty() {
                break;
            }
        }
        let moved_out = to_wire::moved_out(moved_out);
        Ok(
            (!data.is_empty() || moved_out.is_some()).then(|| wire::ExportEventsResponse {
                data: data.into_bytes(),
                moved_out,
            }),
        )
    }
}

/// One line a quantity; an event without any has one line all the same.
fn csv_lines(data: &mut String, found: &LedgerEvent) {
    let event = &found.event;
    let series = &event.shared.series;
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
            cell(&event.event_id.to_text()),
            cell(&event.shared.session_id),
            cell(&series.service),
            cell(&series.model),
            cell(series.rate_model.as_ref().unwrap_or(&series.model)),
            cell(&series.model_display_name),
            cell(&series.stage),
            event.scene.to_string(),
            event.attempt.to_string(),
            series.outcome.to_string(),
            series.variant.to_string(),
            cell(metric),
            value,
            basis.to_owned(),
            billed_value,
            cell(unit),
            expected,
            event.occurred.unwrap_or(found.recorded).to_string(),
            found.recorded.to_string(),
            cell(event.replaces.as_deref().unwrap_or_default()),
            cell(&series.reservation_id),
            found.replaced.to_string(),
            found.before_reset.to_string(),
            found.clock_ahead.to_string(),
            event.shared.simulated.to_string(),
            cell(&labels),
        ];
        data.push_str(&cells.join(","));
        data.push_str("\r\n");
    }
}
