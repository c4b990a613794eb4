//! A budget, divided locally: taken from the meter as reservations, given out call by call, worst case first.
//!
//! While the meter is away the recorder spends only what it holds. What a call may draw is set aside before the call,
//! and replaced by what it really cost afterwards; a call of which nobody knows what it used keeps its worst case.

mod account;
mod ask;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reelmeter_proto::meter::v1::{MetricAmount, Quantity, UsageEvent, budget};
use reelmeter_rating::money::thousands;
use reelmeter_rating::{Money, PricingState, RateTable};
use tokio::sync::Notify;

use account::Account;
pub use ask::{LeaseError, Reserve};

use crate::prices;
use crate::summary::classes;

/// What a session's budget holds, as reservations of this recorder. Clones share it.
#[derive(Debug, Clone)]
pub struct Lease {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// What is divided: the budget's own unit.
    unit: Unit,
    accounts: Mutex<Vec<Account>>,
    /// A permit was drawn on, kept or given back.
    freed: Notify,
    table: RateTable,
}

/// What a budget counts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Unit {
    /// US dollars.
    Usd,
    /// A metric, of one service or of any.
    Metric { service: String, metric: String },
}

impl Unit {
    fn of(budget: &budget::Limit) -> Self {
        match budget {
            budget::Limit::Money(_) => Self::Usd,
            budget::Limit::MetricAmount(amount) => Self::Metric {
                service: amount.service.clone(),
                metric: amount.metric.clone(),
            },
        }
    }

    /// An amount in the unit's smallest parts: 10⁻²⁴ dollars, or whole units of the metric.
    fn parts(budget: &budget::Limit) -> Option<i128> {
        match budget {
            budget::Limit::Money(money) => money.amount.parse::<Money>().ok().map(Money::units),
            budget::Limit::MetricAmount(MetricAmount { value, .. }) => Some(i128::from(*value)),
        }
    }

    /// The amount for a person.
    fn screen(&self, parts: i128) -> String {
        match self {
            Self::Usd => Money::from_units(parts).screen(),
            Self::Metric { metric, .. } => {
                let number = thousands(parts.unsigned_abs());
                format!(
                    "{number} {}",
                    reelmeter_rating::metric::words(metric, parts)
                )
            }
        }
    }

    /// The amount as it is kept in the outbox.
    fn text(&self, parts: i128) -> String {
        match self {
            Self::Usd => Money::from_units(parts).to_string(),
            Self::Metric { .. } => parts.to_string(),
        }
    }

    fn parse(&self, text: &str) -> Option<i128> {
        match self {
            Self::Usd => text.parse::<Money>().ok().map(Money::units),
            Self::Metric { .. } => text.parse().ok(),
        }
    }
}

/// Why a call is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// The budget does not hold it.
    #[error(
        "the budget does not hold the next call: it may take up to {needed}, and {left} is left"
    )]
    Full {
        /// The most that the call may take, for a person.
        needed: String,
        /// What is left, for a person.
        left: String,
    },
    /// Nobody knows what it would cost.
    #[error(
        "{model} has no price for {metric}, so that a budget in money cannot hold the call; set a rate for it, or take the budget away"
    )]
    Unpriced {
        /// The model.
        model: String,
        /// What has no price.
        metric: String,
    },
    /// The reservation's time is over.
    #[error("the reservation has expired; resume to take a new one")]
    Expired,
}

/// What a call may draw. Dropped before the call begins, it is free again.
pub struct Permit {
    lease: Lease,
    account: usize,
    held: i128,
    spent: bool,
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({})", self.lease.shared.unit.screen(self.held))
    }
}

impl PartialEq for Permit {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.lease.shared, &other.lease.shared) && self.held == other.held
    }
}

impl Permit {
    /// The reservation that pays.
    pub(crate) fn reservation_id(&self) -> String {
        let accounts = self.lease.lock();
        accounts
            .get(self.account)
            .map(|account| account.id.clone())
            .unwrap_or_default()
    }

    /// What is set aside, as the outbox keeps it.
    pub(crate) fn worst_case(&self) -> String {
        self.lease.shared.unit.text(self.held)
    }

    /// What the call really took is drawn in place of the worst case. It is drawn even where it is more.
    pub(crate) fn draw(mut self, event: &UsageEvent) {
        let actual = self.lease.cost(event).unwrap_or(self.held);
        self.close(actual);
    }

    /// The worst case stays set aside: nobody knows what the call took.
    pub(crate) fn keep(mut self) {
        let held = self.held;
        self.close(held);
    }

