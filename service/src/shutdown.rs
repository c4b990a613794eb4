//! How a program is asked to stop.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code of a program that a second signal ended: what shells report for an interrupt.
const INTERRUPTED: i32 = 130;

/// A token that is cancelled by the first SIGINT or SIGTERM, so that the program can drain.
/// A second signal ends the process at once: a person who asks twice means it.
///
/// Must be called inside the runtime, once, by `main` alone.
///
/// # Errors
/// The system refuses to register a handler.
pub fn on_signals() -> io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let asked = token.clone();
    tokio::spawn(async move {
        let name = either(&mut interrupt, &mut terminate).await;
        tracing::info!(
            signal = name,
            "stopping; a second signal ends the program at once"
        );
        asked.cancel();
        let name = either(&mut interrupt, &mut terminate).await;
        tracing::warn!(signal = name, "second signal: ending without draining");
        std::process::exit(INTERRUPTED);
    });
    Ok(token)
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) -> &'static str {
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}
