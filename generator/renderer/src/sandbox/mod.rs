//! The walls, and the proof that they stand.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

mod bubblewrap;
mod launcher;
mod pool;
mod slots;
pub(crate) mod syscalls;

use self::bubblewrap::Bubblewrap;
use self::launcher::Launcher;
use self::slots::Slots;
use crate::answer::{self, Answer, Facts};
use crate::run::{Bounds, Ended, How, attend};
use crate::scene::Request;
use crate::{Environment, Limits, Unavailable};

/// The program that runs inside: the static gate, then what drives Manim.
pub(crate) const DRIVER: &str = concat!(
    include_str!("../../python/gate.py"),
    "\n",
    include_str!("../../python/driver.py")
);

/// What the program inside says before it reads anything: until then, what went wrong is not the scene's fault.
pub(crate) const READY: &[u8] = b"ready\n";

/// The environment inside, besides the folder for scratch files: nothing of ours.
pub(crate) const ENVIRONMENT: [(&str, &str); 5] = [
    ("PATH", "/usr/bin"),
    ("LANG", "C.UTF-8"),
    ("NO_COLOR", "1"),
    ("COLUMNS", "160"),
    ("TERM", "dumb"),
];

/// How long the proof may take: the interpreter starts in a fraction of a second, on a busy machine in several.
const PROBE_TIME_MAX: Duration = Duration::from_secs(60);

/// The kinds of walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walls {
    /// bubblewrap: namespaces without network, other processes or other files. For hosts.
    Bubblewrap,
    /// Landlock. For the renderer's container, which has no network and no secrets itself.
    Landlock,
}

#[derive(Debug)]
enum Kind {
    Bubblewrap(Bubblewrap),
    Landlock(Slots),
}

/// A place where scenes can run, proven to have walls.
#[derive(Debug, Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: Kind,
    environment: Environment,
    limits: Limits,
    launcher: Launcher,
    /// Set when nothing can be run here any more.
    spent: CancellationToken,
}

impl Sandbox {
    /// bubblewrap on this host, if it is there and its walls hold.
    ///
    /// # Errors
    /// What is missing or does not hold, and what to do.
    pub async fn bubblewrap(
        environment: Environment,
        limits: Limits,
    ) -> Result<(Self, String), Unavailable> {
        let kind = Kind::Bubblewrap(Bubblewrap::find()?);
        Self::proven(kind, environment, limits, Walls::Bubblewrap).await
    }

    /// Landlock around `helper`, the `renderer` program, in one of the places.
    ///
    /// # Errors
    /// What is missing or does not hold, and what to do.
    pub async fn landlock(
        environment: Environment,
        limits: Limits,
        places: &[PathBuf],
        helper: PathBuf,
    ) -> Result<(Self, String), Unavailable> {
        let kind = Kind::Landlock(Slots::take(places, helper, &limits)?);
        Self::proven(kind, environment, limits, Walls::Landlock).await
    }

    async fn proven(
        kind: Kind,
        environment: Environment,
        limits: Limits,
        walls: Walls,
    ) -> Result<(Self, String), Unavailable> {
        let launcher = Launcher::new().map_err(|error| {
            Unavailable::new(
                format!("no thread can be started: {error}"),
                "raise the limit on processes",
            )
        })?;
        let sandbox = Self {
            inner: Arc::new(Inner {
                kind,
                environment,
                limits,
                launcher,
                spent: CancellationToken::new(),
            }),
        };
        let facts = sandbox.probe(walls).await?;
        let says = format!(
            "Manim {} with Typst {}, inside {}",
            answer::one_line(&facts.manim),
            answer::one_line(&facts.typst),
            match walls {
                Walls::Bubblewrap => "bubblewrap and a filter of system calls",
                Walls::Landlock => "Landlock and a filter of system calls",
            }
        );
        Ok((sandbox, says))
    }

