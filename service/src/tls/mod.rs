//! TLS from the settings `REELMETER_TLS_CERT`, `_KEY` and `_CA`, for both ends of a connection.
//!
//! One set of files serves both roles of a program: the certificate and key are what it shows, as a server and
//! to servers that ask for one; the authorities are whom it trusts, instead of the public ones.

mod accept;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

pub use accept::{Acceptor, Connection, Incoming, incoming};

/// How long a TLS handshake may take: a caller that dawdles longer only holds a connection.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The protocol of gRPC, as TLS names it.
const HTTP_2: &[u8] = b"h2";

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
    /// A file that holds something else than it says, or a key that is not the certificate's.
    #[error("{setting}={} cannot be used: {reason}", path.display())]
    Unusable {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
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

    /// The server's side; nothing where no certificate is configured. Where authorities are configured, a certificate
    /// that a caller shows is checked against them. Files that change are read again.
    ///
    /// # Errors
    /// Half a configuration, or files that cannot be read or used.
    pub fn server(&self) -> Result<Option<Acceptor>, TlsError> {
        if self.pair()?.is_some() {
            return Acceptor::new(self.clone()).map(Some);
        }
        if self.require_client_certificate {
            return Err(TlsError::Incomplete {
                given: REQUIRE,
                missing: CERT,
            });
        }
        Ok(None)
    }

    /// What the files hold now.
    fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let Some((certificate, key)) = self.pair()? else {
            return Err(TlsError::Incomplete {
                given: KEY,
                missing: CERT,
            });
        };
        let chain = certificates(CERT, certificate)?;
        let text = read(KEY, key, "PRIVATE KEY", "private key")?;
        let private = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|error| unusable(KEY, key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(CERT, certificate, &error))?;
        let builder = match &self.authorities {
            Some(path) => {
                let mut roots = RootCertStore::empty();
                // A bundle may hold some of a kind that nobody uses any more.
                let (added, _) = roots.add_parsable_certificates(certificates(CA, path)?);
                if added == 0 {
                    return Err(unusable(
                        CA,
                        path,
                        &"no certificate in it is one of an authority",
                    ));
                }
                let mut verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                if !self.require_client_certificate {
                    verifier = verifier.allow_unauthenticated();
                }
                builder.with_client_cert_verifier(
                    verifier
                        .build()
                        .map_err(|error| unusable(CA, path, &error))?,
                )
            }
            None if self.require_client_certificate => {
                return Err(TlsError::Incomplete {
                    given: REQUIRE,
                    missing: CA,
                });
            }
            None => builder.with_no_client_auth(),
        };
        let mut config = builder
            .with_single_cert(chain, private)
            .map_err(|error| unusable(KEY, key, &error))?;
        config.alpn_protocols.push(HTTP_2.to_vec());
        Ok(config)
    }

    /// The caller's side, for `https` addresses: trusts the configured authorities, or the public ones.
    ///
    /// # Errors
    /// As [`Tls::server`].
    pub fn client(&self) -> Result<ClientTlsConfig, TlsError> {
        let config = ClientTlsConfig::new().timeout(HANDSHAKE_TIMEOUT);
        let config = match self.authorities()? {
            Some(authorities) => config.ca_certificate(authorities),
            None => config.trust_anchors(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        };
        Ok(match self.identity()? {
            Some(identity) => config.identity(identity),
            None => config,
        })
    }

    /// The certificate and its key: both or none.
    fn pair(&self) -> Result<Option<(&Path, &Path)>, TlsError> {
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
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

    fn identity(&self) -> Result<Option<Identity>, TlsError> {
        let Some((certificate, key)) = self.pair()? else {
            return Ok(None);
        };
        Ok(Some(Identity::from_pem(
            read(CERT, certificate, "CERTIFICATE", "certificate")?,
            read(KEY, key, "PRIVATE KEY", "private key")?,
        )))
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

fn certificates(
    setting: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(setting, path, "CERTIFICATE", "certificate")?;
    CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(setting, path, &error))
}

fn unusable(setting: &'static str, path: &Path, reason: &dyn std::fmt::Display) -> TlsError {
    TlsError::Unusable {
        setting,
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

/// Makes ring the process's cryptography, for every library that asks rustls for its default. For `main` alone;
/// calling it again changes nothing.
pub fn install_crypto() {
    // An error means that a provider is installed already, which is what was wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
