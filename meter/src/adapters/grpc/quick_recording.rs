//! `RecordUsage` and `StreamUsage` with events that are read straight from the wire.
//!
//! As with [`super::shared_summary`], this service stands in front of the generated one, takes these methods over with a
//! codec of its own, and hands everything else on.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use reelmeter_proto::meter::v1 as wire;
use tonic::codegen::{Body, BoxFuture, Service, StdError, http};
use tonic::server::{Grpc, NamedService, StreamingService, UnaryService};
use tonic::{Request, Response, Status, Streaming};

use super::MeterApi;
use super::batch::{BatchCodec, SentBatch};
use super::meter_service::Answers;
use super::read_events::KnownEvents;
use super::shared_summary::SharedSummaries;

const RECORD_PATH: &str = "/reelmeter.meter.v1.MeterService/RecordUsage";
const STREAM_PATH: &str = "/reelmeter.meter.v1.MeterService/StreamUsage";

/// The meter's service with these methods taken over.
#[derive(Clone, Debug)]
pub(super) struct QuickRecording {
    api: MeterApi,
    others: SharedSummaries,
    known: Arc<KnownEvents>,
    request_bytes_max: usize,
}

impl QuickRecording {
    pub(super) fn new(api: MeterApi, request_bytes_max: usize) -> Self {
        Self {
            others: SharedSummaries::new(api.clone(), request_bytes_max),
            api,
            known: Arc::default(),
            request_bytes_max,
        }
    }
}

impl NamedService for QuickRecording {
    const NAME: &'static str = <SharedSummaries as NamedService>::NAME;
}

impl<B> Service<http::Request<B>> for QuickRecording
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let method = Recording(self.api.clone());
        let known = Arc::clone(&self.known);
        let request_bytes_max = Some(self.request_bytes_max);
        match request.uri().path() {
            RECORD_PATH => Box::pin(async move {
                let codec: BatchCodec<wire::RecordUsageRequest, _> = BatchCodec::new(known);
                let mut grpc =
                    Grpc::new(codec).apply_max_message_size_config(request_bytes_max, None);
                Ok(grpc.unary(method, request).await)
            }),
            STREAM_PATH => Box::pin(async move {
                let codec: BatchCodec<wire::StreamUsageRequest, _> = BatchCodec::new(known);
                let mut grpc =
                    Grpc::new(codec).apply_max_message_size_config(request_bytes_max, None);
                Ok(grpc.streaming(method, request).await)
            }),
            _ => self.others.call(request),
        }
    }
}

struct Recording(MeterApi);

impl UnaryService<SentBatch> for Recording {
    type Response = wire::RecordUsageResponse;
    type Future = BoxFuture<Response<Self::Response>, Status>;

    fn call(&mut self, request: Request<SentBatch>) -> Self::Future {
        let api = self.0.clone();
        Box::pin(async move { api.record(request).await })
    }
}

impl StreamingService<SentBatch> for Recording {
    type Response = wire::StreamUsageResponse;
    type ResponseStream = Answers<wire::StreamUsageResponse>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<SentBatch>>) -> Self::Future {
        let api = self.0.clone();
        Box::pin(async move { api.stream(request).await })
    }
}
