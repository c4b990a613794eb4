//! Starting, ending and resetting sessions; quotas.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rusqlite::params;

use super::codec;
use super::error::Result;
use super::ledger::{Held, SqliteLedger};
use crate::application::live::LiveSession;
use crate::application::ports::{Answer, SessionKey};
use crate::application::rules;
use crate::domain::budget::Cap;
use crate::domain::quota::Quota;
use crate::domain::session::{Ended, NewSession, Session};
use crate::domain::summary::Prices;
use crate::domain::usage::SessionUsage;

/// Sessions that one round of ending idle ones looks at.
const IDLE_PER_ROUND_MAX: u32 = 1_000;

impl SqliteLedger {
    pub(super) fn start_session(
        &mut self,
        key: SessionKey,
        new: NewSession,
        now: Timestamp,
    ) -> Result<Answer> {
        if let Some(held) = self.session(&key)? {
            rules::start_again(&key.session_id, held.simulated, new.simulated)?;
            return Ok(answer(&self.existing(&key)?.1, false));
        }
        let session = Session {
            session_id: Arc::clone(&key.session_id),
            title: Arc::from(new.title),
            labels: Arc::new(new.labels),
            simulated: new.simulated,
            started: now,
            ended: None,
        };
        let before = self.last_session;
        let made = self.in_transaction(|ledger| {
            let tenant = ledger.tenant(&key.tenant)?;
            ledger.insert_session(tenant, &session, new.budget.as_ref(), 1, now)
        });
        let mut held = made.inspect_err(|_| self.last_session = before)?;
        let mut usage = SessionUsage::new(session, 1);
        usage.budget = new.budget;
        let live = self.shared.live.hold(key.clone(), || usage);
        held.live = Some(Arc::clone(&live));
        self.sessions.put(key, held);
        self.shared.live.announce();
        Ok(answer(&live, true))
    }

    /// Adds a session. To be called inside a transaction.
    pub(super) fn insert_session(
        &mut self,
        tenant: i64,
        session: &Session,
        budget: Option<&Cap>,
        revision: i64,
        now: Timestamp,
    ) -> Result<Held> {
        self.last_session += 1;
        let row = self.last_session;
        self.connection
            .prepare_cached(
                "INSERT INTO session (id, tenant, session_id, title, labels, simulated, started_at, revision, boundaries, \
                 budget, touched_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                row,
                tenant,
                &*session.session_id,
                &*session.title,
                codec::labels_column(&session.labels),
                session.simulated,
                codec::us(session.started),
                revision,
                self.boundary_count(),
                budget.map(codec::cap_column),
                codec::us(now),
            ])?;
        for (label, value) in session.labels.iter() {
            self.connection
                .prepare_cached(
                    "INSERT INTO session_label (label, value, session) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![label, value, row])?;
        }
        Ok(Held {
            row,
            generation: 0,
            resets: Vec::new(),
            simulated: session.simulated,
            boundaries: Arc::clone(&self.sorted_by),
            numbers: HashMap::new(),
            series: HashMap::new(),
            quantities: 0,
            live: None,
        })
    }

    pub(super) fn end_session(&mut self, key: &SessionKey, now: Timestamp) -> Result<Answer> {
        let (held, live) = self.existing(key)?;
        let row = held.row;
        if live.usage().session.ended.is_some() {
            return Ok(answer(&live, false));
        }
        let prices = self.shared.prices(&key.tenant);
        let rates = prices.table.freeze();
        let hash = blake3::hash(rates.as_bytes()).as_bytes().to_vec();
        self.in_transaction(|ledger| {
            ledger
                .connection
                .prepare_cached("INSERT OR IGNORE INTO price_snapshot (hash, rates) VALUES (?1, ?2)")?
                .execute(params![hash, rates])?;
            ledger
                .connection
                .prepare_cached(
                    "UPDATE session SET ended_at = ?2, prices = ?3, price_revision = ?4, revision = revision + 1, \
                     touched_at = ?2 WHERE id = ?1",
                )?
                .execute(params![row, codec::us(now), hash, prices.revision])?;
            Ok(())
        })?;
        self.shared.snapshots.keep(hash, Prices::clone(&prices));
        live.update(|usage| {
            usage.revision += 1;
            usage.session.ended = Some(Ended {
                at: now,
                prices: Prices::clone(&prices),
            });
        });
        self.shared.live.announce();
        Ok(answer(&live, false))
    }

