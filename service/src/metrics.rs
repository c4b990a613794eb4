//! Prometheus metrics: a registry per service, read over a port of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::listen::{self, ListenError};
use crate::settings::Common;

/// The form of the answer.
const FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Opens the port for the metrics, if one is set. It is plain HTTP without a token: off loopback it needs
/// `REELMETER_INSECURE`, since what a team spends is nobody else's business.
///
/// # Errors
/// The address is beyond this machine, taken, or refused by the system.
pub async fn bind(
    address: Option<SocketAddr>,
    setting: &'static str,
    common: &Common,
) -> Result<Option<TcpListener>, ListenError> {
    let Some(address) = address else {
        return Ok(None);
    };
    // TLS does not guard this port, whatever guards the other.
    let plain = Common {
        reelmeter_tls_cert: None,
        reelmeter_tls_key: None,
        ..common.clone()
    };
    listen::bind(address, setting, &plain).await.map(Some)
}

/// Answers scrapes until it is told to stop.
pub async fn serve(listener: TcpListener, registry: Registry, shutdown: CancellationToken) {
    let registry = Arc::new(registry);
    let router = Router::new().route("/metrics", get(move || std::future::ready(page(&registry))));
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the metrics are no longer served");
    }
}

fn page(registry: &Registry) -> Response {
    let mut text = String::new();
    match text::encode(&mut text, registry) {
        Ok(()) => ([(CONTENT_TYPE, FORM)], text).into_response(),
        Err(error) => {
            let said = format!("the metrics cannot be written: {error}\n");
            (StatusCode::INTERNAL_SERVER_ERROR, said).into_response()
        }
    }
}
