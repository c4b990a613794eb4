//! The meter's calls.

use std::time::Duration;

use jiff::Timestamp;
use reelmeter_proto::meter::v1 as pb;
use reelmeter_rating::Money;
use tonic::{Status, Streaming};

use super::error::{Peer, RemoteError};
use super::feed::{self, Listener, Source};
use super::{CALL_TIMEOUT, Remote};
use crate::facts::{self, FactError, PriceBook, PriceBookName, Rate, SessionRow, Summary};

/// How many sessions are asked for at once.
const PAGE_SIZE: i32 = 200;

/// Why a message of the summary stream was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateKind {
    /// The first of a stream, or of another session.
    Snapshot,
    /// Something changed.
    Change,
    /// Nothing changed.
    Heartbeat,
    /// The figures are final.
    Settled,
}

/// A message of the summary stream.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryUpdate {
    /// Why it was sent.
    pub kind: UpdateKind,
    /// The meter's time.
    pub server_time: Option<Timestamp>,
    /// The figures. `None` in a heartbeat.
    pub summary: Option<Box<Summary>>,
}

/// What to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryWatch {
    /// The session. Empty: the newest active one, and the next when it has ended.
    pub session_id: String,
    /// At least this long between two summaries.
    pub min_interval: Duration,
    /// True if the session may not exist yet: it is waited for.
    pub may_come: bool,
}

/// Keeps the stream of summaries open; see [`Feed`]. Ends when the session is settled, or nobody listens.
pub async fn watch_summary<M: Send>(
    remote: Remote,
    watch: SummaryWatch,
    listener: Listener<SummaryUpdate, M>,
) {
    feed::keep_open(
        SummarySource {
            remote,
            watch,
            shown: None,
            settled: false,
        },
        listener,
    )
    .await;
}

struct SummarySource {
    remote: Remote,
    watch: SummaryWatch,
    /// The session and revision that were told last.
    shown: Option<(String, i64)>,
    settled: bool,
}

impl Source for SummarySource {
    type Wire = pb::WatchSummaryResponse;
    type Item = SummaryUpdate;

    fn peer(&self) -> Peer {
        Peer::Meter
    }

    fn address(&self) -> &str {
        self.remote.address(Peer::Meter)
    }

    async fn open(&mut self) -> Result<Streaming<Self::Wire>, Status> {
        let request = pb::WatchSummaryRequest {
            session_id: self.watch.session_id.clone(),
            min_interval: prost_types::Duration::try_from(self.watch.min_interval).ok(),
            resume_revision: self.shown.as_ref().map_or(0, |(_, revision)| *revision),
            follow: false,
        };
        Ok(self
            .remote
            .meter
            .clone()
            .watch_summary(request)
            .await?
            .into_inner())
    }

    fn read(&mut self, message: Self::Wire) -> Result<Option<SummaryUpdate>, RemoteError> {
        let nonsense = |source| RemoteError::Nonsense {
            peer: Peer::Meter,
            source,
        };
        let kind = match message.kind() {
            pb::SummaryUpdateKind::Snapshot => UpdateKind::Snapshot,
            pb::SummaryUpdateKind::Heartbeat => UpdateKind::Heartbeat,
            pb::SummaryUpdateKind::Settled => UpdateKind::Settled,
            // A kind that this client does not know still carries figures.
            pb::SummaryUpdateKind::Change | pb::SummaryUpdateKind::Unspecified => {
                UpdateKind::Change
            }
        };
        let server_time = facts::time(message.server_time.as_ref());
        let mut summary = message
            .summary
            .as_ref()
            .map(Summary::read)
            .transpose()
            .map_err(nonsense)?
            .map(Box::new);
        // Figures never go backwards: what is older than what was shown is no news.
        if let (Some(new), Some((session, revision))) = (&summary, &self.shown)
            && new.session.id.raw() == session
            && new.revision < *revision
        {
            tracing::warn!(
                session,
                shown = revision,
                sent = new.revision,
                "the meter sent older figures than before"
            );
            summary = None;
        }
        if let Some(new) = &summary {
            self.shown = Some((new.session.id.raw().to_owned(), new.revision));
            self.settled = new.settled;
        }
        Ok(Some(SummaryUpdate {
            kind,
            server_time,
            summary,
        }))
    }

    fn is_complete(&self) -> bool {
        self.settled && !self.watch.session_id.is_empty()
    }

    fn is_yet_to_come(&self, error: &RemoteError) -> bool {
        self.watch.may_come && matches!(error, RemoteError::NotFound { .. })
    }
}

/// A price that a person sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateOverride {
    /// The service.
    pub service: String,
    /// The model. Empty: the service's default.
    pub model: String,
    /// The metric.
    pub metric: String,
    /// What `unit_size` of it cost.
    pub amount: Money,
    /// How many of the metric `amount` is for.
    pub unit_size: i64,
    /// From when it applies. `None`: to all usage of the running sessions.
    pub start_time: Option<Timestamp>,
    /// Who set it, or why.
    pub source: String,
}

