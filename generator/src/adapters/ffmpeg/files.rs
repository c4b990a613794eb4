//! Files that are whole or not there.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::fs;

use super::Error;

/// What the names of unfinished files start with.
const PART_PREFIX: &str = "part-";

/// Tells unfinished files of one process apart.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// A file that is removed when it goes out of scope, unless it was kept.
#[derive(Debug)]
pub(super) struct TempFile {
    path: PathBuf,
    kept: bool,
}

impl TempFile {
    /// A name in `folder` that no other run uses; the file is not made yet.
    pub(super) fn new(folder: &Path, extension: &str) -> Self {
        Self::with_prefix(folder, PART_PREFIX, extension)
    }

    /// The same for a file that becomes `target`: beside it, since a rename cannot
    /// cross file systems, and hidden, since folders of videos are looked at.
    pub(super) fn beside(target: &Path) -> Self {
        let folder = target.parent().unwrap_or(Path::new("."));
        let extension = target.extension().unwrap_or_default().to_string_lossy();
        Self::with_prefix(folder, &hidden_prefix(target), &extension)
    }

    fn with_prefix(folder: &Path, prefix: &str, extension: &str) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        Self {
            path: folder.join(format!("{prefix}{process}-{number}.{extension}")),
            kept: false,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its name within its folder.
    pub(super) fn name(&self) -> Option<&str> {
        self.path.file_name()?.to_str()
    }

    /// Makes the finished file known under its name: its bytes are on the disk first,
    /// so that after a power cut it is whole or not there.
    pub(super) async fn keep_as(mut self, target: &Path) -> Result<(), Error> {
        let settle = async {
            fs::File::open(&self.path).await?.sync_all().await?;
            fs::rename(&self.path, target).await?;
            // The name is in the folder, which is written like a file.
            fs::File::open(target.parent().unwrap_or(Path::new(".")))
                .await?
                .sync_all()
                .await
        };
        settle
            .await
            .map_err(|source| Error::file("finishing", target, source))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if !self.kept {
            // It may never have been made.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn hidden_prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.{PART_PREFIX}")
}

/// Removes what runs that were killed have left in a folder of ours.
pub(super) async fn remove_leftovers(folder: &Path) -> Result<(), Error> {
    remove_matching(folder, |name| name.starts_with(PART_PREFIX)).await
}

/// Removes what runs that were killed have left beside a file.
pub(super) async fn remove_leftovers_of(target: &Path) -> Result<(), Error> {
    let prefix = hidden_prefix(target);
    let folder = target.parent().unwrap_or(Path::new("."));
    remove_matching(folder, |name| name.starts_with(&prefix)).await
}

/// Removes the files of a folder whose names are chosen.
pub(super) async fn remove_matching(
    folder: &Path,
    chosen: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let remove = async {
        let mut entries = fs::read_dir(folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            if name.to_str().is_some_and(&chosen) && entry.file_type().await?.is_file() {
                fs::remove_file(entry.path()).await?;
            }
        }
        Ok(())
    };
    remove
        .await
        .map_err(|source| Error::file("tidying", folder, source))
}

/// A path from the root, so that it means the same in another folder.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|source| Error::file("finding", path, source))
}

/// The subtitle file beside a video: the same name with another ending.
pub(super) fn srt_beside(video: &Path) -> PathBuf {
    video.with_extension(OsStr::new("srt"))
}
