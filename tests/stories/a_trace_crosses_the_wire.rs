//! Protects whoever looks for a slow call: a video is made with traces on, a real OTLP receiver takes them, and the meter's
//! span of a recording continues the trace of the generator's delivery.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use super::one_command_makes_a_video::reelmeter;

#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<Span>>>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        self.0
            .lock()
            .unwrap()
            .extend(scopes.flat_map(|scope| scope.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_meters_span_of_a_recording_continues_the_generators_delivery() {
    let receiver = Receiver::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tonic::transport::Server::builder()
        .add_service(TraceServiceServer::new(receiver.clone()))
        .serve_with_incoming(TcpListenerStream::new(listener));
    let server = tokio::spawn(server);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let arguments = [
            "--plain",
            "--yes",
            "--scenes",
            "1",
            "--resolution",
            "360",
            "Why is the sky blue?",
        ];
        reelmeter(
            &place,
            &arguments,
            &[("REELMETER_OTLP_ENDPOINT", &endpoint)],
        )
    });
    let output = output.await.unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    server.abort();
    let spans = receiver.0.lock().unwrap().clone();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    let deliveries: Vec<&Span> = spans
        .iter()
        .filter(|span| span.name == "deliver usage")
        .collect();
    let recordings = spans
        .iter()
        .filter(|span| span.name == "/reelmeter.meter.v1.MeterService/RecordUsage");
    let mut continued = 0;
    // A delivery that found the meter busy is tried again and has no other half; a recording always has one.
    for recording in recordings {
        let delivery = deliveries
            .iter()
            .find(|delivery| delivery.span_id == recording.parent_span_id)
            .unwrap_or_else(|| panic!("{recording:?} comes from nowhere: {names:?}"));
        assert_eq!(recording.trace_id, delivery.trace_id);
        continued += 1;
    }
    assert!(continued > 0, "{names:?}");
}
