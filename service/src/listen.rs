//! Opening a port: who may reach it, and what to say when it is taken.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tokio_stream::Stream;
use tonic::transport::server::{Connected, TcpConnectInfo, TcpIncoming};

use crate::settings::Common;

/// After this long without traffic the system asks whether the caller is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A caller that opens a connection has said its first words after this, or is cut off; on a slow line it takes seconds.
const FIRST_WORD_TIMEOUT: Duration = Duration::from_secs(15);

/// The preface of HTTP/2; every request of HTTP/1.1 and every TLS hello is longer.
const FIRST_WORD_BYTES: usize = 24;

/// Why a service cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program has the port.
    #[error("address {address} is in use; choose another with --{}, or stop the program that holds it (`ss -ltnp 'sport = :{}'` shows which)", flag(setting), address.port())]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The setting that names it (`meter_listen`).
        setting: &'static str,
    },
    /// The address is beyond this machine and nothing guards it.
    #[error("refusing to listen on {address}, which other machines can reach, without TLS: set REELMETER_TLS_CERT and REELMETER_TLS_KEY, or set REELMETER_INSECURE=1 where the network itself is trusted, or listen on loopback with --{} 127.0.0.1:{}", flag(setting), address.port())]
    Exposed {
        /// The address.
        address: SocketAddr,
        /// The setting that names it.
        setting: &'static str,
    },
    /// The system refuses for another reason.
    #[error("cannot listen on {address} (--{}): {source}", flag(setting))]
    Refused {
        /// The address.
        address: SocketAddr,
        /// The setting that names it.
        setting: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

fn flag(setting: &str) -> String {
    setting.replace('_', "-")
}

/// Refuses an address that other machines can reach, unless TLS guards it or a person insists.
///
/// # Errors
/// [`ListenError::Exposed`].
pub fn check_door(
    address: SocketAddr,
    setting: &'static str,
    common: &Common,
) -> Result<(), ListenError> {
    if address.ip().to_canonical().is_loopback()
        || common.tls().can_serve()
        || common.reelmeter_insecure
    {
        return Ok(());
    }
    Err(ListenError::Exposed { address, setting })
}

/// Opens the port for a service that its callers expect at this address. `setting` is the name of the setting
/// that holds it (`meter_listen`), for the message.
///
/// # Errors
/// The door is not guarded, the port is taken, or the system refuses.
pub async fn bind(
    address: SocketAddr,
    setting: &'static str,
    common: &Common,
) -> Result<TcpListener, ListenError> {
    check_door(address, setting, common)?;
    open(address, setting).await
}

/// A port that may have become another one.
#[derive(Debug)]
pub struct Bound {
    /// The open port.
    pub listener: TcpListener,
    /// The address that was asked for, where it was taken and a free port was opened in its place. Say so.
    pub taken: Option<SocketAddr>,
}

/// Opens the port, or a free one on the same address where it is taken: for the one-process program, whose
/// services nobody else expects at a fixed place.
///
/// # Errors
/// As [`bind`], except that a taken port is none.
pub async fn bind_or_free(
    address: SocketAddr,
    setting: &'static str,
    common: &Common,
) -> Result<Bound, ListenError> {
    check_door(address, setting, common)?;
    match open(address, setting).await {
        Ok(listener) => Ok(Bound {
            listener,
            taken: None,
        }),
        Err(ListenError::InUse { .. }) => {
            let listener = open(SocketAddr::new(address.ip(), 0), setting).await?;
            Ok(Bound {
                listener,
                taken: Some(address),
            })
        }
        Err(error) => Err(error),
    }
}

async fn open(address: SocketAddr, setting: &'static str) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse { address, setting },
            _ => ListenError::Refused {
                address,
                setting,
                source,
            },
        })
}

/// The port's connections as tonic takes them: small messages leave at once, callers that have vanished are noticed, and
/// no more than so many are open at once. One beyond is closed as soon as it is opened: to leave it waiting would leave its
/// caller guessing.
#[must_use]
pub fn incoming(listener: TcpListener, connections_max: u32) -> Incoming {
    let accepted = TcpIncoming::from(listener)
        .with_nodelay(Some(true))
        .with_keepalive(Some(KEEPALIVE));
    Incoming {
        accepted,
        room: Arc::new(Semaphore::new(connections_max as usize)),
        is_full: false,
    }
}

/// The connections of a port, each in its place.
#[derive(Debug)]
pub struct Incoming {
    accepted: TcpIncoming,
    room: Arc<Semaphore>,
    is_full: bool,
}

impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let stream = match ready!(Pin::new(&mut self.accepted).poll_next(context)) {
                Some(Ok(stream)) => stream,
                other => return Poll::Ready(other.map(|failed| failed.map(Connection::unlimited))),
            };
            let place = Arc::clone(&self.room).try_acquire_owned();
            let was_full = std::mem::replace(&mut self.is_full, place.is_err());
            if let Ok(place) = place {
                return Poll::Ready(Some(Ok(Connection::new(stream, Some(place)))));
            }
            // Said once, not for each of a flood.
            if !was_full {
                tracing::warn!(
                    "as many connections are open as REELMETER_CONNECTIONS_MAX allows; more are closed at once"
                );
            }
        }
    }
}

/// A connection that gives its place back when it ends, and that ends if its caller opens it and says nothing, or not
/// enough: until the service has answered a first word, which TLS and HTTP/2 do at once, a read that takes too long fails.
///
/// Before it writes, it lets those have their turn that wait to run, once until all is written: many calls of a connection
/// that were answered together then leave in one write, and not each in its own. Where nobody waits, it writes at once.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    has_let_others: bool,
    silence: Option<Pin<Box<Sleep>>>,
    heard_bytes: usize,
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    fn new(stream: TcpStream, place: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            stream,
            has_let_others: false,
            silence: Some(Box::pin(tokio::time::sleep(FIRST_WORD_TIMEOUT))),
            heard_bytes: 0,
            _place: place,
        }
    }

    /// What is written after a first word answers it; HTTP/2 writes something even before.
    fn answering(&mut self) {
        if self.heard_bytes >= FIRST_WORD_BYTES {
            self.silence = None;
        }
    }

    /// Ready when whoever waited to run when writing began has had their turn.
    fn others_had_their_turn(&mut self, context: &Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.has_let_others, true) {
            return Poll::Ready(());
        }
        // The runtime puts a task that wakes itself behind all that wait already.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn unlimited(stream: TcpStream) -> Self {
        Self::new(stream, None)
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(silence) = &mut self.silence
            && silence.as_mut().poll(context).is_ready()
        {
            let said = "the caller did not say what it wants in time";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, said)));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.heard_bytes = self
            .heard_bytes
            .saturating_add(buffer.filled().len() - before);
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.answering();
        ready!(self.others_had_their_turn(context));
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.answering();
        ready!(self.others_had_their_turn(context));
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.has_let_others = false;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
