//! `WatchSummary` with one serialisation for all who watch a session: a message is a few bytes of its own in front of a
//! summary that was encoded once.
//!
//! The generated server encodes each message for each caller. This service stands in front of it, takes that one method
//! over with a codec of its own, and hands everything else on.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes};
use futures::Stream;
use prost::Message;
use reelmeter_proto::meter::v1 as wire;
use reelmeter_proto::meter::v1::meter_service_server::MeterServiceServer;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic::codegen::{Body, BoxFuture, Service, StdError, http};
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstDecoder;

use super::MeterApi;

/// The method that is taken over.
const PATH: &str = "/reelmeter.meter.v1.MeterService/WatchSummary";

/// A `WatchSummaryResponse` in its encoded form.
#[derive(Clone, Debug)]
pub(super) struct SharedMessage {
    /// The fields that are this message's own.
    head: Vec<u8>,
    /// The summary field, shared by all messages that carry it.
    summary: Option<Bytes>,
}

/// A summary field, ready to stand behind the other fields of a `WatchSummaryResponse`.
pub(super) fn encoded(summary: wire::Summary) -> Bytes {
    let field = wire::WatchSummaryResponse {
        summary: Some(summary),
        ..Default::default()
    };
    Bytes::from(field.encode_to_vec())
}

impl SharedMessage {
    /// A message of these fields and a summary that [`encoded`] has made.
    pub(super) fn new(own: &wire::WatchSummaryResponse, summary: Option<Bytes>) -> Self {
        Self {
            head: own.encode_to_vec(),
            summary,
        }
    }

    /// The message as the generated code has it.
    pub(super) fn decoded(&self) -> Result<wire::WatchSummaryResponse, Status> {
        // Fields of a message may stand in any order, and in several pieces.
        let whole = [&self.head, self.summary.as_deref().unwrap_or_default()].concat();
        wire::WatchSummaryResponse::decode(&*whole)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

/// Writes shared messages, reads requests.
#[derive(Clone, Copy, Debug, Default)]
struct SharedCodec;

impl Codec for SharedCodec {
    type Encode = SharedMessage;
    type Decode = wire::WatchSummaryRequest;
    type Encoder = Self;
    type Decoder = ProstDecoder<wire::WatchSummaryRequest>;

    fn encoder(&mut self) -> Self::Encoder {
        Self
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::new(BufferSettings::default())
    }
}

impl Encoder for SharedCodec {
    type Item = SharedMessage;
    type Error = Status;

    fn encode(&mut self, message: SharedMessage, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&message.head);
        if let Some(summary) = message.summary {
            out.put_slice(&summary);
        }
        Ok(())
    }
}

/// The meter's service with that method taken over.
#[derive(Clone, Debug)]
pub(super) struct SharedSummaries {
    api: MeterApi,
    others: MeterServiceServer<MeterApi>,
    request_bytes_max: usize,
}

impl SharedSummaries {
    pub(super) fn new(api: MeterApi, request_bytes_max: usize) -> Self {
        let others =
            MeterServiceServer::new(api.clone()).max_decoding_message_size(request_bytes_max);
        Self {
            api,
            others,
            request_bytes_max,
        }
    }
}

impl NamedService for SharedSummaries {
    const NAME: &'static str = <MeterServiceServer<MeterApi> as NamedService>::NAME;
}

impl<B> Service<http::Request<B>> for SharedSummaries
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
        if request.uri().path() != PATH {
            return self.others.call(request);
        }
        let method = Watch(self.api.clone());
        let request_bytes_max = self.request_bytes_max;
        Box::pin(async move {
            let mut grpc =
                Grpc::new(SharedCodec).apply_max_message_size_config(Some(request_bytes_max), None);
            Ok(grpc.server_streaming(method, request).await)
        })
    }
}

struct Watch(MeterApi);

impl ServerStreamingService<wire::WatchSummaryRequest> for Watch {
    type Response = SharedMessage;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<SharedMessage, Status>> + Send>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<wire::WatchSummaryRequest>) -> Self::Future {
        let api = self.0.clone();
        Box::pin(async move {
            let api = api.asked_by(&request)?;
            Ok(Response::new(api.watch(request.into_inner()).await?))
        })
    }
}
