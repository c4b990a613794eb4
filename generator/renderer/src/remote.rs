//! Renders in the renderer's container, over a Unix socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reelmeter_proto::renderer::v1 as wire;
use reelmeter_proto::renderer::v1::render_scene_response::Part;
use reelmeter_proto::renderer::v1::renderer_service_client::RendererServiceClient;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use crate::failure::{Error, Problem, Unavailable};
use crate::service::{fault_from_wire, scene_to_wire};
use crate::{Limits, Scene, answer};

/// How long the socket may take to answer: it is on this machine.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// A renderer behind a Unix socket.
#[derive(Debug, Clone)]
pub struct RemoteRenderer {
    socket: PathBuf,
    client: RendererServiceClient<Channel>,
}

impl RemoteRenderer {
    /// The renderer that listens on this socket. It is connected to when it is first asked.
    ///
    /// # Errors
    /// If the path cannot be a socket's.
    pub fn at(socket: &Path) -> Result<Self, Unavailable> {
        let unusable = |reason: String| {
            Unavailable::new(
                format!(
                    "{} cannot be the renderer's socket: {reason}",
                    socket.display()
                ),
                "set renderer_socket to the socket that the renderer listens on",
            )
        };
        let absolute = std::path::absolute(socket).map_err(|error| unusable(error.to_string()))?;
        let path = absolute
            .to_str()
            .ok_or_else(|| unusable("it is no text".into()))?;
        let endpoint = Endpoint::from_shared(format!("unix://{path}"))
            .map_err(|error| unusable(error.to_string()))?
            .connect_timeout(CONNECT_TIME_MAX);
        Ok(Self {
            socket: absolute.clone(),
            client: RendererServiceClient::new(endpoint.connect_lazy()),
        })
    }

    /// Which Manim renders there, inside which walls.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn says(&self) -> Result<String, Unavailable> {
        match self
            .client
            .clone()
            .get_renderer(wire::GetRendererRequest {})
            .await
        {
            Ok(answer) => Ok(answer::one_line(&answer.into_inner().description)),
            Err(status) => Err(Unavailable::new(
                format!(
                    "the renderer at {} does not answer: {}",
                    self.socket.display(),
                    status.message()
                ),
                "start it: docker compose --profile animated up -d",
            )),
        }
    }

    /// As [`crate::Renderer::check`].
    ///
    /// # Errors
    /// What is wrong with the code or with the renderer.
    pub async fn check(&self, scene: &Scene, cancel: &CancellationToken) -> Result<(), Error> {
        scene.checked().map_err(Error::Code)?;
        let mut client = self.client.clone();
        let request = wire::CheckSceneRequest {
            scene: Some(scene_to_wire(scene)),
        };
        let response = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Error::Cancelled),
            response = client.check_scene(request) => response.map_err(|status| self.failed(&status))?,
        };
        match response.into_inner().problem {
            None => Ok(()),
            Some(problem) => Err(Error::Code(problem_from_wire(scene, &problem))),
        }
    }

    /// As [`crate::Renderer::render`].
    ///
    /// # Errors
    /// What is wrong with the code or with the renderer.
    pub async fn render(&self, scene: &Scene, cancel: &CancellationToken) -> Result<Bytes, Error> {
        scene.checked().map_err(Error::Code)?;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::Cancelled),
            picture = self.picture(scene) => picture,
        }
    }

    async fn picture(&self, scene: &Scene) -> Result<Bytes, Error> {
        let picture_bytes_max =
            usize::try_from(Limits::default().picture_bytes).unwrap_or(usize::MAX);
        let request = wire::RenderSceneRequest {
            scene: Some(scene_to_wire(scene)),
        };
        let mut client = self.client.clone();
        let mut parts = client
            .render_scene(request)
            .await
            .map_err(|status| self.failed(&status))?
            .into_inner();
        let mut picture = BytesMut::new();
        while let Some(response) = parts
            .message()
            .await
            .map_err(|status| self.failed(&status))?
        {
            match response.part {
                Some(Part::Picture(bytes)) => picture.extend_from_slice(&bytes),
                Some(Part::Problem(problem)) => {
                    return Err(Error::Code(problem_from_wire(scene, &problem)));
                }
                None => {}
            }
            if picture.len() > picture_bytes_max {
                return Err(Error::Machine(format!(
                    "the renderer at {} sends more than {picture_bytes_max} bytes; do both sides have one version?",
                    self.socket.display()
                )));
            }
        }
        Ok(picture.freeze())
    }

    fn failed(&self, status: &Status) -> Error {
        if status.code() == Code::InvalidArgument {
            return Error::Machine(format!(
                "the renderer refuses the request: {}",
                status.message()
            ));
        }
        Error::Machine(format!(
            "the renderer at {} failed: {}; see docker compose logs renderer",
            self.socket.display(),
            status.message()
        ))
    }
}

fn problem_from_wire(scene: &Scene, problem: &wire::Problem) -> Problem {
    Problem {
        fault: fault_from_wire(problem.fault()),
        message: answer::one_line(&problem.message),
        line: problem.line_number.and_then(|number| scene.line(number)),
    }
}