    /// Resolves when nothing can be run here any more, because what scenes left could not be cleared away.
    pub async fn spent(&self) {
        self.inner.spent.cancelled().await;
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Runs the driver on a request. Dropping the future ends the run.
    ///
    /// # Errors
    /// What the system said when the run could not be started, waited for or cleared away.
    pub(crate) async fn run(
        &self,
        input: Vec<u8>,
        time_max: Duration,
        cancel: &CancellationToken,
    ) -> io::Result<Ended> {
        let inner = Arc::clone(&self.inner);
        let cancel = cancel.child_token();
        let _ends_with_us = cancel.clone().drop_guard();
        // A task of its own, so that a run that is dropped is still waited for and cleared away.
        tokio::spawn(async move { inner.run(input, time_max, &cancel).await })
            .await
            .map_err(|error| io::Error::other(format!("the run was lost: {error}")))?
    }

    /// Runs the driver's own look around, and holds what it says against what must be.
    async fn probe(&self, walls: Walls) -> Result<Facts, Unavailable> {
        let broken = |missing: String| {
            Unavailable::new(
                missing,
                match walls {
                    Walls::Bubblewrap => {
                        "run scripts/setup.sh --animated; docs/sandbox.md says what a host must allow"
                    }
                    Walls::Landlock => {
                        "the renderer needs Linux 5.19 with Landlock and its own container; see docs/sandbox.md"
                    }
                },
            )
        };
        let input = Request::probe().to_json().map_err(&broken)?;
        let ended = self
            .run(input, PROBE_TIME_MAX, &CancellationToken::new())
            .await
            .map_err(|error| broken(format!("the sandbox does not start: {error}")))?;
        let said = ended.output.strip_prefix(READY).and_then(answer::read);
        let Some((Answer::Probed(facts), _)) = said else {
            let why = answer::one_line(ended.printed.lines().last().unwrap_or_default());
            return Err(broken(format!(
                "the sandbox does not start: {}",
                match ended.how {
                    How::Exited(status) if why.is_empty() => status.to_string(),
                    How::Exited(_) => why,
                    How::Limit(limit) => format!("stopped by its limit on {limit:?}"),
                    How::Cancelled => "called off".into(),
                }
            )));
        };
        match self.breach(&facts, walls) {
            None => Ok(facts),
            Some(breach) => Err(broken(format!("the sandbox does not hold: {breach}"))),
        }
    }

    /// The first wall that does not stand.
    fn breach(&self, facts: &Facts, walls: Walls) -> Option<String> {
        let limits = &self.inner.limits;
        let at_most = |name: &str, value: i64, most: u64| {
            // Minus one is no limit.
            let holds = u64::try_from(value).is_ok_and(|value| value <= most);
            (!holds).then(|| format!("{name} is {value}, not {most}"))
        };
        let must = |holds: bool, breach: &str| (!holds).then(|| breach.to_owned());
        let threads = match &self.inner.kind {
            Kind::Bubblewrap(_) => limits.threads,
            Kind::Landlock(slots) => slots.threads(limits),
        };
        let known = |name: &String| {
            ["HOME", "TMPDIR", "PWD", "LC_CTYPE"].contains(&name.as_str())
                || ENVIRONMENT.iter().any(|(allowed, _)| allowed == name)
        };
        must(facts.uid != 0, "scenes would run as root")
            .or_else(|| must(facts.fork_refused, "a scene can start processes"))
            .or_else(|| must(facts.socket_refused, "a scene can open sockets"))
            .or_else(|| {
                must(
                    facts.outside_refused,
                    "a scene can write outside its folder",
                )
            })
            .or_else(|| must(facts.secrets_refused, "a scene can read /etc/shadow"))
            .or_else(|| {
                must(
                    facts.environment.iter().all(known),
                    "a scene sees our environment",
                )
            })
            .or_else(|| at_most("memory", facts.limit_as, limits.memory_bytes))
            .or_else(|| at_most("file size", facts.limit_fsize, limits.file_bytes))
            .or_else(|| at_most("open files", facts.limit_nofile, limits.open_files))
            .or_else(|| at_most("threads", facts.limit_nproc, threads))
            .or_else(|| {
                at_most(
                    "processor time",
                    facts.limit_cpu,
                    1 + crate::limits::cpu_seconds(PROBE_TIME_MAX),
                )
            })
            .or_else(|| at_most("core files", facts.limit_core, 0))
            .map(|breach| format!("{breach} ({walls:?})"))
    }
}

impl Inner {
    async fn run(
        &self,
        input: Vec<u8>,
        time_max: Duration,
        cancel: &CancellationToken,
    ) -> io::Result<Ended> {
        let bounds = Bounds {
            time_max,
            output_bytes: self.limits.picture_bytes + (READY.len() + answer::LINE_BYTES_MAX) as u64,
            printed_bytes: self.limits.printed_bytes,
        };
        match &self.kind {
            Kind::Bubblewrap(bubblewrap) => {
                let Some(user) = wait(bubblewrap.user(), cancel).await? else {
                    return Ok(Ended::cancelled());
                };
                let uid = user.as_ref().and_then(|user| user.get().copied());
                let command = bubblewrap.command(&self.environment, &self.limits, time_max, uid)?;
                self.start(command, input, bounds, cancel).await
            }
            Kind::Landlock(slots) => {
                let Some(place) = wait(slots.place(), cancel).await? else {
                    return Ok(Ended::cancelled());
                };
                let Some(folder) = place.get().cloned() else {
                    return Err(io::Error::other("the place to render in is gone"));
                };
                let command = slots.command(&self.environment, &self.limits, time_max, &folder);
                let ended = self.start(command, input, bounds, cancel).await;
                let cleared = {
                    let folder = folder.clone();
                    tokio::task::spawn_blocking(move || slots::empty(&folder)).await
                };
                if let Ok(Ok(())) = cleared {
                    return ended;
                }
                let reason = match cleared {
                    Ok(Err(error)) => error.to_string(),
                    _ => "the clearing was lost".into(),
                };
                tracing::error!(folder = %folder.display(), reason, "a place to render in cannot be emptied and is given up");
                if !place.give_up() {
                    self.spent.cancel();
                }
                ended
            }
        }
    }

    async fn start(
        &self,
        mut command: tokio::process::Command,
        input: Vec<u8>,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> io::Result<Ended> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let child = self.launcher.start(command).await?;
        attend(child, input, bounds, cancel).await
    }
}

/// Waits for something, or for the end of it all.
async fn wait<T>(
    thing: impl Future<Output = io::Result<T>>,
    cancel: &CancellationToken,
) -> io::Result<Option<T>> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Ok(None),
        thing = thing => thing.map(Some),
    }
}
