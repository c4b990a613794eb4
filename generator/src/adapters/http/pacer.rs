//! Real time and real chance for a series of attempts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::retry::{Pacer, Waiting, Woken};

type OnWait = Arc<dyn Fn(&Waiting<'_>) + Send + Sync>;

/// Waits on tokio's clock, until it is called off.
#[derive(Clone)]
pub struct TokioPacer {
    began: Instant,
    called_off: CancellationToken,
    on_wait: Option<OnWait>,
}

impl fmt::Debug for TokioPacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioPacer")
            .field("called_off", &self.called_off.is_cancelled())
            .finish_non_exhaustive()
    }
}

impl TokioPacer {
    /// A pacer whose waits end when the token is cancelled.
    #[must_use]
    pub fn new(called_off: CancellationToken) -> Self {
        Self {
            began: Instant::now(),
            called_off,
            on_wait: None,
        }
    }

    /// Tells somebody of each wait before it begins.
    #[must_use]
    pub fn on_wait(mut self, tell: impl Fn(&Waiting<'_>) + Send + Sync + 'static) -> Self {
        self.on_wait = Some(Arc::new(tell));
        self
    }
}

impl Pacer for TokioPacer {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn entropy(&self) -> u64 {
        rand::random()
    }

    async fn wait(&self, waiting: &Waiting<'_>) -> Woken {
        if let Some(tell) = &self.on_wait {
            tell(waiting);
        }
        tokio::select! {
            biased;
            () = self.called_off.cancelled() => Woken::CalledOff,
            () = tokio::time::sleep(waiting.wait) => Woken::InTime,
        }
    }
}
