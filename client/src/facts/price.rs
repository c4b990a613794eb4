//! Rates, cost lines and price books.

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::Money;

use super::{Billing, FactError, money_or_zero, optional_money, time};
use crate::printable::Text;

/// What a cost is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PricingState {
    /// It has a rate and a cost.
    Rated,
    /// It runs on one's own machine.
    Free,
    /// It is paid by a subscription.
    Subscription,
    /// No rate is known, which is not the same as nothing.
    Unpriced,
    /// It is charged through another metric of the same call.
    Included,
}

impl PricingState {
    /// The word for it, the same on screens and in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rated => "rated",
            Self::Free => "free",
            Self::Subscription => "subscription",
            Self::Unpriced => "unpriced",
            Self::Included => "included",
        }
    }

    pub(super) fn from_wire(state: pb::PricingState) -> Self {
        match state {
            pb::PricingState::Rated => Self::Rated,
            pb::PricingState::Free => Self::Free,
            pb::PricingState::Subscription => Self::Subscription,
            pb::PricingState::Included => Self::Included,
            // A state that this client does not know has no cost that it may show.
            pb::PricingState::Unpriced | pb::PricingState::Unspecified => Self::Unpriced,
        }
    }
}

/// Where a quantity comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The provider's response says so.
    Reported,
    /// We counted it.
    Counted,
    /// We estimated it.
    Estimated,
    /// The meter did not say.
    Unknown,
}

impl Basis {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Counted => "counted",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }

    /// What it means, for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Reported => "reported by the provider",
            Self::Counted => "counted by us",
            Self::Estimated => "estimated, the provider did not say",
            Self::Unknown => "of unknown origin",
        }
    }
}

/// The provider's price variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// The ordinary price.
    Standard,
    /// A batch job's price.
    Batch,
    /// A call that may wait.
    Flex,
    /// A call that goes first.
    Priority,
}

impl Variant {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
        }
    }

    fn from_wire(variant: pb::RateVariant) -> Self {
        match variant {
            pb::RateVariant::Unspecified | pb::RateVariant::Standard => Self::Standard,
            pb::RateVariant::Batch => Self::Batch,
            pb::RateVariant::Flex => Self::Flex,
            pb::RateVariant::Priority => Self::Priority,
        }
    }
}

/// Which layer a rate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Set at run time.
    Rpc,
    /// Set by the environment.
    Environment,
    /// Set by the overrides file.
    File,
    /// From the price book.
    PriceBook,
    /// Given in the request.
    Request,
    /// The meter did not say.
    Unknown,
}

impl Origin {
    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Rpc => "override, set at run time",
            Self::Environment => "override, set by the environment",
            Self::File => "override, set by a file",
            Self::PriceBook => "price book",
            Self::Request => "given in the request",
            Self::Unknown => "unknown origin",
        }
    }

    /// One word for tables and files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::Environment => "environment",
            Self::File => "file",
            Self::PriceBook => "price book",
            Self::Request => "request",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a person set the rate.
    #[must_use]
    pub fn is_override(self) -> bool {
        matches!(self, Self::Rpc | Self::Environment | Self::File)
    }
}

/// A price for a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The service.
    pub service: Text,
    /// The model. Empty: every model of the service without a rate of its own.
    pub model: Text,
    /// The metric.
    pub metric: Text,
    /// What `unit_size` of the metric cost.
    pub amount: Money,
    /// How many of the metric `amount` is for.
    pub unit_size: i64,
    /// The variant that it is for.
    pub variant: Variant,
    /// For calls with more input tokens than this. 0: for all.
    pub above_input_tokens: i64,
    /// From when it applies. `None`: always has.
    pub start_time: Option<Timestamp>,
    /// Until when, exclusive. `None`: no end is known.
    pub end_time: Option<Timestamp>,
    /// Where it was found, or who set it.
    pub source: Text,
    /// The day on which the source said so, YYYY-MM-DD. Empty: unknown.
    pub source_date: Text,
    /// Which layer set it.
    pub origin: Origin,
}

impl Rate {
    /// Reads a rate.
    ///
    /// # Errors
    /// An amount that is none.
    pub fn read(rate: &pb::Rate) -> Result<Self, FactError> {
        Ok(Self {
            service: Text::name(&rate.service),
            model: Text::name(&rate.model),
            metric: Text::name(&rate.metric),
            amount: money_or_zero(rate.amount.as_ref(), "the amount of a rate")?,
            unit_size: rate.unit_size,
            variant: Variant::from_wire(rate.variant()),
            above_input_tokens: rate.above_input_tokens,
            start_time: time(rate.start_time.as_ref()),
            end_time: time(rate.end_time.as_ref()),
            source: Text::line(&rate.source),
            source_date: Text::name(&rate.source_date),
            origin: match rate.origin() {
                pb::RateOrigin::Unspecified => Origin::Unknown,
                pb::RateOrigin::Rpc => Origin::Rpc,
                pb::RateOrigin::Environment => Origin::Environment,
                pb::RateOrigin::File => Origin::File,
                pb::RateOrigin::PriceBook => Origin::PriceBook,
                pb::RateOrigin::Request => Origin::Request,
            },
        })
    }
}

