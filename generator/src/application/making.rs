//! The making of one video: what both pipelines share, and which of them makes it.

mod compile;
mod finishing;
mod narration;
mod preflight;
mod writing;

pub(super) use finishing::Left;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::call::{CallError, Caller, Stop};
use super::ports::{LedgerError, Ports, StoreError};
use super::{Board, LogLevel, Setup};
use crate::domain::job::{Cast, Finished, Pipeline, Spec, StageKind, StageState, Target};
use crate::domain::quota::Quota;
use crate::domain::script::{Aspect, Brief, Script};
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
pub(super) struct Making {
    pub(super) board: Arc<Board>,
    pub(super) ports: Ports,
    pub(super) setup: Arc<Setup>,
    pub(super) stop: Stop,
    pub(super) job_id: String,
    pub(super) spec: Spec,
}

impl Making {
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
        let made = match self.spec.pipeline {
            Pipeline::Narrated => self.narrated().await,
            Pipeline::Animated => self.animated().await,
        };
        match made {
            Err(Ended::Budget(why)) => Err(self.over_budget(&why).await),
            other => other,
        }
    }

    /// Checks everything that can be checked before money is spent, and takes the budget.
    pub(super) async fn prepared(&self) -> Result<(Checked, Caller), Ended> {
        let preflight = async {
            let checked = tokio::select! {
                checked = self.preflight() => checked?,
                () = self.stop.token().cancelled() => return Err(Ended::Stopped),
            };
            Ok((checked, self.caller().await?))
        };
        self.stage(StageKind::Preflight, preflight).await
    }

    /// Writes the script, and has it rephrased where that was asked for.
    pub(super) async fn script(&self, caller: &Caller, checked: &Checked) -> Result<Script, Ended> {
        let script = self
            .stage(StageKind::Script, self.write(caller, &checked.cast))
            .await?;
        let script = match self.spec.rephrase {
            true => {
                let rephrased = self.rephrase(caller, &checked.cast, script);
                self.stage(StageKind::Rephrase, rephrased).await?
            }
            false => script,
        };
        self.quota_suffices(checked.quota.as_ref(), &checked.cast, &script)
            .await?;
        Ok(script)
    }

    /// Runs a stage: what it gives or how it ends stands on the board, and the board on disk.
    pub(super) async fn stage<T>(
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
    pub(super) async fn halting<T>(
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

    pub(super) fn brief(&self) -> Brief {
        let scene_count = usize::try_from(self.spec.scene_count).unwrap_or(usize::MAX);
        let mut brief = Brief::new(self.spec.prompt.clone(), scene_count);
        brief.language = (!self.spec.language.is_empty()).then(|| self.spec.language.clone());
        brief.aspect = aspect(self.spec.aspect);
        brief
    }

    /// Says on the board that an item failed.
    pub(super) fn failed(&self, target: Target, why: &str) {
        self.board.item(target, |item| {
            item.state = StageState::Failed;
            why.clone_into(&mut item.detail);
        });
    }

    /// Asks the speech provider for its quota and passes it on. It is for information: a failure is said and no more.
    pub(super) async fn report_quota(&self) -> Option<Quota> {
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
pub(super) struct Checked {
    pub(super) cast: Cast,
    pub(super) quota: Option<Quota>,
}

/// The scenes' numbers, from 1.
pub(super) fn scene_numbers(script: &Script) -> impl Iterator<Item = u32> + use<> {
    1..=u32::try_from(script.scenes.len()).unwrap_or(u32::MAX)
}

/// Everything, or the failure that stopped the rest.
pub(super) fn first_failure<T>(outcomes: Vec<Result<T, Ended>>) -> Result<Vec<T>, Ended> {
    let mut values = Vec::with_capacity(outcomes.len());
    let mut stopped = None;
    for outcome in outcomes {
        match outcome {
            Ok(value) => values.push(value),
            Err(Ended::Stopped) => stopped = Some(Ended::Stopped),
            Err(failed) => return Err(failed),
        }
    }
    stopped.map_or(Ok(values), Err)
}

/// The script's word for the picture's shape.
pub(super) fn aspect(aspect: AspectRatio) -> Aspect {
    match aspect {
        AspectRatio::Landscape => Aspect::Landscape,
        AspectRatio::Portrait => Aspect::Portrait,
        AspectRatio::Square => Aspect::Square,
    }
}