    pub(super) fn reset_session(
        &mut self,
        key: &SessionKey,
        actor: Arc<str>,
        now: Timestamp,
    ) -> Result<Answer> {
        let (_, live) = self.existing(key)?;
        let prices = self.shared.prices(&key.tenant);
        let note = rules::reset(&live.usage(), &prices, actor, now)?;
        // What was used so far goes into the rollups under the generation that ends here.
        self.fold(now)?;
        let last_event = self.last_event;
        let (held, _) = self.existing(key)?;
        let (row, generation) = (held.row, held.generation + 1);
        self.in_transaction(|ledger| {
            ledger
                .connection
                .prepare_cached("INSERT INTO session_reset (session, event, at, generation) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![row, last_event, codec::us(now), generation])?;
            ledger
                .connection
                .prepare_cached(
                    "UPDATE session SET generation = ?2, revision = revision + 1, last_event_at = NULL, touched_at = ?3 \
                     WHERE id = ?1",
                )?
                .execute(params![row, generation, codec::us(now)])?;
            super::audit::add(&ledger.connection, &key.tenant, &note, now)
        })?;
        let (held, _) = self.existing(key)?;
        held.generation = generation;
        held.resets.push(last_event);
        held.quantities = 0;
        live.update(|usage| {
            usage.revision += 1;
            usage.start_again(now);
        });
        Ok(answer(&live, false))
    }

    pub(super) fn report_quota(
        &mut self,
        key: &SessionKey,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Answer> {
        let (held, live) = self.existing(key)?;
        let row = held.row;
        let quota = rules::quota(&live.usage(), quota)?;
        self.in_transaction(|ledger| {
            ledger
                .connection
                .prepare_cached(
                    "INSERT INTO quota (session, service, metric, used, \"limit\", renews_at, observed_at, first_used, tier) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
                     ON CONFLICT (session, service, metric) DO UPDATE SET used = excluded.used, \
                     \"limit\" = excluded.\"limit\", renews_at = excluded.renews_at, observed_at = excluded.observed_at, \
                     tier = excluded.tier",
                )?
                .execute(params![
                    row,
                    quota.service,
                    quota.metric,
                    quota.used,
                    quota.limit,
                    quota.renews.map(codec::us),
                    codec::us(quota.observed),
                    quota.first_used,
                    quota.tier,
                ])?;
            ledger.touch(row, 1, now)
        })?;
        live.update(|usage| {
            usage.revision += 1;
            rules::show_quota(usage, quota);
        });
        Ok(answer(&live, false))
    }

    /// Notes that a session was changed. To be called inside a transaction.
    pub(super) fn touch(&mut self, row: i64, revisions: i64, now: Timestamp) -> Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE session SET revision = revision + ?2, touched_at = ?3 WHERE id = ?1",
            )?
            .execute(params![row, revisions, codec::us(now)])?;
        Ok(())
    }

    pub(super) fn hold_session(&mut self, key: &SessionKey) -> Result<Answer> {
        Ok(answer(&self.existing(key)?.1, false))
    }

    pub(super) fn end_idle(&mut self, idle: SignedDuration, now: Timestamp) -> Result<Answer> {
        let Ok(before) = now.saturating_sub(idle) else {
            return Ok(Answer::Done);
        };
        // When sessions were last touched is in the file after this.
        self.fold(now)?;
        let mut statement = self.connection.prepare_cached(
            "SELECT tenant.name, session.session_id FROM session JOIN tenant ON tenant.id = session.tenant \
             WHERE session.ended_at IS NULL AND session.touched_at <= ?1 LIMIT ?2",
        )?;
        let idle = super::row::collect(
            &mut statement,
            params![codec::us(before), IDLE_PER_ROUND_MAX],
            |row| {
                Ok(SessionKey {
                    tenant: Arc::from(row.get::<_, String>(0)?),
                    session_id: Arc::from(row.get::<_, String>(1)?),
                })
            },
        )?;
        drop(statement);
        for key in idle {
            if self
                .shared
                .live
                .get(&key)
                .is_some_and(|live| live.is_watched())
            {
                continue;
            }
            self.end_session(&key, now)?;
            tracing::info!(session_id = %key.session_id, "an idle session was ended");
        }
        Ok(Answer::Done)
    }
}

/// The session as it is now.
pub(super) fn answer(live: &LiveSession, created: bool) -> Answer {
    Answer::Session {
        usage: live.usage(),
        created,
    }
}