/// What a provider says that it billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderBilled {
    /// The amount, an exact decimal in `unit`.
    pub value: Text,
    /// Its unit.
    pub unit: Text,
    /// What the published multiplier gives. Empty: unknown.
    pub expected: Text,
}

/// One rated quantity with all that explains the figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostLine {
    /// The service.
    pub service: Text,
    /// The key of the breakdown by model.
    pub model: Text,
    /// What sets the price.
    pub rate_model: Text,
    /// What is counted.
    pub metric: Text,
    /// How much of it.
    pub quantity: i64,
    /// Where the quantity comes from.
    pub basis: Basis,
    /// What the cost is based on.
    pub state: PricingState,
    /// The exact cost, if it is rated or free.
    pub cost: Option<Money>,
    /// The rate that was applied.
    pub rate: Option<Rate>,
    /// The metric whose rate was applied. Empty: its own.
    pub rated_as: Text,
    /// True if the rate is the service's default.
    pub service_default: bool,
    /// The price book in force.
    pub price_book: Text,
    /// The variant of the calls.
    pub variant: Variant,
    /// True if the model is past its shut-down date.
    pub model_retired: bool,
    /// True if the recorder's clock was ahead.
    pub clock_ahead: bool,
    /// What the provider says that it billed, by unit.
    pub provider_billed: Vec<ProviderBilled>,
    /// True if that differs from the provider's published multiplier.
    pub provider_billed_differs: bool,
}

impl CostLine {
    /// Reads a line.
    ///
    /// # Errors
    /// An amount that is none.
    pub fn read(line: &pb::CostLine) -> Result<Self, FactError> {
        Ok(Self {
            service: Text::name(&line.service),
            model: Text::name(&line.model),
            rate_model: Text::name(&line.rate_model),
            metric: Text::name(&line.metric),
            quantity: line.quantity,
            basis: match line.basis() {
                pb::QuantityBasis::Unspecified => Basis::Unknown,
                pb::QuantityBasis::Reported => Basis::Reported,
                pb::QuantityBasis::Counted => Basis::Counted,
                pb::QuantityBasis::Estimated => Basis::Estimated,
            },
            state: PricingState::from_wire(line.state()),
            cost: optional_money(line.cost.as_ref(), "the cost of a line")?,
            rate: line.rate.as_ref().map(Rate::read).transpose()?,
            rated_as: Text::name(&line.rated_as),
            service_default: line.service_default,
            price_book: Text::name(&line.price_book),
            variant: Variant::from_wire(line.variant()),
            model_retired: line.model_retired,
            clock_ahead: line.clock_ahead,
            provider_billed: line
                .provider_billed
                .iter()
                .map(|billed| ProviderBilled {
                    value: Text::name(&billed.value),
                    unit: Text::name(&billed.unit),
                    expected: Text::name(&billed.expected_value),
                })
                .collect(),
            provider_billed_differs: line.provider_billed_differs,
        })
    }
}

/// The price book as a summary names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceBookName {
    /// Its name.
    pub name: Text,
    /// The day as of which its prices were collected, YYYY-MM-DD.
    pub as_of_date: Text,
    /// Full days since then.
    pub age_days: i64,
    /// True if prices may have moved since.
    pub stale: bool,
    /// How many overrides are in force.
    pub override_count: i64,
    /// True if these are the prices that the session ended with.
    pub frozen: bool,
}

impl PriceBookName {
    /// Reads a reference.
    #[must_use]
    pub fn read(book: &pb::PriceBookReference) -> Self {
        Self {
            name: Text::name(&book.name),
            as_of_date: Text::name(&book.as_of_date),
            age_days: book.age_days,
            stale: book.stale,
            override_count: book.override_count,
            frozen: book.frozen,
        }
    }
}

/// How a service is billed, as a price book has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceTerms {
    /// The service.
    pub service: Text,
    /// How it is billed.
    pub billing: Billing,
    /// The model whose rates apply to models without rates. Empty: none.
    pub default_model: Text,
}

/// The prices in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceBook {
    /// Its name.
    pub name: Text,
    /// The day as of which its prices were collected, YYYY-MM-DD.
    pub as_of_date: Text,
    /// What it is.
    pub description: Text,
    /// Every rate, overrides included.
    pub rates: Vec<Rate>,
    /// The services that it knows.
    pub services: Vec<ServiceTerms>,
    /// One more with each change of the overrides.
    pub price_revision: i64,
}

impl PriceBook {
    /// Reads a book.
    ///
    /// # Errors
    /// An amount that is none.
    pub fn read(book: &pb::PriceBook) -> Result<Self, FactError> {
        Ok(Self {
            name: Text::name(&book.name),
            as_of_date: Text::name(&book.as_of_date),
            description: Text::line(&book.description),
            rates: book
                .rates
                .iter()
                .map(Rate::read)
                .collect::<Result<_, _>>()?,
            services: book
                .services
                .iter()
                .map(|service| ServiceTerms {
                    service: Text::name(&service.service),
                    billing: Billing::from_wire(service.billing_mode()),
                    default_model: Text::name(&service.default_model),
                })
                .collect(),
            price_revision: book.price_revision,
        })
    }
}
