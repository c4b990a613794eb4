//! Starting, ending and resetting sessions; quotas, budgets and reservations: each in a transaction of its own, with the
//! session's row locked.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reelmeter_rating::Name;

use super::connection::{Client, execute, row, rows};
use super::error::Result;
use super::ledger::{PostgresLedger, rates_for};
use super::load;
use super::mirror::{SharedMirror, lock, news};
use super::shared::{Rates, Shared, shown};
use super::{audit, stage, write};
use crate::adapters::columns;
use crate::application::Error;
use crate::application::ports::{Answer, SessionKey};
use crate::application::rules::{self, Lease};
use crate::domain::budget::Cap;
use crate::domain::quota::Quota;
use crate::domain::session::NewSession;
use crate::domain::usage::SessionUsage;

/// Sessions that one round of ending idle ones looks at.
const IDLE_PER_ROUND_MAX: i64 = 1_000;
/// A session that is watched somewhere is not ended there or elsewhere for so many rounds, each a tenth of the idle time
/// and at most a minute.
const WATCHED_ROUNDS: i32 = 3;
const IDLE_ROUND_MAX: SignedDuration = SignedDuration::from_secs(60);
const IDLE_ROUND_MIN: SignedDuration = SignedDuration::from_secs(1);

/// A session whose row is locked.
struct Locked<'a> {
    client: &'a Client,
    row: i64,
    usage: Arc<SessionUsage>,
    rates: Arc<Rates>,
}

impl PostgresLedger {
    pub(super) fn start_session(
        &mut self,
        key: &SessionKey,
        new: &NewSession,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        if self.shared().known_tenant(&key.tenant).is_none() {
            self.transact("BEGIN", async |client, shared| {
                shared.make_tenant(client, &key.tenant).await
            })?;
        }
        let (mirror, created) = self.transact("BEGIN", async |client, shared| {
            start(client, shared, key, new, now).await
        })?;
        let shared = self.shared();
        // Only now is it there for others.
        let mirror = match mirror {
            Started::There(mirror) => mirror,
            Started::Made(stored) => shared.mirror_or(key, *stored),
        };
        if created {
            shared.live.announce();
            shared.changed.notify_one();
        }
        Ok(answer(&mirror, created))
    }

    pub(super) fn end_session(
        &mut self,
        key: &SessionKey,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        let answer = self.change(key, now, async |locked| {
            if locked.usage.session.ended.is_some() {
                return Ok(false);
            }
            let prices = locked.rates.prices.of(&key.tenant);
            let rates = prices.table.freeze();
            let hash = blake3::hash(rates.as_bytes()).as_bytes().to_vec();
            execute(
                locked.client,
                "INSERT INTO price_snapshot (hash, rates) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
                &[&hash, &rates],
            )
            .await?;
            execute(
                locked.client,
                "UPDATE session SET ended_at = $2, prices = $3, price_revision = $4 WHERE id = $1",
                &[&locked.row, &columns::us(now), &hash, &prices.revision],
            )
            .await?;
            Ok(true)
        })?;
        self.shared().live.announce();
        Ok(answer)
    }

    pub(super) fn reset_session(
        &mut self,
        key: &SessionKey,
        actor: &Arc<str>,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        self.change(key, now, async |locked| {
            let prices = locked.rates.prices.of(&key.tenant);
            let note = rules::reset(&locked.usage, prices, Arc::clone(actor), now)?;
            execute(
                locked.client,
                "UPDATE session SET generation = generation + 1, last_event_at = NULL WHERE id = $1",
                &[&locked.row],
            )
            .await?;
            // A number of its own: those of the events before it are smaller, and those after it greater.
            execute(
                locked.client,
                "INSERT INTO session_reset (session, generation, event, at) \
                 SELECT id, generation, nextval('event_n'), $2 FROM session WHERE id = $1",
                &[&locked.row, &columns::us(now)],
            )
            .await?;
            audit::add(locked.client, &key.tenant, &note, now).await?;
            Ok(true)
        })
    }

    pub(super) fn report_quota(
        &mut self,
        key: &SessionKey,
        quota: &Quota,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        self.change(key, now, async |locked| {
            let quota = rules::quota(&locked.usage, quota.clone())?;
            let place = i64::try_from(locked.usage.quotas.len()).unwrap_or(i64::MAX);
            write::upsert_quota(locked.client, locked.row, place, &quota).await?;
            Ok(true)
        })
    }

