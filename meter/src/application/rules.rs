//! What a session allows, whatever store it is kept in. Each function looks at a session as it is and says what is to be
//! written, or why nothing may be.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reelmeter_rating::{Layer, Name, Overrides, Rate, RateTable};

use super::Error;
use super::error::Exhausted;
use super::ports::RateFilter;
use crate::domain::audit::{self, Action, Note};
use crate::domain::budget::{Cap, Reservation};
use crate::domain::limits::{OVERRIDES_MAX, QUOTAS_PER_SESSION_MAX, RESERVATIONS_PER_SESSION_MAX};
use crate::domain::quota::Quota;
use crate::domain::summary::{self, Prices};
use crate::domain::tenant_prices::TenantPrices;
use crate::domain::usage::SessionUsage;

/// A reservation that is asked for.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Its key.
    pub reservation_id: Name,
    /// What to hold; `None` for all that remains.
    pub amount: Option<Cap>,
    /// How long calls may start against it.
    pub lifetime: SignedDuration,
    /// Who will use it.
    pub recorder_id: String,
}

/// Refuses to start a session that exists and is of the other kind.
///
/// # Errors
/// Its calls are simulated and the new ones are real, or the other way round.
pub fn start_again(session_id: &str, simulated: bool, asked: bool) -> Result<(), Error> {
    if simulated == asked {
        return Ok(());
    }
    let is = if simulated { "simulated" } else { "real" };
    Err(Error::Precondition(format!(
        "session `{session_id}` exists and its calls are {is}; use another session_id, simulated and real calls never share one"
    )))
}

/// What to note of a reset.
///
/// # Errors
/// The session has ended.
pub fn reset(
    usage: &SessionUsage,
    prices: &Prices,
    actor: Arc<str>,
    now: Timestamp,
) -> Result<Note, Error> {
    if usage.session.ended.is_none() {
        return Ok(Note {
            actor,
            action: Action::ResetSession,
            session_id: Arc::clone(&usage.session.session_id),
            before: audit::figures(&summary::build(usage, prices, now)),
            after: "counted from zero".to_owned(),
        });
    }
    Err(Error::Precondition(format!(
        "session `{}` has ended and its figures stay; start another one",
        usage.session.session_id
    )))
}

/// The quota to keep, with its first figure.
///
/// # Errors
/// The session shows as many as it can.
pub fn quota(usage: &SessionUsage, quota: Quota) -> Result<Quota, Error> {
    let known = usage
        .quotas
        .iter()
        .find(|known| known.service == quota.service && known.metric == quota.metric);
    if known.is_none() && usage.quotas.len() >= QUOTAS_PER_SESSION_MAX {
        return Err(Error::Precondition(format!(
            "session `{}` shows {QUOTAS_PER_SESSION_MAX} quotas already; report those that matter",
            usage.session.session_id
        )));
    }
    let first_used = known.map_or(quota.used, |known| known.first_used);
    Ok(Quota {
        first_used,
        ..quota
    })
}

/// Shows a quota: in the place of the one before, or after all others.
pub fn show_quota(usage: &mut SessionUsage, quota: Quota) {
    let known = usage
        .quotas
        .iter_mut()
        .find(|known| known.service == quota.service && known.metric == quota.metric);
    match known {
        Some(known) => *known = quota,
        None => usage.quotas.push(quota),
    }
}

/// What to note of a change of the budget.
///
/// # Errors
/// The session has ended, or a reservation holds something in another unit.
pub fn budget(usage: &SessionUsage, actor: Arc<str>, cap: Option<&Cap>) -> Result<Note, Error> {
    refuse_ended(usage, "budget")?;
    let other = cap.and_then(|cap| {
        usage
            .reservations
            .values()
            .find(|held| held.released.is_none() && !held.amount.is_comparable(cap))
    });
    match other {
        Some(held) => Err(Error::Precondition(format!(
            "reservation `{}` of session `{}` holds {}, which is not in the new budget's unit; release it first",
            held.reservation_id,
            usage.session.session_id,
            held.amount.words()
        ))),
        None => Ok(Note {
            actor,
            action: Action::SetBudget,
            session_id: Arc::clone(&usage.session.session_id),
            before: audit::budget(usage.budget.as_ref()),
            after: audit::budget(cap),
        }),
    }
}

/// The reservation to keep; `None` if the session has one of that key: it is the same, whatever has become of it since.
///
/// # Errors
/// The session has ended or has no budget, less remains than is asked for, or there were too many.
pub fn lease(
    usage: &SessionUsage,
    prices: &Prices,
    lease: Lease,
    now: Timestamp,
) -> Result<Option<Reservation>, Error> {
    let session_id = &usage.session.session_id;
    if usage.reservations.contains_key(&lease.reservation_id) {
        return Ok(None);
    }
    refuse_ended(usage, "reservation")?;
    let status = summary::build(usage, prices, now).budget.ok_or_else(|| {
        Error::Precondition(format!(
            "session `{session_id}` has no budget to reserve from; set one with SetBudget"
        ))
    })?;
    if usage.reservations.len() >= RESERVATIONS_PER_SESSION_MAX {
        return Err(Error::Precondition(format!(
            "session `{session_id}` has had {RESERVATIONS_PER_SESSION_MAX} reservations; a run takes one and divides it"
        )));
    }
    let exhausted = || {
        Error::BudgetExhausted(Box::new(Exhausted {
            session_id: session_id.to_string(),
            remaining: status.remaining.clone(),
            asked: lease.amount.clone(),
        }))
    };
    let amount = match &lease.amount {
        Some(amount) if !amount.is_comparable(&status.cap) => {
            return Err(Error::Precondition(format!(
                "the budget of session `{session_id}` is {}, and {} is not in its unit",
                status.cap.words(),
                amount.words()
            )));
        }
        Some(amount) if amount.units() > status.remaining.units() => return Err(exhausted()),
        Some(amount) => amount.clone(),
        None if status.remaining.units() == 0 => return Err(exhausted()),
        None => status.remaining.clone(),
    };
    Ok(Some(Reservation {
        reservation_id: lease.reservation_id,
        amount,
        expires: now.saturating_add(lease.lifetime).unwrap_or(Timestamp::MAX),
        released: None,
        recorder_id: lease.recorder_id,
    }))
}

