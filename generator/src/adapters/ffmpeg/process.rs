//! One run of ffmpeg or ffprobe: no shell, no keyboard, a limit on everything.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::Error;
use super::complaint::Complaint;

/// How often a run is looked at, to see whether it still moves.
const WATCH_INTERVAL: Duration = Duration::from_millis(500);

/// How long a killed program is waited for: it cannot refuse, but a full disk or a
/// frozen network file system can hold it for a moment.
const REAP_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest line of progress that is looked at, in bytes.
const PROGRESS_LINE_BYTES_MAX: u64 = 4_096;

/// What is taken over from our own environment: what the programs need to be found,
/// to find fonts and to write temporary files. The keys of providers stay here.
const ENVIRONMENT: [&str; 9] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "FONTCONFIG_PATH",
    "FONTCONFIG_FILE",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
];

/// How long a run may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Longest that it may take altogether.
    pub total: Duration,
    /// Longest that its progress may stand still; only for runs that report any.
    pub stall: Duration,
}

impl Patience {
    /// For runs that read a header or a few seconds of sound: they take a fraction of
    /// a second, and up to ten on a machine that is busy with other things.
    pub(super) const SHORT: Self = Self {
        total: Duration::from_secs(60),
        stall: Duration::from_secs(60),
    };

    /// For runs that make so many frames: a second each is thirty times what 1080p
    /// takes on one core.
    pub(super) fn for_frames(frame_count: u64) -> Self {
        Self {
            total: Duration::from_secs(120 + frame_count),
            stall: Duration::from_secs(90),
        }
    }

    /// For runs that read so much sound.
    pub(super) fn for_sound_ms(duration_ms: u64) -> Self {
        Self {
            total: Duration::from_secs(60 + duration_ms / 1_000),
            stall: Duration::from_secs(90),
        }
    }
}

/// One run of a program.
#[derive(Debug)]
pub(super) struct Run<'a> {
    /// The program.
    pub program: &'a Path,
    /// What is being done, for the error's words.
    pub step: String,
    /// The folder it runs in, so that filters need no path to escape.
    pub folder: &'a Path,
    /// The folder it writes to, for the error's words.
    pub writes_to: &'a Path,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// How long it may take.
    pub patience: Patience,
}

/// What a run said.
#[derive(Debug)]
pub(super) struct Said {
    /// What it wrote to its output, up to the limit that was asked for.
    pub stdout: Vec<u8>,
    /// What it complained about.
    pub stderr: Complaint,
}

