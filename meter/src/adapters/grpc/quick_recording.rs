//! `RecordUsage` and `StreamUsage` with events that are read straight from the wire.
//!
//! These two stand in front of all services, behind the door: they are nearly all calls that a meter gets, and are known
//! by their path without the router. Everything else goes on to it.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::Either;
use reelmeter_proto::meter::v1 as wire;
use tonic::codegen::{Body, BoxFuture, Service, StdError, http};
use tonic::server::{Grpc, StreamingService, UnaryService};
use tonic::{Request, Response, Status, Streaming};
use tower::Layer;

use super::MeterApi;
use super::batch::{BatchCodec, SentBatch};
use super::meter_service::Answers;

const RECORD_PATH: &str = "/reelmeter.meter.v1.MeterService/RecordUsage";
const STREAM_PATH: &str = "/reelmeter.meter.v1.MeterService/StreamUsage";

/// Puts [`QuickRecording`] in front of the services behind it.
#[derive(Clone, Debug)]
pub(super) struct QuickRecordingLayer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    api: MeterApi,
    request_bytes_max: usize,
}

impl QuickRecordingLayer {
    pub(super) fn new(api: MeterApi, request_bytes_max: usize) -> Self {
        Self(Arc::new(Shared {
            api,
            request_bytes_max,
        }))
    }
}

impl<S> Layer<S> for QuickRecordingLayer {
    type Service = QuickRecording<S>;

    fn layer(&self, others: S) -> Self::Service {
        QuickRecording {
            shared: Arc::clone(&self.0),
            others,
        }
    }
}

/// The meter's services with these methods taken over. Cheap to clone: every call has its own.
#[derive(Clone, Debug)]
pub(super) struct QuickRecording<S> {
    shared: Arc<Shared>,
    others: S,
}

impl<S, B> Service<http::Request<B>> for QuickRecording<S>
where
    S: Service<http::Request<B>, Response = http::Response<tonic::body::Body>>,
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<BoxFuture<Self::Response, Self::Error>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.others.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let method = Recording(Arc::clone(&self.shared));
        let request_bytes_max = Some(self.shared.request_bytes_max);
        match request.uri().path() {
            RECORD_PATH => Either::Left(Box::pin(async move {
                let codec = BatchCodec::<wire::RecordUsageRequest, _>::default();
                let mut grpc =
                    Grpc::new(codec).apply_max_message_size_config(request_bytes_max, None);
                Ok(grpc.unary(method, request).await)
            })),
            STREAM_PATH => Either::Left(Box::pin(async move {
                let codec = BatchCodec::<wire::StreamUsageRequest, _>::default();
                let mut grpc =
                    Grpc::new(codec).apply_max_message_size_config(request_bytes_max, None);
                Ok(grpc.streaming(method, request).await)
            })),
            _ => Either::Right(self.others.call(request)),
        }
    }
}

struct Recording(Arc<Shared>);

impl UnaryService<SentBatch> for Recording {
    type Response = wire::RecordUsageResponse;
    type Future = BoxFuture<Response<Self::Response>, Status>;

    fn call(&mut self, request: Request<SentBatch>) -> Self::Future {
        let shared = Arc::clone(&self.0);
        Box::pin(async move { shared.api.record(request).await })
    }
}

impl StreamingService<SentBatch> for Recording {
    type Response = wire::StreamUsageResponse;
    type ResponseStream = Answers<wire::StreamUsageResponse>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<SentBatch>>) -> Self::Future {
        let shared = Arc::clone(&self.0);
        Box::pin(async move { shared.api.stream(request).await })
    }
}
