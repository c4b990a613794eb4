//! The waits between attempts, as the job's watchers see them.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Board, LogLevel};
use crate::domain::job::{StageState, Target};
use crate::domain::retry::{Pacer, Waiting, Woken};

/// Waits on tokio's clock until it is called off, and says in the item what it waits for.
pub(super) struct Pace<'a> {
    pub(super) board: &'a Board,
    pub(super) target: Target,
    pub(super) halt: &'a CancellationToken,
    pub(super) began: Instant,
    /// Attempts made in earlier runs of the job.
    pub(super) made_before: u32,
}

impl Pacer for Pace<'_> {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn entropy(&self) -> u64 {
        rand::random()
    }

    async fn wait(&self, waiting: &Waiting<'_>) -> Woken {
        self.board.log(LogLevel::Warning, waiting.to_string());
        let detail = format!(
            "attempt {} in {}.{} s: {}",
            self.made_before + waiting.next_attempt,
            waiting.wait.as_secs(),
            waiting.wait.subsec_millis() / 100,
            waiting.failure.class,
        );
        self.board.item(self.target, |item| {
            item.state = StageState::Waiting;
            item.detail = detail;
        });
        tokio::select! {
            biased;
            () = self.halt.cancelled() => Woken::CalledOff,
            () = tokio::time::sleep(waiting.wait) => Woken::InTime,
        }
    }
}
