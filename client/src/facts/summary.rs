//! Sessions and their totals.

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::Money;

use super::{
    CostLine, FactError, PriceBookName, PricingState, money, money_or_zero, optional_money, time,
};
use crate::printable::Text;

/// What is metered as one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    /// Its key.
    pub id: Text,
    /// Its title. May be empty.
    pub title: Text,
    /// The caller's marks, sorted by key.
    pub labels: Vec<(Text, Text)>,
    /// True if a stand-in answers instead of the providers.
    pub simulated: bool,
    /// True once it has ended.
    pub ended: bool,
    /// When it was started.
    pub start_time: Option<Timestamp>,
    /// When it was ended.
    pub end_time: Option<Timestamp>,
    /// One more with each change.
    pub revision: i64,
}

impl Session {
    /// Reads a session.
    #[must_use]
    pub fn read(session: &pb::Session) -> Self {
        let mut labels: Vec<_> = session
            .labels
            .iter()
            .map(|(key, value)| (Text::name(key), Text::line(value)))
            .collect();
        labels.sort();
        Self {
            id: Text::name(&session.session_id),
            title: Text::line(&session.title),
            labels,
            simulated: session.simulated,
            ended: session.state() == pb::SessionState::Ended,
            start_time: time(session.start_time.as_ref()),
            end_time: time(session.end_time.as_ref()),
            revision: session.revision,
        }
    }

    /// Its title, or its id where it has none.
    #[must_use]
    pub fn label(&self) -> &Text {
        if self.title.shown().trim().is_empty() {
            &self.id
        } else {
            &self.title
        }
    }
}

/// A line of the list of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The session.
    pub session: Session,
    /// What everything with a price costs.
    pub total_cost: Money,
    /// How many metrics have no price.
    pub unpriced_metric_count: i64,
    /// How many events count.
    pub event_count: i64,
    /// When the newest of them was.
    pub last_event_time: Option<Timestamp>,
}

impl SessionRow {
    /// Reads a line.
    ///
    /// # Errors
    /// A missing session, an amount that is none.
    pub fn read(row: &pb::SessionOverview) -> Result<Self, FactError> {
        Ok(Self {
            session: row
                .session
                .as_ref()
                .map(Session::read)
                .ok_or(FactError::Missing { field: "session" })?,
            total_cost: money_or_zero(row.total_cost.as_ref(), "the total of a session")?,
            unpriced_metric_count: row.unpriced_metric_count,
            event_count: row.event_count,
            last_event_time: time(row.last_event_time.as_ref()),
        })
    }
}

/// All tokens, whatever their kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// The sum of all input metrics.
    pub input: i64,
    /// The sum of all output metrics.
    pub output: i64,
    /// Both together.
    pub total: i64,
}

impl Tokens {
    fn read(tokens: Option<&pb::TokenTotals>) -> Self {
        tokens.map_or_else(Self::default, |tokens| Self {
            input: tokens.input_token_count,
            output: tokens.output_token_count,
            total: tokens.total_token_count,
        })
    }
}

/// How a service is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// Not known.
    Unknown,
    /// Every quantity has a price.
    PayPerUse,
    /// A subscription.
    Subscription,
    /// One's own machine.
    Free,
}

impl Billing {
    pub(super) fn from_wire(mode: pb::BillingMode) -> Self {
        match mode {
            pb::BillingMode::Unspecified => Self::Unknown,
            pb::BillingMode::PayPerUse => Self::PayPerUse,
            pb::BillingMode::Subscription => Self::Subscription,
            pb::BillingMode::Free => Self::Free,
        }
    }

    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::PayPerUse => "pay per use",
            Self::Subscription => "subscription",
            Self::Free => "free",
        }
    }
}