impl Remote {
    /// The summary of a session.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn summary(&self, session_id: &str) -> Result<Summary, RemoteError> {
        let request = pb::GetSummaryRequest {
            session_id: session_id.to_owned(),
        };
        let mut meter = self.meter.clone();
        let answer = self
            .answer(Peer::Meter, CALL_TIMEOUT, meter.get_summary(request))
            .await?;
        read_summary(answer.summary.as_ref())
    }

    /// The newest sessions, at most so many.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn sessions(
        &self,
        limit: usize,
        active_only: bool,
    ) -> Result<Vec<SessionRow>, RemoteError> {
        let mut rows = Vec::new();
        let mut page_token = String::new();
        loop {
            let wanted = limit.saturating_sub(rows.len());
            if wanted == 0 {
                return Ok(rows);
            }
            let request = pb::ListSessionsRequest {
                page_size: i32::try_from(wanted).unwrap_or(PAGE_SIZE).min(PAGE_SIZE),
                page_token,
                state: if active_only {
                    pb::SessionState::Active
                } else {
                    pb::SessionState::Unspecified
                }
                .into(),
                ..Default::default()
            };
            let mut meter = self.meter.clone();
            let answer = self
                .answer(Peer::Meter, CALL_TIMEOUT, meter.list_sessions(request))
                .await?;
            for row in &answer.sessions {
                rows.push(SessionRow::read(row).map_err(nonsense)?);
            }
            page_token = answer.next_page_token;
            if page_token.is_empty() || answer.sessions.is_empty() {
                return Ok(rows);
            }
        }
    }

    /// Counts a session's usage from zero again.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn reset_session(&self, session_id: &str) -> Result<Summary, RemoteError> {
        let request = pb::ResetSessionRequest {
            session_id: session_id.to_owned(),
        };
        let mut meter = self.meter.clone();
        let answer = self
            .answer(Peer::Meter, CALL_TIMEOUT, meter.reset_session(request))
            .await?;
        read_summary(answer.summary.as_ref())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn end_session(&self, session_id: &str) -> Result<Summary, RemoteError> {
        let request = pb::EndSessionRequest {
            session_id: session_id.to_owned(),
        };
        let mut meter = self.meter.clone();
        let answer = self
            .answer(Peer::Meter, CALL_TIMEOUT, meter.end_session(request))
            .await?;
        read_summary(answer.summary.as_ref())
    }

    /// The prices in force, or those of a book.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn price_book(&self, name: &str) -> Result<PriceBook, RemoteError> {
        let request = pb::GetPriceBookRequest {
            name: name.to_owned(),
            as_of_time: None,
        };
        let mut pricing = self.pricing.clone();
        let answer = self
            .answer(Peer::Meter, CALL_TIMEOUT, pricing.get_price_book(request))
            .await?;
        let book = answer.price_book.ok_or_else(|| {
            nonsense(FactError::Missing {
                field: "price book",
            })
        })?;
        PriceBook::read(&book).map_err(nonsense)
    }

    /// The price books that the meter has, the one in force first.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn price_books(&self) -> Result<Vec<PriceBookName>, RemoteError> {
        let mut pricing = self.pricing.clone();
        let call = pricing.list_price_books(pb::ListPriceBooksRequest {});
        let answer = self.answer(Peer::Meter, CALL_TIMEOUT, call).await?;
        Ok(answer.price_books.iter().map(PriceBookName::read).collect())
    }

    /// Sets a price; gives all that are set at run time.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn set_rate(&self, rate: &RateOverride) -> Result<Vec<Rate>, RemoteError> {
        let rate = pb::Rate {
            service: rate.service.clone(),
            model: rate.model.clone(),
            metric: rate.metric.clone(),
            amount: Some(pb::Money {
                currency_code: "USD".to_owned(),
                amount: rate.amount.to_string(),
            }),
            unit_size: rate.unit_size,
            start_time: rate.start_time.map(facts::to_wire),
            source: rate.source.clone(),
            ..Default::default()
        };
        let mut pricing = self.pricing.clone();
        let call = pricing.set_rates(pb::SetRatesRequest { rates: vec![rate] });
        let answer = self.answer(Peer::Meter, CALL_TIMEOUT, call).await?;
        read_rates(&answer.overrides)
    }

    /// Takes prices back that were set at run time. Empty names mean all. Gives how many, and those that are left.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn reset_rates(
        &self,
        service: &str,
        model: &str,
        metric: &str,
    ) -> Result<(i32, Vec<Rate>), RemoteError> {
        let request = pb::ResetRatesRequest {
            service: service.to_owned(),
            model: model.to_owned(),
            metric: metric.to_owned(),
        };
        let mut pricing = self.pricing.clone();
        let answer = self
            .answer(Peer::Meter, CALL_TIMEOUT, pricing.reset_rates(request))
            .await?;
        Ok((answer.removed_count, read_rates(&answer.overrides)?))
    }
}

fn nonsense(source: FactError) -> RemoteError {
    RemoteError::Nonsense {
        peer: Peer::Meter,
        source,
    }
}

fn read_summary(summary: Option<&pb::Summary>) -> Result<Summary, RemoteError> {
    let summary = summary.ok_or_else(|| nonsense(FactError::Missing { field: "summary" }))?;
    Summary::read(summary).map_err(nonsense)
}

fn read_rates(rates: &[pb::Rate]) -> Result<Vec<Rate>, RemoteError> {
    rates
        .iter()
        .map(Rate::read)
        .collect::<Result<_, _>>()
        .map_err(nonsense)
}
