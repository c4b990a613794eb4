//! Rating: which rate a class of usage takes, why, and what a quantity of it costs.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::class::UsageClass;
use crate::metric;
use crate::money::Money;
use crate::name::Name;
use crate::overrides::Layer;
use crate::price_book::Billing;
use crate::rate::Rate;
use crate::table::{Found, Question, RateTable, Reach};
use crate::usage::Basis;
use crate::utc;

/// How a quantity stands to money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PricingState {
    /// A rate was found; there is a cost.
    Rated,
    /// A local model; the cost is zero.
    Free,
    /// Paid by a plan; there is no cost to show.
    Subscription,
    /// It costs money and nobody knows how much; there is no cost, and the headline says so.
    Unpriced,
    /// Another line charges for the same pictures; there is no cost here.
    Included,
}

/// The rate of a line, and how it came to be this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedRate {
    /// The rate: amount, unit size, dates, source.
    pub rate: Arc<Rate>,
    /// The layer it came from; anything but [`Layer::Book`] is an override.
    pub layer: Layer,
    /// Whether the rate is for the whole service, not for the model.
    pub service_wide: bool,
    /// The model whose rate it is, when that is only its service's default.
    pub service_default: Option<Name>,
    /// The metric whose rate it is, when the line's metric has none of its own.
    pub rated_as: Option<Name>,
}

/// What a reader should be warned of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The quantity was estimated.
    pub estimated: bool,
    /// The event's own time was not believed; it was rated at receipt time.
    pub clock: bool,
    /// The model was shut down on this day, which is past.
    pub retired_on: Option<Date>,
    /// The book's age, where it is old enough to be marked.
    pub stale_book_days: Option<i64>,
}

/// The answer for one class, whatever the quantity: rate it once, multiply often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// How the class stands to money.
    pub state: PricingState,
    /// The rate; `Some` exactly for [`PricingState::Rated`].
    pub applied: Option<AppliedRate>,
    /// What a reader should be warned of.
    pub marks: Marks,
}

/// A sum of money that is too large to be exact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the cost of {quantity} {class} is beyond the largest amount, about 1.7e14 dollars; check the quantity and the rate"
)]
pub struct CostOverflow {
    /// The class, as `service/model metric`.
    pub class: String,
    /// The quantity.
    pub quantity: i128,
}

/// One rated quantity, which explains itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostLine {
    /// What was counted, for which model, how.
    pub class: UsageClass,
    /// How much of it.
    pub quantity: i128,
    /// The pricing state, rate and marks.
    pub resolution: Resolution,
    /// The exact cost; `Some` exactly for rated and free lines.
    pub cost: Option<Money>,
}

impl CostLine {
    /// How the quantity stands to money.
    #[must_use]
    pub fn state(&self) -> PricingState {
        self.resolution.state
    }

    /// The rate and where it came from, for rated lines.
    #[must_use]
    pub fn applied(&self) -> Option<&AppliedRate> {
        self.resolution.applied.as_ref()
    }
}

impl Resolution {
    /// What a quantity of the class costs.
    ///
    /// # Errors
    /// [`CostOverflow`] when the cost does not fit.
    pub fn cost(&self, quantity: i128) -> Result<Option<Money>, CostOverflow> {
        match (self.state, &self.applied) {
            (PricingState::Free, _) => Ok(Some(Money::ZERO)),
            (_, Some(applied)) => match applied.rate.per_unit().checked_mul(quantity) {
                Some(cost) => Ok(Some(cost)),
                None => Err(CostOverflow {
                    class: applied.rate.to_string(),
                    quantity,
                }),
            },
            (_, None) => Ok(None),
        }
    }
}

impl RateTable {
    /// Which rate a class takes, and why. `now` is for the marks alone: it never changes a cost.
    ///
    /// The order: a rate for exactly this metric (RPC, environment, file, book; model before
    /// service); the rate of the metric it is `rated as`; for a model that the book has no rates
    /// for, the same two of its service's default model. Each for exactly the class's variant: a
    /// standard rate for a batch call would be a wrong figure, so without a batch rate it is
    /// unpriced. Without a rate the service's billing mode decides.
    ///
    /// Pictures recorded both as image tokens and as images are charged once: by tokens if these
    /// have a rate, by image otherwise; the other line is included. Only a stronger layer turns
    /// this round: whoever overrides the price of an image means it.
    #[must_use]
    pub fn resolve(&self, class: &UsageClass, now: Timestamp) -> Resolution {
        let (state, applied) = if class.pictures_twice {
            self.resolve_pictures(class)
        } else {
            self.resolve_metric(class, &class.metric)
        };
        let marks = self.marks(class, applied.as_ref(), now);
        Resolution {
            state,
            applied,
            marks,
        }
    }

