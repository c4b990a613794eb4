//! Scripted services: what they say is set by the test, down to what the real ones never say.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures::{Stream, StreamExt};
use reelmeter_proto::generator::v1 as g;
use reelmeter_proto::generator::v1::generator_service_server::{
    GeneratorService, GeneratorServiceServer,
};
use reelmeter_proto::meter::v1 as m;
use reelmeter_proto::meter::v1::meter_service_server::{MeterService, MeterServiceServer};
use reelmeter_proto::meter::v1::pricing_service_server::{PricingService, PricingServiceServer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::wrappers::{TcpListenerStream, WatchStream};
use tonic::{Code, Request, Response, Status, Streaming};

type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What the services say.
#[derive(Clone)]
pub struct World {
    /// The newest figures. `None`: there is no session.
    pub summary: Arc<watch::Sender<Option<m::Summary>>>,
    /// The newest state of the video. `None`: there is none.
    pub video: Arc<watch::Sender<Option<g::Video>>>,
    /// What was asked for, in order.
    pub calls: Arc<Mutex<Vec<String>>>,
    /// The answer to `EstimateVideo`. `None`: it cannot do that yet.
    pub estimate: Arc<Mutex<Option<g::Estimate>>>,
    /// The bytes of the finished file.
    pub file: Arc<Mutex<Vec<u8>>>,
    /// Refuse `CreateVideo` so.
    pub refuse: Arc<Mutex<Option<Status>>>,
    /// Sessions for the list, beside the one with figures.
    pub sessions: Arc<Mutex<Vec<m::SessionOverview>>>,
    /// The token that callers have to show.
    pub token: Arc<Mutex<Option<String>>>,
    /// Log lines of the video.
    pub log: Arc<Mutex<Vec<g::LogLine>>>,
    /// How many events an export says are not in it.
    pub moved_out: Arc<Mutex<i64>>,
    /// The request ids of `CreateVideo`.
    pub request_ids: Arc<Mutex<Vec<String>>>,
    address: SocketAddr,
}

impl World {
    /// Starts both services on one port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let world = Self {
            summary: Arc::new(watch::channel(None).0),
            video: Arc::new(watch::channel(None).0),
            calls: Arc::default(),
            estimate: Arc::default(),
            file: Arc::default(),
            refuse: Arc::default(),
            sessions: Arc::default(),
            token: Arc::default(),
            log: Arc::default(),
            moved_out: Arc::default(),
            request_ids: Arc::default(),
            address: listener.local_addr().unwrap(),
        };
        let services = world.clone();
        tokio::spawn(async move {
            tonic::transport::Server::builder()
                .add_service(MeterServiceServer::new(services.clone()))
                .add_service(PricingServiceServer::new(services.clone()))
                .add_service(GeneratorServiceServer::new(services))
                .serve_with_incoming(TcpListenerStream::new(listener))
                .await
                .unwrap();
        });
        world
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets callers look for it elsewhere.
    pub fn move_to(&mut self, address: SocketAddr) {
        self.address = address;
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// New figures.
    pub fn tell(&self, summary: m::Summary) {
        self.summary.send_replace(Some(summary));
    }

    /// A new state of the video.
    pub fn show(&self, video: g::Video) {
        self.video.send_replace(Some(video));
    }

    /// How often something was asked for.
    pub fn count(&self, call: &str) -> usize {
        self.calls
            .lock()
            .unwrap()
            .iter()
            .filter(|known| known.starts_with(call))
            .count()
    }

    fn note<T>(&self, call: impl Into<String>, request: &Request<T>) -> Result<(), Status> {
        let shown = request
            .metadata()
            .get("authorization")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if let Some(token) = &*self.token.lock().unwrap()
            && shown != format!("Bearer {token}")
        {
            return Err(Status::unauthenticated(
                "show a token that this service knows",
            ));
        }
        self.calls.lock().unwrap().push(call.into());
        Ok(())
    }

    fn known(&self, session_id: &str) -> Result<m::Summary, Status> {
        let summary = self.summary.borrow().clone();
        summary
            .filter(|summary| {
                session_id.is_empty() || summary.session.as_ref().unwrap().session_id == session_id
            })
            .ok_or_else(|| Status::not_found(format!("there is no session {session_id}")))
    }

    fn known_video(&self, video_id: &str) -> Result<g::Video, Status> {
        let video = self.video.borrow().clone();
        video
            .filter(|video| video_id.is_empty() || video.video_id == video_id)
            .ok_or_else(|| Status::not_found(format!("there is no video {video_id}")))
    }
}

fn unused<T>() -> Result<Response<T>, Status> {
    Err(Status::new(Code::Unimplemented, "no test needs it"))
}

#[tonic::async_trait]
impl MeterService for World {
    type StreamUsageStream = BoxStream<m::StreamUsageResponse>;
    type WatchSummaryStream = BoxStream<m::WatchSummaryResponse>;
    type ExportEventsStream = BoxStream<m::ExportEventsResponse>;

    async fn get_summary(
        &self,
        request: Request<m::GetSummaryRequest>,
    ) -> Result<Response<m::GetSummaryResponse>, Status> {
        self.note("GetSummary", &request)?;
        Ok(Response::new(m::GetSummaryResponse {
            summary: Some(self.known(&request.get_ref().session_id)?),
        }))
    }

    async fn watch_summary(
        &self,
        request: Request<m::WatchSummaryRequest>,
    ) -> Result<Response<Self::WatchSummaryStream>, Status> {
        let wanted = request.get_ref().session_id.clone();
        self.note(
            format!(
                "WatchSummary {wanted} {}",
                request.get_ref().resume_revision
            ),
            &request,
        )?;
        if !wanted.is_empty() {
            self.known(&wanted)?;
        }
        let mut first = true;
        let messages = WatchStream::new(self.summary.subscribe()).map(move |summary| {
            let settled = summary.as_ref().is_some_and(|summary| summary.settled);
            let kind = match (&summary, std::mem::replace(&mut first, false), settled) {
                (None, _, _) => m::SummaryUpdateKind::Heartbeat,
                (_, _, true) => m::SummaryUpdateKind::Settled,
                (_, true, _) => m::SummaryUpdateKind::Snapshot,
                _ => m::SummaryUpdateKind::Change,
            };
            m::WatchSummaryResponse {
                kind: kind.into(),
                server_time: None,
                summary,
            }
        });
        // The stream of a named session ends after its settled summary.
        let named = !wanted.is_empty();
        let messages = futures::stream::unfold(
            (Box::pin(messages), false),
            move |(mut messages, over)| async move {
                if over {
                    return None;
                }
                let message = messages.next().await?;
                let over = named && message.kind() == m::SummaryUpdateKind::Settled;
                Some((Ok(message), (messages, over)))
            },
        );
        Ok(Response::new(Box::pin(messages)))
    }

    async fn list_sessions(
        &self,
        request: Request<m::ListSessionsRequest>,
    ) -> Result<Response<m::ListSessionsResponse>, Status> {
        self.note("ListSessions", &request)?;
        let mut sessions: Vec<_> = self
            .summary
            .borrow()
            .iter()
            .map(|summary| m::SessionOverview {
                session: summary.session.clone(),
                total_cost: summary.total_cost.clone(),
                unpriced_metric_count: summary.unpriced.len() as i64,
                event_count: summary.event_count,
                last_event_time: summary.last_event_time,
            })
            .collect();
        sessions.extend(self.sessions.lock().unwrap().iter().cloned());
        // Two a page, so that paging is seen to work.
        let from: usize = request.get_ref().page_token.parse().unwrap_or(0);
        let size = usize::try_from(request.get_ref().page_size).unwrap().min(2);
        let page: Vec<_> = sessions.iter().skip(from).take(size).cloned().collect();
        let next = from + page.len();
        let next_page_token = if next < sessions.len() {
            next.to_string()
        } else {
            String::new()
        };
        Ok(Response::new(m::ListSessionsResponse {
            sessions: page,
            next_page_token,
        }))
    }

    async fn reset_session(
        &self,
        request: Request<m::ResetSessionRequest>,
    ) -> Result<Response<m::ResetSessionResponse>, Status> {
        self.note("ResetSession", &request)?;
        Ok(Response::new(m::ResetSessionResponse {
            summary: Some(self.known(&request.get_ref().session_id)?),
        }))
    }

    async fn end_session(
        &self,
        request: Request<m::EndSessionRequest>,
    ) -> Result<Response<m::EndSessionResponse>, Status> {
        self.note("EndSession", &request)?;
        Ok(Response::new(m::EndSessionResponse {
            summary: Some(self.known(&request.get_ref().session_id)?),
        }))
    }

    async fn start_session(
        &self,
        _: Request<m::StartSessionRequest>,
    ) -> Result<Response<m::StartSessionResponse>, Status> {
        unused()
    }
    async fn get_session(
        &self,
        _: Request<m::GetSessionRequest>,
    ) -> Result<Response<m::GetSessionResponse>, Status> {
        unused()
    }
    async fn record_usage(
        &self,
        _: Request<m::RecordUsageRequest>,
    ) -> Result<Response<m::RecordUsageResponse>, Status> {
        unused()
    }
    async fn stream_usage(
        &self,
        _: Request<Streaming<m::StreamUsageRequest>>,
    ) -> Result<Response<Self::StreamUsageStream>, Status> {
        unused()
    }
    async fn report_recorder_status(
        &self,
        _: Request<m::ReportRecorderStatusRequest>,
    ) -> Result<Response<m::ReportRecorderStatusResponse>, Status> {
        unused()
    }
    async fn list_events(
        &self,
        _: Request<m::ListEventsRequest>,
    ) -> Result<Response<m::ListEventsResponse>, Status> {
        unused()
    }
    async fn export_events(
        &self,
        _: Request<m::ExportEventsRequest>,
    ) -> Result<Response<Self::ExportEventsStream>, Status> {
        let moved = *self.moved_out.lock().unwrap();
        let message = m::ExportEventsResponse {
            data: b"{\"event_id\":\"e\"}\n".to_vec(),
            moved_out: (moved > 0).then(|| m::MovedOutEvents {
                event_count: moved,
                ..Default::default()
            }),
        };
        Ok(Response::new(Box::pin(futures::stream::iter([Ok(
            message,
        )]))))
    }
    async fn get_receipt(
        &self,
        _: Request<m::GetReceiptRequest>,
    ) -> Result<Response<m::GetReceiptResponse>, Status> {
        unused()
    }
    async fn query_usage(
        &self,
        _: Request<m::QueryUsageRequest>,
    ) -> Result<Response<m::QueryUsageResponse>, Status> {
        unused()
    }
    async fn set_budget(
        &self,
        _: Request<m::SetBudgetRequest>,
    ) -> Result<Response<m::SetBudgetResponse>, Status> {
        unused()
    }
    async fn reserve_budget(
        &self,
        _: Request<m::ReserveBudgetRequest>,
    ) -> Result<Response<m::ReserveBudgetResponse>, Status> {
        unused()
    }
    async fn release_reservation(
        &self,
        _: Request<m::ReleaseReservationRequest>,
    ) -> Result<Response<m::ReleaseReservationResponse>, Status> {
        unused()
    }
    async fn report_quota(
        &self,
        _: Request<m::ReportQuotaRequest>,
    ) -> Result<Response<m::ReportQuotaResponse>, Status> {
        unused()
    }
}

#[tonic::async_trait]
impl PricingService for World {
    async fn get_price_book(
        &self,
        request: Request<m::GetPriceBookRequest>,
    ) -> Result<Response<m::GetPriceBookResponse>, Status> {
        self.note("GetPriceBook", &request)?;
        Ok(Response::new(m::GetPriceBookResponse {
            price_book: Some(super::scenes::price_book()),
        }))
    }
    async fn set_rates(
        &self,
        request: Request<m::SetRatesRequest>,
    ) -> Result<Response<m::SetRatesResponse>, Status> {
        self.note("SetRates", &request)?;
        let mut overrides = request.into_inner().rates;
        for rate in &mut overrides {
            rate.origin = m::RateOrigin::Rpc.into();
        }
        Ok(Response::new(m::SetRatesResponse {
            overrides,
            price_revision: 1,
        }))
    }
    async fn reset_rates(
        &self,
        request: Request<m::ResetRatesRequest>,
    ) -> Result<Response<m::ResetRatesResponse>, Status> {
        self.note("ResetRates", &request)?;
        Ok(Response::new(m::ResetRatesResponse {
            overrides: Vec::new(),
            price_revision: 2,
            removed_count: 1,
        }))
    }
    async fn list_price_books(
        &self,
        _: Request<m::ListPriceBooksRequest>,
    ) -> Result<Response<m::ListPriceBooksResponse>, Status> {
        unused()
    }
    async fn estimate_cost(
        &self,
        _: Request<m::EstimateCostRequest>,
    ) -> Result<Response<m::EstimateCostResponse>, Status> {
        unused()
    }
}

#[tonic::async_trait]
impl GeneratorService for World {
    type WatchVideoStream = BoxStream<g::WatchVideoResponse>;
    type DownloadVideoStream = BoxStream<g::DownloadVideoResponse>;

    async fn create_video(
        &self,
        request: Request<g::CreateVideoRequest>,
    ) -> Result<Response<g::CreateVideoResponse>, Status> {
        self.note(
            format!(
                "CreateVideo {}",
                request.get_ref().spec.as_ref().unwrap().prompt
            ),
            &request,
        )?;
        self.request_ids
            .lock()
            .unwrap()
            .push(request.get_ref().request_id.clone());
        if let Some(status) = self.refuse.lock().unwrap().take() {
            return Err(status);
        }
        Ok(Response::new(g::CreateVideoResponse {
            video: Some(self.known_video("")?),
        }))
    }

    async fn watch_video(
        &self,
        request: Request<g::WatchVideoRequest>,
    ) -> Result<Response<Self::WatchVideoStream>, Status> {
        self.note(
            format!("WatchVideo {}", request.get_ref().after_log_number),
            &request,
        )?;
        self.known_video(&request.get_ref().video_id)?;
        let log = Arc::clone(&self.log);
        let messages = futures::stream::unfold(
            (
                WatchStream::new(self.video.subscribe()),
                false,
                request.get_ref().after_log_number,
            ),
            move |(mut videos, over, after)| {
                let log = Arc::clone(&log);
                async move {
                    if over {
                        return None;
                    }
                    let video = videos.next().await?;
                    let over = video.as_ref().is_some_and(|video| {
                        use g::VideoState::{Cancelled, Discarded, Failed, Succeeded};
                        matches!(video.state(), Cancelled | Discarded | Failed | Succeeded)
                    });
                    let log_lines: Vec<_> = log
                        .lock()
                        .unwrap()
                        .iter()
                        .filter(|line| line.number > after)
                        .cloned()
                        .collect();
                    let after = log_lines.last().map_or(after, |line| line.number);
                    let message = g::WatchVideoResponse {
                        video,
                        log_lines,
                        server_time: None,
                    };
                    Some((Ok(message), (videos, over, after)))
                }
            },
        );
        Ok(Response::new(Box::pin(messages)))
    }

    async fn get_video(
        &self,
        request: Request<g::GetVideoRequest>,
    ) -> Result<Response<g::GetVideoResponse>, Status> {
        self.note("GetVideo", &request)?;
        Ok(Response::new(g::GetVideoResponse {
            video: Some(self.known_video(&request.get_ref().video_id)?),
        }))
    }

    async fn list_videos(
        &self,
        request: Request<g::ListVideosRequest>,
    ) -> Result<Response<g::ListVideosResponse>, Status> {
        self.note("ListVideos", &request)?;
        Ok(Response::new(g::ListVideosResponse {
            videos: self.video.borrow().iter().cloned().collect(),
            next_page_token: String::new(),
        }))
    }

    async fn cancel_video(
        &self,
        request: Request<g::CancelVideoRequest>,
    ) -> Result<Response<g::CancelVideoResponse>, Status> {
        self.note("CancelVideo", &request)?;
        let mut video = self.known_video(&request.get_ref().video_id)?;
        video.state = g::VideoState::Cancelled.into();
        video.error_message = "cancelled; resume it to go on".to_owned();
        self.show(video.clone());
        Ok(Response::new(g::CancelVideoResponse { video: Some(video) }))
    }

    async fn resume_video(
        &self,
        request: Request<g::ResumeVideoRequest>,
    ) -> Result<Response<g::ResumeVideoResponse>, Status> {
        self.note(
            format!("ResumeVideo {}", request.get_ref().video_id),
            &request,
        )?;
        Ok(Response::new(g::ResumeVideoResponse {
            video: Some(self.known_video(&request.get_ref().video_id)?),
        }))
    }

    async fn discard_video(
        &self,
        request: Request<g::DiscardVideoRequest>,
    ) -> Result<Response<g::DiscardVideoResponse>, Status> {
        self.note("DiscardVideo", &request)?;
        let mut video = self.known_video(&request.get_ref().video_id)?;
        video.state = g::VideoState::Discarded.into();
        Ok(Response::new(g::DiscardVideoResponse {
            video: Some(video),
        }))
    }

    async fn estimate_video(
        &self,
        request: Request<g::EstimateVideoRequest>,
    ) -> Result<Response<g::EstimateVideoResponse>, Status> {
        self.note("EstimateVideo", &request)?;
        match &*self.estimate.lock().unwrap() {
            Some(estimate) => Ok(Response::new(g::EstimateVideoResponse {
                estimate: Some(estimate.clone()),
            })),
            None => Err(Status::unimplemented("estimates come with a later version")),
        }
    }

    async fn download_video(
        &self,
        request: Request<g::DownloadVideoRequest>,
    ) -> Result<Response<Self::DownloadVideoStream>, Status> {
        self.note(
            format!("DownloadVideo {}", request.get_ref().offset_bytes),
            &request,
        )?;
        let file = self.file.lock().unwrap().clone();
        let from = usize::try_from(request.get_ref().offset_bytes).unwrap();
        let first_call = from == 0;
        let size_bytes = file.len() as i64;
        let mut offset = from;
        let mut messages = Vec::new();
        for chunk in file[from..].chunks(1000) {
            // The first call breaks in the middle of the file.
            if first_call && offset >= file.len() / 2 {
                messages.push(Err(Status::unavailable("going down")));
                break;
            }
            messages.push(Ok(g::DownloadVideoResponse {
                data: chunk.to_vec(),
                offset_bytes: offset as i64,
                size_bytes,
                file_name: "video.mp4".to_owned(),
            }));
            offset += chunk.len();
        }
        Ok(Response::new(Box::pin(futures::stream::iter(messages))))
    }

    async fn list_voices(
        &self,
        request: Request<g::ListVoicesRequest>,
    ) -> Result<Response<g::ListVoicesResponse>, Status> {
        self.note("ListVoices", &request)?;
        Ok(Response::new(g::ListVoicesResponse {
            voices: vec![g::Voice {
                voice_id: "21m00Tcm4TlvDq8ikWAM".to_owned(),
                name: "Rachel".to_owned(),
                labels: [("accent".to_owned(), "american".to_owned())].into(),
                is_default: true,
                ..Default::default()
            }],
        }))
    }
}
