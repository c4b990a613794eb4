//! The speech provider's subscription: credits that count down, calls at the same time.

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Credits used in this period.
    pub used: u64,
    /// Credits of a period.
    pub limit: u64,
    /// Calls that are being answered.
    pub busy: u64,
}

/// Why a call is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There are not enough credits.
    Quota {
        /// Credits of a period.
        limit: u64,
        /// What is left of them.
        left: u64,
        /// What the call needs.
        needed: u64,
    },
    /// Too many calls are being answered.
    Concurrency {
        /// The most at the same time.
        most: u64,
    },
}

/// The most calls at the same time on the Creator plan, and on it with the fast models: the
/// provider's published limits of 2025.
pub const CONCURRENT_MAX: u64 = 5;
/// See [`CONCURRENT_MAX`].
pub const CONCURRENT_FAST_MAX: u64 = 10;

impl Account {
    /// A subscription of which something is already used.
    #[must_use]
    pub fn new(used: u64, limit: u64) -> Self {
        Self {
            used,
            limit,
            busy: 0,
        }
    }

    /// Admits a call and takes its credits, which is what the provider's answer header later names.
    ///
    /// # Errors
    ///
    /// If the credits or the calls at the same time do not suffice; nothing is taken then.
    pub fn admit(&mut self, credits: u64, most: u64) -> Result<(), Refusal> {
        if self.busy >= most {
            return Err(Refusal::Concurrency { most });
        }
        let left = self.limit.saturating_sub(self.used);
        if credits > left {
            return Err(Refusal::Quota {
                limit: self.limit,
                left,
                needed: credits,
            });
        }
        self.used += credits;
        self.busy += 1;
        Ok(())
    }

    /// A call has been answered, or its caller is gone.
    pub fn leave(&mut self) {
        self.busy = self.busy.saturating_sub(1);
    }

    /// Gives credits back for a call that failed before there was any sound.
    pub fn refund(&mut self, credits: u64) {
        self.used = self.used.saturating_sub(credits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_count_down_and_then_refuse() {
        let mut account = Account::new(90, 100);
        assert_eq!(account.admit(10, 5), Ok(()));
        assert_eq!(
            account.admit(1, 5),
            Err(Refusal::Quota {
                limit: 100,
                left: 0,
                needed: 1
            })
        );
        assert_eq!((account.used, account.busy), (100, 1));
    }

    #[test]
    fn calls_at_the_same_time_are_limited() {
        let mut account = Account::new(0, 100);
        assert_eq!(account.admit(1, 1), Ok(()));
        assert_eq!(account.admit(1, 1), Err(Refusal::Concurrency { most: 1 }));
        account.leave();
        assert_eq!(account.admit(1, 1), Ok(()));
    }
}
