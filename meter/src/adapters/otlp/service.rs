//! `opentelemetry.proto.collector.trace.v1.TraceService` over the meter.

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceService;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use reelmeter_service::door::Caller;
use tonic::{Request, Response, Status};

use super::span;
use crate::application::ports::Recorded;
use crate::application::record_usage::Batch;
use crate::application::{Error, Meter};
use crate::domain::event::SentEvent;

/// Events that are recorded together; a request of more is recorded in parts.
const EVENTS_AT_ONCE: usize = 1_000;
/// Reasons that a response names; more are only counted.
const REASONS_MAX: usize = 5;

/// The trace service of one meter.
#[derive(Clone, Debug)]
pub struct TraceApi {
    meter: Meter,
}

impl TraceApi {
    /// The service over a meter.
    #[must_use]
    pub fn new(meter: Meter) -> Self {
        Self { meter }
    }

    async fn record(&self, request: ExportTraceServiceRequest) -> Result<Refused, Error> {
        let mut refused = Refused::default();
        let mut events: Vec<SentEvent> = Vec::new();
        for of_resource in request.resource_spans {
            let resource = of_resource
                .resource
                .map(|resource| resource.attributes)
                .unwrap_or_default();
            let spans = of_resource
                .scope_spans
                .iter()
                .flat_map(|of_scope| &of_scope.spans);
            for found in spans {
                match span::event(found, &resource) {
                    None => {}
                    Some(Ok(event)) => events.push(event),
                    Some(Err(problem)) => refused.add(&found.name, &problem.to_string()),
                }
            }
        }
        while !events.is_empty() {
            let rest = events.split_off(events.len().min(EVENTS_AT_ONCE));
            let part = std::mem::replace(&mut events, rest);
            let ids: Vec<String> = part.iter().map(|event| event.event_id.clone()).collect();
            let batch = Batch {
                events: part,
                ..Batch::default()
            };
            let recorded = self.meter.record(batch, EVENTS_AT_ONCE).await?;
            for (id, recorded) in ids.iter().zip(recorded) {
                if let Recorded::Conflict(problem) | Recorded::Invalid(problem) = recorded {
                    refused.add(id, &problem.to_string());
                }
            }
        }
        Ok(refused)
    }
}

/// Spans that were not recorded, and why.
#[derive(Debug, Default)]
struct Refused {
    count: i64,
    reasons: Vec<String>,
}

impl Refused {
    fn add(&mut self, name: &str, reason: &str) {
        self.count += 1;
        if self.reasons.len() < REASONS_MAX {
            let name: String = name.chars().take(128).collect();
            self.reasons.push(format!("{name}: {reason}"));
        }
    }

    fn partial_success(self) -> Option<ExportTracePartialSuccess> {
        (self.count > 0).then(|| ExportTracePartialSuccess {
            rejected_spans: self.count,
            error_message: self.reasons.join("; "),
        })
    }
}

#[tonic::async_trait]
impl TraceService for TraceApi {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let caller = Caller::of(&request)?;
        let theirs = Self::new(self.meter.asked_by(&caller.tenant, &caller.name));
        let refused = theirs.record(request.into_inner()).await.map_err(status)?;
        if refused.count > 0 {
            tracing::warn!(spans = refused.count, reasons = ?refused.reasons, "spans were not recorded");
        }
        Ok(Response::new(ExportTraceServiceResponse {
            partial_success: refused.partial_success(),
        }))
    }
}

/// The status of an error by OTLP's own rules: an exporter sends again after UNAVAILABLE, and drops the spans after
/// nearly everything else.
fn status(error: Error) -> Status {
    let message = error.to_string();
    match error {
        Error::Busy | Error::StorageFull | Error::StorageUnavailable(_) | Error::Stopping => {
            Status::unavailable(message)
        }
        Error::Internal(_) => {
            tracing::error!(message, "spans were not recorded");
            Status::unavailable(message)
        }
        _ => Status::invalid_argument(message),
    }
}