    pub(super) fn set_budget(
        &mut self,
        key: &SessionKey,
        actor: &Arc<str>,
        cap: Option<&Cap>,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        self.change(key, now, async |locked| {
            let note = rules::budget(&locked.usage, Arc::clone(actor), cap)?;
            audit::add(locked.client, &key.tenant, &note, now).await?;
            execute(
                locked.client,
                "UPDATE session SET budget = $2 WHERE id = $1",
                &[&locked.row, &cap.map(columns::cap_column)],
            )
            .await?;
            Ok(true)
        })
    }

    pub(super) fn reserve(
        &mut self,
        key: &SessionKey,
        lease: &Lease,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        self.change_or(key, now, true, async |locked| {
            let prices = locked.rates.prices.of(&key.tenant);
            let Some(reservation) = rules::lease(&locked.usage, prices, lease.clone(), now)? else {
                return Ok(false);
            };
            execute(
                locked.client,
                "INSERT INTO reservation (session, reservation_id, amount, expires_at, recorder_id) \
                 VALUES ($1, $2, $3, $4, $5)",
                &[
                    &locked.row,
                    &&*reservation.reservation_id,
                    &columns::cap_column(&reservation.amount),
                    &columns::us(reservation.expires),
                    &reservation.recorder_id,
                ],
            )
            .await?;
            Ok(true)
        })
    }

    pub(super) fn release(
        &mut self,
        key: &SessionKey,
        reservation_id: &Name,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        self.change(key, now, async |locked| {
            if !rules::release(&locked.usage, reservation_id)? {
                return Ok(false);
            }
            execute(
                locked.client,
                "UPDATE reservation SET released_at = $3 WHERE session = $1 AND reservation_id = $2",
                &[&locked.row, &&**reservation_id, &columns::us(now)],
            )
            .await?;
            Ok(true)
        })
    }

    /// Takes a session into memory, as new as it is. It will be watched: other replicas must not end it as idle.
    pub(super) fn hold_session(
        &mut self,
        key: &SessionKey,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        let until = now
            .saturating_add(IDLE_ROUND_MAX * WATCHED_ROUNDS)
            .unwrap_or(Timestamp::MAX);
        let replica = self.replica().to_owned();
        let mirror = self.transact("BEGIN", async |client, shared| {
            let (number, version) = existing(client, shared, key, "FOR UPDATE").await?;
            mark(client, &replica, &[number], until).await?;
            stage::current(client, shared, key, number, version).await
        })?;
        Ok(answer(&mirror, false))
    }

    pub(super) fn end_idle(
        &mut self,
        idle: SignedDuration,
        now: Timestamp,
    ) -> std::result::Result<Answer, Error> {
        let Ok(before) = now.saturating_sub(idle) else {
            return Ok(Answer::Done);
        };
        let round = (idle / 10).clamp(IDLE_ROUND_MIN, IDLE_ROUND_MAX);
        let until = now
            .saturating_add(round * WATCHED_ROUNDS)
            .unwrap_or(Timestamp::MAX);
        let watched: Vec<i64> = self
            .shared()
            .watched()
            .iter()
            .map(|mirror| lock(mirror).head.row)
            .collect();
        let replica = self.replica().to_owned();
        let idle = self.transact("BEGIN", async |client, _| {
            execute(
                client,
                "DELETE FROM watched WHERE replica = $1 OR until < $2",
                &[&replica, &columns::us(now)],
            )
            .await?;
            mark(client, &replica, &watched, until).await?;
            let found = rows(
                client,
                "SELECT tenant.name, session.session_id FROM session JOIN tenant ON tenant.id = session.tenant \
                 WHERE session.ended_at IS NULL AND session.touched_at <= $1 \
                 AND NOT EXISTS (SELECT 1 FROM watched WHERE watched.session = session.id) LIMIT $2",
                &[&columns::us(before), &IDLE_PER_ROUND_MAX],
            )
            .await?;
            let mut keys = Vec::with_capacity(found.len());
            for row in &found {
                keys.push(SessionKey {
                    tenant: Arc::from(row.try_get::<_, &str>(0)?),
                    session_id: Arc::from(row.try_get::<_, &str>(1)?),
                });
            }
            Ok(keys)
        })?;
        for key in idle {
            self.end_session(&key, now)?;
            tracing::info!(session_id = %key.session_id, "an idle session was ended");
        }
        Ok(Answer::Done)
    }

