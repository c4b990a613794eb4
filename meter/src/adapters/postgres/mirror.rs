//! What this replica has in memory of a session: good for one version of it, and brought up to date from the store when
//! that has another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Client;
use super::error::Result;
use super::load::{self, Head, Snapshots, Stored, tally};
use crate::application::live::LiveSession;
use crate::domain::rollup::FineKey;
use crate::domain::usage::{SeriesId, Sum};

/// A session in memory.
#[derive(Debug)]
pub(super) struct Mirror {
    pub(super) head: Head,
    /// By fingerprint.
    pub(super) numbers: HashMap<u128, SeriesId>,
    pub(super) fine: HashMap<FineKey, Sum>,
    /// Where readers find it.
    pub(super) live: Arc<LiveSession>,
    /// When it was last marked as watched.
    marked: Option<Instant>,
}

/// A mirror that the writer, the readers and the one who looks for changes share. Nobody waits for the database with it
/// locked: what was read meanwhile is taken only if it is still news.
pub(super) type SharedMirror = Arc<Mutex<Mirror>>;

/// What the store says of a session, beyond what was known of it.
#[derive(Debug)]
pub(super) enum News {
    /// Everything.
    Whole(Box<Stored>),
    /// What has changed since a version.
    Since(i64, Box<Stored>),
}

/// Locks a mirror.
pub(super) fn lock(mirror: &SharedMirror) -> MutexGuard<'_, Mirror> {
    mirror.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Mirror {
    /// A session as it stands in the store. `live` shows the same.
    pub(super) fn new(head: Head, fine: HashMap<FineKey, Sum>, live: Arc<LiveSession>) -> Self {
        let numbers = live
            .usage()
            .series
            .iter()
            .map(|(id, series)| (series.fingerprint(), *id))
            .collect();
        Self {
            head,
            numbers,
            fine,
            live,
            marked: None,
        }
    }

    /// The session's number, if it is time to mark it as watched again.
    pub(super) fn due_mark(&mut self, now: Instant, every: Duration) -> Option<i64> {
        let due = self
            .marked
            .is_none_or(|marked| now.duration_since(marked) >= every);
        due.then(|| {
            self.marked = Some(now);
            self.head.row
        })
    }

    /// Takes what the store says, if it is news; wakes those who watch. Says whether the mirror has at least that now.
    pub(super) fn take(&mut self, news: News) -> bool {
        match news {
            News::Whole(stored) if stored.head.version > self.head.version => {
                let Stored { head, fine, usage } = *stored;
                self.head = head;
                self.fine = fine;
                self.numbers = usage
                    .series
                    .iter()
                    .map(|(id, series)| (series.fingerprint(), *id))
                    .collect();
                self.live.update(|shown| *shown = usage);
                true
            }
            News::Whole(_) => true,
            News::Since(version, stored) if version == self.head.version => {
                self.patch(*stored);
                true
            }
            News::Since(_, stored) => stored.head.version <= self.head.version,
        }
    }

    fn patch(&mut self, stored: Stored) {
        let Stored {
            head,
            fine: changed,
            usage: mut news,
        } = stored;
        let generation = head.generation;
        self.head = head;
        for (id, series) in &news.series {
            self.numbers.insert(series.fingerprint(), *id);
        }
        let fine = &mut self.fine;
        self.live.update(|shown| {
            for (key, sum) in changed {
                let before = fine.remove(&key).unwrap_or_default();
                let tally = tally(shown, key.generation == generation);
                if !before.is_empty() {
                    tally.add(key.class, &before, -1);
                }
                if !sum.is_empty() {
                    tally.add(key.class, &sum, 1);
                    fine.insert(key, sum);
                }
            }
            shown.series.append(&mut news.series);
            news.series = std::mem::take(&mut shown.series);
            news.counted = std::mem::take(&mut shown.counted);
            news.before_reset = std::mem::take(&mut shown.before_reset);
            *shown = news;
        });
    }
}

/// What the store says of a mirrored session, as of the transaction that this runs in.
pub(super) async fn news(
    client: &Client,
    snapshots: &Snapshots,
    mirror: &SharedMirror,
) -> Result<News> {
    let (known, last_series) = {
        let mirror = lock(mirror);
        let last = mirror.live.usage().series.keys().next_back().copied();
        (mirror.head.clone(), last.unwrap_or(0))
    };
    let changed = load::since(client, snapshots, &[known.row], known.version, last_series).await?;
    let same_layout = |stored: &Stored| {
        stored.head.generation == known.generation && stored.head.boundaries == known.boundaries
    };
    match changed.into_iter().next() {
        Some(stored) if same_layout(&stored) => Ok(News::Since(known.version, Box::new(stored))),
        // It was reset, or its events are sorted by other dates: every sum may have changed its place.
        _ => Ok(News::Whole(Box::new(
            load::one(client, snapshots, known.row).await?,
        ))),
    }
}