    fn close(&mut self, actual: i128) {
        self.spent = true;
        if let Some(account) = self.lease.lock().get_mut(self.account) {
            account.draw(self.held, actual);
        }
        self.lease.shared.freed.notify_waiters();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.spent {
            self.close(0);
        }
    }
}

impl Lease {
    fn lock(&self) -> MutexGuard<'_, Vec<Account>> {
        self.shared
            .accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The rates that the reservations were sized with.
    #[must_use]
    pub fn table(&self) -> &RateTable {
        &self.shared.table
    }

    /// What is left, for a person.
    #[must_use]
    pub fn left(&self) -> String {
        let left = self.lock().iter().map(Account::left).sum();
        self.shared.unit.screen(left)
    }

    /// Sets aside the most that a call can use. Parallel calls cannot break the budget together: each is admitted only
    /// if its worst case still fits beside what is set aside already.
    ///
    /// # Errors
    /// It does not fit, a quantity has no price, or the reservation has expired.
    pub fn admit(
        &self,
        service: &str,
        model: &str,
        rate_model: &str,
        worst_case: &[Quantity],
    ) -> Result<Permit, NotAdmitted> {
        let call = UsageEvent {
            service: service.to_owned(),
            model: model.to_owned(),
            rate_model: rate_model.to_owned(),
            quantities: worst_case.to_vec(),
            ..UsageEvent::default()
        };
        let held = self.cost(&call)?;
        let mut accounts = self.lock();
        let now = prices::now();
        let live = |account: &Account| account.expires.is_none_or(|expires| now < expires);
        let found = accounts
            .iter()
            .position(|account| live(account) && held <= account.left());
        let Some(place) = found else {
            if !accounts.iter().any(live) {
                return Err(NotAdmitted::Expired);
            }
            let left = accounts
                .iter()
                .filter(|account| live(account))
                .map(Account::left)
                .max();
            return Err(NotAdmitted::Full {
                needed: self.shared.unit.screen(held),
                left: self.shared.unit.screen(left.unwrap_or_default()),
            });
        };
        if let Some(account) = accounts.get_mut(place) {
            account.hold(held);
        }
        drop(accounts);
        Ok(Permit {
            lease: self.clone(),
            account: place,
            held,
            spent: false,
        })
    }

    /// As [`Lease::admit`], but waits while calls that are in flight may still give enough back.
    ///
    /// # Errors
    /// As [`Lease::admit`], when nothing that is in flight could change it.
    pub async fn admit_when_free(
        &self,
        service: &str,
        model: &str,
        rate_model: &str,
        worst_case: &[Quantity],
    ) -> Result<Permit, NotAdmitted> {
        loop {
            let freed = self.shared.freed.notified();
            tokio::pin!(freed);
            // From here on nothing that is freed is missed.
            freed.as_mut().enable();
            match self.admit(service, model, rate_model, worst_case) {
                Err(NotAdmitted::Full { .. }) if self.is_in_use() => freed.await,
                decided => return decided,
            }
        }
    }

    /// Whether a call is in flight that has not drawn yet.
    fn is_in_use(&self) -> bool {
        self.lock().iter().any(|account| account.open_count > 0)
    }

    /// What a call takes of the budget, in its smallest parts.
    fn cost(&self, event: &UsageEvent) -> Result<i128, NotAdmitted> {
        match &self.shared.unit {
            Unit::Metric { service, metric } => {
                let counts = service.is_empty() || *service == event.service;
                let of_metric = event
                    .quantities
                    .iter()
                    .filter(|it| counts && it.metric == *metric);
                Ok(of_metric.map(|quantity| i128::from(quantity.value)).sum())
            }
            Unit::Usd => dollars(event, &self.shared.table),
        }
    }
}

/// What an event costs, in 10⁻²⁴ dollars. A subscription's and a local model's quantities take nothing of a budget in
/// money.
fn dollars(event: &UsageEvent, table: &RateTable) -> Result<i128, NotAdmitted> {
    let unpriced = |metric: &str| NotAdmitted::Unpriced {
        model: event.model.clone(),
        metric: metric.to_owned(),
    };
    let now = prices::now();
    let classes = classes(event, table, now).map_err(|_| unpriced("its quantities"))?;
    let mut sum: i128 = 0;
    for (class, quantity) in classes {
        let resolution = table.resolve(&class, now);
        if resolution.state == PricingState::Unpriced && quantity != 0 {
            return Err(unpriced(class.metric.as_str()));
        }
        let cost = resolution.cost(i128::from(quantity)).ok().flatten();
        sum = sum.saturating_add(cost.unwrap_or_default().units());
    }
    Ok(sum)
}
