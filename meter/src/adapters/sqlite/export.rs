//! A ledger in a file on its way to another store.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::Overrides;
use rusqlite::{Connection, params};

use super::codec;
use super::error::{Result, damaged};
use super::fine;
use super::load::{self, Snapshots};
use super::lock::LedgerLock;
use super::open::{self, OpenError};
use super::row::{EVENT_COLUMNS, EventRow, collect};
use super::tail_file;
use crate::application::Error;
use crate::application::transfer::{
    Common, Departure, EventOnItsWay, KeyOnItsWay, SessionOnItsWay,
};
use crate::domain::DEFAULT_TENANT;
use crate::domain::audit::{Action, AuditEntry, Note};
use crate::domain::event_id::EventId;
use crate::domain::tenant_prices::EVERYONE;

/// A ledger that no meter runs on, in one snapshot.
#[derive(Debug)]
pub struct Export {
    connection: Connection,
    snapshots: Snapshots,
    /// Keeps meters from starting on it.
    _lock: LedgerLock,
}

impl Export {
    /// Opens a ledger to read it whole. A meter must not run on it: what it recorded meanwhile would stay behind.
    ///
    /// # Errors
    /// A meter runs on it, or the file is none to read.
    pub fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let lock = LedgerLock::take(path)?;
        // Through the writer's door, which brings an older layout up to date and refuses what is no ledger.
        drop(open::writer(path)?);
        let opened = || -> Result<Connection> {
            let connection = open::reader(path)?;
            connection.execute_batch("BEGIN")?;
            Ok(connection)
        };
        Ok(Self {
            connection: opened().map_err(|error| OpenError::store(path, error))?,
            snapshots: Snapshots::default(),
            _lock: lock,
        })
    }

    /// A kept value of a tenant: `name` for the default one, `name/TENANT` for others.
    fn revision(&self, tenant: &str) -> Result<i64> {
        let name = if tenant == DEFAULT_TENANT {
            "price_revision".to_owned()
        } else {
            format!("price_revision/{tenant}")
        };
        let mut statement = self
            .connection
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
        let found = collect(&mut statement, params![name], |row| Ok(row.get(0)?))?;
        Ok(found.first().copied().unwrap_or(0))
    }

    fn overrides(&self) -> Result<Vec<(Arc<str>, Overrides, i64)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, value FROM meta WHERE name = 'overrides' OR name LIKE 'overrides/%'",
        )?;
        let kept: Vec<(String, String)> =
            collect(&mut statement, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut all = Vec::with_capacity(kept.len());
        for (name, text) in kept {
            let tenant = name.strip_prefix("overrides").unwrap_or_default();
            let tenant = tenant.strip_prefix('/').unwrap_or(DEFAULT_TENANT);
            let overrides = Overrides::from_toml("kept overrides", &text)
                .map_err(|error| damaged("the overrides", &error.to_string()))?;
            all.push((Arc::from(tenant), overrides, self.revision(tenant)?));
        }
        Ok(all)
    }

    fn audit(&self) -> Result<Vec<(String, AuditEntry)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT tenant, n, at, actor, action, session_id, before, after FROM audit ORDER BY n",
        )?;
        collect(&mut statement, [], |row| {
            let action: String = row.get(4)?;
            let note = Note {
                actor: Arc::from(row.get::<_, String>(3)?),
                action: Action::from_word(&action).ok_or_else(|| damaged("an action", &action))?,
                session_id: Arc::from(row.get::<_, String>(5)?),
                before: row.get(6)?,
                after: row.get(7)?,
            };
            let entry = AuditEntry {
                number: row.get(1)?,
                at: codec::time(row.get(2)?)?,
                note,
            };
            Ok((row.get(0)?, entry))
        })
    }

    fn number(&self, sql: &str, of: i64) -> Result<i64> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(params![of], |row| row.get(0))?)
    }
}

