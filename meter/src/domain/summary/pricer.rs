//! Rates each class once and remembers the answer.

use std::collections::HashMap;

use jiff::Timestamp;
use reelmeter_rating::price_book::Billing;
use reelmeter_rating::{CostLine, Money, PricingState, RateTable, Resolution, UsageClass, Variant};

/// How a class is rated in one summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// The rate and where it came from.
    pub resolution: Resolution,
    /// Why there is no price, where there is none.
    pub unpriced_because: Option<String>,
}

impl Priced {
    /// What a part of the class's quantity costs. Parts of a quantity cost together what the whole costs.
    #[must_use]
    pub fn cost(&self, quantity: i128) -> Option<Money> {
        // The whole was found to fit, so each part of it does.
        self.resolution.cost(quantity).ok().flatten()
    }
}

/// Rates classes by one table at one time.
#[derive(Debug)]
pub struct Pricer<'a> {
    table: &'a RateTable,
    now: Timestamp,
    total: Money,
    known: HashMap<UsageClass, Priced>,
}

impl<'a> Pricer<'a> {
    /// A pricer by a table; `now` decides which marks are set, never a cost.
    #[must_use]
    pub fn new(table: &'a RateTable, now: Timestamp) -> Self {
        Self {
            table,
            now,
            total: Money::ZERO,
            known: HashMap::new(),
        }
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &RateTable {
        self.table
    }

    /// Rates all that was used of a class. A cost that, alone or with those before it, is beyond the largest amount is
    /// not shown as some other amount: the quantity is then unpriced, and says so.
    pub fn line(&mut self, class: &UsageClass, quantity: i128) -> (CostLine, Option<String>) {
        let resolution = self.table.resolve(class, self.now);
        let fitting = resolution.cost(quantity).ok().and_then(|cost| {
            let total = self.total.checked_add(cost.unwrap_or_default())?;
            Some((cost, total))
        });
        let (resolution, cost, reason) = match fitting {
            Some((cost, total)) => {
                self.total = total;
                let reason =
                    (resolution.state == PricingState::Unpriced).then(|| reason(self.table, class));
                (resolution, cost, reason)
            }
            None => {
                let beyond = Resolution {
                    state: PricingState::Unpriced,
                    applied: None,
                    ..resolution
                };
                let reason = "the cost is beyond the largest amount, about 1.7e14 dollars; check the quantity and the rate";
                (beyond, None, Some(reason.to_owned()))
            }
        };
        let priced = Priced {
            resolution: resolution.clone(),
            unpriced_because: reason.clone(),
        };
        self.known.insert(class.clone(), priced);
        (
            CostLine {
                class: class.clone(),
                quantity,
                resolution,
                cost,
            },
            reason,
        )
    }

    /// How a class is rated; it is looked up if [`Pricer::line`] has not met it.
    pub fn priced(&mut self, class: &UsageClass) -> &Priced {
        let Self {
            table, now, known, ..
        } = self;
        known.entry(class.clone()).or_insert_with(|| {
            let resolution = table.resolve(class, *now);
            let unpriced_because =
                (resolution.state == PricingState::Unpriced).then(|| reason(table, class));
            Priced {
                resolution,
                unpriced_because,
            }
        })
    }
}

/// Why a class has no price, and what to do.
fn reason(table: &RateTable, class: &UsageClass) -> String {
    let book = table.book().name();
    let model = class.priced_as();
    let metric = &class.metric;
    let advice = "set one with SetRates, METER_RATES or an overrides file";
    match table
        .book()
        .service(&class.service)
        .map(|service| service.billing)
    {
        None => format!(
            "price book `{book}` does not know the service `{}`, and no rate is set for {metric} of `{model}`; {advice}",
            class.service
        ),
        Some(Billing::PayPerUse | Billing::Subscription | Billing::Free)
            if class.variant != Variant::Standard =>
        {
            format!(
                "price book `{book}` has no {} rate for {metric} of `{model}`; {advice}",
                class.variant
            )
        }
        Some(_) => format!(
            "price book `{book}` has no rate for {metric} of `{model}` at that time; {advice}"
        ),
    }
}
