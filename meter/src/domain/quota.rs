//! A provider's quota, as the provider reports it.

use jiff::Timestamp;

use super::problem::Problem;
use super::text;

/// How much of a limited thing is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The service.
    pub service: String,
    /// What is limited.
    pub metric: String,
    /// How much of it is used in the current period.
    pub used: i64,
    /// How much of it the period has.
    pub limit: i64,
    /// When the count starts again.
    pub renews: Option<Timestamp>,
    /// When the provider said so.
    pub observed: Timestamp,
    /// `used` as it was first reported in this session.
    pub first_used: i64,
    /// The subscription's tier; empty for unknown.
    pub tier: String,
}

impl Quota {
    /// Checks the names and the figures.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), Problem> {
        text::name("service", &self.service)?;
        text::name("metric", &self.metric)?;
        text::optional_name("tier", &self.tier)?;
        for (field, value) in [("used_count", self.used), ("limit_count", self.limit)] {
            if value < 0 {
                return Err(Problem::new(field, "must not be negative"));
            }
        }
        Ok(())
    }
}
