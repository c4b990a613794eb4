//! The narrated pipeline: script, narration and pictures side by side, compiled to a video.

mod compile;
mod finishing;
mod narration;
mod pictures;
mod preflight;
mod writing;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::call::{CallError, Caller, Stop};
use super::ports::{LedgerError, Ports, StoreError};
use super::{Board, LogLevel, Setup};
use crate::domain::job::{Cast, Finished, Spec, StageKind, StageState};
use crate::domain::quota::Quota;
use crate::domain::script::{Aspect, Brief};
use crate::domain::timeline::AspectRatio;
use crate::domain::usage::Provider;

/// Why a video was not finished.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// It was asked to stop.
    #[error("stopped")]
    Stopped,
    /// It failed: why, and what to do.
    #[error("{0}")]
    Failed(String),
    /// The budget does not hold the next call.
    #[error("{0}")]
    Budget(String),
}

impl From<CallError> for Ended {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Stopped => Self::Stopped,
            CallError::Budget(why) => Self::Budget(why),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<LedgerError> for Ended {
    fn from(error: LedgerError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The making of one video.
pub(super) struct Narrated {
    board: Arc<Board>,
    ports: Ports,
    setup: Arc<Setup>,
    stop: Stop,
    job_id: String,
    spec: Spec,
}

impl Narrated {
    pub(super) fn new(board: Arc<Board>, ports: Ports, setup: Arc<Setup>, stop: Stop) -> Self {
        let (job_id, spec) = board.read(|job| (job.id.clone(), job.spec.clone()));
        Self {
            board,
            ports,
            setup,
            stop,
            job_id,
            spec,
        }
    }

    /// Makes the video, from what was kept on.
    pub(super) async fn make(&self) -> Result<Finished, Ended> {
        match self.all_stages().await {
            Err(Ended::Budget(why)) => Err(self.over_budget(&why).await),
            other => other,
        }
    }

    async fn all_stages(&self) -> Result<Finished, Ended> {
        let preflight = async {
            let checked = tokio::select! {
                checked = self.preflight() => checked?,
                () = self.stop.token().cancelled() => return Err(Ended::Stopped),
            };
            Ok((checked, self.caller().await?))
        };
        let (checked, caller) = self.stage(StageKind::Preflight, preflight).await?;
        let script = self
            .stage(StageKind::Script, self.write(&caller, &checked.cast))
            .await?;
        let script = match self.spec.rephrase {
            true => {
                let rephrased = self.rephrase(&caller, &checked.cast, script);
                self.stage(StageKind::Rephrase, rephrased).await?
            }
            false => script,
        };
        self.quota_suffices(checked.quota.as_ref(), &checked.cast, &script)
            .await?;
        // What the one part has bought when the other fails is kept: the part ends what it has begun.
        let (narrations, pictures) = tokio::join!(
            self.halting(
                &caller.halt,
                self.stage(
                    StageKind::Narration,
                    self.narrate(&caller, &checked, &script)
                )
            ),
            self.halting(
                &caller.halt,
                self.stage(StageKind::Image, self.draw(&caller, &checked.cast, &script))
            ),
        );
        let (narrations, pictures) = match (narrations, pictures) {
            (Ok(narrations), Ok(pictures)) => (narrations, pictures),
            // The failure that stopped the other part is the one to tell.
            (Err(Ended::Stopped), Err(error)) | (Err(error), _) | (_, Err(error)) => {
                return Err(error);
            }
        };
        let compiled = self.compile(&checked.cast, &script, narrations, pictures);
        let finished = self.stage(StageKind::Compile, compiled).await?;
        self.report_quota().await;
        Ok(finished)
    }

    /// Runs a stage: what it gives or how it ends stands on the board, and the board on disk.
    async fn stage<T>(
        &self,
        kind: StageKind,
        work: impl Future<Output = Result<T, Ended>>,
    ) -> Result<T, Ended> {
        if self.stop.token().is_cancelled() {
            return Err(Ended::Stopped);
        }
        self.board.stage_begins(kind, &[]);
        self.board.save().await?;
        let outcome = work.await;
        match &outcome {
            Ok(_) => self.board.stage_ends(kind, StageState::Succeeded, ""),
            // The job's own end says where it was.
            Err(Ended::Stopped) => {}
            Err(Ended::Failed(why) | Ended::Budget(why)) => {
                self.board.stage_ends(kind, StageState::Failed, why);
                self.board.log(LogLevel::Error, format!("{kind}: {why}"));
            }
        }
        outcome
    }

    /// A part whose failure keeps the others from beginning anything more.
    async fn halting<T>(
        &self,
        halt: &CancellationToken,
        work: impl Future<Output = Result<T, Ended>>,
    ) -> Result<T, Ended> {
        let outcome = work.await;
        if outcome.is_err() {
            halt.cancel();
        }
        outcome
    }

    async fn caller(&self) -> Result<Caller, Ended> {
        let job = self.board.job();
        if job.spec.budget.is_some() {
            let told = |text: String| {
                self.board.log(LogLevel::Warning, text.clone());
                self.board
                    .change(|job| job.stage_moves(StageKind::Preflight, 900, &text));
            };
            tokio::select! {
                held = self.ports.ledger.hold_budget(&job, &told) => held?,
                () = self.stop.token().cancelled() => return Err(Ended::Stopped),
            }
        }
        let attempts = self.ports.ledger.attempts(&job.session_id).await?;
        Ok(Caller::new(
            self.board.clone(),
            self.ports.ledger.clone(),
            self.setup.limits.retry,
            self.stop.clone(),
            attempts,
        ))
    }

    fn brief(&self) -> Brief {
        let scene_count = usize::try_from(self.spec.scene_count).unwrap_or(usize::MAX);
        let mut brief = Brief::new(self.spec.prompt.clone(), scene_count);
        brief.language = (!self.spec.language.is_empty()).then(|| self.spec.language.clone());
        brief.aspect = aspect(self.spec.aspect);
        brief
    }

    /// Asks the speech provider for its quota and passes it on. It is for information: a failure is said and no more.
    async fn report_quota(&self) -> Option<Quota> {
        match self.ports.speaker.quota().await {
            Ok(quota) => {
                let session_id = self.board.read(|job| job.session_id.clone());
                let now = self.board.now();
                let told =
                    self.ports
                        .ledger
                        .report_quota(&session_id, Provider::ElevenLabs, &quota, now);
                if let Err(error) = told.await {
                    self.board.log(
                        LogLevel::Warning,
                        format!("the quota was not recorded: {error}"),
                    );
                }
                Some(quota)
            }
            Err(failure) => {
                self.board.log(
                    LogLevel::Warning,
                    format!("the quota is not known: {failure}"),
                );
                None
            }
        }
    }
}

/// What was found before any money was spent.
struct Checked {
    cast: Cast,
    quota: Option<Quota>,
}

/// The script's word for the picture's shape.
fn aspect(aspect: AspectRatio) -> Aspect {
    match aspect {
        AspectRatio::Landscape => Aspect::Landscape,
        AspectRatio::Portrait => Aspect::Portrait,
        AspectRatio::Square => Aspect::Square,
    }
}
