//! Manim as what animates: in a sandbox on this machine, or in the renderer's container.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use reelmeter_renderer::{Error, RemoteRenderer, Renderer, Scene, Unavailable};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

mod convert;

use super::ffmpeg::{Clip, look_at_clip};
use super::files;
use crate::Config;
use crate::application::ports::{
    AnimateError, Animation, Animator, CodeProblem, Fault, NoAnimator, Rendered,
};

/// What a rendered animation is called in its folder.
const FILE_NAME: &str = "animation.mp4";

/// Longest that the container's renderer may take to say who it is.
const READY_TIME_MAX: Duration = Duration::from_secs(10);

/// Where scenes are rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// In bubblewrap on this machine, by the Manim of this folder.
    Host(PathBuf),
    /// In the renderer's container, through this Unix socket.
    Container(PathBuf),
}

/// Renders with Manim. The sandbox is proven when it is first needed, so that installing it helps at once.
#[derive(Debug)]
pub struct Manim {
    place: Place,
    opened: Mutex<Option<Opened>>,
}

#[derive(Debug, Clone)]
enum Opened {
    Here(Renderer),
    There(RemoteRenderer),
}

impl Manim {
    /// Renders where the settings say: in the container whose socket they name, or else on this machine.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            place: match &config.renderer_socket {
                Some(socket) => Place::Container(socket.clone()),
                None => Place::Host(config.manim_home.clone()),
            },
            opened: Mutex::new(None),
        }
    }

    /// The renderer, proven once.
    async fn opened(&self) -> Result<Opened, Unavailable> {
        let mut opened = self.opened.lock().await;
        if let Some(opened) = &*opened {
            return Ok(opened.clone());
        }
        let new = match &self.place {
            Place::Host(home) => Opened::Here(Renderer::on_host(home).await?),
            Place::Container(socket) => Opened::There(RemoteRenderer::at(socket)?),
        };
        *opened = Some(new.clone());
        Ok(new)
    }

    async fn says(&self) -> Result<String, Unavailable> {
        match self.opened().await? {
            Opened::Here(renderer) => Ok(renderer.says().to_owned()),
            // Asked each time: a container comes and goes.
            Opened::There(renderer) => {
                match tokio::time::timeout(READY_TIME_MAX, renderer.says()).await {
                    Ok(says) => says.map(|says| format!("{says}, in a container of its own")),
                    Err(_) => Err(Unavailable {
                        missing: "the renderer does not answer".into(),
                        remedy: "look at it: docker compose logs renderer".into(),
                    }),
                }
            }
        }
    }

    async fn run_check(&self, scene: &Scene, cancel: &CancellationToken) -> Result<(), Error> {
        match self.opened().await.map_err(machine)? {
            Opened::Here(renderer) => renderer.check(scene, cancel).await,
            Opened::There(renderer) => renderer.check(scene, cancel).await,
        }
    }

    async fn run_render(&self, scene: &Scene, cancel: &CancellationToken) -> Result<Bytes, Error> {
        match self.opened().await.map_err(machine)? {
            Opened::Here(renderer) => renderer.render(scene, cancel).await,
            Opened::There(renderer) => renderer.render(scene, cancel).await,
        }
    }
}

fn machine(unavailable: Unavailable) -> Error {
    Error::Machine(unavailable.to_string())
}

impl Animator for Manim {
    fn ready(&self) -> BoxFuture<'_, Result<String, NoAnimator>> {
        Box::pin(async move { self.says().await.map_err(convert::unavailable) })
    }

    fn check<'a>(
        &'a self,
        animation: &'a Animation,
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<(), AnimateError>> {
        Box::pin(async move {
            self.run_check(&convert::scene(animation), cancel)
                .await
                .map_err(convert::error)
        })
    }

    fn render<'a>(
        &'a self,
        animation: &'a Animation,
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Rendered, AnimateError>> {
        Box::pin(async move {
            let picture = self
                .run_render(&convert::scene(animation), cancel)
                .await
                .map_err(convert::error)?;
            let path = animation.folder.join(FILE_NAME);
            keep(path.clone(), picture).await?;
            let clip = look_at_clip(&path, &animation.folder, cancel)
                .await
                .map_err(|error| match error.is_cancelled() {
                    true => AnimateError::Cancelled,
                    false => AnimateError::Machine(error.to_string()),
                })?;
            let clip = usable(clip, animation).map_err(AnimateError::Code)?;
            Ok(Rendered {
                path,
                duration_ms: clip.frame_count * 1_000 / u64::from(animation.fps.max(1)),
                frames: clip.frame_count,
            })
        })
    }
}

/// Writes the picture under a name of ours. The sandbox gives bytes, not files: there is no link or device to fall for.
async fn keep(path: PathBuf, picture: Bytes) -> Result<(), AnimateError> {
    let written = tokio::task::spawn_blocking(move || files::write_whole(&path, &picture)).await;
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(AnimateError::Machine(error.to_string())),
        Err(error) => Err(AnimateError::Machine(format!(
            "the picture was lost: {error}"
        ))),
    }
}

/// The clip, if it is what was asked for.
fn usable(clip: Option<Clip>, animation: &Animation) -> Result<Clip, CodeProblem> {
    let unusable = |message: String| CodeProblem {
        fault: Fault::NoPicture,
        message,
        line: None,
    };
    let Some(clip) = clip else {
        return Err(unusable(
            "what it left cannot be read as a moving picture".into(),
        ));
    };
    if clip.codec != "h264" || clip.pixel_format != "yuv420p" {
        return Err(unusable(format!(
            "its picture is {} {}, not h264 yuv420p",
            clip.codec, clip.pixel_format
        )));
    }
    if (clip.width_px, clip.height_px) != (animation.width_px, animation.height_px) {
        return Err(unusable(format!(
            "its picture has {}x{} pixels, not {}x{}",
            clip.width_px, clip.height_px, animation.width_px, animation.height_px
        )));
    }
    if clip.frame_count == 0 {
        return Err(unusable("its picture has no frames".into()));
    }
    Ok(clip)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn animation() -> Animation {
        Animation {
            code: String::new(),
            scene_class: "Section".into(),
            width_px: 854,
            height_px: 480,
            fps: 15,
            folder: PathBuf::new(),
            time_max: Duration::from_secs(1),
        }
    }

    #[test]
    fn a_picture_of_another_size_is_the_code_s_fault() {
        let clip = Clip {
            codec: "h264".into(),
            pixel_format: "yuv420p".into(),
            width_px: 480,
            height_px: 854,
            frame_count: 30,
        };
        let problem = usable(Some(clip.clone()), &animation()).unwrap_err();
        assert_eq!(problem.fault, Fault::NoPicture);
        assert_eq!(
            problem.message,
            "its picture has 480x854 pixels, not 854x480"
        );
        assert!(usable(None, &animation()).is_err());
        let right = Clip {
            width_px: 854,
            height_px: 480,
            ..clip
        };
        assert!(usable(Some(right), &animation()).is_ok());
    }
}
