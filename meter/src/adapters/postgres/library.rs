//! The reading side: connections of a pool, each answer from one snapshot of the store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool};
use reelmeter_rating::Boundaries;

use super::connection::{Client, execute};
use super::error::{Failure, Result, words};
use super::load;
use super::mirror::{lock, news};
use super::open::Background;
use super::shared::{Shared, shown};
use super::{audit, fine, listing};
use crate::application::Error;
use crate::application::live::LiveSessions;
use crate::application::ports::{
    EventFilter, FineUsage, LedgerEvent, Library, Page, SessionCursor, SessionFilter, SessionKey,
    UsageRange,
};
use crate::domain::audit::AuditEntry;
use crate::domain::summary::Prices;
use crate::domain::usage::SessionUsage;

/// Sessions that a question about a time looks at together.
const SESSIONS_AT_ONCE: usize = 500;
/// How long a reader may take in all: then the database counts as not there.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// One snapshot for all that an answer is made from.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The reading side of a shared ledger.
pub struct PostgresLibrary {
    pool: Pool,
    background: Arc<Background>,
}

impl std::fmt::Debug for PostgresLibrary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresLibrary").finish_non_exhaustive()
    }
}

/// How often a session that somebody begins to watch is marked, however many begin; and for how long, in microseconds.
/// The rounds of ending idle sessions, at most a minute apart, mark it from then on.
const MARK_EVERY: Duration = Duration::from_secs(1);
const MARKED_FOR_US: i64 = 180_000_000;

type Answered<T> = std::result::Result<T, Error>;

impl PostgresLibrary {
    pub(super) fn new(pool: Pool, background: Arc<Background>) -> Self {
        Self { pool, background }
    }

    fn shared(&self) -> &Shared {
        &self.background.shared
    }

    /// Reads from one snapshot: whatever is committed meanwhile is not seen.
    fn read<T>(&self, work: impl AsyncFnOnce(&Client, &Shared) -> Result<T>) -> Answered<T> {
        let shared = self.shared();
        let reading = async {
            let client = self.begun(BEGIN).await?;
            let worked = work(&client, shared).await;
            match client.batch_execute("COMMIT").await {
                Ok(()) => worked,
                // A connection whose transaction does not end is not used again.
                Err(error) => {
                    drop(Object::take(client));
                    worked.and(Err(error.into()))
                }
            }
        };
        self.wait(reading)
    }

    fn wait<T>(&self, reading: impl Future<Output = Result<T>>) -> Answered<T> {
        let timed = self.background.block_on(async {
            tokio::time::timeout(READ_TIMEOUT, reading)
                .await
                .unwrap_or_else(|_| Err(Failure::Lost("it has not answered in time".to_owned())))
        });
        Ok(timed?)
    }