    fn change(
        &mut self,
        key: &SessionKey,
        now: Timestamp,
        work: impl AsyncFn(&Locked<'_>) -> Result<bool>,
    ) -> std::result::Result<Answer, Error> {
        self.change_or(key, now, false, work)
    }

    /// Changes a session, if `work` says that it has: then that is one revision. `creates`: and the answer says so.
    fn change_or(
        &mut self,
        key: &SessionKey,
        now: Timestamp,
        creates: bool,
        work: impl AsyncFn(&Locked<'_>) -> Result<bool>,
    ) -> std::result::Result<Answer, Error> {
        let (mirror, news) = self.transact("BEGIN", async |client, shared| {
            // The prices first, as everywhere: nobody changes them while a session is weighed or frozen by them.
            let rates = rates_for(client, shared).await?;
            let (number, version) = existing(client, shared, key, "FOR UPDATE").await?;
            let mirror = stage::current(client, shared, key, number, version).await?;
            let locked = Locked {
                client,
                row: number,
                usage: shown(&mirror),
                rates,
            };
            if !work(&locked).await? {
                return Ok((mirror, None));
            }
            execute(
                client,
                "UPDATE session SET revision = revision + 1, version = version + 1, touched_at = $2 WHERE id = $1",
                &[&number, &columns::us(now)],
            )
            .await?;
            let news = news(client, &shared.snapshots, &mirror).await?;
            Ok((mirror, Some(news)))
        })?;
        let changed = news.is_some();
        if let Some(news) = news {
            lock(&mirror).take(news);
            self.shared().changed.notify_one();
        }
        Ok(answer(&mirror, creates && changed))
    }
}

/// Marks sessions as watched on a replica: nobody ends them as idle until then.
async fn mark(client: &Client, replica: &str, numbers: &[i64], until: Timestamp) -> Result<()> {
    execute(
        client,
        "INSERT INTO watched (session, replica, until) SELECT session, $2, $3 FROM unnest($1::bigint[]) AS marked (session) \
         ON CONFLICT (session, replica) DO UPDATE SET until = excluded.until",
        &[&numbers, &replica, &columns::us(until)],
    )
    .await?;
    Ok(())
}

enum Started {
    There(SharedMirror),
    Made(Box<load::Stored>),
}

async fn start(
    client: &Client,
    shared: &Shared,
    key: &SessionKey,
    new: &NewSession,
    now: Timestamp,
) -> Result<(Started, bool)> {
    let rates = rates_for(client, shared).await?;
    let tenant = shared
        .tenant(client, &key.tenant)
        .await?
        .ok_or_else(|| columns::damaged("a tenant", &key.tenant))?;
    let made = row(
        client,
        "INSERT INTO session (tenant, session_id, title, labels, simulated, started_at, revision, version, boundaries, \
         budget, touched_at) VALUES ($1, $2, $3, $4, $5, $6, 1, 1, $7, $8, $6) \
         ON CONFLICT (tenant, session_id) DO NOTHING RETURNING id",
        &[
            &tenant,
            &&*key.session_id,
            &new.title,
            &columns::labels_column(&new.labels),
            &new.simulated,
            &columns::us(now),
            &rates.count(),
            &new.budget.as_ref().map(columns::cap_column),
        ],
    )
    .await?;
    let Some(made) = made else {
        let (number, version) = existing(client, shared, key, "FOR UPDATE").await?;
        let mirror = stage::current(client, shared, key, number, version).await?;
        let simulated = shown(&mirror).session.simulated;
        rules::start_again(&key.session_id, simulated, new.simulated)?;
        return Ok((Started::There(mirror), false));
    };
    let number: i64 = made.try_get(0)?;
    for (label, value) in &new.labels {
        execute(
            client,
            "INSERT INTO session_label (label, value, session) VALUES ($1, $2, $3)",
            &[label, value, &number],
        )
        .await?;
    }
    let stored = load::one(client, &shared.snapshots, number).await?;
    Ok((Started::Made(Box::new(stored)), true))
}

/// The number and version of a session that must be there, with its row locked as `how` says.
async fn existing(
    client: &Client,
    shared: &Shared,
    key: &SessionKey,
    how: &str,
) -> Result<(i64, i64)> {
    let missing = || Error::no_session(&key.session_id);
    let tenant = shared
        .tenant(client, &key.tenant)
        .await?
        .ok_or_else(missing)?;
    let sql =
        format!("SELECT id, version FROM session WHERE tenant = $1 AND session_id = $2 {how}");
    let found = row(client, &sql, &[&tenant, &&*key.session_id])
        .await?
        .ok_or_else(missing)?;
    Ok((found.try_get(0)?, found.try_get(1)?))
}

/// The session as it is now.
fn answer(mirror: &SharedMirror, created: bool) -> Answer {
    Answer::Session {
        usage: shown(mirror),
        created,
    }
}
