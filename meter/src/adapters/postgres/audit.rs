//! The audit trail: a table that is only ever added to, in the transaction of the change that an entry is about.

use std::sync::Arc;

use jiff::Timestamp;

use super::connection::{Client, execute, rows};
use super::error::Result;
use crate::adapters::columns::{self, damaged};
use crate::application::ports::Page;
use crate::domain::audit::{Action, AuditEntry, Note};
use crate::domain::tenant_prices::EVERYONE;

/// Adds an entry. To be called inside the transaction that does what it says.
pub(super) async fn add(client: &Client, tenant: &str, note: &Note, now: Timestamp) -> Result<()> {
    execute(
        client,
        "INSERT INTO audit (tenant, at, actor, action, session_id, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            &tenant,
            &columns::us(now),
            &&*note.actor,
            &note.action.as_str(),
            &&*note.session_id,
            &note.before,
            &note.after,
        ],
    )
    .await?;
    Ok(())
}

/// A page of what concerns a tenant, in the order in which it was done.
pub(super) async fn entries(
    client: &Client,
    tenant: &str,
    after: i64,
    limit: usize,
) -> Result<Page<AuditEntry, i64>> {
    let asked = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let found = rows(
        client,
        "SELECT n, at, actor, action, session_id, before, after FROM audit \
         WHERE tenant IN ($1, $2) AND n > $3 ORDER BY n LIMIT $4",
        &[&tenant, &EVERYONE, &after, &asked],
    )
    .await?;
    let more = found.len() > limit;
    let mut items = Vec::with_capacity(found.len().min(limit));
    for row in found.iter().take(limit) {
        let action: &str = row.try_get(3)?;
        items.push(AuditEntry {
            number: row.try_get(0)?,
            at: columns::time(row.try_get(1)?)?,
            note: Note {
                actor: Arc::from(row.try_get::<_, &str>(2)?),
                action: Action::from_word(action).ok_or_else(|| damaged("an action", action))?,
                session_id: Arc::from(row.try_get::<_, &str>(4)?),
                before: row.try_get(5)?,
                after: row.try_get(6)?,
            },
        });
    }
    let next = items
        .last()
        .filter(|_| more)
        .map(|entry: &AuditEntry| entry.number);
    Ok(Page { items, next })
}
