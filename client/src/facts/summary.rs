//! A session's totals.

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::Money;

use super::part::quantity;
use super::{
    Budget, FactError, ModelTotal, PriceBookName, Quota, ServiceTotal, Session, StageTotal, Tokens,
    money_or_zero, time,
};
use crate::printable::Text;

/// What has no price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpriced {
    /// The service.
    pub service: Text,
    /// The model that sets the price.
    pub rate_model: Text,
    /// What is counted.
    pub metric: Text,
    /// How much of it.
    pub quantity: i64,
    /// Why it has none and what to do.
    pub reason: Text,
}

/// A program that records usage in the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    /// Its name for itself.
    pub id: Text,
    /// Events on their way.
    pub pending: i64,
    /// Events that the meter refused.
    pub refused: i64,
    /// Calls of which it does not know what they used.
    pub unconfirmed: i64,
    /// When it was last heard of.
    pub last_report_time: Option<Timestamp>,
    /// True if it has gone silent while it held something.
    pub silent: bool,
}

/// A session's totals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// The session.
    pub session: Session,
    /// What everything with a price costs.
    pub total_cost: Money,
    /// By service, largest cost first.
    pub services: Vec<ServiceTotal>,
    /// By service and model, largest cost first.
    pub models: Vec<ModelTotal>,
    /// By stage, in the order of first use.
    pub stages: Vec<StageTotal>,
    /// What has no price.
    pub unpriced: Vec<Unpriced>,
    /// What the providers say of their quotas.
    pub quotas: Vec<Quota>,
    /// The cap.
    pub budget: Option<Budget>,
    /// The price book.
    pub price_book: Option<PriceBookName>,
    /// How many events count.
    pub event_count: i64,
    /// The session's revision that this shows.
    pub revision: i64,
    /// The revision of the overrides.
    pub price_revision: i64,
    /// The time of the newest event that counts.
    pub last_event_time: Option<Timestamp>,
    /// When usage was last counted from zero again.
    pub reset_time: Option<Timestamp>,
    /// Events on their way.
    pub pending: i64,
    /// Events that the meter refused.
    pub refused: i64,
    /// Calls of which nobody knows what they used.
    pub unconfirmed: i64,
    /// True if a stand-in answered.
    pub simulated: bool,
    /// True if the session has ended.
    pub ended: bool,
    /// True if the figures are final.
    pub settled: bool,
    /// The programs that record in the session.
    pub recorders: Vec<Recorder>,
    /// All tokens.
    pub tokens: Tokens,
    /// The part of the total that rests on estimates.
    pub estimated_cost: Money,
    /// What failed or discarded calls cost.
    pub failed_cost: Money,
    /// How many such calls there are.
    pub failed_calls: i64,
}

impl Summary {
    /// Reads a summary.
    ///
    /// # Errors
    /// An amount that is none, a missing session.
    pub fn read(summary: &pb::Summary) -> Result<Self, FactError> {
        Ok(Self {
            session: summary
                .session
                .as_ref()
                .map(Session::read)
                .ok_or(FactError::Missing { field: "session" })?,
            total_cost: money_or_zero(summary.total_cost.as_ref(), "the total")?,
            services: summary
                .by_service
                .iter()
                .map(ServiceTotal::read)
                .collect::<Result<_, _>>()?,
            models: summary
                .by_model
                .iter()
                .map(ModelTotal::read)
                .collect::<Result<_, _>>()?,
            stages: summary
                .by_stage
                .iter()
                .map(StageTotal::read)
                .collect::<Result<_, _>>()?,
            unpriced: summary.unpriced.iter().map(Unpriced::read).collect(),
            quotas: summary.quotas.iter().map(Quota::read).collect(),
            budget: summary
                .budget
                .as_ref()
                .map(Budget::read)
                .transpose()?
                .flatten(),
            price_book: summary.price_book.as_ref().map(PriceBookName::read),
            event_count: summary.event_count,
            revision: summary.revision,
            price_revision: summary.price_revision,
            last_event_time: time(summary.last_event_time.as_ref()),
            reset_time: time(summary.reset_time.as_ref()),
            pending: summary.pending_event_count,
            refused: summary.refused_event_count,
            unconfirmed: summary.unconfirmed_call_count,
            simulated: summary.simulated,
            ended: summary.ended,
            settled: summary.settled,
            recorders: summary.recorders.iter().map(Recorder::read).collect(),
            tokens: Tokens::read(summary.tokens.as_ref()),
            estimated_cost: money_or_zero(
                summary.estimated_cost.as_ref(),
                "the estimated part of the total",
            )?,
            failed_cost: money_or_zero(summary.failed_cost.as_ref(), "the cost of failed calls")?,
            failed_calls: summary.failed_call_count,
        })
    }

    /// Whether the costs by model add up to those by service, and those to the total, exactly. They always do;
    /// a screen that shows them checks it all the same and says so if not.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let by_service = Money::checked_sum(self.services.iter().filter_map(|part| part.cost));
        let by_model = Money::checked_sum(self.models.iter().filter_map(|part| part.cost));
        by_service == Some(self.total_cost) && by_model == Some(self.total_cost)
    }

    /// How much of a metric the whole session used.
    #[must_use]
    pub fn quantity(&self, metric: &str) -> i64 {
        self.services.iter().fold(0, |sum, part| {
            sum.saturating_add(quantity(&part.metrics, metric))
        })
    }
}

impl Unpriced {
    fn read(part: &pb::UnpricedQuantity) -> Self {
        Self {
            service: Text::name(&part.service),
            rate_model: Text::name(&part.rate_model),
            metric: Text::name(&part.metric),
            quantity: part.quantity,
            reason: Text::line(&part.reason),
        }
    }
}

impl Recorder {
    fn read(recorder: &pb::RecorderStatus) -> Self {
        Self {
            id: Text::name(&recorder.recorder_id),
            pending: recorder.pending_event_count,
            refused: recorder.refused_event_count,
            unconfirmed: recorder.unconfirmed_call_count,
            last_report_time: time(recorder.last_report_time.as_ref()),
            silent: recorder.silent,
        }
    }
}
