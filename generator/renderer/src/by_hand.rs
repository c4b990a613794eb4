//! A scene checked or rendered by hand, to see what the sandbox makes of it.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{Error, MANIM_HOME_DEFAULT, RemoteRenderer, Renderer, Scene};

/// A scene, and where to render it.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// The file with the scene's code; `-` reads it from standard input.
    file: PathBuf,
    /// Where the picture goes; without it the scene is only checked.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The class that is the scene.
    #[arg(long, default_value = "Section")]
    scene_class: String,
    /// The picture's width in pixels.
    #[arg(long, default_value_t = 854)]
    width: u32,
    /// The picture's height in pixels.
    #[arg(long, default_value_t = 480)]
    height: u32,
    /// Frames a second.
    #[arg(long, default_value_t = 15)]
    fps: u32,
    /// How long it may take.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// The socket of a running renderer; without it bubblewrap on this machine is used.
    #[arg(long, env)]
    renderer_socket: Option<PathBuf>,
    /// Where Manim is.
    #[arg(long, env, default_value = MANIM_HOME_DEFAULT)]
    manim_home: PathBuf,
}

/// Checks or renders it; gives what to say about it.
///
/// # Errors
/// What is wrong with the scene or with this machine.
pub async fn run(settings: Settings) -> Result<String, String> {
    let mut code = String::new();
    let read = if settings.file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut code)
    } else {
        std::fs::File::open(&settings.file).and_then(|mut file| file.read_to_string(&mut code))
    };
    read.map_err(|error| format!("cannot read {}: {error}", settings.file.display()))?;
    let scene = Scene {
        code,
        scene_class: settings.scene_class,
        width_px: settings.width,
        height_px: settings.height,
        fps: settings.fps,
        time_max: Duration::from_secs(settings.seconds),
    };
    let cancel = CancellationToken::new();
    let checked_only = settings.out.is_none();
    let picture = match &settings.renderer_socket {
        Some(socket) => {
            let remote = RemoteRenderer::at(socket).map_err(|error| error.to_string())?;
            match checked_only {
                true => remote.check(&scene, &cancel).await.map(|()| None),
                false => remote.render(&scene, &cancel).await.map(Some),
            }
        }
        None => {
            let here = Renderer::on_host(&settings.manim_home)
                .await
                .map_err(|error| error.to_string())?;
            match checked_only {
                true => here.check(&scene, &cancel).await.map(|()| None),
                false => here.render(&scene, &cancel).await.map(Some),
            }
        }
    };
    let picture = picture.map_err(told)?;
    match (settings.out, picture) {
        (Some(out), Some(picture)) => {
            std::fs::write(&out, &picture)
                .map_err(|error| format!("cannot write {}: {error}", out.display()))?;
            Ok(format!("{}: {} bytes", out.display(), picture.len()))
        }
        _ => Ok("nothing is wrong with it".into()),
    }
}

fn told(error: Error) -> String {
    let Error::Code(problem) = error else {
        return error.to_string();
    };
    let line = problem
        .line
        .map(|line| format!(" (line {}: {})", line.number, line.text));
    format!(
        "{:?}: {}{}",
        problem.fault,
        problem.message,
        line.unwrap_or_default()
    )
}
