//! The settings that every program has.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::door::{Door, Keyring, KeyringError, Limits, WebRules};
use crate::tls::Tls;
use crate::{Clock, Secret};

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
    /// Send OpenTelemetry traces to this OTLP receiver (gRPC), such as http://127.0.0.1:4317; without it none are made.
    #[arg(long, env, value_name = "URL")]
    pub reelmeter_otlp_endpoint: Option<String>,
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
    /// The file of the tokens that callers may show, with their roles; see `meter tokens`. Without it the one token of
    /// REELMETER_TOKEN may do everything, and without that anybody may.
    #[arg(long, env, value_name = "FILE")]
    pub reelmeter_tokens: Option<PathBuf>,
    /// How many calls a second one token may make, and as many at once; 0 for no limit.
    #[arg(long, env, value_name = "CALLS", default_value_t = CALLS_PER_SECOND_DEFAULT)]
    pub reelmeter_calls_per_second: u32,
    /// How many connections a service keeps open at once.
    #[arg(long, env, value_name = "CONNECTIONS", default_value_t = CONNECTIONS_MAX_DEFAULT)]
    pub reelmeter_connections_max: u32,
    /// The origins of web pages that may use the meter, such as https://console.example, separated by commas.
    #[arg(long, env, value_name = "ORIGINS", value_delimiter = ',')]
    pub reelmeter_web_origins: Vec<String>,
    /// Host names, beside localhost and addresses, by which web pages may reach the meter, separated by commas.
    #[arg(long, env, value_name = "HOSTS", value_delimiter = ',')]
    pub reelmeter_web_hosts: Vec<String>,
    /// Describe the API to callers that ask (gRPC reflection).
    #[arg(long, env, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub reelmeter_reflection: bool,
}

/// More than any program of ours makes, and few enough that one token cannot keep all others waiting.
const CALLS_PER_SECOND_DEFAULT: u32 = 20_000;
/// Below the open files that systems commonly allow a process, 16,384 or 20,000, with room for the ledger's own.
const CONNECTIONS_MAX_DEFAULT: u32 = 12_000;

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

    /// What is asked of callers: the tokens of the file, or else the single one.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn door(
        &self,
        single: Option<&Secret>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Door>, KeyringError> {
        let keyring = Keyring::new(self.reelmeter_tokens.as_deref(), single, clock)?;
        // Where nobody is told apart, everybody would share one caller's limit.
        let calls = if keyring.is_open() {
            0
        } else {
            self.reelmeter_calls_per_second
        };
        Ok(Arc::new(Door::new(keyring, Limits::new(calls))))
    }

    /// Which web pages may use the service.
    #[must_use]
    pub fn web_rules(&self) -> WebRules {
        WebRules {
            origins: self.reelmeter_web_origins.clone(),
            hosts: self.reelmeter_web_hosts.clone(),
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
            reelmeter_otlp_endpoint: None,
            reelmeter_insecure: false,
            reelmeter_tls_cert: None,
            reelmeter_tls_key: None,
            reelmeter_tls_ca: None,
            reelmeter_tls_require_client_cert: false,
            reelmeter_tokens: None,
            reelmeter_calls_per_second: CALLS_PER_SECOND_DEFAULT,
            reelmeter_connections_max: CONNECTIONS_MAX_DEFAULT,
            reelmeter_web_origins: Vec::new(),
            reelmeter_web_hosts: Vec::new(),
            reelmeter_reflection: true,
        }
    }
}
