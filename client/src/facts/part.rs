//! The parts of a summary: services, models, stages and their metrics.

use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::Money;

use super::{CostLine, FactError, PricingState, optional_money};
use crate::printable::Text;

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
    pub(super) fn read(tokens: Option<&pb::TokenTotals>) -> Self {
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
    pub(crate) fn read(metric: &pb::MetricSummary) -> Result<Self, FactError> {
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

impl ServiceTotal {
    pub(super) fn read(part: &pb::ServiceSummary) -> Result<Self, FactError> {
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
    pub(super) fn read(part: &pb::ModelSummary) -> Result<Self, FactError> {
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
    pub(super) fn read(part: &pb::StageSummary) -> Result<Self, FactError> {
        Ok(Self {
            stage: Text::name(&part.stage),
            cost: optional_money(part.cost.as_ref(), "the cost of a stage")?,
            event_count: part.event_count,
            metrics: metrics(&part.metrics)?,
        })
    }
}