impl Run<'_> {
    /// Runs it to its end and gives what it wrote, at most `stdout_bytes_max`.
    ///
    /// # Errors
    /// Whatever went wrong, as a sentence that names the step.
    pub(super) async fn output(
        self,
        stdout_bytes_max: u64,
        cancel: &CancellationToken,
    ) -> Result<Said, Error> {
        let mut child = self.spawn(Stdio::null())?;
        let (stdout, stderr) = pipes(&mut child);
        let mut collected = Vec::new();
        let read = async {
            let Some(stdout) = stdout else { return };
            // A broken pipe shows in the exit status.
            let mut limited = stdout.take(stdout_bytes_max);
            let _ = limited.read_to_end(&mut collected).await;
            // The rest is drained, or the program would wait for us.
            let _ = tokio::io::copy(&mut limited.into_inner(), &mut tokio::io::sink()).await;
        };
        let moved = AtomicU64::new(0);
        let complaint = self
            .attend(&mut child, read, stderr, &moved, cancel)
            .await?;
        Ok(Said {
            stdout: collected,
            stderr: complaint,
        })
    }

    /// Runs it to its end; it was told to write `-progress pipe:1`. Each time its
    /// count of frames changes, `on_progress` hears of it.
    ///
    /// # Errors
    /// Whatever went wrong, as a sentence that names the step.
    pub(super) async fn watched(
        self,
        on_progress: impl FnMut(u64) + Send,
        cancel: &CancellationToken,
    ) -> Result<Complaint, Error> {
        let child = self.spawn(Stdio::null())?;
        self.follow(child, std::future::ready(()), on_progress, cancel)
            .await
    }

    /// The same for a run that reads what comes through `chunks` on its standard input.
    ///
    /// # Errors
    /// Whatever went wrong, as a sentence that names the step.
    pub(super) async fn fed(
        self,
        mut chunks: mpsc::Receiver<Vec<u8>>,
        on_progress: impl FnMut(u64) + Send,
        cancel: &CancellationToken,
    ) -> Result<Complaint, Error> {
        let mut child = self.spawn(Stdio::piped())?;
        let stdin = child.stdin.take();
        let feed = async move {
            let Some(mut stdin) = stdin else { return };
            while let Some(chunk) = chunks.recv().await {
                // It has ended: why, its exit status says.
                if stdin.write_all(&chunk).await.is_err() {
                    return;
                }
            }
            // Leaving closes the pipe, which is the end of the input.
        };
        self.follow(child, feed, on_progress, cancel).await
    }

    async fn follow(
        self,
        mut child: Child,
        feed: impl Future<Output = ()> + Send,
        mut on_progress: impl FnMut(u64) + Send,
        cancel: &CancellationToken,
    ) -> Result<Complaint, Error> {
        let (stdout, stderr) = pipes(&mut child);
        let moved = AtomicU64::new(0);
        let read = async {
            let Some(stdout) = stdout else { return };
            let mut reader = BufReader::new(stdout);
            let mut line = Vec::new();
            loop {
                line.clear();
                let mut limited = (&mut reader).take(PROGRESS_LINE_BYTES_MAX);
                match limited.read_until(b'\n', &mut line).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
                if let Some(count) = frame_count(&line)
                    && moved.swap(count, Ordering::Relaxed) != count
                {
                    on_progress(count);
                }
            }
        };
        let work = async {
            tokio::join!(feed, read);
        };
        self.attend(&mut child, work, stderr, &moved, cancel).await
    }

    fn spawn(&self, stdin: Stdio) -> Result<Child, Error> {
        let mut command = Command::new(self.program);
        command
            .args(&self.args)
            .current_dir(self.folder)
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A future that is dropped takes its program with it.
            .kill_on_drop(true);
        for name in ENVIRONMENT {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.spawn().map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound if self.folder.is_dir() => {
                Error::Missing { tool: self.tool() }
            }
            _ => Error::file("starting", self.program, source),
        })
    }

    fn tool(&self) -> String {
        self.program
            .file_name()
            .unwrap_or(self.program.as_os_str())
            .to_string_lossy()
            .into_owned()
    }

    /// Sits with a program until it ends, is cancelled, or has tried our patience.
    async fn attend(
        &self,
        child: &mut Child,
        read: impl Future<Output = ()> + Send,
        stderr: Option<impl AsyncRead + Unpin + Send>,
        moved: &AtomicU64,
        cancel: &CancellationToken,
    ) -> Result<Complaint, Error> {
        let started = Instant::now();
        let mut last_moved = (started, moved.load(Ordering::Relaxed));
        let ended = {
            let work = async {
                let listen = async {
                    match stderr {
                        Some(stderr) => Complaint::read(stderr).await,
                        None => Complaint::default(),
                    }
                };
                let ((), complaint, status) = tokio::join!(read, listen, child.wait());
                (complaint, status)
            };
            tokio::pin!(work);
            loop {
                tokio::select! {
                    biased;
                    () = cancel.cancelled() => break Err(Error::Cancelled),
                    ended = &mut work => break Ok(ended),
                    () = tokio::time::sleep(WATCH_INTERVAL) => {}
                }
                let now = Instant::now();
                let count = moved.load(Ordering::Relaxed);
                if count != last_moved.1 {
                    last_moved = (now, count);
                }
                if now - started > self.patience.total {
                    break Err(Error::TimedOut {
                        step: self.step.clone(),
                        limit_s: self.patience.total.as_secs(),
                    });
                }
                if now - last_moved.0 > self.patience.stall {
                    break Err(Error::Stalled {
                        step: self.step.clone(),
                        stalled_s: self.patience.stall.as_secs(),
                    });
                }
            }
        };
        match ended {
            Err(error) => {
                // Both fail only if it has just ended by itself.
                let _ = child.start_kill();
                let _ = timeout(REAP_TIMEOUT, child.wait()).await;
                Err(error)
            }
            Ok((complaint, Ok(status))) if status.success() => Ok(complaint),
            Ok((complaint, Ok(status))) => Err(self.failure(&complaint, status)),
            Ok((_, Err(source))) => Err(Error::file("waiting for", self.program, source)),
        }
    }

    fn failure(&self, complaint: &Complaint, status: std::process::ExitStatus) -> Error {
        if complaint.is_disk_full() {
            return Error::DiskFull {
                step: self.step.clone(),
                folder: self.writes_to.to_path_buf(),
            };
        }
        if let Some(signal) = status.signal() {
            return Error::Killed {
                step: self.step.clone(),
                signal,
            };
        }
        Error::Failed {
            step: self.step.clone(),
            reason: complaint.sentence(status),
        }
    }
}

type Pipes = (
    Option<tokio::process::ChildStdout>,
    Option<tokio::process::ChildStderr>,
);

fn pipes(child: &mut Child) -> Pipes {
    (child.stdout.take(), child.stderr.take())
}

/// The count of frames in a line of `-progress`.
fn frame_count(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?;
    line.trim().strip_prefix("frame=")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_from_the_line_that_counts_them() {
        assert_eq!(frame_count(b"frame=42\n"), Some(42));
        assert_eq!(frame_count(b"out_time_us=1500000\n"), None);
        assert_eq!(frame_count(b"frame=N/A\n"), None);
        assert_eq!(frame_count(b"\xff\xfe"), None);
    }
}
