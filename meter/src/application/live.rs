//! Sessions in memory, and how those who watch them learn of a change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;

use super::ports::SessionKey;
use crate::domain::usage::SessionUsage;

/// One session that is held in memory. The writer changes it after each commit; readers take the whole of it.
#[derive(Debug)]
pub struct LiveSession {
    /// Whose it is.
    key: SessionKey,
    usage: Mutex<Arc<SessionUsage>>,
    version: watch::Sender<u64>,
    rendered: Mutex<Option<Rendered>>,
}

/// A summary that was made for a version of a session and is good for everyone who asks while nothing changes.
#[derive(Clone, Debug)]
struct Rendered {
    version: u64,
    made: Arc<dyn std::any::Any + Send + Sync>,
}

impl LiveSession {
    /// A session that nobody watches yet.
    #[must_use]
    pub fn new(key: SessionKey, usage: SessionUsage) -> Self {
        Self {
            key,
            usage: Mutex::new(Arc::new(usage)),
            version: watch::Sender::new(1),
            rendered: Mutex::new(None),
        }
    }

    /// Whose session it is.
    #[must_use]
    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// The session as of the last commit.
    #[must_use]
    pub fn usage(&self) -> Arc<SessionUsage> {
        Arc::clone(&self.usage.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn subscribe(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// How many watch.
    #[must_use]
    pub fn watchers(&self) -> usize {
        self.version.receiver_count()
    }

    /// Whether anybody watches.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.version.receiver_count() > 0
    }

    /// Changes the session and wakes those who watch. Whoever reads meanwhile keeps what they have.
    pub fn update(&self, change: impl FnOnce(&mut SessionUsage)) {
        change(Arc::make_mut(
            &mut self.usage.lock().unwrap_or_else(PoisonError::into_inner),
        ));
        self.wake();
    }

    /// Wakes those who watch: what they see has changed, though the session has not.
    pub fn wake(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// What `make` makes of the session as it is now; made once for each version, however many ask.
    pub fn rendered<T: Send + Sync + 'static>(
        &self,
        make: impl FnOnce(&SessionUsage) -> T,
    ) -> Arc<T> {
        // The lock is held while it is made: of a thousand watchers one computes and the others wait for it.
        let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        let version = *self.version.borrow();
        if let Some(known) = rendered.as_ref().filter(|known| known.version == version)
            && let Ok(made) = Arc::clone(&known.made).downcast::<T>()
        {
            return made;
        }
        // Read after the version: what is newer than the version is made again with the next wake.
        let made = Arc::new(make(&self.usage()));
        *rendered = Some(Rendered {
            version,
            made: Arc::clone(&made) as Arc<dyn std::any::Any + Send + Sync>,
        });
        made
    }
}

/// The sessions that are held in memory.
#[derive(Debug)]
pub struct LiveSessions {
    sessions: RwLock<HashMap<SessionKey, Arc<LiveSession>>>,
    changes: watch::Sender<u64>,
}

impl Default for LiveSessions {
    fn default() -> Self {
        Self {
            sessions: RwLock::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl LiveSessions {
    /// A session, if it is held.
    #[must_use]
    pub fn get(&self, key: &SessionKey) -> Option<Arc<LiveSession>> {
        self.sessions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    /// A session that is held, with a receiver that is woken after each change. From here on it is not let go.
    #[must_use]
    pub fn watch(&self, key: &SessionKey) -> Option<(Arc<LiveSession>, watch::Receiver<u64>)> {
        // Under the lock that `release` takes: nobody ever watches a session that is no longer kept up.
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        sessions
            .get(key)
            .map(|live| (Arc::clone(live), live.subscribe()))
    }

    /// All sessions that are held.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<LiveSession>> {
        self.sessions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// Holds a session, unless it is held already: then the one that is held is given.
    pub fn hold(&self, key: SessionKey, usage: impl FnOnce() -> SessionUsage) -> Arc<LiveSession> {
        let mut sessions = self
            .sessions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let entry = sessions
            .entry(key.clone())
            .or_insert_with(|| Arc::new(LiveSession::new(key, usage())));
        Arc::clone(entry)
    }

    /// Lets a session go, unless somebody watches it. Says whether it is gone.
    pub fn release(&self, key: &SessionKey) -> bool {
        let mut sessions = self
            .sessions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match sessions.get(key) {
            Some(live) if live.is_watched() => false,
            _ => {
                sessions.remove(key);
                true
            }
        }
    }

    /// Wakes everybody who watches any session of these tenants, as after a change of their prices.
    pub fn wake_tenants(&self, concerned: impl Fn(&str) -> bool) {
        for live in self.all() {
            if concerned(&live.key().tenant) {
                live.wake();
            }
        }
    }

    /// A receiver that is woken when a session starts or ends.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether anybody waits for a session to start or end.
    #[must_use]
    pub fn has_subscribers(&self) -> bool {
        self.changes.receiver_count() > 0
    }

    /// Tells that a session has started or ended.
    pub fn announce(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }
}
