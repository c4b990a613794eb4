//! TLS from the settings `REELMETER_TLS_CERT`, `_KEY` and `_CA`, for both ends of a connection.
//!
//! One set of files serves both roles of a program: the certificate and key are what it shows, as a server and
//! to servers that ask for one; the authorities are whom it trusts, instead of the public ones.

use std::path::{Path, PathBuf};

use tonic::transport::{Certificate, ClientTlsConfig, Identity, ServerTlsConfig};

/// How long a TLS handshake may take, in seconds: a caller that dawdles longer only holds a connection.
const HANDSHAKE_TIMEOUT_S: u64 = 10;

/// The TLS settings of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain that this program shows, PEM.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub key: Option<PathBuf>,
    /// The authorities that this program trusts, PEM.
    pub authorities: Option<PathBuf>,
    /// Whether callers must show a certificate of a trusted authority.
    pub require_client_certificate: bool,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One of the pair is missing.
    #[error("{given} is set but {missing} is not; TLS needs both")]
    Incomplete {
        /// The setting that is there.
        given: &'static str,
        /// The setting that is not.
        missing: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read {setting}={}: {source}", path.display())]
    Unreadable {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file without what it should hold.
    #[error("{setting}={} holds no {expected} in PEM form", path.display())]
    NotPem {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
    },
}

const CERT: &str = "REELMETER_TLS_CERT";
const KEY: &str = "REELMETER_TLS_KEY";
const CA: &str = "REELMETER_TLS_CA";
const REQUIRE: &str = "REELMETER_TLS_REQUIRE_CLIENT_CERT";

impl Tls {
    /// Whether this program can serve TLS.
    #[must_use]
    pub fn can_serve(&self) -> bool {
        self.certificate.is_some() && self.key.is_some()
    }

    /// The server's side; nothing where no certificate is configured. Where authorities are configured, a
    /// certificate that a caller shows is checked against them.
    ///
    /// # Errors
    /// Half a configuration, or files that cannot be read or are not PEM.
    pub fn server(&self) -> Result<Option<ServerTlsConfig>, TlsError> {
        let Some(identity) = self.identity()? else {
            return match (&self.authorities, self.require_client_certificate) {
                (_, true) => Err(TlsError::Incomplete {
                    given: REQUIRE,
                    missing: CERT,
                }),
                (_, false) => Ok(None),
            };
        };
        let timeout = std::time::Duration::from_secs(HANDSHAKE_TIMEOUT_S);
        let config = ServerTlsConfig::new().identity(identity).timeout(timeout);
        match self.authorities()? {
            Some(authorities) => Ok(Some(
                config
                    .client_ca_root(authorities)
                    .client_auth_optional(!self.require_client_certificate),
            )),
            None if self.require_client_certificate => Err(TlsError::Incomplete {
                given: REQUIRE,
                missing: CA,
            }),
            None => Ok(Some(config)),
        }
    }

    /// The caller's side, for `https` addresses: trusts the configured authorities, or the public ones.
    ///
    /// # Errors
    /// As [`Tls::server`].
    pub fn client(&self) -> Result<ClientTlsConfig, TlsError> {
        let timeout = std::time::Duration::from_secs(HANDSHAKE_TIMEOUT_S);
        let config = ClientTlsConfig::new().timeout(timeout);
        let config = match self.authorities()? {
            Some(authorities) => config.ca_certificate(authorities),
            None => config.trust_anchors(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        };
        Ok(match self.identity()? {
            Some(identity) => config.identity(identity),
            None => config,
        })
    }

    fn identity(&self) -> Result<Option<Identity>, TlsError> {
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Ok(Some(Identity::from_pem(
                read(CERT, certificate, "CERTIFICATE", "certificate")?,
                read(KEY, key, "PRIVATE KEY", "private key")?,
            ))),
            (Some(_), None) => Err(TlsError::Incomplete {
                given: CERT,
                missing: KEY,
            }),
            (None, Some(_)) => Err(TlsError::Incomplete {
                given: KEY,
                missing: CERT,
            }),
            (None, None) => Ok(None),
        }
    }

    fn authorities(&self) -> Result<Option<Certificate>, TlsError> {
        let read = |path: &PathBuf| {
            read(CA, path, "CERTIFICATE", "certificate").map(Certificate::from_pem)
        };
        self.authorities.as_ref().map(read).transpose()
    }
}

fn read(
    setting: &'static str,
    path: &Path,
    label: &str,
    expected: &'static str,
) -> Result<String, TlsError> {
    let text = std::fs::read_to_string(path).map_err(|source| TlsError::Unreadable {
        setting,
        path: path.to_owned(),
        source,
    })?;
    // `-----BEGIN EC PRIVATE KEY-----` is a private key as well.
    let found = text
        .lines()
        .any(|line| line.starts_with("-----BEGIN ") && line.contains(label));
    if found {
        Ok(text)
    } else {
        Err(TlsError::NotPem {
            setting,
            path: path.to_owned(),
            expected,
        })
    }
}

/// Makes ring the process's cryptography, for every library that asks rustls for its default. For `main` alone;
/// calling it again changes nothing.
pub fn install_crypto() {
    // An error means that a provider is installed already, which is what was wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
