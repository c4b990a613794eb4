//! What is asked of the file, one function a question.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;
use reelmeter_proto::meter::v1::{CallOutcome, ReserveBudgetResponse, SessionBacklog, UsageEvent};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::counts::SessionCounts;
use crate::error::RecordError;

/// A word about a session, on its way to the meter.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) number: i64,
    pub(crate) session_id: String,
    /// Whose session it is; empty for the default tenant.
    pub(crate) tenant: String,
    pub(crate) kind: CommandKind,
    pub(crate) payload: Vec<u8>,
}

/// What the word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandKind {
    Start,
    End,
    Quota,
    Release,
}

impl CommandKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
            Self::Quota => "quota",
            Self::Release => "release",
        }
    }
}

/// Events of one tenant to send together, with what stays behind of the sessions they belong to.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) tenant: String,
    pub(crate) events: Vec<(i64, UsageEvent)>,
    pub(crate) backlogs: Vec<SessionBacklog>,
}

/// The questions, over an open connection.
pub(crate) struct Store<'c> {
    connection: &'c Connection,
}

impl<'c> Store<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    /// The recorder's name: made once, kept as long as the file.
    pub(crate) fn recorder_id(&self, make: impl FnOnce() -> String) -> Result<String, RecordError> {
        let kept: Option<String> = self
            .connection
            .prepare_cached("SELECT CAST(value AS TEXT) FROM about WHERE name = 'recorder_id'")?
            .query_row([], |row| row.get(0))
            .optional()?;
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let made = make();
        self.keep("recorder_id", made.as_bytes())?;
        Ok(made)
    }

    fn keep(&self, name: &str, value: &[u8]) -> Result<(), RecordError> {
        self.connection
            .prepare_cached("INSERT INTO about VALUES (?1, CAST(?2 AS BLOB)) ON CONFLICT DO UPDATE SET value = excluded.value")?
            .execute(params![name, value])?;
        Ok(())
    }

    /// Calls that a former run of this process left open become unconfirmed events, under their own ids.
    pub(crate) fn settle_left_overs(&self, now: SystemTime) -> Result<Vec<String>, RecordError> {
        let left: Vec<String> = self
            .connection
            .prepare_cached(
                "SELECT event_id FROM item WHERE kind = 'event' AND state = 'intended'",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for event_id in &left {
            self.doubt(event_id, now)?;
        }
        Ok(left)
    }

    /// Adds a call before it is made.
    pub(crate) fn intend(
        &self,
        event: &UsageEvent,
        worst_case: &str,
        now: SystemTime,
    ) -> Result<(), RecordError> {
        self.insert_event(event, "intended", worst_case, now)
    }

    /// Adds an event that is already complete.
    pub(crate) fn add(&self, event: &UsageEvent, now: SystemTime) -> Result<(), RecordError> {
        let state = match event.outcome() {
            CallOutcome::Unconfirmed => "unconfirmed",
            _ => "used",
        };
        self.insert_event(event, state, "", now)
    }

    fn insert_event(
        &self,
        event: &UsageEvent,
        state: &str,
        worst_case: &str,
        now: SystemTime,
    ) -> Result<(), RecordError> {
        let none_if_empty = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.connection
            .prepare_cached(
                "INSERT INTO item (session_id, kind, state, doubtful, event_id, payload, reservation_id, worst_case,
                                   create_time, change_time)
                 VALUES (?1, 'event', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
            )?
            .execute(params![
                event.session_id,
                state,
                state == "unconfirmed",
                event.event_id,
                event.encode_to_vec(),
                none_if_empty(&event.reservation_id),
                none_if_empty(worst_case),
                millis(now),
            ])?;
        Ok(())
    }

    /// The event of an open call. Fails if the call is not open, or if what is kept of it is another call's.
    pub(crate) fn open_call(&self, event_id: &str) -> Result<UsageEvent, RecordError> {
        let found: Option<(i64, Vec<u8>)> = self
            .connection
            .prepare_cached(
                "SELECT number, payload FROM item WHERE event_id = ?1 AND state = 'intended'",
            )?
            .query_row([event_id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (number, payload) = found.ok_or_else(|| RecordError::NotOpen {
            event_id: event_id.to_owned(),
        })?;
        let event: UsageEvent = decode(number, &payload)?;
        if event.event_id == event_id {
            return Ok(event);
        }
        // Completed under its own id it would leave this call open for ever, and nobody would see it.
        Err(RecordError::Damaged {
            number,
            reason: format!("it holds the event {:?}, not {event_id:?}", event.event_id),
        })
    }

    /// Completes an open call with what it used.
    pub(crate) fn complete(&self, event: &UsageEvent, now: SystemTime) -> Result<(), RecordError> {
        let state = match event.outcome() {
            CallOutcome::Unconfirmed => "unconfirmed",
            _ => "used",
        };
        self.connection
            .prepare_cached(
                "UPDATE item SET state = ?2, doubtful = ?3, payload = ?4, change_time = ?5
                 WHERE event_id = ?1 AND state = 'intended'",
            )?
            .execute(params![
                event.event_id,
                state,
                state == "unconfirmed",
                event.encode_to_vec(),
                millis(now)
            ])?;
        Ok(())
    }

    /// Makes an open call an unconfirmed one: same id, no quantities, the time at which it was begun.
    /// Gives its session.
    pub(crate) fn doubt(&self, event_id: &str, now: SystemTime) -> Result<String, RecordError> {
        let mut event = self.open_call(event_id)?;
        event.outcome = CallOutcome::Unconfirmed.into();
        event.quantities.clear();
        self.complete(&event, now)?;
        Ok(event.session_id)
    }

    /// Takes back an open call that was never made. Gives its session.
    pub(crate) fn withdraw(&self, event_id: &str) -> Result<String, RecordError> {
        let event = self.open_call(event_id)?;
        self.connection
            .prepare_cached("DELETE FROM item WHERE event_id = ?1 AND state = 'intended'")?
            .execute([event_id])?;
        Ok(event.session_id)
    }

    /// Adds a word about a session. A start or an end that was said before, and not refused, is not said again.
    pub(crate) fn say(
        &self,
        session_id: &str,
        kind: CommandKind,
        payload: &[u8],
        now: SystemTime,
    ) -> Result<(), RecordError> {
        let said = matches!(kind, CommandKind::Start | CommandKind::End)
            && self
                .connection
                .prepare_cached(
                    "SELECT 1 FROM item WHERE session_id = ?1 AND kind = ?2 AND state <> 'refused'",
                )?
                .exists(params![session_id, kind.as_str()])?;
        if said {
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "INSERT INTO item (session_id, kind, state, payload, create_time, change_time)
                 VALUES (?1, ?2, 'asked', ?3, ?4, ?4)",
            )?
            .execute(params![session_id, kind.as_str(), payload, millis(now)])?;
        Ok(())
    }

    /// Words whose turn it is: nothing that must go before them is still on its way. The end of a session waits for
    /// all of its events, open calls included; so does the release of a reservation.
    pub(crate) fn commands(&self, limit: usize) -> Result<Vec<Command>, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT c.number, c.session_id, c.kind, c.payload,
                    ifnull((SELECT tenant FROM owner o WHERE o.session_id = c.session_id), '') FROM item c
             WHERE c.kind <> 'event' AND c.state = 'asked'
               AND NOT EXISTS (
                   SELECT 1 FROM item b
                   WHERE b.session_id = c.session_id AND b.number < c.number
                     AND b.state IN ('intended', 'used', 'unconfirmed', 'asked')
                     AND (c.kind IN ('end', 'release') OR b.kind <> 'event'))
             ORDER BY c.number LIMIT ?1",
        )?;
        let rows = statement.query_map([limit_of(limit)], |row| {
            let kind: String = row.get(2)?;
            Ok(Command {
                number: row.get(0)?,
                session_id: row.get(1)?,
                kind: match kind.as_str() {
                    "start" => CommandKind::Start,
                    "end" => CommandKind::End,
                    "release" => CommandKind::Release,
                    _ => CommandKind::Quota,
                },
                payload: row.get(3)?,
                tenant: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The next events, oldest first, at most `limit` and `bytes_max` together; none of a session whose start the
    /// meter does not have yet.
    pub(crate) fn batch(&self, limit: usize, bytes_max: usize) -> Result<Batch, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT e.number, e.payload,
                    ifnull((SELECT tenant FROM owner o WHERE o.session_id = e.session_id), '') FROM item e
             WHERE e.state IN ('used', 'unconfirmed')
               AND NOT EXISTS (
                   SELECT 1 FROM item s
                   WHERE s.session_id = e.session_id AND s.kind = 'start' AND s.state = 'asked')
             ORDER BY e.number LIMIT ?1",
        )?;
        let mut rows = statement.query([limit_of(limit)])?;
        let mut batch = Batch::default();
        let mut bytes = 0;
        let mut taken: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (number, payload): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let tenant: String = row.get(2)?;
            if batch.events.is_empty() {
                batch.tenant = tenant;
            } else if batch.tenant != tenant {
                // The oldest event says whose turn it is.
                continue;
            }
            bytes += payload.len();
            if bytes > bytes_max && !batch.events.is_empty() {
                break;
            }
            let event: UsageEvent = decode(number, &payload)?;
            let of_session = taken.entry(event.session_id.clone()).or_default();
            of_session.0 += 1;
            of_session.1 += i64::from(event.outcome() == CallOutcome::Unconfirmed);
            batch.events.push((number, event));
        }
        for (session_id, (events, unconfirmed)) in taken {
            let mut backlog = self.counts(&session_id)?.backlog(&session_id);
            backlog.pending_event_count = (backlog.pending_event_count - events).max(0);
            backlog.unconfirmed_call_count = (backlog.unconfirmed_call_count - unconfirmed).max(0);
            batch.backlogs.push(backlog);
        }
        Ok(batch)
    }

    /// Notes what the meter said of an item.
    pub(crate) fn answered(
        &self,
        number: i64,
        refused: Option<&str>,
        now: SystemTime,
    ) -> Result<(), RecordError> {
        let state = if refused.is_some() {
            "refused"
        } else {
            "acknowledged"
        };
        self.connection
            .prepare_cached(
                "UPDATE item SET state = ?2, reason = ?3, change_time = ?4 WHERE number = ?1",
            )?
            .execute(params![number, state, refused, millis(now)])?;
        Ok(())
    }

    /// How many items of the session are where.
    pub(crate) fn counts(&self, session_id: &str) -> Result<SessionCounts, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kind, state, doubtful, count FROM tally WHERE session_id = ?1 AND count > 0",
        )?;
        let mut rows = statement.query([session_id])?;
        let mut counts = SessionCounts::default();
        while let Some(row) = rows.next()? {
            let (kind, state): (String, String) = (row.get(0)?, row.get(1)?);
            counts.add(&kind, &state, row.get(2)?, row.get(3)?);
        }
        Ok(counts)
    }

    /// How many items of all sessions together are where.
    pub(crate) fn totals(&self) -> Result<SessionCounts, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kind, state, doubtful, sum(count) FROM tally WHERE count > 0 GROUP BY kind, state, doubtful",
        )?;
        let mut rows = statement.query([])?;
        let mut counts = SessionCounts::default();
        while let Some(row) = rows.next()? {
            let (kind, state): (String, String) = (row.get(0)?, row.get(1)?);
            counts.add(&kind, &state, row.get(2)?, row.get(3)?);
        }
        Ok(counts)
    }

    /// What is held of the sessions that run or of which something is held, the oldest first.
    pub(crate) fn backlogs(&self, limit: usize) -> Result<Vec<SessionBacklog>, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT s.session_id, min(s.number) AS first FROM item s
             WHERE s.state IN ('intended', 'used', 'unconfirmed', 'asked', 'refused')
                OR (s.kind = 'start' AND NOT EXISTS (
                        SELECT 1 FROM item e
                        WHERE e.session_id = s.session_id AND e.kind = 'end' AND e.state = 'acknowledged'))
             GROUP BY s.session_id ORDER BY first LIMIT ?1",
        )?;
        let sessions: Vec<String> = statement
            .query_map([limit_of(limit)], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        sessions
            .iter()
            .map(|session_id| Ok(self.counts(session_id)?.backlog(session_id)))
            .collect()
    }

    /// Notes whose session it is.
    pub(crate) fn own(&self, session_id: &str, tenant: &str) -> Result<(), RecordError> {
        self.connection
            .prepare_cached("INSERT INTO owner VALUES (?1, ?2) ON CONFLICT DO UPDATE SET tenant = excluded.tenant")?
            .execute([session_id, tenant])?;
        Ok(())
    }

    /// Whose session it is; empty for the default tenant.
    pub(crate) fn owner(&self, session_id: &str) -> Result<String, RecordError> {
        let found: Option<String> = self
            .connection
            .prepare_cached("SELECT tenant FROM owner WHERE session_id = ?1")?
            .query_row([session_id], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    /// Every event of the session whose usage is known, in the order in which the calls were begun.
    pub(crate) fn events(&self, session_id: &str) -> Result<Vec<UsageEvent>, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT number, payload FROM item
             WHERE session_id = ?1 AND kind = 'event' AND state <> 'intended' ORDER BY number",
        )?;
        let rows = statement.query_map([session_id], numbered_payload)?;
        let mut events = Vec::new();
        for row in rows {
            let (number, payload) = row?;
            events.push(decode(number, &payload)?);
        }
        Ok(events)
    }

    /// What the calls paid from a reservation hold of it: each event, and the worst case it was admitted for.
    pub(crate) fn drawn(
        &self,
        reservation_id: &str,
    ) -> Result<Vec<(bool, UsageEvent, String)>, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT number, payload, state = 'intended' OR doubtful, ifnull(worst_case, '') FROM item
             WHERE reservation_id = ?1 ORDER BY number",
        )?;
        let mut rows = statement.query([reservation_id])?;
        let mut drawn = Vec::new();
        while let Some(row) = rows.next()? {
            let (number, payload): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
            drawn.push((row.get(2)?, decode(number, &payload)?, row.get(3)?));
        }
        Ok(drawn)
    }

    /// What the meter refused of a session: event id (empty for a word about it) and reason.
    pub(crate) fn refused(
        &self,
        session_id: &str,
        limit: usize,
    ) -> Result<Vec<(String, String)>, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT ifnull(event_id, ''), ifnull(reason, '') FROM item
             WHERE session_id = ?1 AND state = 'refused' ORDER BY number LIMIT ?2",
        )?;
        let rows = statement.query_map(params![session_id, limit_of(limit)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps a lease as the meter gave it.
    pub(crate) fn keep_lease(&self, lease: &ReserveBudgetResponse) -> Result<(), RecordError> {
        let Some(reservation) = &lease.reservation else {
            return Ok(());
        };
        self.connection
            .prepare_cached("INSERT INTO lease VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET payload = excluded.payload")?
            .execute(params![
                reservation.reservation_id,
                reservation.session_id,
                lease.encode_to_vec()
            ])?;
        Ok(())
    }

    /// The session's leases, as the meter gave them, in the order of their ids.
    pub(crate) fn leases(
        &self,
        session_id: &str,
    ) -> Result<Vec<ReserveBudgetResponse>, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT payload FROM lease WHERE session_id = ?1 ORDER BY reservation_id",
        )?;
        let rows = statement.query_map([session_id], |row| row.get::<_, Vec<u8>>(0))?;
        let mut leases = Vec::new();
        for row in rows {
            leases.push(decode(0, &row?)?);
        }
        Ok(leases)
    }

    /// How many reservations were ever taken from the session's budget.
    pub(crate) fn lease_count(&self, session_id: &str) -> Result<i64, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT (SELECT count(*) FROM lease WHERE session_id = ?1)
                  + (SELECT count(*) FROM item WHERE session_id = ?1 AND kind = 'release')",
        )?;
        Ok(statement.query_row([session_id], |row| row.get(0))?)
    }

    /// Forgets a lease that was given back.
    pub(crate) fn drop_lease(&self, reservation_id: &str) -> Result<(), RecordError> {
        self.connection
            .prepare_cached("DELETE FROM lease WHERE reservation_id = ?1")?
            .execute([reservation_id])?;
        Ok(())
    }

    /// Deletes what the meter has of sessions that ended before that time and of which nothing is held any more.
    pub(crate) fn prune(&self, ended_before: SystemTime) -> Result<usize, RecordError> {
        let sessions: Vec<String> = self
            .connection
            .prepare_cached(
                "SELECT e.session_id FROM item e
                 WHERE e.kind = 'end' AND e.state = 'acknowledged' AND e.change_time < ?1
                   AND NOT EXISTS (
                       SELECT 1 FROM item h WHERE h.session_id = e.session_id AND h.state <> 'acknowledged')",
            )?
            .query_map([millis(ended_before)], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for session_id in &sessions {
            for statement in [
                "DELETE FROM item WHERE session_id = ?1",
                "DELETE FROM tally WHERE session_id = ?1",
                "DELETE FROM lease WHERE session_id = ?1",
                "DELETE FROM owner WHERE session_id = ?1",
            ] {
                self.connection
                    .prepare_cached(statement)?
                    .execute([session_id])?;
            }
        }
        Ok(sessions.len())
    }
}

fn numbered_payload(row: &Row<'_>) -> Result<(i64, Vec<u8>), rusqlite::Error> {
    Ok((row.get(0)?, row.get(1)?))
}

fn decode<M: Message + Default>(number: i64, payload: &[u8]) -> Result<M, RecordError> {
    M::decode(payload).map_err(|error| RecordError::Damaged {
        number,
        reason: error.to_string(),
    })
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Milliseconds since 1970; a clock before that reads 0.
fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
