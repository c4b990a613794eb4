//! The one-process program: reads its settings, sets up logs and signals, makes one video.

use std::process::ExitCode;

use reelmeter::cli::Cli;
use reelmeter::one_process::{self, Error};
use reelmeter_service::telemetry::{self, Sink};
use reelmeter_service::{Program, failure, program, secret, settings, shutdown, tls, traces};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let settings = settings::parse::<Cli>(Program::Reelmeter, &secret::ALL);
    let sink = if one_process::shows_a_screen(&settings.cli) {
        // A line on the terminal would tear the screen.
        Sink::File(one_process::log_file(&settings.cli))
    } else {
        Sink::Stderr
    };
    program::no_core_file();
    tls::install_crypto();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failure::exit_with(&error, failure::FAILED),
    };
    let logging = {
        let _inside = runtime.enter();
        telemetry::init(&settings.common, sink)
    };
    if let Err(error) = logging {
        return failure::exit_with(&error, failure::USAGE);
    }
    let outcome = runtime.block_on(async {
        let shutdown = shutdown::on_signals().map_err(Error::Signals)?;
        one_process::run(settings, shutdown).await
    });
    traces::flush();
    match outcome {
        Ok(end) => ExitCode::from(end.exit_code()),
        // `… | head` has read what it wanted.
        Err(Error::Client(error)) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => failure::exit_with(&error, failure::FAILED),
    }
}
