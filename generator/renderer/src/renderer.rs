//! Checks and renders scenes on this machine.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::answer::{self, Answer, one_line};
use crate::failure::{Error, Fault, Problem, RunLimit, Unavailable};
use crate::run::{Ended, How};
use crate::sandbox::READY;
use crate::scene::Task;
use crate::{Environment, Limits, Sandbox, Scene};

/// How long the static gate may take: it reads a file.
const INSPECT_TIME_MAX: Duration = Duration::from_secs(60);

/// What a shell adds to a signal's number to make it an exit code; bubblewrap does the same.
const SIGNAL_BASE: i32 = 128;

/// Renders scenes on this machine, inside a sandbox.
#[derive(Debug, Clone)]
pub struct Renderer {
    sandbox: Sandbox,
    says: String,
}

impl Renderer {
    /// Renders inside bubblewrap, with the Manim of this folder.
    ///
    /// # Errors
    /// What is missing on this machine or does not hold, and what to do.
    pub async fn on_host(manim_home: &Path) -> Result<Self, Unavailable> {
        Self::with_limits(manim_home, Limits::default()).await
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// What is missing on this machine or does not hold, and what to do.
    pub async fn with_limits(manim_home: &Path, limits: Limits) -> Result<Self, Unavailable> {
        let environment = Environment::find(manim_home)?;
        Ok(Self::inside(
            Sandbox::bubblewrap(environment, limits).await?,
        ))
    }

    /// Renders inside a sandbox that was proven, with what it says of itself.
    #[must_use]
    pub fn inside((sandbox, says): (Sandbox, String)) -> Self {
        Self { sandbox, says }
    }

    /// Which Manim it is, inside which walls; for a log.
    #[must_use]
    pub fn says(&self) -> &str {
        &self.says
    }

    /// Resolves when nothing can be rendered here any more.
    pub async fn spent(&self) {
        self.sandbox.spent().await;
    }

    /// The static gate alone: none of the code is run.
    ///
    /// # Errors
    /// What is wrong with the code or with this machine.
    pub async fn inspect(&self, scene: &Scene, cancel: &CancellationToken) -> Result<(), Error> {
        let scene = &Scene {
            time_max: INSPECT_TIME_MAX,
            ..scene.clone()
        };
        match self.run(scene, Task::Inspect, cancel).await? {
            (Answer::Passed, _) => Ok(()),
            _ => Err(self.mute()),
        }
    }

    /// The gate, and a run to the end without a picture (`--dry_run`).
    ///
    /// # Errors
    /// What is wrong with the code or with this machine.
    pub async fn check(&self, scene: &Scene, cancel: &CancellationToken) -> Result<(), Error> {
        match self.run(scene, Task::Check, cancel).await? {
            (Answer::Passed, _) => Ok(()),
            // Only code that speaks for itself says anything else.
            _ => Err(Error::Code(unusable("it answered in Manim's place"))),
        }
    }

    /// The gate, and the picture: an MP4 without sound. It came from model-written code: it has an MP4's beginning, and
    /// whoever uses it looks at the rest.
    ///
    /// # Errors
    /// What is wrong with the code or with this machine.
    pub async fn render(&self, scene: &Scene, cancel: &CancellationToken) -> Result<Bytes, Error> {
        let (answer, rest) = self.run(scene, Task::Render, cancel).await?;
        let Answer::Made { size } = answer else {
            return Err(Error::Code(unusable("it answered in Manim's place")));
        };
        if rest.len() as u64 != size {
            return Err(Error::Code(unusable(
                "its picture is not as long as it was said to be",
            )));
        }
        if rest.get(4..8) != Some(b"ftyp".as_slice()) {
            return Err(Error::Code(unusable("what it left is no MP4")));
        }
        Ok(rest)
    }

    async fn run(
        &self,
        scene: &Scene,
        task: Task,
        cancel: &CancellationToken,
    ) -> Result<(Answer, Bytes), Error> {
        scene.checked().map_err(Error::Code)?;
        let input = scene.request(task).to_json().map_err(Error::Machine)?;
        let ended = self
            .sandbox
            .run(input, scene.time_max, cancel)
            .await
            .map_err(|error| Error::Machine(format!("the sandbox does not run: {error}")))?;
        let started = ended.output.starts_with(READY);
        match ended.how {
            How::Cancelled => return Err(Error::Cancelled),
            How::Limit(limit) => return Err(Error::Code(self.over(limit, scene))),
            How::Exited(_) if !started => {
                return Err(Error::Machine(format!(
                    "the sandbox does not start: {}",
                    last_line(&ended)
                )));
            }
            How::Exited(_) => {}
        }
        let output = Bytes::from(ended.output.clone()).slice(READY.len()..);
        match answer::read(&output) {
            Some((
                Answer::Failed {
                    fault,
                    line,
                    message,
                },
                _,
            )) => Err(Error::Code(answer::problem(scene, &fault, line, &message))),
            Some((answer, read)) => Ok((answer, output.slice(read..))),
            None => Err(Error::Code(self.crashed(&ended, scene))),
        }
    }

    fn mute(&self) -> Error {
        Error::Machine("the static gate gave no answer".into())
    }

    /// What ended the run without an answer.
    fn crashed(&self, ended: &Ended, scene: &Scene) -> Problem {
        let signal = match ended.how {
            How::Exited(status) => signal(status),
            _ => None,
        };
        match signal {
            // Out of processor time; the second when it ignored the first.
            Some(libc::SIGXCPU) => self.over(RunLimit::Time, scene),
            Some(libc::SIGXFSZ) => self.over(RunLimit::Disk, scene),
            // The kernel ends whoever holds the most when memory is short.
            Some(libc::SIGKILL) => self.over(RunLimit::Memory, scene),
            Some(libc::SIGSYS) => Problem {
                fault: Fault::Forbidden,
                message: "it made a system call of another kind of machine".into(),
                line: None,
            },
            Some(_) if ended.printed.contains("memory allocation of") => {
                self.over(RunLimit::Memory, scene)
            }
            Some(number) => Problem {
                fault: Fault::Raised,
                message: format!("it crashed with signal {number}: {}", last_line(ended)),
                line: None,
            },
            None => Problem {
                fault: Fault::Raised,
                message: format!("it ended without an answer: {}", last_line(ended)),
                line: None,
            },
        }
    }

    fn over(&self, limit: RunLimit, scene: &Scene) -> Problem {
        let limits = self.sandbox.limits();
        const MIB: u64 = 1 << 20;
        let message = match limit {
            RunLimit::Time => format!(
                "it was stopped after {} s: an endless loop, or too much to draw",
                scene.time_max.as_secs()
            ),
            RunLimit::Memory => format!(
                "it needed more than {} MiB of memory",
                limits.memory_bytes / MIB
            ),
            RunLimit::Processes => "it started too many threads".into(),
            RunLimit::Disk => format!("it wrote more than {} MiB", limits.disk_bytes / MIB),
            RunLimit::Output => format!(
                "it printed more than {} KiB, or its picture has more than {} MiB",
                limits.printed_bytes / 1_024,
                limits.picture_bytes / MIB
            ),
        };
        Problem {
            fault: Fault::Limit(limit),
            message,
            line: None,
        }
    }
}

fn unusable(message: &str) -> Problem {
    Problem {
        fault: Fault::NoPicture,
        message: message.into(),
        line: None,
    }
}

/// The signal that ended a program, also when bubblewrap tells of it.
fn signal(status: ExitStatus) -> Option<i32> {
    status.signal().or_else(|| {
        status
            .code()
            .filter(|code| *code > SIGNAL_BASE)
            .map(|code| code - SIGNAL_BASE)
    })
}

fn last_line(ended: &Ended) -> String {
    let line = ended
        .printed
        .lines()
        .rev()
        .map(one_line)
        .find(|line| !line.is_empty());
    line.unwrap_or_else(|| match ended.how {
        How::Exited(status) => status.to_string(),
        _ => "it said nothing".into(),
    })
}
