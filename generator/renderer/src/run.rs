//! One run of a program in the sandbox: fed, listened to within bounds, and ended in time.

use std::process::ExitStatus;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;
use tokio_util::sync::CancellationToken;

use crate::failure::RunLimit;

/// How long a killed program's end is waited for: it cannot refuse, but a machine short of memory takes its time.
const REAP_TIMEOUT: Duration = Duration::from_secs(10);
/// What is kept of what it printed: the end, where a crash says why.
const TAIL_BYTES_MAX: usize = 8 * 1_024;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// What came through the way out, at most as much as was allowed.
    pub output: Vec<u8>,
    /// The end of what was printed.
    pub printed: String,
    /// How it ended, or which limit ended it.
    pub how: How,
}

impl Ended {
    /// A run that was called off before it started.
    pub(crate) const fn cancelled() -> Self {
        Self {
            output: Vec::new(),
            printed: String::new(),
            how: How::Cancelled,
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// By itself.
    Exited(ExitStatus),
    /// It was killed for passing this limit.
    Limit(RunLimit),
    /// It was called off.
    Cancelled,
}

/// What a run may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// By the clock on the wall.
    pub time_max: Duration,
    /// Through the way out, in bytes.
    pub output_bytes: u64,
    /// Printed, in bytes.
    pub printed_bytes: u64,
}

enum Stop {
    Output,
}

/// Attends to a program until it has ended.
///
/// # Errors
/// What the system said when it could not be waited for.
pub(crate) async fn attend(
    mut child: Child,
    input: Vec<u8>,
    bounds: Bounds,
    cancel: &CancellationToken,
) -> std::io::Result<Ended> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let mut output = Vec::new();
    let mut printed = Vec::new();
    let how = {
        let feed = async {
            if let Some(mut stdin) = stdin {
                // It may have ended already: why, its exit status says.
                let _ = stdin.write_all(&input).await;
            }
            Ok::<(), Stop>(())
        };
        let work = async {
            tokio::try_join!(
                feed,
                collect(stdout, bounds.output_bytes, usize::MAX, &mut output),
                collect(stderr, bounds.printed_bytes, TAIL_BYTES_MAX, &mut printed),
            )?;
            Ok::<_, Stop>(child.wait().await)
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => How::Cancelled,
            done = work => match done {
                Ok(status) => How::Exited(status?),
                Err(Stop::Output) => How::Limit(RunLimit::Output),
            },
            () = tokio::time::sleep(bounds.time_max) => How::Limit(RunLimit::Time),
        }
    };
    if !matches!(how, How::Exited(_)) {
        // Fails only if it has just ended by itself.
        let _ = child.start_kill();
        let _ = tokio::time::timeout(REAP_TIMEOUT, child.wait()).await;
    }
    Ok(Ended {
        output,
        printed: String::from_utf8_lossy(&printed).into_owned(),
        how,
    })
}

/// Reads to the end and keeps the last `kept_max` bytes; stops at more than `bytes_max`.
async fn collect(
    source: Option<impl AsyncRead + Unpin>,
    bytes_max: u64,
    kept_max: usize,
    kept: &mut Vec<u8>,
) -> Result<(), Stop> {
    let Some(mut source) = source else {
        return Ok(());
    };
    let mut chunk = vec![0_u8; 64 * 1_024];
    let mut total = 0_u64;
    // A broken pipe is the end of it as well.
    while let Ok(count @ 1..) = source.read(&mut chunk).await {
        total += count as u64;
        if total > bytes_max {
            return Err(Stop::Output);
        }
        kept.extend_from_slice(chunk.get(..count).unwrap_or_default());
        if kept.len() > kept_max.saturating_mul(2) {
            kept.drain(..kept.len() - kept_max);
        }
    }
    Ok(())
}
