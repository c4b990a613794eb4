//! Watching: a snapshot at once, then the newest after each change, never faster than asked and never silent for long.
//!
//! A watcher holds no queue. It waits for the session's version to move and then takes what is there: whoever reads
//! slowly skips to the newest, and nobody waits for them.

use std::sync::Arc;
use std::time::Duration;

use reelmeter_service::CancellationToken;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Error;
use super::live::LiveSession;
use super::meter::{Meter, checked_session};
use super::ports::{Change, SessionFilter, SessionKey};
use crate::domain::usage::SessionUsage;

/// The contract promises a message at least every five seconds; one less leaves room for the way.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(4);
/// The time between two summaries where a caller does not say.
const INTERVAL_DEFAULT: Duration = Duration::from_millis(100);
/// The shortest time between two summaries: more than fifty a second nobody can see.
const INTERVAL_MIN: Duration = Duration::from_millis(20);
/// The longest.
const INTERVAL_MAX: Duration = Duration::from_secs(5);

/// What to watch, and how.
#[derive(Clone, Debug, Default)]
pub struct WatchRequest {
    /// The session; empty for the newest active one, and then the next.
    pub session_id: String,
    /// At least this long between two summaries; `None` for 100 ms.
    pub interval: Option<Duration>,
    /// The newest revision that the caller has.
    pub resume_revision: i64,
    /// Go on after the settled summary.
    pub follow: bool,
}

/// Why a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateKind {
    /// The first, of the stream or of another session.
    Snapshot,
    /// Something changed.
    Change,
    /// Nothing did.
    Heartbeat,
    /// The session has ended and nothing is pending.
    Settled,
}

/// A message of the stream.
#[derive(Clone, Debug)]
pub struct Update<T> {
    /// Why it is sent.
    pub kind: UpdateKind,
    /// The summary; `None` in a heartbeat.
    pub summary: Option<Arc<T>>,
}

/// A session that is being watched.
#[derive(Debug)]
struct Watched {
    live: Arc<LiveSession>,
    versions: watch::Receiver<u64>,
    snapshot_sent: bool,
    settled_sent: bool,
}

/// A watch. Ask it for [`Watch::next`] until it has none.
pub struct Watch<T, M> {
    meter: Meter,
    make: M,
    shutdown: CancellationToken,
    interval: Duration,
    follow: bool,
    /// Whether the caller named the session.
    named: bool,
    watched: Option<Watched>,
    sessions: watch::Receiver<u64>,
    last_summary: Option<Instant>,
    last_message: Instant,
    done: bool,
    made: std::marker::PhantomData<fn() -> T>,
}

impl Meter {
    /// Starts to watch. `make` turns a session into what is sent; it is called once for each change, however many watch.
    ///
    /// # Errors
    /// There is no session of that id, or the caller has a newer revision than this ledger.
    pub async fn watch<T, M>(
        &self,
        request: WatchRequest,
        make: M,
        shutdown: CancellationToken,
    ) -> Result<Watch<T, M>, Error>
    where
        T: Send + Sync + 'static,
        M: Fn(&SessionUsage) -> T,
    {
        let named = !request.session_id.is_empty();
        let watched = if named {
            let watched = self
                .hold(self.key(checked_session(&request.session_id)?))
                .await?;
            let revision = watched.live.usage().revision;
            if revision < request.resume_revision {
                return Err(Error::Precondition(format!(
                    "session `{}` is at revision {revision} here and the caller has {}: this is another ledger, or one restored from a backup; watch again without resume_revision",
                    request.session_id, request.resume_revision
                )));
            }
            Some(watched)
        } else {
            None
        };
        Ok(Watch {
            meter: self.clone(),
            make,
            shutdown,
            interval: request
                .interval
                .unwrap_or(INTERVAL_DEFAULT)
                .clamp(INTERVAL_MIN, INTERVAL_MAX),
            follow: request.follow,
            named,
            watched,
            sessions: self.parts.library.live().subscribe(),
            last_summary: None,
            last_message: Instant::now(),
            done: false,
            made: std::marker::PhantomData,
        })
    }

    /// A session in memory, which stays there while it is watched.
    async fn hold(&self, key: SessionKey) -> Result<Watched, Error> {
        loop {
            if let Some((live, versions)) = self.parts.library.live().watch(&key) {
                if self.parts.library.is_shared() {
                    // Whoever comes from another replica has seen what that one knew: this one must not know less.
                    let key = key.clone();
                    self.read(move |library| library.catch_up(&key)).await?;
                }
                return Ok(Watched {
                    live,
                    versions,
                    snapshot_sent: false,
                    settled_sent: false,
                });
            }
            self.session_change(Change::Hold(Arc::clone(&key.session_id)))
                .await?;
        }
    }

