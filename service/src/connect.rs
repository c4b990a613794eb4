//! Calling a service: an endpoint with its limits, from an address as a person writes it.

use std::time::Duration;

use tonic::transport::Endpoint;

use crate::tls::{Tls, TlsError};

/// How long a connection may take to open: on a network that works it is milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often an idle connection is asked whether it still lives, so that a dead peer is noticed on a silent stream.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// How long the answer to that may take.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Why an address cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not an address.
    #[error(
        "{setting}={address:?} is not an address; write http://HOST:PORT, or https://HOST:PORT for TLS"
    )]
    Address {
        /// The setting that holds it (`METER_ADDR`).
        setting: &'static str,
        /// What it holds.
        address: String,
    },
    /// The TLS settings cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The TLS files were read, and the TLS library refuses what is in them.
    #[error("the TLS settings for {setting}={address} cannot be used")]
    Refused {
        /// The setting that holds the address.
        setting: &'static str,
        /// The address.
        address: String,
        /// What the library said.
        source: tonic::transport::Error,
    },
}

/// An endpoint for the address, `http://host:port` or `https://host:port`; `host:port` alone means `http`.
/// Connecting has a time limit, and a silent connection is probed. Calls need deadlines of their own.
///
/// # Errors
/// The address is none, or the TLS settings cannot be used for an `https` one.
pub fn endpoint(address: &str, setting: &'static str, tls: &Tls) -> Result<Endpoint, ConnectError> {
    let wrong = || ConnectError::Address {
        setting,
        address: address.to_owned(),
    };
    let full = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    let endpoint = Endpoint::from_shared(full).map_err(|_| wrong())?;
    let uri = endpoint.uri();
    let secure = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(wrong()),
    };
    // The parser takes `host:word` and `user@host`, which no service of ours has.
    let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16());
    let plain = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let authority = uri.authority().map(|authority| authority.as_str());
    if host.is_empty() || authority != Some(plain.as_str()) || !matches!(uri.path(), "" | "/") {
        return Err(wrong());
    }
    let endpoint = endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .tcp_nodelay(true);
    if !secure {
        return Ok(endpoint);
    }
    let refused = |source| ConnectError::Refused {
        setting,
        address: address.to_owned(),
        source,
    };
    endpoint.tls_config(tls.client()?).map_err(refused)
}
