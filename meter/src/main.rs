//! The meter as a program.

use std::process::ExitCode;

use reelmeter_meter::commands::{self, Command};
use reelmeter_meter::{Config, SECRETS, run};
use reelmeter_service::{Program, Settings, health, listen, program};

/// Decoding an event takes half the time with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records usage of any provider by any tool, prices it exactly, and streams what it costs.
#[derive(Debug, Clone, clap::Parser)]
struct Cli {
    #[command(flatten)]
    config: Config,
    /// Serves, if no command is given.
    #[command(subcommand)]
    command: Option<Command>,
}

fn main() -> ExitCode {
    program::run(
        Program::Meter,
        SECRETS,
        |settings: Settings<Cli>, shutdown| async move {
            let Settings {
                cli: Cli { config, command },
                common,
                secrets,
                ..
            } = settings;
            let config = config.with_secrets(&secrets);
            if let Some(Command::Tokens(tokens)) = &command {
                return commands::tokens(tokens, &common);
            }
            if let Some(command) = command {
                // Commands wait for disks and databases.
                let run = move || commands::run(&command, &config, &common);
                return tokio::task::spawn_blocking(run)
                    .await
                    .map_err(std::io::Error::other)?;
            }
            if config.health_check {
                return Ok(health::check("meter", config.meter_listen, &common.tls()).await?);
            }
            let listener = listen::bind(config.meter_listen, "meter_listen", &common).await?;
            run(config, common, listener, shutdown).await
        },
    )
}