    /// The newest session that has not ended.
    async fn newest_active(&self) -> Result<Option<SessionKey>, Error> {
        let filter = SessionFilter {
            ended: Some(false),
            ..SessionFilter::default()
        };
        let page = self.sessions(filter, None, 1).await?;
        Ok(page
            .items
            .first()
            .map(|usage| self.key(Arc::clone(&usage.session.session_id))))
    }
}

/// What a watcher waits for.
enum Woken {
    Changed,
    SessionsChanged,
    Heartbeat,
    Stopping,
}

impl<T, M> Watch<T, M>
where
    T: Send + Sync + 'static,
    M: Fn(&SessionUsage) -> T,
{
    /// The next message; `None` after the last.
    ///
    /// # Errors
    /// The meter is shutting down, or the ledger cannot be read.
    pub async fn next(&mut self) -> Option<Result<Update<T>, Error>> {
        if self.done {
            return None;
        }
        let next = self.find_next().await;
        match &next {
            Ok(Some(update)) => {
                let now = Instant::now();
                self.last_message = now;
                if update.summary.is_some() {
                    self.last_summary = Some(now);
                }
            }
            Ok(None) | Err(_) => self.done = true,
        }
        next.transpose()
    }

    async fn find_next(&mut self) -> Result<Option<Update<T>>, Error> {
        loop {
            if !self.named {
                self.move_on().await?;
            }
            if let Some(watched) = &self.watched {
                if !watched.snapshot_sent {
                    return Ok(Some(self.summary(UpdateKind::Snapshot)));
                }
                if watched.live.usage().is_settled() {
                    if !watched.settled_sent {
                        return Ok(Some(self.summary(UpdateKind::Settled)));
                    }
                    if self.named && !self.follow {
                        return Ok(None);
                    }
                }
            }
            match self.wait().await {
                Woken::Changed => {
                    if !self.pause().await {
                        return Err(Error::Stopping);
                    }
                    let settled = self
                        .watched
                        .as_ref()
                        .is_some_and(|watched| watched.live.usage().is_settled());
                    return Ok(Some(self.summary(if settled {
                        UpdateKind::Settled
                    } else {
                        UpdateKind::Change
                    })));
                }
                Woken::SessionsChanged => {}
                Woken::Heartbeat => {
                    return Ok(Some(Update {
                        kind: UpdateKind::Heartbeat,
                        summary: None,
                    }));
                }
                Woken::Stopping => return Err(Error::Stopping),
            }
        }
    }

    /// Without a named session: takes the newest active one when there is none yet, or the watched one has ended and
    /// was shown to have.
    async fn move_on(&mut self) -> Result<(), Error> {
        let stays = self.watched.as_ref().is_some_and(|watched| {
            let usage = watched.live.usage();
            usage.session.ended.is_none()
                || !watched.snapshot_sent
                || (usage.is_settled() && !watched.settled_sent)
        });
        if stays {
            return Ok(());
        }
        // Seen before it is asked for: a session that starts meanwhile wakes us again.
        self.sessions.mark_unchanged();
        let Some(key) = self.meter.newest_active().await? else {
            return Ok(());
        };
        match self.meter.hold(key).await {
            Ok(watched) => self.watched = Some(watched),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The summary as it is now.
    fn summary(&mut self, kind: UpdateKind) -> Update<T> {
        let Some(watched) = &mut self.watched else {
            return Update {
                kind: UpdateKind::Heartbeat,
                summary: None,
            };
        };
        watched.versions.mark_unchanged();
        watched.snapshot_sent = true;
        watched.settled_sent = kind == UpdateKind::Settled;
        Update {
            kind,
            summary: Some(watched.live.rendered(&self.make)),
        }
    }

    async fn wait(&mut self) -> Woken {
        let heartbeat = self.last_message + HEARTBEAT_EVERY;
        let changed = async {
            match &mut self.watched {
                // The sending side lives in what we hold.
                Some(watched) => watched.versions.changed().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => Woken::Stopping,
            true = changed => Woken::Changed,
            Ok(()) = self.sessions.changed(), if !self.named => Woken::SessionsChanged,
            () = tokio::time::sleep_until(heartbeat) => Woken::Heartbeat,
        }
    }

    /// Waits until another summary may be sent; false if the meter stops meanwhile.
    async fn pause(&self) -> bool {
        let Some(last) = self.last_summary else {
            return true;
        };
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => false,
            () = tokio::time::sleep_until(last + self.interval) => true,
        }
    }
}