impl Departure for Export {
    fn common(&self) -> Result<Common> {
        let moved = self.number("SELECT count(*) FROM archived_event WHERE n > ?1", 0)?;
        if moved > 0 {
            // Of an event that lies in a file the ledger keeps a hash of its id: enough to know it again, not to say it.
            return Err(Error::Precondition(format!(
                "{moved} events of this ledger were moved out into files, and their ids with them: it cannot move into another store; start a new ledger there and keep this one"
            )));
        }
        let mut tenants = self
            .connection
            .prepare_cached("SELECT id, name FROM tenant ORDER BY id")?;
        Ok(Common {
            boundaries: load::boundaries(&self.connection)?,
            price_revision: self.revision(EVERYONE)?,
            overrides: self.overrides()?,
            tenants: collect(&mut tenants, [], |row| Ok((row.get(0)?, row.get(1)?)))?,
            last_event: self.number(
                "SELECT max(?1, coalesce((SELECT max(n) FROM event), 0))",
                load::watermark(&self.connection)?,
            )?,
            audit: self.audit()?,
        })
    }

    fn sessions(&self) -> Result<Vec<i64>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id FROM session ORDER BY id")?;
        collect(&mut statement, [], |row| Ok(row.get(0)?))
    }

    fn session(&self, number: i64) -> Result<SessionOnItsWay> {
        let connection = &self.connection;
        let mut stored = load::stored(connection, &self.snapshots, number)?;
        let tail = tail_file::tails_of(connection, std::slice::from_ref(&stored))?
            .pop()
            .unwrap_or_default();
        stored.add_tail(&tail);
        let mut resets = connection.prepare_cached(
            "SELECT event, at FROM session_reset WHERE session = ?1 ORDER BY generation",
        )?;
        let resets: Vec<(i64, Timestamp)> = collect(&mut resets, params![number], |row| {
            Ok((row.get(0)?, codec::time(row.get(1)?)?))
        })?;
        let here = self.number(
            "SELECT count(*) FROM event JOIN series ON series.id = event.series WHERE series.session = ?1",
            number,
        )?;
        let moved = self.number(
            "SELECT coalesce((SELECT events FROM archived_session WHERE session = ?1), 0)",
            number,
        )?;
        let touched = self.number("SELECT touched_at FROM session WHERE id = ?1", number)?;
        Ok(SessionOnItsWay {
            number,
            tenant: self.number("SELECT tenant FROM session WHERE id = ?1", number)?,
            fine: fine::sums(connection, number, &tail)?,
            resets,
            boundaries: stored.boundaries,
            recorded: here + moved,
            touched: tail
                .touched
                .max(Some(codec::time(touched)?))
                .unwrap_or(Timestamp::UNIX_EPOCH),
            events: (stored.first_event, stored.last_event),
            rated: (stored.first_rated, stored.last_rated),
            usage: stored.usage,
        })
    }

    fn events(&self, after: i64, limit: usize) -> Result<Vec<EventOnItsWay>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {EVENT_COLUMNS}, series.session, \
             coalesce((SELECT old.id FROM event AS old WHERE old.n = event.replaces), \
             (SELECT moved.id FROM archived_event AS moved WHERE moved.n = event.replaces)) \
             FROM event JOIN series ON series.id = event.series WHERE event.n > ?1 ORDER BY event.n LIMIT ?2"
        ))?;
        collect(&mut statement, params![after, limit], |row| {
            let event = EventRow::read(row)?;
            let replaced: Option<EventId> = row.get(17)?;
            let replaces = match (event.replaces, replaced) {
                (Some(n), Some(id)) => Some((n, id.to_text())),
                (Some(n), None) => return Err(damaged("a replaced event", &n.to_string())),
                (None, _) => None,
            };
            Ok(EventOnItsWay {
                clock_ahead: event.is_clock_ahead(),
                n: event.n,
                session: row.get(16)?,
                series: event.series,
                id: event.id.to_text(),
                hash: event.hash,
                occurred: event.occurred,
                recorded: event.recorded,
                scene: event.scene,
                attempt: event.attempt,
                values: event.values.into_vec(),
                replaces,
                extra: event.extra,
            })
        })
    }

    fn keys(&self, after: i64, limit: usize) -> Result<Vec<KeyOnItsWay>> {
        // Every event is here, see `common`, and each has its whole id.
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(
            "SELECT session.tenant, event.id, event.n, event.hash FROM event JOIN series ON series.id = event.series \
             JOIN session ON session.id = series.session WHERE event.n > ?1 ORDER BY event.n LIMIT ?2",
        )?;
        collect(&mut statement, params![after, limit], |row| {
            Ok(KeyOnItsWay {
                tenant: row.get(0)?,
                id: row.get::<_, EventId>(1)?.to_text(),
                n: row.get(2)?,
                hash: row.get(3)?,
            })
        })
    }
}
