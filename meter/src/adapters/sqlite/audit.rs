//! The audit trail: a table that is only ever added to, in the transaction of the change that an entry is about.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::codec;
use super::error::{Result, damaged};
use super::row::collect;
use crate::application::ports::Page;
use crate::domain::audit::{Action, AuditEntry, Note};
use crate::domain::tenant_prices::EVERYONE;

/// Adds an entry. To be called inside the transaction that does what it says.
pub(super) fn add(
    connection: &Connection,
    tenant: &str,
    note: &Note,
    now: Timestamp,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO audit (tenant, at, actor, action, session_id, before, after) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            tenant,
            codec::us(now),
            &*note.actor,
            note.action.as_str(),
            &*note.session_id,
            note.before,
            note.after,
        ])?;
    Ok(())
}

/// A page of what concerns a tenant, in the order in which it was done.
pub(super) fn entries(
    connection: &Connection,
    tenant: &str,
    after: i64,
    limit: usize,
) -> Result<Page<AuditEntry, i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT n, at, actor, action, session_id, before, after FROM audit \
         WHERE tenant IN (?1, ?2) AND n > ?3 ORDER BY n LIMIT ?4",
    )?;
    let asked = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut items = collect(
        &mut statement,
        params![tenant, EVERYONE, after, asked],
        |row| {
            let text = |place: usize| row.get::<_, String>(place);
            let action: String = text(3)?;
            Ok(AuditEntry {
                number: row.get(0)?,
                at: codec::time(row.get(1)?)?,
                note: Note {
                    actor: Arc::from(text(2)?),
                    action: Action::from_word(&action)
                        .ok_or_else(|| damaged("an action", &action))?,
                    session_id: Arc::from(text(4)?),
                    before: text(5)?,
                    after: text(6)?,
                },
            })
        },
    )?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|entry| entry.number);
    Ok(Page { items, next })
}
