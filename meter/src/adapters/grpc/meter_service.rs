//! `reelmeter.meter.v1.MeterService`.

use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use jiff::SignedDuration;
use reelmeter_proto::meter::v1 as wire;
use reelmeter_proto::meter::v1::meter_service_server::MeterService;
use reelmeter_service::CancellationToken;
use reelmeter_service::door::Caller;
use tonic::{Request, Response, Status, Streaming};

use super::batch::SentBatch;
use super::shared_summary::SharedMessage;
use super::status::status;
use super::{export, from_wire, page_token, reports, stream_usage, to_wire, watch_summary};
use crate::application::meter::{ReservationRequest, SessionRequest};
use crate::application::ports::{Recorded, SessionFilter};
use crate::application::{Error, Meter};
use crate::domain::budget::ReservationStatus;
use crate::domain::limits::{EVENTS_PER_REQUEST_MAX, LABELS_MAX};
use crate::domain::problem::Problem;
use crate::domain::summary::{Pricer, Prices, build, rated_now, reservations};
use crate::domain::text;
use crate::domain::usage::SessionUsage;

/// Sessions of a page where the caller does not say, and at most.
const SESSIONS_PER_PAGE: (usize, usize) = (50, 1_000);
/// Events of a page where the caller does not say, and at most.
const EVENTS_PER_PAGE: (usize, usize) = (100, 1_000);
/// How long calls may start against a reservation where the caller does not say.
const LIFETIME_DEFAULT: SignedDuration = SignedDuration::from_hours(1);

pub(super) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The meter's API over a connection.
#[derive(Clone, Debug)]
pub struct MeterApi {
    meter: Meter,
    /// Shared, since a clone of a token takes a lock and every call has its own API.
    shutdown: Arc<CancellationToken>,
}

impl MeterApi {
    /// The API of a meter; its streams end when `shutdown` is cancelled.
    #[must_use]
    pub fn new(meter: Meter, shutdown: CancellationToken) -> Self {
        Self {
            meter,
            shutdown: Arc::new(shutdown),
        }
    }

    fn token(&self) -> CancellationToken {
        CancellationToken::clone(&self.shutdown)
    }

    /// The same API for whoever the door let through: their tenant's sessions, under their name.
    pub(super) fn asked_by<T>(&self, request: &Request<T>) -> Result<Self, Status> {
        let caller = Caller::of(request)?;
        Ok(Self {
            meter: self.meter.asked_by(&caller.tenant, &caller.name),
            shutdown: Arc::clone(&self.shutdown),
        })
    }

    /// The messages of a watch.
    pub(super) async fn watch(
        &self,
        request: wire::WatchSummaryRequest,
    ) -> Result<Answers<SharedMessage>, Status> {
        let messages = watch_summary::answers(self.meter.clone(), request, self.token());
        Ok(Box::pin(messages.await.map_err(status)?))
    }

    /// Records a batch; callers over a connection come here through [`super::quick_recording`].
    pub(super) async fn record(
        &self,
        request: Request<SentBatch>,
    ) -> Result<Response<wire::RecordUsageResponse>, Status> {
        let api = self.asked_by(&request)?;
        let SentBatch { ids, batch, .. } = request.into_inner();
        let recorded = api
            .meter
            .record(batch, EVENTS_PER_REQUEST_MAX)
            .await
            .map_err(status)?;
        let outcome = |(event_id, recorded): (String, Recorded)| {
            let (status, problem) = record_status(recorded);
            let (field, reason) = problem
                .map(|problem| (problem.field, problem.reason))
                .unwrap_or_default();
            wire::EventOutcome {
                event_id,
                status: status.into(),
                field,
                reason,
            }
        };
        let outcomes = ids.into_iter().zip(recorded).map(outcome).collect();
        Ok(Response::new(wire::RecordUsageResponse { outcomes }))
    }

    /// Records the batches of a stream; callers over a connection come here through [`super::quick_recording`].
    pub(super) async fn stream(
        &self,
        request: Request<impl Stream<Item = Result<SentBatch, Status>> + Send + Unpin + 'static>,
    ) -> Result<Response<Answers<wire::StreamUsageResponse>>, Status> {
        let api = self.asked_by(&request)?;
        let shutdown = api.token();
        let answers = stream_usage::answers(api.meter, request.into_inner(), shutdown);
        Ok(Response::new(Box::pin(answers)))
    }