/// Whether there is something to release.
///
/// # Errors
/// There is no such reservation.
pub fn release(usage: &SessionUsage, reservation_id: &Name) -> Result<bool, Error> {
    let missing = || Error::NotFound {
        kind: "reservation",
        name: reservation_id.to_string(),
    };
    let reservation = usage.reservations.get(reservation_id).ok_or_else(missing)?;
    Ok(reservation.released.is_none())
}

/// The overrides that are set at run time.
#[must_use]
pub fn kept(prices: &Prices) -> Overrides {
    prices
        .table
        .overrides(Layer::Rpc)
        .cloned()
        .unwrap_or_default()
}

/// The prices with these overrides of a tenant set, and what to note of it.
///
/// # Errors
/// There were too many of them.
pub fn set_rates(
    all: &TenantPrices,
    tenant: &Arc<str>,
    actor: Arc<str>,
    rates: Vec<Rate>,
) -> Result<(TenantPrices, Note), Error> {
    let prices = all.of(tenant);
    let mut overrides = kept(prices);
    for rate in rates {
        overrides.set(rate);
    }
    if overrides.rates().len() > OVERRIDES_MAX {
        return Err(Error::Precondition(format!(
            "with these there were {} overrides; at most {OVERRIDES_MAX} are kept, take some back with ResetRates",
            overrides.rates().len()
        )));
    }
    Ok(overridden(
        all,
        tenant,
        (actor, Action::SetRates),
        overrides,
    ))
}

/// The prices with these overrides of a tenant taken back, what to note of it, and how many there were; `None` for none.
#[must_use]
pub fn reset_rates(
    all: &TenantPrices,
    tenant: &Arc<str>,
    actor: Arc<str>,
    filter: &RateFilter,
) -> Option<(TenantPrices, Note, usize)> {
    let mut overrides = kept(all.of(tenant));
    let model = filter.model.as_deref().map(Some);
    let removed = overrides.reset(filter.service.as_deref(), model, filter.metric.as_deref());
    (removed > 0).then(|| {
        let (prices, note) = overridden(all, tenant, (actor, Action::ResetRates), overrides);
        (prices, note, removed)
    })
}

fn overridden(
    all: &TenantPrices,
    tenant: &Arc<str>,
    (actor, action): (Arc<str>, Action),
    after: Overrides,
) -> (TenantPrices, Note) {
    let before = all.of(tenant);
    let (gone, added) = audit::rate_changes(&kept(before), &after);
    let note = Note {
        actor,
        action,
        session_id: Arc::default(),
        before: gone,
        after: added,
    };
    let prices = Prices::new(before.table.with_rpc(after), before.revision + 1);
    (all.with(tenant, prices), note)
}

/// Other prices beneath the overrides of every tenant, and what to note of it; `None` if they are those in force.
#[must_use]
pub fn reprice(
    all: &TenantPrices,
    actor: Arc<str>,
    table: &RateTable,
) -> Option<(TenantPrices, Note)> {
    let repriced = all.over(table)?;
    let told = |prices: &Prices| {
        let book = prices.table.book();
        format!("price book {} as of {}", book.name(), book.as_of())
    };
    let note = Note {
        actor,
        action: Action::ChangePriceFiles,
        session_id: Arc::default(),
        before: told(all.everyone()),
        after: told(repriced.everyone()),
    };
    Some((repriced, note))
}

/// The dates of any tenant's prices that events are not sorted by yet. Events are kept to the microsecond, so a rate that starts
/// within one starts with the next.
#[must_use]
pub fn added_boundaries(prices: &TenantPrices, known: &[Timestamp]) -> Vec<Timestamp> {
    let mut added: Vec<Timestamp> = prices
        .all()
        .flat_map(|prices| prices.table.boundaries().instants())
        .filter_map(|instant| {
            let whole = Timestamp::from_microsecond(instant.as_microsecond()).ok()?;
            let next = SignedDuration::from_micros(1);
            if whole < *instant {
                whole.checked_add(next).ok()
            } else {
                Some(whole)
            }
        })
        .filter(|instant| !known.contains(instant))
        .collect();
    added.sort_unstable();
    added.dedup();
    added
}

fn refuse_ended(usage: &SessionUsage, what: &str) -> Result<(), Error> {
    if usage.session.ended.is_some() {
        return Err(Error::Precondition(format!(
            "session `{}` has ended, so that a {what} would hold nothing back; start another one",
            usage.session.session_id
        )));
    }
    Ok(())
}
