//! A meter that does what the test says: it answers, refuses, fails, records and then fails, or is slow. The real
//! meter is tried together with the recorder in the generator's tests; here it is the faults that matter.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use reelmeter_proto::meter::v1::meter_service_server::{MeterService, MeterServiceServer};
use reelmeter_proto::meter::v1::*;
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status};

/// What the meter has seen, and how it is to behave.
#[derive(Debug, Default)]
pub struct State {
    /// What counts: one event an id.
    pub ledger: BTreeMap<String, UsageEvent>,
    /// Every word and batch, in the order of arrival.
    pub said: Vec<String>,
    /// How often an event arrived that was there already.
    pub duplicate_count: usize,
    pub batch_sizes: Vec<usize>,
    pub backlogs: Vec<SessionBacklog>,
    pub reports: Vec<ReportRecorderStatusRequest>,
    pub tokens: Vec<Option<String>>,
    /// The next requests fail so, before anything is done.
    pub fail_next: VecDeque<Code>,
    /// The next batches are recorded, and the answer is lost.
    pub lose_answers: usize,
    /// The next batches are answered with one outcome too few.
    pub short_answers: usize,
    /// Events of this stage are refused.
    pub refuse_stage: String,
    /// A request with an event of this stage is refused as a whole.
    pub choke_on_stage: String,
    pub delay: Duration,
    /// What is left of every session's budget; `None`: there is none.
    pub budget: Option<Budget>,
    /// What was reserved, by id.
    pub reservations: BTreeMap<String, ReserveBudgetResponse>,
    /// The prices that come with a reservation.
    pub price_book: PriceBook,
    /// When reservations expire.
    pub expire_time: Option<prost_types::Timestamp>,
}

#[derive(Clone, Default)]
pub struct Meter(Arc<Mutex<State>>);

impl Meter {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Serves on the listener until the token is cancelled.
    pub fn serve(
        &self,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> tokio::task::JoinHandle<()> {
        let service = MeterServiceServer::new(self.clone());
        tokio::spawn(async move {
            Server::builder()
                .add_service(service)
                .serve_with_incoming_shutdown(
                    TcpListenerStream::new(listener),
                    shutdown.cancelled_owned(),
                )
                .await
                .unwrap();
        })
    }

    /// Serves on a free port for as long as the test runs.
    pub async fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        self.serve(listener, CancellationToken::new());
        address
    }

    async fn enter<T>(&self, what: &str, request: &Request<T>) -> Result<(), Status> {
        let (delay, failure) = {
            let mut state = self.state();
            let token = request.metadata().get("authorization");
            let token = token.map(|token| token.to_str().unwrap().to_owned());
            state.tokens.push(token);
            (state.delay, state.fail_next.pop_front())
        };
        tokio::time::sleep(delay).await;
        match failure {
            Some(code) => Err(Status::new(
                code,
                format!("{what} failed as the test wanted"),
            )),
            None => Ok(()),
        }
    }
}

pub fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

/// A port where nobody listens.
pub async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

macro_rules! not_here {
    ($($name:ident($request:ty) -> $response:ty;)*) => {
        // What `async_trait` makes of an async method: it does not look into macros.
        $(fn $name<'a, 'f>(
            &'a self,
            _: Request<$request>,
        ) -> Pin<Box<dyn Future<Output = Result<Response<$response>, Status>> + Send + 'f>>
        where
            'a: 'f,
            Self: 'f,
        {
            Box::pin(async { Err(Status::unimplemented(stringify!($name))) })
        })*
    };
}

#[tonic::async_trait]
impl MeterService for Meter {
    type StreamUsageStream = Streamed<StreamUsageResponse>;
    type WatchSummaryStream = Streamed<WatchSummaryResponse>;
    type ExportEventsStream = Streamed<ExportEventsResponse>;

    async fn start_session(
        &self,
        request: Request<StartSessionRequest>,
    ) -> Result<Response<StartSessionResponse>, Status> {
        self.enter("StartSession", &request).await?;
        self.state()
            .said
            .push(format!("start {}", request.get_ref().session_id));
        Ok(Response::new(StartSessionResponse::default()))
    }

    async fn end_session(
        &self,
        request: Request<EndSessionRequest>,
    ) -> Result<Response<EndSessionResponse>, Status> {
        self.enter("EndSession", &request).await?;
        self.state()
            .said
            .push(format!("end {}", request.get_ref().session_id));
        Ok(Response::new(EndSessionResponse::default()))
    }

    async fn report_quota(
        &self,
        request: Request<ReportQuotaRequest>,
    ) -> Result<Response<ReportQuotaResponse>, Status> {
        self.enter("ReportQuota", &request).await?;
        self.state()
            .said
            .push(format!("quota {}", request.get_ref().session_id));
        Ok(Response::new(ReportQuotaResponse {}))
    }

