//! A server stream that is kept open: whatever breaks it, it is opened again, and every step is told.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::backoff::Backoff;
use super::error::{Peer, RemoteError};
use crate::printable::Text;

/// A stream that says nothing for this long, where at least every 5 s something is due, is dead: close it and try again.
pub const SILENCE_MAX: Duration = Duration::from_secs(20);
/// How long opening a stream may take.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How often something that is not there yet is asked for.
const YET_TO_COME_RETRY: Duration = Duration::from_millis(250);
/// A stream that lived this long had worked; one that breaks earlier every time is not asked more often for that.
const WORKED_AFTER: Duration = Duration::from_secs(2);

/// What a kept-open stream tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Feed<T> {
    /// It is being opened.
    Opening,
    /// The service has taken it; its messages follow.
    Opened,
    /// A message.
    Item(T),
    /// It broke, or could not be opened.
    Lost {
        /// What happened.
        reason: Text,
        /// How long until the next try.
        retry_after: Duration,
    },
    /// The service will not serve it. The last message.
    Refused {
        /// Why.
        reason: Text,
    },
    /// It ended as it should. The last message.
    Finished,
}

/// One stream: how it is opened, what its messages mean, and when its end is no accident.
pub(super) trait Source: Send {
    /// The wire's message.
    type Wire: Send;
    /// What it means.
    type Item: Send;

    /// Which service it is a stream of.
    fn peer(&self) -> Peer;
    /// That service's address.
    fn address(&self) -> &str;
    /// Opens the stream where it was left.
    fn open(&mut self) -> impl Future<Output = Result<Streaming<Self::Wire>, Status>> + Send;
    /// Reads a message. `None`: it says nothing that is new.
    fn read(&mut self, message: Self::Wire) -> Result<Option<Self::Item>, RemoteError>;
    /// Whether the stream has said its last word.
    fn is_complete(&self) -> bool;
    /// Whether a refusal only means that the thing is not there yet, such as a session that nothing was recorded in:
    /// it is asked for again, and nobody needs to hear of it.
    fn is_yet_to_come(&self, _error: &RemoteError) -> bool {
        false
    }
}

/// Who hears of a stream: a channel, and how its messages are wrapped for it. The channel is bounded: a listener that
/// is slow makes the service skip to its newest figures, not this program keep old ones.
pub struct Listener<T, M> {
    channel: mpsc::Sender<M>,
    wrap: Box<dyn Fn(Feed<T>) -> M + Send + Sync>,
}

impl<T, M> Listener<T, M> {
    /// A listener.
    pub fn new(
        channel: mpsc::Sender<M>,
        wrap: impl Fn(Feed<T>) -> M + Send + Sync + 'static,
    ) -> Self {
        Self {
            channel,
            wrap: Box::new(wrap),
        }
    }

    async fn send(&self, feed: Feed<T>) -> Result<(), Gone> {
        self.channel.send((self.wrap)(feed)).await.map_err(|_| Gone)
    }

    async fn closed(&self) {
        self.channel.closed().await;
    }
}

/// Nobody listens any more.
#[derive(Debug)]
struct Gone;

/// Keeps the stream open until it is complete or refused, or until nobody listens any more.
pub(super) async fn keep_open<S: Source, M: Send>(mut source: S, listener: Listener<S::Item, M>) {
    let mut backoff = Backoff::default();
    loop {
        if listener.send(Feed::Opening).await.is_err() {
            return;
        }
        let opened = Instant::now();
        let end = drain(&mut source, &listener).await;
        let (error, listened) = match end {
            End::Unheard => return,
            End::Complete => {
                // Nobody is left to tell where the listener is gone.
                let _ = listener.send(Feed::Finished).await;
                return;
            }
            End::Broken { error, listened } => (error, listened),
        };
        if source.is_yet_to_come(&error) {
            tokio::time::sleep(YET_TO_COME_RETRY).await;
            continue;
        }
        if !error.may_pass() {
            let _ = listener
                .send(Feed::Refused {
                    reason: Text::line(&error.to_string()),
                })
                .await;
            return;
        }
        if listened && opened.elapsed() > WORKED_AFTER {
            backoff.reset();
        }
        let retry_after = backoff.next(random());
        tracing::debug!(peer = source.peer().name(), %error, ?retry_after, "stream lost");
        let lost = Feed::Lost {
            reason: reason(&error),
            retry_after,
        };
        if listener.send(lost).await.is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(retry_after) => {}
            () = listener.closed() => return,
        }
    }
}

enum End {
    Unheard,
    Complete,
    Broken { error: RemoteError, listened: bool },
}

async fn drain<S: Source, M: Send>(source: &mut S, listener: &Listener<S::Item, M>) -> End {
    let mut listened = false;
    let (peer, address) = (source.peer(), source.address().to_owned());
    let timeout = |after| RemoteError::Timeout {
        peer,
        address: Text::line(&address),
        after,
    };
    let opening = tokio::time::timeout(OPEN_TIMEOUT, source.open());
    let mut stream = match tokio::select! {
        opened = opening => opened,
        () = listener.closed() => return End::Unheard,
    } {
        Ok(Ok(stream)) => stream,
        Ok(Err(status)) => {
            return End::Broken {
                error: RemoteError::from_status(peer, &address, &status),
                listened,
            };
        }
        Err(_) => {
            return End::Broken {
                error: timeout(OPEN_TIMEOUT),
                listened,
            };
        }
    };
    if listener.send(Feed::Opened).await.is_err() {
        return End::Unheard;
    }
    loop {
        let message = tokio::select! {
            message = tokio::time::timeout(SILENCE_MAX, stream.message()) => message,
            () = listener.closed() => return End::Unheard,
        };
        let error = match message {
            Ok(Ok(Some(message))) => {
                listened = true;
                match source.read(message) {
                    Ok(Some(item)) => {
                        if listener.send(Feed::Item(item)).await.is_err() {
                            return End::Unheard;
                        }
                        continue;
                    }
                    Ok(None) => continue,
                    Err(error) => error,
                }
            }
            Ok(Ok(None)) if source.is_complete() => return End::Complete,
            Ok(Ok(None)) => RemoteError::Busy {
                peer,
                message: Text::line("it closed the stream"),
            },
            // A service that goes down ends its streams with an error; what was final stays final.
            Ok(Err(_)) if source.is_complete() => return End::Complete,
            Ok(Err(status)) => RemoteError::from_status(peer, &address, &status),
            Err(_) => timeout(SILENCE_MAX),
        };
        return End::Broken { error, listened };
    }
}

/// The short form for a line of the screen.
fn reason(error: &RemoteError) -> Text {
    match error {
        RemoteError::Unreachable { reason, .. } => reason.clone(),
        RemoteError::Busy { message, .. } => message.clone(),
        RemoteError::Timeout { after, .. } => {
            Text::line(&format!("nothing heard for {} s", after.as_secs()))
        }
        other => Text::line(&other.to_string()),
    }
}

/// An evenly spread number. Its quality does not matter: it only keeps watchers from coming back in step.
fn random() -> u32 {
    RandomState::new().hash_one(0u8) as u32
}
