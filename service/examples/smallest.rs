//! The smallest service on this crate: gRPC health and nothing else. The tests of the crate run it.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use reelmeter_service::connect::ConnectError;
use reelmeter_service::health::{self, HealthError};
use reelmeter_service::listen::{self, ListenError};
use reelmeter_service::tls::{self, TlsError};
use reelmeter_service::{CancellationToken, Program, Settings, program};
use tonic::transport::Server;

#[derive(Debug, Parser)]
struct Cli {
    /// The address to listen on.
    #[arg(long, env, default_value = "127.0.0.1:50051")]
    meter_listen: SocketAddr,
    /// Ask the running service whether it is well, and exit.
    #[arg(long)]
    health_check: bool,
    /// Take a minute to stop once asked to.
    #[arg(long)]
    slow_to_stop: bool,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Health(#[from] HealthError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot serve")]
    Serve(#[from] tonic::transport::Error),
    #[error("cannot tell the address that was opened")]
    Address(#[from] std::io::Error),
}

fn main() -> ExitCode {
    program::run(Program::Meter, &[], serve)
}

async fn serve(settings: Settings<Cli>, shutdown: CancellationToken) -> Result<(), Error> {
    let files = settings.common.tls();
    if settings.cli.health_check {
        return Ok(health::check("meter", settings.cli.meter_listen, &files).await?);
    }
    let listener =
        listen::bind(settings.cli.meter_listen, "meter_listen", &settings.common).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let (reporter, service) = tonic_health::server::health_reporter();
    reporter
        .set_service_status("", tonic_health::ServingStatus::Serving)
        .await;
    let stop = shutdown.clone();
    let stopped = async move { stop.cancelled().await };
    let incoming = listen::incoming(listener, settings.common.reelmeter_connections_max);
    let incoming = tls::incoming(files.server()?, incoming);
    Server::builder()
        .add_service(service)
        .serve_with_incoming_shutdown(incoming, stopped)
        .await?;
    if settings.cli.slow_to_stop {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    Ok(())
}
