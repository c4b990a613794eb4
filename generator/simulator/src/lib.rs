//! A stand-in for the providers that speaks their own wire protocols: Gemini, ElevenLabs and Ollama.
//!
//! It is for trying, testing and teaching. Its scripts, voices and pictures are real media; its
//! tokens are counted by a counter of our own, so **costs under simulation are exercises, not
//! quotes**. Every answer carries the header `x-reelmeter-simulator`.

pub mod adapters;
pub mod application;
pub mod config;
pub mod domain;

use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use adapters::espeak::Espeak;
use adapters::ffmpeg::Ffmpeg;
use adapters::resvg::Resvg;
use application::World;
pub use config::{Config, ConfigError};

/// After a shutdown, calls that are being answered get this long to end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the simulator ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The listener failed.
    #[error("the simulator can no longer accept connections: {0}")]
    Serve(#[from] std::io::Error),
}

/// Runs the simulator on a listener until it is told to stop.
///
/// # Errors
///
/// If a setting makes no sense or the listener fails.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let speaker = Box::new(Espeak::on_path());
    let settings = config.settings()?;
    let world = World::new(
        settings,
        speaker,
        Box::new(Resvg::default()),
        Box::new(Ffmpeg::on_path()),
        shutdown.clone(),
    );
    tracing::info!(address = %listener.local_addr()?, voice = world.speaker.name(), "simulating providers: nothing here is the real thing");
    let app = adapters::router::router(world);
    let listener = listener.tap_io(|stream| {
        // Small pieces of a stream must leave at once.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    let drained = shutdown.clone();
    let serve = axum::serve(listener, app).with_graceful_shutdown(shutdown.cancelled_owned());
    let deadline = async {
        drained.cancelled().await;
        tokio::time::sleep(DRAIN_TIMEOUT).await;
    };
    tokio::select! {
        served = serve => Ok(served?),
        () = deadline => {
            tracing::warn!("some calls were still being answered at the end");
            Ok(())
        }
    }
}
