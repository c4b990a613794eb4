//! Budgets and reservations. What is spent and drawn is added up from the ledger; only caps and leases are rows.

use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::Name;
use rusqlite::params;

use super::codec;
use super::control::answer;
use super::error::Result;
use super::ledger::SqliteLedger;
use crate::application::ports::{Answer, SessionKey};
use crate::application::rules::{self, Lease};
use crate::domain::budget::Cap;

impl SqliteLedger {
    pub(super) fn set_budget(
        &mut self,
        key: &SessionKey,
        actor: Arc<str>,
        cap: Option<Cap>,
        now: Timestamp,
    ) -> Result<Answer> {
        let (held, live) = self.existing(key)?;
        let row = held.row;
        let note = rules::budget(&live.usage(), actor, cap.as_ref())?;
        self.in_transaction(|ledger| {
            super::audit::add(&ledger.connection, &key.tenant, &note, now)?;
            ledger
                .connection
                .prepare_cached("UPDATE session SET budget = ?2 WHERE id = ?1")?
                .execute(params![row, cap.as_ref().map(codec::cap_column)])?;
            ledger.touch(row, 1, now)
        })?;
        live.update(|usage| {
            usage.revision += 1;
            usage.budget = cap;
        });
        Ok(answer(&live, false))
    }

    pub(super) fn reserve(
        &mut self,
        key: &SessionKey,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Answer> {
        let (held, live) = self.existing(key)?;
        let row = held.row;
        let prices = self.shared.prices(&key.tenant);
        let Some(reservation) = rules::lease(&live.usage(), &prices, lease, now)? else {
            return Ok(answer(&live, false));
        };
        self.in_transaction(|ledger| {
            ledger
                .connection
                .prepare_cached(
                    "INSERT INTO reservation (session, reservation_id, amount, expires_at, recorder_id) \
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    row,
                    &*reservation.reservation_id,
                    codec::cap_column(&reservation.amount),
                    codec::us(reservation.expires),
                    reservation.recorder_id,
                ])?;
            ledger.touch(row, 1, now)
        })?;
        live.update(|usage| {
            usage.revision += 1;
            usage
                .reservations
                .insert(reservation.reservation_id.clone(), reservation);
        });
        Ok(answer(&live, true))
    }

    pub(super) fn release(
        &mut self,
        key: &SessionKey,
        reservation_id: &Name,
        now: Timestamp,
    ) -> Result<Answer> {
        let (held, live) = self.existing(key)?;
        let row = held.row;
        if !rules::release(&live.usage(), reservation_id)? {
            return Ok(answer(&live, false));
        }
        self.in_transaction(|ledger| {
            ledger
                .connection
                .prepare_cached("UPDATE reservation SET released_at = ?3 WHERE session = ?1 AND reservation_id = ?2")?
                .execute(params![row, &**reservation_id, codec::us(now)])?;
            ledger.touch(row, 1, now)
        })?;
        live.update(|usage| {
            usage.revision += 1;
            if let Some(reservation) = usage.reservations.get_mut(reservation_id) {
                reservation.released = Some(now);
            }
        });
        Ok(answer(&live, false))
    }
}
