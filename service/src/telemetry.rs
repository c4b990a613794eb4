//! Logs: what is written, in which form, and where to.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::settings::{Common, LogFormat};
use crate::traces;

/// Where the log lines go.
#[derive(Debug, Clone)]
pub enum Sink {
    /// Standard error: services, and everything that runs without a screen.
    Stderr,
    /// A file, appended to and created where missing: while the screen is on, a line on the terminal would tear it.
    File(PathBuf),
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error(
        "REELMETER_LOG is not a log filter: {message}; write a level (error, warn, info, debug, trace), or parts such as info,reelmeter_meter=debug"
    )]
    Filter {
        /// What is wrong with it.
        message: String,
    },
    /// The log file cannot be written.
    #[error("cannot write the log file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Traces cannot be sent there.
    #[error(
        "REELMETER_OTLP_ENDPOINT cannot be used: {message}; write http://HOST:4317, or leave it out"
    )]
    Traces {
        /// What is wrong with it.
        message: String,
    },
    /// Logging was set up before in this process.
    #[error("logging is already set up in this process")]
    Twice,
}

/// Sets up logging for the whole process. For `main` alone, once: libraries and `run` functions only emit.
///
/// # Errors
/// A filter that is none, a file that cannot be written, or a second call.
pub fn init(common: &Common, sink: Sink) -> Result<(), TelemetryError> {
    let filter = EnvFilter::builder()
        .parse(&common.reelmeter_log)
        .map_err(|error| TelemetryError::Filter {
            message: error.to_string(),
        })?;
    let (writer, colours) = match &sink {
        Sink::Stderr => (
            BoxMakeWriter::new(io::stderr),
            io::stderr().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        ),
        Sink::File(path) => (BoxMakeWriter::new(Mutex::new(open(path)?)), false),
    };
    let lines = fmt::layer().with_writer(writer).with_ansi(colours);
    let lines = match common.reelmeter_log_format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
    };
    // What sends the spans works within the runtime; a program without one, as a client's screen, makes none.
    let endpoint = common.reelmeter_otlp_endpoint.as_deref();
    let endpoint = endpoint.filter(|_| tokio::runtime::Handle::try_current().is_ok());
    let spans = endpoint.map(traces::layer).transpose();
    let spans = spans.map_err(|error| TelemetryError::Traces {
        message: error.to_string(),
    })?;
    tracing_subscriber::registry()
        .with(lines)
        .with(spans)
        .try_init()
        .map_err(|_| TelemetryError::Twice)
}

fn open(path: &Path) -> Result<File, TelemetryError> {
    let failed = |source| TelemetryError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(failed)
}