    fn summary(&self, usage: &SessionUsage) -> wire::Summary {
        to_wire::summary(usage, &self.meter.prices(), self.meter.now())
    }

    /// A reservation of a session, with what was drawn on it.
    fn reservation(
        &self,
        usage: &SessionUsage,
        reservation_id: &str,
    ) -> Result<wire::Reservation, Error> {
        let now = self.meter.now();
        let (prices, rated) = rated_now(usage, &self.meter.prices(), now);
        let all = reservations(usage, &mut Pricer::new(&prices.table, rated));
        let found =
            |status: &&ReservationStatus| *status.reservation.reservation_id == *reservation_id;
        let status = all.iter().find(found).ok_or_else(|| Error::NotFound {
            kind: "reservation",
            name: reservation_id.to_owned(),
        })?;
        Ok(to_wire::reservation(&usage.session.session_id, status, now))
    }
}

/// What became of an event, in the words of the wire.
pub(super) fn record_status(recorded: Recorded) -> (wire::RecordStatus, Option<Problem>) {
    match recorded {
        Recorded::New => (wire::RecordStatus::Recorded, None),
        Recorded::Duplicate => (wire::RecordStatus::Duplicate, None),
        Recorded::Conflict(problem) => (wire::RecordStatus::Conflict, Some(problem)),
        Recorded::Invalid(problem) => (wire::RecordStatus::Invalid, Some(problem)),
    }
}

#[tonic::async_trait]
impl MeterService for MeterApi {
    async fn start_session(
        &self,
        request: Request<wire::StartSessionRequest>,
    ) -> Result<Response<wire::StartSessionResponse>, Status> {
        let api = self.asked_by(&request)?;
        let wire::StartSessionRequest {
            session_id,
            title,
            labels,
            simulated,
            budget,
        } = request.into_inner();
        let budget = from_wire::cap("budget", budget).map_err(|problem| status(problem.into()))?;
        let request = SessionRequest {
            session_id,
            title,
            labels,
            simulated,
            budget,
        };
        let (usage, created) = api.meter.start_session(request).await.map_err(status)?;
        Ok(Response::new(wire::StartSessionResponse {
            session: Some(to_wire::session(&usage)),
            created,
        }))
    }

    async fn end_session(
        &self,
        request: Request<wire::EndSessionRequest>,
    ) -> Result<Response<wire::EndSessionResponse>, Status> {
        let api = self.asked_by(&request)?;
        let usage = api
            .meter
            .end_session(&request.into_inner().session_id)
            .await
            .map_err(status)?;
        Ok(Response::new(wire::EndSessionResponse {
            summary: Some(api.summary(&usage)),
        }))
    }

    async fn reset_session(
        &self,
        request: Request<wire::ResetSessionRequest>,
    ) -> Result<Response<wire::ResetSessionResponse>, Status> {
        let api = self.asked_by(&request)?;
        let usage = api
            .meter
            .reset_session(&request.into_inner().session_id)
            .await
            .map_err(status)?;
        Ok(Response::new(wire::ResetSessionResponse {
            summary: Some(api.summary(&usage)),
        }))
    }

    async fn get_session(
        &self,
        request: Request<wire::GetSessionRequest>,
    ) -> Result<Response<wire::GetSessionResponse>, Status> {
        let api = self.asked_by(&request)?;
        let usage = api
            .meter
            .session(&request.into_inner().session_id)
            .await
            .map_err(status)?;
        Ok(Response::new(wire::GetSessionResponse {
            session: Some(to_wire::session(&usage)),
        }))
    }

