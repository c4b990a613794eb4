//! Asking a running service whether it is well: what `--health-check` does, so that a container needs no other tool.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::connect::{self, ConnectError};
use crate::tls::Tls;

/// A service that takes longer to say that it is well is not well. Below the timeouts of container engines.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// The status line of an HTTP answer is some dozens of bytes.
const STATUS_LINE_BYTES_MAX: usize = 256;

/// Why a service does not count as well.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// The address cannot be called.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Nothing answers there.
    #[error("{program} at {address} cannot be reached: {reason}")]
    Unreachable {
        /// Which program was asked.
        program: &'static str,
        /// The address that was tried.
        address: SocketAddr,
        /// What went wrong.
        reason: String,
    },
    /// It answers, and says that it is not serving.
    #[error("{program} at {address} is not serving: {status}")]
    NotServing {
        /// Which program was asked.
        program: &'static str,
        /// The address.
        address: SocketAddr,
        /// What it said.
        status: String,
    },
    /// It took too long.
    #[error("{program} at {address} did not answer within {} s", ANSWER_TIMEOUT.as_secs())]
    Timeout {
        /// Which program was asked.
        program: &'static str,
        /// The address.
        address: SocketAddr,
    },
}

/// Asks the gRPC health service at the address that the program listens on, and prints one line if it serves.
///
/// # Errors
/// It cannot be reached, takes longer than three seconds, or says anything but SERVING.
pub async fn check(
    program: &'static str,
    listen: SocketAddr,
    tls: &Tls,
) -> Result<(), HealthError> {
    let address = reachable(listen);
    // A certificate names a host, not the loopback address: one for health checks carries `localhost`.
    let url = if tls.can_serve() {
        format!("https://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    };
    let endpoint = connect::endpoint(&url, "the address to check", tls)?;
    let asked = async {
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| HealthError::Unreachable {
                program,
                address,
                reason: innermost(&error),
            })?;
        let answer = HealthClient::new(channel)
            .check(HealthCheckRequest {
                service: String::new(),
            })
            .await;
        let status = answer
            .map(|answer| answer.into_inner().status())
            .map_err(|status| HealthError::NotServing {
                program,
                address,
                status: format!("{}: {}", status.code(), status.message()),
            })?;
        match status {
            ServingStatus::Serving => Ok(()),
            other => Err(HealthError::NotServing {
                program,
                address,
                status: other.as_str_name().to_owned(),
            }),
        }
    };
    timeout(ANSWER_TIMEOUT, asked)
        .await
        .unwrap_or(Err(HealthError::Timeout { program, address }))?;
    say(program, address);
    Ok(())
}

/// The same for a plain HTTP program: a GET of `path` must be answered with a status of 200 to 299.
///
/// # Errors
/// As [`check`].
pub async fn check_http(
    program: &'static str,
    listen: SocketAddr,
    path: &str,
) -> Result<(), HealthError> {
    let address = reachable(listen);
    let unreachable = |error: std::io::Error| HealthError::Unreachable {
        program,
        address,
        reason: error.to_string(),
    };
    let asked = async {
        let mut stream = TcpStream::connect(address).await.map_err(unreachable)?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream
            .write_all(request.as_bytes())
            .await
            .map_err(unreachable)?;
        let mut answer = Vec::new();
        while answer.len() < STATUS_LINE_BYTES_MAX && !answer.contains(&b'\n') {
            if stream.read_buf(&mut answer).await.map_err(unreachable)? == 0 {
                break;
            }
        }
        let line = String::from_utf8_lossy(&answer)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        let well = line
            .split(' ')
            .nth(1)
            .is_some_and(|code| code.len() == 3 && code.starts_with('2'));
        if well {
            Ok(())
        } else {
            Err(HealthError::NotServing {
                program,
                address,
                status: line,
            })
        }
    };
    timeout(ANSWER_TIMEOUT, asked)
        .await
        .unwrap_or(Err(HealthError::Timeout { program, address }))?;
    say(program, address);
    Ok(())
}

/// A service that listens everywhere is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// "transport error" says nothing; what caused it does.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn say(program: &str, address: SocketAddr) {
    // Where nobody reads standard output the exit code is the answer.
    let _ = writeln!(std::io::stdout(), "{program} at {address} is serving");
}
