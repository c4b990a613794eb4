//! The service's methods.

use std::pin::Pin;

use futures::Stream;
use reelmeter_proto::renderer::v1 as wire;
use reelmeter_proto::renderer::v1::renderer_service_server::RendererService;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::convert::{problem_to_wire, scene_from_wire};
use crate::{Error, Renderer};

/// Bytes of a picture in one message.
const CHUNK_BYTES: usize = 256 * 1_024;

/// Answers a generator.
#[derive(Debug)]
pub(super) struct Service {
    renderer: Renderer,
    stop: CancellationToken,
}

impl Service {
    pub(super) const fn new(renderer: Renderer, stop: CancellationToken) -> Self {
        Self { renderer, stop }
    }
}

#[tonic::async_trait]
impl RendererService for Service {
    type RenderSceneStream =
        Pin<Box<dyn Stream<Item = Result<wire::RenderSceneResponse, Status>> + Send>>;

    async fn get_renderer(
        &self,
        _request: Request<wire::GetRendererRequest>,
    ) -> Result<Response<wire::GetRendererResponse>, Status> {
        Ok(Response::new(wire::GetRendererResponse {
            description: self.renderer.says().to_owned(),
        }))
    }

    async fn check_scene(
        &self,
        request: Request<wire::CheckSceneRequest>,
    ) -> Result<Response<wire::CheckSceneResponse>, Status> {
        let scene = scene_from_wire(request.into_inner().scene)?;
        // A caller who goes away drops this future, and with it the run.
        let problem = match self.renderer.check(&scene, &self.stop).await {
            Ok(()) => None,
            Err(Error::Code(problem)) => Some(problem_to_wire(&problem)),
            Err(other) => return Err(status(&other)),
        };
        Ok(Response::new(wire::CheckSceneResponse { problem }))
    }

    async fn render_scene(
        &self,
        request: Request<wire::RenderSceneRequest>,
    ) -> Result<Response<Self::RenderSceneStream>, Status> {
        let scene = scene_from_wire(request.into_inner().scene)?;
        let part = |part| Ok(wire::RenderSceneResponse { part: Some(part) });
        let parts: Vec<_> = match self.renderer.render(&scene, &self.stop).await {
            Ok(picture) => (0..picture.len())
                .step_by(CHUNK_BYTES)
                .map(|start| picture.slice(start..(start + CHUNK_BYTES).min(picture.len())))
                .map(|bytes| part(wire::render_scene_response::Part::Picture(bytes.to_vec())))
                .collect(),
            Err(Error::Code(problem)) => vec![part(wire::render_scene_response::Part::Problem(
                problem_to_wire(&problem),
            ))],
            Err(other) => return Err(status(&other)),
        };
        Ok(Response::new(Box::pin(tokio_stream::iter(parts))))
    }
}

/// What is not the code's fault.
fn status(error: &Error) -> Status {
    match error {
        Error::Machine(reason) => Status::unavailable(reason.clone()),
        Error::Cancelled => Status::cancelled("the renderer is stopping"),
        Error::Code(problem) => Status::internal(problem.message.clone()),
    }
}
