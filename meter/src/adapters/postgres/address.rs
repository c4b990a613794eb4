//! Where the database is, and how it is reached: `METER_STORE`, the password, and TLS.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use reelmeter_service::Secret;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take to come about, before it counts as not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a peer may be silent before it is asked whether it still lives.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
/// How long sent bytes may go unacknowledged: a host that is gone is noticed by then.
const USER_TIMEOUT: Duration = Duration::from_secs(15);
/// What the address may say beyond what the library knows.
const ROOT_CERTIFICATES: &str = "sslrootcert";

/// Why the address cannot be used. The messages never carry the password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It does not read.
    #[error(
        "METER_STORE cannot be read: {0}; write postgres://USER@HOST:PORT/DATABASE, and the password into METER_STORE_PASSWORD"
    )]
    Malformed(String),
    /// The password is given twice.
    #[error("METER_STORE holds a password and METER_STORE_PASSWORD is set too; keep one of them")]
    TwoPasswords,
    /// A file of certificates cannot be read.
    #[error("cannot read the certificates {}: {reason}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// rustls refuses.
    #[error("TLS to the database cannot be set up: {0}")]
    Tls(String),
}

/// How a meter uses the database.
#[derive(Clone, Debug)]
pub struct Options {
    /// Be told of changes by the database (LISTEN and NOTIFY), beside looking for them.
    pub listen: bool,
    /// How often to look for changes that nobody told of.
    pub poll_every: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: true,
            poll_every: Duration::from_millis(150),
        }
    }
}

/// A database, and how to reach it.
#[derive(Clone)]
pub struct Address {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    shown: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl std::fmt::Display for Address {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    /// Reads `postgres://…`. `authorities` are those that the program trusts instead of the public ones; the address
    /// may name others as `sslrootcert`. Beyond this machine TLS is required unless it says `sslmode=disable`, and
    /// certificates are always checked, with the host's name.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub fn read(
        text: &str,
        password: Option<&Secret>,
        authorities: Option<&Path>,
    ) -> Result<Self, AddressError> {
        let (text, roots) = take_parameter(text, ROOT_CERTIFICATES);
        let mut config = Config::from_str(&text).map_err(|error| {
            // The library's words name the parameter, never its value.
            AddressError::Malformed(super::error::words(&error))
        })?;
        match (password, config.get_password()) {
            (Some(_), Some(_)) => return Err(AddressError::TwoPasswords),
            (Some(password), None) => {
                config.password(password.expose());
            }
            _ => {}
        }
        let here = config.get_hosts().iter().all(is_here);
        if !text.contains("sslmode=") {
            config.ssl_mode(if here {
                SslMode::Disable
            } else {
                SslMode::Require
            });
        } else if config.get_ssl_mode() == SslMode::Prefer {
            // A connection that may be secret or not is not.
            config.ssl_mode(SslMode::Require);
        }
        if config.get_application_name().is_none() {
            config.application_name("reelmeter meter");
        }
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives_idle(KEEPALIVE_IDLE)
            .tcp_user_timeout(USER_TIMEOUT);
        let roots = roots.map(PathBuf::from);
        let tls = tls(roots.as_deref().or(authorities))?;
        let shown = shown(&config);
        Ok(Self { config, tls, shown })
    }
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    }
}

/// The address without one of its parameters, and that one's value.
fn take_parameter(text: &str, name: &str) -> (String, Option<String>) {
    let Some((before, parameters)) = text.split_once('?') else {
        return (text.to_owned(), None);
    };
    let (taken, kept): (Vec<&str>, Vec<&str>) = parameters.split('&').partition(|parameter| {
        parameter
            .split_once('=')
            .is_some_and(|(known, _)| known == name)
    });
    let value = taken
        .first()
        .and_then(|parameter| parameter.split_once('='))
        .map(|(_, value)| value.replace("%2F", "/").replace("%2f", "/"));
    let text = if kept.is_empty() {
        before.to_owned()
    } else {
        format!("{before}?{}", kept.join("&"))
    };
    (text, value)
}

fn shown(config: &Config) -> String {
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(place, host)| {
            let port = config
                .get_ports()
                .get(place)
                .or_else(|| config.get_ports().first());
            let port = port.map_or(String::new(), |port| format!(":{port}"));
            match host {
                Host::Tcp(name) => format!("{name}{port}"),
                Host::Unix(path) => format!("{}{port}", path.display()),
            }
        })
        .collect();
    let user = config
        .get_user()
        .map_or(String::new(), |user| format!("{user}@"));
    let database = config.get_dbname().or_else(|| config.get_user());
    format!(
        "postgres://{user}{}/{}",
        hosts.join(","),
        database.unwrap_or_default()
    )
}

fn tls(authorities: Option<&Path>) -> Result<MakeRustlsConnect, AddressError> {
    let mut roots = rustls::RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let failed = |reason: String| AddressError::Certificates {
                path: path.to_owned(),
                reason,
            };
            let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|error| failed(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| failed(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(failed("it holds no certificate in PEM form".to_owned()));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| AddressError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(text: &str) -> Address {
        Address::read(text, None, None).unwrap()
    }

    #[test]
    fn a_password_is_never_shown() {
        let address = read("postgres://meter:geheim@db.example:5433/ledger");
        for shown in [format!("{address:?}"), address.to_string()] {
            assert_eq!(shown, "postgres://meter@db.example:5433/ledger");
        }
        let secret = Secret::new("geheim");
        let twice = Address::read("postgres://meter:geheim@h/d", Some(&secret), None).unwrap_err();
        let wrong = Address::read("postgres://m:geheim@h/d?nonsense=1", None, None).unwrap_err();
        for error in [twice, wrong] {
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
    }

    #[test]
    fn beyond_this_machine_tls_is_required_unless_it_is_switched_off() {
        for (text, wanted) in [
            ("postgres://m@db.example/d", SslMode::Require),
            ("postgres://m@db.example/d?sslmode=prefer", SslMode::Require),
            (
                "postgres://m@db.example/d?sslmode=disable",
                SslMode::Disable,
            ),
            ("postgres://m@127.0.0.1/d", SslMode::Disable),
            ("postgres://m@localhost/d?sslmode=require", SslMode::Require),
            ("postgres://m@%2Fvar%2Frun%2Fpostgresql/d", SslMode::Disable),
        ] {
            assert_eq!(read(text).config.get_ssl_mode(), wanted, "{text}");
        }
    }

    #[test]
    fn a_file_of_certificates_that_is_none_is_named() {
        let error =
            Address::read("postgres://m@h/d?sslrootcert=/nowhere.pem", None, None).unwrap_err();
        assert!(error.to_string().contains("/nowhere.pem"), "{error}");
    }
}
