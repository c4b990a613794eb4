//! What limits a session: the providers' quotas, and a person's budget.

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::Money;

use super::{FactError, money, time};
use crate::printable::Text;

/// A provider's quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The service.
    pub service: Text,
    /// What is limited.
    pub metric: Text,
    /// How much of it is used in the period.
    pub used: i64,
    /// How much of it the period has.
    pub limit: i64,
    /// When the count starts again.
    pub renew_time: Option<Timestamp>,
    /// When the provider said so.
    pub observe_time: Option<Timestamp>,
    /// What was used when the session first heard of it.
    pub first_used: i64,
    /// The subscription's tier. Empty: unknown.
    pub tier: Text,
}

impl Quota {
    /// What is left, never below nothing.
    #[must_use]
    pub fn left(&self) -> i64 {
        self.limit.saturating_sub(self.used).max(0)
    }
}

/// An amount of money or of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// Money.
    Money(Money),
    /// An amount of a metric; the service is empty for any.
    Metric {
        /// The service.
        service: Text,
        /// The metric.
        metric: Text,
        /// How much of it.
        value: i64,
    },
}

impl Limit {
    fn read(budget: Option<&pb::Budget>) -> Result<Option<Self>, FactError> {
        Ok(match budget.and_then(|budget| budget.limit.as_ref()) {
            None => None,
            Some(pb::budget::Limit::Money(amount)) => Some(Self::Money(money(amount, "a budget")?)),
            Some(pb::budget::Limit::MetricAmount(amount)) => Some(Self::Metric {
                service: Text::name(&amount.service),
                metric: Text::name(&amount.metric),
                value: amount.value,
            }),
        })
    }
}

/// A session's cap and how much of it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The cap.
    pub limit: Limit,
    /// What recorded usage has taken.
    pub spent: Option<Limit>,
    /// What reservations hold.
    pub reserved: Option<Limit>,
    /// What can still be reserved.
    pub remaining: Option<Limit>,
    /// True if usage exceeds the cap.
    pub exceeded: bool,
}

impl Budget {
    pub(super) fn read(status: &pb::BudgetStatus) -> Result<Option<Self>, FactError> {
        let Some(limit) = Limit::read(status.budget.as_ref())? else {
            return Ok(None);
        };
        Ok(Some(Self {
            limit,
            spent: Limit::read(status.spent.as_ref())?,
            reserved: Limit::read(status.reserved.as_ref())?,
            remaining: Limit::read(status.remaining.as_ref())?,
            exceeded: status.exceeded,
        }))
    }
}

impl Quota {
    pub(super) fn read(quota: &pb::Quota) -> Self {
        Self {
            service: Text::name(&quota.service),
            metric: Text::name(&quota.metric),
            used: quota.used_count,
            limit: quota.limit_count,
            renew_time: time(quota.renew_time.as_ref()),
            observe_time: time(quota.observe_time.as_ref()),
            first_used: quota.first_used_count,
            tier: Text::name(&quota.tier),
        }
    }
}