/// One metric of a service, a model or a stage, in one pricing state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricTotal {
    /// What is counted.
    pub metric: Text,
    /// How much of it.
    pub quantity: i64,
    /// What the cost is based on.
    pub state: PricingState,
    /// The exact cost, if it is rated or free.
    pub cost: Option<Money>,
    /// How much of the quantity is estimated.
    pub estimated_quantity: i64,
    /// The lines that the figure is the sum of. Only of models.
    pub lines: Vec<CostLine>,
}

impl MetricTotal {
    fn read(metric: &pb::MetricSummary) -> Result<Self, FactError> {
        Ok(Self {
            metric: Text::name(&metric.metric),
            quantity: metric.quantity,
            state: PricingState::from_wire(metric.state()),
            cost: optional_money(metric.cost.as_ref(), "the cost of a metric")?,
            estimated_quantity: metric.estimated_quantity,
            lines: metric
                .lines
                .iter()
                .map(CostLine::read)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn metrics(metrics: &[pb::MetricSummary]) -> Result<Vec<MetricTotal>, FactError> {
    metrics.iter().map(MetricTotal::read).collect()
}

/// A service's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceTotal {
    /// The service.
    pub service: Text,
    /// How it is billed.
    pub billing: Billing,
    /// What it costs, if any of its metrics has a cost.
    pub cost: Option<Money>,
    /// Its metrics.
    pub metrics: Vec<MetricTotal>,
    /// Its tokens.
    pub tokens: Tokens,
    /// How many events count.
    pub event_count: i64,
}

/// A model's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelTotal {
    /// The service.
    pub service: Text,
    /// The model, or the voice ID.
    pub model: Text,
    /// A name to show beside it. Empty: none is known.
    pub display_name: Text,
    /// What it costs, if any of its metrics has a cost.
    pub cost: Option<Money>,
    /// Its metrics.
    pub metrics: Vec<MetricTotal>,
    /// Its tokens.
    pub tokens: Tokens,
    /// How many events count.
    pub event_count: i64,
}

impl ModelTotal {
    /// The name for people: `Rachel (21m00Tcm4TlvDq8ikWAM)` for a voice, the model's own otherwise.
    #[must_use]
    pub fn label(&self) -> String {
        if self.display_name.is_empty() || self.display_name == self.model {
            self.model.to_string()
        } else {
            format!("{} ({})", self.display_name, self.model)
        }
    }

    /// How much of a metric it used, whatever its pricing state.
    #[must_use]
    pub fn quantity(&self, metric: &str) -> i64 {
        quantity(&self.metrics, metric)
    }

    /// Whether the rates of any of its lines ask for a second look: a service's default, another metric's rate, an
    /// override, a retired model, a wrong clock, a differing bill.
    #[must_use]
    pub fn has_marks(&self) -> bool {
        self.metrics
            .iter()
            .flat_map(|metric| &metric.lines)
            .any(|line| {
                line.service_default
                    || !line.rated_as.is_empty()
                    || line.model_retired
                    || line.clock_ahead
                    || line.provider_billed_differs
                    || line
                        .rate
                        .as_ref()
                        .is_some_and(|rate| rate.origin.is_override())
            })
    }
}

/// How much of a metric there is, whatever its pricing state.
#[must_use]
pub fn quantity(metrics: &[MetricTotal], metric: &str) -> i64 {
    metrics
        .iter()
        .filter(|total| total.metric.raw() == metric)
        .fold(0, |sum, total| sum.saturating_add(total.quantity))
}

/// A stage's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageTotal {
    /// The stage. Empty: calls that named none.
    pub stage: Text,
    /// What it costs, if any of its metrics has a cost.
    pub cost: Option<Money>,
    /// How many events count.
    pub event_count: i64,
    /// Its metrics.
    pub metrics: Vec<MetricTotal>,
}

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

/// A provider's quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The service.
    pub service: Text,
    /// What is limited.
    pub metric: Text,
    /// How much of it is used in the period.
    pub used: i64,
    /// How much of it the period has.
    pub limit: i64,
    /// When the count starts again.
    pub renew_time: Option<Timestamp>,
    /// When the provider said so.
    pub observe_time: Option<Timestamp>,
    /// What was used when the session first heard of it.
    pub first_used: i64,
    /// The subscription's tier. Empty: unknown.
    pub tier: Text,
}

