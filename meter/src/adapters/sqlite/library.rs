//! The reading side: connections of its own, each answer from one snapshot of the file.

use std::sync::{Arc, Mutex, PoisonError};

use reelmeter_rating::Boundaries;
use rusqlite::Connection;

use super::archived;
use super::error::Result;
use super::fine;
use super::ledger::Shared;
use super::load::{self, Stored};
use super::open;
use super::tail_file;
use crate::application::live::LiveSessions;
use crate::application::ports::{
    EventFilter, FineUsage, LedgerEvent, Library, MovedOut, Page, SessionCursor, SessionFilter,
    SessionKey, UsageRange,
};
use crate::domain::audit::AuditEntry;
use crate::domain::summary::Prices;
use crate::domain::usage::SessionUsage;

/// Sessions that a question about a time looks at together.
const SESSIONS_AT_ONCE: usize = 500;
/// Connections that are kept open for the next reader.
const READERS_KEPT: usize = 4;

/// The reading side of an SQLite ledger.
#[derive(Debug)]
pub struct SqliteLibrary {
    shared: Arc<Shared>,
    readers: Mutex<Vec<Connection>>,
}

impl SqliteLibrary {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            readers: Mutex::default(),
        }
    }

    /// Reads from one snapshot: whatever is committed meanwhile is not seen.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let kept = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match kept {
            Some(connection) => connection,
            None => open::reader(&self.shared.path)?,
        };
        connection.prepare_cached("BEGIN")?.execute([])?;
        let worked = work(&connection);
        // A connection whose transaction does not end is not used again.
        let ended = connection
            .prepare_cached("COMMIT")
            .and_then(|mut commit| commit.execute([]));
        if ended.is_ok() {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < READERS_KEPT {
                readers.push(connection);
            }
        }
        worked
    }

    /// A session as it stands in the file, whatever is in memory.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn usage_in_file(&self, key: &SessionKey) -> Result<Option<SessionUsage>> {
        self.read(|connection| {
            let Some(tenant) = load::tenant(connection, &key.tenant)? else {
                return Ok(None);
            };
            let Some(row) = load::session_row(connection, tenant, &key.session_id)? else {
                return Ok(None);
            };
            let stored = self.sessions_of(connection, &[row])?;
            Ok(stored.into_iter().next().map(|stored| stored.usage))
        })
    }

    /// Sessions from the file, with what lies behind the watermark.
    fn sessions_of(&self, connection: &Connection, rows: &[i64]) -> Result<Vec<Stored>> {
        let stored: Result<Vec<Stored>> = rows
            .iter()
            .map(|row| load::stored(connection, &self.shared.snapshots, *row))
            .collect();
        let mut stored = stored?;
        tail_file::add_tails(connection, &mut stored)?;
        Ok(stored)
    }
}

impl Library for SqliteLibrary {
    fn prices(&self, tenant: &str) -> Arc<Prices> {
        self.shared.prices(tenant)
    }

    fn live(&self) -> &LiveSessions {
        &self.shared.live
    }

    fn usage(&self, key: &SessionKey) -> Result<Option<Arc<SessionUsage>>> {
        if let Some(live) = self.shared.live.get(key) {
            return Ok(Some(live.usage()));
        }
        Ok(self.usage_in_file(key)?.map(Arc::new))
    }

    fn sessions(
        &self,
        tenant: &str,
        filter: &SessionFilter,
        after: Option<SessionCursor>,
        limit: usize,
    ) -> Result<Page<Arc<SessionUsage>, SessionCursor>> {
        self.read(|connection| {
            let Some(tenant) = load::tenant(connection, tenant)? else {
                return Ok(Page {
                    items: Vec::new(),
                    next: None,
                });
            };
            let (rows, next) =
                super::listing::session_rows(connection, tenant, filter, after, limit)?;
            let stored = self.sessions_of(connection, &rows)?;
            Ok(Page {
                items: stored
                    .into_iter()
                    .map(|stored| Arc::new(stored.usage))
                    .collect(),
                next,
            })
        })
    }

    fn fine_usage(&self, key: &SessionKey, boundaries: &Boundaries) -> Result<Option<FineUsage>> {
        self.read(|connection| {
            let Some(tenant) = load::tenant(connection, &key.tenant)? else {
                return Ok(None);
            };
            let Some(row) = load::session_row(connection, tenant, &key.session_id)? else {
                return Ok(None);
            };
            let mut stored = load::stored(connection, &self.shared.snapshots, row)?;
            let tail = tail_file::tails_of(connection, std::slice::from_ref(&stored))?
                .pop()
                .unwrap_or_default();
            stored.add_tail(&tail);
            let parts = fine::parts(connection, &stored, &tail, boundaries)?;
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
        each: &mut dyn FnMut(FineUsage) -> Result<()>,
    ) -> Result<()> {
        self.read(|connection| {
            let Some(tenant) = load::tenant(connection, tenant)? else {
                return Ok(());
            };
            let rows = super::between::session_rows(connection, tenant, range)?;
            // A slice at a time: the events behind the watermark are read once for each, and memory stays bounded.
            for rows in rows.chunks(SESSIONS_AT_ONCE) {
                let stored: Result<Vec<Stored>> = rows
                    .iter()
                    .map(|row| load::stored(connection, &self.shared.snapshots, *row))
                    .collect();
                let stored = stored?;
                let tails = tail_file::tails_of(connection, &stored)?;
                for (mut session, tail) in stored.into_iter().zip(&tails) {
                    session.add_tail(tail);
                    let parts = super::between::parts(connection, &session, tail, range)?;
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
    ) -> Result<Page<LedgerEvent, i64>> {
        self.read(|connection| {
            let Some(tenant) = load::tenant(connection, tenant)? else {
                return Ok(Page {
                    items: Vec::new(),
                    next: None,
                });
            };
            super::listing::events(connection, tenant, filter, after, limit)
        })
    }

    fn audit(&self, tenant: &str, after: i64, limit: usize) -> Result<Page<AuditEntry, i64>> {
        self.read(|connection| super::audit::entries(connection, tenant, after, limit))
    }

    fn moved_out(&self, tenant: &str, session_id: Option<&str>) -> Result<MovedOut> {
        self.read(|connection| {
            let Some(tenant) = load::tenant(connection, tenant)? else {
                return Ok(MovedOut::default());
            };
            let session = match session_id {
                Some(session_id) => match load::session_row(connection, tenant, session_id)? {
                    Some(row) => Some(row),
                    None => return Ok(MovedOut::default()),
                },
                None => None,
            };
            archived::moved_out(connection, tenant, session)
        })
    }
}
