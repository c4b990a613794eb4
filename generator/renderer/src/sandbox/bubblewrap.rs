//! The walls of a host: bubblewrap, from namespaces.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use tokio::process::Command;

use super::pool::{Lent, Pool};
use super::{DRIVER, syscalls};
use crate::limits::cpu_seconds;
use crate::{Environment, Limits, Unavailable};

/// Where the programs are looked for: not in PATH, which anybody may have set.
const FOLDERS: [&str; 3] = ["/usr/bin", "/bin", "/usr/local/bin"];

/// Users that scenes run as when we are root. Limits on processes and the kernel's own checks do not hold for root, not
/// even inside a user namespace. Debian's policy and systemd's dynamic users both leave these numbers alone, and each run
/// has one of its own.
const USERS: std::ops::Range<u32> = 65_520..65_532;

/// What a scene sees of the system besides `/usr` and Manim, where it is there: fonts and how to find libraries.
const SHOWN: [&str; 4] = [
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/var/cache/fontconfig",
];

/// Scratch space beside the scene's own folder, in bytes: caches of fonts.
const SCRATCH_BYTES: u64 = 64 << 20;

/// The first file descriptor that a filter is passed by; 0 to 2 are the streams.
const FIRST_FILTER_FD: i32 = 3;

/// bubblewrap, and what starts it.
#[derive(Debug)]
pub(crate) struct Bubblewrap {
    bwrap: PathBuf,
    prlimit: PathBuf,
    /// How root becomes somebody without rights; `None` if we are not root.
    demotion: Option<(PathBuf, Arc<Pool<u32>>)>,
}

impl Bubblewrap {
    /// Looks for the programs.
    ///
    /// # Errors
    /// The one that is missing, and how it is installed.
    pub(crate) fn find() -> Result<Self, Unavailable> {
        let bwrap = program("bwrap").ok_or_else(|| {
            Unavailable::new(
                "bubblewrap is not installed, and scenes run inside it or not at all",
                "run scripts/setup.sh --animated, or apt-get install bubblewrap",
            )
        })?;
        let from_util_linux = |name: &str| {
            program(name).ok_or_else(|| {
                Unavailable::new(
                    format!("{name} is not installed, and without it a scene has no limits"),
                    "apt-get install util-linux",
                )
            })
        };
        let demotion = if rustix::process::geteuid().is_root() {
            Some((from_util_linux("setpriv")?, Pool::new(USERS.collect())))
        } else {
            None
        };
        Ok(Self {
            bwrap,
            prlimit: from_util_linux("prlimit")?,
            demotion,
        })
    }

    /// A user for one run; `Ok(None)` if we are somebody without rights ourselves.
    pub(crate) async fn user(&self) -> io::Result<Option<Lent<u32>>> {
        match &self.demotion {
            None => Ok(None),
            Some((_, users)) => match users.lend().await {
                Some(user) => Ok(Some(user)),
                None => Err(io::Error::other("no user is left to run a scene as")),
            },
        }
    }

    /// The command that runs the driver.
    pub(crate) fn command(
        &self,
        environment: &Environment,
        limits: &Limits,
        time_max: Duration,
        user: Option<u32>,
    ) -> io::Result<Command> {
        let mut words: Vec<OsString> = Vec::new();
        let mut say = |texts: &[&str]| words.extend(texts.iter().map(OsString::from));
        say(&[
            "--unshare-all",
            "--unshare-user",
            // No user namespace inside this one: that is where most ways out of it were found.
            "--disable-userns",
            // We end, it ends.
            "--die-with-parent",
            // No terminal to type into.
            "--new-session",
        ]);
        say(&["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin"]);
        say(&["--symlink", "usr/lib", "/lib"]);
        say(&["--symlink", "usr/lib64", "/lib64"]);
        for path in SHOWN {
            say(&["--ro-bind-try", path, path]);
        }
        if !environment.home().starts_with("/usr") {
            words.push("--ro-bind".into());
            words.extend([environment.home().into(), environment.home().into()]);
        }
        let mut say = |texts: &[&str]| words.extend(texts.iter().map(OsString::from));
        say(&["--proc", "/proc", "--dev", "/dev"]);
        say(&["--size", &limits.disk_bytes.to_string(), "--tmpfs", "/job"]);
        say(&["--size", &SCRATCH_BYTES.to_string(), "--tmpfs", "/tmp"]);
        // These are memory without a limit of their own, and belong to whoever is inside.
        say(&["--remount-ro", "/dev", "--remount-ro", "/"]);
        say(&["--chdir", "/job", "--hostname", "sandbox"]);
        say(&["--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"]);
        say(&["--clearenv"]);
        for (name, value) in super::ENVIRONMENT {
            say(&["--setenv", name, value]);
        }
        say(&["--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp"]);
        let filters = syscalls::filters(None).map_err(io::Error::other)?;
        let mut mappings = Vec::new();
        for (fd, filter) in (FIRST_FILTER_FD..).zip(&filters) {
            say(&["--add-seccomp-fd", &fd.to_string()]);
            mappings.push(FdMapping {
                parent_fd: readable(&syscalls::bytes(filter))?,
                child_fd: fd,
            });
        }
        say(&["--"]);
        words.push(self.prlimit.clone().into());
        let cpu_s = cpu_seconds(time_max);
        words.extend(
            [
                format!("--as={}", limits.memory_bytes),
                // The second figure is for those who ignore the first.
                format!("--cpu={cpu_s}:{}", cpu_s + 1),
                format!("--fsize={}", limits.file_bytes),
                format!("--nofile={}", limits.open_files),
                format!("--nproc={}", limits.threads),
                "--core=0".into(),
                "--".into(),
            ]
            .map(OsString::from),
        );
        words.push(environment.python().into());
        words.extend(["-I", "-c", DRIVER].map(OsString::from));

        let mut command = match (&self.demotion, user) {
            (Some((setpriv, _)), Some(user)) => {
                let mut command = Command::new(setpriv);
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={user}"))
                    .args(["--clear-groups", "--inh-caps=-all", "--bounding-set=-all"])
                    .arg("--")
                    .arg(&self.bwrap);
                command
            }
            (None, _) => Command::new(&self.bwrap),
            (Some(_), None) => return Err(io::Error::other("a scene is not run as root")),
        };
        command.args(words).env_clear().current_dir("/");
        command.fd_mappings(mappings).map_err(io::Error::other)?;
        Ok(command)
    }
}

/// A pipe that holds these bytes and its end.
fn readable(bytes: &[u8]) -> io::Result<OwnedFd> {
    // A filter has a few thousand bytes, and a pipe room for sixty-four thousand: this does not wait.
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(bytes)?;
    Ok(reader.into())
}

fn program(name: &str) -> Option<PathBuf> {
    FOLDERS
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file())
}
