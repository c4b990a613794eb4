//! The server's side: handshakes with what the files hold now, so that a certificate that was renewed is shown to the
//! next caller without a restart.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tonic::transport::server::Connected;

use super::{HANDSHAKE_TIMEOUT, Tls, TlsError};

/// How often the files are looked at, at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What tells that a file is another than before: its time, length and place.
type Version = Option<(SystemTime, u64, u64)>;

/// Shakes hands with callers. Cheap to clone; all clones show the same certificate.
#[derive(Debug, Clone)]
pub struct Acceptor(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    tls: Tls,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    looked: Instant,
    versions: Vec<Version>,
}

impl Acceptor {
    pub(super) fn new(tls: Tls) -> Result<Self, TlsError> {
        // Before they are read: what changes meanwhile is read again.
        let versions = versions(&tls);
        let current = Current {
            config: Arc::new(tls.server_config()?),
            looked: Instant::now(),
            versions,
        };
        Ok(Self(Arc::new(Shared {
            tls,
            current: Mutex::new(current),
        })))
    }

    /// What the next caller is shown. Files that cannot be used, such as a new certificate whose key is not there yet,
    /// leave what was good before; they are tried again when one of them changes.
    ///
    /// Looks at three files, and reads them where they changed: little enough to do it where it is asked for.
    fn config(&self) -> Arc<ServerConfig> {
        let mut current = self
            .0
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if current.looked.elapsed() < LOOK_EVERY {
            return Arc::clone(&current.config);
        }
        current.looked = Instant::now();
        let versions = versions(&self.0.tls);
        if versions != current.versions {
            current.versions = versions;
            match self.0.tls.server_config() {
                Ok(config) => {
                    current.config = Arc::new(config);
                    tracing::info!("the TLS certificate was read again");
                }
                Err(error) => tracing::warn!(
                    %error,
                    "the TLS files have changed and cannot be used; the certificate from before is still shown"
                ),
            }
        }
        Arc::clone(&current.config)
    }
}

/// Connections, over TLS where there is an acceptor.
///
/// A caller that fails its handshake is told so by TLS itself, and nobody else waits for it.
pub fn incoming<S, IO>(acceptor: Option<Acceptor>, connections: S) -> Incoming<S, IO> {
    Incoming {
        connections: Box::pin(connections),
        acceptor,
        handshakes: JoinSet::new(),
    }
}

/// A stream of connections that are ready to be served.
#[derive(Debug)]
pub struct Incoming<S, IO> {
    connections: Pin<Box<S>>,
    acceptor: Option<Acceptor>,
    /// As many as there are connections, which are limited where they come from.
    handshakes: JoinSet<io::Result<TlsStream<IO>>>,
}

impl<S, IO> Stream for Incoming<S, IO>
where
    S: Stream<Item = io::Result<IO>>,
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Item = io::Result<Connection<IO>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match this.handshakes.poll_join_next(context) {
                Poll::Ready(Some(Ok(Ok(stream)))) => {
                    return Poll::Ready(Some(Ok(Connection::Tls(Box::new(stream)))));
                }
                Poll::Ready(Some(Ok(Err(error)))) => {
                    tracing::debug!(%error, "a TLS handshake failed");
                    continue;
                }
                Poll::Ready(Some(Err(error))) => {
                    tracing::error!(%error, "a TLS handshake broke off");
                    continue;
                }
                Poll::Ready(None) | Poll::Pending => {}
            }
            match (
                ready!(this.connections.as_mut().poll_next(context)),
                &this.acceptor,
            ) {
                (Some(Ok(stream)), None) => {
                    return Poll::Ready(Some(Ok(Connection::Plain(stream))));
                }
                (Some(Ok(stream)), Some(acceptor)) => {
                    let handshake = TlsAcceptor::from(acceptor.config()).accept(stream);
                    this.handshakes.spawn(async move {
                        let silent = || io::Error::new(io::ErrorKind::TimedOut, "it took too long");
                        tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake)
                            .await
                            .map_err(|_| silent())?
                    });
                }
                (Some(Err(error)), _) => return Poll::Ready(Some(Err(error))),
                (None, _) if this.handshakes.is_empty() => return Poll::Ready(None),
                // The handshakes wake us.
                (None, _) => return Poll::Pending,
            }
        }
    }
}

/// A connection, over TLS or plain.
#[derive(Debug)]
pub enum Connection<IO> {
    /// As it came.
    Plain(IO),
    /// After its handshake.
    Tls(Box<TlsStream<IO>>),
}

impl<IO: Connected> Connected for Connection<IO> {
    /// Where it comes from; who it is, tokens say.
    type ConnectInfo = IO::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        match self {
            Self::Plain(stream) => stream.connect_info(),
            Self::Tls(stream) => stream.get_ref().0.connect_info(),
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Connection<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Connection<IO> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}

/// What is there of the files. A file that is gone is another version as well.
fn versions(tls: &Tls) -> Vec<Version> {
    let files: [&Option<PathBuf>; 3] = [&tls.certificate, &tls.key, &tls.authorities];
    files
        .into_iter()
        .flatten()
        .map(|path| version(path))
        .collect()
}

fn version(path: &Path) -> Version {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len(), found.ino()))
}