    /// A connection on which a transaction has begun. One that broke while nobody used it is replaced.
    async fn begun(&self, begin: &str) -> Result<Object> {
        let mut tries = self.pool.status().size + 1;
        loop {
            let client = self
                .pool
                .get()
                .await
                .map_err(|error| Failure::Lost(words(&error)))?;
            match client.batch_execute(begin).await.map_err(Failure::from) {
                Ok(()) => return Ok(client),
                Err(Failure::Lost(reason)) => {
                    drop(Object::take(client));
                    tries = tries.saturating_sub(1);
                    if tries == 0 {
                        return Err(Failure::Lost(reason));
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// A session as it stands in the store, whatever is in memory.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn usage_in_store(&self, key: &SessionKey) -> Answered<Option<SessionUsage>> {
        self.read(async |client, shared| {
            let Some(tenant) = shared.tenant(client, &key.tenant).await? else {
                return Ok(None);
            };
            let Some((row, _)) = load::session_row(client, tenant, &key.session_id).await? else {
                return Ok(None);
            };
            let stored = load::one(client, &shared.snapshots, row).await?;
            Ok(Some(stored.usage))
        })
    }
}

fn nothing<T, C>() -> Page<T, C> {
    Page {
        items: Vec::new(),
        next: None,
    }
}

impl Library for PostgresLibrary {
    fn prices(&self, tenant: &str) -> Arc<Prices> {
        self.shared().prices(tenant)
    }

    fn live(&self) -> &LiveSessions {
        &self.shared().live
    }

    fn at_hand(&self, _key: &SessionKey) -> Option<Arc<SessionUsage>> {
        // Another replica may have recorded since.
        None
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn catch_up(&self, key: &SessionKey) -> Answered<()> {
        // Nobody waits for the database with the mirror locked: those who look for changes would wait for it in turn.
        let to_mark = self
            .shared()
            .mirror(key)
            .and_then(|mirror| lock(&mirror).due_mark(Instant::now(), MARK_EVERY));
        if let Some(number) = to_mark {
            // Before the next round of this replica marks it: others must not end it as idle until then.
            let replica = &self.background.replica;
            self.wait(async {
                let client = self.begun("SELECT 1").await?;
                execute(
                    &client,
                    "INSERT INTO watched (session, replica, until) \
                     VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $3) \
                     ON CONFLICT (session, replica) DO UPDATE SET until = excluded.until",
                    &[&number, replica, &MARKED_FOR_US],
                )
                .await?;
                Ok(())
            })?;
        }
        self.usage(key).map(|_| ())
    }

    fn usage(&self, key: &SessionKey) -> Answered<Option<Arc<SessionUsage>>> {
        self.read(async |client, shared| {
            let Some(tenant) = shared.tenant(client, &key.tenant).await? else {
                return Ok(None);
            };
            let found = load::session_row(client, tenant, &key.session_id).await?;
            let Some((row, version)) = found else {
                return Ok(None);
            };
            let Some(mirror) = shared.mirror(key) else {
                let stored = load::one(client, &shared.snapshots, row).await?;
                return Ok(Some(Arc::new(stored.usage)));
            };
            // What is in memory may be newer than this snapshot meanwhile, and is shown then.
            while lock(&mirror).head.version < version {
                let news = news(client, &shared.snapshots, &mirror).await?;
                lock(&mirror).take(news);
            }
            Ok(Some(shown(&mirror)))
        })
    }

    fn sessions(
        &self,
        tenant: &str,
        filter: &SessionFilter,
        after: Option<SessionCursor>,
        limit: usize,
    ) -> Answered<Page<Arc<SessionUsage>, SessionCursor>> {
        self.read(async |client, shared| {
            let Some(tenant) = load::tenant(client, tenant).await? else {
                return Ok(nothing());
            };
            let (rows, next) = listing::session_rows(client, tenant, filter, after, limit).await?;
            let stored = load::many(client, &shared.snapshots, &rows).await?;
            Ok(Page {
                items: stored
                    .into_iter()
                    .map(|stored| Arc::new(stored.usage))
                    .collect(),
                next,
            })
        })
    }

    fn fine_usage(&self, key: &SessionKey, boundaries: &Boundaries) -> Answered<Option<FineUsage>> {
        self.read(async |client, shared| {
            let Some(tenant) = shared.tenant(client, &key.tenant).await? else {
                return Ok(None);
            };
            let Some((row, _)) = load::session_row(client, tenant, &key.session_id).await? else {
                return Ok(None);
            };
            let stored = load::one(client, &shared.snapshots, row).await?;
            let parts = fine::parts(client, &stored, boundaries).await?;
            Ok(Some(FineUsage {
                usage: stored.usage,
                parts,
            }))
        })
    }

    fn usage_between(
        &self,
        tenant: &str,
        range: &UsageRange,
        each: &mut dyn FnMut(FineUsage) -> Answered<()>,
    ) -> Answered<()> {
        self.read(async |client, shared| {
            let Some(tenant) = load::tenant(client, tenant).await? else {
                return Ok(());
            };
            let rows = listing::used_rows(client, tenant, range).await?;
            // A slice at a time: memory stays bounded.
            for rows in rows.chunks(SESSIONS_AT_ONCE) {
                for session in load::many(client, &shared.snapshots, rows).await? {
                    let parts = fine::parts_between(client, &session, range).await?;
                    if !parts.is_empty() {
                        each(FineUsage {
                            usage: session.usage,
                            parts,
                        })?;
                    }
                }
            }
            Ok(())
        })
    }

    fn events(
        &self,
        tenant: &str,
        filter: &EventFilter,
        after: i64,
        limit: usize,
    ) -> Answered<Page<LedgerEvent, i64>> {
        // Within a session numbers are committed in their order.
        let horizon = if filter.session_id.is_some() {
            i64::MAX
        } else {
            self.wait(async {
                let client = self.begun("SELECT 1").await?;
                let found = listing::horizon(&client).await;
                if found.is_err() {
                    drop(Object::take(client));
                }
                found
            })?
        };
        self.read(async |client, _| {
            let Some(tenant) = load::tenant(client, tenant).await? else {
                return Ok(nothing());
            };
            listing::events(client, tenant, filter, after, horizon, limit).await
        })
    }

    fn audit(&self, tenant: &str, after: i64, limit: usize) -> Answered<Page<AuditEntry, i64>> {
        self.read(async |client, _| audit::entries(client, tenant, after, limit).await)
    }
}
