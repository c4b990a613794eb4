//! Caps and the leases on them. Everything here is added up from what was recorded: there is no balance of its own that
//! could disagree with the ledger.

use jiff::Timestamp;
use reelmeter_rating::{Money, Name};

use super::problem::Problem;
use super::text;

/// What is capped, and at how much; also an amount in that unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cap {
    /// Money.
    Money(Money),
    /// An amount of one metric.
    Metric {
        /// The service; empty for the metric of any service.
        service: Name,
        /// The metric.
        metric: Name,
        /// How much of it.
        value: i64,
    },
}

impl Cap {
    /// Checks the names and that nothing is negative. `field` is where the cap stands.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn check(&self, field: &str) -> Result<(), Problem> {
        match self {
            Self::Money(money) if money.is_negative() => Err(Problem::new(
                format!("{field}.money.amount"),
                "must not be negative",
            )),
            Self::Money(_) => Ok(()),
            Self::Metric {
                service,
                metric,
                value,
            } => {
                text::optional_name(&format!("{field}.metric_amount.service"), service)?;
                text::name(&format!("{field}.metric_amount.metric"), metric)?;
                if *value < 0 {
                    return Err(Problem::new(
                        format!("{field}.metric_amount.value"),
                        "must not be negative",
                    ));
                }
                Ok(())
            }
        }
    }

    /// The amount as a whole number of the cap's smallest unit: 10⁻²⁴ dollars, or one of the metric.
    #[must_use]
    pub fn units(&self) -> i128 {
        match self {
            Self::Money(money) => money.units(),
            Self::Metric { value, .. } => i128::from(*value),
        }
    }

    /// Another amount in the same unit; what does not fit is cut off at the largest amount.
    #[must_use]
    pub fn with_units(&self, units: i128) -> Self {
        match self {
            Self::Money(_) => Self::Money(Money::from_units(units)),
            Self::Metric {
                service, metric, ..
            } => Self::Metric {
                service: service.clone(),
                metric: metric.clone(),
                value: i64::try_from(units).unwrap_or(if units < 0 { i64::MIN } else { i64::MAX }),
            },
        }
    }

    /// Whether two amounts are in the same unit.
    #[must_use]
    pub fn is_comparable(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Money(_), Self::Money(_)) => true,
            (
                Self::Metric {
                    service, metric, ..
                },
                Self::Metric {
                    service: other_service,
                    metric: other_metric,
                    ..
                },
            ) => service == other_service && metric == other_metric,
            _ => false,
        }
    }

    /// Whether a quantity counts against this cap, where it is one of a metric.
    #[must_use]
    pub fn counts(&self, service: &str, metric: &str) -> bool {
        match self {
            Self::Money(_) => false,
            Self::Metric {
                service: capped,
                metric: counted,
                ..
            } => *counted == *metric && (capped.is_empty() || *capped == *service),
        }
    }

    /// The amount for a message: `0.25 USD`, `900 characters of elevenlabs`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Money(money) => format!("{money} USD"),
            Self::Metric {
                service,
                metric,
                value,
            } if service.is_empty() => format!("{value} {metric}"),
            Self::Metric {
                service,
                metric,
                value,
            } => format!("{value} {metric} of {service}"),
        }
    }
}

/// A lease on a part of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Its key within the session.
    pub reservation_id: Name,
    /// What it holds.
    pub amount: Cap,
    /// No call starts after this time.
    pub expires: Timestamp,
    /// When it was released; `None` while it holds.
    pub released: Option<Timestamp>,
    /// The recorder that uses it; empty for unknown.
    pub recorder_id: String,
}

/// Where a reservation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservationState {
    /// Calls may start against it.
    Open,
    /// No call starts any more; what it held stays held.
    Expired,
    /// What was not drawn is free again.
    Released,
}

impl Reservation {
    /// Where it stands at a time.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> ReservationState {
        if self.released.is_some() {
            ReservationState::Released
        } else if now >= self.expires {
            ReservationState::Expired
        } else {
            ReservationState::Open
        }
    }

    /// What it still holds, in units of its amount, when so much was drawn. Expiry frees nothing.
    #[must_use]
    pub fn held_units(&self, drawn_units: i128) -> i128 {
        if self.released.is_some() {
            return 0;
        }
        self.amount.units().saturating_sub(drawn_units).max(0)
    }
}

/// A reservation with what was drawn on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservationStatus {
    /// The reservation.
    pub reservation: Reservation,
    /// What recorded events have drawn, in its own unit.
    pub drawn: Cap,
}

/// A budget and how much of it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetStatus {
    /// The cap.
    pub cap: Cap,
    /// What recorded usage has taken.
    pub spent: Cap,
    /// What reservations hold and usage has not yet taken.
    pub reserved: Cap,
    /// What can still be reserved.
    pub remaining: Cap,
    /// Whether recorded usage exceeds the cap.
    pub exceeded: bool,
}

impl BudgetStatus {
    /// Where a cap stands when so much is spent and so much held.
    #[must_use]
    pub fn of(cap: &Cap, spent_units: i128, held_units: i128) -> Self {
        let remaining = cap
            .units()
            .saturating_sub(spent_units)
            .saturating_sub(held_units)
            .max(0);
        Self {
            cap: cap.clone(),
            spent: cap.with_units(spent_units),
            reserved: cap.with_units(held_units),
            remaining: cap.with_units(remaining),
            exceeded: spent_units > cap.units(),
        }
    }
}
