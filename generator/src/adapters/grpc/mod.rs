//! The generator's gRPC service.

mod convert;
mod download;
mod estimate;
mod listing;
mod status;
mod validate;
mod watch;

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use reelmeter_proto::generator::v1 as wire;
use reelmeter_proto::generator::v1::generator_service_server::GeneratorService;
use reelmeter_service::door::Caller;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::adapters::meter::Costs;
use crate::application::{Board, Studio, StudioError};
use crate::domain::job::Job;

/// The largest request: a prompt of 8,000 characters with all its labels is a tenth of it.
pub const REQUEST_BYTES_MAX: usize = 256 * 1024;

/// Answers the contract's calls.
#[derive(Debug, Clone)]
pub struct Service {
    studio: Arc<Studio>,
    costs: Costs,
    shutdown: CancellationToken,
}

impl Service {
    /// A service over the studio. Streams end when `shutdown` is cancelled.
    #[must_use]
    pub const fn new(studio: Arc<Studio>, costs: Costs, shutdown: CancellationToken) -> Self {
        Self {
            studio,
            costs,
            shutdown,
        }
    }

    /// The caller's video of that id. Another tenant's does not exist for them.
    fn find<T>(&self, request: &Request<T>, id: &str) -> Result<Arc<Board>, Status> {
        let tenant = &Caller::of(request)?.tenant;
        let found = self.studio.get(id).map_err(status::of_studio)?;
        if found.read(|job| *job.tenant == **tenant) {
            return Ok(found);
        }
        Err(status::of_studio(StudioError::NotFound {
            id: id.to_owned(),
        }))
    }

    /// The caller's newest video that can be resumed.
    fn newest_to_resume<T>(&self, request: &Request<T>) -> Result<String, Status> {
        let tenant = &Caller::of(request)?.tenant;
        let theirs = |job: &Job| *job.tenant == **tenant && job.state.can_resume();
        let boards = self.studio.all();
        let found = boards.iter().find(|board| board.read(theirs));
        found
            .map(|board| board.read(|job| job.id.clone()))
            .ok_or_else(|| status::of_studio(StudioError::NothingToResume))
    }

    async fn video(&self, board: &Board) -> wire::Video {
        let job = board.job();
        let cost = self.costs.of(&job).await;
        convert::video(&job, Some(cost))
    }
}

type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl GeneratorService for Service {
    async fn create_video(
        &self,
        request: Request<wire::CreateVideoRequest>,
    ) -> Result<Response<wire::CreateVideoResponse>, Status> {
        let tenant = Arc::clone(&Caller::of(&request)?.tenant);
        let request = request.into_inner();
        validate::request_id(&request.request_id)?;
        let spec = validate::spec(request.spec, self.studio.setup())?;
        let created = self.studio.create(&tenant, request.request_id, spec).await;
        let board = created.map_err(status::of_create)?;
        let video = Some(self.video(&board).await);
        Ok(Response::new(wire::CreateVideoResponse { video }))
    }

    type WatchVideoStream = Streamed<wire::WatchVideoResponse>;

    async fn watch_video(
        &self,
        request: Request<wire::WatchVideoRequest>,
    ) -> Result<Response<Self::WatchVideoStream>, Status> {
        let board = self.find(&request, &request.get_ref().video_id)?;
        let request = request.into_inner();
        let after = u64::try_from(request.after_log_number).unwrap_or_default();
        let stream = watch::stream(board, self.costs.clone(), after, self.shutdown.clone());
        Ok(Response::new(Box::pin(stream)))
    }

    async fn get_video(
        &self,
        request: Request<wire::GetVideoRequest>,
    ) -> Result<Response<wire::GetVideoResponse>, Status> {
        let board = self.find(&request, &request.get_ref().video_id)?;
        let video = Some(self.video(&board).await);
        Ok(Response::new(wire::GetVideoResponse { video }))
    }

    async fn list_videos(
        &self,
        request: Request<wire::ListVideosRequest>,
    ) -> Result<Response<wire::ListVideosResponse>, Status> {
        let tenant = Arc::clone(&Caller::of(&request)?.tenant);
        listing::page(&self.studio, &tenant, &request.into_inner()).map(Response::new)
    }

    async fn cancel_video(
        &self,
        request: Request<wire::CancelVideoRequest>,
    ) -> Result<Response<wire::CancelVideoResponse>, Status> {
        self.find(&request, &request.get_ref().video_id)?;
        let id = request.into_inner().video_id;
        let board = self.studio.cancel(&id).await.map_err(status::of_studio)?;
        let video = Some(self.video(&board).await);
        Ok(Response::new(wire::CancelVideoResponse { video }))
    }

    async fn resume_video(
        &self,
        request: Request<wire::ResumeVideoRequest>,
    ) -> Result<Response<wire::ResumeVideoResponse>, Status> {
        let id = match request.get_ref().video_id.as_str() {
            "" => self.newest_to_resume(&request)?,
            id => {
                self.find(&request, id)?;
                id.to_owned()
            }
        };
        let board = self.studio.resume(&id).await.map_err(status::of_studio)?;
        let video = Some(self.video(&board).await);
        Ok(Response::new(wire::ResumeVideoResponse { video }))
    }

    async fn discard_video(
        &self,
        request: Request<wire::DiscardVideoRequest>,
    ) -> Result<Response<wire::DiscardVideoResponse>, Status> {
        self.find(&request, &request.get_ref().video_id)?;
        let id = request.into_inner().video_id;
        let board = self.studio.discard(&id).await.map_err(status::of_studio)?;
        let video = Some(self.video(&board).await);
        Ok(Response::new(wire::DiscardVideoResponse { video }))
    }

    async fn estimate_video(
        &self,
        request: Request<wire::EstimateVideoRequest>,
    ) -> Result<Response<wire::EstimateVideoResponse>, Status> {
        let tenant = Arc::clone(&Caller::of(&request)?.tenant);
        let spec = validate::spec(request.into_inner().spec, self.studio.setup())?;
        let sizing = self.studio.size(&spec).await;
        let table = self.costs.newest_table(&tenant).await;
        let estimated = estimate::estimate(&sizing, &table, self.studio.now());
        let estimate = Some(estimated.map_err(Status::internal)?);
        Ok(Response::new(wire::EstimateVideoResponse { estimate }))
    }

    type DownloadVideoStream = Streamed<wire::DownloadVideoResponse>;

    async fn download_video(
        &self,
        request: Request<wire::DownloadVideoRequest>,
    ) -> Result<Response<Self::DownloadVideoStream>, Status> {
        let board = self.find(&request, &request.get_ref().video_id)?;
        let request = request.into_inner();
        let stream = download::stream(&board.job(), &request, self.shutdown.clone()).await?;
        Ok(Response::new(Box::pin(stream)))
    }

    async fn list_voices(
        &self,
        _: Request<wire::ListVoicesRequest>,
    ) -> Result<Response<wire::ListVoicesResponse>, Status> {
        let voices = self
            .studio
            .voices()
            .await
            .map_err(|failure| status::of_failure(&failure))?;
        let default = &self.studio.setup().voice_id;
        let voices = voices.items.into_iter().map(|voice| wire::Voice {
            is_default: voice.id == *default || voice.name.eq_ignore_ascii_case(default),
            voice_id: voice.id,
            name: voice.name,
            labels: voice.labels,
            preview_url: voice.preview_url,
        });
        Ok(Response::new(wire::ListVoicesResponse {
            voices: voices.collect(),
        }))
    }
}