    async fn report_recorder_status(
        &self,
        request: Request<ReportRecorderStatusRequest>,
    ) -> Result<Response<ReportRecorderStatusResponse>, Status> {
        self.enter("ReportRecorderStatus", &request).await?;
        self.state().reports.push(request.into_inner());
        Ok(Response::new(ReportRecorderStatusResponse {}))
    }

    async fn record_usage(
        &self,
        request: Request<RecordUsageRequest>,
    ) -> Result<Response<RecordUsageResponse>, Status> {
        self.enter("RecordUsage", &request).await?;
        let request = request.into_inner();
        let mut state = self.state();
        let choked =
            |event: &UsageEvent| !event.stage.is_empty() && event.stage == state.choke_on_stage;
        if request.events.iter().any(choked) {
            return Err(Status::invalid_argument(
                "events[0].stage: this meter cannot take it",
            ));
        }
        state.batch_sizes.push(request.events.len());
        state.backlogs = request.backlogs;
        let mut outcomes = Vec::new();
        for event in request.events {
            let mut outcome = EventOutcome {
                event_id: event.event_id.clone(),
                ..Default::default()
            };
            let status = if !event.stage.is_empty() && event.stage == state.refuse_stage {
                outcome.field = "stage".into();
                outcome.reason = "the test refuses it".into();
                RecordStatus::Invalid
            } else if state.ledger.contains_key(&event.event_id) {
                state.duplicate_count += 1;
                RecordStatus::Duplicate
            } else {
                state.said.push(format!("event {}", event.session_id));
                state.ledger.insert(event.event_id.clone(), event);
                RecordStatus::Recorded
            };
            outcome.set_status(status);
            outcomes.push(outcome);
        }
        if state.lose_answers > 0 {
            state.lose_answers -= 1;
            return Err(Status::unavailable("the answer was lost"));
        }
        if state.short_answers > 0 {
            state.short_answers -= 1;
            outcomes.pop();
        }
        Ok(Response::new(RecordUsageResponse { outcomes }))
    }

    async fn reserve_budget(
        &self,
        request: Request<ReserveBudgetRequest>,
    ) -> Result<Response<ReserveBudgetResponse>, Status> {
        self.enter("ReserveBudget", &request).await?;
        let request = request.into_inner();
        let mut state = self.state();
        state
            .said
            .push(format!("reserve {}", request.reservation_id));
        if let Some(known) = state.reservations.get(&request.reservation_id) {
            return Ok(Response::new(known.clone()));
        }
        let amount = state
            .budget
            .take()
            .ok_or_else(|| Status::resource_exhausted("0 is left"))?;
        let reservation = Reservation {
            reservation_id: request.reservation_id.clone(),
            session_id: request.session_id,
            amount: Some(amount),
            expire_time: state.expire_time,
            ..Reservation::default()
        };
        let response = ReserveBudgetResponse {
            reservation: Some(reservation),
            price_book: Some(state.price_book.clone()),
        };
        state
            .reservations
            .insert(request.reservation_id, response.clone());
        Ok(Response::new(response))
    }

    async fn release_reservation(
        &self,
        request: Request<ReleaseReservationRequest>,
    ) -> Result<Response<ReleaseReservationResponse>, Status> {
        self.enter("ReleaseReservation", &request).await?;
        let mut state = self.state();
        state
            .said
            .push(format!("release {}", request.get_ref().reservation_id));
        let released = state.reservations.remove(&request.get_ref().reservation_id);
        state.budget = released.and_then(|lease| lease.reservation?.amount);
        Ok(Response::new(ReleaseReservationResponse::default()))
    }

    async fn stream_usage(
        &self,
        _: Request<tonic::Streaming<StreamUsageRequest>>,
    ) -> Result<Response<Self::StreamUsageStream>, Status> {
        Err(Status::unimplemented("stream_usage"))
    }

    not_here! {
        reset_session(ResetSessionRequest) -> ResetSessionResponse;
        get_session(GetSessionRequest) -> GetSessionResponse;
        list_sessions(ListSessionsRequest) -> ListSessionsResponse;
        get_summary(GetSummaryRequest) -> GetSummaryResponse;
        watch_summary(WatchSummaryRequest) -> Self::WatchSummaryStream;
        list_events(ListEventsRequest) -> ListEventsResponse;
        export_events(ExportEventsRequest) -> Self::ExportEventsStream;
        get_receipt(GetReceiptRequest) -> GetReceiptResponse;
        query_usage(QueryUsageRequest) -> QueryUsageResponse;
        set_budget(SetBudgetRequest) -> SetBudgetResponse;
    }
}
