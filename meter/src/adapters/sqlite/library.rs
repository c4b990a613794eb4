//! The reading side: connections of its own, each answer from one snapshot of the file.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::error::Result;
use super::ledger::Shared;
use super::load::{self, Stored};
use super::open;
use crate::application::live::LiveSessions;
use crate::application::ports::{
    EventFilter, LedgerEvent, Library, Page, SessionCursor, SessionFilter, SessionKey,
};
use crate::domain::summary::Prices;
use crate::domain::usage::SessionUsage;

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
        load::tails_from_file(connection, &mut stored)?;
        Ok(stored)
    }
}

impl Library for SqliteLibrary {
    fn prices(&self) -> Arc<Prices> {
        self.shared.prices()
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
}
