//! What the services said, read once: amounts as exact money, names as [`Text`](crate::printable::Text), times as
//! timestamps. Wire types stop here; nothing behind this module can print an unchecked string or a rounded amount.

mod estimate;
mod limit;
mod part;
mod price;
mod receipt;
mod session;
mod stage;
mod summary;
mod video;

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::Money;

pub use estimate::{Estimate, EstimateCase};
pub use limit::{Budget, Limit, Quota};
pub use part::{Billing, MetricTotal, ModelTotal, ServiceTotal, StageTotal, Tokens};
pub use price::{
    Basis, CostLine, Origin, PriceBook, PriceBookName, PricingState, ProviderBilled, Rate,
    ServiceTerms, Variant,
};
pub use receipt::{Outcome, Receipt, ReceiptEntry, UsageRow};
pub use session::{Session, SessionRow};
pub use stage::{Progress, Stage, StageItem, StageKind};
pub use summary::{Recorder, Summary, Unpriced};
pub use video::{CostSource, Level, LogLine, Pipeline, Video, VideoState, Voice};

/// A message of a service that cannot be what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// An amount that is not an exact decimal.
    #[error(
        "{field} is not an amount that this client can read ({amount:?}): {source}; is the service newer than this client?"
    )]
    Amount {
        /// Which field.
        field: &'static str,
        /// What was sent.
        amount: String,
        /// What is wrong with it.
        source: reelmeter_rating::money::MoneyError,
    },
    /// Another currency than US dollars.
    #[error("{field} is in {currency:?}; this client knows USD alone")]
    Currency {
        /// Which field.
        field: &'static str,
        /// The currency.
        currency: String,
    },
    /// A message without its one essential part.
    #[error("the answer has no {field}; is the service newer than this client?")]
    Missing {
        /// Which part.
        field: &'static str,
    },
}

fn printable(text: &str) -> String {
    crate::printable::printable(text, 64)
}

fn money(amount: &pb::Money, field: &'static str) -> Result<Money, FactError> {
    if !matches!(amount.currency_code.as_str(), "USD" | "") {
        return Err(FactError::Currency {
            field,
            currency: printable(&amount.currency_code),
        });
    }
    // An unset amount is zero, as every unset number of the wire format is.
    if amount.amount.is_empty() {
        return Ok(Money::ZERO);
    }
    amount.amount.parse().map_err(|source| FactError::Amount {
        field,
        amount: printable(&amount.amount),
        source,
    })
}

pub(crate) fn money_or_zero(
    amount: Option<&pb::Money>,
    field: &'static str,
) -> Result<Money, FactError> {
    amount.map_or(Ok(Money::ZERO), |amount| money(amount, field))
}

fn optional_money(
    amount: Option<&pb::Money>,
    field: &'static str,
) -> Result<Option<Money>, FactError> {
    amount.map(|amount| money(amount, field)).transpose()
}

/// The wire's time as a timestamp. `None` where it is absent or outside of the calendar.
#[must_use]
pub fn time(time: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    time.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok())
}

/// A timestamp as the wire has it.
#[must_use]
pub fn to_wire(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}
