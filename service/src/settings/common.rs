//! The settings that every program has.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::tls::Tls;

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for log collectors.
    Json,
}

/// What every program can be told.
#[derive(Debug, Clone, Args)]
#[group(skip)]
#[command(next_help_heading = "Shared settings")]
pub struct Common {
    /// Read settings from this file instead of ./reelmeter.toml.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print every setting with the value in force and where it came from, secrets hidden, and exit.
    #[arg(long)]
    pub print_config: bool,
    /// What to log: a level, or parts such as `info,reelmeter_meter=debug`.
    #[arg(long, env, value_name = "FILTER", default_value = "info")]
    pub reelmeter_log: String,
    /// The form of the log lines.
    #[arg(long, env, value_name = "FORMAT", default_value = "text")]
    pub reelmeter_log_format: LogFormat,
    /// Allow listening beyond this machine without TLS. Everyone who reaches the port can then use it.
    #[arg(long, env)]
    pub reelmeter_insecure: bool,
    /// This program's certificate chain, PEM.
    #[arg(long, env, value_name = "FILE")]
    pub reelmeter_tls_cert: Option<PathBuf>,
    /// The private key of the certificate, PEM.
    #[arg(long, env, value_name = "FILE")]
    pub reelmeter_tls_key: Option<PathBuf>,
    /// The certificate authorities to trust, PEM: instead of the public ones when calling, and for the
    /// certificates that callers show.
    #[arg(long, env, value_name = "FILE")]
    pub reelmeter_tls_ca: Option<PathBuf>,
    /// Turn away callers that show no certificate of a trusted authority (mutual TLS).
    #[arg(long, env)]
    pub reelmeter_tls_require_client_cert: bool,
}

impl Common {
    /// The TLS part of the settings.
    #[must_use]
    pub fn tls(&self) -> Tls {
        Tls {
            certificate: self.reelmeter_tls_cert.clone(),
            key: self.reelmeter_tls_key.clone(),
            authorities: self.reelmeter_tls_ca.clone(),
            require_client_certificate: self.reelmeter_tls_require_client_cert,
        }
    }
}

impl Default for Common {
    fn default() -> Self {
        Self {
            config: None,
            print_config: false,
            reelmeter_log: "info".to_owned(),
            reelmeter_log_format: LogFormat::Text,
            reelmeter_insecure: false,
            reelmeter_tls_cert: None,
            reelmeter_tls_key: None,
            reelmeter_tls_ca: None,
            reelmeter_tls_require_client_cert: false,
        }
    }
}
