//! What a moving picture from elsewhere holds.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::{Error, Tools, probe};

/// What an MP4 holds by its own account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clip {
    /// How its picture is encoded: `h264`.
    pub codec: String,
    /// How its pixels are laid out: `yuv420p`.
    pub pixel_format: String,
    /// Its width in pixels.
    pub width_px: u32,
    /// Its height in pixels.
    pub height_px: u32,
    /// How many frames its index lists.
    pub frame_count: u64,
}

/// Looks into an MP4 that we did not write, opened as nothing else; `None` if it holds no picture or cannot be read.
///
/// # Errors
/// If ffprobe is not there or was called off.
pub(crate) async fn look_at_clip(
    path: &Path,
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<Option<Clip>, Error> {
    let tools = Tools::find().await?;
    let video = match probe::file(&tools, path, folder, cancel).await {
        Ok(found) => found.video,
        Err(Error::Failed { .. } | Error::Wrong { .. } | Error::Killed { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(video.map(|video| Clip {
        codec: video.codec,
        pixel_format: video.pixel_format,
        width_px: video.width_px,
        height_px: video.height_px,
        frame_count: video.frame_count,
    }))
}
