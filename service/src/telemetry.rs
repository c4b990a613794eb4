//! Logs: what is written, in which form, and where to.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::{Common, LogFormat};

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
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(colours);
    let done = match common.reelmeter_log_format {
        LogFormat::Text => builder.finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
    done.map_err(|_| TelemetryError::Twice)
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
