//! The `client` program: reads its settings, sets up logs and signals, does one command.

use std::process::ExitCode;

use reelmeter_client::Error;
use reelmeter_client::cli::{self, Cli, SECRETS};
use reelmeter_service::telemetry::{self, Sink};
use reelmeter_service::{Program, Settings, failure, program, settings, shutdown, tls};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let settings = settings::parse::<Cli>(Program::Client, &SECRETS);
    program::no_core_file();
    match run(settings) {
        Ok(code) => code,
        // `… | head` has read what it wanted.
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => failure::exit_with(&error, failure::FAILED),
    }
}

fn run(settings: Settings<Cli>) -> Result<ExitCode, Error> {
    match &settings.cli.log_file {
        Some(path) => telemetry::init(&settings.common, Sink::File(path.clone()))?,
        // A line on the terminal would tear the screen.
        None if settings.cli.shows_a_screen() => {}
        None => telemetry::init(&settings.common, Sink::Stderr)?,
    }
    tls::install_crypto();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let shutdown = shutdown::on_signals()?;
        cli::run(settings, shutdown).await
    })
}
