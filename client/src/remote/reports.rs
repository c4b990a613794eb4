//! The meter's calls for receipts, questions about a time, and exports.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::{Money, Rate, Variant};
use tonic::Streaming;

use super::error::{Peer, RemoteError};
use super::{CALL_TIMEOUT, Remote};
use crate::facts::{self, FactError, Receipt, UsageRow};

/// Other prices than a session's own, to see what it would cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WhatIf {
    /// Another price book. Empty: the session's own prices.
    pub price_book: String,
    /// Rates that go before all others.
    pub rates: Vec<Rate>,
    /// Calls of the model on the left are priced as those of the one on the right.
    pub substitutions: BTreeMap<String, String>,
}

/// What to group an answer about a time by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Grouping {
    /// By day, in UTC.
    Day,
    /// By service.
    Service,
    /// By model.
    Model,
    /// By session.
    Session,
    /// By the value of the label that --label-key names.
    Label,
}

/// A question about a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// From then on. `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// Before then. `None`: until now.
    pub to: Option<Timestamp>,
    /// How to group.
    pub group_by: Vec<Grouping>,
    /// The label to group by.
    pub label_key: String,
    /// Only sessions with all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Only this service. Empty: all.
    pub service: String,
    /// Simulated calls instead of real ones.
    pub simulated: bool,
}

impl Remote {
    /// The receipt of a session, or what it would be.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn receipt(
        &self,
        session_id: &str,
        what_if: &WhatIf,
    ) -> Result<Receipt, RemoteError> {
        let request = pb::GetReceiptRequest {
            session_id: session_id.to_owned(),
            price_book: what_if.price_book.clone(),
            rates: what_if.rates.iter().map(wire_rate).collect(),
            rate_model_substitutions: what_if.substitutions.clone(),
        };
        let mut meter = self.meter.clone();
        let answer = self
            .answer(Peer::Meter, CALL_TIMEOUT, meter.get_receipt(request))
            .await?;
        let missing = FactError::Missing { field: "receipt" };
        let receipt = answer.receipt.ok_or_else(|| nonsense(missing))?;
        Receipt::read(&receipt).map_err(nonsense)
    }

    /// What was used in a time, and the sum of what it cost.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn query_usage(
        &self,
        question: &Question,
    ) -> Result<(Vec<UsageRow>, Money), RemoteError> {
        let grouping = |grouping: &Grouping| {
            i32::from(match grouping {
                Grouping::Day => pb::UsageGrouping::Day,
                Grouping::Service => pb::UsageGrouping::Service,
                Grouping::Model => pb::UsageGrouping::Model,
                Grouping::Session => pb::UsageGrouping::Session,
                Grouping::Label => pb::UsageGrouping::Label,
            })
        };
        let request = pb::QueryUsageRequest {
            start_time: question.from.map(facts::to_wire),
            end_time: question.to.map(facts::to_wire),
            group_by: question.group_by.iter().map(grouping).collect(),
            label_key: question.label_key.clone(),
            labels: question.labels.clone(),
            service: question.service.clone(),
            simulated: question.simulated,
        };
        let mut meter = self.meter.clone();
        let answer = self
            .answer(Peer::Meter, CALL_TIMEOUT, meter.query_usage(request))
            .await?;
        let rows: Result<Vec<UsageRow>, FactError> =
            answer.rows.iter().map(UsageRow::read).collect();
        let total = facts::money_or_zero(answer.total_cost.as_ref(), "the total of an answer");
        Ok((rows.map_err(nonsense)?, total.map_err(nonsense)?))
    }

    /// Opens the stream of the ledger's events, of a session or of all.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn export(
        &self,
        session_id: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        csv: bool,
    ) -> Result<Streaming<pb::ExportEventsResponse>, RemoteError> {
        let request = pb::ExportEventsRequest {
            filter: Some(pb::EventFilter {
                session_id: session_id.to_owned(),
                occur_time_min: from.map(facts::to_wire),
                occur_time_max: to.map(facts::to_wire),
                ..Default::default()
            }),
            format: if csv {
                pb::ExportFormat::Csv
            } else {
                pb::ExportFormat::JsonLines
            }
            .into(),
        };
        let mut meter = self.meter.clone();
        self.answer(Peer::Meter, CALL_TIMEOUT, meter.export_events(request))
            .await
    }

    /// A failure of a stream that was open.
    #[must_use]
    pub fn broken(&self, status: &tonic::Status) -> RemoteError {
        RemoteError::from_status(Peer::Meter, self.address(Peer::Meter), status)
    }
}

fn nonsense(source: FactError) -> RemoteError {
    RemoteError::Nonsense {
        peer: Peer::Meter,
        source,
    }
}

fn wire_rate(rate: &Rate) -> pb::Rate {
    pb::Rate {
        service: rate.service.to_string(),
        model: rate.model.as_deref().unwrap_or_default().to_owned(),
        metric: rate.metric.to_string(),
        amount: Some(pb::Money {
            currency_code: "USD".to_owned(),
            amount: rate.amount.to_string(),
        }),
        unit_size: i64::try_from(rate.unit_size).unwrap_or(i64::MAX),
        variant: match rate.variant {
            Variant::Standard => pb::RateVariant::Standard,
            Variant::Batch => pb::RateVariant::Batch,
            Variant::Flex => pb::RateVariant::Flex,
            Variant::Priority => pb::RateVariant::Priority,
        }
        .into(),
        above_input_tokens: rate
            .above_input_tokens
            .and_then(|above| i64::try_from(above).ok())
            .unwrap_or(0),
        start_time: rate.start.map(facts::to_wire),
        end_time: rate.end.map(facts::to_wire),
        source: rate.source.title.clone(),
        ..Default::default()
    }
}
