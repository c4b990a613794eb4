//! Opening a port: who may reach it, and what to say when it is taken.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;

use crate::settings::Common;

/// After this long without traffic the system asks whether the caller is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Why a service cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program has the port.
    #[error("address {address} is in use; choose another with --{}, or stop the program that holds it (`ss -ltnp 'sport = :{}'` shows which)", flag(setting), address.port())]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The setting that names it (`meter_listen`).
        setting: &'static str,
    },
    /// The address is beyond this machine and nothing guards it.
    #[error("refusing to listen on {address}, which other machines can reach, without TLS: set REELMETER_TLS_CERT and REELMETER_TLS_KEY, or set REELMETER_INSECURE=1 where the network itself is trusted, or listen on loopback with --{} 127.0.0.1:{}", flag(setting), address.port())]
    Exposed {
        /// The address.
        address: SocketAddr,
        /// The setting that names it.
        setting: &'static str,
    },
    /// The system refuses for another reason.
    #[error("cannot listen on {address} (--{}): {source}", flag(setting))]
    Refused {
        /// The address.
        address: SocketAddr,
        /// The setting that names it.
        setting: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

fn flag(setting: &str) -> String {
    setting.replace('_', "-")
}

/// Refuses an address that other machines can reach, unless TLS guards it or a person insists.
///
/// # Errors
/// [`ListenError::Exposed`].
pub fn check_door(
    address: SocketAddr,
    setting: &'static str,
    common: &Common,
) -> Result<(), ListenError> {
    if address.ip().to_canonical().is_loopback()
        || common.tls().can_serve()
        || common.reelmeter_insecure
    {
        return Ok(());
    }
    Err(ListenError::Exposed { address, setting })
}

/// Opens the port for a service that its callers expect at this address. `setting` is the name of the setting
/// that holds it (`meter_listen`), for the message.
///
/// # Errors
/// The door is not guarded, the port is taken, or the system refuses.
pub async fn bind(
    address: SocketAddr,
    setting: &'static str,
    common: &Common,
) -> Result<TcpListener, ListenError> {
    check_door(address, setting, common)?;
    open(address, setting).await
}

/// A port that may have become another one.
#[derive(Debug)]
pub struct Bound {
    /// The open port.
    pub listener: TcpListener,
    /// The address that was asked for, where it was taken and a free port was opened in its place. Say so.
    pub taken: Option<SocketAddr>,
}

/// Opens the port, or a free one on the same address where it is taken: for the one-process program, whose
/// services nobody else expects at a fixed place.
///
/// # Errors
/// As [`bind`], except that a taken port is none.
pub async fn bind_or_free(
    address: SocketAddr,
    setting: &'static str,
    common: &Common,
) -> Result<Bound, ListenError> {
    check_door(address, setting, common)?;
    match open(address, setting).await {
        Ok(listener) => Ok(Bound {
            listener,
            taken: None,
        }),
        Err(ListenError::InUse { .. }) => {
            let listener = open(SocketAddr::new(address.ip(), 0), setting).await?;
            Ok(Bound {
                listener,
                taken: Some(address),
            })
        }
        Err(error) => Err(error),
    }
}

async fn open(address: SocketAddr, setting: &'static str) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse { address, setting },
            _ => ListenError::Refused {
                address,
                setting,
                source,
            },
        })
}

/// The port's connections as tonic takes them: small messages leave at once, and callers that have vanished are noticed.
#[must_use]
pub fn incoming(listener: TcpListener) -> TcpIncoming {
    TcpIncoming::from(listener)
        .with_nodelay(Some(true))
        .with_keepalive(Some(KEEPALIVE))
}
