//! The renderer as a service in a container of its own, reached over a Unix socket.

mod convert;
mod rpc;

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reelmeter_proto::renderer::v1::renderer_service_server::RendererServiceServer;
use reelmeter_service::settings::{Common, LogFormat};
use reelmeter_service::telemetry::{self, Sink};
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;

pub(crate) use self::convert::{fault_from_wire, scene_to_wire};
use crate::{Environment, Limits, MANIM_HOME_DEFAULT, RemoteRenderer, Renderer, Sandbox};

/// Where the socket is, in the volume that generator and renderer share.
pub const SOCKET_DEFAULT: &str = "/run/reelmeter/renderer.sock";

/// Longest that a health check waits.
const HEALTH_TIME_MAX: Duration = Duration::from_secs(4);
/// Largest request: code of 128 KiB and what stands around it.
const REQUEST_BYTES_MAX: usize = 256 * 1_024;
/// How long runs in flight are waited for at the end; a container's engine ends it after ten seconds.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// The service's settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// The Unix socket to listen on.
    #[arg(long, env, default_value = SOCKET_DEFAULT)]
    pub renderer_socket: PathBuf,
    /// Where Manim is.
    #[arg(long, env, default_value = MANIM_HOME_DEFAULT)]
    pub manim_home: PathBuf,
    /// Folders to render in, one for each scene at a time; each a tmpfs of its own.
    #[arg(long, env, value_delimiter = ',', default_value = "/job/0,/job/1")]
    pub renderer_slots: Vec<PathBuf>,
    /// What to log: a level, or parts such as `info,reelmeter_renderer=debug`.
    #[arg(long, env, value_name = "FILTER", default_value = "info")]
    pub reelmeter_log: String,
    /// The form of the log lines.
    #[arg(long, env, value_name = "FORMAT", default_value = "text")]
    pub reelmeter_log_format: LogFormat,
}

/// The settings of a health check.
#[derive(Debug, Clone, clap::Args)]
pub struct HealthSettings {
    /// The Unix socket that the renderer listens on.
    #[arg(long, env, default_value = SOCKET_DEFAULT)]
    pub renderer_socket: PathBuf,
}

/// Serves until it is told to stop.
///
/// # Errors
/// Why it cannot serve, or why it cannot go on, and what to do.
pub fn serve(settings: Settings) -> Result<(), String> {
    let common = Common {
        reelmeter_log: settings.reelmeter_log,
        reelmeter_log_format: settings.reelmeter_log_format,
        ..Common::default()
    };
    telemetry::init(&common, Sink::Stderr).map_err(|error| error.to_string())?;
    runtime()?.block_on(async {
        let environment = Environment::find(&settings.manim_home).map_err(|e| e.to_string())?;
        let helper = std::env::current_exe()
            .map_err(|error| format!("cannot find this very program: {error}"))?;
        let proven = Sandbox::landlock(
            environment,
            Limits::default(),
            &settings.renderer_slots,
            helper,
        )
        .await
        .map_err(|error| error.to_string())?;
        let renderer = Renderer::inside(proven);
        let listener = listen(&settings.renderer_socket)?;
        tracing::info!(socket = %settings.renderer_socket.display(), "rendering with {}", renderer.says());
        let stop = reelmeter_service::shutdown::on_signals()
            .map_err(|error| format!("signals cannot be heard: {error}"))?;
        run(renderer, listener, stop.cancelled_owned()).await
    })
}

/// Serves a renderer on a listener until `stop` resolves.
///
/// # Errors
/// Why it cannot go on.
pub async fn run(
    renderer: Renderer,
    listener: UnixListener,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), String> {
    let cancel = tokio_util::sync::CancellationToken::new();
    let ended = cancel.clone();
    let service = rpc::Service::new(renderer.clone(), cancel.child_token());
    let serving = tonic::transport::Server::builder()
        .add_service(
            RendererServiceServer::new(service).max_decoding_message_size(REQUEST_BYTES_MAX),
        )
        .serve_with_incoming_shutdown(UnixListenerStream::new(listener), async move {
            ended.cancelled().await;
        });
    tokio::pin!(serving);
    let spent = tokio::select! {
        served = &mut serving => return served.map_err(|error| format!("the socket failed: {error}")),
        () = stop => false,
        () = renderer.spent() => true,
    };
    cancel.cancel();
    // Runs end with their calls; whoever is still there after that is left.
    let _ = tokio::time::timeout(STOP_GRACE, serving).await;
    if spent {
        return Err(
            "no place to render in is left that could be emptied; started again, it has new ones"
                .into(),
        );
    }
    Ok(())
}

/// Asks a running service whether it is well.
///
/// # Errors
/// What is wrong.
pub fn health(settings: &HealthSettings) -> Result<(), String> {
    runtime()?.block_on(async {
        let asked = async {
            let remote =
                RemoteRenderer::at(&settings.renderer_socket).map_err(|e| e.to_string())?;
            remote.says().await.map_err(|e| e.to_string())
        };
        match tokio::time::timeout(HEALTH_TIME_MAX, asked).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error),
            Err(_) => Err("the renderer does not answer".into()),
        }
    })
}

/// Checks or renders a scene by hand.
///
/// # Errors
/// What is wrong with the scene or with this machine.
pub fn by_hand(settings: crate::by_hand::Settings) -> Result<String, String> {
    runtime()?.block_on(crate::by_hand::run(settings))
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .build()
        .map_err(|error| format!("no threads to be had: {error}"))
}

/// Listens on a socket that the group may use as well: the generator is another user of the same group.
///
/// # Errors
/// Why it cannot.
pub fn listen(path: &Path) -> Result<UnixListener, String> {
    let failed = |what: &str, error: std::io::Error| {
        format!("cannot {what} the socket {}: {error}", path.display())
    };
    // Left by a run that was killed. Anything but a socket is not ours to delete.
    if std::fs::symlink_metadata(path).is_ok_and(|facts| facts.file_type().is_socket()) {
        std::fs::remove_file(path).map_err(|error| failed("replace", error))?;
    }
    let listener = UnixListener::bind(path).map_err(|error| failed("make", error))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))
        .map_err(|error| failed("share", error))?;
    Ok(listener)
}
