//! The server: the services of this meter on connections that somebody else accepts.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceServiceServer;
use reelmeter_proto::meter::v1::audit_service_server::AuditServiceServer;
use reelmeter_proto::meter::v1::meter_service_server::MeterServiceServer;
use reelmeter_proto::meter::v1::pricing_service_server::PricingServiceServer;
use reelmeter_service::CancellationToken;
use reelmeter_service::door::{Door, DoorLayer, WebGuardLayer, WebRules};
use reelmeter_service::tls::{self, Acceptor};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic_health::ServingStatus;
use tonic_web::GrpcWebLayer;

use super::quick_recording::QuickRecordingLayer;
use super::shared_summary::SharedSummaries;
use super::{AuditApi, MeterApi, PricingApi};
use crate::adapters::otlp::TraceApi;
use crate::application::Meter;
use crate::application::writer::Health;

/// The longest message that is read; the contract's 10,000 events of a batch are meant to be small ones.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Calls and streams of one connection at once. hyper's own default of 200 would end a screen full of watchers.
const STREAMS_PER_CONNECTION_MAX: u32 = 10_000;
/// The longest headers of a request, in bytes. Ours have a few hundred.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// Streams that a caller may reset before they were served; more is an attack on the connection (CVE-2023-44487).
const RESET_STREAMS_MAX: usize = 64;
/// After this long without a frame the caller is asked whether it is still there.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(20);
/// And has so long to answer.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a call may take until its answer begins; a stream may then go on. Longer than any wait for the ledger.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The name under which the health of everything is asked.
const WHOLE_SERVER: &str = "";

/// Who may call, and how.
#[derive(Clone, Debug)]
pub struct Access {
    /// TLS; `None` for plain connections.
    pub tls: Option<Acceptor>,
    /// The tokens and limits of callers.
    pub door: Arc<Door>,
    /// The web pages that may call.
    pub web: WebRules,
    /// Whether the API is described to callers that ask.
    pub reflection: bool,
}

impl Default for Access {
    /// Anybody may do anything, but no web page.
    fn default() -> Self {
        Self {
            tls: None,
            door: Arc::new(Door::open()),
            web: WebRules::default(),
            reflection: true,
        }
    }
}

/// Serves a meter until it is told to stop and every call is answered.
///
/// # Errors
/// A connection cannot be accepted any more.
pub async fn serve<S, IO>(
    meter: Meter,
    health: watch::Receiver<Health>,
    access: Access,
    incoming: S,
    shutdown: CancellationToken,
) -> Result<(), tonic::transport::Error>
where
    S: Stream<Item = io::Result<IO>> + Send + 'static,
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    IO::ConnectInfo: Clone + Send + Sync + 'static,
{
    let (reporter, health_service) = tonic_health::server::health_reporter();
    tokio::spawn(report_health(reporter, health, shutdown.clone()));
    let api = MeterApi::new(meter.clone(), shutdown.clone());
    let mut builder = Server::builder()
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .http2_max_pending_accept_reset_streams(Some(RESET_STREAMS_MAX))
        .http2_keepalive_interval(Some(KEEPALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .timeout(CALL_TIMEOUT)
        .tcp_nodelay(true)
        // gRPC-Web comes over HTTP/1.1. The outermost looks at it first.
        .accept_http1(true)
        .layer(WebGuardLayer::new(access.web))
        .layer(GrpcWebLayer::new())
        .layer(DoorLayer::new(access.door))
        .layer(QuickRecordingLayer::new(api.clone(), MESSAGE_BYTES_MAX));
    let incoming = tls::incoming(access.tls, incoming);
    let meter_service = SharedSummaries::new(api, MESSAGE_BYTES_MAX);
    // The OpenTelemetry Collector compresses unless it is told not to.
    let trace_service = TraceServiceServer::new(TraceApi::new(meter.clone()))
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let pricing_service = PricingServiceServer::new(PricingApi::new(meter.clone()))
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let audit_service = AuditServiceServer::new(AuditApi::new(meter));
    let mut router = builder
        .add_service(health_service)
        .add_service(meter_service)
        .add_service(pricing_service)
        .add_service(audit_service)
        .add_service(trace_service);

    if !access.reflection {
        tracing::info!("reflection is switched off");
        return router
            .serve_with_incoming_shutdown(incoming, shutdown.cancelled_owned())
            .await;
    }
    match tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(reelmeter_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
    {
        Ok(reflection) => router = router.add_service(reflection),
        Err(error) => tracing::warn!(%error, "reflection is not served"),
    }
    router
        .serve_with_incoming_shutdown(incoming, async move { shutdown.cancelled().await })
        .await
}

/// Tells the health service what the writer's last attempt showed, until the meter stops.
async fn report_health(
    reporter: tonic_health::server::HealthReporter,
    mut health: watch::Receiver<Health>,
    shutdown: CancellationToken,
) {
    use tonic::server::NamedService;
    let names = [
        WHOLE_SERVER,
        MeterServiceServer::<MeterApi>::NAME,
        PricingServiceServer::<PricingApi>::NAME,
        AuditServiceServer::<AuditApi>::NAME,
    ];
    loop {
        let serving = *health.borrow_and_update() == Health::Serving && !shutdown.is_cancelled();
        let status = if serving {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        for name in names {
            reporter.set_service_status(name, status).await;
        }
        if shutdown.is_cancelled() {
            return;
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            changed = health.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}
