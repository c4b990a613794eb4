//! What a subscription still allows.

use std::fmt;

/// A provider's quota for one period: of how much, how much is used, until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Units used in this period: characters or credits, as the provider counts them.
    pub used: u64,
    /// Units that the plan holds for a period.
    pub limit: u64,
    /// When the used units start from zero again, in seconds since 1970; `None` when
    /// the provider does not say.
    pub renews_unix_s: Option<i64>,
    /// The plan's name: `free`, `creator`.
    pub tier: Option<String>,
    /// The subscription's state: `active`, `past_due`.
    pub status: Option<String>,
    /// Whether use beyond the limit is possible, and billed on top.
    pub may_exceed: bool,
}

impl Quota {
    /// Units left in this period; zero when more than the limit is used.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    /// Whether so many more units fit, as far as the provider's figures tell.
    ///
    /// # Errors
    ///
    /// [`QuotaShort`] with both figures when they do not.
    pub const fn check(&self, needed: u64) -> Result<(), QuotaShort> {
        if self.may_exceed || needed <= self.left() {
            Ok(())
        } else {
            Err(QuotaShort {
                needed,
                left: self.left(),
                renews_unix_s: self.renews_unix_s,
            })
        }
    }
}

/// A quota that does not hold what is about to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct QuotaShort {
    /// Units about to be used.
    pub needed: u64,
    /// Units left.
    pub left: u64,
    /// When the quota renews, in seconds since 1970.
    pub renews_unix_s: Option<i64>,
}

impl fmt::Display for QuotaShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the subscription has {} of the {} characters needed left",
            self.left, self.needed
        )?;
        let renews = self
            .renews_unix_s
            .and_then(|second| jiff::Timestamp::from_second(second).ok());
        match renews {
            Some(time) => write!(
                f,
                "; it renews on {}, or change the plan",
                time.strftime("%Y-%m-%d")
            ),
            None => write!(f, "; wait until it renews, or change the plan"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn quota(used: u64, limit: u64) -> Quota {
        Quota {
            used,
            limit,
            renews_unix_s: Some(1_738_356_858),
            tier: Some("creator".to_owned()),
            status: Some("active".to_owned()),
            may_exceed: false,
        }
    }

    #[test]
    fn what_is_left_is_never_below_zero() {
        assert_eq!(quota(17_231, 100_000).left(), 82_769);
        assert_eq!(quota(100_500, 100_000).left(), 0);
    }

    #[test]
    fn a_quota_holds_up_to_exactly_what_is_left() {
        assert_eq!(quota(90, 100).check(10), Ok(()));
        let short = quota(90, 100).check(11).unwrap_err();
        assert_eq!(
            short.to_string(),
            "the subscription has 10 of the 11 characters needed left; \
             it renews on 2025-01-31, or change the plan"
        );
    }

    #[test]
    fn a_plan_that_may_exceed_its_limit_is_not_short() {
        let mut quota = quota(100, 100);
        quota.may_exceed = true;
        assert_eq!(quota.check(1_000), Ok(()));
    }
}
