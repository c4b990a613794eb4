//! What recorders say they still hold: shown with the session, kept so that a start does not settle what is on its way.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::params;

use super::codec;
use super::error::Result;
use super::ledger::SqliteLedger;
use super::record::Staged;
use crate::application::ports::{ReportedBacklog, SessionKey};
use crate::domain::limits::RECORDERS_PER_SESSION_MAX;
use crate::domain::recorder::Backlog;

impl SqliteLedger {
    pub(super) fn note_backlog(
        &mut self,
        staged: &mut Staged,
        key: SessionKey,
        recorder_id: &Arc<str>,
        reported: &ReportedBacklog,
        now: Timestamp,
    ) -> Result<()> {
        let Some(held) = self.session(&key)? else {
            return Ok(());
        };
        let row = held.row;
        let known = held.live.as_ref().map(|live| live.usage());
        let gain = staged.gains.entry(key).or_default();
        let backlog = Backlog {
            pending: reported.pending,
            refused: reported.refused,
            unconfirmed: reported.unconfirmed,
            reported: now,
        };
        let shown = known.as_ref().map(|usage| &usage.recorders);
        let is_new = shown.is_none_or(|shown| !shown.contains_key(recorder_id))
            && !gain.recorders.contains_key(recorder_id);
        if is_new
            && shown.map_or(0, BTreeMap::len) + gain.recorders.len() >= RECORDERS_PER_SESSION_MAX
        {
            let idle = shown.and_then(|shown| {
                let free = shown
                    .iter()
                    .filter(|(_, backlog)| !backlog.holds_something());
                free.min_by_key(|(_, backlog)| backlog.reported)
                    .map(|(id, _)| Arc::clone(id))
            });
            let Some(idle) = idle else {
                tracing::warn!(%recorder_id, "a session shows as many recorders as it can; this one's backlog is not shown");
                return Ok(());
            };
            self.connection
                .prepare_cached("DELETE FROM recorder WHERE session = ?1 AND recorder_id = ?2")?
                .execute(params![row, &*idle])?;
        }
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO recorder (session, recorder_id, pending, refused, unconfirmed, reported_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                row,
                &**recorder_id,
                backlog.pending,
                backlog.refused,
                backlog.unconfirmed,
                codec::us(now)
            ])?;
        gain.recorders.insert(Arc::clone(recorder_id), backlog);
        gain.tail.touched = Some(now);
        Ok(())
    }
}

/// Drops the recorders that hold nothing and were unheard of for the longest, as the file has dropped them.
pub(super) fn make_room(
    shown: &mut BTreeMap<Arc<str>, Backlog>,
    coming: &BTreeMap<Arc<str>, Backlog>,
) {
    let new = coming.keys().filter(|id| !shown.contains_key(*id)).count();
    while shown.len() + new > RECORDERS_PER_SESSION_MAX {
        let free = shown
            .iter()
            .filter(|(id, backlog)| !backlog.holds_something() && !coming.contains_key(*id));
        let Some(idle) = free
            .min_by_key(|(_, backlog)| backlog.reported)
            .map(|(id, _)| Arc::clone(id))
        else {
            break;
        };
        shown.remove(&idle);
    }
}
