//! Budgets and reservations. What is spent and drawn is added up from the ledger; only caps and leases are rows.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reelmeter_rating::Name;
use rusqlite::params;

use super::codec;
use super::control::answer;
use super::error::Result;
use super::ledger::SqliteLedger;
use crate::application::Error;
use crate::application::error::Exhausted;
use crate::application::ports::{Answer, SessionKey};
use crate::domain::audit::{self, Action, Note};
use crate::domain::budget::{Cap, Reservation};
use crate::domain::limits::RESERVATIONS_PER_SESSION_MAX;
use crate::domain::summary;
use crate::domain::usage::SessionUsage;

/// A reservation that is asked for.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) reservation_id: Name,
    pub(super) amount: Option<Cap>,
    pub(super) lifetime: SignedDuration,
    pub(super) recorder_id: String,
}

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
        let usage = live.usage();
        refuse_ended(&usage, "budget")?;
        if let Some(cap) = &cap
            && let Some(held) = usage.reservations.values().find(|reservation| {
                reservation.released.is_none() && !reservation.amount.is_comparable(cap)
            })
        {
            return Err(Error::Precondition(format!(
                "reservation `{}` of session `{}` holds {}, which is not in the new budget's unit; release it first",
                held.reservation_id,
                key.session_id,
                held.amount.words()
            )));
        }
        let note = Note {
            actor,
            action: Action::SetBudget,
            session_id: Arc::clone(&key.session_id),
            before: audit::budget(usage.budget.as_ref()),
            after: audit::budget(cap.as_ref()),
        };
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
        let usage = live.usage();
        // The same key is the same reservation, whatever has become of it since.
        if usage.reservations.contains_key(&lease.reservation_id) {
            return Ok(answer(&live, false));
        }
        refuse_ended(&usage, "reservation")?;
        let status = summary::build(&usage, &self.shared.prices(&key.tenant), now)
            .budget
            .ok_or_else(|| {
                Error::Precondition(format!(
                    "session `{}` has no budget to reserve from; set one with SetBudget",
                    key.session_id
                ))
            })?;
        if usage.reservations.len() >= RESERVATIONS_PER_SESSION_MAX {
            return Err(Error::Precondition(format!(
                "session `{}` has had {RESERVATIONS_PER_SESSION_MAX} reservations; a run takes one and divides it",
                key.session_id
            )));
        }
        let exhausted = || {
            Error::BudgetExhausted(Box::new(Exhausted {
                session_id: key.session_id.to_string(),
                remaining: status.remaining.clone(),
                asked: lease.amount.clone(),
            }))
        };
        let amount = match &lease.amount {
            Some(amount) if !amount.is_comparable(&status.cap) => {
                return Err(Error::Precondition(format!(
                    "the budget of session `{}` is {}, and {} is not in its unit",
                    key.session_id,
                    status.cap.words(),
                    amount.words()
                )));
            }
            Some(amount) if amount.units() > status.remaining.units() => return Err(exhausted()),
            Some(amount) => amount.clone(),
            None if status.remaining.units() == 0 => return Err(exhausted()),
            None => status.remaining.clone(),
        };
        let reservation = Reservation {
            reservation_id: lease.reservation_id,
            amount,
            expires: now.saturating_add(lease.lifetime).unwrap_or(Timestamp::MAX),
            released: None,
            recorder_id: lease.recorder_id,
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
        let usage = live.usage();
        let reservation =
            usage
                .reservations
                .get(reservation_id)
                .ok_or_else(|| Error::NotFound {
                    kind: "reservation",
                    name: reservation_id.to_string(),
                })?;
        if reservation.released.is_some() {
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

fn refuse_ended(usage: &SessionUsage, what: &str) -> Result<()> {
    if usage.session.ended.is_some() {
        return Err(Error::Precondition(format!(
            "session `{}` has ended, so that a {what} would hold nothing back; start another one",
            usage.session.session_id
        )));
    }
    Ok(())
}
