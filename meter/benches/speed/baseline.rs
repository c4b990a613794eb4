//! What the meter is compared with: the same service with the generated server, which does nothing, or which appends the
//! events to a file and syncs it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::pin::Pin;
use std::sync::mpsc;

use futures::{Stream, StreamExt, stream};
use prost::Message;
use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_server::{MeterService, MeterServiceServer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// As many batches of a stream are on their way at once as in the meter.
const BATCHES_IN_HAND_MAX: usize = 8;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Serves until it is ended.
pub async fn serve(what: &str, folder: &Path) {
    let log = match what {
        "empty" => None,
        "log" => Some(Log::open(folder)),
        other => panic!("there is no `{other}`; there are `empty` and `log`"),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let service =
        MeterServiceServer::new(Baseline { log }).max_decoding_message_size(4 * 1024 * 1024);
    Server::builder()
        .max_concurrent_streams(10_000)
        .tcp_nodelay(true)
        .add_service(service)
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await
        .unwrap();
}

/// An append-only file: what waits together is written and synced together.
#[derive(Clone, Debug)]
struct Log(mpsc::Sender<(Vec<pb::UsageEvent>, oneshot::Sender<()>)>);

impl Log {
    fn open(folder: &Path) -> Self {
        let (sender, receiver) = mpsc::channel::<(Vec<pb::UsageEvent>, oneshot::Sender<()>)>();
        let mut file = File::create(folder.join("events.log")).unwrap();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            while let Ok(first) = receiver.recv() {
                let mut replies = Vec::new();
                bytes.clear();
                for (events, reply) in std::iter::once(first).chain(receiver.try_iter().take(64)) {
                    for event in events {
                        event.encode_length_delimited(&mut bytes).unwrap();
                    }
                    replies.push(reply);
                }
                file.write_all(&bytes).unwrap();
                file.sync_data().unwrap();
                for reply in replies {
                    // A caller that has gone away needs no answer.
                    let _ = reply.send(());
                }
            }
        });
        Self(sender)
    }
}

#[derive(Clone, Debug)]
struct Baseline {
    log: Option<Log>,
}

impl Baseline {
    async fn keep(&self, events: Vec<pb::UsageEvent>) {
        if let Some(log) = &self.log {
            let (reply, kept) = oneshot::channel();
            log.0.send((events, reply)).unwrap();
            kept.await.unwrap();
        }
    }
}

fn unserved<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented(
        "this is what the meter is compared with",
    ))
}

#[tonic::async_trait]
impl MeterService for Baseline {
    async fn record_usage(
        &self,
        request: Request<pb::RecordUsageRequest>,
    ) -> Result<Response<pb::RecordUsageResponse>, Status> {
        let events = request.into_inner().events;
        let outcome = |event: &pb::UsageEvent| pb::EventOutcome {
            event_id: event.event_id.clone(),
            status: pb::RecordStatus::Recorded.into(),
            ..Default::default()
        };
        let outcomes = events.iter().map(outcome).collect();
        self.keep(events).await;
        Ok(Response::new(pb::RecordUsageResponse { outcomes }))
    }

    type StreamUsageStream = Answers<pb::StreamUsageResponse>;

    async fn stream_usage(
        &self,
        request: Request<Streaming<pb::StreamUsageRequest>>,
    ) -> Result<Response<Self::StreamUsageStream>, Status> {
        let service = self.clone();
        let batches = stream::unfold(request.into_inner(), |mut batches| async move {
            let batch = batches.message().await.transpose()?;
            Some((batch, batches))
        });
        let answers = batches
            .map(move |batch| {
                let service = service.clone();
                async move {
                    let batch = batch?;
                    let count = batch.events.len();
                    service.keep(batch.events).await;
                    Ok(pb::StreamUsageResponse {
                        batch_number: batch.batch_number,
                        statuses: vec![pb::RecordStatus::Recorded.into(); count],
                        problems: Vec::new(),
                    })
                }
            })
            .buffered(BATCHES_IN_HAND_MAX);
        Ok(Response::new(Box::pin(answers)))
    }

    type WatchSummaryStream = Answers<pb::WatchSummaryResponse>;
    async fn watch_summary(
        &self,
        _: Request<pb::WatchSummaryRequest>,
    ) -> Result<Response<Self::WatchSummaryStream>, Status> {
        unserved()
    }

    type ExportEventsStream = Answers<pb::ExportEventsResponse>;
    async fn export_events(
        &self,
        _: Request<pb::ExportEventsRequest>,
    ) -> Result<Response<Self::ExportEventsStream>, Status> {
        unserved()
    }

    async fn start_session(
        &self,
        _: Request<pb::StartSessionRequest>,
    ) -> Result<Response<pb::StartSessionResponse>, Status> {
        unserved()
    }

    async fn end_session(
        &self,
        _: Request<pb::EndSessionRequest>,
    ) -> Result<Response<pb::EndSessionResponse>, Status> {
        unserved()
    }

    async fn reset_session(
        &self,
        _: Request<pb::ResetSessionRequest>,
    ) -> Result<Response<pb::ResetSessionResponse>, Status> {
        unserved()
    }

    async fn get_session(
        &self,
        _: Request<pb::GetSessionRequest>,
    ) -> Result<Response<pb::GetSessionResponse>, Status> {
        unserved()
    }

    async fn list_sessions(
        &self,
        _: Request<pb::ListSessionsRequest>,
    ) -> Result<Response<pb::ListSessionsResponse>, Status> {
        unserved()
    }

    async fn report_recorder_status(
        &self,
        _: Request<pb::ReportRecorderStatusRequest>,
    ) -> Result<Response<pb::ReportRecorderStatusResponse>, Status> {
        unserved()
    }

    async fn get_summary(
        &self,
        _: Request<pb::GetSummaryRequest>,
    ) -> Result<Response<pb::GetSummaryResponse>, Status> {
        unserved()
    }

    async fn list_events(
        &self,
        _: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        unserved()
    }

    async fn get_receipt(
        &self,
        _: Request<pb::GetReceiptRequest>,
    ) -> Result<Response<pb::GetReceiptResponse>, Status> {
        unserved()
    }

    async fn query_usage(
        &self,
        _: Request<pb::QueryUsageRequest>,
    ) -> Result<Response<pb::QueryUsageResponse>, Status> {
        unserved()
    }

    async fn set_budget(
        &self,
        _: Request<pb::SetBudgetRequest>,
    ) -> Result<Response<pb::SetBudgetResponse>, Status> {
        unserved()
    }

    async fn reserve_budget(
        &self,
        _: Request<pb::ReserveBudgetRequest>,
    ) -> Result<Response<pb::ReserveBudgetResponse>, Status> {
        unserved()
    }

    async fn release_reservation(
        &self,
        _: Request<pb::ReleaseReservationRequest>,
    ) -> Result<Response<pb::ReleaseReservationResponse>, Status> {
        unserved()
    }

    async fn report_quota(
        &self,
        _: Request<pb::ReportQuotaRequest>,
    ) -> Result<Response<pb::ReportQuotaResponse>, Status> {
        unserved()
    }
}
