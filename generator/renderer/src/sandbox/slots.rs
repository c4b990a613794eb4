//! The walls of a container: Landlock, a filter of system calls and limits, put up by a helper around itself.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;

use super::pool::{Lent, Pool};
use crate::limits::cpu_seconds;
use crate::{Environment, Limits, Unavailable};

/// What `statfs` calls a tmpfs.
const TMPFS: i64 = 0x0102_1994;

/// Places to write, one for each scene at a time, and the helper that confines itself to one of them.
#[derive(Debug)]
pub(crate) struct Slots {
    helper: PathBuf,
    places: Arc<Pool<PathBuf>>,
    count: u64,
}

impl Slots {
    /// Takes the places over. Each must be a tmpfs with a size of its own: nothing else bounds what a scene writes.
    ///
    /// # Errors
    /// What is wrong with a place or with who we are.
    pub(crate) fn take(
        places: &[PathBuf],
        helper: PathBuf,
        limits: &Limits,
    ) -> Result<Self, Unavailable> {
        if rustix::process::geteuid().is_root() {
            return Err(Unavailable::new(
                "this is root, for whom limits on processes do not hold",
                "run the renderer as a user without rights, as its container image does",
            ));
        }
        if places.is_empty() {
            return Err(Unavailable::new(
                "no place to render in",
                "name one or more folders (renderer_slots), each a tmpfs of its own",
            ));
        }
        for place in places {
            let named = |reason: String| {
                Unavailable::new(
                    format!("{} is no place to render in: {reason}", place.display()),
                    format!(
                        "mount a tmpfs with size={} or less there, owned by this user",
                        limits.disk_bytes
                    ),
                )
            };
            let facts = rustix::fs::statfs(place).map_err(|error| named(error.to_string()))?;
            #[expect(
                clippy::useless_conversion,
                reason = "the fields' types differ between kinds of machine"
            )]
            let (kind, size) = (
                i64::from(facts.f_type),
                facts
                    .f_blocks
                    .saturating_mul(u64::try_from(facts.f_bsize).unwrap_or(u64::MAX)),
            );
            if kind != TMPFS {
                return Err(named("it is no tmpfs, and goes on the disk".into()));
            }
            if size > limits.disk_bytes {
                return Err(named(format!("it holds {size} bytes")));
            }
            empty(place).map_err(|error| named(format!("it cannot be emptied: {error}")))?;
        }
        Ok(Self {
            helper,
            places: Pool::new(places.to_vec()),
            count: places.len() as u64,
        })
    }

    /// A place for one run.
    pub(crate) async fn place(&self) -> io::Result<Lent<PathBuf>> {
        self.places.lend().await.ok_or_else(|| {
            io::Error::other(
                "no place to render in is left that could be emptied; restart the renderer",
            )
        })
    }

    /// How many threads this user may have. They are counted for the user, not for the run: the other places' and our
    /// own are among them.
    pub(crate) fn threads(&self, limits: &Limits) -> u64 {
        limits.threads * self.count + 64
    }

    /// The command that runs the driver.
    pub(crate) fn command(
        &self,
        environment: &Environment,
        limits: &Limits,
        time_max: Duration,
        place: &Path,
    ) -> Command {
        let cpu_s = cpu_seconds(time_max);
        let threads = self.threads(limits);
        let mut command = Command::new(&self.helper);
        command.arg(crate::confine::COMMAND);
        let mut say = |name: &str, value: OsString| {
            command.arg(name).arg(value);
        };
        say("--place", place.into());
        say("--home", environment.home().into());
        say("--memory-bytes", limits.memory_bytes.to_string().into());
        say("--cpu-seconds", cpu_s.to_string().into());
        say("--file-bytes", limits.file_bytes.to_string().into());
        say("--open-files", limits.open_files.to_string().into());
        say("--threads", threads.to_string().into());
        command.env_clear().current_dir("/");
        command
    }
}

/// Empties a place after a run, whatever it has left there. The run has ended: nobody changes the tree meanwhile.
pub(crate) fn empty(place: &Path) -> io::Result<()> {
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let path = entry.path();
        if !entry.file_type()?.is_dir() {
            fs::remove_file(&path)?;
        } else if fs::remove_dir_all(&path).is_err() {
            // Folders that their owner may not read: it has seen to that.
            unlock(&path)?;
            fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

/// Makes every folder readable again. Links are not followed.
fn unlock(folder: &Path) -> io::Result<()> {
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_place_is_emptied_of_links_and_of_locked_folders() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "kept").unwrap();
        let place = tempfile::tempdir().unwrap();
        let locked = place.path().join("a/b/c");
        fs::create_dir_all(&locked).unwrap();
        fs::write(locked.join("file"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path(), place.path().join("link")).unwrap();
        std::os::unix::fs::symlink(outside.path(), locked.join("link")).unwrap();
        for folder in [&locked, &place.path().join("a")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o000)).unwrap();
        }
        empty(place.path()).unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        assert!(outside.path().join("kept").exists());
    }
}
