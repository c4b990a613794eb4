//! Fetches a finished video's file from the generator.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use reelmeter_proto::generator::v1::VideoFile;

use crate::error::Error;
use crate::remote::{Remote, RemoteError};

/// How often a broken download is taken up again where it stopped.
const TRIES_MAX: u32 = 5;

/// Saves the video's MP4 to the path. The file appears there only once it is whole, and nothing is overwritten.
///
/// # Errors
/// The generator's refusal, a file that is there already or cannot be written.
pub async fn save(remote: &Remote, video_id: &str, path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Err(Error::Exists {
            path: path.to_owned(),
        });
    }
    let part = part_path(path);
    let failed = |source| Error::File {
        path: part.clone(),
        source,
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&part)
        .map_err(failed)?;
    let outcome = fetch(remote, video_id, &mut file, &part).await;
    if outcome.is_err() {
        // The reason it failed is what matters; a part that cannot be removed does no harm.
        let _ = fs::remove_file(&part);
    }
    outcome?;
    file.sync_all().map_err(failed)?;
    // A hard link fails where a file of the name has appeared meanwhile; a rename would replace it.
    match fs::hard_link(&part, path) {
        Ok(()) => {
            let _ = fs::remove_file(&part);
            Ok(())
        }
        Err(_) if !path.exists() => fs::rename(&part, path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        }),
        Err(_) => {
            let _ = fs::remove_file(&part);
            Err(Error::Exists {
                path: path.to_owned(),
            })
        }
    }
}

async fn fetch(remote: &Remote, video_id: &str, file: &mut File, part: &Path) -> Result<(), Error> {
    let mut offset_bytes = 0_i64;
    let mut tries = 0;
    loop {
        match fetch_on(remote, video_id, file, part, &mut offset_bytes).await {
            Err(Error::Remote(error)) if error.may_pass() && tries < TRIES_MAX => {
                tries += 1;
                tracing::warn!(%error, offset_bytes, "the download broke; going on from there");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
            outcome => return outcome,
        }
    }
}

async fn fetch_on(
    remote: &Remote,
    video_id: &str,
    file: &mut File,
    part: &Path,
    offset_bytes: &mut i64,
) -> Result<(), Error> {
    let mut download = remote
        .download_video(video_id, VideoFile::Video, *offset_bytes)
        .await?;
    let mut size = None;
    while let Some((bytes, size_bytes)) = download.next().await? {
        file.write_all(&bytes).map_err(|source| Error::File {
            path: part.to_owned(),
            source,
        })?;
        *offset_bytes = offset_bytes.saturating_add(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        size = Some(size_bytes);
    }
    match size {
        Some(size) if *offset_bytes < size => Err(Error::Remote(RemoteError::Busy {
            peer: crate::remote::Peer::Generator,
            message: crate::printable::Text::line("it stopped sending before the end of the file"),
        })),
        _ => Ok(()),
    }
}

fn part_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}