    async fn list_sessions(
        &self,
        request: Request<wire::ListSessionsRequest>,
    ) -> Result<Response<wire::ListSessionsResponse>, Status> {
        let api = self.asked_by(&request)?;
        api.sessions_page(request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn record_usage(
        &self,
        request: Request<wire::RecordUsageRequest>,
    ) -> Result<Response<wire::RecordUsageResponse>, Status> {
        self.record(request.map(SentBatch::from)).await
    }

    type StreamUsageStream = Answers<wire::StreamUsageResponse>;

    async fn stream_usage(
        &self,
        request: Request<Streaming<wire::StreamUsageRequest>>,
    ) -> Result<Response<Self::StreamUsageStream>, Status> {
        let (metadata, extensions, batches) = request.into_parts();
        let batches = batches.map(|batch| batch.map(SentBatch::from));
        self.stream(Request::from_parts(metadata, extensions, batches))
            .await
    }

    async fn report_recorder_status(
        &self,
        request: Request<wire::ReportRecorderStatusRequest>,
    ) -> Result<Response<wire::ReportRecorderStatusResponse>, Status> {
        let api = self.asked_by(&request)?;
        let wire::ReportRecorderStatusRequest {
            recorder_id,
            backlogs,
        } = request.into_inner();
        let backlogs = backlogs.into_iter().map(from_wire::backlog).collect();
        api.meter
            .report_status(recorder_id, backlogs)
            .await
            .map_err(status)?;
        Ok(Response::new(wire::ReportRecorderStatusResponse {}))
    }

    async fn get_summary(
        &self,
        request: Request<wire::GetSummaryRequest>,
    ) -> Result<Response<wire::GetSummaryResponse>, Status> {
        let api = self.asked_by(&request)?;
        let usage = api
            .meter
            .session(&request.into_inner().session_id)
            .await
            .map_err(status)?;
        Ok(Response::new(wire::GetSummaryResponse {
            summary: Some(api.summary(&usage)),
        }))
    }

    type WatchSummaryStream = Answers<wire::WatchSummaryResponse>;

    /// Callers over a connection are served by [`super::shared_summary`], which encodes each summary once.
    async fn watch_summary(
        &self,
        request: Request<wire::WatchSummaryRequest>,
    ) -> Result<Response<Self::WatchSummaryStream>, Status> {
        let api = self.asked_by(&request)?;
        let messages = api.watch(request.into_inner()).await?;
        Ok(Response::new(Box::pin(
            messages.map(|message| message?.decoded()),
        )))
    }

    async fn list_events(
        &self,
        request: Request<wire::ListEventsRequest>,
    ) -> Result<Response<wire::ListEventsResponse>, Status> {
        let api = self.asked_by(&request)?;
        api.events_page(request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    type ExportEventsStream = Answers<wire::ExportEventsResponse>;

    async fn export_events(
        &self,
        request: Request<wire::ExportEventsRequest>,
    ) -> Result<Response<Self::ExportEventsStream>, Status> {
        let api = self.asked_by(&request)?;
        let data = export::data(api.meter.clone(), request.into_inner(), api.token());
        Ok(Response::new(Box::pin(data.map_err(status)?)))
    }

    async fn get_receipt(
        &self,
        request: Request<wire::GetReceiptRequest>,
    ) -> Result<Response<wire::GetReceiptResponse>, Status> {
        let api = self.asked_by(&request)?;
        let receipt = reports::receipt(&api.meter, request.into_inner())
            .await
            .map_err(status)?;
        Ok(Response::new(wire::GetReceiptResponse {
            receipt: Some(receipt),
        }))
    }

    async fn query_usage(
        &self,
        request: Request<wire::QueryUsageRequest>,
    ) -> Result<Response<wire::QueryUsageResponse>, Status> {
        let api = self.asked_by(&request)?;
        reports::query(&api.meter, request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn set_budget(
        &self,
        request: Request<wire::SetBudgetRequest>,
    ) -> Result<Response<wire::SetBudgetResponse>, Status> {
        let api = self.asked_by(&request)?;
        let wire::SetBudgetRequest { session_id, budget } = request.into_inner();
        let cap = from_wire::cap("budget", budget).map_err(|problem| status(problem.into()))?;
        let usage = api
            .meter
            .set_budget(&session_id, cap)
            .await
            .map_err(status)?;
        let summary = build(&usage, &api.meter.prices(), api.meter.now());
        Ok(Response::new(wire::SetBudgetResponse {
            budget: summary.budget.as_ref().map(to_wire::budget_status),
        }))
    }

    async fn reserve_budget(
        &self,
        request: Request<wire::ReserveBudgetRequest>,
    ) -> Result<Response<wire::ReserveBudgetResponse>, Status> {
        let api = self.asked_by(&request)?;
        let wire::ReserveBudgetRequest {
            session_id,
            reservation_id,
            amount,
            lifetime,
            recorder_id,
        } = request.into_inner();
        let amount = from_wire::cap("amount", amount).map_err(|problem| status(problem.into()))?;
        let lifetime =
            from_wire::duration("lifetime", lifetime).map_err(|problem| status(problem.into()))?;
        let request = ReservationRequest {
            session_id,
            reservation_id: reservation_id.clone(),
            amount,
            lifetime: lifetime.unwrap_or(LIFETIME_DEFAULT),
            recorder_id,
        };
        // Taken before the reservation is sized: a change of prices in between shows as an older book, not a newer one.
        let prices: Arc<Prices> = api.meter.prices();
        let usage = api.meter.reserve(request).await.map_err(status)?;
        let reservation = api.reservation(&usage, &reservation_id).map_err(status)?;
        let price_book = to_wire::price_book(&prices.table, prices.revision, None);
        Ok(Response::new(wire::ReserveBudgetResponse {
            reservation: Some(reservation),
            price_book: Some(price_book),
        }))
    }

    async fn release_reservation(
        &self,
        request: Request<wire::ReleaseReservationRequest>,
    ) -> Result<Response<wire::ReleaseReservationResponse>, Status> {
        let api = self.asked_by(&request)?;
        let wire::ReleaseReservationRequest {
            reservation_id,
            session_id,
        } = request.into_inner();
        let usage = api
            .meter
            .release(&session_id, &reservation_id)
            .await
            .map_err(status)?;
        let reservation = api.reservation(&usage, &reservation_id).map_err(status)?;
        Ok(Response::new(wire::ReleaseReservationResponse {
            reservation: Some(reservation),
        }))
    }

    async fn report_quota(
        &self,
        request: Request<wire::ReportQuotaRequest>,
    ) -> Result<Response<wire::ReportQuotaResponse>, Status> {
        let api = self.asked_by(&request)?;
        let wire::ReportQuotaRequest { session_id, quota } = request.into_inner();
        let missing = || status(Problem::new("quota", "must be there").into());
        let quota = from_wire::quota(quota.ok_or_else(missing)?, api.meter.now());
        let quota = quota.map_err(|problem| status(problem.into()))?;
        api.meter
            .report_quota(&session_id, quota)
            .await
            .map_err(status)?;
        Ok(Response::new(wire::ReportQuotaResponse {}))
    }
}

impl MeterApi {
    async fn sessions_page(
        &self,
        request: wire::ListSessionsRequest,
    ) -> Result<wire::ListSessionsResponse, Error> {
        let limit =
            from_wire::page_size(request.page_size, SESSIONS_PER_PAGE.0, SESSIONS_PER_PAGE.1)?;
        text::labels("labels", &request.labels)?;
        debug_assert!(request.labels.len() <= LABELS_MAX, "checked above");
        let filter = SessionFilter {
            ended: match wire::SessionState::try_from(request.state) {
                Ok(wire::SessionState::Unspecified) => None,
                Ok(wire::SessionState::Active) => Some(false),
                Ok(wire::SessionState::Ended) => Some(true),
                Err(_) => {
                    return Err(crate::domain::validate::unknown("state", request.state).into());
                }
            },
            labels: request.labels,
            started_min: from_wire::time("start_time_min", request.start_time_min)?,
            started_max: from_wire::time("start_time_max", request.start_time_max)?,
        };
        let narrowed = format!("{filter:?}");
        let after = page_token::session(&request.page_token, &narrowed)?;
        let page = self.meter.sessions(filter, after, limit).await?;
        let (prices, now) = (self.meter.prices(), self.meter.now());
        Ok(wire::ListSessionsResponse {
            sessions: page
                .items
                .iter()
                .map(|usage| to_wire::overview(usage, &prices, now))
                .collect(),
            next_page_token: page
                .next
                .map(|next| page_token::of_session(next, &narrowed))
                .unwrap_or_default(),
        })
    }

    async fn events_page(
        &self,
        request: wire::ListEventsRequest,
    ) -> Result<wire::ListEventsResponse, Error> {
        let limit = from_wire::page_size(request.page_size, EVENTS_PER_PAGE.0, EVENTS_PER_PAGE.1)?;
        let filter = from_wire::event_filter(request.filter)?;
        let narrowed = format!("{filter:?}");
        let after = page_token::event(&request.page_token, &narrowed)?;
        let session_id = filter.session_id.clone();
        let page = self.meter.events(filter, after, limit).await?;
        Ok(wire::ListEventsResponse {
            events: page.items.into_iter().map(to_wire::ledger_event).collect(),
            next_page_token: page
                .next
                .map(|next| page_token::of_event(next, &narrowed))
                .unwrap_or_default(),
            moved_out: to_wire::moved_out(self.meter.moved_out(session_id).await?),
        })
    }
}
