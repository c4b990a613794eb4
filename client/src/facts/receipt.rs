//! Receipts and answers about a time.

use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::Money;

use super::{
    CostLine, FactError, MetricTotal, PriceBookName, Session, money_or_zero, optional_money,
};
use crate::printable::Text;

/// How a provider call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It gave what it was asked for.
    Succeeded,
    /// It failed, or was refused or cut off.
    Failed,
    /// Its result was thrown away.
    Discarded,
    /// It is not known whether it was made.
    Unconfirmed,
}

impl Outcome {
    /// The word for it, the same on screens and in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Discarded => "discarded",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

/// One attempt of a stage's call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptEntry {
    /// The stage. Empty: none was named.
    pub stage: Text,
    /// The scene, counted from 1. 0: the whole.
    pub scene: i32,
    /// The attempt, counted from 1.
    pub attempt: i32,
    /// How it ended.
    pub outcome: Outcome,
    /// How many events it stands for.
    pub event_count: i64,
    /// Its cost lines.
    pub lines: Vec<CostLine>,
    /// What the lines with a price cost.
    pub cost: Money,
}

/// What a session costs by stage, scene and attempt, by its own prices or by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The session.
    pub session: Session,
    /// The entries, in the order of their stages.
    pub entries: Vec<ReceiptEntry>,
    /// What everything with a price costs.
    pub total_cost: Money,
    /// The price book that the costs come from.
    pub price_book: Option<PriceBookName>,
    /// What it costs by its own prices. Only in a what-if report.
    pub actual_cost: Option<Money>,
    /// The total less that. Only in a what-if report.
    pub difference: Option<Money>,
}

impl Receipt {
    /// Reads a receipt.
    ///
    /// # Errors
    /// An amount that is none, or no session.
    pub fn read(receipt: &pb::Receipt) -> Result<Self, FactError> {
        let session = receipt
            .session
            .as_ref()
            .ok_or(FactError::Missing { field: "session" })?;
        let entry = |entry: &pb::ReceiptEntry| {
            Ok(ReceiptEntry {
                stage: Text::name(&entry.stage),
                scene: entry.scene,
                attempt: entry.attempt,
                outcome: match entry.outcome() {
                    pb::CallOutcome::Unspecified | pb::CallOutcome::Succeeded => Outcome::Succeeded,
                    pb::CallOutcome::Failed => Outcome::Failed,
                    pb::CallOutcome::Discarded => Outcome::Discarded,
                    pb::CallOutcome::Unconfirmed => Outcome::Unconfirmed,
                },
                event_count: entry.event_count,
                lines: entry
                    .lines
                    .iter()
                    .map(CostLine::read)
                    .collect::<Result<_, _>>()?,
                cost: money_or_zero(entry.cost.as_ref(), "the cost of an attempt")?,
            })
        };
        Ok(Self {
            session: Session::read(session),
            entries: receipt
                .entries
                .iter()
                .map(entry)
                .collect::<Result<_, FactError>>()?,
            total_cost: money_or_zero(receipt.total_cost.as_ref(), "the total of a receipt")?,
            price_book: receipt.price_book.as_ref().map(PriceBookName::read),
            actual_cost: optional_money(receipt.actual_cost.as_ref(), "the actual cost")?,
            difference: optional_money(receipt.difference.as_ref(), "the difference")?,
        })
    }
}

/// A group's usage over a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// The group's values.
    pub values: Vec<Text>,
    /// What everything with a price costs.
    pub cost: Money,
    /// Its metrics.
    pub metrics: Vec<MetricTotal>,
    /// How many events count.
    pub event_count: i64,
}

impl UsageRow {
    /// Reads a row.
    ///
    /// # Errors
    /// An amount that is none.
    pub fn read(row: &pb::UsageRow) -> Result<Self, FactError> {
        Ok(Self {
            values: row
                .group_values
                .iter()
                .map(|value| Text::line(value))
                .collect(),
            cost: money_or_zero(row.cost.as_ref(), "the cost of a row")?,
            metrics: row
                .metrics
                .iter()
                .map(MetricTotal::read)
                .collect::<Result<_, _>>()?,
            event_count: row.event_count,
        })
    }
}
