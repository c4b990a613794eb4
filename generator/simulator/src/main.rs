//! The provider simulator as a program.

use std::process::ExitCode;

use clap::Parser;
use reelmeter_service::{Program, health, listen, program};
use reelmeter_simulator::{Config, Error};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stands in for Gemini, ElevenLabs and Ollama: real media, simulated costs.
#[derive(Debug, Parser)]
#[command(name = "simulator", version)]
struct Cli {
    #[command(flatten)]
    config: Config,

    /// Ask a running simulator at this address whether it is well, and exit with 0 or 1.
    #[arg(long)]
    health_check: bool,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Listen(#[from] listen::ListenError),
    #[error(transparent)]
    Health(#[from] health::HealthError),
    #[error(transparent)]
    Run(#[from] Error),
}

fn main() -> ExitCode {
    program::run(
        Program::Simulator,
        &[],
        |settings: reelmeter_service::Settings<Cli>, shutdown| async move {
            let Cli {
                config,
                health_check,
            } = settings.cli;
            if health_check {
                return Ok(
                    health::check_http("simulator", config.simulator_listen, "/healthz").await?,
                );
            }
            let listener = listen::bind(
                config.simulator_listen,
                "simulator_listen",
                &settings.common,
            )
            .await?;
            Ok::<(), Failure>(reelmeter_simulator::run(config, listener, shutdown).await?)
        },
    )
}
