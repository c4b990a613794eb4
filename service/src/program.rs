//! The life of a program: read the settings, set up logs and signals, run, and exit with a code that says how it went.

use std::future::Future;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use tokio_util::sync::CancellationToken;

use crate::failure::{self, FAILED};
use crate::settings::{self, Settings};
use crate::telemetry::{self, Sink};
use crate::{shutdown, tls, traces};

/// The programs of Reelmeter. Each owns the settings that start with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Records usage, prices it, streams summaries.
    Meter,
    /// Makes the videos.
    Generator,
    /// Stands in for the providers.
    Simulator,
    /// The terminal client.
    Client,
    /// All of them in one process.
    Reelmeter,
}

impl Program {
    /// The binary's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Meter => "meter",
            Self::Generator => "generator",
            Self::Simulator => "simulator",
            Self::Client => "client",
            Self::Reelmeter => "reelmeter",
        }
    }
}

/// Runs a service program from its first line to its last: settings (ending here for `--help`, `--version`,
/// `--print-config` and mistakes), logs to standard error, signals, the body, and one clear line if it fails.
///
/// `secrets` names the secrets that this program may read; see [`crate::secret`].
pub fn run<T, F, Fut, E>(program: Program, secrets: &[&'static str], body: F) -> ExitCode
where
    T: CommandFactory + FromArgMatches,
    F: FnOnce(Settings<T>, CancellationToken) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: std::error::Error + 'static,
{
    let settings = settings::parse::<T>(program, secrets);
    no_core_file();
    tls::install_crypto();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failure::exit_with(&error, FAILED),
    };
    let logging = {
        let _inside = runtime.enter();
        telemetry::init(&settings.common, Sink::Stderr)
    };
    if let Err(error) = logging {
        return failure::exit_with(&error, failure::USAGE);
    }
    let outcome = runtime.block_on(async {
        let shutdown = shutdown::on_signals().map_err(Failure::Signals)?;
        body(settings, shutdown).await.map_err(Failure::Body)
    });
    traces::flush();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Signals(error)) => failure::exit_with(&error, FAILED),
        Err(Failure::Body(error)) => failure::exit_with(&error, FAILED),
    }
}

/// A crash must not write the memory, with the keys in it, into a file.
pub fn no_core_file() {
    if let Err(error) = rlimit::setrlimit(rlimit::Resource::CORE, 0, 0) {
        // Nothing is logged yet; a system that refuses this writes no core files either, or is told to by an administrator.
        let told = format!("warning: core files cannot be switched off: {error}\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
    }
}

enum Failure<E> {
    Signals(std::io::Error),
    Body(E),
}
