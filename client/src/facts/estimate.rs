//! What a video will probably use and cost.

use reelmeter_proto::generator::v1 as pb;
use reelmeter_rating::Money;

use super::{CostLine, FactError, PriceBookName, money_or_zero};
use crate::printable::Text;

/// One case of an estimate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EstimateCase {
    /// Input tokens.
    pub input_tokens: i64,
    /// Output tokens.
    pub output_tokens: i64,
    /// Narrated characters.
    pub characters: i64,
    /// Images.
    pub images: i64,
    /// Provider calls.
    pub calls: i64,
    /// What everything with a price costs.
    pub cost: Money,
    /// The lines that the cost is the sum of.
    pub lines: Vec<CostLine>,
}

/// What a video will probably use and cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The likely case.
    pub likely: EstimateCase,
    /// The least.
    pub lowest: EstimateCase,
    /// The worst.
    pub highest: EstimateCase,
    /// The prices that were used.
    pub price_book: Option<PriceBookName>,
    /// What the figures rest on.
    pub basis: Text,
    /// True if a stand-in would answer: nothing would be bought.
    pub simulated: bool,
}

impl Estimate {
    /// Reads an estimate.
    ///
    /// # Errors
    /// An amount that is none.
    pub fn read(estimate: &pb::Estimate) -> Result<Self, FactError> {
        Ok(Self {
            likely: EstimateCase::read(estimate.likely.as_ref())?,
            lowest: EstimateCase::read(estimate.lowest.as_ref())?,
            highest: EstimateCase::read(estimate.highest.as_ref())?,
            price_book: estimate.price_book.as_ref().map(PriceBookName::read),
            basis: Text::line(&estimate.basis),
            simulated: estimate.simulated,
        })
    }
}

impl EstimateCase {
    fn read(case: Option<&pb::EstimateCase>) -> Result<Self, FactError> {
        let Some(case) = case else {
            return Ok(Self::default());
        };
        Ok(Self {
            input_tokens: case.input_token_count,
            output_tokens: case.output_token_count,
            characters: case.character_count,
            images: case.image_count,
            calls: case.call_count,
            cost: money_or_zero(case.cost.as_ref(), "the cost of an estimate")?,
            lines: case
                .lines
                .iter()
                .map(CostLine::read)
                .collect::<Result<_, _>>()?,
        })
    }
}
