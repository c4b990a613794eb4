//! The generator as a program.

use std::process::ExitCode;

use reelmeter_generator::{Config, SECRETS, run};
use reelmeter_service::{Program, Settings, health, listen, program};

/// Pictures and narrations are large and short-lived.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Makes narrated videos and records what each of them costs.
#[derive(Debug, Clone, clap::Parser)]
struct Cli {
    #[command(flatten)]
    config: Config,
}

fn main() -> ExitCode {
    program::run(
        Program::Generator,
        SECRETS,
        |settings: Settings<Cli>, shutdown| async move {
            let config = settings.cli.config.with_secrets(&settings.secrets);
            let address = config.generator_listen;
            if config.health_check {
                return Ok(health::check("generator", address, &settings.common.tls()).await?);
            }
            let listener = listen::bind(address, "generator_listen", &settings.common).await?;
            run(config, settings.common, listener, shutdown).await
        },
    )
}
