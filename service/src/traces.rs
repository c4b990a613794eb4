//! OpenTelemetry traces: off unless an endpoint is set. A call carries its trace in the W3C header `traceparent`, so that one
//! trace goes from the generator into the meter.

use std::sync::OnceLock;

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tonic::codegen::http::HeaderMap;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

/// What our crates are called: others' spans, the exporter's own among them, are no part of a trace.
const OURS: &str = "reelmeter";

/// The process's one provider: `main` sets it up with the logs and asks it to send what is left at the end.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The layer that sends spans to an OTLP receiver (gRPC), such as `http://127.0.0.1:4317`. To be called inside the runtime.
pub(crate) fn layer<S>(endpoint: &str) -> Result<impl Layer<S> + Send + Sync, ExporterBuildError>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()?;
    let program = std::env::current_exe().ok();
    let name = program
        .as_deref()
        .and_then(|path| path.file_stem()?.to_str());
    let resource = Resource::builder()
        .with_service_name(name.unwrap_or(OURS).to_owned())
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build();
    let tracer = provider.tracer(OURS);
    // A second one in a process is refused by the logs before this.
    let _ = PROVIDER.set(provider);
    let ours = Targets::new().with_target(OURS, LevelFilter::INFO);
    Ok(tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_filter(ours))
}

/// Sends what is left, at the end of a program.
pub fn flush() {
    if let Some(provider) = PROVIDER.get()
        && let Err(error) = provider.shutdown()
    {
        tracing::warn!(%error, "the last spans were not sent");
    }
}

/// The span of a call that came in, as part of the caller's trace; none where traces are off.
pub(crate) fn of_call(headers: &HeaderMap, path: &str) -> Span {
    if PROVIDER.get().is_none() {
        return Span::none();
    }
    let span = tracing::info_span!(
        "rpc",
        otel.name = path,
        otel.kind = "server",
        rpc.system = "grpc"
    );
    let parent = TraceContextPropagator::new().extract(&Headers(headers));
    if let Err(error) = span.set_parent(parent) {
        tracing::debug!(%error, "a call's trace was not joined");
    }
    span
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}