    /// The cost line of a quantity of a class.
    ///
    /// # Errors
    /// [`CostOverflow`] when the cost does not fit.
    pub fn rate(
        &self,
        class: &UsageClass,
        quantity: i128,
        now: Timestamp,
    ) -> Result<CostLine, CostOverflow> {
        let resolution = self.resolve(class, now);
        let cost = resolution.cost(quantity).map_err(|overflow| CostOverflow {
            class: class.to_string(),
            ..overflow
        })?;
        Ok(CostLine {
            class: class.clone(),
            quantity,
            resolution,
            cost,
        })
    }

    fn resolve_pictures(&self, class: &UsageClass) -> (PricingState, Option<AppliedRate>) {
        let tokens = self.resolve_metric(class, metric::IMAGE_OUTPUT_TOKENS);
        let images = self.resolve_metric(class, metric::IMAGES);
        let strength = |applied: &Option<AppliedRate>| {
            applied
                .as_ref()
                .map(|applied| (applied.layer, applied.service_default.is_none()))
        };
        // `None` is weaker than any rate; where neither has one, the images are the line that a
        // person understands in the headline.
        let by_images = match (strength(&tokens.1), strength(&images.1)) {
            (None, _) => true,
            (Some(tokens), Some(images)) => images > tokens,
            (Some(_), None) => false,
        };
        let is_images = class.metric == metric::IMAGES;
        let chosen = if by_images { images } else { tokens };
        match chosen.0 {
            PricingState::Rated | PricingState::Unpriced if by_images != is_images => {
                (PricingState::Included, None)
            }
            _ => chosen,
        }
    }

    fn resolve_metric(
        &self,
        class: &UsageClass,
        metric: &str,
    ) -> (PricingState, Option<AppliedRate>) {
        let service = self.book().service(&class.service);
        let priced_as = class.priced_as();
        let default = service
            .and_then(|service| service.default_model.as_ref())
            .filter(|default| {
                *default != priced_as && !self.book_has_model(&class.service, priced_as)
            });
        let own = self.own_or_stand_in(class, priced_as, metric, None);
        let applied = own.or_else(|| {
            default.and_then(|default| self.own_or_stand_in(class, default, metric, Some(default)))
        });
        let state = match (&applied, service.map(|service| service.billing)) {
            (Some(_), _) => PricingState::Rated,
            (None, Some(Billing::Free)) => PricingState::Free,
            (None, Some(Billing::Subscription)) => PricingState::Subscription,
            (None, Some(Billing::PayPerUse) | None) => PricingState::Unpriced,
        };
        (state, applied)
    }

    fn own_or_stand_in(
        &self,
        class: &UsageClass,
        priced_as: &str,
        metric: &str,
        service_default: Option<&Name>,
    ) -> Option<AppliedRate> {
        let question = Question {
            service: &class.service,
            priced_as,
            model: if service_default.is_some() {
                priced_as
            } else {
                &class.model
            },
            metric,
            variant: class.variant,
            tier: class.tier,
            instant: class.period.instant(),
        };
        let applied = |found: Found, rated_as: Option<&str>| AppliedRate {
            rate: found.rate,
            layer: found.layer,
            service_wide: found.reach == Reach::Service,
            service_default: service_default.cloned(),
            rated_as: rated_as.map(Name::from),
        };
        if let Some(found) = self.find(&question) {
            return Some(applied(found, None));
        }
        let stand_in = metric::rated_as(metric)?;
        let found = self.find(&Question {
            metric: stand_in,
            ..question
        })?;
        Some(applied(found, Some(stand_in)))
    }

    fn marks(&self, class: &UsageClass, applied: Option<&AppliedRate>, now: Timestamp) -> Marks {
        let today = utc::day(now);
        let from_book = applied.is_some_and(|applied| applied.layer == Layer::Book);
        Marks {
            estimated: class.basis == Basis::Estimated,
            clock: class.clock,
            retired_on: self
                .book()
                .model(&class.service, class.priced_as())
                .and_then(|model| model.shut_down)
                .filter(|shut_down| *shut_down <= today),
            stale_book_days: (from_book && self.book().is_stale(now))
                .then(|| self.book().age_days(now)),
        }
    }
}