impl Quota {
    /// What is left, never below nothing.
    #[must_use]
    pub fn left(&self) -> i64 {
        self.limit.saturating_sub(self.used).max(0)
    }
}

/// An amount of money or of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// Money.
    Money(Money),
    /// An amount of a metric; the service is empty for any.
    Metric {
        /// The service.
        service: Text,
        /// The metric.
        metric: Text,
        /// How much of it.
        value: i64,
    },
}

impl Limit {
    pub(super) fn read(budget: Option<&pb::Budget>) -> Result<Option<Self>, FactError> {
        Ok(match budget.and_then(|budget| budget.limit.as_ref()) {
            None => None,
            Some(pb::budget::Limit::Money(amount)) => Some(Self::Money(money(amount, "a budget")?)),
            Some(pb::budget::Limit::MetricAmount(amount)) => Some(Self::Metric {
                service: Text::name(&amount.service),
                metric: Text::name(&amount.metric),
                value: amount.value,
            }),
        })
    }
}

/// A session's cap and how much of it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The cap.
    pub limit: Limit,
    /// What recorded usage has taken.
    pub spent: Option<Limit>,
    /// What reservations hold.
    pub reserved: Option<Limit>,
    /// What can still be reserved.
    pub remaining: Option<Limit>,
    /// True if usage exceeds the cap.
    pub exceeded: bool,
}

impl Budget {
    fn read(status: &pb::BudgetStatus) -> Result<Option<Self>, FactError> {
        let Some(limit) = Limit::read(status.budget.as_ref())? else {
            return Ok(None);
        };
        Ok(Some(Self {
            limit,
            spent: Limit::read(status.spent.as_ref())?,
            reserved: Limit::read(status.reserved.as_ref())?,
            remaining: Limit::read(status.remaining.as_ref())?,
            exceeded: status.exceeded,
        }))
    }
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

impl ServiceTotal {
    fn read(part: &pb::ServiceSummary) -> Result<Self, FactError> {
        Ok(Self {
            service: Text::name(&part.service),
            billing: Billing::from_wire(part.billing_mode()),
            cost: optional_money(part.cost.as_ref(), "the cost of a service")?,
            metrics: metrics(&part.metrics)?,
            tokens: Tokens::read(part.tokens.as_ref()),
            event_count: part.event_count,
        })
    }
}

impl ModelTotal {
    fn read(part: &pb::ModelSummary) -> Result<Self, FactError> {
        Ok(Self {
            service: Text::name(&part.service),
            model: Text::name(&part.model),
            display_name: Text::name(&part.display_name),
            cost: optional_money(part.cost.as_ref(), "the cost of a model")?,
            metrics: metrics(&part.metrics)?,
            tokens: Tokens::read(part.tokens.as_ref()),
            event_count: part.event_count,
        })
    }
}

impl StageTotal {
    fn read(part: &pb::StageSummary) -> Result<Self, FactError> {
        Ok(Self {
            stage: Text::name(&part.stage),
            cost: optional_money(part.cost.as_ref(), "the cost of a stage")?,
            event_count: part.event_count,
            metrics: metrics(&part.metrics)?,
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

impl Quota {
    fn read(quota: &pb::Quota) -> Self {
        Self {
            service: Text::name(&quota.service),
            metric: Text::name(&quota.metric),
            used: quota.used_count,
            limit: quota.limit_count,
            renew_time: time(quota.renew_time.as_ref()),
            observe_time: time(quota.observe_time.as_ref()),
            first_used: quota.first_used_count,
            tier: Text::name(&quota.tier),
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
